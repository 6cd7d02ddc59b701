//! AIDE's JSON report (`report_format=json`, 0.18 and later). It names no host, so the host comes from the path.
//!
//! Source: AIDE's `src/report_json.c`: entries stand under `added`, `removed` and `changed` as `path: flags`, as bare paths
//! without `report_summarize_changes`, or under `entries` without `report_grouped`; at `report_level=summary` there are none
//! though `number_of_entries` counts them. A clean run counts the total only.

use super::alarm_aide::{CLEAN, FINDINGS, NO_SCAN, action_of, detail_missing, finding};
use super::inventory::extract;
use super::json_records::object;
use super::lazy::{Json, Members};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{ALARM_RUNS, ALARMS, AlarmRun, LOG_ACTIVITY, Table, parse_rfc3339};

/// AIDE's JSON report.
pub(super) struct AideJson;

const SECTIONS: [(&str, Option<&str>); 4] =
    [("added", Some("added")), ("removed", Some("removed")), ("changed", Some("changed")), ("entries", None)];

impl Format for AideJson {
    fn name(&self) -> &'static str {
        "aide-json"
    }

    fn about(&self) -> &'static str {
        "AIDE check report, JSON (host from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "an object whose outline is a sentence of AIDE"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&ALARMS, &ALARM_RUNS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        (head.first_byte() == Some(b'{') && text.contains("\"outline\"") && text.contains("\"AIDE "))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let document = Members::of(document).ok()?;
        match number.checked_sub(2) {
            None => Some(extract(&document, &["start_time", "aide_version", "outline", "number_of_entries", "end_time"])),
            Some(index) => {
                let (_, path, flags) = entries(&document).into_iter().nth(usize::try_from(index).ok()?)?;
                Some(format!("{path}: {}", flags.unwrap_or_default()))
            }
        }
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        // AIDE writes names of files as their bytes: one that is not UTF-8 must not make the report unreadable.
        object(1, segment.bytes, sink, |_, _, document, sink| read_report(document, reading, sink));
    }
}

fn read_report(document: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let outline = document.text("outline").unwrap_or_default();
    let Some(instant) = document.filled("start_time").and_then(|stamp| parse_rfc3339(&stamp)) else {
        let reason = "no start_time that is a time: report_level=minimal leaves it out";
        return sink.record(1).reject(reason, outline.as_bytes());
    };
    let Some(host) = reading.bound_host(sink) else { return sink.record(1).reject(HOST_UNKNOWN, outline.as_bytes()) };
    sink.taken_at(instant);
    if let Some((_, reason)) = NO_SCAN.iter().find(|(sentence, _)| outline.starts_with(sentence)) {
        return sink.record(1).skip(reason);
    }
    let entries = entries(document);
    let (clean, findings) = (outline.starts_with(CLEAN), outline.starts_with(FINDINGS));
    if document.get("end_time").is_some() && clean != findings {
        sink.active("alarm", host, instant, 1);
        let outcome = if clean { "clean" } else { "findings" };
        sink.record(1).fact(AlarmRun { occurred_at: instant, host, tool: "aide", outcome });
        let counts = document.get("number_of_entries").and_then(Json::members);
        let counted = ["added", "removed", "changed"].map(|action| {
            let count = counts.as_ref().and_then(|counts| counts.get(action)?.int());
            (action, count.and_then(|count| u64::try_from(count).ok()))
        });
        detail_missing(1, counted, |action| entries.iter().filter(|(found, ..)| *found == action).count(), sink);
    } else {
        sink.record(1).reject("no verdict that is known or no end_time, so the scan may not have finished", outline.as_bytes());
    }
    for (number, (action, path, flags)) in (2..).zip(&entries) {
        finding(number, action, flags.as_deref().map(str::trim), path, (host, instant), sink);
    }
}

/// The entries in the order of the report: action, path, flags.
fn entries(document: &Members<'_>) -> Vec<(&'static str, String, Option<String>)> {
    let mut found = Vec::new();
    for (section, action) in SECTIONS {
        let Some(section) = document.get(section) else { continue };
        for path in section.elements().iter().filter_map(Json::text) {
            found.push((action.unwrap_or("changed"), path.into_owned(), None));
        }
        for (path, flags) in section.members().iter().flat_map(Members::iter) {
            let flags = flags.text().map(|flags| flags.into_owned());
            found.push((action.unwrap_or_else(|| action_of(flags.as_deref().unwrap_or_default())), path.to_owned(), flags));
        }
    }
    found
}
