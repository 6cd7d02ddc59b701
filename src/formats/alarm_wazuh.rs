//! Wazuh's alerts (`alerts.json`): one object a line, of every agent.
//!
//! Source: Wazuh 3 and 4: `ruleset/rules/0015-ossec_rules.xml` (the manager's own rules by id), the FIM event reference
//! (`syscheck`), and the groups that the rules carry. Alerts are about everything that a host logs; those that report a
//! change are alarms: file integrity (`syscheck`), rootcheck, and rules of the groups for changed accounts and
//! configuration. Logins and sudo are read from their own logs. Findings only are written, so no scan is made of them.

use super::json_records::{each_object, json_framing};
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{ALARMS, Alarm, LOG_ACTIVITY, Micros, Table, parse_rfc3339};
use crate::redact::visible;

/// Wazuh's alerts.
pub(super) struct WazuhAlerts;

/// Groups of rules that report a change other than of a file.
const CHANGES: &[&str] = &["config_changed", "account_changed", "adduser", "group_changed", "policy_changed"];
/// Rules that say that an agent stopped, was cut off or was removed: from then on nothing is known of its host.
const STOPPED: &[&str] = &["504", "505", "506"];
/// Rules that say that a queue was full, so that events may be lost.
const LOST: &[&str] = &["202", "203", "560"];
/// The rule for listening ports that are other than before.
const PORTS: &str = "533";

impl Format for WazuhAlerts {
    fn name(&self) -> &'static str {
        "wazuh-alerts"
    }

    fn about(&self) -> &'static str {
        "Wazuh alerts.json: file integrity, rootcheck and reported changes become alarms"
    }

    fn recognised_by(&self) -> &'static str {
        "alerts with rule, agent, manager and location"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&ALARMS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let has = |key: &str| text.contains(key);
        let framing = json_framing(head)?;
        (has("\"rule\"") && has("\"agent\"") && has("\"manager\"") && has("\"location\"") && has("\"timestamp\""))
            .then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_object(segment, sink, |number, bytes, alert, sink| read_alert(number, bytes, alert, reading, sink));
        sink.limit(
            "runs-not-shown",
            None,
            "Wazuh's alerts are findings: that a scan ran and found nothing, or that none ran, is not shown",
        );
    }
}

fn read_alert(number: u64, bytes: &[u8], alert: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let stamp = alert.filled("timestamp").or_else(|| alert.filled("@timestamp"));
    let Some(occurred_at) = stamp.and_then(|stamp| parse_rfc3339(&stamp)) else {
        return sink.record(number).reject("no timestamp with an offset", bytes);
    };
    let agent = alert.get("agent").and_then(Json::members);
    let Some(agent) = agent.as_ref().and_then(|agent| agent.filled("name")) else {
        return sink.record(number).reject("no agent.name, which says what host the alert is about", bytes);
    };
    let Some(rule) = alert.get("rule").and_then(Json::members) else {
        return sink.record(number).reject("an alert without its rule", bytes);
    };
    let host = reading.config.host(&agent);
    let id = rule.text("id").unwrap_or_default();
    if STOPPED.contains(&id.as_ref()) {
        let text = format!(
            "the agent of {} stopped, was cut off or was removed; until it came back nothing is known of the host",
            visible(&host)
        );
        sink.limit("agent-stopped", Some(number), text);
        return sink.record(number).skip("an agent stopped, was cut off or was removed: named as a limit");
    }
    if LOST.contains(&id.as_ref()) {
        let text = format!("a queue of the agent of {} was full: events of the host may be lost", visible(&host));
        sink.limit("events-lost", Some(number), text);
        return sink.record(number).skip("a queue was full: named as a limit");
    }
    let groups: Vec<String> = rule.get("groups").map(strings).unwrap_or_default();
    match kind(&id, &groups, alert) {
        Ok(kind) => {
            sink.active("alarm", &host, occurred_at, number);
            give(number, occurred_at, &host, &rule, kind, alert, reading, sink);
        }
        Err(reason) => sink.record(number).skip(reason),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File(&'static str),
    Detected,
}

/// What an alert reports, or why it is no alarm.
fn kind(id: &str, groups: &[String], alert: &Members<'_>) -> Result<Kind, &'static str> {
    let in_group = |name: &str| groups.iter().any(|group| group == name);
    let log = alert.text("full_log").unwrap_or_default();
    if id == "515" {
        return Err("a message that a scan began or ended");
    }
    if in_group("syscheck") {
        let event =
            alert.get("syscheck").and_then(Json::members).and_then(|file| file.text("event").map(|event| event.into_owned()));
        let action = match event.as_deref() {
            Some("added") => "added",
            Some("deleted") => "removed",
            Some(_) => "changed",
            None if in_group("syscheck_entry_added") || matches!(id, "554" | "598") => "added",
            None if in_group("syscheck_entry_deleted") || matches!(id, "553" | "597") => "removed",
            None => "changed",
        };
        return Ok(Kind::File(action));
    }
    if in_group("rootcheck") {
        let audit = ["System Audit", "Windows Audit", "Application Found"].iter().any(|kind| log.starts_with(kind));
        return if audit { Err("a check of a policy, repeated at every scan") } else { Ok(Kind::Detected) };
    }
    if CHANGES.iter().any(|group| in_group(group)) || id == PORTS {
        return Ok(Kind::Detected);
    }
    Err("an alert that reports no change; logins and sudo are read from their own logs")
}

#[expect(clippy::too_many_arguments, reason = "one alert taken apart, used once")]
fn give(
    number: u64,
    occurred_at: Micros,
    host: &str,
    rule: &Members<'_>,
    kind: Kind,
    alert: &Members<'_>,
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
) {
    let file = alert.get("syscheck").and_then(Json::members);
    let log = alert.text("full_log").unwrap_or_default();
    let target = match kind {
        Kind::File(_) => {
            file.as_ref().and_then(|file| file.filled("path").map(|path| path.into_owned())).or_else(|| quoted(&log))
        }
        Kind::Detected => subject(alert),
    };
    let description = rule.filled("description").unwrap_or_default();
    let target = target.or_else(|| log.lines().next().map(str::to_owned)).filter(|target| !target.trim().is_empty());
    let target = target.unwrap_or_else(|| description.to_string());
    if matches!(kind, Kind::File(_)) && !file.as_ref().is_some_and(|file| exact(file)) {
        sink.limit(
            "scan-interval-unknown",
            Some(number),
            "a finding of a scheduled scan is dated by the scan; when the scan before was is not in the file, so that only work open at that moment can explain it",
        );
    }
    let person = file.as_ref().and_then(|file| who(file)).map(|person| format!(" (by {person})")).unwrap_or_default();
    let level = rule.get("level").and_then(|level| level.text().map(|level| level.into_owned()));
    sink.record(number).fact(Alarm {
        occurred_at,
        host,
        tool: "wazuh",
        rule: Some(&format!("{} {description}{person}", rule.text("id").unwrap_or_default())),
        action: match kind {
            Kind::File(action) => action,
            Kind::Detected => "detected",
        },
        target: &target,
        severity: level.as_deref(),
        acknowledged_by: None,
        acknowledged_at: None,
        change_id: reading.config.change_id(&log),
    });
}

/// Whether a finding is dated by the change itself and not by a scan.
fn exact(file: &Members<'_>) -> bool {
    file.text("mode").is_some_and(|mode| mode.starts_with("real") || mode == "whodata")
}

/// The person behind a change, where the kernel's audit told (`whodata`).
fn who(file: &Members<'_>) -> Option<String> {
    let audit = file.get("audit")?.members()?;
    let user = audit.get("login_user").or_else(|| audit.get("user"))?.members()?;
    user.filled("name").map(|name| name.into_owned())
}

/// What a finding that is not about a file is about, by the fields that decoders fill.
fn subject(alert: &Members<'_>) -> Option<String> {
    let data = alert.get("data")?.members()?;
    ["file", "package", "dstuser", "title"].iter().find_map(|name| data.filled(name).map(|text| text.into_owned()))
}

/// The path that a message of versions without `syscheck` has in quotes.
fn quoted(log: &str) -> Option<String> {
    log.split_once('\'')
        .and_then(|(_, rest)| rest.split_once('\''))
        .map(|(path, _)| path.to_owned())
        .filter(|path| !path.is_empty())
}

fn strings(list: &Json<'_>) -> Vec<String> {
    list.elements().iter().filter_map(|item| item.text().map(|text| text.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: &str, groups: &[&str], alert: &str) -> Result<Kind, &'static str> {
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        kind(id, &groups, &Members::of(alert).expect("an object"))
    }

    #[test]
    fn alerts_that_report_a_change_are_alarms_and_others_are_not() {
        assert_eq!(said("553", &["ossec", "syscheck"], r#"{"syscheck":{"event":"deleted"}}"#), Ok(Kind::File("removed")));
        assert_eq!(said("554", &["ossec", "syscheck"], r#"{"full_log":"New file '/etc/x' added"}"#), Ok(Kind::File("added")));
        assert_eq!(
            said("510", &["rootcheck"], r#"{"full_log":"Trojaned version of file '/bin/x' detected."}"#),
            Ok(Kind::Detected)
        );
        assert!(said("516", &["rootcheck"], r#"{"full_log":"System Audit: weak"}"#).is_err());
        assert_eq!(said("2902", &["syslog", "dpkg", "config_changed"], "{}"), Ok(Kind::Detected));
        assert!(said("5402", &["syslog", "sudo"], "{}").is_err());
        assert_eq!(quoted("File '/etc/a b' modified").as_deref(), Some("/etc/a b"));
    }
}
