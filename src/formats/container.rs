//! Containers: compressed files, tar archives and UTF-16 text. Collection opens them before it reads, and what they hold
//! are sources of their own; the container stands in the register with the hash of its own bytes.
//!
//! Source: RFC 1952 (gzip), RFC 8878 (Zstandard), the .xz file format 1.2 (tukaani.org), POSIX.1-2017 pax (ustar headers and
//! their checksum), Unicode chapter 23.8 (byte order mark).

use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{TABLES, Table};

/// What a container is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// xz.
    Xz,
    /// A tar archive.
    Tar,
    /// Text in UTF-16, little end first.
    Utf16Le,
    /// Text in UTF-16, big end first.
    Utf16Be,
}

impl Container {
    /// What the first bytes of a file say that it is.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0xff, 0xfe, 0, 0, ..] => None,
            [0xff, 0xfe, ..] => Some(Self::Utf16Le),
            [0xfe, 0xff, ..] => Some(Self::Utf16Be),
            _ if is_tar(head) => Some(Self::Tar),
            _ => unmarked_utf16(head),
        }
    }

    /// Whether it is one compressed stream.
    #[must_use]
    pub fn compressed(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd | Self::Xz)
    }

    fn because(self) -> &'static str {
        match self {
            Self::Gzip => "the first bytes of a gzip stream",
            Self::Zstd => "the first bytes of a Zstandard frame",
            Self::Xz => "the first bytes of an xz stream",
            Self::Tar => "a tar header whose checksum is right",
            Self::Utf16Le | Self::Utf16Be => "text in UTF-16",
        }
    }
}

/// Whether the first block is a tar header: its checksum is the sum of its bytes, with blanks where it stands itself.
fn is_tar(head: &[u8]) -> bool {
    let Some((block, stated)) = head.get(..512).zip(head.get(148..156)) else { return false };
    let digits: String = stated
        .iter()
        .skip_while(|byte| **byte == b' ')
        .take_while(|byte| byte.is_ascii_digit())
        .map(|byte| char::from(*byte))
        .collect();
    let sum: u32 =
        block.iter().enumerate().map(|(at, byte)| u32::from(if (148..156).contains(&at) { b' ' } else { *byte })).sum();
    block.first().is_some_and(|byte| *byte != 0) && u32::from_str_radix(&digits, 8).is_ok_and(|stated| stated == sum)
}

/// Text of ASCII characters in UTF-16 without a byte order mark: every second byte is zero, and no other is.
fn unmarked_utf16(head: &[u8]) -> Option<Container> {
    let pairs: Vec<[u8; 2]> = head.chunks_exact(2).take(64).filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).collect();
    let text = |byte: u8| byte == b'\n' || byte == b'\r' || byte == b'\t' || (b' '..0x7f).contains(&byte);
    if pairs.len() < 8 {
        None
    } else if pairs.iter().all(|[low, high]| text(*low) && *high == 0) {
        Some(Container::Utf16Le)
    } else if pairs.iter().all(|[high, low]| text(*low) && *high == 0) {
        Some(Container::Utf16Be)
    } else {
        None
    }
}

/// A file that holds other files, or text in another encoding.
pub(super) struct Containers;

impl Format for Containers {
    fn name(&self) -> &'static str {
        "container"
    }

    fn about(&self) -> &'static str {
        "gzip, Zstandard, xz, tar, or text in UTF-16: opened, and what it holds is read as sources of their own"
    }

    fn recognised_by(&self) -> &'static str {
        "the first bytes of gzip, Zstandard or xz, a tar header whose checksum is right, or a byte order mark of UTF-16"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        // What an archive holds that cannot be opened could have been anything.
        TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        Container::of(head.bytes).map(|container| Recognition { because: container.because(), framing: Framing::Opaque })
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        if segment.begins {
            sink.record(1).skip("opened: what it holds are sources of their own");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_told_by_their_first_bytes() {
        assert_eq!(Container::of(&[0x1f, 0x8b, 8, 0]), Some(Container::Gzip));
        assert_eq!(Container::of(b"\xff\xfea\0"), Some(Container::Utf16Le));
        assert_eq!(
            Container::of(&"host,class\n".repeat(4).encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()),
            Some(Container::Utf16Be)
        );
        assert_eq!(Container::of(b"{\"accept\": {}}"), None);
        assert_eq!(Container::of(&[0; 1024]), None);
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(2);
        header.set_cksum();
        tar.append_data(&mut header, "a.log", &b"x\n"[..]).expect("appended");
        assert_eq!(Container::of(&tar.into_inner().expect("a tar")), Some(Container::Tar));
    }
}
