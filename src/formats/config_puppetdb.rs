//! PuppetDB reports: the answer of `/pdb/query/v4/reports`, or reports as they are sent to PuppetDB (wire format).
//!
//! Source: PuppetDB's "Reports endpoint" and "Report wire format" references. Resources come as `resource_events`
//! (`{href, data}`) in answers and as `resources[].events[]` on the wire; events with `corrective_change` are drift.

use super::json_records::each_object;
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
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
            .then_some(Recognition { because: "reports with certname and start_time or producer_timestamp", framing })
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
    let host = reading.config.host(&certname);
    let events = events(report);
    let statuses = |wanted: &str| events.iter().filter(|event| event.text("status").as_deref() == Some(wanted)).count();
    record.sink().active("config", &host, occurred_at, number);
    let status = report.text("status");
    if status.is_none() {
        record.sink().limit("status-unknown", Some(number), "some reports carry no status; they are taken as failed runs");
    }
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
        resources: report.get("resources").map(|resources| count(resources.elements().len())).filter(|count| *count > 0),
        changed: Some(count(statuses("success"))),
        failed: Some(count(statuses("failure"))),
        config_version: report.text("configuration_version").as_deref(),
    });
    for event in &events {
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

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

/// Events of either form, each as its members with type and title of its resource.
fn events(report: &Members<'_>) -> Vec<OwnedEvent> {
    let data = |field: &Json<'_>| match field.members() {
        Some(members) => members.get("data").map(|data| data.raw().to_owned()),
        None => Some(field.raw().to_owned()),
    };
    let mut found = Vec::new();
    if let Some(list) = report.get("resource_events").and_then(data) {
        found.extend(elements(&list).iter().map(|event| OwnedEvent::of(event, None)));
    }
    if let Some(list) = report.get("resources").and_then(data) {
        for resource in elements(&list) {
            let inner =
                Members::of(&resource).ok().and_then(|members| members.get("events").map(|events| events.raw().to_owned()));
            found.extend(inner.iter().flat_map(|events| elements(events)).map(|event| OwnedEvent::of(&event, Some(&resource))));
        }
    }
    found
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
