//! Writes the runs of which less is told: Ansible's three outputs, Puppet's summary.

use chrono_tz::Europe::Berlin;
use serde_json::{Map, Value, json};

use super::automation::{TOOK, ends_only};
use super::random::{compact, iso, utc};
use super::story::Run;
use super::write::Folder;

/// Moments of the runs of a group, each with its hosts.
fn by_moment<'r>(runs: &[&'r Run]) -> Vec<(i64, Vec<&'r Run>)> {
    let mut times: Vec<i64> = runs.iter().map(|run| run.at).collect();
    times.sort_unstable();
    times.dedup();
    times.into_iter().map(|at| (at, runs.iter().copied().filter(|run| run.at == at).collect())).collect()
}

/// What a playbook did: a document of Ansible's json callback for each run, or what tells of its end only: the lines of the
/// jsonl callback, or the log, in the zone of the machine that runs it.
pub(super) fn write(runs: &[&Run], folder: &Folder) {
    let group = runs[0].group;
    if !ends_only(group) {
        for (at, runs) in by_moment(runs) {
            folder.json(&format!("config/ansible-{group:02}-{}.json", compact(at)), &document(at, &runs));
        }
    } else if group < 20 {
        let lines: String = by_moment(runs).into_iter().map(|(at, runs)| events(at, &runs)).collect();
        folder.text(&format!("config/ansible-{group:02}.jsonl"), &lines);
    } else {
        let lines: String = by_moment(runs).into_iter().map(|(at, runs)| recap(at, &runs)).collect();
        folder.text(&format!("config/ansible-{group:02}.log"), &lines);
    }
}

fn stats(runs: &[&Run]) -> Value {
    let mut stats = Map::new();
    for run in runs {
        stats.insert(
            format!("{}.corp.example", run.host),
            json!({ "changed": 1, "failures": 0, "ignored": 0, "ok": 12, "rescued": 0, "skipped": 3, "unreachable": 0 }),
        );
    }
    Value::Object(stats)
}

fn document(at: i64, runs: &[&Run]) -> Value {
    let duration = json!({ "start": iso(at), "end": iso(at + TOOK) });
    let play = json!({ "play": { "duration": duration, "id": "p1", "name": "harden", "path": "/srv/site.yml:1" }, "tasks": [] });
    json!({ "custom_stats": {}, "global_custom_stats": {}, "plays": [play], "stats": stats(runs) })
}

fn events(at: i64, runs: &[&Run]) -> String {
    let began = iso(at - TOOK);
    let begin = json!({ "_event": "v2_playbook_on_play_start", "_timestamp": began, "tasks": [],
                        "play": { "duration": { "start": began }, "id": "p1", "name": "harden", "path": "/srv/site.yml:1" } });
    let end = json!({ "_event": "v2_playbook_on_stats", "_timestamp": iso(at), "custom_stats": {}, "global_custom_stats": {},
                      "stats": stats(runs) });
    format!("{begin}\n{end}\n")
}

fn recap(at: i64, runs: &[&Run]) -> String {
    let line = |at: i64, text: &str| {
        format!("{} p=4548 u=ann n=ansible | {text}\n", utc(at).with_timezone(&Berlin).format("%Y-%m-%d %H:%M:%S,000"))
    };
    let mut text = line(at - TOOK, "PLAY [harden] ****************") + &line(at, "PLAY RECAP ****************");
    for run in runs {
        let numbers = "ok=12   changed=1    unreachable=0    failed=0    skipped=3    rescued=0    ignored=0   ";
        text += &line(at, &format!("{:<26} : {numbers}", format!("{}.corp.example", run.host)));
    }
    text
}

/// Puppet's summary of a run, which counts what it does not name.
pub(super) fn summary(run: &Run) -> String {
    let drift = run.drift.len();
    format!(
        "---\nversion:\n  config: {0}\n  puppet: 7.23.0\napplication:\n  run_mode: agent\n  initial_environment: production\n\
         resources:\n  changed: {drift}\n  corrective_change: {drift}\n  failed: 0\n  failed_to_restart: 0\n  out_of_sync: {drift}\n\
         \x20 restarted: 0\n  scheduled: 0\n  skipped: 0\n  total: 31\ntime:\n  catalog_application: 1.5\n  total: 4.25\n\
         \x20 last_run: {0}\nchanges:\n  total: {drift}\nevents:\n  failure: 0\n  success: {drift}\n  total: {drift}\n",
        run.at
    )
}
