//! Writing a BagIt 1.0 bag: payload below `data/`, manifests with SHA-256, sorted by bytes. No kept crate does it.
//!
//! Source: RFC 8493. File names are limited to ASCII letters, digits, `.`, `_`, `-` and `/`, because implementations
//! disagree on how to write others.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::PackError;
use crate::collect::Sha256;

/// Bytes that are hashed and written at once.
const BLOCK: usize = 64 << 10;

/// A file whose bytes are hashed as they are written.
struct Hashing {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// A bag being written.
pub struct Bag {
    folder: PathBuf,
    payload: BTreeMap<String, (String, u64)>,
}

impl Bag {
    /// An empty bag in a new folder.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn create(folder: &Path) -> Result<Self, PackError> {
        std::fs::create_dir_all(folder.join("data")).map_err(|error| PackError::io(folder, "make the folder", error))?;
        Ok(Self { folder: folder.to_owned(), payload: BTreeMap::new() })
    }

    fn place(&self, path: &str) -> Result<(String, PathBuf), PackError> {
        let name = format!("data/{path}");
        let place = self.folder.join(&name);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/');
        if !name.bytes().all(plain) || name.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err(PackError::NoPack {
                path: place,
                why: "the name has characters that bags cannot carry everywhere".to_owned(),
            });
        }
        if let Some(parent) = place.parent() {
            std::fs::create_dir_all(parent).map_err(|error| PackError::io(parent, "make the folder", error))?;
        }
        Ok((name, place))
    }

    /// Adds bytes as `data/PATH`.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> Result<(), PackError> {
        let failed = |error| PackError::io(Path::new(path), "write the file", error);
        self.add_with(path, |to| to.write_all(bytes).map_err(failed))
    }

    /// Adds what `write` writes as `data/PATH`.
    ///
    /// # Errors
    /// Where it cannot be written, or `write` says so.
    pub fn add_with(&mut self, path: &str, write: impl FnOnce(&mut dyn Write) -> Result<(), PackError>) -> Result<(), PackError> {
        let (name, place) = self.place(path)?;
        let file = File::create(&place).map_err(|error| PackError::io(&place, "create the file", error))?;
        let mut to = BufWriter::with_capacity(BLOCK, Hashing { file, hash: Sha256::new(), bytes: 0 });
        write(&mut to)?;
        to.flush().map_err(|error| PackError::io(&place, "write the file", error))?;
        let Hashing { hash, bytes, .. } = to.into_parts().0;
        self.payload.insert(name, (hash.finish(), bytes));
        Ok(())
    }

    /// Moves a file into the bag as `data/PATH`; it is hashed unless its hash is given.
    ///
    /// # Errors
    /// Where it cannot be moved or read.
    pub fn take(&mut self, path: &str, file: &Path, known: Option<(String, u64)>) -> Result<(), PackError> {
        let (name, place) = self.place(path)?;
        std::fs::rename(file, &place).map_err(|error| PackError::io(file, "move into the pack", error))?;
        let entry = match known {
            Some(known) => known,
            None => hash_file(&place)?,
        };
        self.payload.insert(name, entry);
        Ok(())
    }

    /// Writes declaration, information and manifests. Returns the SHA-256 of the tag manifest, which seals everything.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn seal(self, information: &[(&str, String)], verify: &str) -> Result<String, PackError> {
        let oxum = format!("{}.{}", self.payload.values().map(|(_, bytes)| bytes).sum::<u64>(), self.payload.len());
        let mut info: Vec<(&str, String)> = information.to_vec();
        info.push(("Payload-Oxum", oxum));
        let info: String = info.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let manifest: String = self.payload.iter().map(|(name, (sha256, _))| format!("{sha256}  {name}\n")).collect();
        let tags = [
            ("bag-info.txt", info),
            ("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n".to_owned()),
            ("manifest-sha256.txt", manifest),
            ("VERIFY.txt", verify.to_owned()),
        ];
        let mut sorted: Vec<(&str, &str)> = tags.iter().map(|(name, text)| (*name, text.as_str())).collect();
        sorted.sort_unstable();
        let mut tag_manifest = String::new();
        for (name, text) in sorted {
            write_file(&self.folder.join(name), text.as_bytes())?;
            tag_manifest.push_str(&format!("{}  {name}\n", Sha256::of(text.as_bytes())));
        }
        write_file(&self.folder.join("tagmanifest-sha256.txt"), tag_manifest.as_bytes())?;
        Ok(Sha256::of(tag_manifest.as_bytes()))
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), PackError> {
    let mut file = File::create(path).map_err(|error| PackError::io(path, "create the file", error))?;
    file.write_all(bytes).and_then(|()| file.flush()).map_err(|error| PackError::io(path, "write the file", error))
}

/// SHA-256 and size of a file.
pub(super) fn hash_file(path: &Path) -> Result<(String, u64), PackError> {
    let failed = |error| PackError::io(path, "read the file", error);
    let mut file = File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok((hash.finish(), bytes)),
            read => {
                hash.update(buffer.get(..read).unwrap_or_default());
                bytes += read as u64;
            }
        }
    }
}
