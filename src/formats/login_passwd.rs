//! `/etc/passwd`: accounts and their shells. Host and time come from the path.
//!
//! `account` is `disabled` for a shell that refuses, `enabled` for a login shell with a password in this very file that
//! opens (or is empty), and `unknown` for a login shell: password and keys are in other files.
//!
//! Source: passwd(5); the rules are in `src/surface/accounts.rs`.

use super::login_subject::{Subject, UNBOUND};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, Table};
use crate::redact::lossless;
use crate::surface::accounts::{Line, directory_finding, passwd, passwd_finding};

/// The passwd file.
pub(super) struct Passwd;

impl Format for Passwd {
    fn name(&self) -> &'static str {
        "passwd"
    }

    fn about(&self) -> &'static str {
        "/etc/passwd: accounts and shells (host and time from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "seven fields with colons between on each of the first lines, and root has user id 0"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let entries = passwd(&whole_lines(head));
        let sound = entries.iter().all(|line| match line {
            Line::Entry(entry) => entry.home.is_empty() || entry.home.starts_with('/'),
            Line::Directory { .. } | Line::Exclusion { .. } => true,
            Line::Damaged { .. } => false,
        });
        let root = entries.iter().any(|line| matches!(line, Line::Entry(entry) if entry.name == "root" && entry.uid == 0));
        (sound && root).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        hidden(document, number)
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let subject = Subject::of("the passwd file", reading, sink);
        ending(segment, sink);
        let text = "the passwd file holds shells; whether an account has a password or keys is in other files";
        sink.limit("part-of-account", None, text);
        for line in passwd(&lossless(segment.bytes)) {
            let (number, finding) = match &line {
                Line::Entry(entry) => (entry.line, passwd_finding(reading.source, entry)),
                Line::Directory { line } => (*line, directory_finding(reading.source, *line)),
                Line::Exclusion { line } => {
                    sink.record(*line).skip("takes accounts of a directory away");
                    continue;
                }
                Line::Damaged { line, reason } => {
                    sink.record(*line).reject(&format!("no account: {reason}"), NOT_SHOWN);
                    continue;
                }
            };
            match subject {
                Some(subject) => sink.record(number).fact(subject.fact(&finding)),
                None => sink.record(number).reject(UNBOUND, NOT_SHOWN),
            }
        }
    }
}

/// What stands for a line that may hold a hash.
pub(super) const NOT_SHOWN: &[u8] = b"(not shown: the line may hold the hash of a password)";

/// At most twenty of the first lines, without one that is cut; a single line counts.
pub(super) fn whole_lines(head: &Head<'_>) -> String {
    let text = lossless(head.bytes);
    let cut = text.rfind('\n').unwrap_or(text.len());
    text.get(..cut).unwrap_or_default().lines().take(20).collect::<Vec<_>>().join("\n")
}

/// Says so where a file of accounts ends inside a line.
pub(super) fn ending(segment: &Segment<'_>, sink: &mut Sink<'_>) {
    if !segment.bytes.ends_with(b"\n") {
        sink.limit("torn", None, "the file ends inside a line; accounts may be missing");
    }
}

/// The line of an account for a quote, its password field left out unless it is one of the marks that are no secret.
pub(super) fn hidden(document: &str, number: u64) -> Option<String> {
    let line = document.lines().nth(usize::try_from(number.checked_sub(1)?).ok()?).unwrap_or_default();
    let mut fields: Vec<&str> = line.split(':').collect();
    if let Some(password) = fields.get_mut(1).filter(|field| !matches!(**field, "" | "x" | "*" | "!" | "!!" | "!*")) {
        *password = "(not shown)";
    }
    // A line with other fields than an account has may hold a hash anywhere.
    Some(if matches!(fields.len(), 7 | 9) { fields.join(":") } else { "(not shown)".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_never_shows_a_hash() {
        let text =
            "root:*:1:0:99999:7:::\nann:$6$salt$hash:1:0:99999:7:::\nbob:ab0123456789.:1000:1000::/home/bob:/bin/sh\nx$6$a$b\n";
        assert_eq!(hidden(text, 1).as_deref(), Some("root:*:1:0:99999:7:::"));
        assert_eq!(hidden(text, 2).as_deref(), Some("ann:(not shown):1:0:99999:7:::"));
        assert_eq!(hidden(text, 3).as_deref(), Some("bob:(not shown):1000:1000::/home/bob:/bin/sh"));
        assert_eq!(hidden(text, 4).as_deref(), Some("(not shown)"));
        assert_eq!(hidden(text, 9).as_deref(), Some("(not shown)"));
    }
}
