//! ServiceNow Table API, `sysapproval_approver`: one record for each approver of a change.
//!
//! Source: the sysapproval_approver dictionary: `sysapproval` refers to the change, `approver` to the person, `state` is
//! the decision. The time of a decision is `sys_updated_on`, which later edits of the record move: so it can only make
//! an approval look late, never early.

use chrono_tz::Tz;

use super::change_servicenow::{ZONE_UNKNOWN, each_record, name, result_framing, time};
use super::{Format, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{APPROVALS, Approval, Table};

/// ServiceNow approvals.
pub(super) struct ServiceNowApprovals;

impl Format for ServiceNowApprovals {
    fn name(&self) -> &'static str {
        "servicenow-approvals"
    }

    fn about(&self) -> &'static str {
        "ServiceNow Table API JSON of sysapproval_approver: who decided on a change, and when"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&APPROVALS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let framing = result_framing(head)?;
        ["\"sysapproval\"", "\"approver\"", "\"state\""]
            .iter()
            .all(|field| text.contains(field))
            .then_some(Recognition { because: "a result of records with sysapproval, approver and state", framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_record(segment, sink, |number, bytes, record, sink| {
            let mut open = sink.record(number);
            let change = name(record, "sysapproval", &["number"]);
            let state = name(record, "state", &[]);
            let (Some(change), Some(state)) = (change, state) else {
                return open.reject("a record without sysapproval or state", bytes);
            };
            let decision = state.to_lowercase().replace(' ', "_");
            // Raw states are lower case (`approved`); display values are labels, and their times are in a zone of their own.
            let shown = state.chars().next().is_some_and(char::is_uppercase)
                && record.get("state").is_some_and(|state| state.members().is_none());
            if shown && reading.zone.is_none() {
                open.sink().limit("zone-unknown", Some(number), ZONE_UNKNOWN);
            }
            let zone = if shown { reading.zone.unwrap_or(Tz::UTC) } else { Tz::UTC };
            let decided_at = match time(record, "sys_updated_on", zone) {
                Ok(instant) => instant,
                Err(reason) => return open.reject(&reason, bytes),
            };
            if decision == "not_required" || decision == "no_longer_required" {
                return open.skip("an approval that was no longer needed");
            }
            open.fact(Approval {
                change_id: &change,
                approver: name(record, "approver", &["user_name"]).as_deref(),
                decision: &decision,
                decided_at: decided_at.filter(|_| matches!(decision.as_str(), "approved" | "rejected" | "cancelled")),
            });
        });
    }
}
