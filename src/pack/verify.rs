//! Verifying a pack: every listed file is there with its hash, nothing else is there, and nothing is a link.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use walkdir::WalkDir;

use super::PackError;
use super::bag::hash_file;

/// Something that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// File, relative to the pack.
    pub path: String,
    /// What is wrong.
    pub what: String,
}

const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
const MANIFEST: &str = "manifest-sha256.txt";
/// Files beside the manifests that a tag manifest cannot list: itself and signatures over it.
const UNLISTED: [&str; 4] =
    [TAG_MANIFEST, "tagmanifest-sha256.txt.sig", "tagmanifest-sha256.txt.review.sig", "tagmanifest-sha256.txt.sig.tsr"];

/// Verifies the pack in `folder`. Returns the SHA-256 of its tag manifest, how many files it lists, and what is wrong.
///
/// # Errors
/// Where the folder is no pack at all, or cannot be read.
pub fn verify(folder: &Path) -> Result<(String, usize, Vec<Problem>), PackError> {
    let mut problems = Vec::new();
    let text = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).map_err(|error| PackError::NoPack {
            path: folder.to_owned(),
            why: format!("no pack: {name} cannot be read: {error}"),
        })
    };
    let declaration = text("bagit.txt")?;
    if declaration != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" {
        problems.push(Problem { path: "bagit.txt".to_owned(), what: "is not the declaration of a BagIt 1.0 bag".to_owned() });
    }
    let mut listed = BTreeMap::new();
    let (tags, payload) = (text(TAG_MANIFEST)?, text(MANIFEST)?);
    for (name, manifest) in [(TAG_MANIFEST, &tags), (MANIFEST, &payload)] {
        for (number, line) in (1..).zip(manifest.lines()) {
            match entry(line) {
                Some((sha256, path)) if path.starts_with("data/") == (name == MANIFEST) => {
                    if listed.insert(path.to_owned(), sha256.to_owned()).is_some() {
                        problems.push(Problem { path: path.to_owned(), what: format!("is listed twice ({name} line {number})") });
                    }
                }
                _ => problems.push(Problem { path: name.to_owned(), what: format!("line {number} is no entry of a manifest") }),
            }
        }
    }
    for required in ["bagit.txt", "bag-info.txt", MANIFEST] {
        if !listed.contains_key(required) {
            problems.push(Problem { path: required.to_owned(), what: format!("is not listed in {TAG_MANIFEST}") });
        }
    }
    let present = present(folder, &mut problems)?;
    for (path, sha256) in &listed {
        if !present.contains(path) {
            problems.push(Problem { path: path.clone(), what: "is listed but not there".to_owned() });
            continue;
        }
        let (found, _) = hash_file(&folder.join(path))?;
        if found != *sha256 {
            problems
                .push(Problem { path: path.clone(), what: format!("has changed: its SHA-256 is {found}, sealed was {sha256}") });
        }
    }
    for path in present.iter().filter(|path| !listed.contains_key(*path) && !UNLISTED.contains(&path.as_str())) {
        problems.push(Problem { path: path.clone(), what: "is there but not listed".to_owned() });
    }
    let (fingerprint, _) = hash_file(&folder.join(TAG_MANIFEST))?;
    Ok((fingerprint, listed.len(), problems))
}

/// `<64 hex>  <path>`, the path relative and inside.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (sha256, path) = line.split_once("  ")?;
    let hex = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let inside = !path.starts_with('/')
        && !path.contains('\\')
        && !path.contains(':')
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    (hex && inside).then_some((sha256, path))
}

/// Every file of the folder; what is neither file nor folder is a problem.
fn present(folder: &Path, problems: &mut Vec<Problem>) -> Result<BTreeSet<String>, PackError> {
    let mut present = BTreeSet::new();
    for entry in WalkDir::new(folder).follow_links(false).sort_by_file_name() {
        let entry = entry.map_err(|error| PackError::NoPack { path: folder.to_owned(), why: error.to_string() })?;
        let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let name: Vec<String> =
            relative.components().map(|part| crate::redact::visible_bytes(part.as_os_str().as_encoded_bytes())).collect();
        let name = name.join("/");
        if entry.file_type().is_file() {
            present.insert(name);
        } else if !entry.file_type().is_dir() {
            problems.push(Problem { path: name, what: "is a link or a special file".to_owned() });
        }
    }
    Ok(present)
}
