//! Register of incidents: CSV with `incident_id` and `opened_at`; `state`, `title`, `priority`, `opened_by`, `assigned_to`,
//! `resolved_at` and `target` where known. For teams whose incidents are kept in a tool that no other format reads.

use super::delimited::{each_row, header};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{INCIDENTS, Incident, Table, parse_stamp, words};

/// Register of incidents.
pub(super) struct IncidentsCsv;

impl Format for IncidentsCsv {
    fn name(&self) -> &'static str {
        "incidents-csv"
    }

    fn about(&self) -> &'static str {
        "register of incidents as CSV: incident_id, opened_at, resolved_at, state, opened_by, assigned_to, target …"
    }

    fn recognised_by(&self) -> &'static str {
        "a CSV header with incident_id and opened_at"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&INCIDENTS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let columns = header(head);
        ["incident_id", "opened_at"]
            .iter()
            .all(|name| columns.iter().any(|column| column == name))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let zone = reading.zone.unwrap_or(chrono_tz::Tz::UTC);
        let known = words("incidents", "state").unwrap_or_default();
        each_row(segment, sink, |line, cells, sink| {
            let mut open = sink.record(line);
            let excerpt = || cells.excerpt().into_bytes();
            let opened_at = cells.get(&["opened_at"]).and_then(|text| parse_stamp(text, zone));
            let (Some(incident_id), Some(opened_at)) = (cells.get(&["incident_id"]), opened_at) else {
                return open.reject("incident_id and opened_at (RFC 3339) are both needed", &excerpt());
            };
            let resolved_at = cells.get(&["resolved_at"]).map(|text| parse_stamp(text, zone));
            if resolved_at == Some(None) {
                // Without its end the incident would cover more than it says.
                return open.reject("resolved_at is not a time; write RFC 3339, or leave it empty", &excerpt());
            }
            let state = cells.get(&["state"]).map(|state| state.to_lowercase().replace([' ', '-'], "_"));
            if state.as_ref().is_some_and(|state| !known.contains(&state.as_str())) {
                let reason = format!("state is none of {}; leave it empty where it is not known", known.join(", "));
                return open.reject(&reason, &excerpt());
            }
            let incident = Incident {
                incident_id,
                state: state.as_deref(),
                title: cells.get(&["title"]),
                priority: cells.get(&["priority"]),
                opened_by: cells.get(&["opened_by"]),
                assigned_to: cells.get(&["assigned_to"]),
                opened_at: Some(opened_at),
                resolved_at: resolved_at.flatten(),
                target: None,
            };
            let names = cells.get(&["target"]).unwrap_or_default().split(';').map(|name| reading.config.host(name));
            let mut targets = names.filter(|name| !name.is_empty()).peekable();
            if targets.peek().is_none() {
                open.fact(incident);
            } else {
                for target in targets {
                    open.fact(Incident { target: Some(&target), ..incident });
                }
            }
        });
    }
}
