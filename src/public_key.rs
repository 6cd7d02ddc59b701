//! Public keys that the team names, and what they verify: Ed25519, and ECDSA over P-256 with SHA-256.
//!
//! Source: RFC 7468 (PEM), RFC 5280 and RFC 8410 (SubjectPublicKeyInfo), RFC 5480 (P-256).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    key: Vec<u8>,
    /// SHA-256 of the SubjectPublicKeyInfo.
    fingerprint: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Ed25519,
    EcdsaP256,
}

/// What a SubjectPublicKeyInfo begins with, and how many bytes of key follow. For these two algorithms nothing in front of
/// the key varies, so that no general parser is needed.
const SHAPES: [(Algorithm, &[u8], usize); 2] = [
    (Algorithm::Ed25519, &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], 32),
    (
        Algorithm::EcdsaP256,
        &[
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
            0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ],
        65,
    ),
];

impl PublicKey {
    /// Reads a key in PEM (`-----BEGIN PUBLIC KEY-----`).
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence. Never a part of the text, which may be a private key.
    pub fn from_pem(text: &str) -> Result<Self, &'static str> {
        if text.contains("PRIVATE KEY") {
            return Err("is a private key; name the public key only, and replace the private one, which has been disclosed");
        }
        let body = text
            .trim()
            .strip_prefix("-----BEGIN PUBLIC KEY-----")
            .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"))
            .ok_or("is not PEM that begins with -----BEGIN PUBLIC KEY-----")?;
        let body: String = body.split_ascii_whitespace().collect();
        let info = STANDARD.decode(body).map_err(|_| "is damaged: what it encloses is not base64")?;
        let found = SHAPES.iter().find_map(|(algorithm, prefix, length)| {
            let key = info.strip_prefix(*prefix).filter(|key| key.len() == *length)?;
            Some(Self { algorithm: *algorithm, key: key.to_vec(), fingerprint: sha256(&info) })
        });
        found.ok_or("is neither Ed25519 nor ECDSA over P-256")
    }

    /// Whether `signature` over `message` was made with the private half of this key.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.key).verify(message, signature).is_ok(),
            // Tools write the two numbers of a signature as DER, or one behind the other.
            Algorithm::EcdsaP256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.key).verify(message, signature).is_ok()
                    || UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.key).verify(message, signature).is_ok()
            }
        }
    }

    /// Whether `id` is the fingerprint of this key: its SHA-256 in hex, or in base64 behind `SHA256:`.
    #[must_use]
    pub fn has_fingerprint(&self, id: &str) -> bool {
        let base64 = id.strip_prefix("SHA256:").map(|text| text.trim_end_matches('='));
        base64 == Some(&STANDARD_NO_PAD.encode(&self.fingerprint)) || id.eq_ignore_ascii_case(&hex(&self.fingerprint))
    }
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };

    use super::*;

    /// The PEM of a raw public key.
    fn pem(shape: usize, key: &[u8]) -> String {
        let info = [SHAPES[shape].1, key].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(info))
    }

    /// A new Ed25519 key: its PEM, and a signer.
    pub(crate) fn ed25519() -> (String, Ed25519KeyPair) {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key");
        (pem(0, pair.public_key().as_ref()), pair)
    }

    #[test]
    fn ed25519_verifies_what_it_signed_and_nothing_else() {
        let (pem, pair) = ed25519();
        let key = PublicKey::from_pem(&pem).expect("a public key");
        let signature = pair.sign(b"message");
        assert!(key.verifies(b"message", signature.as_ref()));
        assert!(!key.verifies(b"messagf", signature.as_ref()));
        assert!(!key.verifies(b"message", b""));
    }

    #[test]
    fn ecdsa_verifies_both_ways_of_writing_a_signature() {
        let random = SystemRandom::new();
        for algorithm in [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_FIXED_SIGNING] {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key");
            let key = PublicKey::from_pem(&pem(1, pair.public_key().as_ref())).expect("a public key");
            let signature = pair.sign(&random, b"message").expect("a signature");
            assert!(key.verifies(b"message", signature.as_ref()));
            assert!(!key.verifies(b"massage", signature.as_ref()));
        }
    }

    #[test]
    fn a_fingerprint_is_hex_or_base64() {
        let (pem, _) = ed25519();
        let key = PublicKey::from_pem(&pem).expect("a public key");
        assert!(key.has_fingerprint(&hex(&key.fingerprint)));
        assert!(key.has_fingerprint(&format!("SHA256:{}", STANDARD.encode(&key.fingerprint))));
        assert!(!key.has_fingerprint("") && !key.has_fingerprint("SHA256:"));
    }

    #[test]
    fn mistakes_are_named_without_the_text() {
        for (text, expected) in [
            ("-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----", "private"),
            ("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----", "not PEM"),
            ("-----BEGIN PUBLIC KEY-----\n!!\n-----END PUBLIC KEY-----", "base64"),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "neither"),
        ] {
            assert!(PublicKey::from_pem(text).expect_err("a mistake").contains(expected), "{text}");
        }
    }
}
