//! ServiceNow Table API, `task_ci`: the configuration items that a change affects beside the one on its form.
//!
//! Source: the Table API reference, and integrations that write the table: a record joins `task` (the change) and
//! `ci_item` (the item), both references.

use super::servicenow_json::{each_record, framing};
use super::servicenow_record::read_affected_item;
use super::{Format, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{CHANGE_TARGETS, Table};

/// Affected items of ServiceNow changes.
pub(super) struct ServiceNowAffectedItems;

impl Format for ServiceNowAffectedItems {
    fn name(&self) -> &'static str {
        "servicenow-affected-cis"
    }

    fn about(&self) -> &'static str {
        "ServiceNow Table API JSON of task_ci: further items that a change affects"
    }

    fn recognised_by(&self) -> &'static str {
        "a result of records with task and ci_item"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CHANGE_TARGETS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let framing = framing(head)?;
        (text.contains("\"ci_item") && text.contains("\"task")).then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_record(segment, sink, |number, record, sink| read_affected_item(number, record, reading, sink));
    }
}
