//! Issues of Jira and Jira Service Management as JSON: the answer of a search (`/rest/api/*/search`, with `total`, or
//! `/rest/api/3/search/jql`, with `nextPageToken`), or one issue.
//!
//! Source: the Jira REST API reference and the Jira Service Management API reference (`approvals`). Sites give custom
//! fields their own ids; the map `names`, given for `expand=names`, tells them. Approvals are `{finalDecision, approvers
//! [{approver, approverDecision}], createdDate, completedDate}`. `completedDate` is the time of the last decision, so it can
//! make an earlier one look late, never early. People are called by `displayName`, which every user object has, so that an
//! approver who is also the reporter is seen to be.

use std::borrow::Cow;

use super::jira_issue::{OTHER_TYPE, is_change, kind, state, target, time};
use super::json_records::{document, element};
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Record, Segment, Sink};
use crate::facts::{APPROVALS, Approval, CHANGE_TARGETS, CHANGES, Change, Micros, Table, parse_rfc3339};

/// Jira issues.
pub(super) struct JiraSearch;

impl Format for JiraSearch {
    fn name(&self) -> &'static str {
        "jira-search"
    }

    fn about(&self) -> &'static str {
        "issues of Jira or Jira Service Management as JSON (search, or one issue), with approvals where expand=names tells them"
    }

    fn recognised_by(&self) -> &'static str {
        "issues with key and fields of Jira"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CHANGES, &APPROVALS, &CHANGE_TARGETS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let has = |key: &str| text.contains(key);
        // One issue alone is told by the addresses in it.
        (head.first_byte() == Some(b'{')
            && (has("\"issues\"") || has("/rest/api/"))
            && has("\"key\"")
            && has("\"fields\"")
            && (has("\"issuetype\"") || has("\"summary\"") || has("\"status\"")))
        .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        element(document, "issues", number).or_else(|| (number == 1).then(|| document.to_owned()))
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(page) = document(segment, sink) else { return };
        let ids = Ids::of(&page, reading);
        let Some(issues) = page.get("issues") else {
            return if page.get("fields").is_some() {
                read_issue(1, segment.bytes, &page, &ids, sink);
            } else {
                sink.record(1).reject("neither issues nor the fields of one", segment.bytes);
            };
        };
        let issues = issues.elements();
        let mut number = 0;
        for issue in &issues {
            number += 1;
            match issue.members() {
                Some(members) => read_issue(number, issue.raw().as_bytes(), &members, &ids, sink),
                None => sink.record(number).reject("an element that is no issue", issue.raw().as_bytes()),
            }
        }
        partial(&page, number, sink);
    }
}

/// Names the limit of a page that is not the whole answer.
fn partial(page: &Members<'_>, issues: u64, sink: &mut Sink<'_>) {
    let count = |key: &str| page.get(key).and_then(|number| number.int()).and_then(|number| u64::try_from(number).ok());
    let begins = count("startAt").unwrap_or(0);
    let more = page.get("isLast").and_then(|last| last.flag()) == Some(false)
        || page.filled("nextPageToken").is_some()
        || count("total").is_some_and(|total| total > begins + issues);
    if more || begins > 0 {
        sink.limit(
            "partial-list",
            None,
            format!(
                "the file is one page of a search, {issues} issues after the first {begins}{}; the others are elsewhere or missing",
                count("total").map(|total| format!(", of {total}")).unwrap_or_default()
            ),
        );
    }
}

/// Fields of the same name that are looked at; Jira lets a site have several.
const MOST_NAMESAKES: usize = 16;

/// Which fields hold what, in this file.
struct Ids<'d> {
    reading: &'d Reading<'d>,
    named: bool,
    start: Vec<String>,
    end: Vec<String>,
    work_start: Vec<String>,
    work_end: Vec<String>,
    kind: Vec<String>,
    approvals: Vec<String>,
    approved_by: Vec<String>,
    approved_at: Vec<String>,
    targets: Vec<String>,
}

impl<'d> Ids<'d> {
    /// The ids that the configured names mean, in their order: a name may be an id, or what `names` calls one.
    fn of(page: &Members<'_>, reading: &'d Reading<'d>) -> Self {
        let names = page.get("names").and_then(|names| names.members());
        let ids = |wanted: &[String]| {
            let mut ids = Vec::new();
            for name in wanted {
                let namesakes = names
                    .iter()
                    .flat_map(|names| names.iter())
                    .filter(|(_, shown)| shown.text().is_some_and(|shown| shown.trim().eq_ignore_ascii_case(name.trim())));
                ids.push(name.clone());
                ids.extend(namesakes.map(|(id, _)| id.to_owned()).filter(|id| id != name).take(MOST_NAMESAKES));
            }
            ids
        };
        let config = &reading.config.jira;
        Self {
            reading,
            named: names.is_some(),
            start: ids(&config.start),
            end: ids(&config.end),
            work_start: ids(&config.work_start),
            work_end: ids(&config.work_end),
            kind: ids(&config.kind),
            approvals: ids(&config.approvals),
            approved_by: ids(&config.approved_by),
            approved_at: ids(&config.approved_at),
            targets: ids(&config.targets),
        }
    }
}

/// The fields of an issue that are there, of those asked for.
fn fields_of<'i>(ids: &[String], fields: &'i Members<'i>) -> Vec<&'i Json<'i>> {
    ids.iter().filter_map(|id| fields.get(id)).collect()
}

fn first(ids: &[String], fields: &Members<'_>) -> Option<String> {
    fields_of(ids, fields).into_iter().find_map(|field| texts(field).into_iter().next())
}

/// What a value shows, or what the elements of a list show. Lists in lists show nothing.
fn texts(field: &Json<'_>) -> Vec<String> {
    shown(field).map_or_else(|| field.elements().iter().filter_map(shown).collect(), |text| vec![text])
}

/// A text as it is; an option by its value, a user or a component by its name.
fn shown(field: &Json<'_>) -> Option<String> {
    if let Some(text) = field.filled() {
        return Some(text.into_owned());
    }
    let members = field.members()?;
    ["displayName", "value", "name", "label"].iter().find_map(|key| members.filled(key)).map(Cow::into_owned)
}

fn read_issue(number: u64, bytes: &[u8], issue: &Members<'_>, ids: &Ids<'_>, sink: &mut Sink<'_>) {
    let mut open = sink.record(number);
    let (Some(change_id), Some(fields)) = (issue.filled("key"), issue.get("fields").and_then(|fields| fields.members())) else {
        return open.reject("an issue without key or fields", bytes);
    };
    let reading = ids.reading;
    let named = |field: &str| fields.get(field).and_then(|field| texts(field).into_iter().next());
    if !is_change(named("issuetype").as_deref(), reading) {
        return open.skip(OTHER_TYPE);
    }
    let mut wrong = None;
    let mut at = |field: Option<String>| match time(&field?, number, reading, open.sink()) {
        Ok(instant) => Some(instant),
        Err(reason) => {
            wrong = Some(reason);
            None
        }
    };
    let (opened_at, closed_at, updated) = (at(named("created")), at(named("resolutiondate")), at(named("updated")));
    let (planned_start, planned_end) = (at(first(&ids.start, &fields)), at(first(&ids.end, &fields)));
    let (work_start, work_end) = (at(first(&ids.work_start, &fields)), at(first(&ids.work_end, &fields)));
    let approved_at = at(first(&ids.approved_at, &fields));
    if let Some(reason) = wrong {
        return open.reject(&reason, bytes);
    }
    if let Some(instant) = updated {
        open.sink().taken_at(instant);
    }
    if !ids.named && fields_of(&ids.start, &fields).is_empty() {
        open.sink().limit(
            "field-names-missing",
            Some(number),
            "the file does not tell which custom fields hold windows and approvals: search with expand=names, or name the ids \
             ([jira] start, end, approvals)",
        );
    }
    let status = fields.get("status").and_then(|status| status.members());
    let category =
        status.as_ref().and_then(|status| status.get("statusCategory")?.members()?.text("key").map(|key| key.into_owned()));
    let state = state(named("status").as_deref(), category.as_deref(), number, reading, open.sink());
    let kind = first(&ids.kind, &fields).map(|label| kind(&label, number, reading, open.sink()));
    open.fact(Change {
        change_id: &change_id,
        kind: kind.as_deref(),
        state: state.as_deref(),
        title: named("summary").as_deref(),
        requested_by: named("reporter").as_deref(),
        assigned_to: named("assignee").as_deref(),
        opened_at,
        planned_start,
        planned_end,
        work_start,
        work_end,
        closed_at,
    });
    if let Some(approver) = first(&ids.approved_by, &fields) {
        open.fact(Approval { change_id: &change_id, approver: Some(&approver), decision: "approved", decided_at: approved_at });
    }
    let approvals: Vec<Json<'_>> = fields_of(&ids.approvals, &fields).into_iter().flat_map(Json::elements).collect();
    approve(&change_id, &approvals, number, &mut open);
    targets(&change_id, &fields_of(&ids.targets, &fields), number, reading, &mut open);
}

/// Gives every decision of the approvals. While one approval of the issue is pending, the issue as a whole is not
/// approved, and a yes that was already given is given as `requested`.
fn approve(change_id: &str, approvals: &[Json<'_>], number: u64, open: &mut Record<'_, '_>) {
    let approvals: Vec<Members<'_>> = approvals.iter().filter_map(Json::members).collect();
    let pending = approvals.iter().any(|approval| decision(approval.text("finalDecision").as_deref()) == "requested");
    for approval in &approvals {
        let last = approval.text("finalDecision");
        let last = decision(last.as_deref());
        let completed = approval.get("completedDate").and_then(instant);
        let mut said = false;
        for entry in approval.get("approvers").map(Json::elements).unwrap_or_default() {
            let Some(entry) = entry.members() else { continue };
            let approver = entry.get("approver").and_then(|approver| texts(approver).into_iter().next());
            let given = decision(entry.text("approverDecision").as_deref());
            let held = pending && given == "approved";
            if held {
                open.sink().limit(
                    "approval-incomplete",
                    Some(number),
                    "some issues wait for a further approval; what was already approved is given as requested, not as approved",
                );
            }
            let decision = if held { "requested" } else { given };
            said |= given == last;
            let decided_at = completed.filter(|_| decision != "requested");
            open.fact(Approval { change_id, approver: approver.as_deref(), decision, decided_at });
        }
        if !said {
            // Decided by somebody who is not listed, or by nobody.
            let decision = if pending && last == "approved" { "requested" } else { last };
            open.fact(Approval {
                change_id,
                approver: None,
                decision,
                decided_at: completed.filter(|_| decision != "requested"),
            });
        }
    }
}

fn decision(word: Option<&str>) -> &'static str {
    match word {
        Some("approved" | "approve") => "approved",
        Some("declined" | "decline") => "rejected",
        _ => "requested",
    }
}

/// A date of Jira Service Management: `{epochMillis, iso8601, …}` or a text.
fn instant(date: &Json<'_>) -> Option<Micros> {
    if let Some(text) = date.filled() {
        return parse_rfc3339(&text);
    }
    let date = date.members()?;
    let millis = date.get("epochMillis").and_then(|millis| millis.int()).and_then(Micros::from_millis);
    millis.or_else(|| parse_rfc3339(&date.text("iso8601")?))
}

/// Gives what the issue may touch; what is given by id alone is a limit.
fn targets(change_id: &str, fields: &[&Json<'_>], number: u64, reading: &Reading<'_>, open: &mut Record<'_, '_>) {
    for field in fields {
        let names = texts(field);
        if names.len() < field.elements().len() {
            open.sink().limit(
                "reference-unnamed",
                Some(number),
                "some affected services are given by id only, which matches no name elsewhere; name them in a field of their own \
                 ([jira] targets)",
            );
        }
        for name in names {
            target(change_id, &name, reading, open);
        }
    }
}
