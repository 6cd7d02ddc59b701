//! Messages of Chef's data collector: `run_converge`, which ends a run, and what comes with it: `run_start`, actions on the
//! server, liveness pings and deletions.
//!
//! Source: Chef's `lib/chef/data_collector/` (`run_end_message.rb`, `run_start_message.rb`; `config_validation.rb` turns the
//! data collector off in why-run mode, so that no dry run is among the messages), and Automate's ingest examples for pings
//! and deletions. The host is `node_name`; `entity_uuid` names no host.

use super::json_records::{each_object, json_framing};
use super::lazy::Members;
use super::{Format, Head, Reading, Recognition, Segment, Sink, run_limits};
use crate::facts::{CONFIG_RUNS, ConfigRun, LOG_ACTIVITY, Table, parse_rfc3339};

/// Chef's data collector messages.
pub(super) struct ChefConverge;

impl Format for ChefConverge {
    fn name(&self) -> &'static str {
        "chef-converge"
    }

    fn about(&self) -> &'static str {
        "Chef data collector messages: run_converge, with run_start, pings and actions"
    }

    fn recognised_by(&self) -> &'static str {
        "message_type run_converge or run_start, or the shape of a ping, action or deletion of Chef Automate"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CONFIG_RUNS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let has = |keys: &[&str]| keys.iter().all(|key| text.contains(&format!("\"{key}\"")));
        let because = if has(&["message_type", "run_converge"]) || has(&["message_type", "run_start"]) {
            "message_type run_converge or run_start"
        } else if has(&["chef_server_fqdn", "entity_uuid", "expanded_run_list"]) {
            "chef_server_fqdn, entity_uuid and expanded_run_list"
        } else if has(&["message_type", "action", "organization_name", "service_hostname"])
            || has(&["chef_server_fqdn", "event_type", "node_ping"])
            || has(&["organization_name", "remote_hostname", "service_hostname", "node_name"])
        {
            "an action, ping or deletion that is sent to Chef's data collector"
        } else {
            return None;
        };
        Some(Recognition { because, framing: json_framing(head)? })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_object(segment, sink, |number, bytes, message, sink| read_message(number, bytes, message, reading, sink));
    }
}

fn read_message(number: u64, bytes: &[u8], message: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let kind = message.text("message_type").or_else(|| message.text("event_type"));
    match kind.as_deref() {
        Some("run_converge") => read_run(number, bytes, message, reading, sink),
        Some("run_start") => sink.record(number).skip("a run began; its end is another message"),
        Some("node_ping") => sink.record(number).skip("a sign of life of the node, not a run"),
        Some(_) => sink.record(number).skip("a message of Chef that is not about a run"),
        None if message.get("service_hostname").is_some() => {
            sink.record(number).skip("a node was deleted or changed on the server")
        }
        None => sink.record(number).reject("a message without message_type", bytes),
    }
}

fn read_run(number: u64, bytes: &[u8], message: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    let Some(name) = message.filled("node_name") else { return record.reject("a run without node_name", bytes) };
    let time = |field: &str| message.filled(field).and_then(|stamp| parse_rfc3339(&stamp));
    let (Some(occurred_at), end) = (time("start_time"), time("end_time")) else {
        return record.reject("a run without start_time, or with one that is no RFC 3339 time", bytes);
    };
    let status = message.text("status");
    let Some(status @ ("success" | "failure")) = status.as_deref() else {
        return record.reject("a run whose status is neither success nor failure", bytes);
    };
    let resources = message.get("resources").map(|list| list.elements()).unwrap_or_default();
    let with = |wanted: &str| {
        let is = resources
            .iter()
            .filter_map(|resource| resource.members())
            .filter(|resource| resource.text("status").as_deref() == Some(wanted));
        i64::try_from(is.count()).ok()
    };
    let said = |field: &str| message.get(field).and_then(|count| count.int());
    let listed = i64::try_from(resources.len()).ok();
    let total = said("total_resource_count").or(listed);
    let changed = said("updated_resource_count").or_else(|| with("updated"));
    if total > listed {
        let text = "some runs count more resources than they list; how many of the others did not converge is not known";
        record.sink().limit("partial-list", Some(number), text);
    }
    if changed.is_some_and(|changed| changed > 0) {
        run_limits::drift_not_told(record.sink(), number, "Chef");
    }
    let host = reading.config.host(&name);
    record.sink().active("config", &host, occurred_at, number);
    record.fact(ConfigRun {
        occurred_at,
        host: &host,
        tool: "chef",
        outcome: match (status, changed) {
            ("failure", _) => "failed",
            (_, Some(1..)) => "changed",
            _ => "unchanged",
        },
        noop: Some(false),
        duration_s: end.map(|end| end.seconds_since(occurred_at)).filter(|span| *span >= 0.0),
        resources: total,
        changed,
        failed: with("failed"),
        config_version: None,
    });
}
