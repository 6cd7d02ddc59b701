//! Goss results in JSON: services, ports, packages and files as they were found, whatever was expected of them. Host and,
//! before 0.4, time are not in the file and come from the path (`[[bind]]`).
//!
//! Source: Goss's `outputs/json.go`, `outputs/structured.go`, `resource/validate.go` (`TestResult`, results 0 to 3) and
//! `matchers/matchers.go`: since 0.4 the value is `matcher-result.actual` and there is a `start-time`; before, the value is
//! the one text of `found`. A resource with a name of its own has the id `key: name`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::host_and_time::{TIME_UNKNOWN, bound_time, host_of, instant_of};
use super::json_stream::{each_report, has_keys, nth_record};
use super::lazy::{Json, Members};
use super::login_rules::{Finding, NOT_LOGIN, SAYS_NOTHING, speaks_of_login};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, LoginPath, Table};

/// Goss results.
pub(super) struct Goss;

impl Format for Goss {
    fn name(&self) -> &'static str {
        "goss"
    }

    fn about(&self) -> &'static str {
        "Goss results in JSON: services, ports and packages as found (host from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "results with resource-type, resource-id and property"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        has_keys(head, &["results", "resource-type", "resource-id", "property"])
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        nth_record(document, number, |report| results(report).iter().map(|result| result.raw().to_owned()).collect())
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_report(segment, sink, |number, report, sink| read_report(number, report, reading, sink));
    }
}

/// The results of a report; one that has none counts as a record that says nothing.
fn results<'a>(report: &'a Members<'_>) -> Vec<Json<'a>> {
    let results = report.get("results").map(|list| list.elements()).unwrap_or_default();
    if results.is_empty() { vec![Json::borrowed("null")] } else { results }
}

fn read_report(number: &mut u64, report: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let results = results(report);
    let together: BTreeSet<Finding> =
        results.iter().filter_map(|result| result.members()).filter_map(|result| finding(&result, actual(&result)?)).collect();
    for result in &results {
        *number += 1;
        match result.members() {
            Some(members) => read_result(*number, result.raw(), &members, &together, reading, sink),
            None if result.raw() == "null" => sink.record(*number).skip("a report without results"),
            None => sink.record(*number).reject("a result that is no object", result.raw().as_bytes()),
        }
    }
}

fn read_result(
    number: u64,
    raw: &str,
    result: &Members<'_>,
    together: &BTreeSet<Finding>,
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
) {
    let actual = actual(result);
    // What the result is about does not depend on the value, which may be missing.
    let Some(login_path) = finding(result, actual.unwrap_or(false)).and_then(|finding| finding.login_path()) else {
        let words = ["resource-type", "resource-id", "property", "title"].map(|field| result.text(field).unwrap_or_default());
        return sink.record(number).skip(if speaks_of_login(&words.join(" ")) { SAYS_NOTHING } else { NOT_LOGIN });
    };
    let state = match actual {
        Some(actual) => finding(result, actual).and_then(|finding| finding.state(together)),
        None => Some("unknown"),
    };
    let Some(state) = state else { return sink.record(number).skip(SAYS_NOTHING) };
    let said = result.filled("start-time").and_then(|stamp| instant_of(&stamp, number, reading, sink));
    let Some(observed_at) = said.or_else(|| bound_time(reading, sink)) else {
        return sink.record(number).reject(TIME_UNKNOWN, raw.as_bytes());
    };
    let Some(host) = host_of(None, reading, sink) else { return sink.record(number).reject(HOST_UNKNOWN, raw.as_bytes()) };
    sink.taken_at(observed_at);
    let text = |field: &str| result.text(field).unwrap_or_default();
    let value = actual.map_or("not found out", |actual| if actual { "true" } else { "false" });
    let detail = format!("Goss: {} {}: {}: {value}", text("resource-type"), text("resource-id"), text("property"));
    sink.record(number).fact(LoginPath {
        subject_kind: "host",
        subject: &host,
        login_path,
        state,
        detail: Some(&detail),
        observed_at: Some(observed_at),
    });
}

/// The value that was found, where it is true or false and the test ran.
fn actual(result: &Members<'_>) -> Option<bool> {
    let failed_to_look = result.filled("err").is_some() || result.get("err").is_some_and(|error| error.members().is_some());
    let skipped = result.get("skipped").and_then(|skipped| skipped.flag()) == Some(true);
    let ran = matches!(result.get("result").and_then(|result| result.int()), Some(0 | 1));
    if failed_to_look || skipped || !ran {
        return None;
    }
    if let Some(matched) = result.get("matcher-result").and_then(|matched| matched.members()) {
        return matched.get("actual")?.flag();
    }
    match result.get("found")?.elements().as_slice() {
        [one] => one.flag(),
        _ => None,
    }
}

/// What a result says with the value `actual`.
fn finding(result: &Members<'_>, actual: bool) -> Option<Finding> {
    let id = result.text("resource-id")?;
    let name = id.rsplit_once(": ").map_or(id.as_ref(), |(_, name)| name).to_owned();
    let (kind, property): (Cow<'_, str>, Cow<'_, str>) = (result.text("resource-type")?, result.text("property")?);
    match (kind.as_ref(), property.as_ref()) {
        ("Service", "running") => Some(Finding::Running(name, actual)),
        ("Service", "enabled") => Some(Finding::Enabled(name, actual)),
        ("Package", "installed") | ("File", "exists") => Some(Finding::Installed(name, actual)),
        ("Port", "listening") => Some(Finding::Listening(name, actual)),
        _ => None,
    }
}
