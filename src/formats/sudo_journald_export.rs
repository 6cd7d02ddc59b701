//! systemd's journal in export format (`journalctl -o export`): fields a line, binary ones with their length, entries
//! separated by empty lines. A fact points at the line of MESSAGE.
//!
//! Source: systemd's documentation, "Journal Export Formats".

use memchr::memchr_iter;

use super::grouping::export_field;
use super::journal_entry::{Entry, Journal};
use super::{Format, Framing, Grouping, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOG_ACTIVITY, PRIVILEGED_COMMANDS, SESSIONS, Table};
use crate::redact::lossless;

/// The journal in export format.
pub(super) struct JournaldExport;

impl Format for JournaldExport {
    fn name(&self) -> &'static str {
        "journald-export"
    }

    fn family(&self) -> &'static str {
        "journald"
    }

    fn about(&self) -> &'static str {
        "systemd journal: journalctl -o export"
    }

    fn recognised_by(&self) -> &'static str {
        "fields __CURSOR= and __REALTIME_TIMESTAMP=, one a line"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PRIVILEGED_COMMANDS, &SESSIONS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let lines: Vec<_> = head.lines().skip_while(|line| line.is_empty()).take(6).collect();
        let has = |field: &[u8]| lines.iter().any(|line| line.starts_with(field));
        (lines.first()?.starts_with(b"__") && has(b"__CURSOR=") && has(b"__REALTIME_TIMESTAMP="))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Groups(Grouping::JournalExport) })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let mut journal = Journal::default();
        let (mut rest, mut line) = (segment.bytes, segment.first);
        while !rest.is_empty() {
            let (entry, length) = read_entry(rest, line);
            let (bytes, after) = rest.split_at_checked(length).unwrap_or((rest, b""));
            if !bytes.trim_ascii().is_empty() {
                match entry {
                    Ok(entry) => journal.entry(line, &entry, bytes, reading, sink),
                    Err(reason) => sink.record(line).reject(reason, bytes),
                }
            }
            line += memchr_iter(b'\n', bytes).count() as u64;
            rest = after;
        }
        journal.close(reading, sink);
    }
}

/// The entry that `bytes` begin with and how far it reaches; `line` is the number of its first line.
fn read_entry(bytes: &[u8], line: u64) -> (Result<Entry<'_>, &'static str>, usize) {
    let mut entry = Entry::default();
    let (mut at, mut number) = (0, line);
    let mut damaged = None;
    while let Some(field) = export_field(bytes.get(at..).unwrap_or_default()) {
        let start = at;
        at += field.length;
        match field.value {
            Some(_) if field.name.is_empty() => return (damaged.map_or(Ok(entry), Err), at),
            Some(value) => {
                let name = std::str::from_utf8(field.name).unwrap_or_default();
                entry.put(name, lossless(value));
                if name == "MESSAGE" {
                    entry.message_line = Some(number);
                }
            }
            None => damaged = Some("a line that is no field of a journal entry"),
        }
        number += memchr_iter(b'\n', bytes.get(start..at).unwrap_or_default()).count() as u64;
    }
    (Err("torn: no empty line ends the entry"), bytes.len())
}
