//! Public keys of the team, which verify attestations about images.

use serde::Deserialize;

use crate::public_key::PublicKey;

/// Keys that verify attestations.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provenance {
    /// The team's keys: an attestation is called verified only where one of them verifies it.
    pub keys: Vec<AttestationKey>,
}

/// A public key of the team, written in this file, so that a pack can be made again from it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestationKey {
    /// What envelopes call it (`keyid`), where that is not its SHA-256 fingerprint.
    id: Option<String>,
    /// Its PEM.
    pem: String,
    #[serde(skip)]
    key: Option<PublicKey>,
}

impl Provenance {
    /// Reads the PEM of every key; the error names the key that cannot be read.
    pub(super) fn read_keys(&mut self) -> Result<(), String> {
        for (number, key) in (1..).zip(&mut self.keys) {
            let read = PublicKey::from_pem(&key.pem);
            key.key = Some(read.map_err(|error| match &key.id {
                Some(id) => format!("key {number} of [[provenance.keys]], \"{id}\", {error}"),
                None => format!("key {number} of [[provenance.keys]] {error}"),
            })?);
        }
        Ok(())
    }
}

impl AttestationKey {
    /// Whether `keyid` of an envelope means this key.
    #[must_use]
    pub fn is_called(&self, keyid: &str) -> bool {
        self.id.as_deref().is_some_and(|id| !id.is_empty() && id == keyid)
            || self.key.as_ref().is_some_and(|key| key.has_fingerprint(keyid))
    }

    /// Whether `signature` over `message` was made with the private half of this key.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.as_ref().is_some_and(|key| key.verifies(message, signature))
    }
}
