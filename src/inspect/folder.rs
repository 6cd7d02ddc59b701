//! A root filesystem in a folder, walked in the order of names. Links are noted and never followed, so that nothing outside
//! the folder is looked at; what is on another file system is named and not entered.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::Path;

use walkdir::WalkDir;

use super::error::InspectError;
use super::interest::{Interest, Keep};
use super::tree::{Content, Entry, Place, Refusal, Tree, What};
use crate::redact::visible_bytes;

/// Folders that are empty in an image, and where a running system has what is gone at its end.
const OF_THE_KERNEL: [&[u8]; 5] = [b"dev", b"proc", b"run", b"sys", b"tmp"];

/// Reads the folder as the only layer.
///
/// # Errors
/// Where the folder itself cannot be read. What cannot be read in it is a limit.
pub(super) fn read(root: &Path, interest: &mut Interest) -> Result<Tree, InspectError> {
    let mut tree = Tree::new(false);
    let top = root.metadata().map_err(|error| InspectError::read(root, error))?;
    let mut number = 0;
    let mut walk = WalkDir::new(root).min_depth(1).follow_links(false).sort_by_file_name().into_iter();
    while let Some(found) = walk.next() {
        let entry = match found {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(root);
                tree.limits.note("not-readable", visible_bytes(below(root, path)));
                continue;
            }
        };
        let name = below(root, entry.path()).to_owned();
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(_) => {
                tree.limits.note("not-readable", visible_bytes(&name));
                continue;
            }
        };
        if metadata.is_dir() && device(&metadata) != device(&top) {
            if !OF_THE_KERNEL.contains(&name.as_slice()) {
                tree.limits.note("mount-not-read", visible_bytes(&name));
            }
            walk.skip_current_dir();
        }
        let place = Place { layer: 0, entry: number };
        number = number.saturating_add(1);
        let what = if metadata.is_dir() {
            What::Folder
        } else if metadata.file_type().is_symlink() {
            match std::fs::read_link(entry.path()) {
                Ok(target) => What::Link(target.as_os_str().as_encoded_bytes().to_owned()),
                Err(_) => What::Device,
            }
        } else if metadata.is_file() {
            What::File(content(entry.path(), &name, place, &metadata, interest))
        } else {
            What::Device
        };
        let (mode, uid) = owner(&metadata);
        tree.put(0, Entry { name, what, mode, uid, size: metadata.len(), number: place.entry });
    }
    Ok(tree)
}

fn below<'p>(root: &Path, path: &'p Path) -> &'p [u8] {
    path.strip_prefix(root).unwrap_or(path).as_os_str().as_encoded_bytes()
}

fn content(path: &Path, name: &[u8], place: Place, seen: &Metadata, interest: &mut Interest) -> Content {
    match interest.take(name, place, seen.len()) {
        Keep::Yes => match bytes(path, seen) {
            Some(bytes) => Content::Kept(bytes),
            None => Content::Refused(Refusal::Unreadable),
        },
        Keep::No => Content::Left,
        Keep::TooLarge => Content::Refused(Refusal::TooLarge),
        Keep::NoRoom => Content::Refused(Refusal::NoRoom),
    }
}

/// The bytes of a file, if it is still the one that was seen: nobody may put a link in its place meanwhile.
fn bytes(path: &Path, seen: &Metadata) -> Option<Vec<u8>> {
    let file = File::open(path).ok()?;
    let opened = file.metadata().ok()?;
    if !opened.is_file() || device(&opened) != device(seen) || number(&opened) != number(seen) {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(seen.len()).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(unix)]
fn owner(metadata: &Metadata) -> (u32, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.mode() & 0o7777, u64::from(metadata.uid()))
}

#[cfg(unix)]
fn device(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.dev()
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.ino()
}

#[cfg(not(unix))]
fn owner(_: &Metadata) -> (u32, u64) {
    (0o755, 0)
}

#[cfg(not(unix))]
fn device(_: &Metadata) -> u64 {
    0
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> u64 {
    0
}
