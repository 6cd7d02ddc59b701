//! The walk: every regular file below the evidence folders, in the order of their paths. Links, devices and pipes are
//! not followed or opened; they are named.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::CollectError;
use super::state::State;

/// One file to be read, or something that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceFile {
    /// Where it is.
    pub path: PathBuf,
    /// Path relative to the evidence root, with `/`; bytes that are not UTF-8 are written as `\xNN`.
    pub source: String,
    /// The path that `[[bind]]` patterns are held against: `source`, without the names of containers it was taken from.
    pub bound_as: String,
    /// Why it cannot be read, where it cannot.
    pub refused: Option<String>,
    /// Why not all that it holds was read, where it is a container.
    pub incomplete: Option<String>,
    /// Its state when it was looked into for what it holds.
    pub(super) opened: Option<State>,
}

impl EvidenceFile {
    /// A file at `path`, called `source` in the evidence.
    #[must_use]
    pub fn new(path: PathBuf, source: String) -> Self {
        Self { path, bound_as: source.clone(), source, refused: None, incomplete: None, opened: None }
    }
}

/// Walks `roots`, each a folder or a file.
///
/// # Errors
/// Where a root does not exist. Everything below it that cannot be read is listed as refused.
pub fn walk(roots: &[PathBuf]) -> Result<Vec<EvidenceFile>, CollectError> {
    let mut files = Vec::new();
    for root in roots {
        if !root.exists() {
            return Err(CollectError::Missing { path: root.clone() });
        }
        let prefix =
            if roots.len() > 1 && root.is_dir() { root.file_name().map(Path::new).unwrap_or(root) } else { Path::new("") };
        for entry in WalkDir::new(root).follow_links(false).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => {
                    let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
                    let relative = if relative.as_os_str().is_empty() { Path::new(entry.file_name()) } else { relative };
                    let refused = (!entry.file_type().is_file()).then(|| {
                        let kind = if entry.file_type().is_symlink() { "a symbolic link" } else { "neither a file nor a folder" };
                        format!("{kind}: only regular files are read, so copy the evidence itself")
                    });
                    files.push(EvidenceFile {
                        refused,
                        ..EvidenceFile::new(entry.path().to_owned(), name(&prefix.join(relative)))
                    });
                }
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let source = name(path.strip_prefix(root).unwrap_or(&path));
                    files.push(EvidenceFile { refused: Some(error.to_string()), ..EvidenceFile::new(path, source) });
                }
            }
        }
    }
    files.sort_by(|a, b| a.source.cmp(&b.source));
    Ok(files)
}

fn name(path: &Path) -> String {
    let parts: Vec<String> =
        path.components().map(|part| crate::redact::visible_bytes(part.as_os_str().as_encoded_bytes())).collect();
    parts.join("/")
}
