//! Ansible's jsonl callback: one event a line while a playbook runs. `v2_playbook_on_stats` ends the run and holds the
//! numbers of every host; it is the record that runs are read from. A run that broke off has no such line, and so no run.
//!
//! Source: `plugins/callback/jsonl.py` of the collection ansible.posix. `_timestamp` is UTC with `Z` and is when the event
//! was written, so that a run counts at its end. Nothing says whether `--check` was given.

use super::ansible_stats::{HostStats, NO_HOSTS, Playbook};
use super::host_and_time::host_of;
use super::json_records::object;
use super::lazy::Members;
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink, run_limits};
use crate::facts::{CONFIG_RUNS, LOG_ACTIVITY, Table, parse_rfc3339};

/// Events of Ansible's jsonl callback.
pub(super) struct AnsibleJsonl;

impl Format for AnsibleJsonl {
    fn name(&self) -> &'static str {
        "ansible-jsonl"
    }

    fn about(&self) -> &'static str {
        "Ansible jsonl callback: one event a line; a run's numbers come with its last event"
    }

    fn recognised_by(&self) -> &'static str {
        "one object a line with _event v2_… and _timestamp"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CONFIG_RUNS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let first = head.lines().find(|line| line.starts_with(b"{"))?;
        let has = |key: &str| memchr::memmem::find(first, key.as_bytes()).is_some();
        (has("\"_event\"") && has("\"v2_") && has("\"_timestamp\""))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Lines })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        for (line, bytes) in segment.lines() {
            if bytes.starts_with(b"{") {
                object(line, bytes, sink, |line, bytes, event, sink| read_event(line, bytes, event, reading, sink));
            } else if bytes.ends_with(b"}") {
                sink.record(line).reject("torn: the line begins inside an event", bytes);
            } else {
                sink.record(line).skip("text between the events");
            }
        }
    }
}

fn read_event(line: u64, bytes: &[u8], event: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    match event.text("_event").as_deref() {
        Some("v2_playbook_on_stats") => read_stats(line, bytes, event, reading, sink),
        Some("v2_playbook_on_play_start") => sink.record(line).skip("a play began; its numbers come with the end of the run"),
        Some(_) => sink.record(line).skip("an event within a run, whose numbers come with its end"),
        None => sink.record(line).reject("an object without _event", bytes),
    }
}

fn read_stats(line: u64, bytes: &[u8], event: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let Some(occurred_at) = event.text("_timestamp").and_then(|stamp| parse_rfc3339(&stamp)) else {
        return sink.record(line).reject("_timestamp is not an RFC 3339 time", bytes);
    };
    let Some(stats) = event.get("stats").and_then(|stats| stats.members()) else {
        return sink.record(line).reject("the end of a run without stats", bytes);
    };
    let mut given = Vec::new();
    let mut hosts = 0;
    for (name, numbers) in stats.iter() {
        hosts += 1;
        let Some(stats) = numbers.members().as_ref().and_then(HostStats::of) else {
            // Half a record is not trusted: a host that is left out would be lost without a word.
            return sink.record(line).reject("a host without the numbers ok, changed, unreachable and failures", bytes);
        };
        // A host that is not named is under the limit `unbound`.
        given.extend(host_of(Some(name), reading, sink).map(|host| (host.into_owned(), stats)));
    }
    let mut record = sink.record(line);
    if given.is_empty() {
        return match hosts {
            0 => record.skip(NO_HOSTS),
            _ => record.reject(HOST_UNKNOWN, bytes),
        };
    }
    run_limits::ends_only(record.sink(), line);
    for (host, stats) in &given {
        stats.give(&mut record, line, &Playbook { host, occurred_at, noop: None, duration_s: None });
    }
}
