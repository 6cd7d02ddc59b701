//! What Salt's minions return from applying states: the JSON of `salt … state.apply --out=json` and `salt-call`, of the
//! job runner, and of returners, where a job number tells the time.
//!
//! Source: Salt's `salt/state.py` (keys `module_|-id_|-name_|-function`; `result` is true, false, or null for what a dry run
//! would have changed; `start_time` is a time of day without date) and `salt/utils/jid.py` (the job number is the master's
//! clock, UTC in newer releases and local before). A list of sentences in place of states is an error before anything was
//! applied. `salt-call` calls its minion `local`.

use super::host_and_time::{TIME_UNKNOWN, bound_time, host_of, instant_of};
use super::json_stream::{each_report, nth_record};
use super::lazy::{Json, Members};
use super::salt_shapes::{Return, returns, time_of_job};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink, run_limits};
use crate::facts::{CONFIG_RUNS, ConfigRun, LOG_ACTIVITY, Micros, Table};

/// Returns of Salt's minions.
pub(super) struct SaltReturns;

impl Format for SaltReturns {
    fn name(&self) -> &'static str {
        "salt-returns"
    }

    fn about(&self) -> &'static str {
        "Salt state returns in JSON, by minion or from a returner (time from the job number or the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "state returns of Salt: keys with _|-, or a job number with a state function"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CONFIG_RUNS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let states = text.contains("_|-") && (text.contains("\"__run_num__\"") || text.contains("\"result\""));
        let job = text.contains("\"jid\"") && (text.contains("\"state.") || text.contains("\"Function\""));
        let error = text.contains("\"Rendering SLS ") || text.contains("\"No matching sls found ");
        (head.first_byte() == Some(b'{') && (states || job || error))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let shown = |report: &Members<'_>| {
            returns(report).into_iter().map(|minion| format!("\"{}\": {}", minion.name, minion.body)).collect()
        };
        nth_record(document, number, shown)
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_report(segment, sink, |number, report, sink| {
            for minion in returns(report) {
                *number += 1;
                read_return(*number, &minion, reading, sink);
            }
        });
    }
}

/// States by what became of them.
#[derive(Default)]
struct States {
    all: i64,
    changed: i64,
    would_change: i64,
    failed: i64,
    unread: bool,
}

impl States {
    fn of(states: &Members<'_>) -> Self {
        let mut found = Self::default();
        for (_, state) in states.iter().filter(|(name, _)| name.contains("_|-")) {
            let Some(state) = state.members() else {
                found.unread = true;
                continue;
            };
            let changes =
                state.get("changes").is_some_and(|changes| changes.members().is_some_and(|all| all.iter().next().is_some()));
            found.all += 1;
            match state.get("result").map(|result| result.raw().to_owned()).as_deref() {
                Some("true") => found.changed += i64::from(changes),
                Some("false") => {
                    found.failed += 1;
                    found.changed += i64::from(changes);
                }
                Some("null") => found.would_change += 1,
                _ => found.unread = true,
            }
        }
        found
    }
}

fn read_return(number: u64, minion: &Return, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let body = Json::borrowed(&minion.body);
    if let Some(function) = minion.function.as_deref() {
        if matches!(function, "state.single" | "state.sls_id" | "state.low") {
            return sink.record(number).skip("a single state, not a run of the configuration");
        }
        if !function.starts_with("state.") {
            return sink.record(number).skip("a job that applies no states");
        }
    }
    let errors = body.elements();
    let refused = !errors.is_empty() && errors.iter().all(|error| error.raw().starts_with('"'));
    let states = body.members().map(|states| States::of(&states)).filter(|states| states.all > 0 || states.unread);
    let states = match states {
        Some(states) if states.unread => {
            return sink.record(number).reject("a state without a result that is true, false or null", minion.body.as_bytes());
        }
        Some(states) => Some(states),
        None if refused => None,
        None if body.text().is_some_and(|text| text == "false" || text.starts_with("Minion did not return")) => {
            return sink.record(number).skip("the minion did not return; no run on it is known");
        }
        None => return sink.record(number).skip("a return that holds no states"),
    };
    let occurred_at = match minion.jid.as_deref() {
        Some(jid) => match time_of_job(jid).and_then(|stamp| instant_of(&stamp, number, reading, sink)) {
            Some(instant) => instant,
            None => return sink.record(number).reject("the job number is no time", minion.body.as_bytes()),
        },
        None => match bound_time(reading, sink) {
            Some(instant) => {
                run_limits::time_from_path(sink, number);
                instant
            }
            None => return sink.record(number).reject(TIME_UNKNOWN, minion.body.as_bytes()),
        },
    };
    let Some(host) = host_of(Some(&minion.name), reading, sink) else {
        return sink.record(number).reject(HOST_UNKNOWN, minion.body.as_bytes());
    };
    give(number, &host, occurred_at, states.as_ref(), minion.test, sink);
}

fn give(number: u64, host: &str, occurred_at: Micros, states: Option<&States>, test: bool, sink: &mut Sink<'_>) {
    let noop = match states {
        _ if test => Some(true),
        Some(states) if states.would_change > 0 => Some(true),
        Some(states) if states.changed > 0 => Some(false),
        _ => None,
    };
    // Some states report changes that a dry run did not make.
    let changed = states.map(|states| if noop == Some(true) { 0 } else { states.changed });
    if noop.is_none() {
        run_limits::check_mode_unknown(sink, number);
    }
    if changed > Some(0) {
        run_limits::drift_not_told(sink, number, "Salt");
    }
    sink.active("config", host, occurred_at, number);
    sink.taken_at(occurred_at);
    sink.record(number).fact(ConfigRun {
        occurred_at,
        host,
        tool: "salt",
        outcome: match states {
            None => "failed",
            Some(states) if states.failed > 0 => "failed",
            Some(_) if changed > Some(0) => "changed",
            Some(_) => "unchanged",
        },
        noop,
        duration_s: None,
        resources: states.map(|states| states.all),
        changed,
        failed: states.map(|states| states.failed),
        config_version: None,
    });
}
