//! The document that Ansible's json callback prints at the end of a playbook run: plays with their tasks, and `stats`, from
//! which one run a host is read. Warnings may stand before it, and several runs may be appended to one file.
//!
//! Source: `plugins/callback/json.py` of the collection ansible.posix. Its times are UTC with `Z`. Nothing in it says
//! whether `--check` was given, so that a dry run cannot be told from one that enforced something.

use super::ansible_stats::{HostStats, NO_HOSTS, Playbook};
use super::host_and_time::host_of;
use super::json_stream::{has_keys, json_objects, stream_text};
use super::lazy::{Json, Members};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{CONFIG_RUNS, LOG_ACTIVITY, Micros, Table, parse_rfc3339};

/// The document of Ansible's json callback.
pub(super) struct AnsibleJson;

impl Format for AnsibleJson {
    fn name(&self) -> &'static str {
        "ansible-json"
    }

    fn about(&self) -> &'static str {
        "Ansible json callback: one document a playbook run, one run a host"
    }

    fn recognised_by(&self) -> &'static str {
        "an object with plays, and their tasks or custom stats"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CONFIG_RUNS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        // `stats` comes last and may be far away.
        let this = has_keys(head, &["plays", "global_custom_stats"]) || has_keys(head, &["plays", "play", "tasks", "duration"]);
        (this && !has_keys(head, &["_event"])).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let objects = json_objects(document);
        let hosts = objects.iter().filter(|object| object.closed).flat_map(|object| hosts(object.text));
        hosts.into_iter().nth(index)
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = stream_text(segment, sink);
        let mut number = 0;
        for object in json_objects(&text) {
            match Members::of(object.text) {
                Ok(document) => read_run(&mut number, object.text, &document, reading, sink),
                Err(error) => {
                    number += 1;
                    sink.record(number).reject(&format!("torn or damaged JSON ({error})"), object.text.as_bytes());
                }
            }
        }
        if number == 0 {
            sink.record(1).reject("no JSON object in the file: the run may have ended before its document", segment.bytes);
        }
    }
}

/// The members of `stats`, each as it is quoted.
fn hosts(document: &str) -> Vec<String> {
    let Ok(document) = Members::of(document) else { return vec![String::new()] };
    let stats = document.get("stats").and_then(|stats| stats.members());
    let hosts: Vec<String> =
        stats.iter().flat_map(|stats| stats.iter()).map(|(host, numbers)| format!("\"{host}\": {}", numbers.raw())).collect();
    if hosts.is_empty() { vec![String::new()] } else { hosts }
}

fn read_run(number: &mut u64, text: &str, document: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let stats = document.get("stats").and_then(|stats| stats.members());
    let (Some(stats), Some(plays)) = (stats, document.get("plays")) else {
        *number += 1;
        return sink.record(*number).reject("an object without plays and stats: not the end of a playbook run", text.as_bytes());
    };
    let (began, ended) = span(plays);
    if let Some(instant) = ended.or(began) {
        sink.taken_at(instant);
    }
    if stats.iter().next().is_none() {
        *number += 1;
        return sink.record(*number).skip(NO_HOSTS);
    }
    for (name, numbers) in stats.iter() {
        *number += 1;
        let host = host_of(Some(name), reading, sink);
        let mut record = sink.record(*number);
        let Some(occurred_at) = began else {
            record.reject("no play says when it began", name.as_bytes());
            continue;
        };
        let Some(host) = host else {
            record.reject(HOST_UNKNOWN, name.as_bytes());
            continue;
        };
        match numbers.members().as_ref().and_then(HostStats::of) {
            Some(stats) => {
                let duration_s = ended.map(|ended| ended.seconds_since(occurred_at)).filter(|span| *span >= 0.0);
                stats.give(&mut record, *number, &Playbook { host: &host, occurred_at, noop: None, duration_s });
            }
            None => record.reject("a host without the numbers ok, changed, unreachable and failures", numbers.raw().as_bytes()),
        }
    }
}

/// When the first play began and the last one ended.
fn span(plays: &Json<'_>) -> (Option<Micros>, Option<Micros>) {
    let (mut began, mut ended): (Vec<Micros>, Vec<Micros>) = (Vec::new(), Vec::new());
    for play in plays.elements() {
        let Some(play) = play.members() else { continue };
        let Some(play) = play.get("play").and_then(|play| play.members()) else { continue };
        let Some(duration) = play.get("duration").and_then(|duration| duration.members()) else { continue };
        let time = |field: &str| duration.text(field).and_then(|stamp| parse_rfc3339(&stamp));
        began.extend(time("start"));
        ended.extend(time("end"));
    }
    (began.into_iter().min(), ended.into_iter().max())
}
