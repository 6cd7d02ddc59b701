//! Change records, the decisions on them and what they may touch.

use super::rows::fact_table;
use super::time::Micros;

fact_table! {
    /// One change record.
    CHANGES ("changes"): Change<'a> {
        /// Number of the change, for example `CHG0030412`.
        change_id: &'a str as Text,
        /// `standard`, `normal` or `emergency`.
        kind: Option<&'a str> as Text,
        /// `draft`, `awaiting_approval`, `approved`, `in_progress`, `done`, `cancelled` or `rejected`.
        state: Option<&'a str> as Text,
        /// Short description.
        title: Option<&'a str> as Prose,
        /// Who asked for it.
        requested_by: Option<&'a str> as Prose,
        /// Who carries it out.
        assigned_to: Option<&'a str> as Prose,
        /// When the record was opened.
        opened_at: Option<Micros> as Time,
        /// Planned start of the window.
        planned_start: Option<Micros> as Time,
        /// Planned end of the window.
        planned_end: Option<Micros> as Time,
        /// When work began.
        work_start: Option<Micros> as Time,
        /// When work ended.
        work_end: Option<Micros> as Time,
        /// When the record was closed.
        closed_at: Option<Micros> as Time,
    }
    instant: |fact| fact.planned_start.or(fact.opened_at)
}

fact_table! {
    /// One decision on a change.
    APPROVALS ("approvals"): Approval<'a> {
        /// Number of the change.
        change_id: &'a str as Text,
        /// Who decided.
        approver: Option<&'a str> as Prose,
        /// `approved`, `rejected`, `requested`, `not_requested` or `cancelled`.
        decision: &'a str as Text,
        /// When, if the record says so.
        decided_at: Option<Micros> as Time,
    }
    instant: |fact| fact.decided_at
}

fact_table! {
    /// One thing that a change may touch.
    CHANGE_TARGETS ("change_targets"): ChangeTarget<'a> {
        /// Number of the change.
        change_id: &'a str as Text,
        /// Host, group, service or image, lower-cased and without the configured domains.
        target: &'a str as Text,
    }
    instant: |_| None
}
