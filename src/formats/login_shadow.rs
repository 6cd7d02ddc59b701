//! `/etc/shadow`: what the password of each account is worth. Host and time come from the path.
//!
//! `account_password` is `enabled` for a password that opens (or is empty) and `disabled` for one that is locked, was
//! never set, or belongs to an expired account. It says nothing of `account`: a lock is on the password alone, keys go on
//! opening, and the shell is in the passwd file. No hash becomes a fact, an excerpt or a quote.
//!
//! Source: shadow(5) and crypt(5); the rules are in `src/surface/accounts.rs`.

use super::login_passwd::{NOT_SHOWN, ending, hidden, whole_lines};
use super::login_subject::{Subject, UNBOUND};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, Table};
use crate::redact::lossless;
use crate::surface::accounts::{Line, shadow, shadow_finding};

/// The shadow file.
pub(super) struct Shadow;

impl Format for Shadow {
    fn name(&self) -> &'static str {
        "shadow"
    }

    fn about(&self) -> &'static str {
        "/etc/shadow: whether passwords open, never the hashes (host and time from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "nine fields with colons between on each of the first lines, the last seven of them numbers, and root"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = whole_lines(head);
        let numbers = text.lines().filter(|line| !line.is_empty() && !line.starts_with(['+', '-'])).all(|line| {
            line.split(':').skip(2).all(|field| field.is_empty() || field == "-1" || field.bytes().all(|b| b.is_ascii_digit()))
        });
        let entries = shadow(&text);
        let sound = entries.iter().all(|line| !matches!(line, Line::Damaged { .. }));
        let root = entries.iter().any(|line| matches!(line, Line::Entry(entry) if entry.name == "root"));
        (numbers && sound && root).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        hidden(document, number)
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let subject = Subject::of("the shadow file", reading, sink);
        ending(segment, sink);
        let text = "the shadow file holds passwords; whether an account has a login shell or keys is in other files";
        sink.limit("part-of-account", None, text);
        for line in shadow(&lossless(segment.bytes)) {
            match (&line, subject) {
                (Line::Entry(entry), Some(subject)) => {
                    let finding = shadow_finding(reading.source, entry, Some(subject.day()));
                    sink.record(entry.line).fact(subject.fact(&finding));
                }
                (Line::Entry(entry), None) => sink.record(entry.line).reject(UNBOUND, NOT_SHOWN),
                (Line::Directory { line } | Line::Exclusion { line }, _) => {
                    sink.record(*line).skip("names a directory of accounts, not a password");
                }
                (Line::Damaged { line, reason }, _) => {
                    sink.record(*line).reject(&format!("no account: {reason}"), NOT_SHOWN);
                }
            }
        }
    }
}
