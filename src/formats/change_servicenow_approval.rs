//! ServiceNow Table API, `sysapproval_approver`: one record for each approver of a change.
//!
//! Source: the sysapproval_approver dictionary: `sysapproval` refers to the change, `approver` to the person, `state` is
//! the decision.

use super::servicenow_json::{each_record, framing};
use super::servicenow_record::read_approval;
use super::{Format, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{APPROVALS, Table};

/// ServiceNow approvals.
pub(super) struct ServiceNowApprovals;

impl Format for ServiceNowApprovals {
    fn name(&self) -> &'static str {
        "servicenow-approvals"
    }

    fn about(&self) -> &'static str {
        "ServiceNow Table API JSON of sysapproval_approver: who decided on a change, and when"
    }

    fn recognised_by(&self) -> &'static str {
        "a result of records with sysapproval, approver and state"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&APPROVALS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let framing = framing(head)?;
        ["\"sysapproval\"", "\"approver\"", "\"state\""]
            .iter()
            .all(|field| text.contains(field))
            .then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_record(segment, sink, |number, record, sink| read_approval(number, record, reading, sink));
    }
}
