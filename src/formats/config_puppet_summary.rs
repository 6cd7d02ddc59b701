//! Puppet's `last_run_summary.yaml`: the numbers of the agent's last run. It names no host, so the host comes from the path
//! (`[[bind]]`), and no status, so the outcome is worked out from the numbers as Puppet itself does for its report.
//!
//! Source: Puppet's `lib/puppet/transaction/report.rb` (`raw_summary`, `compute_status`): `time.last_run` is the clock when
//! the file is written, at the end of the run; a run that could not compile its catalogue has no resources, and older
//! agents then write `version` and `time` alone. Whether the run was a dry run is not in it, unless every event was held
//! back.

use serde::Deserialize;

use super::host_and_time::host_of;
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink, run_limits};
use crate::facts::{CONFIG_RUNS, ConfigRun, LOG_ACTIVITY, Micros, Table};

/// Puppet's summary of the last run.
pub(super) struct PuppetSummary;

#[derive(Deserialize)]
struct Summary {
    version: Version,
    time: Time,
    resources: Option<Resources>,
    changes: Option<Changes>,
    events: Option<Events>,
}

#[derive(Deserialize)]
struct Version {
    config: Option<String>,
}

#[derive(Deserialize)]
struct Time {
    last_run: Option<i64>,
    total: Option<f64>,
}

#[derive(Deserialize)]
struct Resources {
    total: Option<i64>,
    changed: Option<i64>,
    failed: Option<i64>,
    failed_to_restart: Option<i64>,
    corrective_change: Option<i64>,
}

#[derive(Deserialize)]
struct Changes {
    total: Option<i64>,
}

#[derive(Deserialize)]
struct Events {
    noop: Option<i64>,
    success: Option<i64>,
    failure: Option<i64>,
}

impl Format for PuppetSummary {
    fn name(&self) -> &'static str {
        "puppet-summary"
    }

    fn about(&self) -> &'static str {
        "Puppet last_run_summary.yaml: numbers of the last run (host from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "YAML with version.puppet and time.last_run"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CONFIG_RUNS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let has = |begins: &str| head.lines().any(|line| line.starts_with(begins.as_bytes()));
        let inside = |begins: &str| {
            head.lines().any(|line| line.starts_with(b" ") && line.trim_ascii_start().starts_with(begins.as_bytes()))
        };
        (has("version:") && inside("puppet: ") && has("time:") && inside("last_run: "))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = match segment.text() {
            Ok(text) => text,
            Err(line) => return sink.record(line).reject("byte that is not UTF-8", segment.bytes),
        };
        let options = serde_saphyr::options! { budget: serde_saphyr::budget! { max_nodes: 10_000, max_aliases: 100 } };
        match serde_saphyr::from_str_with_options(text, options) {
            Ok(summary) => give(&summary, segment.bytes, reading, sink),
            Err(error) => {
                let line = error.location().map_or(1, |location| location.line());
                let reason = format!("damaged or torn YAML ({})", super::lazy::first_line(&error.to_string()));
                sink.record(line).reject(&reason, segment.bytes);
            }
        }
    }
}

fn give(summary: &Summary, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let Some(occurred_at) = summary.time.last_run.and_then(|seconds| Micros::from_parts(seconds, 0)) else {
        return sink.record(1).reject("time.last_run is not a time in seconds since 1970", bytes);
    };
    // The numbers are written in the order resources, time, changes, events: a file that ends before them is cut.
    let ends_early = summary.resources.is_some() && (summary.changes.is_none() || summary.events.is_none());
    // Where the time comes last, a line without an end may have lost digits of it.
    if ends_early || (summary.events.is_none() && !bytes.ends_with(b"\n")) {
        return sink.record(1).reject("torn: the summary ends before its changes and events", bytes);
    }
    let Some(host) = host_of(None, reading, sink) else { return sink.record(1).reject(HOST_UNKNOWN, bytes) };
    let noop = noop(summary);
    run_limits::ends_only(sink, 1);
    if noop.is_none() {
        run_limits::check_mode_unknown(sink, 1);
    }
    if noop == Some(false) && summary.events.as_ref().and_then(|events| events.noop).unwrap_or(0) > 0 {
        run_limits::partly_noop(sink, 1);
    }
    let resources = summary.resources.as_ref();
    if resources.and_then(|resources| resources.corrective_change).unwrap_or(0) > 0 {
        sink.limit("drift-not-named", Some(1), "the summary counts resources that were put back, and does not name them");
    }
    sink.active("config", &host, occurred_at, 1);
    sink.taken_at(occurred_at);
    sink.record(1).fact(ConfigRun {
        occurred_at,
        host: &host,
        tool: "puppet",
        outcome: outcome(summary),
        noop,
        duration_s: summary.time.total.filter(|seconds| *seconds >= 0.0 && seconds.is_finite()),
        resources: resources.and_then(|resources| resources.total),
        changed: resources.and_then(|resources| resources.changed),
        failed: resources.and_then(|resources| resources.failed),
        config_version: summary.version.config.as_deref(),
    });
}

/// How the run ended, by Puppet's own rule.
fn outcome(summary: &Summary) -> &'static str {
    let any = |number: Option<i64>| number.unwrap_or(0) > 0;
    let Some(resources) = summary.resources.as_ref().filter(|resources| any(resources.total)) else { return "failed" };
    let failure = summary.events.as_ref().and_then(|events| events.failure);
    if any(resources.failed) || any(resources.failed_to_restart) || any(failure) {
        "failed"
    } else if any(summary.changes.as_ref().and_then(|changes| changes.total)) {
        "changed"
    } else {
        "unchanged"
    }
}

/// A run that applied something, or tried to, was no dry run; one whose events were all held back was; of one without
/// events nothing is known.
fn noop(summary: &Summary) -> Option<bool> {
    let events = summary.events.as_ref()?;
    let any = |number: Option<i64>| number.unwrap_or(0) > 0;
    match (any(events.success) || any(events.failure), any(events.noop)) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    }
}
