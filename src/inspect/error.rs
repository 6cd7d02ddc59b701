//! Why an image could not be inspected.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why an image could not be inspected. What is unclear within an image is not an error but a limit in the manifest.
#[derive(Debug, Error)]
pub enum InspectError {
    /// The file system refused something, or an archive is damaged.
    #[error("{path}{part}: cannot read it: {error}", path = path.display())]
    Read {
        /// The image.
        path: PathBuf,
        /// What of it, where it holds several parts; begins with a blank.
        part: String,
        /// Why not.
        error: io::Error,
    },
    /// It is none of the things that can be inspected.
    #[error(
        "{path}: {found}; give an OCI layout, the output of `docker save`, or a root filesystem (a folder or a tar archive, \
         also .gz, .zst or .xz)",
        path = path.display()
    )]
    NotAnImage {
        /// As given.
        path: PathBuf,
        /// What it is instead.
        found: String,
    },
    /// A part that another part names is not there.
    #[error("{path}: {part} is named by {by} and is not there; export the image again, with all its layers", path = path.display())]
    Missing {
        /// The image.
        path: PathBuf,
        /// The part.
        part: String,
        /// What names it.
        by: String,
    },
    /// A part is not what another part says it is.
    #[error(
        "{path}: {part} has the digest {found}, and {by} says {expected}; the image was damaged or changed: fetch it again",
        path = path.display()
    )]
    Digest {
        /// The image.
        path: PathBuf,
        /// The part.
        part: String,
        /// What was made from its bytes.
        found: String,
        /// What says otherwise.
        by: String,
        /// What it says.
        expected: String,
    },
    /// A document cannot be understood.
    #[error("{path}: {part} {what}", path = path.display())]
    Document {
        /// The image.
        path: PathBuf,
        /// The document.
        part: String,
        /// What is wrong, and what to do.
        what: String,
    },
    /// It is not clear which of several images is meant.
    #[error("{path}: {question}", path = path.display())]
    Which {
        /// The file.
        path: PathBuf,
        /// What must be said, and the choices.
        question: String,
    },
    /// Something that the image does not say must be said.
    #[error("{path}: {what}", path = path.display())]
    Unsaid {
        /// The image.
        path: PathBuf,
        /// What it does not say, and what to do.
        what: &'static str,
    },
    /// An option does not make sense.
    #[error("{0}")]
    Option(String),
}

impl InspectError {
    /// Something that the image at `path` does not say.
    pub(super) fn unsaid(path: &Path, what: &'static str) -> Self {
        Self::Unsaid { path: path.to_owned(), what }
    }

    /// An I/O error on the whole of `path`.
    pub(super) fn read(path: &Path, error: io::Error) -> Self {
        Self::Read { path: path.to_owned(), part: String::new(), error }
    }

    /// An I/O error on a part of `path`.
    pub(super) fn read_part(path: &Path, part: &str, error: io::Error) -> Self {
        Self::Read { path: path.to_owned(), part: format!(" ({part})"), error }
    }
}

/// What may go wrong while an archive is read: the archive itself, or what is made of it.
#[derive(Debug)]
pub(super) enum Stop {
    /// The archive.
    Archive(io::Error),
    /// Something that is already said in full.
    Told(InspectError),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Archive(error)
    }
}

impl From<InspectError> for Stop {
    fn from(error: InspectError) -> Self {
        Self::Told(error)
    }
}

impl Stop {
    /// The error for the user, where the archive is `part` of `path`.
    pub(super) fn told(self, path: &Path, part: &str) -> InspectError {
        match self {
            Self::Archive(error) => InspectError::read_part(path, part, error),
            Self::Told(error) => error,
        }
    }
}
