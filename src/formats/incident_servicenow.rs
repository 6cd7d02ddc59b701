//! ServiceNow incidents as JSON: Table API (raw, display or all values), list export.
//!
//! Source: the Table API reference, the `incident` dictionary and its state model (1 New, 2 In Progress, 3 On Hold,
//! 6 Resolved, 7 Closed, 8 Canceled; before Helsinki 2 Active, 3 to 5 Awaiting …); shapes in `servicenow_json.rs`, values and
//! clocks in `servicenow_record.rs`.

use std::borrow::Cow;

use super::servicenow_json::{each_record, framing};
use super::servicenow_record::{Fields, UNNAMED, code, filled, is_sys_id, name, time, wall_clock, zone};
use super::{Format, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{INCIDENTS, Incident, Micros, Table};

/// ServiceNow incidents.
pub(super) struct ServiceNowIncidents;

impl Format for ServiceNowIncidents {
    fn name(&self) -> &'static str {
        "servicenow-incidents"
    }

    fn about(&self) -> &'static str {
        "ServiceNow incident as JSON: Table API (raw, display or all values), list export"
    }

    fn recognised_by(&self) -> &'static str {
        "a result of records with number, opened_at, and caller_id, incident_state or the class incident, and no change"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&INCIDENTS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let has = |field: &str| text.contains(field);
        let own = ["\"caller_id\"", "\"caller_id.user_name\"", "\"incident_state\"", "\"incident\"", "\"Incident\""];
        let others = ["\"start_date\"", "\"change_request\"", "\"sysapproval\"", "\"ci_item\""];
        let framing = framing(head)?;
        (has("\"number\"") && has("\"opened_at\"") && own.into_iter().any(has) && !others.into_iter().any(has))
            .then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_record(segment, sink, |number, record, sink| read_incident(number, record, reading, sink));
    }
}

/// Reads one record of `incident`.
fn read_incident(number: u64, record: &impl Fields, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut open = sink.record(number);
    let Some(incident_id) = code(record, "number") else {
        return open.reject("a record without number", &record.bytes());
    };
    if code(record, "sys_class_name").is_some_and(|class| !class.eq_ignore_ascii_case("incident")) {
        return open.reject("a record of another class than incident: export its table into a file of its own", &record.bytes());
    }
    let zone = zone(wall_clock(record, "incident_state"), number, reading, open.sink());
    let (opened_at, resolved_at, updated) = match times(record, zone) {
        Ok(times) => times,
        Err(reason) => return open.reject(&reason, &record.bytes()),
    };
    if let Some(instant) = updated {
        open.sink().taken_at(instant);
    }
    let state = state(record, number, open.sink());
    let person = |field: &str| name(record, field, "user_name");
    let (opened_by, assigned_to) = (person("opened_by").or_else(|| person("caller_id")), person("assigned_to"));
    let targets = targets(record, reading);
    let (title, priority) = (code(record, "short_description"), code(record, "priority"));
    let incident = Incident {
        incident_id: &incident_id,
        state: state.as_deref(),
        title: title.as_deref(),
        priority: priority.as_deref(),
        opened_by: opened_by.as_deref(),
        assigned_to: assigned_to.as_deref(),
        opened_at,
        resolved_at,
        target: None,
    };
    if targets.is_empty() {
        open.fact(incident);
    } else {
        for target in &targets {
            open.fact(Incident { target: Some(target), ..incident });
        }
    }
    if [&opened_by, &assigned_to].into_iter().flatten().chain(&targets).any(|name| is_sys_id(name)) {
        open.sink().limit("reference-unnamed", Some(number), UNNAMED);
    }
}

/// When it was opened, when it was over, and when the record was touched last.
type Times = (Option<Micros>, Option<Micros>, Option<Micros>);

/// The times of an incident, read before anything is said of it.
fn times(record: &impl Fields, zone: chrono_tz::Tz) -> Result<Times, String> {
    let time = |field: &str| time(record, field, zone);
    let (opened, created, resolved, closed) =
        (time("opened_at")?, time("sys_created_on")?, time("resolved_at")?, time("closed_at")?);
    Ok((opened.or(created), resolved.or(closed), time("sys_updated_on")?))
}

/// What an incident concerns; a list of references holds its names in one text.
fn targets(record: &impl Fields, reading: &Reading<'_>) -> Vec<String> {
    let mut targets = Vec::new();
    for field in ["cmdb_ci", "business_service", "service_offering"] {
        for target in name(record, field, "name").iter().flat_map(|names| names.split(',')) {
            let target = reading.config.host(target.trim()).into_owned();
            if !target.is_empty() && !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    targets
}

/// The state by ServiceNow's numbers and default labels; another label is kept, in lower case.
fn state(record: &impl Fields, number: u64, sink: &mut Sink<'_>) -> Option<String> {
    let texts: Vec<Cow<'_, str>> = ["state", "incident_state"]
        .into_iter()
        .filter_map(|field| record.field(field))
        .flat_map(|found| [found.value, found.display])
        .filter_map(filled)
        .collect();
    if let Some(word) = texts.iter().find_map(|text| standard_state(text)) {
        return Some(word.to_owned());
    }
    let label = texts.last()?.trim().to_lowercase();
    sink.limit(
        "status-unknown",
        Some(number),
        "some states are not ServiceNow's own and are kept as written; unless such an incident says when it was resolved, it is \
         not known whether it was open",
    );
    Some(label)
}

fn standard_state(state: &str) -> Option<&'static str> {
    Some(match state.trim().trim_end_matches(".0").to_lowercase().as_str() {
        "1" | "new" => "new",
        "2" | "in progress" | "active" | "work in progress" => "in_progress",
        "3" | "4" | "5" | "on hold" => "on_hold",
        "6" | "resolved" => "resolved",
        "7" | "closed" => "closed",
        "8" | "canceled" | "cancelled" => "cancelled",
        label if label.starts_with("awaiting ") => "on_hold",
        _ => return None,
    })
}
