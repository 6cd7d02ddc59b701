//! Unpacking: compressed files, tar archives and UTF-16 text are opened before anything is read, into files below the work
//! folder. Each of them is a source of its own, named `archive!member`; the container keeps its own line in the register,
//! with the hash of its own bytes.
//!
//! What is unpacked is bounded ([`Unpack`]): by bytes, by the ratio to what was read, by members and by depth. A
//! container that is torn, damaged or beyond a limit is told, and keeps every control from a clean conclusion, because
//! what it held could have been anything.

use std::cell::Cell;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::CollectError;
use super::cut::HEAD;
use super::gauge::Gauge;
use super::state::State;
use super::walk::EvidenceFile;
use crate::config::Unpack;
use crate::formats::Container;
use crate::redact::visible_bytes;

/// Bytes that may come out whatever the ratio.
const FREE: u64 = 64 << 20;
/// KiB that an xz stream may ask for to be opened.
const XZ_MEMORY: u32 = 192 << 10;

/// Opens the containers among `files` into the folder `into`; everything else is handed on as it is.
///
/// # Errors
/// Where `into` cannot be written. A container that cannot be opened is no error: it says so in the report.
pub fn unpack(files: Vec<EvidenceFile>, into: &Path, limits: Unpack) -> Result<Vec<EvidenceFile>, CollectError> {
    let mut unpacking = Unpacking { into, limits, made: 0, files: Vec::with_capacity(files.len()) };
    for file in files {
        unpacking.take(file, 0)?;
    }
    let mut files = unpacking.files;
    files.sort_by(|a, b| a.source.cmp(&b.source));
    Ok(files)
}

struct Unpacking<'a> {
    into: &'a Path,
    limits: Unpack,
    made: u64,
    files: Vec<EvidenceFile>,
}

/// One container while it is open.
struct Open {
    source: String,
    bound_as: String,
    read: Rc<Cell<u64>>,
    given: u64,
    members: u64,
    depth: u32,
}

/// Why a container was not opened to its end.
type Trouble = String;

impl Unpacking<'_> {
    fn take(&mut self, mut file: EvidenceFile, depth: u32) -> Result<(), CollectError> {
        file.opened = State::at(&file.path);
        let container = if file.refused.is_none() { container(&file.path) } else { None };
        if let Some(container) = container {
            let mut open = Open {
                source: file.source.clone(),
                bound_as: without_suffix(&file.bound_as),
                read: Rc::default(),
                given: 0,
                members: 0,
                depth,
            };
            let opened = if depth >= self.limits.depth {
                Ok(Err(format!("it lies {depth} containers deep, and no deeper one is opened: unpack it yourself")))
            } else {
                self.open(&file.path, container, &mut open)
            };
            file.incomplete = opened?.err();
        }
        self.files.push(file);
        Ok(())
    }

    /// Opens one container. The outer error is ours, the inner one the evidence's.
    fn open(&mut self, path: &Path, container: Container, open: &mut Open) -> Result<Result<(), Trouble>, CollectError> {
        let file = match File::open(path) {
            Ok(file) => Counted { inner: file, read: Rc::clone(&open.read) },
            Err(error) => return Ok(Err(format!("it cannot be opened: {error}"))),
        };
        match container {
            Container::Tar => self.members(file, open),
            Container::Utf16Le => self.text(file, encoding_rs::UTF_16LE, open),
            Container::Utf16Be => self.text(file, encoding_rs::UTF_16BE, open),
            Container::Gzip => self.stream(flate2::read::MultiGzDecoder::new(file), open),
            Container::Xz => self.stream(lzma_rust2::XzReader::new_mem_limit(file, true, XZ_MEMORY), open),
            Container::Zstd => match zstd::stream::read::Decoder::new(file) {
                Ok(decoder) => self.stream(decoder, open),
                Err(error) => Ok(Err(format!("its Zstandard stream cannot be read: {error}"))),
            },
        }
    }

    /// One compressed stream: a tar archive, or a single member that is named after the file.
    fn stream(&mut self, mut decoded: impl Read, open: &mut Open) -> Result<Result<(), Trouble>, CollectError> {
        let mut head = Vec::new();
        if let Err(error) = Read::by_ref(&mut decoded).take(HEAD as u64).read_to_end(&mut head) {
            // What came before the damage is read all the same.
            let name = last_part(&open.bound_as).to_owned();
            let kept = self.member(&name, head.as_slice(), open)?;
            return Ok(Err(kept.err().unwrap_or_else(|| format!("torn or damaged: {error}"))));
        }
        if Container::of(&head) == Some(Container::Tar) {
            return self.members(head.as_slice().chain(decoded), open);
        }
        let name = last_part(&open.bound_as).to_owned();
        let bound_as = open.bound_as.clone();
        let (file, done) = self.write(&name, head.as_slice().chain(decoded), open)?;
        self.take(EvidenceFile { bound_as, ..file }, open.depth + 1)?;
        Ok(done)
    }

    /// The members of a tar archive.
    fn members(&mut self, archive: impl Read, open: &mut Open) -> Result<Result<(), Trouble>, CollectError> {
        let (gauge, setting) = Gauge::new(archive);
        let mut archive = tar::Archive::new(gauge);
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => return Ok(Err(format!("no tar archive: {error}"))),
        };
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Ok(Err(format!("torn or damaged after {} members: {error}", open.members))),
            };
            setting.header_after(entry.size());
            open.members += 1;
            if open.members > self.limits.members {
                return Ok(Err(format!(
                    "more than {} members: raise members in [unpack], or unpack it yourself",
                    self.limits.members
                )));
            }
            let kind = entry.header().entry_type();
            if kind.is_dir() || kind.is_pax_global_extensions() {
                continue;
            }
            let name = visible_bytes(&entry.path_bytes());
            if !(kind.is_file() || kind == tar::EntryType::Continuous || kind.is_gnu_sparse()) {
                let kind = if kind.is_symlink() || kind.is_hard_link() { "a link" } else { "neither a file nor a folder" };
                self.refuse(&name, format!("{kind} in an archive: only regular files are read"), open);
                continue;
            }
            setting.open();
            let read = self.member(&name, &mut entry, open)?;
            setting.header_after(0);
            if let Err(trouble) = read {
                return Ok(Err(trouble));
            }
        }
        Ok(Ok(()))
    }

    /// One member, written to a file of its own and looked into in its turn.
    fn member(&mut self, name: &str, content: impl Read, open: &mut Open) -> Result<Result<(), Trouble>, CollectError> {
        let (file, done) = self.write(name, content, open)?;
        self.take(file, open.depth + 1)?;
        Ok(done)
    }

    fn refuse(&mut self, name: &str, why: String, open: &Open) {
        self.files.push(EvidenceFile { refused: Some(why), ..named(PathBuf::new(), name, open) });
    }

    /// Writes what `content` gives, as far as it can be read and the limits allow.
    fn write(
        &mut self,
        name: &str,
        mut content: impl Read,
        open: &mut Open,
    ) -> Result<(EvidenceFile, Result<(), Trouble>), CollectError> {
        let (path, mut out) = self.create()?;
        let mut buffer = vec![0; 128 << 10];
        let done = loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => break Err(format!("torn or damaged in {name}: {error}")),
            };
            open.given += read as u64;
            if open.given > self.limits.mib << 20 {
                break Err(format!(
                    "more than {} MiB come out of it: raise mib in [unpack], or unpack it yourself",
                    self.limits.mib
                ));
            }
            if open.given > FREE && open.given / self.limits.ratio.max(1) > open.read.get() {
                break Err(format!(
                    "more than {} bytes come out of each byte: a bomb, or raise ratio in [unpack]",
                    self.limits.ratio
                ));
            }
            out.write_all(buffer.get(..read).unwrap_or_default())
                .map_err(|error| CollectError::io(&path, "unpack into", error))?;
        };
        Ok((named(path, name, open), done))
    }

    /// Text of another encoding, written as UTF-8.
    fn text(
        &mut self,
        mut file: impl Read,
        encoding: &'static encoding_rs::Encoding,
        open: &mut Open,
    ) -> Result<Result<(), Trouble>, CollectError> {
        let (path, mut out) = self.create()?;
        let mut decoder = encoding.new_decoder_with_bom_removal();
        let mut buffer = vec![0; 64 << 10];
        let mut text = String::with_capacity(256 << 10);
        let mut trouble = Ok(());
        loop {
            let read = match file.read(&mut buffer) {
                Ok(read) => read,
                Err(error) => {
                    trouble = Err(format!("cannot be read to its end: {error}"));
                    break;
                }
            };
            text.clear();
            let (_, _, strays) = decoder.decode_to_string(buffer.get(..read).unwrap_or_default(), &mut text, read == 0);
            if strays && trouble.is_ok() {
                trouble = Err("some of it is no UTF-16; it is shown as U+FFFD".to_owned());
            }
            out.write_all(text.as_bytes()).map_err(|error| CollectError::io(&path, "unpack into", error))?;
            if read == 0 {
                break;
            }
        }
        let bound_as = open.bound_as.clone();
        self.files.push(EvidenceFile { bound_as, ..named(path, "utf-8", open) });
        Ok(trouble)
    }

    fn create(&mut self) -> Result<(PathBuf, File), CollectError> {
        if self.made == 0 {
            std::fs::create_dir_all(self.into).map_err(|error| CollectError::io(self.into, "make the folder", error))?;
        }
        self.made += 1;
        let path = self.into.join(format!("{:08}", self.made));
        let file = File::create(&path).map_err(|error| CollectError::io(&path, "create the file", error))?;
        Ok((path, file))
    }
}

/// A member as a source: names are data, never paths that are opened.
fn named(path: PathBuf, name: &str, open: &Open) -> EvidenceFile {
    let name = name.trim_start_matches("./");
    EvidenceFile {
        path,
        source: format!("{}!{name}", open.source),
        bound_as: format!("{}/{name}", open.bound_as),
        refused: None,
        incomplete: None,
        opened: None,
    }
}

/// What the first bytes of a file say; nothing where it cannot be read, which reading will tell.
fn container(path: &Path) -> Option<Container> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(512).read_to_end(&mut head).ok()?;
    Container::of(&head)
}

/// The name without the endings of containers, so that `[[bind]]` patterns need not know of them.
fn without_suffix(name: &str) -> String {
    let mut name = name;
    for suffix in [".tgz", ".txz", ".tzst", ".gz", ".xz", ".zst", ".tar"] {
        name = name.strip_suffix(suffix).unwrap_or(name);
    }
    name.to_owned()
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Counts what is read of a container, for the ratio.
struct Counted {
    inner: File,
    read: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}
