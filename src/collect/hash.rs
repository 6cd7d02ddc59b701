//! SHA-256 in lower-case hex. `ring` brings hand-written assembly, which is twice as fast as portable code where the
//! processor has no SHA instructions.

use ring::digest::{Context, Digest, SHA256};

/// A SHA-256 that grows with the bytes it is fed.
#[derive(Clone)]
pub(crate) struct Sha256(Context);

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> String {
        hex(&self.0.finish())
    }

    /// The raw digest; digests sort as their hex does.
    pub(crate) fn digest(self) -> [u8; 32] {
        self.0.finish().as_ref().try_into().unwrap_or_default()
    }

    /// The raw digest of bytes at hand.
    pub(crate) fn raw(bytes: &[u8]) -> [u8; 32] {
        let mut hash = Self::new();
        hash.update(bytes);
        hash.digest()
    }

    /// SHA-256 of bytes at hand.
    pub(crate) fn of(bytes: &[u8]) -> String {
        hex(&ring::digest::digest(&SHA256, bytes))
    }
}

fn hex(digest: &Digest) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    digest.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
