//! Incident records: why somebody may have to go where nobody goes.

use super::rows::fact_table;
use super::time::Micros;

fact_table! {
    /// One incident and one thing that it concerns; an incident that names none is one row without `target`.
    INCIDENTS ("incidents"): Incident<'a> {
        /// Number of the incident, for example `INC0010202`.
        incident_id: &'a str as Text,
        /// `new`, `in_progress`, `on_hold`, `resolved`, `closed` or `cancelled`.
        state: Option<&'a str> as Text,
        /// Short description.
        title: Option<&'a str> as Prose,
        /// The tool's own priority.
        priority: Option<&'a str> as Text,
        /// Who opened the record.
        opened_by: Option<&'a str> as Prose,
        /// Who works on it.
        assigned_to: Option<&'a str> as Prose,
        /// When the record was opened.
        opened_at: Option<Micros> as Time,
        /// When it was resolved; when it was closed, where the record knows no other end.
        resolved_at: Option<Micros> as Time,
        /// Host, group, service or other item, lower-cased and without the configured domains.
        target: Option<&'a str> as Text,
    }
    instant: |fact| fact.opened_at
}
