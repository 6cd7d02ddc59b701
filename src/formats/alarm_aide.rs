//! AIDE's text report. It names no host, so the host comes from the path (`[[bind]]`); the time is its start stamp.
//!
//! Source: AIDE's `src/report_plain.c` and `src/report.c` (0.16 to 0.19): a start stamp, a sentence on what was found,
//! counts, sections of entries (`flags: path`, 18 or 19 flags; or `added: path`), details, and an end stamp. The options
//! `report_grouped`, `report_summarize_changes` and `report_level` decide which sections there are and how entries look.

use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{ALARM_RUNS, ALARMS, Alarm, AlarmRun, LOG_ACTIVITY, Micros, Table, parse_rfc3339};
use crate::redact::lossless;

/// AIDE's text report.
pub(super) struct AideReport;

impl Format for AideReport {
    fn name(&self) -> &'static str {
        "aide-report"
    }

    fn about(&self) -> &'static str {
        "AIDE check report, text (host from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "a start stamp that names AIDE"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&ALARMS, &ALARM_RUNS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        (text.contains("Start timestamp: ") && text.contains("(AIDE "))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = lossless(segment.bytes);
        let lines: Vec<(u64, &str)> = (1..).zip(text.lines()).collect();
        // Reports are appended to one file where AIDE is told so: each begins with its own start stamp.
        let mut starts: Vec<usize> = lines
            .iter()
            .enumerate()
            .filter(|(_, (_, line))| line.starts_with("Start timestamp: "))
            .map(|(index, _)| index)
            .collect();
        starts.push(lines.len());
        for pair in starts.windows(2) {
            let [from, to] = pair else { continue };
            run(lines.get(*from..*to).unwrap_or_default(), reading, sink);
        }
    }
}

fn run(lines: &[(u64, &str)], reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let Some((line, first)) = lines.first().copied() else { return };
    let stamp = first.strip_prefix("Start timestamp: ").and_then(|stamp| stamp.split(" (").next());
    let Some(instant) = stamp.and_then(parse_rfc3339) else {
        return sink.record(line).reject("the start stamp is not a time", first.as_bytes());
    };
    let Some(host) = reading.bound_host(sink) else { return sink.record(line).reject(HOST_UNKNOWN, first.as_bytes()) };
    sink.taken_at(instant);
    let verdict = |sentence: &str| lines.iter().any(|(_, line)| line.starts_with(sentence));
    let (clean, findings) = (verdict(CLEAN), verdict(FINDINGS));
    if let Some((_, reason)) = NO_SCAN.iter().find(|(sentence, _)| verdict(sentence) && !clean && !findings) {
        return sink.record(line).skip(reason);
    }
    let entries = entries(lines);
    if verdict("End timestamp:") && clean != findings {
        sink.active("alarm", host, instant, line);
        let outcome = if clean { "clean" } else { "findings" };
        sink.record(line).fact(AlarmRun { occurred_at: instant, host, tool: "aide", outcome });
        let counted = ["added", "removed", "changed"].map(|action| (action, counted(lines, action)));
        detail_missing(line, counted, |action| entries.iter().filter(|(_, found, ..)| *found == action).count(), sink);
    } else {
        sink.record(line).reject("torn: no verdict or no end stamp, so the scan may not have finished", first.as_bytes());
    }
    for (number, action, flags, path) in entries {
        finding(number, action, Some(flags.trim()), path, (host, instant), sink);
    }
}

/// How AIDE says that a scan found nothing.
pub(super) const CLEAN: &str = "AIDE found NO differences between database and filesystem";
/// How AIDE says that a scan found something.
pub(super) const FINDINGS: &str = "AIDE found differences between database and filesystem";
/// Runs that look at no file system, by their sentence.
pub(super) const NO_SCAN: [(&str, &str); 3] = [
    ("AIDE successfully initialized database", "a database was made, which compares nothing"),
    ("AIDE found NO differences between the two databases", "two databases were compared, and not the host"),
    ("AIDE found differences between the two databases", "two databases were compared, and not the host"),
];

/// Names a limit where the report counts more entries than it lists, which a low `report_level` does.
pub(super) fn detail_missing(
    line: u64,
    counted: [(&'static str, Option<u64>); 3],
    listed: impl Fn(&str) -> usize,
    sink: &mut Sink<'_>,
) {
    for (action, counted) in counted {
        let listed = u64::try_from(listed(action)).unwrap_or(u64::MAX);
        if let Some(counted) = counted.filter(|counted| *counted > listed) {
            sink.limit(
                "detail-missing",
                Some(line),
                format!("AIDE counts {counted} {action} entries and lists {listed}: set report_level to list_entries or higher"),
            );
        }
    }
}

/// Gives one entry as an alarm; `flags` are the changed attributes as AIDE writes them.
pub(super) fn finding(
    number: u64,
    action: &'static str,
    flags: Option<&str>,
    path: &str,
    (host, occurred_at): (&str, Micros),
    sink: &mut Sink<'_>,
) {
    sink.record(number).fact(Alarm {
        occurred_at,
        host,
        tool: "aide",
        rule: flags,
        action,
        target: path,
        severity: None,
        acknowledged_by: None,
        acknowledged_at: None,
        change_id: None,
    });
}

/// What happened to an entry, by its flags: a file type and nothing but `+` or `-`, or the word itself.
pub(super) fn action_of(flags: &str) -> &'static str {
    let mut marks = flags.trim().chars().skip(1).peekable();
    let first = marks.peek().copied();
    match (flags.trim(), first) {
        ("added", _) => "added",
        ("removed", _) => "removed",
        (_, Some('+')) if marks.all(|mark| mark == '+') => "added",
        (_, Some('-')) if marks.all(|mark| mark == '-') => "removed",
        _ => "changed",
    }
}

/// The number that the summary gives for an action.
fn counted(lines: &[(u64, &str)], action: &str) -> Option<u64> {
    lines.iter().find_map(|(_, line)| {
        let (label, number) = line.strip_prefix("  ")?.split_once(" entries:")?;
        label.eq_ignore_ascii_case(action).then(|| number.trim().parse().ok())?
    })
}

/// The entries of the sections: line, action, flags, path.
fn entries<'a>(lines: &[(u64, &'a str)]) -> Vec<(u64, &'static str, &'a str, &'a str)> {
    let mut found = Vec::new();
    let mut section: Option<Option<&'static str>> = None;
    for (number, line) in lines {
        match *line {
            "Added entries:" => section = Some(Some("added")),
            "Removed entries:" => section = Some(Some("removed")),
            "Changed entries:" => section = Some(Some("changed")),
            // Without `report_grouped` all entries stand in one section, which is named after what is in it.
            "Added, removed and changed entries:"
            | "Added and removed entries:"
            | "Added and changed entries:"
            | "Removed and changed entries:" => section = Some(None),
            line if line.starts_with("Detailed information") || line.starts_with("The attributes of") => section = None,
            line => {
                let entry = section.zip(line.split_once(": ")).filter(|(_, (_, path))| path.starts_with('/'));
                if let Some((action, (flags, path))) = entry {
                    found.push((*number, action.unwrap_or_else(|| action_of(flags)), flags, path));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_tell_what_happened() {
        for (flags, action) in [
            ("f+++++++++++++++++", "added"),
            ("l++++++++++++++++++", "added"),
            ("f-----------------", "removed"),
            ("f > ... mci.H..   ", "changed"),
            ("f = ... ......+", "changed"),
            ("added", "added"),
            ("removed", "removed"),
            ("changed", "changed"),
            ("", "changed"),
        ] {
            assert_eq!(action_of(flags), action, "{flags}");
        }
    }
}
