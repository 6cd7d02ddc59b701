//! Issues of Jira and Jira Service Management exported as CSV.
//!
//! Source: Atlassian's pages on exporting search results, and exported files: a header may stand there many times (labels,
//! comments, watchers), custom fields are `Custom field (Change start date)`, times are in the zone and the locale of
//! whoever exported (`29/Jun/26 7:45 PM`), and an export stops at 1,000 issues without a word. The column of approvals does
//! not say who decided what.

use super::export_csv::{Row, each_row, header};
use super::jira_issue::{OTHER_TYPE, is_change, kind, state, target, time};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{APPROVALS, Approval, CHANGE_TARGETS, CHANGES, Change, Table};

/// Issues after which an export stops.
const EXPORT_LIMIT: u64 = 1_000;

/// Jira issues as CSV.
pub(super) struct JiraCsv;

fn fits(columns: &[String]) -> bool {
    let has = |name: &str| columns.iter().any(|column| column == name);
    has("issue_key") && has("summary") && (has("status") || has("issue_type"))
}

impl Format for JiraCsv {
    fn name(&self) -> &'static str {
        "jira-csv"
    }

    fn about(&self) -> &'static str {
        "issues of Jira or Jira Service Management exported as CSV; it does not say who approved"
    }

    fn recognised_by(&self) -> &'static str {
        "a CSV header with Issue key, Summary and Status"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CHANGES, &APPROVALS, &CHANGE_TARGETS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        header(head, fits).map(|_| Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let issues = each_row(segment, sink, fits, |line, row, sink| read_issue(line, row, reading, sink));
        if issues == EXPORT_LIMIT {
            sink.limit("export-limit", None, "exactly 1,000 issues: the limit of an export; more may be missing");
        }
        if issues > 0 && reading.config.jira.approved_by.is_empty() {
            sink.limit(
                "approvals-not-exported",
                None,
                "a CSV of Jira does not say who approved a change; export JSON with expand=names, or name the site's own field \
                 ([jira] approved_by)",
            );
        }
    }
}

/// The cells of the configured fields: by their own header, or as custom fields.
fn cells<'r>(row: &Row<'r>, names: &[String]) -> Vec<&'r str> {
    names.iter().flat_map(|name| row.all(name).chain(row.all(&format!("Custom field ({})", name.trim())))).collect()
}

fn read_issue(line: u64, row: &Row<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut open = sink.record(line);
    let Some(change_id) = row.get("Issue key") else { return open.reject("a row without Issue key", &row.bytes()) };
    let config = &reading.config.jira;
    if !is_change(row.get("Issue Type"), reading) {
        return open.skip(OTHER_TYPE);
    }
    let mut wrong = None;
    let mut at = |cell: Option<&str>| match time(cell?, line, reading, open.sink()) {
        Ok(instant) => Some(instant),
        Err(reason) => {
            wrong = Some(reason);
            None
        }
    };
    let first = |names: &[String]| cells(row, names).into_iter().next();
    let (opened_at, closed_at, updated) = (at(row.get("Created")), at(row.get("Resolved")), at(row.get("Updated")));
    let (planned_start, planned_end) = (at(first(&config.start)), at(first(&config.end)));
    let (work_start, work_end) = (at(first(&config.work_start)), at(first(&config.work_end)));
    let approved_at = at(first(&config.approved_at));
    if let Some(reason) = wrong {
        return open.reject(&reason, &row.bytes());
    }
    if let Some(instant) = updated {
        open.sink().taken_at(instant);
    }
    let state = state(row.get("Status"), row.get("Status Category"), line, reading, open.sink());
    let kind = first(&config.kind).map(|label| kind(label, line, reading, open.sink()));
    open.fact(Change {
        change_id,
        kind: kind.as_deref(),
        state: state.as_deref(),
        title: row.get("Summary"),
        requested_by: row.get("Reporter"),
        assigned_to: row.get("Assignee"),
        opened_at,
        planned_start,
        planned_end,
        work_start,
        work_end,
        closed_at,
    });
    if let Some(approver) = first(&config.approved_by) {
        open.fact(Approval { change_id, approver: Some(approver), decision: "approved", decided_at: approved_at });
    }
    for name in cells(row, &config.targets) {
        target(change_id, name, reading, &mut open);
    }
}
