//! ServiceNow Table API, `change_request`: raw values, display values, or both (`sysparm_display_value=all`).
//!
//! Source: the Table API reference and the change_request dictionary. `value` is UTC; `display_value` is in the zone and
//! the language of the user who exported, which the configuration may name for the source. References are `{link, value}`;
//! names come from dot-walked fields (`assigned_to.user_name`), else from the display value.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::json_records::{each_object, object};
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{APPROVALS, Approval, CHANGE_TARGETS, CHANGES, Change, ChangeTarget, Micros, Table, parse_stamp};

/// What is said of display values.
pub(super) const ZONE_UNKNOWN: &str =
    "times are display values, in the zone of whoever exported; name it ([[bind]] time_zone), or they are read as UTC";

/// Records after which ServiceNow's exports stop by default, without a word.
const EXPORT_LIMIT: u64 = 10_000;

/// ServiceNow change requests.
pub(super) struct ServiceNowChanges;

impl Format for ServiceNowChanges {
    fn name(&self) -> &'static str {
        "servicenow-changes"
    }

    fn about(&self) -> &'static str {
        "ServiceNow Table API JSON of change_request (raw, display or all values)"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CHANGES, &APPROVALS, &CHANGE_TARGETS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let fields = ["\"number\"", "\"sys_id\"", "\"state\""].iter().all(|field| text.contains(field));
        let framing = result_framing(head)?;
        (fields && !text.contains("\"sysapproval\"") && (text.contains("\"start_date\"") || text.contains("\"change_request\"")))
            .then_some(Recognition { because: "a result of records with number, sys_id, state and start_date", framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_record(segment, sink, |number, bytes, record, sink| read_change(number, bytes, record, reading, sink));
    }
}

/// How a `{"result": …}` document is cut, or nothing where the head is not one.
pub(super) fn result_framing(head: &Head<'_>) -> Option<Framing> {
    let text = head.text().trim_start_matches('\u{feff}').trim_start();
    let after = text.strip_prefix('{')?.trim_start().strip_prefix("\"result\"")?.trim_start().strip_prefix(':')?.trim_start();
    match after.as_bytes().first()? {
        b'[' => Some(Framing::JsonRecords { depth: 2 }),
        b'{' => Some(Framing::Whole),
        _ => None,
    }
}

/// Gives every record of a `{"result": …}` document to `read`; those that are cut or damaged are rejected.
pub(super) fn each_record<'a>(
    segment: &Segment<'_>,
    sink: &mut Sink<'a>,
    mut read: impl FnMut(u64, &[u8], &Members<'_>, &mut Sink<'a>),
) {
    let mut last = 0;
    let mut unless_meta = |number: u64, bytes: &[u8], record: &Members<'_>, sink: &mut Sink<'a>| {
        last = number;
        if record.get("__meta").is_some() {
            sink.record(number).skip("the export's own description");
        } else {
            read(number, bytes, record, sink);
        }
    };
    if segment.framing == Framing::Whole {
        return each_object(segment, sink, |_, bytes, document, sink| match document.get("result") {
            Some(result) => object(1, result.raw().as_bytes(), sink, &mut unless_meta),
            None => sink.record(1).reject("no result", bytes),
        });
    }
    each_object(segment, sink, unless_meta);
    if segment.ends && last == EXPORT_LIMIT {
        sink.limit("export-limit", Some(last), "exactly 10,000 records: the default limit of an export; more may be missing");
    }
}

/// The value of a field in any of the shapes: bare, `{link, value}`, `{display_value, value}`.
fn value<'r>(record: &'r Members<'_>, name: &str) -> Option<Cow<'r, str>> {
    let field = record.get(name)?;
    part(field, &["value", "display_value"]).filter(|text| !text.trim().is_empty())
}

/// The name behind a reference: the dot-walked field, else the display value, else the bare text.
pub(super) fn name(record: &Members<'_>, field: &str, walks: &[&str]) -> Option<String> {
    walks
        .iter()
        .find_map(|walk| value(record, &format!("{field}.{walk}")).map(Cow::into_owned))
        .or_else(|| part(record.get(field)?, &["display_value", "value"]).map(Cow::into_owned))
        .filter(|text| !text.trim().is_empty())
}

fn part<'r>(field: &'r Json<'_>, order: &[&str]) -> Option<Cow<'r, str>> {
    if let Some(text) = field.text() {
        return Some(text);
    }
    let members = field.members()?;
    let found = order.iter().find_map(|name| members.filled(name).map(Cow::into_owned))?;
    Some(Cow::Owned(found))
}

/// A time field: `value` is UTC, a display value is in the source's zone.
pub(super) fn time(record: &Members<'_>, field: &str, zone: Tz) -> Result<Option<Micros>, String> {
    let Some(text) = value(record, field) else { return Ok(None) };
    if text == "UNKNOWN" {
        return Ok(None);
    }
    let both = record.get(field).and_then(|field| field.members()).is_some_and(|members| members.get("value").is_some());
    parse_stamp(&text, if both { Tz::UTC } else { zone })
        .map(Some)
        .ok_or_else(|| format!("{field} `{text}` is not a time in the form YYYY-MM-DD HH:MM:SS"))
}

fn read_change(number: u64, bytes: &[u8], record: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut open = sink.record(number);
    let Some(change_id) = value(record, "number") else { return open.reject("a record without number", bytes) };
    let state = value(record, "state").map(|state| canonical_state(&state));
    let shown = value(record, "state").is_some_and(|state| state.trim().parse::<f64>().is_err());
    if shown && reading.zone.is_none() {
        open.sink().limit("zone-unknown", Some(number), ZONE_UNKNOWN);
    }
    let zone = if shown { reading.zone.unwrap_or(Tz::UTC) } else { Tz::UTC };
    let fields = &reading.config.servicenow;
    let known = [
        "opened_at",
        "start_date",
        "end_date",
        "work_start",
        "work_end",
        "closed_at",
        "approval_set",
        "sys_updated_on",
        "sys_created_on",
    ];
    let times: Result<Vec<Option<Micros>>, String> = known
        .iter()
        .copied()
        .chain(fields.approved_at.iter().map(String::as_str))
        .map(|field| time(record, field, zone))
        .collect();
    let times = match times {
        Ok(times) => times,
        Err(reason) => return open.reject(&reason, bytes),
    };
    let time = |index: usize| times.get(index).copied().flatten();
    if let Some(instant) = time(7) {
        open.sink().taken_at(instant);
    }
    let person = |field: &str| name(record, field, &["user_name"]);
    let kind = value(record, "type").map(|kind| kind.to_lowercase());
    open.fact(Change {
        change_id: &change_id,
        kind: kind.as_deref(),
        state: state.as_deref(),
        title: value(record, "short_description").as_deref(),
        requested_by: person("requested_by").or_else(|| person("opened_by")).as_deref(),
        assigned_to: person("assigned_to").as_deref(),
        opened_at: time(0).or(time(8)),
        planned_start: time(1),
        planned_end: time(2),
        work_start: time(3),
        work_end: time(4),
        closed_at: time(5),
    });
    if let Some(decision) = value(record, "approval") {
        let decision = decision.to_lowercase().replace(' ', "_");
        let approver = fields.approver.iter().find_map(|field| person(field));
        let decided_at = times.iter().skip(known.len()).copied().flatten().next().or(time(6));
        open.fact(Approval { change_id: &change_id, approver: approver.as_deref(), decision: &decision, decided_at });
    }
    for field in
        ["cmdb_ci", "business_service", "service_offering"].iter().copied().chain(fields.targets.iter().map(String::as_str))
    {
        for target in name(record, field, &["name"]).iter().flat_map(|names| names.split(',')) {
            let target = reading.config.host(target.trim());
            if !target.is_empty() {
                open.fact(ChangeTarget { change_id: &change_id, target: &target });
            }
        }
    }
}

/// ServiceNow's states, by number or by their default labels; a customer's own label is kept, in lower case.
fn canonical_state(state: &str) -> String {
    let state = state.trim().trim_end_matches(".0").to_lowercase();
    match state.as_str() {
        "-5" | "new" => "draft",
        "-4" | "-3" | "assess" | "authorize" => "awaiting_approval",
        "-2" | "scheduled" => "approved",
        "-1" | "implement" => "in_progress",
        "0" | "3" | "review" | "closed" => "done",
        "4" | "canceled" | "cancelled" => "cancelled",
        other => return other.to_owned(),
    }
    .to_owned()
}
