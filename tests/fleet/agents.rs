//! Writes what machines report: PuppetDB, Puppet's own reports, Chef, Salt; AIDE as text and JSON, Wazuh, Falco, osquery.
//! Playbooks, summaries and Tripwire are beside.

use serde_json::{Value, json};

use super::machines::{SUMMARISED, in_text};
use super::playbooks;
use super::random::{compact, iso, utc};
use super::story::{Fleet, GROUPS, Run, Scan, agent};
use super::tripwire;
use super::write::Folder;

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    for group in 0..GROUPS {
        let runs: Vec<&Run> = fleet.runs.iter().filter(|run| run.group == group).collect();
        let lines = |line: fn(&Run) -> Value| -> String { runs.iter().map(|run| line(run).to_string() + "\n").collect() };
        match agent(group) {
            0 => folder
                .json(&format!("config/puppetdb-{group:02}.json"), &Value::Array(runs.iter().map(|run| puppetdb(run)).collect())),
            1 if SUMMARISED.contains(&group) => runs.iter().for_each(|run| {
                folder.text(&format!("summaries/{}/{}.yaml", run.host, compact(run.at)), &playbooks::summary(run))
            }),
            1 => runs.iter().for_each(|run| folder.text(&format!("config/{}/{}.yaml", run.host, compact(run.at)), &puppet(run))),
            2 => folder.text(&format!("config/chef-{group:02}.jsonl"), &lines(chef)),
            3 => folder.text(&format!("config/salt-{group:02}.json"), &lines(salt)),
            _ => playbooks::write(&runs, folder),
        }
        let scans: Vec<&Scan> = fleet.scans.iter().filter(|scan| scan.group == group).collect();
        let lines = |line: fn(&Scan) -> Value| -> String { scans.iter().map(|scan| line(scan).to_string() + "\n").collect() };
        match group % 5 {
            0 if !in_text(group) => scans.iter().for_each(|scan| tripwire::write(scan, folder)),
            0 => {
                scans.iter().for_each(|scan| folder.text(&format!("aide/{}/{}.txt", scan.host, compact(scan.filed)), &aide(scan)))
            }
            1 => scans
                .iter()
                .for_each(|scan| folder.json(&format!("aide/{}/{}.json", scan.host, compact(scan.filed)), &aide_json(scan))),
            2 => folder.text(&format!("alarms/wazuh-{group:02}.jsonl"), &lines(wazuh)),
            3 => folder.text(&format!("alarms/falco-{group:02}.jsonl"), &lines(falco)),
            _ => folder.text(&format!("alarms/osquery-{group:02}.jsonl"), &lines(osquery)),
        }
    }
}

fn puppetdb(run: &Run) -> Value {
    let events: Vec<Value> = run
        .drift
        .iter()
        .map(|path| {
            json!({ "status": "success", "timestamp": iso(run.at), "resource_type": "File", "resource_title": path,
                    "property": "content", "name": "content_changed", "new_value": "a", "old_value": "b", "message": null,
                    "corrective_change": true, "file": "/x.pp", "line": 12, "containment_path": [], "containing_class": "Quill" })
        })
        .collect();
    json!({
        "hash": "9f", "certname": format!("{}.corp.example", run.host), "puppet_version": "7.23.0", "report_format": 12,
        "configuration_version": "1", "start_time": iso(run.at), "end_time": iso(run.at + 30), "producer_timestamp": iso(run.at + 30),
        "receive_time": iso(run.at + 30), "producer": "pm.corp.example", "transaction_uuid": "t",
        "status": if events.is_empty() { "unchanged" } else { "changed" }, "noop": false, "noop_pending": false,
        "environment": "production", "corrective_change": !events.is_empty(), "cached_catalog_status": "not_used", "type": "agent",
        "resource_events": { "href": "/pdb/x", "data": events }, "metrics": { "href": "/pdb/x", "data": null },
        "logs": { "href": "/pdb/x", "data": null },
    })
}

fn puppet(run: &Run) -> String {
    let (host, at) = (&run.host, iso(run.at));
    let status = if run.drift.is_empty() { "unchanged" } else { "changed" };
    let mut text = format!(
        "--- !ruby/object:Puppet::Transaction::Report\nhost: {host}.corp.example\ntime: '{at}'\nconfiguration_version: 1\n\
         transaction_uuid: t\nreport_format: 12\npuppet_version: 7.23.0\nstatus: {status}\ntransaction_completed: true\n\
         noop: false\nnoop_pending: false\nenvironment: production\nlogs: []\nmetrics:\n  resources:\n    name: resources\n\
         \x20   label: Resources\n    values:\n    - - total\n      - Total\n      - 5\nresource_statuses:\n"
    );
    for path in run.drift.iter().map(String::as_str).chain(run.drift.is_empty().then_some("/etc/motd")) {
        let changed = !run.drift.is_empty();
        text += &format!(
            "  File[{path}]:\n    title: \"{path}\"\n    resource: File[{path}]\n    resource_type: File\n    time: '{at}'\n\
             \x20   failed: false\n    changed: {changed}\n    out_of_sync: {changed}\n    skipped: false\n"
        );
        text += if changed {
            "    corrective_change: true\n    events:\n    - audited: false\n      property: mode\n      previous_value: '0666'\n      \
             desired_value: '0640'\n      message: mode changed\n      name: mode_changed\n      status: success\n      \
             corrective_change: true\n"
        } else {
            "    corrective_change: false\n    events: []\n"
        };
    }
    text + &format!("corrective_change: {}\ncatalog_uuid: c\ncached_catalog_status: not_used\n", !run.drift.is_empty())
}

fn chef(run: &Run) -> Value {
    json!({
        "chef_server_fqdn": "chef.corp.example", "entity_uuid": "e", "id": "r", "message_version": "1.1.0",
        "message_type": "run_converge", "node": { "name": run.host }, "node_name": run.host, "organization_name": "quill",
        "resources": [{ "type": "service", "name": "quill", "id": "quill", "after": {}, "before": {}, "duration": "3", "delta": "",
                        "result": "start", "status": "up-to-date" }],
        "run_id": "r", "run_list": [], "start_time": iso(run.at), "end_time": iso(run.at + 30), "source": "chef_delta",
        "status": "success", "total_resource_count": 1, "updated_resource_count": 0, "deprecations": [],
    })
}

fn salt(run: &Run) -> Value {
    json!({ "id": run.host, "jid": utc(run.at).format("%Y%m%d%H%M%S000000").to_string(), "fun": "state.apply", "fun_args": ["harden"],
            "retcode": 0, "success": true,
            "return": { "pkg_|-jq_|-jq_|-installed": { "changes": {}, "result": true, "__run_num__": 0 } } })
}

fn aide(scan: &Scan) -> String {
    let stamp = |at: i64| utc(at).format("%Y-%m-%d %H:%M:%S +0000").to_string();
    let (from, to) = (stamp(scan.at), stamp(scan.at + 38));
    if scan.changed.is_empty() {
        return format!(
            "Start timestamp: {from} (AIDE 0.18.3)\nAIDE found NO differences between database and filesystem. Looks okay!!\n\n\
             Number of entries:\t41054\n\nEnd timestamp: {to} (run time: 0m 38s)\n"
        );
    }
    let entries: String = scan.changed.iter().map(|path| format!("f > ... mc..H..   : {path}\n")).collect();
    let rule = "-".repeat(51);
    format!(
        "Start timestamp: {from} (AIDE 0.18.3)\nAIDE found differences between database and filesystem!!\n\nSummary:\n  \
         Total number of entries:\t41054\n  Added entries:\t\t0\n  Removed entries:\t\t0\n  Changed entries:\t\t{}\n\n{rule}\n\
         Changed entries:\n{rule}\n\n{entries}\n\nEnd timestamp: {to} (run time: 0m 38s)\n",
        scan.changed.len()
    )
}

fn aide_json(scan: &Scan) -> Value {
    let stamp = |at: i64| utc(at).format("%Y-%m-%d %H:%M:%S +0000").to_string();
    let mut report = json!({ "start_time": stamp(scan.at), "aide_version": "0.19.1", "number_of_entries": { "total": 4711 },
                             "end_time": stamp(scan.at + 72), "run_time_seconds": 72 });
    if scan.changed.is_empty() {
        report["outline"] = json!("AIDE found NO differences between database and filesystem. Looks okay!!");
    } else {
        report["outline"] = json!("AIDE found differences between database and filesystem!!");
        report["number_of_entries"] = json!({ "total": 4711, "added": 0, "removed": 0, "changed": scan.changed.len() });
        report["changed"] = scan.changed.iter().map(|path| (path.clone(), json!("f > ... mci.H...   "))).collect();
    }
    report
}

fn wazuh(scan: &Scan) -> Value {
    json!({
        "timestamp": utc(scan.at).format("%Y-%m-%dT%H:%M:%S.000+0000").to_string(),
        "rule": { "level": 7, "description": "Integrity checksum changed.", "id": "550", "firedtimes": 1, "mail": false,
                  "groups": ["ossec", "syscheck", "syscheck_entry_modified", "syscheck_file"] },
        "agent": { "id": "001", "name": scan.host, "ip": "10.77.0.9" }, "manager": { "name": "wazuh.manager" },
        "id": format!("{}.1201", scan.at), "full_log": "", "decoder": { "name": "x" }, "location": "syscheck",
        "syscheck": { "path": scan.changed[0], "mode": "realtime", "event": "modified" },
    })
}

fn falco(scan: &Scan) -> Value {
    json!({ "hostname": scan.host, "output": "File below /etc opened for writing",
            "output_fields": { "fd.name": scan.changed[0], "user.loginuid": 1001 }, "priority": "Error", "rule": "Write below etc",
            "source": "syscall", "tags": ["host"], "time": utc(scan.at).format("%Y-%m-%dT%H:%M:%S.000000000Z").to_string() })
}

fn osquery(scan: &Scan) -> Value {
    json!({
        "name": "file_events", "hostIdentifier": scan.host, "calendarTime": utc(scan.at).format("%a %b %e %H:%M:%S %Y UTC").to_string(),
        "unixTime": scan.at, "epoch": 0, "counter": 1, "numerics": false,
        "columns": { "action": "UPDATED", "category": "etc", "hashed": "1", "md5": "x", "target_path": scan.changed[0],
                     "time": scan.at.to_string(), "transaction_id": "0", "uid": "0" },
        "action": "added",
    })
}
