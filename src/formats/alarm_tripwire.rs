//! Tripwire's text report (`twprint -m r`, `tripwire --check`), Open Source Tripwire 2.3 and 2.4.
//!
//! Source: Open Source Tripwire's `src/tw/textreportviewer.cpp` and `src/tw/twstrings.cpp`: a title, the host, a summary of
//! rules with counts, the objects by rule (quoted names under `Added:`, `Removed:` and `Modified:`), or at the concise level
//! their details only, errors, and `*** End of report ***`. The time is the C library's `%c`, without a zone.

use chrono::NaiveDateTime;

use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{ALARM_RUNS, ALARMS, Alarm, AlarmRun, LOG_ACTIVITY, Micros, Table, parse_zoned};
use crate::redact::lossless;

/// Tripwire's text report.
pub(super) struct TripwireReport;

impl Format for TripwireReport {
    fn name(&self) -> &'static str {
        "tripwire-report"
    }

    fn about(&self) -> &'static str {
        "Open Source Tripwire integrity check report, text"
    }

    fn recognised_by(&self) -> &'static str {
        "the title of a Tripwire integrity check report"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&ALARMS, &ALARM_RUNS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        (text.lines().any(is_title) && text.contains("Report created on:"))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = lossless(segment.bytes);
        let lines: Vec<(u64, &str)> = (1..).zip(text.lines()).collect();
        let mut starts: Vec<usize> =
            lines.iter().enumerate().filter(|(_, (_, line))| is_title(line)).map(|(index, _)| index).collect();
        starts.push(lines.len());
        for pair in starts.windows(2) {
            let [from, to] = pair else { continue };
            report(lines.get(*from..*to).unwrap_or_default(), reading, sink);
        }
    }
}

fn is_title(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with("Integrity Check Report") && (line.starts_with("Open Source Tripwire(R)") || line.starts_with("Tripwire(R)"))
}

fn report(lines: &[(u64, &str)], reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let Some((line, title)) = lines.first().copied() else { return };
    let labelled =
        |label: &str| lines.iter().find_map(|(_, line)| line.strip_prefix(label)).map(str::trim).filter(|text| !text.is_empty());
    let Some(instant) = labelled("Report created on:").and_then(|stamp| created_at(stamp, reading, sink)) else {
        return sink
            .record(line)
            .reject("the time of the report is missing, or in words of a locale that is not known", title.as_bytes());
    };
    let name = labelled("Host name:").map(str::to_owned).or_else(|| reading.bound_host(sink).map(str::to_owned));
    let Some(name) = name else { return sink.record(line).reject(HOST_UNKNOWN, title.as_bytes()) };
    let host = reading.config.host(&name);
    sink.taken_at(instant);
    let objects = objects(lines);
    let counted: u64 = lines
        .iter()
        .filter_map(|(_, line)| line.strip_prefix("Total violations found:")?.trim().parse::<u64>().ok())
        .fold(0, u64::saturating_add);
    let listed = u64::try_from(objects.len()).unwrap_or(u64::MAX);
    if lines.iter().any(|(_, line)| line.starts_with("*** End of report ***")) {
        sink.active("alarm", &host, instant, line);
        let outcome = if counted == 0 && listed == 0 { "clean" } else { "findings" };
        sink.record(line).fact(AlarmRun { occurred_at: instant, host: &host, tool: "tripwire", outcome });
        if counted > listed {
            sink.limit(
                "detail-missing",
                Some(line),
                format!("Tripwire counts {counted} violations and lists {listed}: print the report at level 2 or higher"),
            );
        }
        if section(lines, "Error Report:").any(|(_, line)| line.trim_start().starts_with(|first: char| first.is_ascii_digit())) {
            sink.limit(
                "scan-errors",
                Some(line),
                "Tripwire reports objects that it could not look at; changes of them are not seen",
            );
        }
    } else {
        sink.record(line).reject("torn: the report does not reach its end, so the scan may not have finished", title.as_bytes());
    }
    for object in &objects {
        sink.record(object.line).fact(Alarm {
            occurred_at: instant,
            host: &host,
            tool: "tripwire",
            rule: object.rule,
            action: object.action,
            target: object.name,
            severity: object.severity,
            acknowledged_by: None,
            acknowledged_at: None,
            change_id: None,
        });
    }
}

/// `Tue Jul  7 01:02:03 2026`, or `Tue 07 Jul 2026 01:02:03 AM CEST` as English locales write it.
fn created_at(stamp: &str, reading: &Reading<'_>, sink: &mut Sink<'_>) -> Option<Micros> {
    // The day of the week adds nothing, and may contradict.
    let rest = stamp.split_once(char::is_whitespace)?.1.trim();
    let utc = rest.ends_with(" UTC") || rest.ends_with(" GMT");
    let naive = ["%b %e %H:%M:%S %Y", "%d %b %Y %I:%M:%S %p %Z", "%d %b %Y %H:%M:%S %Z", "%d %b %Y %I:%M:%S %p"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(rest, format).ok())?;
    if reading.zone.is_none() && !utc {
        sink.limit(
            "zone-unknown",
            None,
            "the report's time has no zone and none is configured for it ([[bind]] with time_zone); it is read as UTC",
        );
    }
    let zone = if utc { chrono_tz::Tz::UTC } else { reading.zone.unwrap_or(chrono_tz::Tz::UTC) };
    parse_zoned(&naive.format("%Y-%m-%d %H:%M:%S").to_string(), zone).map(|(instant, _)| instant)
}

struct Object<'a> {
    line: u64,
    action: &'static str,
    name: &'a str,
    rule: Option<&'a str>,
    severity: Option<&'a str>,
}

/// The lines between a heading (with a rule of `=` below it) and the next one.
fn section<'l, 'a>(lines: &'l [(u64, &'a str)], heading: &str) -> impl Iterator<Item = &'l (u64, &'a str)> {
    let start = lines.iter().position(|(_, line)| line.trim_end() == heading).map_or(lines.len(), |at| at + 2);
    lines.iter().skip(start).take_while(|(_, line)| !line.starts_with("====="))
}

/// Every object once: from the summary of objects, or from their details where there is no summary.
fn objects<'a>(lines: &[(u64, &'a str)]) -> Vec<Object<'a>> {
    let (mut rule, mut severity, mut action) = (None, None, None);
    let mut found = Vec::new();
    for (number, line) in section(lines, "Object Summary:") {
        let line = line.trim_end();
        let bare = line.strip_prefix("[x] ").or_else(|| line.strip_prefix("[ ] ")).unwrap_or(line);
        match line {
            "Added:" => action = Some("added"),
            "Removed:" => action = Some("removed"),
            "Modified:" => action = Some("changed"),
            "" => action = None,
            _ => {
                let name = bare.strip_prefix('"').map(|name| name.strip_suffix('"').unwrap_or(name));
                if let (Some(action), Some(name)) = (action, name) {
                    found.push(Object { line: *number, action, name, rule, severity });
                } else if let Some(name) = line.strip_prefix("Rule Name: ") {
                    rule = Some(name);
                } else if let Some(level) = line.strip_prefix("Severity Level: ") {
                    severity = Some(level);
                }
            }
        }
    }
    if !found.is_empty() {
        return found;
    }
    for (number, line) in section(lines, "Object Detail:") {
        let line = line.trim_end();
        let labels = [("Added object name:", "added"), ("Removed object name:", "removed"), ("Modified object name:", "changed")];
        if let Some((action, name)) = labels.iter().find_map(|(label, action)| Some((*action, line.strip_prefix(label)?.trim())))
        {
            found.push(Object { line: *number, action, name, rule, severity });
        } else if let Some(name) = line.strip_prefix("Rule Name: ") {
            rule = Some(name);
        } else if let Some(level) = line.strip_prefix("Severity Level: ") {
            severity = Some(level);
        }
    }
    found
}
