//! osquery's results log: differential lines (`columns`, `action`), batches (`diffResults`) and snapshots (`snapshot`).
//!
//! Source: osquery's `osquery/core/query.cpp` (the shapes, and when a counter is 0), `osquery/dispatcher/scheduler.cpp` and
//! `docs/wiki/deployment/logging.md`; `osquery/events/linux/inotify.cpp` for the actions of `file_events`.
//!
//! A counter of 0 marks the first run of a query, whose rows existed already and are no changes. Rows of event tables are
//! events whatever the counter: their first batch may have the counter 0 as well. Rows are logged only where something
//! differs, so the log does not show when a query ran before, and no scan is made of it: a scan too far back would let old
//! work explain a new change. Queries that list activity and no state are left out. What `osqueryi` prints (bare rows,
//! without host, time and query) is not recognised: nothing could be known from it.

use super::json_records::{each_object, json_framing};
use super::lazy::{Json, Members};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{ALARMS, Alarm, LOG_ACTIVITY, Micros, Table};

/// osquery's results log.
pub(super) struct OsqueryResults;

/// Characters of a row that name what changed, at most.
const MOST: usize = 400;

impl Format for OsqueryResults {
    fn name(&self) -> &'static str {
        "osquery-results"
    }

    fn about(&self) -> &'static str {
        "osquery results log: differential lines, batches and snapshots; file events become alarms"
    }

    fn recognised_by(&self) -> &'static str {
        "results with unixTime, calendarTime and columns, diffResults or snapshot"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&ALARMS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let has = |key: &str| text.contains(key);
        let rows = has("\"columns\"") || has("\"diffResults\"") || has("\"snapshot\"");
        let framing = json_framing(head)?;
        (rows && has("\"unixTime\"") && has("\"calendarTime\"")).then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_object(segment, sink, |number, bytes, result, sink| read_result(number, bytes, result, reading, sink));
        sink.limit(
            "runs-not-shown",
            None,
            "osquery logs only what differs: that a query ran and found nothing, or that none ran, is not shown",
        );
    }
}

fn read_result(number: u64, bytes: &[u8], result: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let Some(logged_at) = result.get("unixTime").and_then(Json::int).and_then(|seconds| Micros::from_parts(seconds, 0)) else {
        return sink.record(number).reject("no unixTime that is a time", bytes);
    };
    let name = host_name(result).or_else(|| reading.bound_host(sink).map(str::to_owned));
    let Some(name) = name else { return sink.record(number).reject(HOST_UNKNOWN, bytes) };
    let host = reading.config.host(&name);
    sink.active("alarm", &host, logged_at, number);
    if result.get("snapshot").is_some() {
        return sink.record(number).skip("a snapshot: the state of a host, and no change of it");
    }
    let query = result.filled("name").unwrap_or_default();
    let first_run = result.get("counter").map(|counter| counter.int() == Some(0));
    let mut rows: Vec<Result<Change, &'static str>> = Vec::new();
    if let Some(columns) = result.get("columns").and_then(Json::members) {
        rows.push(change(&columns, result.text("action").as_deref(), first_run));
    }
    let batch = result.get("diffResults").and_then(Json::members);
    for (action, list) in batch.iter().flat_map(Members::iter) {
        rows.extend(list.elements().iter().filter_map(Json::members).map(|columns| change(&columns, Some(action), first_run)));
    }
    let unread = rows.iter().find_map(|row| row.as_ref().err().copied());
    if rows.iter().all(Result::is_err) {
        return match unread {
            Some(MISTAKE) | None => sink.record(number).reject(MISTAKE, bytes),
            Some(reason) => sink.record(number).skip(reason),
        };
    }
    if rows.iter().flatten().any(|change| change.occurred_at.is_none()) {
        sink.limit(
            "scan-interval-unknown",
            Some(number),
            "a difference is dated by the run that found it; when the run before was is not in the log, so that only work open at that moment can explain it",
        );
    }
    let mut record = sink.record(number);
    for change in rows.iter().flatten() {
        record.fact(Alarm {
            occurred_at: change.occurred_at.unwrap_or(logged_at),
            host: &host,
            tool: "osquery",
            rule: Some(&change.detail.as_ref().map_or_else(|| query.to_string(), |detail| format!("{query}: {detail}"))),
            action: change.action,
            target: &change.target,
            severity: None,
            acknowledged_by: None,
            acknowledged_at: None,
            change_id: None,
        });
    }
}

/// The host: its identifier, or where that is a UUID, the name that a decoration gives it.
fn host_name(result: &Members<'_>) -> Option<String> {
    let decorations = result.get("decorations").and_then(Json::members);
    let decorated = || {
        let inside = decorations.as_ref().and_then(|all| all.filled("hostname").map(|name| name.into_owned()));
        inside.or_else(|| result.filled("hostname").map(|name| name.into_owned()))
    };
    match result.filled("hostIdentifier") {
        Some(name) if !is_uuid(&name) => Some(name.into_owned()),
        Some(uuid) => decorated().or_else(|| Some(uuid.into_owned())),
        None => decorated(),
    }
}

fn is_uuid(name: &str) -> bool {
    name.len() == 36 && name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') && name.matches('-').count() == 4
}

/// What one row reports.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    action: &'static str,
    target: String,
    detail: Option<String>,
    /// When an event happened; differences are dated by the run that found them.
    occurred_at: Option<Micros>,
}

const MISTAKE: &str = "a result without rows, or with an action that is neither added nor removed";

/// The change that a row reports, or why it reports none.
fn change(columns: &Members<'_>, action: Option<&str>, first_run: Option<bool>) -> Result<Change, &'static str> {
    if let (Some(target), Some(event)) = (columns.filled("target_path"), columns.filled("action")) {
        if action == Some("removed") {
            return Err("an event that left the table of events, which is no change");
        }
        let action = match event.as_ref() {
            "CREATED" => "added",
            "DELETED" | "MOVED_FROM" => "removed",
            "ACCESSED" | "OPENED" => return Err("a file was read, which changes nothing"),
            // MOVED_TO may replace a file: the event does not say.
            _ => "changed",
        };
        let category = columns.filled("category").map(|category| format!("{category} {event}"));
        let occurred_at = columns.get("time").and_then(Json::int).filter(|seconds| *seconds > 0);
        return Ok(Change {
            action,
            target: target.into_owned(),
            detail: Some(category.unwrap_or_else(|| event.into_owned())),
            occurred_at: occurred_at.and_then(|seconds| Micros::from_parts(seconds, 0)),
        });
    }
    if columns.get("cmdline").is_some() || columns.get("remote_address").is_some() {
        return Err("a process or a connection: activity, and no change of the host");
    }
    let action = match action {
        Some("added") if first_run == Some(true) => return Err("a row of a query's first run, which existed before"),
        Some("added") => "added",
        Some("removed") => "removed",
        _ => return Err(MISTAKE),
    };
    Ok(Change { action, target: row(columns), detail: None, occurred_at: None })
}

/// The filled columns of a row as one text.
fn row(columns: &Members<'_>) -> String {
    let cells: Vec<String> =
        columns.iter().filter_map(|(name, value)| value.filled().map(|value| format!("{name}={value}"))).collect();
    let text = cells.join(" ");
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(columns: &str, action: &str, counter: i64) -> Result<(&'static str, String), &'static str> {
        change(&Members::of(columns).expect("an object"), Some(action), Some(counter == 0))
            .map(|change| (change.action, change.target))
    }

    #[test]
    fn rows_of_a_first_run_are_no_changes_but_events_are() {
        assert!(said(r#"{"username":"ann"}"#, "added", 0).is_err());
        assert_eq!(said(r#"{"username":"ann","uid":1001}"#, "added", 4), Ok(("added", "username=ann uid=1001".to_owned())));
        assert_eq!(said(r#"{"username":"ann"}"#, "removed", 4), Ok(("removed", "username=ann".to_owned())));
        let event = r#"{"target_path":"/etc/passwd","action":"MOVED_TO","hashed":"-1","time":"1795335195"}"#;
        assert_eq!(said(event, "added", 0), Ok(("changed", "/etc/passwd".to_owned())));
        assert!(said(event, "removed", 5).is_err(), "an event that is forgotten happened no second time");
        assert!(said(r#"{"target_path":"/etc/passwd","action":"OPENED"}"#, "added", 1).is_err());
        assert!(said(r#"{"cmdline":"ls","pid":"1"}"#, "added", 1).is_err());
    }
}
