//! Packed bytes as plain ones: gzip, zstd and xz, told by how they begin, and stopped where they unpack to far more than
//! they are.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;

/// Bytes that may come out whatever went in.
const FREE: u64 = 256 << 20;
/// Bytes that may come out for each byte that went in, after that. Layers pack to a half or a tenth; only padding packs to
/// less than a two-hundredth.
const RATIO: u64 = 200;
/// Memory that unpacking xz may take, in KiB. `xz -9` asks for 64 MiB.
const XZ_MEMORY: u32 = 128 << 10;

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Not at all.
    Plain,
    /// gzip, one member or several.
    Gzip,
    /// zstd, one frame or several.
    Zstd,
    /// xz.
    Xz,
}

/// The bytes of `reader` unpacked, by their first bytes and not by any name.
///
/// # Errors
/// Where they cannot be read, or are packed in a way that is not read here.
pub(super) fn decoded<'r>(reader: Box<dyn Read + 'r>) -> io::Result<(Packing, Box<dyn Read + 'r>)> {
    let taken = Rc::new(Cell::new(0));
    let mut reader = Counting { inner: reader, taken: Rc::clone(&taken) };
    // A reader may give a byte at a time, so that its first bytes are gathered.
    let mut head = Vec::new();
    reader.by_ref().take(8).read_to_end(&mut head)?;
    let packing = match head.as_slice() {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
        // A skippable frame: zstd files made for lazy pulling may begin with one.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => return Err(unread("bzip2")),
        [0x04, 0x22, 0x4d, 0x18, ..] => return Err(unread("lz4")),
        _ => Packing::Plain,
    };
    let reader = BufReader::with_capacity(64 << 10, io::Cursor::new(head).chain(reader));
    let plain: Box<dyn Read + 'r> = match packing {
        Packing::Plain => return Ok((packing, Box::new(reader))),
        Packing::Gzip => Box::new(MultiGzDecoder::new(reader)),
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(reader)?),
        Packing::Xz => Box::new(XzReader::new_mem_limit(reader, true, XZ_MEMORY)),
    };
    Ok((packing, Box::new(Bounded { inner: plain, taken, given: 0 })))
}

fn unread(packing: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("it is packed with {packing}, which is not read: unpack it first"))
}

/// Counts what is taken out of a reader.
struct Counting<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.taken.set(self.taken.get().saturating_add(read as u64));
        Ok(read)
    }
}

/// Stops where far more comes out than went in.
struct Bounded<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
    given: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.given = self.given.saturating_add(read as u64);
        if self.given > FREE && self.given / RATIO > self.taken.get() {
            return Err(io::Error::other(format!(
                "it unpacks to more than {RATIO} times its size, as archives do that are made to fill a machine"
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn read(bytes: &[u8]) -> io::Result<(Packing, u64)> {
        let (packing, mut plain) = decoded(Box::new(bytes))?;
        let length = io::copy(&mut plain, &mut io::sink())?;
        Ok((packing, length))
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).expect("room");
        writer.finish().expect("room")
    }

    #[test]
    fn packings_are_told_by_content() {
        let several = [gzip(b"one"), gzip(b"two")].concat();
        let zstd = zstd::encode_all(&b"onetwo"[..], 3).expect("room");
        assert_eq!(read(b"onetwo").expect("plain"), (Packing::Plain, 6));
        assert_eq!(read(&several).expect("gzip"), (Packing::Gzip, 6));
        assert_eq!(read(&zstd).expect("zstd"), (Packing::Zstd, 6));
        assert_eq!(read(b"").expect("nothing"), (Packing::Plain, 0));
        assert!(read(b"BZh91AY&SY").is_err());
    }

    #[test]
    fn packings_are_told_from_readers_that_give_a_byte_at_a_time() {
        let packed = gzip(b"one");
        let (first, rest) = packed.split_first().expect("long enough");
        let (packing, mut plain) = decoded(Box::new(std::slice::from_ref(first).chain(rest))).expect("gzip");
        let mut text = String::new();
        plain.read_to_string(&mut text).expect("text");
        assert_eq!((packing, text.as_str()), (Packing::Gzip, "one"));
    }

    #[test]
    fn a_cut_archive_is_an_error() {
        let whole = gzip(&[7; 100_000]);
        assert!(read(whole.get(..whole.len() - 4).expect("long enough")).is_err());
    }

    #[test]
    fn a_bomb_is_stopped() {
        let zeros = zstd::encode_all(io::repeat(0).take(FREE + (64 << 20)), 1).expect("room");
        let error = read(&zeros).expect_err("stopped").to_string();
        assert!(error.contains("200 times"), "{error}");
    }
}
