//! Looking something up in a tree as a process would whose root it is: symbolic links are followed, never out of it.

use std::borrow::Cow;

use super::tree::{Content, Ino, Inode, Kind, MOST_LINKS, ROOT, Tree, parts};
use crate::redact::{lossless, visible_bytes};

/// Where a walk through the folders of a tree stands.
#[derive(Clone, Debug)]
pub(super) struct Position(Vec<(Ino, Vec<u8>, u32)>);

impl Position {
    /// At the root.
    pub(super) fn root() -> Self {
        Self(Vec::new())
    }

    /// The folder.
    pub(super) fn ino(&self) -> Ino {
        self.0.last().map_or(ROOT, |(ino, _, _)| *ino)
    }

    /// How many folders below the root.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Goes into a folder of the folder.
    pub(super) fn enter(&mut self, ino: Ino, name: &[u8], layer: u32) {
        self.0.push((ino, name.to_owned(), layer));
    }

    fn path(&self, last: &[u8]) -> String {
        let names = self.0.iter().map(|(_, name, _)| name.as_slice()).chain(Some(last));
        names.filter(|name| !name.is_empty()).map(|name| format!("/{}", visible_bytes(name))).collect()
    }
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To a folder, in which the position now is.
    Folder,
    /// To something else in the folder in which the position now is.
    Other {
        /// Inode.
        ino: Ino,
        /// Name in the folder.
        name: Vec<u8>,
        /// Layer that put the name there.
        layer: u32,
    },
    /// To nothing.
    Absent,
    /// Round in circles.
    Loop,
}

/// Something that is there.
#[derive(Clone, Debug)]
pub(super) struct Found<'t> {
    /// The inode.
    pub(super) inode: &'t Inode,
    /// Its path after every link was followed, fit to be shown.
    pub(super) path: String,
    /// Layer that put the name there.
    pub(super) layer: u32,
}

/// What a file says.
#[derive(Clone, Debug)]
pub(super) enum Text<'t> {
    /// There is no such file.
    Absent,
    /// It is there and its content is not known, for this reason.
    Unknown(Found<'t>, &'static str),
    /// Its content; bytes that are not UTF-8 are written as `\xNN`.
    Known(Found<'t>, Cow<'t, str>),
}

impl Tree {
    /// Goes along `path` from a position; an absolute path begins at the root.
    pub(super) fn step(&self, at: &mut Position, path: &[u8], follow_last: bool) -> Step {
        let mut pending: Vec<&[u8]> = Vec::new();
        let mut links = 0;
        self.turn(at, &mut pending, path);
        while let Some(part) = pending.pop() {
            if part == b".." {
                at.0.pop();
                continue;
            }
            let Some((ino, layer)) = self.child(at.ino(), part) else { return Step::Absent };
            match self.kind(ino) {
                Kind::Folder(_) => at.enter(ino, part, layer),
                Kind::Link(target) if follow_last || !pending.is_empty() => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Step::Loop;
                    }
                    self.turn(at, &mut pending, target);
                }
                _ if pending.is_empty() => return Step::Other { ino, name: part.to_owned(), layer },
                _ => return Step::Absent,
            }
        }
        Step::Folder
    }

    /// Puts the parts of a path before what is still to be gone.
    fn turn<'a>(&self, at: &mut Position, pending: &mut Vec<&'a [u8]>, path: &'a [u8]) {
        if path.first() == Some(&b'/') {
            at.0.clear();
        }
        pending.extend(path.split(|byte| *byte == b'/').rev().filter(|part| !matches!(*part, b"" | b".")));
    }

    /// What is at `path`, links followed.
    pub(super) fn find(&self, path: impl AsRef<[u8]>) -> Option<Found<'_>> {
        self.look(path.as_ref(), true)
    }

    /// What is at `path`; a link there is not followed.
    pub(super) fn find_name(&self, path: impl AsRef<[u8]>) -> Option<Found<'_>> {
        self.look(path.as_ref(), false)
    }

    fn look(&self, path: &[u8], follow_last: bool) -> Option<Found<'_>> {
        let mut at = Position::root();
        match self.step(&mut at, path, follow_last) {
            Step::Folder => {
                let layer = at.0.last().map_or(0, |(_, _, layer)| *layer);
                Some(Found { inode: self.inodes.get(at.ino() as usize)?, path: at.path(b""), layer })
            }
            Step::Other { ino, name, layer } => {
                Some(Found { inode: self.inodes.get(ino as usize)?, path: at.path(&name), layer })
            }
            Step::Absent | Step::Loop => None,
        }
    }

    /// Whether a regular file is at `path`, links followed.
    pub(super) fn file(&self, path: impl AsRef<[u8]>) -> Option<Found<'_>> {
        self.find(path).filter(|found| matches!(found.inode.kind, Kind::File(_)))
    }

    /// The first of `paths` that is a regular file which somebody may execute.
    pub(super) fn program<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> Option<Found<'_>> {
        paths.into_iter().find_map(|path| self.file(path).filter(|found| found.inode.mode & 0o111 != 0))
    }

    /// Where a symbolic link at `path` leads, as it is written.
    pub(super) fn link(&self, path: impl AsRef<[u8]>) -> Option<(Found<'_>, String)> {
        let found = self.find_name(path)?;
        match &found.inode.kind {
            Kind::Link(target) => {
                let target = visible_bytes(target);
                Some((found, target))
            }
            _ => None,
        }
    }

    /// The text of the file at `path`, links followed. A file whose content was left out is remembered as wanted.
    pub(super) fn text(&self, path: impl AsRef<[u8]>) -> Text<'_> {
        let Some(found) = self.find(path) else { return Text::Absent };
        match &found.inode.kind {
            Kind::File(Content::Kept(bytes)) => {
                let text = lossless(bytes);
                Text::Known(found, text)
            }
            Kind::File(Content::Left) => {
                self.wanted.borrow_mut().insert(found.inode.place);
                Text::Unknown(found, "its content was not read")
            }
            Kind::File(Content::Refused(why)) => {
                let why = *why;
                self.notes.borrow_mut().note(why.code(), found.path.clone());
                Text::Unknown(found, why.words())
            }
            Kind::Folder(_) | Kind::Link(_) | Kind::Device => Text::Absent,
        }
    }

    /// What is in the folder at `path`, sorted, each as a path below `path`.
    pub(super) fn names(&self, path: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        let path = path.as_ref();
        let folder = path.strip_suffix(b"/").unwrap_or(path);
        match self.find(path).map(|found| &found.inode.kind) {
            Some(Kind::Folder(names)) => names.keys().map(|name| [folder, b"/", name].concat()).collect(),
            _ => Vec::new(),
        }
    }

    /// The paths that a shell pattern (`*`, `?`, `[a-z]`) matches, sorted; a leading dot is matched only by a dot.
    pub(super) fn glob(&self, pattern: &str) -> Vec<Vec<u8>> {
        let mut paths = vec![Vec::new()];
        let (parts, _) = parts(pattern.as_bytes());
        for part in parts {
            if !part.iter().any(|byte| b"*?[".contains(byte)) {
                paths.iter_mut().for_each(|path| path.extend([b"/", part].concat()));
                continue;
            }
            let listed = |path: &Vec<u8>| self.names(if path.is_empty() { b"/" } else { path.as_slice() });
            paths = paths.iter().flat_map(listed).filter(|path| matches_name(part, path)).collect();
        }
        paths.retain(|path| self.find(path).is_some());
        paths
    }

    /// Calls `see` with path, inode and layer of everything but folders, in the order of paths. Links are not followed.
    pub(super) fn each(&self, see: &mut dyn FnMut(&str, &Inode, u32)) {
        self.each_below(ROOT, &mut String::new(), see);
    }

    fn each_below(&self, folder: Ino, path: &mut String, see: &mut dyn FnMut(&str, &Inode, u32)) {
        let Kind::Folder(names) = self.kind(folder) else { return };
        for (name, (ino, layer)) in names {
            let length = path.len();
            path.push('/');
            path.push_str(&visible_bytes(name));
            match self.inodes.get(*ino as usize) {
                Some(Inode { kind: Kind::Folder(_), .. }) => self.each_below(*ino, path, see),
                Some(inode) => see(path, inode, *layer),
                None => {}
            }
            path.truncate(length);
        }
    }
}

fn matches_name(pattern: &[u8], path: &[u8]) -> bool {
    let name = last_name(path);
    let hidden = name.starts_with(b".") && !pattern.starts_with(b".");
    !hidden && matches(pattern, name)
}

/// The last name of a path.
pub(super) fn last_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// Shell patterns within one name, in linear space and at most quadratic time.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read, mut star) = (0, 0, None);
    while let Some(byte) = name.get(read) {
        match one(pattern.get(at..).unwrap_or_default(), *byte) {
            Some(0) => {
                star = Some((at + 1, read));
                at += 1;
            }
            Some(taken) => {
                at += taken;
                read += 1;
            }
            None => {
                let Some((back, from)) = star else { return false };
                star = Some((back, from + 1));
                (at, read) = (back, from + 1);
            }
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

/// How much of the pattern matches one byte; 0 for `*`, which matches any number.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'*', ..] => Some(0),
        [b'?', ..] => Some(1),
        [b'\\', escaped, ..] => (*escaped == byte).then_some(2),
        [b'[', rest @ ..] => {
            let (negated, class) = match rest {
                [b'!' | b'^', class @ ..] => (true, class),
                class => (false, class),
            };
            // A `]` right at the beginning stands for itself.
            let end = class.iter().skip(1).position(|end| *end == b']').map(|end| end + 1);
            let Some(end) = end else { return (byte == b'[').then_some(1) };
            let within = in_class(class.get(..end).unwrap_or_default(), byte);
            (within != negated).then_some(end + 2 + usize::from(negated))
        }
        [plain, ..] => (*plain == byte).then_some(1),
        [] => None,
    }
}

fn in_class(class: &[u8], byte: u8) -> bool {
    match class {
        [low, b'-', high, rest @ ..] => (*low..=*high).contains(&byte) || in_class(rest, byte),
        [one, rest @ ..] => *one == byte || in_class(rest, byte),
        [] => false,
    }
}
