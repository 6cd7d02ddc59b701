//! SHA-256 in lower-case hex. `ring` brings hand-written assembly, which is twice as fast as portable code where the
//! processor has no SHA instructions.

use std::fmt::Write as _;

use ring::digest::{Context, Digest, SHA256};

/// A SHA-256 that grows with the bytes it is fed.
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

    /// SHA-256 of bytes at hand.
    pub(crate) fn of(bytes: &[u8]) -> String {
        hex(&ring::digest::digest(&SHA256, bytes))
    }
}

fn hex(digest: &Digest) -> String {
    digest.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
