//! AIDE's text report. It names no host, so the host comes from the path (`[[bind]]`); the time is its start stamp.
//!
//! Source: AIDE's `src/report_plain.c`: a start stamp, one of two verdict sentences, sections of entries
//! (`flags: path`), details, and an end stamp.

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

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&ALARMS, &ALARM_RUNS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        (text.contains("Start timestamp: ") && text.contains("(AIDE "))
            .then_some(Recognition { because: "a start stamp that names AIDE", framing: Framing::Whole })
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
    let (clean, findings) = (verdict("AIDE found NO differences"), verdict("AIDE found differences"));
    if verdict("End timestamp:") && clean != findings {
        sink.active("alarm", host, instant, line);
        let outcome = if clean { "clean" } else { "findings" };
        sink.record(line).fact(AlarmRun { occurred_at: instant, host, tool: "aide", outcome });
    } else {
        sink.record(line).reject("torn: no verdict or no end stamp, so the scan may not have finished", first.as_bytes());
    }
    for (number, action, flags, path) in entries(lines) {
        finding(number, action, flags, path, (host, instant), sink);
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
fn entries<'a>(lines: &[(u64, &'a str)]) -> Vec<(u64, &'static str, &'a str, &'a str)> {
    let mut found = Vec::new();
    let mut section = None;
    for (number, line) in lines {
        match *line {
            "Added entries:" => section = Some("added"),
            "Removed entries:" => section = Some("removed"),
            "Changed entries:" => section = Some("changed"),
            line if line.starts_with("Detailed information") || line.starts_with("The attributes of") => section = None,
            line => {
                let entry = section.zip(line.split_once(": ")).filter(|(_, (_, path))| path.starts_with('/'));
                if let Some((action, (flags, path))) = entry {
                    found.push((*number, action, flags, path));
                }
            }
        }
    }
    found
}
