//! Layers over each other: from the parts of an image, from a root filesystem in an archive, or from one in a folder. Every
//! layer is read once a round, and its digests are made again from its bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::archive::{End, each, entry};
use super::choice::{Image, Layer};
use super::decoded::{Packing, decoded};
use super::digest::{Digest, Hasher, Hashing};
use super::error::{InspectError, Stop};
use super::interest::Interest;
use super::store::Store;
use super::tree::{Entry, MOST_ENTRIES, Tree};
use crate::redact::visible_bytes;

/// What is known of a layer once it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    /// Digest of the bytes as they are stored.
    pub(super) digest: Digest,
    /// Digest of the bytes unpacked.
    pub(super) diff_id: Digest,
    /// Entries.
    pub(super) entries: u32,
}

/// Puts the layers of an image over each other.
///
/// # Errors
/// Where a layer is missing or damaged, or its digest is another than the one that names it.
pub(super) fn image(store: &Store, image: &Image, interest: &mut Interest) -> Result<(Tree, Vec<Done>), InspectError> {
    let mut tree = Tree::new(true);
    let mut read: Vec<Option<Done>> = vec![None; image.layers.len()];
    // In a packed archive layers come in any order: those that come too early wait.
    let mut waiting: BTreeMap<usize, Vec<Entry>> = BTreeMap::new();
    let (mut next, mut held) = (0, 0);
    let parts: Vec<String> = image.layers.iter().map(|layer| layer.part.clone()).collect();
    store.visit(&parts, &mut |numbers, reader| {
        let Some(first) = numbers.first() else { return Ok(()) };
        let layer = image.layers.get(*first);
        let part = layer.map(|layer| layer.part.as_str()).unwrap_or_default();
        let mut entries = Vec::new();
        let direct = numbers == [next];
        let count = u32::try_from(*first).unwrap_or(u32::MAX);
        let mut put = |entry: Entry| {
            if direct {
                tree.put(count, entry);
            } else if held < MOST_ENTRIES {
                held += 1;
                entries.push(entry);
            } else {
                tree.limits.note("entries-over-cap", visible_bytes(&entry.name));
            }
        };
        let hashers = Hashers::of(layer);
        let (done, end) = one(reader, count, hashers, interest, &mut put).map_err(|stop| stop.told(store.path(), part))?;
        if let Some(layer) = layer {
            check(store.path(), layer, &done)?;
        }
        note_end(&mut tree, end, part);
        for number in numbers {
            if let Some(slot) = read.get_mut(*number) {
                *slot = Some(done.clone());
            }
            waiting.insert(*number, if direct { Vec::new() } else { entries.clone() });
        }
        while let Some(entries) = waiting.remove(&next) {
            let layer = u32::try_from(next).unwrap_or(u32::MAX);
            entries.into_iter().for_each(|entry| tree.put(layer, entry));
            next += 1;
        }
        Ok(())
    })?;
    Ok((tree, read.into_iter().flatten().collect()))
}

/// Reads a root filesystem in an archive as the only layer.
///
/// # Errors
/// Where it is damaged.
pub(super) fn archive(path: &Path, interest: &mut Interest) -> Result<(Tree, Done), InspectError> {
    let mut tree = Tree::new(false);
    let mut file = File::open(path).map_err(|error| InspectError::read(path, error))?;
    let done = one(&mut file, 0, Hashers::of(None), interest, &mut |entry| tree.put(0, entry));
    let (done, end) = done.map_err(|stop| stop.told(path, "as a tar archive"))?;
    note_end(&mut tree, end, "the archive");
    Ok((tree, done))
}

fn note_end(tree: &mut Tree, end: End, part: &str) {
    if end.torn {
        tree.limits.note("torn", part);
    }
    if end.more {
        tree.limits.note("data-after-end", part);
    }
}

/// The digests of a layer, under way.
struct Hashers {
    stored: Hasher,
    plain: Hasher,
}

impl Hashers {
    /// Of the kinds that the digests of `layer` are.
    fn of(layer: Option<&Layer>) -> Self {
        let of = |digest: Option<&Digest>| digest.map_or_else(Hasher::sha256, Digest::hasher);
        Self {
            stored: of(layer.and_then(|layer| layer.digest.as_ref())),
            plain: of(layer.and_then(|layer| layer.diff_id.as_ref())),
        }
    }
}

/// Reads one layer and gives its entries to `put`.
fn one(
    reader: &mut dyn Read,
    layer: u32,
    hashers: Hashers,
    interest: &mut Interest,
    put: &mut dyn FnMut(Entry),
) -> Result<(Done, End), Stop> {
    let (packing, unpacked) = decoded(Box::new(Hashing::new(reader, &hashers.stored)))?;
    // What is not packed needs no second digest.
    let same = packing == Packing::Plain && hashers.stored.is_like(&hashers.plain);
    let mut unpacked: Box<dyn Read> = if same { unpacked } else { Box::new(Hashing::new(unpacked, &hashers.plain)) };
    let mut entries = 0;
    let end = each(&mut unpacked, &mut |raw, content| {
        entries = raw.number.saturating_add(1);
        if let Some(entry) = entry(raw, content, layer, interest)? {
            put(entry);
        }
        Ok::<bool, Stop>(true)
    })?;
    drop(unpacked);
    let digest = hashers.stored.finish();
    let diff_id = if same { digest.clone() } else { hashers.plain.finish() };
    Ok((Done { digest, diff_id, entries }, end))
}

/// Holds a layer that was read against the digests that name it.
fn check(path: &Path, layer: &Layer, done: &Done) -> Result<(), InspectError> {
    let pairs = [(&layer.digest, &done.digest, "the manifest"), (&layer.diff_id, &done.diff_id, "the configuration")];
    for (expected, found, by) in pairs {
        if let Some(expected) = expected.as_ref().filter(|expected| *expected != found) {
            return Err(InspectError::Digest {
                path: path.to_owned(),
                part: format!("the layer {}", layer.part),
                found: found.to_string(),
                by: by.to_owned(),
                expected: expected.to_string(),
            });
        }
    }
    Ok(())
}
