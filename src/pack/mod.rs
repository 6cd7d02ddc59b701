//! The pack: a BagIt 1.0 folder (RFC 8493) that stock tools check. It is made in a temporary folder beside its place and
//! renamed when it is whole, so that there is never half a pack. Nothing else writes files of the pack.

mod bag;
mod reperform;
mod verify;
mod write;

use std::path::PathBuf;

use thiserror::Error;

pub use bag::Bag;
pub use reperform::reperform;
pub use verify::{Problem, verify};
pub use write::{Packed, Parts, write};

use crate::outputs::OutputError;

/// Why a pack could not be written or read.
#[derive(Debug, Error)]
pub enum PackError {
    /// The output folder is already there.
    #[error("{path}: already exists; give --out a folder that does not exist, or remove this one first", path = path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The file system refused something.
    #[error("{path}: cannot {what}: {error}", path = path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// An output could not be made.
    #[error("{0}")]
    Output(#[from] OutputError),
    /// The folder is no pack.
    #[error("{path}: {why}", path = path.display())]
    NoPack {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
}

impl PackError {
    pub(crate) fn io(path: &std::path::Path, what: &'static str, error: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), what, error }
    }
}
