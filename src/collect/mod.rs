//! Collect: evidence folders to facts in Parquet.
//!
//! Files are walked in the order of their paths ([`walk()`]); compressed ones and archives are opened ([`unpack()`]). Each
//! is read once, and cut into segments of fixed size at record
//! boundaries (`cut`). The same bytes go to the hash (`hash`) and to a reader; the facts come back in the order of
//! files and segments, whatever the number of threads ([`collect()`]), and go to one Parquet file a table (`store`).
//!
//! Memory is bounded by the number of segments under way, not by the input.

mod cut;
mod gauge;
mod hash;
mod ledger;
mod overlap;
mod parse;
mod quote;
mod run;
mod state;
mod store;
mod unpack;
mod walk;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub(crate) use gauge::Gauge;
pub(crate) use hash::Sha256;
pub use ledger::{Collected, Source};
pub use quote::{Quote, QuotedLine};
pub use run::{CollectOptions, collect};
pub(crate) use store::passing;
pub use unpack::unpack;
pub use walk::{EvidenceFile, walk};

/// Why evidence could not be collected. Evidence that cannot be *read* is not an error but a reject in the report.
#[derive(Debug, Error)]
pub enum CollectError {
    /// A folder or file named on the command line is not there.
    #[error("{path}: no such evidence folder or file; give the folder that holds steadfast.toml or the evidence itself", path = path.display())]
    Missing {
        /// As given.
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
    /// Facts could not be written.
    #[error("{path}: cannot write facts: {message}", path = path.display())]
    Store {
        /// Parquet file.
        path: PathBuf,
        /// The writer's own sentence.
        message: String,
    },
    /// A reader lost a record: a bug, and the run must not go on.
    #[error(
        "{source_path}: {opened} records were seen, but {gave} gave facts, {skipped} were skipped and {rejected} rejected; \
         the reader `{format}` lost some, which is a bug: please report it with the file's shape"
    )]
    Unaccounted {
        /// Evidence file.
        source_path: String,
        /// Reader.
        format: &'static str,
        /// Records seen.
        opened: u64,
        /// Records that gave facts.
        gave: u64,
        /// Records skipped.
        skipped: u64,
        /// Records rejected.
        rejected: u64,
    },
    /// A worker stopped.
    #[error("a reading thread stopped before its work was done, which is a bug: {0}")]
    Thread(&'static str),
}

impl CollectError {
    pub(crate) fn io(path: &Path, what: &'static str, error: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), what, error }
    }
}
