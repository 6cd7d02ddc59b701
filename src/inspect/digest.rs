//! Digests as image manifests write them, `sha256:…`, and readers that make them again.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use ring::digest::{Algorithm, Context, SHA256, SHA512};

/// A digest that names a blob.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Digest {
    algorithm: Kind,
    hex: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Sha256,
    Sha512,
}

impl Digest {
    /// Reads `sha256:` or `sha512:` with lower-case hex of the right length; nothing else names a blob, so that no digest
    /// can lead out of the folder of blobs.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (algorithm, hex) = text.split_once(':')?;
        let (algorithm, length) = match algorithm {
            "sha256" => (Kind::Sha256, 64),
            "sha512" => (Kind::Sha512, 128),
            _ => return None,
        };
        let sound = hex.len() == length && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        sound.then(|| Self { algorithm, hex: hex.to_owned() })
    }

    /// Where a layout keeps the blob.
    pub(super) fn place(&self) -> String {
        format!("blobs/{}/{}", self.algorithm.name(), self.hex)
    }

    /// A hasher that makes a digest of the same kind.
    pub(super) fn hasher(&self) -> Hasher {
        Hasher::new(self.algorithm)
    }

    /// The digest of bytes at hand, of the same kind.
    pub(super) fn of_same_kind(&self, bytes: &[u8]) -> Self {
        let hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::Sha256 => &SHA256,
            Self::Sha512 => &SHA512,
        }
    }
}

/// A digest under way; clones go on with the same one.
#[derive(Clone)]
pub(super) struct Hasher {
    algorithm: Kind,
    context: Rc<RefCell<Context>>,
}

impl Hasher {
    /// A SHA-256.
    pub(super) fn sha256() -> Self {
        Self::new(Kind::Sha256)
    }

    fn new(algorithm: Kind) -> Self {
        Self { algorithm, context: Rc::new(RefCell::new(Context::new(algorithm.algorithm()))) }
    }

    /// Whether both make digests of the same kind.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm
    }

    fn update(&self, bytes: &[u8]) {
        self.context.borrow_mut().update(bytes);
    }

    /// The digest of what was read so far.
    pub(super) fn finish(&self) -> Digest {
        let digest = self.context.borrow().clone().finish();
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        let hex = digest.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        Digest { algorithm: self.algorithm, hex }
    }
}

/// A reader whose bytes are hashed as they are read.
pub(super) struct Hashing<R> {
    inner: R,
    hasher: Hasher,
}

impl<R> Hashing<R> {
    /// Reads `inner` and feeds `hasher`.
    pub(super) fn new(inner: R, hasher: &Hasher) -> Self {
        Self { inner, hasher: hasher.clone() }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_digests_name_blobs() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let digest = Digest::parse(&format!("sha256:{hex}")).expect("a digest");
        assert_eq!(digest.place(), format!("blobs/sha256/{hex}"));
        assert_eq!(Hasher::sha256().finish(), digest, "the digest of nothing");
        for bad in ["sha256:../../etc/passwd", "sha256:E3B0", "md5:00", "sha256", &format!("sha256:{}", hex.to_uppercase())] {
            assert_eq!(Digest::parse(bad), None, "{bad}");
        }
    }
}
