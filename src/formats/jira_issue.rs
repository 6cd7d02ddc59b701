//! What an issue of Jira says as a change record, whatever it was exported as: its words and their times.
//!
//! Source: the Jira REST API reference (status categories `new`, `indeterminate`, `done`) and the change management
//! workflows of Jira Service Management. A category cannot tell Completed from Declined, so what a status says by itself
//! goes first.

use std::borrow::Cow;

use chrono::NaiveDateTime;
use chrono_tz::Tz;

use super::{Reading, Record, Sink};
use crate::config::{ChangeKind, ChangeState};
use crate::facts::{ChangeTarget, Micros, parse_rfc3339, parse_zoned};

/// The state of an issue: as the site says, else as the status says by itself, else by its category.
pub(super) fn state(
    status: Option<&str>,
    category: Option<&str>,
    number: u64,
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
) -> Option<Cow<'static, str>> {
    let status = status?.trim();
    if let Some(state) = reading.config.jira.states.get(status).or_else(|| state_by_itself(&status.to_lowercase())) {
        return Some(Cow::Borrowed(state.word()));
    }
    let state = match category.map(|category| category.trim().to_lowercase()).as_deref() {
        Some("new" | "to do") => ChangeState::Draft,
        Some("indeterminate" | "in progress") => ChangeState::InProgress,
        Some("done" | "complete") => ChangeState::Done,
        _ => {
            sink.limit(
                "status-unknown",
                Some(number),
                "some states have no status category and are kept as written; say what they stand for ([jira] states)",
            );
            return Some(Cow::Owned(status.to_lowercase()));
        }
    };
    sink.limit(
        "status-by-category",
        Some(number),
        "some states are known by their status category only, which cannot tell approved from awaiting approval, nor what \
         was carried out from what was dropped; say what they stand for ([jira] states)",
    );
    Some(Cow::Borrowed(state.word()))
}

/// States whose names leave no doubt. None of them says that a change was approved.
fn state_by_itself(status: &str) -> Option<ChangeState> {
    let waits = status.contains("approval") && (status.contains("waiting") || status.contains("pending"));
    Some(match status {
        "declined" | "rejected" => ChangeState::Rejected,
        "canceled" | "cancelled" | "withdrawn" => ChangeState::Cancelled,
        _ if waits => ChangeState::AwaitingApproval,
        _ => return None,
    })
}

/// The kind of an issue: as the site says, else by its own word; another one is kept, in lower case.
pub(super) fn kind(label: &str, number: u64, reading: &Reading<'_>, sink: &mut Sink<'_>) -> Cow<'static, str> {
    if let Some(kind) = reading.config.jira.kinds.get(label).or_else(|| ChangeKind::of(label)) {
        return Cow::Borrowed(kind.word());
    }
    sink.limit("kind-unknown", Some(number), "some kinds of change are kept as written; say what they stand for ([jira] kinds)");
    Cow::Owned(label.trim().to_lowercase())
}

/// Whether the site counts issues of this type as changes.
pub(super) fn is_change(issue_type: Option<&str>, reading: &Reading<'_>) -> bool {
    let types = &reading.config.jira.issue_types;
    types.is_empty()
        || issue_type.is_some_and(|found| types.iter().any(|name| name.trim().to_lowercase() == found.trim().to_lowercase()))
}

/// Why an issue that the site does not count is left out.
pub(super) const OTHER_TYPE: &str = "an issue of a type that is no change ([jira] issue_types)";

/// Gives one thing that the change may touch.
pub(super) fn target(change_id: &str, name: &str, reading: &Reading<'_>, open: &mut Record<'_, '_>) {
    let target = reading.config.host(name.trim());
    if !target.is_empty() {
        open.fact(ChangeTarget { change_id, target: &target });
    }
}

/// Forms of times that name their month, so that day and month cannot be taken for each other.
const LOCAL: [&str; 4] = ["%d/%b/%y %I:%M %p", "%d/%b/%Y %I:%M %p", "%d/%b/%y %H:%M", "%d/%b/%Y %H:%M"];

/// A time of an issue. With an offset it is what it says; without one it is in the zone of whoever exported.
pub(super) fn time(text: &str, number: u64, reading: &Reading<'_>, sink: &mut Sink<'_>) -> Result<Micros, String> {
    let text = text.trim();
    if let Some(instant) = parse_rfc3339(text) {
        return Ok(instant);
    }
    let named = LOCAL.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let plain = match named {
        Some(named) => named.format("%Y-%m-%d %H:%M:%S").to_string(),
        // Without seconds, as Jira writes them in ISO order.
        None if text.len() == "2026-06-29 19:45".len() => format!("{text}:00"),
        None => text.to_owned(),
    };
    let instant = parse_zoned(&plain, reading.zone.unwrap_or(Tz::UTC)).map(|(instant, _)| instant);
    let Some(instant) = instant else {
        return Err(format!(
            "`{text}` is not a time that can be read without the locale of whoever exported; export with English month names \
             (29/Jun/26 7:45 PM) or as JSON"
        ));
    };
    if reading.zone.is_none() {
        sink.limit(
            "zone-unknown",
            Some(number),
            "times are in the zone of whoever exported; name it ([[bind]] time_zone), or they are read as UTC",
        );
    }
    Ok(instant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::period::Period;

    fn read<T>(zone: Option<Tz>, config: &str, read: impl FnOnce(&Reading<'_>, &mut Sink<'_>) -> T) -> (T, Vec<&'static str>) {
        let config = Config::parse("steadfast.toml", config).expect("a configuration");
        let period = Period::parse("2026-Q3", Tz::UTC).expect("a period");
        let reading =
            Reading { source: "x", host: None, collected_at: None, zone, period: &period, config: &config, mapping: None };
        let mut sink = Sink::new("x");
        let found = read(&reading, &mut sink);
        (found, sink.finish().limits.into_iter().map(|limit| limit.code).collect())
    }

    #[test]
    fn times_of_people_need_a_zone_and_never_a_guess() {
        let iso = |text: &str, zone| {
            let (found, limits) = read(zone, "", |reading, sink| time(text, 1, reading, sink));
            (found.ok().map(Micros::iso), limits)
        };
        let at = |text: &str| Some(text.to_owned());
        assert_eq!(iso("29/Jun/26 7:45 PM", None), (at("2026-06-29T19:45:00Z"), vec!["zone-unknown"]));
        assert_eq!(iso("29/Jun/26 7:45 PM", Some(chrono_tz::America::Chicago)), (at("2026-06-30T00:45:00Z"), vec![]));
        assert_eq!(iso("2026-06-29 19:45", None), (at("2026-06-29T19:45:00Z"), vec!["zone-unknown"]));
        assert_eq!(iso("2026-06-29T19:45:00.000-0600", None), (at("2026-06-30T01:45:00Z"), vec![]));
        for text in ["06/07/26 7:45 PM", "29/Okt/26 7:45 PM", "29.06.26 19:45", "yesterday", "99/Jan/26 1:00 AM"] {
            assert_eq!(iso(text, None).0, None, "{text}");
        }
    }

    #[test]
    fn a_status_says_more_than_its_category() {
        let word = |status: &str, category: Option<&str>, config: &str| {
            let (found, limits) = read(None, config, |reading, sink| state(Some(status), category, 1, reading, sink));
            (found.unwrap_or_default().into_owned(), limits)
        };
        assert_eq!(word("Declined", Some("done"), ""), ("rejected".to_owned(), vec![]));
        assert_eq!(word("Awaiting CAB approval", Some("indeterminate"), ""), ("awaiting_approval".to_owned(), vec![]));
        assert_eq!(word("Completed", Some("done"), ""), ("done".to_owned(), vec!["status-by-category"]));
        assert_eq!(word("Rolled back", None, ""), ("rolled back".to_owned(), vec!["status-unknown"]));
        let config = "[jira]\nstates = { \"awaiting implementation\" = \"approved\" }";
        assert_eq!(word("Awaiting implementation", Some("indeterminate"), config), ("approved".to_owned(), vec![]));
    }
}
