//! AIDE's text report. It names no host, so the host comes from the path (`[[bind]]`); the time is its start stamp.
//!
//! Source: AIDE's `src/report_plain.c`: a start stamp, one of two verdict sentences, sections of entries
//! (`flags: path`), details, and an end stamp.

use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{ALARM_RUNS, ALARMS, Alarm, AlarmRun, Micros, Table, parse_rfc3339};
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

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&ALARMS, &ALARM_RUNS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        (text.contains("Start timestamp: ") && text.contains("(AIDE "))
            .then_some(Recognition { because: "a start stamp that names AIDE", framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = lossless(segment.bytes);
        let lines: Vec<&str> = text.lines().collect();
        let start = (1_u64..).zip(&lines).find_map(|(number, line)| Some((number, line.strip_prefix("Start timestamp: ")?)));
        let instant = start.and_then(|(_, stamp)| parse_rfc3339(stamp.split(" (").next()?));
        let (Some((line, _)), Some(instant)) = (start, instant) else {
            return sink.record(1).reject("the start stamp is not a time", segment.bytes);
        };
        let Some(host) = reading.host else {
            sink.limit("unbound", None, "AIDE reports name no host; bind it by the path ([[bind]] with {host} in steadfast.toml)");
            return sink.record(line).reject("host unknown: bind the file by its path ([[bind]] in steadfast.toml)", segment.bytes);
        };
        sink.taken_at(instant);
        let clean = lines.iter().any(|line| line.contains("found NO differences"));
        let findings = lines.iter().any(|line| line.contains("found differences"));
        let complete = lines.iter().any(|line| line.starts_with("End timestamp:"));
        let entries = entries(&lines);
        if complete && (clean || findings) {
            sink.active("alarm", host, instant, line);
            let outcome = if clean { "clean" } else { "findings" };
            sink.record(line).fact(AlarmRun { occurred_at: instant, host, tool: "aide", outcome });
        } else {
            sink.record(line).reject("torn: no verdict or no end stamp, so the scan may not have finished", segment.bytes);
        }
        for (number, action, flags, path) in entries {
            finding(number, action, flags, path, (host, instant), sink);
        }
    }
}

fn finding(number: u64, action: &'static str, flags: &str, path: &str, (host, instant): (&str, Micros), sink: &mut Sink<'_>) {
    sink.record(number).fact(Alarm {
        occurred_at: instant,
        host,
        tool: "aide",
        rule: Some(flags.trim()),
        action,
        target: path,
        severity: None,
        acknowledged_by: None,
        acknowledged_at: None,
        change_id: None,
    });
}

/// The entries of the sections "Added", "Removed" and "Changed entries": line, action, flags, path.
fn entries<'a>(lines: &[&'a str]) -> Vec<(u64, &'static str, &'a str, &'a str)> {
    let mut found = Vec::new();
    let mut section = None;
    for (number, line) in (1..).zip(lines) {
        match *line {
            "Added entries:" => section = Some("added"),
            "Removed entries:" => section = Some("removed"),
            "Changed entries:" => section = Some("changed"),
            line if line.starts_with("Detailed information") || line.starts_with("The attributes of") => section = None,
            line => {
                let entry = section.zip(line.split_once(": ")).filter(|(_, (_, path))| path.starts_with('/'));
                if let Some((action, (flags, path))) = entry {
                    found.push((number, action, flags, path));
                }
            }
        }
    }
    found
}
