//! systemd's journal as JSON: `journalctl -o json` (one object a line), `-o json-pretty`, `-o json-seq`, `-o json-sse`.
//!
//! Source: systemd's `logs-show.c` (`output_json`) and the journalctl manual: values are strings; what is not text is an
//! array of byte numbers; a field that stands more than once is an array of those; a large one is null without `--all`.

use std::borrow::Cow;

use super::journal_entry::{Entry, Journal, is_read};
use super::json_scan::{Items, name};
use super::lazy::{Json, record_text, unquote};
use super::{Format, Framing, Grouping, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOG_ACTIVITY, PRIVILEGED_COMMANDS, SESSIONS, Table};
use crate::redact::lossless;

/// The journal as JSON.
pub(super) struct JournaldJson;

impl Format for JournaldJson {
    fn name(&self) -> &'static str {
        "journald-json"
    }

    fn family(&self) -> &'static str {
        "journald"
    }

    fn about(&self) -> &'static str {
        "systemd journal: journalctl -o json, json-pretty, json-seq or json-sse"
    }

    fn recognised_by(&self) -> &'static str {
        "objects with __CURSOR and __REALTIME_TIMESTAMP"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PRIVILEGED_COMMANDS, &SESSIONS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let first = head.lines().map(|line| bare(line).trim_ascii()).find(|line| !line.is_empty())?;
        let text = head.text();
        if !first.starts_with(b"{") || !text.contains("\"__REALTIME_TIMESTAMP\"") || !text.contains("\"__CURSOR\"") {
            return None;
        }
        let grouping = if first == b"{" { Grouping::Objects } else { Grouping::Continued };
        Some(Recognition { because: self.recognised_by(), framing: Framing::Groups(grouping) })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let mut journal = Journal::default();
        if segment.framing == Framing::Groups(Grouping::Continued) {
            for (line, bytes) in segment.lines() {
                entry(line, bare(bytes), reading, sink, &mut journal);
            }
        } else {
            let mut lines = segment.lines().peekable();
            while let Some((line, first)) = lines.next() {
                let mut bytes = bare(first).to_vec();
                while let Some((_, next)) = lines.next_if(|(_, next)| !Grouping::Objects.begins(next)) {
                    bytes.extend_from_slice(next);
                }
                entry(line, &bytes, reading, sink, &mut journal);
            }
        }
        journal.close(reading, sink);
    }
}

/// A line without what json-seq and json-sse put before the object.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    line.strip_prefix(b"\x1e").or_else(|| line.strip_prefix(b"data: ")).unwrap_or(line)
}

fn entry(line: u64, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>, journal: &mut Journal) {
    let (text, stray) = record_text(bytes);
    if stray {
        sink.limit("not-utf-8", Some(line), "some records hold bytes that are not UTF-8; they are shown as \\xNN");
    }
    match fields(&text) {
        Ok(entry) => journal.entry(line, &entry, bytes, reading, sink),
        Err(reason) => sink.record(line).reject(&reason, bytes),
    }
}

/// The fields that are read; the rest is passed over.
fn fields(text: &str) -> Result<Entry<'_>, String> {
    let mut entry = Entry::default();
    let mut members = Items::of_object(text).ok_or("not a JSON object")?;
    while let Some(member) = members.next_item() {
        let (field, raw) = member.map_err(|fault| format!("damaged JSON ({fault})"))?;
        let field = name(field);
        if !is_read(&field) {
            continue;
        }
        match raw.as_bytes().first() {
            Some(b'"') => entry.put(&field, unquote(raw).unwrap_or(Cow::Borrowed(raw))),
            Some(b'[') => match bytes_of(raw) {
                Some(bytes) => entry.put(&field, Cow::Owned(lossless(&bytes).into_owned())),
                None => entry.repeats(),
            },
            _ => entry.withheld |= field == "MESSAGE" && raw == "null",
        }
    }
    if members.rest().trim().is_empty() { Ok(entry) } else { Err("damaged JSON (something follows the object)".to_owned()) }
}

/// An array of byte numbers as the bytes; nothing where it holds anything else.
fn bytes_of(raw: &str) -> Option<Vec<u8>> {
    Json::borrowed(raw).elements().iter().map(|number| number.raw().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_from_fields_that_repeat() {
        assert_eq!(bytes_of("[104, 105,255]"), Some(vec![104, 105, 255]));
        assert_eq!(bytes_of("[\"a\",\"b\"]"), None);
        assert_eq!(bytes_of("[256]"), None);
        assert_eq!(bytes_of("[[104],[105]]"), None);
    }

    #[test]
    fn an_object_that_is_not_closed_is_damaged() {
        assert!(fields("{\"MESSAGE\":\"x\"").is_err());
        assert!(fields("{\"MESSAGE\":\"x\"} {}").is_err());
        assert!(fields("{\"MESSAGE\":\"x\"}").is_ok());
    }
}
