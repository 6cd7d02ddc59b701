//! Approvals of GitLab merge requests (`/projects/:id/merge_requests/:iid/approvals`), one document a request, or lines or
//! a list of such documents.
//!
//! Source: GitLab's "Merge request approvals API" reference. The document names its project by number only, and GitLab Free
//! leaves even that and the `iid` out. `approved: true` stands there too where nobody has to approve; only `approved_by` is
//! a decision. Newer GitLab gives `approved_at`; without it nothing tells when. No commit is named.

use super::change_gitlab::configured;
use super::code_review::{by_machine, change_id, incomplete, person, time};
use super::json_records::{each_object, json_framing};
use super::lazy::{Json, Members};
use super::{Format, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{APPROVALS, Approval, Table};

/// GitLab approvals.
pub(super) struct GitLabApprovals;

impl Format for GitLabApprovals {
    fn name(&self) -> &'static str {
        "gitlab-approvals"
    }

    fn about(&self) -> &'static str {
        "approvals of GitLab merge requests, REST API"
    }

    fn recognised_by(&self) -> &'static str {
        "approved_by with approvals_left or user_has_approved"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&APPROVALS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let framing = json_framing(head)?;
        let text = head.text();
        let has = |key: &str| text.contains(key);
        let approvals = has("\"approvals_left\"") || has("\"approvals_required\"") || has("\"user_has_approved\"");
        (has("\"approved_by\"") && approvals && !has("\"target_branch\""))
            .then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_object(segment, sink, |number, bytes, approvals, sink| read_approvals(number, bytes, approvals, reading, sink));
    }
}

fn read_approvals(number: u64, bytes: &[u8], approvals: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut open = sink.record(number);
    let Some(iid) = approvals.get("iid").and_then(|iid| iid.int()) else {
        return open.reject("approvals that do not name their merge request (GitLab Free leaves iid out)", bytes);
    };
    let entries = approvals.get("approved_by").map(Json::elements).unwrap_or_default();
    let mut given = Vec::new();
    for entry in &entries {
        let Some(entry) = entry.members() else { continue };
        match time(&entry, "approved_at") {
            Ok(instant) => given.push((person(&entry, "user"), instant)),
            Err(reason) => return open.reject(&reason, bytes),
        }
    }
    let config = &reading.config.gitlab;
    let change_id = change_id(configured(approvals, reading), config.repository.as_ref(), '!', iid, number, open.sink());
    let count = |key: &str| approvals.get(key).and_then(|count| count.int()).unwrap_or(0);
    let missing = count("approvals_left") > 0;
    if given.is_empty() {
        let decision = if missing || count("approvals_required") > 0 { "requested" } else { "not_requested" };
        return open.fact(Approval { change_id: &change_id, approver: None, decision, decided_at: None });
    }
    if missing {
        incomplete(number, open.sink());
    } else {
        open.sink().limit(
            "head-unknown",
            Some(number),
            "approvals of GitLab do not name the commit that they saw; commits pushed after them do not show, unless the project \
             removes approvals when commits are added",
        );
    }
    for (approver, decided_at) in given {
        if decided_at.is_none() && !missing {
            open.sink().limit(
                "approval-time-unknown",
                Some(number),
                "some approvals do not say when they were given, so that one given after the work looks like one given before it",
            );
        }
        let decision = if missing { "requested" } else { "approved" };
        by_machine(approver.as_deref(), number, open.sink());
        open.fact(Approval {
            change_id: &change_id,
            approver: approver.as_deref(),
            decision,
            decided_at: decided_at.filter(|_| !missing),
        });
    }
}
