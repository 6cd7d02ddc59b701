//! Puppet's own report in YAML (`last_run_report.yaml`, stored reports), with its `!ruby/object` tag.
//!
//! Source: Puppet's `lib/puppet/transaction/report.rb` (`to_data_hash`, `compute_status`) and the report format reference.
//! A failed compile leaves the old file in place, so the run counts at the time that the report itself says. A dry run is
//! `unchanged` with `noop`, which the column `noop` keeps apart. Puppet 2.6 writes tags on every object, anchors, stamps
//! with blanks, and no status.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink, run_limits};
use crate::facts::{CONFIG_DRIFT, CONFIG_RUNS, ConfigDrift, ConfigRun, LOG_ACTIVITY, Micros, Table, parse_rfc3339};

/// Puppet's report in YAML.
pub(super) struct PuppetReport;

#[derive(Deserialize)]
struct Report {
    host: String,
    time: String,
    status: Option<String>,
    noop: Option<bool>,
    noop_pending: Option<bool>,
    transaction_completed: Option<bool>,
    cached_catalog_status: Option<String>,
    configuration_version: Option<String>,
    report_format: Option<u32>,
    corrective_change: Option<bool>,
    #[serde(default)]
    resource_statuses: Option<BTreeMap<String, Resource>>,
}

#[derive(Deserialize)]
struct Resource {
    resource: Option<Spanned<String>>,
    changed: Option<bool>,
    failed: Option<bool>,
    #[serde(default)]
    events: Option<Vec<Event>>,
}

#[derive(Deserialize)]
struct Event {
    property: Option<String>,
    status: Option<String>,
    time: Option<String>,
    corrective_change: Option<bool>,
}

impl Format for PuppetReport {
    fn name(&self) -> &'static str {
        "puppet-report"
    }

    fn about(&self) -> &'static str {
        "Puppet agent report in YAML (last_run_report.yaml and stored reports)"
    }

    fn recognised_by(&self) -> &'static str {
        "YAML of a Puppet::Transaction::Report"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CONFIG_RUNS, &CONFIG_DRIFT, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        (text.contains("!ruby/object:Puppet::Transaction::Report")
            || (text.contains("\nreport_format:") && text.contains("\npuppet_version:")))
        .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = match segment.text() {
            Ok(text) => text,
            Err(line) => return sink.record(line).reject("byte that is not UTF-8", segment.bytes),
        };
        let options = serde_saphyr::options! { budget: serde_saphyr::budget! { max_nodes: 200_000, max_aliases: 1_000 } };
        let report: Report = match serde_saphyr::from_str_with_options(text, options) {
            Ok(report) => report,
            Err(error) => {
                let line = error.location().map_or(1, |location| location.line());
                let reason = format!("damaged or torn YAML ({})", super::lazy::first_line(&error.to_string()));
                return sink.record(line).reject(&reason, segment.bytes);
            }
        };
        let Some(occurred_at) = parse_rfc3339(&report.time) else {
            return sink.record(1).reject("time is not an RFC 3339 stamp", segment.bytes);
        };
        // A report that was cut may still be YAML. Since format 6 `corrective_change` stands behind the resources.
        if report.resource_statuses.is_none()
            || (report.report_format.is_some_and(|version| version >= 6) && report.corrective_change.is_none())
        {
            return sink.record(1).reject("torn: the report ends before its last keys", segment.bytes);
        }
        give(&report, occurred_at, reading, sink);
    }
}

/// The run and its drift as facts of one record.
fn give(report: &Report, occurred_at: Micros, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let host = reading.config.host(&report.host);
    let resources = || report.resource_statuses.iter().flatten();
    let count = |wanted: fn(&Resource) -> bool| i64::try_from(resources().filter(|(_, resource)| wanted(resource)).count()).ok();
    if report.cached_catalog_status.as_deref() == Some("on_failure") {
        run_limits::cached_catalog(sink, 1);
    }
    if report.noop_pending == Some(true) && report.noop != Some(true) {
        run_limits::partly_noop(sink, 1);
    }
    let outcome = outcome(report, sink);
    sink.active("config", &host, occurred_at, 1);
    sink.taken_at(occurred_at);
    let mut record = sink.record(1);
    record.fact(ConfigRun {
        occurred_at,
        host: &host,
        tool: "puppet",
        outcome,
        noop: report.noop,
        duration_s: None,
        resources: i64::try_from(resources().count()).ok(),
        changed: count(|resource| resource.changed == Some(true)),
        failed: count(|resource| resource.failed == Some(true)),
        config_version: report.configuration_version.as_deref(),
    });
    for (name, resource) in resources() {
        let line = resource.resource.as_ref().map_or(1, |named| named.referenced.line());
        for event in resource.events.iter().flatten().filter(|event| event.corrective_change == Some(true)) {
            let put_back_at = event.time.as_deref().and_then(parse_rfc3339).unwrap_or(occurred_at);
            record.fact_at(
                line,
                ConfigDrift {
                    occurred_at: put_back_at,
                    host: &host,
                    tool: "puppet",
                    resource: name,
                    property: event.property.as_deref(),
                },
            );
        }
    }
}

/// How the run ended. Reports older than `status` are judged as Puppet has done since: by their resources.
fn outcome(report: &Report, sink: &mut Sink<'_>) -> &'static str {
    match report.status.as_deref() {
        _ if report.transaction_completed == Some(false) => return "failed",
        Some("unchanged") => return "unchanged",
        Some("changed") => return "changed",
        Some(_) => return "failed",
        None => {}
    }
    sink.limit("status-unknown", Some(1), "the report carries no status; its outcome is worked out from its resources");
    let resources = report.resource_statuses.iter().flat_map(BTreeMap::values);
    let (mut any, mut changed) = (false, false);
    for resource in resources {
        if resource.failed == Some(true) || resource.had("failure") {
            return "failed";
        }
        any = true;
        changed |= resource.changed == Some(true) || resource.had("success");
    }
    match (any, changed) {
        // A run that could not compile its catalogue has no resource at all.
        (false, _) => "failed",
        (true, true) => "changed",
        (true, false) => "unchanged",
    }
}

impl Resource {
    /// Whether one of its events ended in `status`; Puppet 2.6 writes it as a symbol.
    fn had(&self, status: &str) -> bool {
        let is = |event: &Event| event.status.as_deref().is_some_and(|said| said.trim_start_matches(':') == status);
        self.events.iter().flatten().any(is)
    }
}
