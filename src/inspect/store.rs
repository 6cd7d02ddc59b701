//! Where the parts of an image lie: in a folder, in a tar archive, or in a packed tar archive, which can only be read from
//! its beginning. Nothing is unpacked to disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use tar::EntryType;

use super::archive::{Raw, each};
use super::decoded::{Packing, decoded};
use super::error::{InspectError, Stop};
use super::tree::parts;
use crate::redact::lossless;

/// Largest document (index, manifest, configuration).
const LARGEST_DOCUMENT: u64 = 4 << 20;
/// Documents of a packed archive that are kept, in all.
const MOST_DOCUMENTS: u64 = 64 << 20;
/// Parts of an image that are kept track of.
const MOST_PARTS: usize = 200_000;
/// Links followed from one part to another.
const MOST_LINKS: usize = 8;

/// Folders that a root filesystem has, and no file that holds images.
const ROOT_FOLDERS: [&str; 10] = ["bin", "etc", "home", "lib", "opt", "root", "run", "sbin", "usr", "var"];

/// What a path turned out to be.
pub(super) enum Opened {
    /// Something that holds images by their parts.
    Parts(Store),
    /// A root filesystem in a tar archive.
    Archive,
    /// A root filesystem in a folder.
    Folder,
}

/// The parts of images, by name.
pub(super) struct Store {
    path: PathBuf,
    place: Place,
}

enum Place {
    Folder,
    Tar(BTreeMap<String, Part>),
    Packed(BTreeMap<String, Part>),
}

/// A part of an archive.
#[derive(Clone, Debug)]
enum Part {
    /// A file: where it begins, its size, and its content where it is kept.
    File { at: u64, size: u64, kept: Option<Vec<u8>> },
    /// A link to another part.
    Link(String),
}

/// Tells what `path` is, by what it holds.
///
/// # Errors
/// Where it is not there, cannot be read, or is no image.
pub(super) fn open(path: &Path) -> Result<Opened, InspectError> {
    let metadata = std::fs::metadata(path).map_err(|error| InspectError::read(path, error))?;
    if metadata.is_dir() {
        return folder(path);
    }
    if !metadata.is_file() {
        return Err(not_an_image(path, "it is neither a file nor a folder"));
    }
    let file = File::open(path).map_err(|error| InspectError::read(path, error))?;
    let (packing, mut reader) = decoded(Box::new(file)).map_err(|error| InspectError::read(path, error))?;
    let packed = packing != Packing::Plain;
    let mut parts = BTreeMap::new();
    let mut kept = 0;
    let mut root = false;
    let ended = each(&mut reader, &mut |raw, content| {
        let name = part_name(raw);
        root |= name.split('/').next().is_some_and(|first| ROOT_FOLDERS.contains(&first));
        if root || parts.len() >= MOST_PARTS {
            return Ok(false);
        }
        if let Some(part) = part(raw, content, packed, &mut kept)? {
            parts.insert(name, part);
        }
        Ok::<bool, Stop>(true)
    });
    match ended {
        Err(Stop::Archive(_)) if parts.is_empty() && !root && !packed => return Err(not_an_image(path, "it is no tar archive")),
        ended => ended.map_err(|stop| stop.told(path, "as a tar archive"))?,
    };
    if root {
        return Ok(Opened::Archive);
    }
    if parts.is_empty() {
        return Err(not_an_image(path, "it is no tar archive with anything in it"));
    }
    let place = if packed { Place::Packed(parts) } else { Place::Tar(parts) };
    holds_images(Store { path: path.to_owned(), place })
}

fn folder(path: &Path) -> Result<Opened, InspectError> {
    if ROOT_FOLDERS.iter().any(|name| path.join(name).symlink_metadata().is_ok()) {
        return Ok(Opened::Folder);
    }
    holds_images(Store { path: path.to_owned(), place: Place::Folder })
}

fn holds_images(store: Store) -> Result<Opened, InspectError> {
    if store.document("index.json")?.is_some() || store.document("manifest.json")?.is_some() {
        return Ok(Opened::Parts(store));
    }
    let found = "it holds neither index.json (OCI) nor manifest.json (docker save) nor any of etc, usr, bin at its top";
    Err(not_an_image(&store.path, found))
}

fn not_an_image(path: &Path, found: &str) -> InspectError {
    InspectError::NotAnImage { path: path.to_owned(), found: found.to_owned() }
}

fn part_name(raw: &Raw) -> String {
    let (names, _) = parts(&raw.name);
    lossless(&names.join(&b'/')).into_owned()
}

fn part(raw: &Raw, content: &mut dyn Read, packed: bool, kept: &mut u64) -> Result<Option<Part>, Stop> {
    match raw.kind {
        EntryType::Regular | EntryType::Continuous if raw.plain => {
            // Documents are JSON objects or lists; in a packed archive they must be kept while it goes by.
            let small = packed && raw.size <= LARGEST_DOCUMENT && *kept + raw.size <= MOST_DOCUMENTS;
            let mut bytes = Vec::new();
            if small {
                (&mut *content).take(1).read_to_end(&mut bytes)?;
            }
            let json = matches!(bytes.first(), Some(b'{' | b'['));
            if json {
                content.take(LARGEST_DOCUMENT).read_to_end(&mut bytes)?;
                *kept += raw.size;
            }
            Ok(Some(Part::File { at: raw.at, size: raw.size, kept: json.then_some(bytes) }))
        }
        EntryType::Symlink => {
            let name = part_name(raw);
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            let target = format!("{folder}/{}", lossless(&raw.link));
            let (names, _) = parts(target.as_bytes());
            Ok(Some(Part::Link(lossless(&names.join(&b'/')).into_owned())))
        }
        EntryType::Link => {
            let (names, _) = parts(&raw.link);
            Ok(Some(Part::Link(lossless(&names.join(&b'/')).into_owned())))
        }
        _ => Ok(None),
    }
}

/// What is done with a part: its places in a list of names, and a reader of it.
pub(super) type See<'s> = &'s mut dyn FnMut(&[usize], &mut dyn Read) -> Result<(), InspectError>;

impl Store {
    /// The file or folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The document of this name; nothing where there is none.
    pub(super) fn document(&self, name: &str) -> Result<Option<Vec<u8>>, InspectError> {
        let mut bytes = Vec::new();
        let wrong = |error| InspectError::read_part(&self.path, name, error);
        match &self.place {
            Place::Packed(parts) => {
                return match find(parts, name) {
                    Some((_, Part::File { kept: Some(bytes), .. })) => Ok(Some(bytes.clone())),
                    Some(_) => Err(too_large(&self.path, name)),
                    None => Ok(None),
                };
            }
            _ => match self.opened(name)? {
                Some(reader) => reader.take(LARGEST_DOCUMENT + 1).read_to_end(&mut bytes).map_err(wrong)?,
                None => return Ok(None),
            },
        };
        if bytes.len() as u64 > LARGEST_DOCUMENT {
            return Err(too_large(&self.path, name));
        }
        Ok(Some(bytes))
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, name: &str) -> Result<bool, InspectError> {
        match &self.place {
            Place::Folder => Ok(self.in_folder(name)?.is_some()),
            Place::Tar(parts) | Place::Packed(parts) => Ok(find(parts, name).is_some()),
        }
    }

    /// Calls `see` with a reader of each part of `names`: in this order where parts can be opened by name, else in the
    /// order in which they come. The numbers are the places in `names`: several where several names stand for one part.
    pub(super) fn visit(&self, names: &[String], see: See<'_>) -> Result<(), InspectError> {
        let missing = |name: &String| InspectError::Missing {
            path: self.path.clone(),
            part: format!("the layer {name}"),
            by: "the manifest".to_owned(),
        };
        let Place::Packed(parts) = &self.place else {
            for (number, name) in names.iter().enumerate() {
                let mut reader = self.opened(name)?.ok_or_else(|| missing(name))?;
                see(&[number], &mut reader)?;
            }
            return Ok(());
        };
        let mut wanted: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, name) in names.iter().enumerate() {
            let (real, _) = find(parts, name).ok_or_else(|| missing(name))?;
            wanted.entry(real).or_default().push(number);
        }
        let file = File::open(&self.path).map_err(|error| InspectError::read(&self.path, error))?;
        let (_, mut reader) = decoded(Box::new(file)).map_err(|error| InspectError::read(&self.path, error))?;
        let ended = each(&mut reader, &mut |raw, content| {
            if let Some(numbers) = wanted.remove(part_name(raw).as_str()) {
                see(&numbers, content)?;
            }
            Ok::<bool, Stop>(!wanted.is_empty())
        });
        ended.map(|_| ()).map_err(|stop| stop.told(&self.path, "as a tar archive"))
    }

    fn opened(&self, name: &str) -> Result<Option<Box<dyn Read>>, InspectError> {
        let wrong = |error| InspectError::read_part(&self.path, name, error);
        match &self.place {
            Place::Folder => match self.in_folder(name)? {
                Some(path) => Ok(Some(Box::new(BufReader::new(File::open(path).map_err(wrong)?)))),
                None => Ok(None),
            },
            Place::Tar(parts) | Place::Packed(parts) => match find(parts, name) {
                Some((_, Part::File { at, size, .. })) => {
                    let mut file = File::open(&self.path).map_err(wrong)?;
                    file.seek(SeekFrom::Start(*at)).map_err(wrong)?;
                    Ok(Some(Box::new(BufReader::new(file.take(*size)))))
                }
                _ => Ok(None),
            },
        }
    }

    /// The regular file of this name in the folder. Links may lead from part to part, never out of the folder.
    fn in_folder(&self, name: &str) -> Result<Option<PathBuf>, InspectError> {
        let mut name = name.to_owned();
        for _ in 0..MOST_LINKS {
            let (names, _) = parts(name.as_bytes());
            let relative: PathBuf = names.iter().map(|name| lossless(name).into_owned()).collect();
            let path = self.path.join(&relative);
            let Ok(metadata) = path.symlink_metadata() else { return Ok(None) };
            if !metadata.file_type().is_symlink() {
                return Ok(metadata.is_file().then_some(path));
            }
            let target = std::fs::read_link(&path).map_err(|error| InspectError::read_part(&self.path, &name, error))?;
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            name = format!("{folder}/{}", lossless(target.as_os_str().as_encoded_bytes()));
        }
        Ok(None)
    }
}

fn too_large(path: &Path, name: &str) -> InspectError {
    InspectError::Document {
        path: path.to_owned(),
        part: name.to_owned(),
        what: "is no JSON document of at most 4 MiB; this is no image that can be read".to_owned(),
    }
}

/// The file that a name stands for, links followed, and its real name.
fn find<'p>(parts: &'p BTreeMap<String, Part>, name: &str) -> Option<(&'p str, &'p Part)> {
    let mut name = name;
    for _ in 0..MOST_LINKS {
        match parts.get_key_value(name)? {
            (real, part @ Part::File { .. }) => return Some((real, part)),
            (_, Part::Link(target)) => name = target,
        }
    }
    None
}
