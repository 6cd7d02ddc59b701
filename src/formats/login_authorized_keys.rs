//! `authorized_keys`: keys that open an account. Host and time come from the path.
//!
//! A key is `enabled`, whatever its options: a forced command is still a way in. A key that was cut or damaged is
//! `unknown`, because sshd takes it only whole. A single key without options looks the same as a public key that somebody
//! keeps (`id_ed25519.pub`, a host key), so it is `unknown` too.
//!
//! Source: sshd(8) "AUTHORIZED_KEYS FILE FORMAT"; the rules are in `src/surface/keys.rs`.

use super::login_passwd::whole_lines;
use super::login_subject::{Subject, UNBOUND};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, Table};
use crate::redact::lossless;
use crate::surface::State;
use crate::surface::keys::{KeyLine, authorized_keys, finding};

/// A file of authorised keys.
pub(super) struct AuthorizedKeys;

impl Format for AuthorizedKeys {
    fn name(&self) -> &'static str {
        "authorized-keys"
    }

    fn about(&self) -> &'static str {
        "authorized_keys: keys that open an account, by fingerprint (host and time from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "most of the first lines hold options that sshd knows, a type of key and a key"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let lines = authorized_keys(&whole_lines(head));
        let keys = lines.iter().filter(|line| matches!(line, KeyLine::Key(_))).count();
        (keys > 0 && 2 * keys > lines.len()).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        // The key is no secret, but a command among its options may hold one.
        let words = authorized_keys(document).into_iter().find_map(|line| match line {
            KeyLine::Key(key) if key.line == number => Some(key.words()),
            _ => None,
        });
        Some(words.unwrap_or_else(|| "(not shown)".to_owned()))
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let subject = Subject::of("a file of authorised keys", reading, sink);
        sink.limit("account-unknown", None, "a file of authorised keys does not name the account that its keys open");
        let lines = authorized_keys(&lossless(segment.bytes));
        let alone = matches!(lines.as_slice(), [KeyLine::Key(key)] if key.options.is_empty());
        if alone {
            let text = "a single key without options may be a public key that opens nothing (a .pub file)";
            sink.limit("maybe-public-key", None, text);
        }
        if !segment.bytes.ends_with(b"\n") {
            sink.limit("torn", None, "the file ends inside a line; keys may be missing");
        }
        for line in &lines {
            match (line, subject) {
                (KeyLine::Key(key), Some(subject)) => {
                    let mut found = finding(reading.source, key, None);
                    if alone {
                        found.state = State::Unknown;
                        found.detail.push_str(", or only a public key that somebody keeps");
                    }
                    sink.record(key.line).fact(subject.fact(&found));
                }
                (KeyLine::Key(key), None) => sink.record(key.line).reject(UNBOUND, key.words().as_bytes()),
                (KeyLine::Damaged { line, reason }, _) => {
                    sink.record(*line).reject(&format!("no authorised key: {reason}"), b"(not shown: options may hold secrets)");
                }
            }
        }
    }
}
