//! The virtual file tree of an image: what would lie on disk if its layers were unpacked over each other. It holds names,
//! kinds, modes and owners; of content only what [`super::interest`] asks for. Nothing is written anywhere.
//!
//! Sources: the OCI image specification, `layer.md` (whiteouts hide what lower layers hold, whatever the order of the
//! entries of their own layer); containerd's `archive/tar.go` (a folder replaces a symbolic link of the same name; names
//! below a symbolic link go where it leads).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::limits::Limits;
use super::lookup::{Position, Step};
use crate::redact::visible_bytes;

/// Most entries of all layers together.
pub(super) const MOST_ENTRIES: u32 = 2_000_000;
/// Largest file whose content is kept.
pub(super) const LARGEST_CONTENT: u64 = 1 << 20;
/// Content kept in all.
pub(super) const MOST_CONTENT: u64 = 64 << 20;
/// Deepest folder.
pub(super) const DEEPEST: usize = 256;
/// Symbolic links followed in one lookup, as Linux does.
pub(super) const MOST_LINKS: usize = 40;

/// Number of an inode.
pub(super) type Ino = u32;

/// The root.
pub(super) const ROOT: Ino = 0;

/// Which entry of which layer something came from, both counted from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Layer.
    pub(super) layer: u32,
    /// Entry of the layer.
    pub(super) entry: u32,
}

/// What is kept of the content of a file.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// All of it.
    Kept(Vec<u8>),
    /// Nothing, because nobody asked for it.
    Left,
    /// Nothing, for this reason.
    Refused(Refusal),
}

/// Why the content of a file that matters is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is larger than [`LARGEST_CONTENT`].
    TooLarge,
    /// There is more than [`MOST_CONTENT`].
    NoRoom,
    /// It is stored as a sparse file.
    Sparse,
    /// The file system refused.
    Unreadable,
}

impl Refusal {
    /// The reason in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::TooLarge => "it is larger than 1 MiB, and was not read",
            Self::NoRoom => "more than 64 MiB of files matter, and it was not read",
            Self::Sparse => "it is stored as a sparse file, which is not read",
            Self::Unreadable => "it could not be read",
        }
    }

    /// The limit that it is.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "file-over-cap",
            Self::NoRoom => "content-over-cap",
            Self::Sparse | Self::Unreadable => "content-not-readable",
        }
    }
}

/// What an inode is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A regular file.
    File(Content),
    /// A folder: name, inode, and the layer that put the name there.
    Folder(BTreeMap<Box<[u8]>, (Ino, u32)>),
    /// A symbolic link and where it leads.
    Link(Box<[u8]>),
    /// A device, pipe or socket.
    Device,
}

/// A file, folder, link or device.
#[derive(Clone, Debug)]
pub(super) struct Inode {
    /// What it is.
    pub(super) kind: Kind,
    /// Permission bits, with setuid and setgid.
    pub(super) mode: u32,
    /// Owner.
    pub(super) uid: u64,
    /// Size of a file in bytes.
    pub(super) size: u64,
    /// Where it came from.
    pub(super) place: Place,
}

/// One entry of a layer.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Name as it stands in the layer.
    pub(super) name: Vec<u8>,
    /// What it is.
    pub(super) what: What,
    /// Permission bits.
    pub(super) mode: u32,
    /// Owner.
    pub(super) uid: u64,
    /// Size in bytes.
    pub(super) size: u64,
    /// Number within its layer, from zero.
    pub(super) number: u32,
}

/// What an entry makes.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A regular file.
    File(Content),
    /// A folder.
    Folder,
    /// A symbolic link to this.
    Link(Vec<u8>),
    /// Another name of this file.
    HardLink(Vec<u8>),
    /// A device, pipe or socket.
    Device,
}

/// The tree, as far as layers were put over each other.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) inodes: Vec<Inode>,
    /// What could not be known.
    pub(super) limits: Limits,
    /// Entries of all layers.
    pub(super) entries: u32,
    /// Whether whiteouts mean anything: not in a root filesystem that stands for itself.
    layered: bool,
    /// Files whose content somebody asked for and that was left out.
    pub(super) wanted: RefCell<BTreeSet<Place>>,
    /// Limits met while looking things up.
    pub(super) notes: RefCell<Limits>,
}

impl Tree {
    /// An empty root.
    pub(super) fn new(layered: bool) -> Self {
        let place = Place { layer: 0, entry: 0 };
        let root = Inode { kind: Kind::Folder(BTreeMap::new()), mode: 0o755, uid: 0, size: 0, place };
        Self {
            inodes: vec![root],
            limits: Limits::default(),
            entries: 0,
            layered,
            wanted: RefCell::default(),
            notes: RefCell::default(),
        }
    }

    /// Puts an entry of `layer` over what is there.
    pub(super) fn put(&mut self, layer: u32, mut entry: Entry) {
        let name = std::mem::take(&mut entry.name);
        self.entries = self.entries.saturating_add(1);
        if self.entries > MOST_ENTRIES {
            return self.limits.note("entries-over-cap", visible_bytes(&name));
        }
        let (parts, strayed) = parts(&name);
        if strayed {
            self.limits.note("path-outside-root", visible_bytes(&name));
        }
        if parts.len() > DEEPEST {
            return self.limits.note("nesting-over-cap", visible_bytes(parts.first().unwrap_or(&&b""[..])));
        }
        let Some((last, folders)) = parts.split_last() else {
            // The root itself.
            if let (What::Folder, Some(root)) = (&entry.what, self.inodes.first_mut()) {
                (root.mode, root.uid) = (entry.mode, entry.uid);
            }
            return;
        };
        if let Some(hidden) = last.strip_prefix(b".wh.") {
            return self.white_out(layer, folders, hidden, &name);
        }
        let Some(folder) = self.folder(layer, folders, entry.number) else {
            return self.limits.note("damaged-entry", visible_bytes(&name));
        };
        if !self.place(layer, folder, last, entry) {
            self.limits.note("damaged-entry", visible_bytes(&name));
        }
    }

    /// The folder of this path, made where it is not there.
    fn folder(&mut self, layer: u32, parts: &[&[u8]], number: u32) -> Option<Ino> {
        let mut at = Position::root();
        for part in parts {
            let here = at.ino();
            let mut beyond = at.clone();
            match self.child(here, part).map(|(ino, by)| (ino, by, self.kind(ino))) {
                Some((ino, by, Kind::Folder(_))) => at.enter(ino, part, by),
                Some((_, by, Kind::Link(target))) if self.step(&mut beyond, target, true) == Step::Folder => {
                    if by < layer {
                        self.limits.note("through-symlink", visible_bytes(&parts.join(&b'/')));
                    }
                    if beyond.depth() > 2 * DEEPEST {
                        return None;
                    }
                    at = beyond;
                }
                other => {
                    if other.is_some() {
                        self.limits.note("damaged-entry", visible_bytes(&parts.join(&b'/')));
                    }
                    self.entries = self.entries.saturating_add(1);
                    if self.entries > MOST_ENTRIES {
                        return None;
                    }
                    let place = Place { layer, entry: number };
                    let made = Inode { kind: Kind::Folder(BTreeMap::new()), mode: 0o755, uid: 0, size: 0, place };
                    let ino = self.name(here, part, layer, made);
                    at.enter(ino, part, layer);
                }
            }
        }
        Some(at.ino())
    }

    /// Gives a name in a folder to what an entry makes; not where it is a hard link to nothing.
    fn place(&mut self, layer: u32, folder: Ino, name: &[u8], entry: Entry) -> bool {
        let place = Place { layer, entry: entry.number };
        let known = self.child(folder, name).map(|(ino, _)| ino);
        let kind = match entry.what {
            What::Folder => {
                if let Some(inode) = known.and_then(|ino| self.inodes.get_mut(ino as usize))
                    && let Kind::Folder(_) = inode.kind
                {
                    (inode.mode, inode.uid, inode.place) = (entry.mode, entry.uid, place);
                    self.rename(folder, name, layer);
                    return true;
                }
                Kind::Folder(BTreeMap::new())
            }
            What::HardLink(target) => {
                let Some(ino) = self.target_of_hard_link(&target) else { return false };
                self.point(folder, name, layer, ino);
                return true;
            }
            What::File(content) => Kind::File(content),
            What::Link(target) => Kind::Link(target.into_boxed_slice()),
            What::Device => Kind::Device,
        };
        let inode = Inode { kind, mode: entry.mode, uid: entry.uid, size: entry.size, place };
        self.name(folder, name, layer, inode);
        true
    }

    /// The inode that a hard link names: its folder may lead through links, its own name may not.
    fn target_of_hard_link(&self, target: &[u8]) -> Option<Ino> {
        let (parts, _) = parts(target);
        match self.step(&mut Position::root(), &parts.join(&b'/'), false) {
            Step::Other { ino, .. } => Some(ino),
            _ => None,
        }
    }

    /// Hides what lower layers hold: one name, or everything in a folder.
    fn white_out(&mut self, layer: u32, folders: &[&[u8]], hidden: &[u8], name: &[u8]) {
        if !self.layered {
            return self.limits.note("single-layer", visible_bytes(name));
        }
        let mut at = Position::root();
        if self.step(&mut at, &folders.join(&b'/'), true) != Step::Folder {
            return;
        }
        let folder = at.ino();
        if hidden == b".wh..opq" {
            self.prune(folder, layer);
        } else if hidden.starts_with(b".wh.") {
            // Notes of AUFS to itself.
        } else if matches!(hidden, b"" | b"." | b"..") {
            self.limits.note("damaged-entry", visible_bytes(name));
        } else if let Some((ino, by)) = self.child(folder, hidden) {
            let kept = matches!(self.kind(ino), Kind::Folder(_)) && self.prune(ino, layer);
            if by != layer && !kept {
                self.with_names(folder, |names| _ = names.remove(hidden));
            }
        }
    }

    /// Takes out of a folder, however deep, what `layer` did not put there; says whether anything stays.
    fn prune(&mut self, folder: Ino, layer: u32) -> bool {
        let Some(Inode { kind: Kind::Folder(names), .. }) = self.inodes.get_mut(folder as usize) else { return false };
        let mut names = std::mem::take(names);
        names.retain(|_, (ino, by)| {
            let inner = matches!(self.kind(*ino), Kind::Folder(_)) && self.prune(*ino, layer);
            inner || *by == layer
        });
        let stays = !names.is_empty();
        self.with_names(folder, |all| *all = names);
        stays
    }

    /// What an inode is; a device where there is none such.
    pub(super) fn kind(&self, ino: Ino) -> &Kind {
        self.inodes.get(ino as usize).map_or(&Kind::Device, |inode| &inode.kind)
    }

    /// Inode of a name in a folder, and the layer that put it there.
    pub(super) fn child(&self, folder: Ino, name: &[u8]) -> Option<(Ino, u32)> {
        match self.kind(folder) {
            Kind::Folder(names) => names.get(name).copied(),
            _ => None,
        }
    }

    fn with_names(&mut self, folder: Ino, change: impl FnOnce(&mut BTreeMap<Box<[u8]>, (Ino, u32)>)) {
        if let Some(Inode { kind: Kind::Folder(names), .. }) = self.inodes.get_mut(folder as usize) {
            change(names);
        }
    }

    /// Gives `inode` a name, in place of whatever had it.
    fn name(&mut self, folder: Ino, name: &[u8], layer: u32, inode: Inode) -> Ino {
        // There is at most one inode an entry and one a folder above it, and both are capped.
        let ino = Ino::try_from(self.inodes.len()).unwrap_or(Ino::MAX);
        self.inodes.push(inode);
        self.point(folder, name, layer, ino);
        ino
    }

    fn point(&mut self, folder: Ino, name: &[u8], layer: u32, ino: Ino) {
        self.with_names(folder, |names| _ = names.insert(name.into(), (ino, layer)));
    }

    fn rename(&mut self, folder: Ino, name: &[u8], layer: u32) {
        self.with_names(folder, |names| _ = names.get_mut(name).map(|(_, by)| *by = layer));
    }
}

/// The parts of a path inside the root, and whether it led out of it or began with `/`.
pub(super) fn parts(path: &[u8]) -> (Vec<&[u8]>, bool) {
    let mut strayed = path.first() == Some(&b'/');
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => strayed |= parts.pop().is_none(),
            part => parts.push(part),
        }
    }
    (parts, strayed)
}
