//! Attestations about images: signed with the key that the configuration names, or in all the ways that do not do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::images::{STRAYS, image};
use super::random::iso;
use super::story::{DAY, Fleet, HOUR, WEB_GROUPS};
use super::write::Folder;

/// What vouches for an image.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Attested {
    /// The key of the builder.
    Verified,
    /// The same, beside a statement that nobody signed.
    Twice,
    /// A statement that was changed after it was signed.
    Forged,
    /// Nobody.
    Unsigned,
    /// The key, for a builder that is not ours.
    Elsewhere,
    /// A key that the configuration does not name.
    Stranger,
}

const KIND: &str = "application/vnd.in-toto+json";

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key")
}

/// The section of the configuration that names the builder's key.
pub(super) fn key() -> String {
    let head: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let info = [head, pair(7).public_key().as_ref()].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(info));
    format!("[[provenance.keys]]\nid = \"build\"\npem = \"\"\"{pem}\"\"\"\n")
}

impl Fleet {
    pub(super) fn attest(&mut self) {
        let (containers, others): (Vec<usize>, Vec<usize>) =
            (0..WEB_GROUPS / 2).partition(|number| image(*number).starts_with("sha256:"));
        let odd = self.random.several(&containers, 11);
        for number in containers {
            let place = odd.iter().position(|other| *other == number);
            let how = match place {
                Some(0 | 1) => Attested::Forged,
                Some(2 | 3) => Attested::Unsigned,
                Some(4 | 5) => Attested::Elsewhere,
                Some(6) => Attested::Stranger,
                Some(7 | 8) => Attested::Twice,
                Some(_) => {
                    self.key.add("IMAGE-02", &image(number), None);
                    continue;
                }
                None => Attested::Verified,
            };
            if matches!(how, Attested::Forged | Attested::Unsigned | Attested::Elsewhere) {
                self.key.add("IMAGE-02", &image(number), None);
            }
            self.attested.push((image(number), how));
        }
        // Other images have no digest that an attestation could be about.
        let strays = STRAYS.into_iter().filter(|number| self.hosts.iter().any(|host| host.image == image(*number)));
        for number in others.into_iter().chain(strays.collect::<Vec<_>>()) {
            self.key.add("IMAGE-02", &image(number), None);
        }
    }
}

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    for (number, (image, how)) in fleet.attested.iter().enumerate() {
        let builder =
            if *how == Attested::Elsewhere { "https://laptop.example/pnovak" } else { "https://ci.corp.example/images" };
        let statement = statement(image, builder, fleet.start - 14 * DAY - HOUR);
        let text = statement.to_string();
        let envelope = match how {
            Attested::Verified | Attested::Elsewhere | Attested::Twice => envelope(&text, &text, 7, "build"),
            Attested::Forged => envelope(&text.replace("main", "evil"), &text, 7, "build"),
            Attested::Stranger => envelope(&text, &text, 9, "someone"),
            Attested::Unsigned => statement.clone(),
        };
        let bundled = number % 2 == 1 && *how != Attested::Unsigned;
        let document = if bundled {
            json!({ "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                    "verificationMaterial": { "publicKey": { "hint": "build" }, "tlogEntries": [] }, "dsseEnvelope": envelope })
        } else {
            envelope
        };
        folder.text(&format!("images/provenance/{number:02}.intoto.jsonl"), &(document.to_string() + "\n"));
        if *how == Attested::Twice {
            folder.json(&format!("images/provenance/{number:02}-bare.json"), &statement);
        }
    }
}

fn statement(image: &str, builder: &str, built_at: i64) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [{ "name": "registry.corp.example/quill", "digest": { "sha256": image.trim_start_matches("sha256:") } }],
        "predicate": {
            "buildDefinition": { "buildType": "https://ci.corp.example/types/image", "externalParameters":
                { "source": { "uri": "git+https://git.corp.example/images.git@refs/heads/main", "digest": { "gitCommit": "9e41d07" } } } },
            "runDetails": { "builder": { "id": builder }, "metadata": { "finishedOn": iso(built_at) } },
        },
    })
}

/// An envelope with a signature over `signed`, whatever it holds.
fn envelope(text: &str, signed: &str, seed: u8, keyid: &str) -> Value {
    let message = format!("DSSEv1 {} {KIND} {} {signed}", KIND.len(), signed.len());
    let signature = STANDARD.encode(pair(seed).sign(message.as_bytes()).as_ref());
    json!({ "payloadType": KIND, "payload": STANDARD.encode(text), "signatures": [{ "keyid": keyid, "sig": signature }] })
}
