//! Incidents, for which people log in to hosts that are not to be logged in to: some are open then and are theirs, others not.

use serde_json::{Value, json};

use super::random::{iso, plain};
use super::story::{Fleet, HOUR, Login};
use super::tickets::reference;
use super::write::Folder;

pub(super) struct Incident {
    id: String,
    host: String,
    opened: i64,
    resolved: i64,
    cancelled: bool,
    assignee: String,
}

impl Fleet {
    /// A login on each of these hosts, with its incident.
    pub(super) fn break_glass(&mut self, hosts: &[String]) {
        for (number, host) in hosts.iter().enumerate() {
            let at = self.start + 6 * HOUR + self.random.seconds(72 * HOUR);
            let actor = format!("oncall{number:02}");
            // 0 ties the session; 1 was opened afterwards, 2 is somebody else's, 3 was cancelled.
            let kind = number % 4;
            self.key.add("LOGIN-03", host, at);
            if kind == 0 {
                self.tied.push(host.clone());
            } else {
                self.key.add("LOGIN-04", host, at);
            }
            let opened = if kind == 1 { at + HOUR / 2 } else { at - HOUR / 2 };
            let assignee = if kind == 2 { "oncall99".to_owned() } else { actor.clone() };
            // The first half is kept in the register, the second at the desk.
            let id =
                if number < hosts.len() / 2 { format!("INC-2026-{number:03}") } else { format!("INC{:07}", 41_000 + number) };
            self.incidents.push(Incident {
                id,
                host: host.clone(),
                opened,
                resolved: at + 2 * HOUR,
                cancelled: kind == 3,
                assignee,
            });
            let (format, filed) = ([0, 5, 6][number % 3], self.end());
            self.logins.push(Login { at, host: host.clone(), actor, format, filed });
        }
    }
}

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let (kept, desk): (Vec<&Incident>, Vec<&Incident>) =
        fleet.incidents.iter().partition(|incident| incident.id.starts_with("INC-"));
    let mut csv = "incident_id,opened_at,resolved_at,state,priority,title,opened_by,assigned_to,target\n".to_owned();
    for incident in kept {
        csv += &format!(
            "{},{},{},{},P1,\"Pages, slow\",monitoring,{},{}\n",
            incident.id,
            iso(incident.opened),
            iso(incident.resolved),
            if incident.cancelled { "Cancelled" } else { "Closed" },
            incident.assignee,
            incident.host
        );
    }
    folder.text("registers/incidents.csv", &csv);
    let records: Vec<Value> = desk.into_iter().map(|incident| record(incident, fleet.end())).collect();
    folder.json("changes/incident.json", &json!({ "result": records }));
}

fn record(incident: &Incident, exported: i64) -> Value {
    let state = if incident.cancelled { "8" } else { "7" };
    json!({
        "number": incident.id, "sys_id": format!("s{}", incident.id), "sys_class_name": "incident", "state": state,
        "incident_state": state, "priority": "1", "short_description": "Pages are slow", "opened_at": plain(incident.opened),
        "sys_created_on": plain(incident.opened), "sys_updated_on": plain(exported), "resolved_at": plain(incident.resolved),
        "closed_at": plain(incident.resolved), "caller_id": reference("monitoring"), "caller_id.user_name": "monitoring",
        "opened_by": reference("monitoring"), "opened_by.user_name": "monitoring", "assigned_to": reference(&incident.assignee),
        "assigned_to.user_name": incident.assignee, "cmdb_ci": reference("c1"),
        "cmdb_ci.name": format!("{}.corp.example", incident.host),
    })
}
