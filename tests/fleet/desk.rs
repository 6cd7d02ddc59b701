//! Writes what the desks keep beside their records: ServiceNow's tables of approvals and of affected items, and the issues
//! that somebody exported from Jira as CSV.

use chrono_tz::America::Chicago;
use serde_json::{Value, json};

use super::random::{plain, utc};
use super::story::{Change, Fleet};
use super::tickets::reference;
use super::write::Folder;

fn odd(change: &Change) -> bool {
    change.id.ends_with(['1', '3', '5', '7', '9'])
}

/// Whether the record leaves its approval and what it covers to their own tables.
pub(super) fn by_tables(change: &Change) -> bool {
    change.format == 0 && odd(change)
}

/// Whether an issue of Jira was exported as CSV.
pub(super) fn as_csv(change: &Change) -> bool {
    change.format == 3 && odd(change)
}

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let by_tables = || fleet.changes.iter().filter(|change| by_tables(change));
    folder.json("changes/sysapproval_approver.json", &json!({ "result": by_tables().map(approval).collect::<Vec<_>>() }));
    folder.json("changes/task_ci.json", &json!({ "result": by_tables().map(affected).collect::<Vec<_>>() }));

    let mut csv =
        "Summary,Issue key,Issue id,Issue Type,Status,Status Category,Assignee,Reporter,Created,Updated,Resolved,Labels,\
                   Labels,Custom field (Change start date),Custom field (Change completion date),Custom field (Change type),\
                   Custom field (Approved by),Custom field (Approved at),Custom field (Affected services),Comment\n"
            .to_owned();
    for change in fleet.changes.iter().filter(|change| as_csv(change)) {
        let (approver, approved) = change.approved.clone().map_or_else(Default::default, |(who, at)| (who, local(at)));
        let cells = [
            "\"Work, as agreed\"".to_owned(),
            change.id.clone(),
            "10012".to_owned(),
            "[System] Change".to_owned(),
            "Completed".to_owned(),
            "Done".to_owned(),
            change.assignee.clone(),
            change.requester.clone(),
            local(change.opened),
            local(fleet.end()),
            local(change.ends),
            "quill".to_owned(),
            String::new(),
            local(change.starts),
            local(change.ends),
            if change.emergency() { "Emergency" } else { "Normal" }.to_owned(),
            approver,
            approved,
            change.target.clone(),
            format!("\"{};{};started\nphase 1\"", local(change.starts), change.assignee),
        ];
        csv += &(cells.join(",") + "\n");
    }
    folder.text("changes/jira.csv", &csv);
}

/// `29/Jun/26 7:45 PM`, in the zone of whoever exported.
fn local(at: i64) -> String {
    utc(at).with_timezone(&Chicago).format("%d/%b/%y %-I:%M %p").to_string()
}

fn approval(change: &Change) -> Value {
    let (who, at, state) = match &change.approved {
        Some((who, at)) => (who.as_str(), *at, "approved"),
        None => ("apr00", change.opened, "requested"),
    };
    json!({
        "sysapproval": reference(&format!("s{}", change.id)), "sysapproval.number": change.id, "approver": reference(who),
        "approver.user_name": who, "state": state, "group": "", "comments": "", "sys_created_on": plain(change.opened),
        "sys_updated_on": plain(at), "source_table": "change_request", "sys_id": format!("a{}", change.id),
    })
}

fn affected(change: &Change) -> Value {
    json!({ "sys_id": format!("c{}", change.id), "task": reference(&format!("s{}", change.id)), "task.number": change.id,
            "ci_item": reference("c1"), "ci_item.name": change.target, "applied": "false" })
}
