//! Unit files of systemd and their states: `systemctl list-unit-files` as a table, plain or JSON, and the answers of
//! `systemctl is-enabled` with the name of the unit before each. Host and time come from the path.
//!
//! Source: systemctl(1) and systemd's `src/systemctl/systemctl-list-unit-files.c`, `systemctl-is-enabled.c`; the rules are
//! in `src/surface/units.rs`. The table may be filtered, so a unit that is missing is absent only where the list looks whole.

use super::json_records::each_object;
use super::login_subject::{Subject, UNBOUND, line_of};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, Table};
use crate::redact::lossless;
use crate::surface::Origin;
use crate::surface::units::{UnitFile, Units, each, findings, is_state, is_unit_name, watched};

/// States of unit files.
pub(super) struct UnitFiles;

impl Format for UnitFiles {
    fn name(&self) -> &'static str {
        "unit-files"
    }

    fn about(&self) -> &'static str {
        "systemctl list-unit-files and is-enabled: units that are ways to log in (host and time from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "names of unit files, each with a state of systemd, as a table or as JSON"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        if head.first_byte() == Some(b'[') {
            let text = head.text();
            return (text.contains("\"unit_file\"") && text.contains("\"state\"")).then_some(Recognition {
                because: "a list of objects with unit_file and state",
                framing: Framing::JsonRecords { depth: 1 },
            });
        }
        let text = head.text();
        let cut = text.rfind('\n').unwrap_or(text.len());
        let lines = text.get(..cut).unwrap_or_default().lines().filter(|line| !line.trim().is_empty()).take(20);
        let kinds: Vec<Row<'_>> = lines.map(row).collect();
        let rows = kinds.iter().filter(|row| matches!(row, Row::Unit { .. })).count();
        let sound = kinds.iter().all(|row| !matches!(row, Row::Other));
        (rows > 0 && sound).then_some(Recognition {
            because: "names of unit files, each with a state of systemd behind it",
            framing: Framing::Whole,
        })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let subject = Subject::of("a list of unit files", reading, sink);
        sink.limit("activity-unknown", None, "the state of a unit file says what starts at boot, not what runs");
        let list = if segment.framing == Framing::Whole {
            text_list(segment, reading.source, sink)
        } else {
            json_list(segment, reading.source, sink)
        };
        let Some(subject) = subject else {
            return list.files.iter().for_each(|unit| sink.record(unit.origin.line).reject(UNBOUND, unit.name.as_bytes()));
        };
        for (unit, finding) in list.files.iter().zip(each(&list)) {
            let mut record = sink.record(unit.origin.line);
            match finding {
                Some(finding) => record.fact(subject.fact(&finding)),
                None if watched(&unit.name).is_some() => record.skip("follows another unit of the list"),
                None => record.skip("no way to log in"),
            }
        }
        missing(&list, &subject, sink);
    }
}

/// The list as a whole, as one more record: the ways to log in that no unit of a complete list opens.
fn missing(list: &Units, subject: &Subject<'_>, sink: &mut Sink<'_>) {
    if !list.complete {
        let text = "the list does not look like all unit files of a system; a unit that it does not name may still be there";
        return sink.limit("partial-list", None, text);
    }
    let absent: Vec<_> = findings(list).into_iter().filter(|finding| finding.origin.is_none()).collect();
    if !absent.is_empty() {
        let mut record = sink.record(1);
        absent.iter().for_each(|finding| record.fact_at(line_of(finding), subject.fact(finding)));
    }
}

/// One line of the table or of `is-enabled`.
enum Row<'a> {
    Unit {
        name: &'a str,
        state: &'a str,
    },
    /// The heading.
    Heading,
    /// `223 unit files listed.`
    Footer(usize),
    Other,
}

fn row(line: &str) -> Row<'_> {
    const MISSING: &str = "Failed to get unit file state for ";
    if line.starts_with("UNIT FILE") && line.contains("STATE") {
        return Row::Heading;
    }
    if let Some(rest) = line.trim().strip_suffix("unit files listed.") {
        return rest.trim().parse().map_or(Row::Other, Row::Footer);
    }
    if let Some((name, reason)) = line.find(MISSING).and_then(|at| line.get(at + MISSING.len()..)?.split_once(": ")) {
        let gone = reason.starts_with("No such file") && is_unit_name(name);
        return if gone { Row::Unit { name, state: "not-found" } } else { Row::Other };
    }
    let mut words = line.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some(name), Some(state)) if is_unit_name(name) && is_state(state) && words.count() <= 1 => Row::Unit { name, state },
        _ => Row::Other,
    }
}

/// Reads the table; lines that are neither a unit nor part of the frame are rejected.
fn text_list(segment: &Segment<'_>, source: &str, sink: &mut Sink<'_>) -> Units {
    let (mut files, mut footer) = (Vec::new(), None);
    let mut heading = false;
    for (line, bytes) in segment.lines() {
        let text = lossless(bytes);
        match row(&text) {
            Row::Unit { name, state } => {
                files.push(UnitFile { name: name.to_owned(), state: state.to_owned(), origin: Origin::new(source, line) })
            }
            Row::Heading => heading = true,
            Row::Footer(count) => footer = Some(count),
            Row::Other => sink.record(line).reject("neither a unit file with its state nor part of the table", bytes),
        }
    }
    let counted = footer.map_or(!heading, |count| count == files.len());
    let unbroken = counted && segment.bytes.ends_with(b"\n");
    if !unbroken {
        sink.limit("torn", None, "the table ends early, or its last line counts other units than it lists");
    }
    Units::listed(files, unbroken)
}

fn json_list(segment: &Segment<'_>, source: &str, sink: &mut Sink<'_>) -> Units {
    let mut files = Vec::new();
    each_object(segment, sink, |number, bytes, unit, sink| match (unit.filled("unit_file"), unit.filled("state")) {
        (Some(name), Some(state)) => {
            files.push(UnitFile { name: name.into_owned(), state: state.into_owned(), origin: Origin::new(source, number) })
        }
        _ => sink.record(number).reject("unit_file or state is missing", bytes),
    });
    let closed = segment.json_records().last().is_some_and(|record| record.closed);
    Units::listed(files, segment.begins && segment.ends && closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_from_the_frame() {
        let unit = |line| match row(line) {
            Row::Unit { name, state } => Some((name, state)),
            _ => None,
        };
        assert_eq!(unit("ssh.service      enabled         enabled"), Some(("ssh.service", "enabled")));
        assert_eq!(unit("ssh.service masked"), Some(("ssh.service", "masked")));
        let missing = "a.service Failed to get unit file state for a.service: No such file or directory";
        assert_eq!(unit(missing), Some(("a.service", "not-found")));
        assert_eq!(unit("Failed to get unit file state for a.service: Access denied"), None);
        assert_eq!(unit("ssh.service loaded active running OpenBSD Secure Shell server"), None, "that is list-units");
        assert!(matches!(row("223 unit files listed."), Row::Footer(223)));
        assert!(matches!(row("UNIT FILE   STATE  VENDOR PRESET"), Row::Heading));
        assert!(matches!(row("enabled"), Row::Other));
    }
}
