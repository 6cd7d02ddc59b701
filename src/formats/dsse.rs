//! DSSE envelopes: the payload, and what the team's own keys say of the signatures.
//!
//! Source: secure-systems-lab/dsse `protocol.md` (what is signed) and `envelope.md`. `keyid` is a hint that nobody signed:
//! it never makes a signature good, but where it names a key of the team that does not verify, the envelope is invalid.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::lazy::Members;
use crate::config::AttestationKey;

/// Reads base64 with or without its padding.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// What is known of the signatures of an attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// A key of the team verifies it.
    Verified,
    /// It is signed, and no key of the team speaks to it.
    Unverified,
    /// It names a key of the team that does not verify it, or what stands for signatures are none.
    Invalid,
    /// It is not signed.
    None,
}

impl Signature {
    /// The word of the fact table.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unverified => "unverified",
            Self::Invalid => "invalid",
            Self::None => "none",
        }
    }
}

/// The type of the payload and its bytes; nothing where the envelope has no payload in base64, standard or URL-safe.
pub(super) fn payload(envelope: &Members<'_>) -> Option<(String, Vec<u8>)> {
    let kind = envelope.text("payloadType")?.into_owned();
    Some((kind, decode(&envelope.text("payload")?)?))
}

/// What `keys` say of the signatures of the envelope. A signature that names a key which does not verify it outweighs all
/// others.
pub(super) fn signature(envelope: &Members<'_>, kind: &str, payload: &[u8], keys: &[AttestationKey]) -> Signature {
    let signatures = envelope.get("signatures").map(|signatures| signatures.elements()).unwrap_or_default();
    if signatures.is_empty() {
        return Signature::None;
    }
    let signed = signed_bytes(kind, payload);
    let mut found = Signature::Invalid;
    for signature in &signatures {
        let signature = signature.members();
        let field = |key: &str| signature.as_ref().and_then(|signature| signature.filled(key));
        let bytes = field("sig").and_then(|text| decode(&text)).filter(|bytes| !bytes.is_empty());
        let verifies = |key: &&AttestationKey| bytes.as_ref().is_some_and(|bytes| key.verifies(&signed, bytes));
        let keyid = field("keyid").unwrap_or_default();
        let mut named = keys.iter().filter(|key| key.is_called(&keyid)).peekable();
        if named.peek().is_some() {
            if named.find(verifies).is_none() {
                return Signature::Invalid;
            }
            found = Signature::Verified;
        } else if keys.iter().any(|key| verifies(&key)) {
            found = Signature::Verified;
        } else if found == Signature::Invalid && bytes.is_some() {
            found = Signature::Unverified;
        }
    }
    found
}

/// What DSSE signs: type and payload behind their lengths ("pre-authentication encoding").
fn signed_bytes(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut signed = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    signed.extend_from_slice(payload);
    signed
}

/// Base64, standard or URL-safe; blanks between the digits are left out.
fn decode(text: &str) -> Option<Vec<u8>> {
    let plain: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    LENIENT.decode(plain).ok()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;
    use crate::config::Config;
    use crate::public_key::tests::ed25519;

    const KIND: &str = "application/vnd.in-toto+json";

    fn keys(pems: &[(&str, &str)]) -> Vec<AttestationKey> {
        let text: String =
            pems.iter().map(|(id, pem)| format!("[[provenance.keys]]\nid = \"{id}\"\npem = \"\"\"{pem}\"\"\"\n")).collect();
        Config::parse("steadfast.toml", &text).expect("a configuration").provenance.keys
    }

    /// What the keys say of a list of signatures over the payload `{}`.
    fn said(signatures: &str, keys: &[AttestationKey]) -> Signature {
        let text = format!("{{\"payloadType\":\"{KIND}\",\"payload\":\"e30=\",\"signatures\":{signatures}}}");
        let envelope = Members::of(&text).expect("an object");
        let (kind, bytes) = payload(&envelope).expect("a payload");
        signature(&envelope, &kind, &bytes, keys)
    }

    #[test]
    fn the_example_of_the_protocol_is_encoded_as_it_says() {
        let signed = signed_bytes("http://example.com/HelloWorld", b"hello world");
        assert_eq!(signed, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_key_of_the_team_verifies_whatever_keyid_is_given() {
        let (pem, pair) = ed25519();
        let signature = pair.sign(&signed_bytes(KIND, b"{}"));
        let keys = keys(&[("build", &pem)]);
        for sig in [STANDARD.encode(signature.as_ref()), URL_SAFE_NO_PAD.encode(signature.as_ref())] {
            for keyid in ["build", "", "another"] {
                let list = format!(r#"[{{"keyid":"{keyid}","sig":"{sig}"}}]"#);
                assert_eq!(said(&list, &keys), Signature::Verified, "{keyid}");
                assert_eq!(said(&list, &[]), Signature::Unverified, "no key, no word");
            }
        }
    }

    #[test]
    fn a_named_key_that_does_not_verify_outweighs_one_that_does() {
        let (pem, pair) = ed25519();
        let (other_pem, other) = ed25519();
        let keys = keys(&[("build", &pem), ("other", &other_pem)]);
        let good = STANDARD.encode(pair.sign(&signed_bytes(KIND, b"{}")).as_ref());
        let forged = STANDARD.encode(other.sign(&signed_bytes(KIND, b"{\"a\":1}")).as_ref());
        assert_eq!(said(&format!(r#"[{{"keyid":"other","sig":"{forged}"}}]"#), &keys), Signature::Invalid);
        assert_eq!(
            said(&format!(r#"[{{"keyid":"build","sig":"{good}"}},{{"keyid":"other","sig":"{forged}"}}]"#), &keys),
            Signature::Invalid
        );
        assert_eq!(
            said(&format!(r#"[{{"keyid":"other","sig":"{forged}"}},{{"keyid":"build","sig":"{good}"}}]"#), &keys),
            Signature::Invalid
        );
    }

    #[test]
    fn a_good_signature_under_the_name_of_another_key_is_invalid() {
        let (pem, pair) = ed25519();
        let (other_pem, _) = ed25519();
        let keys = keys(&[("build", &pem), ("other", &other_pem)]);
        let good = STANDARD.encode(pair.sign(&signed_bytes(KIND, b"{}")).as_ref());
        assert_eq!(said(&format!(r#"[{{"keyid":"other","sig":"{good}"}}]"#), &keys), Signature::Invalid);
    }

    #[test]
    fn what_is_no_signature_is_invalid_and_no_signature_is_none() {
        assert_eq!(said("[]", &[]), Signature::None);
        assert_eq!(said(r#"[{"keyid":"","sig":"%%%"},{"keyid":""},7]"#, &[]), Signature::Invalid);
        assert_eq!(said(r#"[{"sig":"AAAA"},{"sig":"%%%"}]"#, &[]), Signature::Unverified);
    }
}
