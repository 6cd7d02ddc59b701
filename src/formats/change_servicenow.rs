//! ServiceNow change requests as JSON: Table API (raw, display or all values), `/api/sn_chg_rest/change`, list export.
//!
//! Source: the Table API and Change Management API references and the change_request dictionary; shapes in
//! `servicenow_json.rs`, meaning in `servicenow_record.rs`.

use super::servicenow_json::{each_record, framing};
use super::servicenow_record::read_change;
use super::{Format, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{APPROVALS, CHANGE_TARGETS, CHANGES, Table};

/// ServiceNow change requests.
pub(super) struct ServiceNowChanges;

impl Format for ServiceNowChanges {
    fn name(&self) -> &'static str {
        "servicenow-changes"
    }

    fn about(&self) -> &'static str {
        "ServiceNow change_request as JSON: Table API (raw, display or all values), sn_chg_rest, list export"
    }

    fn recognised_by(&self) -> &'static str {
        "a result of records with number, sys_id, state and start_date"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CHANGES, &APPROVALS, &CHANGE_TARGETS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let fields = ["\"number\"", "\"sys_id\"", "\"state\""].iter().all(|field| text.contains(field));
        let framing = framing(head)?;
        (fields && !text.contains("\"sysapproval\"") && (text.contains("\"start_date\"") || text.contains("\"change_request\"")))
            .then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_record(segment, sink, |number, record, sink| read_change(number, record, reading, sink));
    }
}
