//! PuppetDB reports: the answer of `/pdb/query/v4/reports`, or reports as they are sent to PuppetDB (wire format).
//!
//! Source: PuppetDB's "Reports endpoint" and "Report wire format" references. Resources come as `resource_events`
//! (`{href, data}`) in answers and as `resources[].events[]` on the wire; events with `corrective_change` are drift. `data`
//! may be left out, so that the events are not known. A report of `type` plan is of what an operator ran once, not of the
//! agent's own interval.

use std::collections::BTreeSet;

use super::json_records::each_object;
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink, run_limits};
use crate::facts::{CONFIG_DRIFT, CONFIG_RUNS, ConfigDrift, ConfigRun, LOG_ACTIVITY, Table, parse_rfc3339};

/// PuppetDB reports.
pub(super) struct PuppetDbReports;

impl Format for PuppetDbReports {
    fn name(&self) -> &'static str {
        "puppetdb-reports"
    }

    fn about(&self) -> &'static str {
        "PuppetDB reports: query answer or wire format; corrective changes become drift"
    }

    fn recognised_by(&self) -> &'static str {
        "reports with certname and start_time or producer_timestamp"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CONFIG_RUNS, &CONFIG_DRIFT, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let framing = match head.first_byte()? {
            b'[' => Framing::JsonRecords { depth: 1 },
            b'{' => Framing::Whole,
            _ => return None,
        };
        (text.contains("\"certname\"") && (text.contains("\"start_time\"") || text.contains("\"producer_timestamp\"")))
            .then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_object(segment, sink, |number, bytes, report, sink| read_report(number, bytes, report, reading, sink));
    }
}

fn read_report(number: u64, bytes: &[u8], report: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    let Some(certname) = report.filled("certname") else { return record.reject("a report without certname", bytes) };
    let time = |field: &str| report.filled(field).and_then(|stamp| parse_rfc3339(&stamp));
    let Some(occurred_at) = time("start_time").or_else(|| time("producer_timestamp")) else {
        return record.reject("a report without start_time", bytes);
    };
    if report.text("type").as_deref() == Some("plan") {
        return record.skip("a report of a plan that was run once, not of the agent's own runs");
    }
    let host = reading.config.host(&certname);
    let events = events(report);
    name_limits(number, report, events.is_none(), record.sink());
    let status = report.text("status");
    record.sink().active("config", &host, occurred_at, number);
    record.fact(ConfigRun {
        occurred_at,
        host: &host,
        tool: "puppet",
        outcome: match status.as_deref() {
            Some("unchanged") => "unchanged",
            Some("changed") => "changed",
            _ => "failed",
        },
        noop: report.get("noop").and_then(|noop| noop.flag()),
        duration_s: time("end_time").map(|end| end.seconds_since(occurred_at)).filter(|span| *span >= 0.0),
        resources: metric(report, "total").or_else(|| listed(report)),
        changed: metric(report, "changed").or_else(|| events.as_ref().map(|events| resources_with(events, "success"))),
        failed: metric(report, "failed").or_else(|| events.as_ref().map(|events| resources_with(events, "failure"))),
        config_version: report.text("configuration_version").as_deref(),
    });
    for event in events.iter().flatten() {
        if event.get("corrective_change").and_then(|corrective| corrective.flag()) == Some(true) {
            let put_back_at = event.text("timestamp").and_then(|stamp| parse_rfc3339(&stamp)).unwrap_or(occurred_at);
            record.fact(ConfigDrift {
                occurred_at: put_back_at,
                host: &host,
                tool: "puppet",
                resource: &event.resource,
                property: event.text("property").as_deref(),
            });
        }
    }
}

/// Names what the report cannot tell.
fn name_limits(number: u64, report: &Members<'_>, events_unknown: bool, sink: &mut Sink<'_>) {
    let flag = |field: &str| report.get(field).and_then(|value| value.flag());
    if report.text("status").is_none() {
        sink.limit("status-unknown", Some(number), "some reports carry no status; they are taken as failed runs");
    }
    if events_unknown {
        let text = "some reports do not hold their events, or only the address of them; what those runs put back is not known";
        sink.limit("partial-list", Some(number), text);
    }
    if report.text("cached_catalog_status").as_deref() == Some("on_failure") {
        run_limits::cached_catalog(sink, number);
    }
    if flag("noop_pending") == Some(true) && flag("noop") != Some(true) {
        run_limits::partly_noop(sink, number);
    }
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

/// How many resources the report lists, where it lists any.
fn listed(report: &Members<'_>) -> Option<i64> {
    let list = data(report.get("resources")?)?;
    Some(count(elements(&list).len())).filter(|count| *count > 0)
}

/// How many resources had an event that ended in `status`.
fn resources_with(events: &[OwnedEvent], status: &str) -> i64 {
    let with = events.iter().filter(|event| event.text("status").as_deref() == Some(status));
    count(with.map(|event| event.resource.as_str()).collect::<BTreeSet<_>>().len())
}

/// A number of the report's own metrics on resources: `[{category, name, value}]`.
fn metric(report: &Members<'_>, name: &str) -> Option<i64> {
    let list = data(report.get("metrics")?)?;
    elements(&list).iter().find_map(|metric| {
        let metric = Members::of(metric).ok()?;
        let wanted = metric.text("category").as_deref() == Some("resources") && metric.text("name").as_deref() == Some(name);
        let value: f64 = wanted.then(|| metric.text("value")?.parse().ok()).flatten()?;
        #[expect(clippy::cast_possible_truncation, reason = "a count of resources, checked to be one")]
        (value.fract() == 0.0 && (0.0..1e12).contains(&value)).then_some(value as i64)
    })
}

/// The list that a field holds, in either form; nothing where only its address is given.
fn data(field: &Json<'_>) -> Option<String> {
    match field.members() {
        Some(members) => members.get("data").map(|data| data.raw().to_owned()).filter(|data| data.starts_with('[')),
        None => Some(field.raw().to_owned()).filter(|list| list.starts_with('[')),
    }
}

/// Events of either form, each as its members with type and title of its resource; nothing where the report does not hold
/// its events.
fn events(report: &Members<'_>) -> Option<Vec<OwnedEvent>> {
    let own = report.get("resource_events").map(data);
    let resources = report.get("resources").map(data);
    if [&own, &resources].iter().all(|list| !matches!(list, Some(Some(_)))) {
        return None;
    }
    let mut found = Vec::new();
    for list in own.flatten().iter() {
        found.extend(elements(list).iter().map(|event| OwnedEvent::of(event, None)));
    }
    for resource in resources.flatten().iter().flat_map(|list| elements(list)) {
        let inner = Members::of(&resource).ok().and_then(|members| members.get("events").map(|events| events.raw().to_owned()));
        found.extend(inner.iter().flat_map(|events| elements(events)).map(|event| OwnedEvent::of(&event, Some(&resource))));
    }
    Some(found)
}

fn elements(list: &str) -> Vec<String> {
    Json::borrowed(list).elements().iter().map(|value| value.raw().to_owned()).collect()
}

/// One event, with the resource it belongs to.
struct OwnedEvent {
    fields: Vec<(String, String)>,
    resource: String,
}

impl OwnedEvent {
    fn of(event: &str, resource: Option<&str>) -> Self {
        let fields = |text: &str| -> Vec<(String, String)> {
            Members::of(text)
                .map(|members| members.iter().map(|(key, value)| (key.to_owned(), value.raw().to_owned())).collect())
                .unwrap_or_default()
        };
        let own = fields(event);
        let outer = resource.map(fields).unwrap_or_default();
        let name = |key: &str| {
            let found = own.iter().chain(&outer).find(|(name, _)| name == key);
            found.and_then(|(_, raw)| super::lazy::unquote(raw).map(|text| text.into_owned())).unwrap_or_default()
        };
        let resource = format!("{}[{}]", name("resource_type"), name("resource_title"));
        Self { fields: own, resource }
    }

    fn get(&self, name: &str) -> Option<Json<'_>> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, raw)| Json::borrowed(raw))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.text().map(|text| text.into_owned())
    }
}
