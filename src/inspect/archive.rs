//! Reading a tar archive entry by entry, as a layer or as the file that holds an image.
//!
//! Source: pax(1) of POSIX, GNU tar's `tar.h`, and the crate `tar`, which reads long names of both kinds whole: so what it
//! may read between two entries is bounded here.

use std::io::{self, Read};

use tar::{Archive, EntryType};

use super::interest::{Interest, Keep};
use super::tree::{Content, Entry, Place, Refusal, What, parts};
use crate::collect::Gauge;

/// One entry as it stands in an archive.
pub(super) struct Raw {
    /// Name, not normalised.
    pub(super) name: Vec<u8>,
    /// Kind.
    pub(super) kind: EntryType,
    /// Where a link leads.
    pub(super) link: Vec<u8>,
    /// Permission bits.
    pub(super) mode: u32,
    /// Owner.
    pub(super) uid: u64,
    /// Size of the content, holes of sparse files included.
    pub(super) size: u64,
    /// Number in the archive, from zero.
    pub(super) number: u32,
    /// Where the content begins in the archive.
    pub(super) at: u64,
    /// Whether the content stands in the archive as it is.
    pub(super) plain: bool,
}

/// How an archive ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    /// It has no end mark: it may have been cut.
    pub(super) torn: bool,
    /// There is something after the end mark.
    pub(super) more: bool,
}

/// Calls `see` with every entry of a tar archive and a reader of its content. Reads to the end of `reader`, so that a digest
/// of it is a digest of all of it; unless `see` says `false`, which ends it at once.
///
/// # Errors
/// Where the archive is damaged, or `see` says so.
pub(super) fn each<E: From<io::Error>>(
    reader: &mut dyn Read,
    see: &mut dyn FnMut(&Raw, &mut dyn Read) -> Result<bool, E>,
) -> Result<End, E> {
    let (gauge, setting) = Gauge::new(reader);
    let mut archive = Archive::new(gauge);
    let mut number = 0;
    for entry in archive.entries()? {
        let mut entry = entry?;
        setting.open();
        let packed = if entry.header().entry_type().is_gnu_sparse() { entry.header().entry_size()? } else { entry.size() };
        let raw = raw(&mut entry, number)?;
        number = number.saturating_add(1);
        if !see(&raw, &mut entry)? {
            return Ok(End::default());
        }
        setting.header_after(packed);
    }
    let torn = setting.ran_dry();
    setting.open();
    let more = drain(&mut archive.into_inner())?;
    Ok(End { torn, more })
}

fn raw<R: Read>(entry: &mut tar::Entry<'_, R>, number: u32) -> io::Result<Raw> {
    // Sparse files in the newer way of GNU tar: name and content are not what they seem.
    let sparse = entry
        .pax_extensions()?
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .find_map(|extension| (extension.key_bytes() == b"GNU.sparse.name").then(|| extension.value_bytes().to_owned()));
    let header = entry.header();
    let kind = header.entry_type();
    Ok(Raw {
        plain: sparse.is_none() && !kind.is_gnu_sparse(),
        name: sparse.unwrap_or_else(|| entry.path_bytes().into_owned()),
        kind,
        link: entry.link_name_bytes().map(|link| link.into_owned()).unwrap_or_default(),
        mode: header.mode().unwrap_or(0) & 0o7777,
        uid: header.uid().unwrap_or(0),
        size: entry.size(),
        number,
        at: entry.raw_file_position(),
    })
}

/// Reads to the end; whether anything but zeros is there.
fn drain(reader: &mut dyn Read) -> io::Result<bool> {
    let mut buffer = [0; 32 << 10];
    let mut more = false;
    loop {
        let read = match reader.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok(more);
        }
        more |= buffer.get(..read).unwrap_or_default().iter().any(|byte| *byte != 0);
    }
}

/// An entry of the layer number `layer` for the tree, with its content where `interest` asks for it; nothing for entries
/// that make no file.
pub(super) fn entry(raw: &Raw, content: &mut dyn Read, layer: u32, interest: &mut Interest) -> io::Result<Option<Entry>> {
    let what = match raw.kind {
        EntryType::Regular | EntryType::Continuous if raw.name.ends_with(b"/") => What::Folder,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            let (name, _) = parts(&raw.name);
            let place = Place { layer, entry: raw.number };
            What::File(match interest.take(&name.join(&b'/'), place, raw.size) {
                Keep::Yes if raw.plain => {
                    let mut bytes = Vec::new();
                    content.take(raw.size).read_to_end(&mut bytes)?;
                    Content::Kept(bytes)
                }
                Keep::Yes => Content::Refused(Refusal::Sparse),
                Keep::No => Content::Left,
                Keep::TooLarge => Content::Refused(Refusal::TooLarge),
                Keep::NoRoom => Content::Refused(Refusal::NoRoom),
            })
        }
        EntryType::Directory => What::Folder,
        EntryType::Symlink => What::Link(raw.link.clone()),
        EntryType::Link => What::HardLink(raw.link.clone()),
        EntryType::Char | EntryType::Block | EntryType::Fifo => What::Device,
        _ => return Ok(None),
    };
    let Raw { mode, uid, size, number, .. } = *raw;
    Ok(Some(Entry { name: raw.name.clone(), what, mode, uid, size, number }))
}
