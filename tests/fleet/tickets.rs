//! Writes the changes: ServiceNow's JSON, CSV and XML, and Jira's search.

use serde_json::{Value, json};

use super::desk::{as_csv, by_tables};
use super::random::{iso, plain};
use super::story::{Change, Fleet, Kind};
use super::write::Folder;

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let of = |format: usize| fleet.changes.iter().filter(move |change| change.format == format);
    let exported = fleet.end();
    let records: Vec<Value> = of(0).map(|change| record(change, exported)).collect();
    folder.json("changes/change_request.json", &json!({ "result": records }));

    let mut csv = "\"number\",\"short_description\",\"type\",\"state\",\"approval\",\"opened_at\",\"start_date\",\"end_date\",\
                   \"work_start\",\"work_end\",\"cmdb_ci\",\"assigned_to\",\"requested_by\",\"u_approved_by\",\"u_approved_at\",\
                   \"sys_updated_on\"\n"
        .to_owned();
    for change in of(1) {
        let (approver, at) = change.approved.clone().map_or_else(Default::default, |(who, at)| (who, plain(at)));
        let cells = [
            change.id.clone(),
            "Work, \"as agreed\"".replace('"', "\"\""),
            if change.emergency() { "Emergency" } else { "Normal" }.to_owned(),
            "Closed".to_owned(),
            if change.kind == Kind::Unapproved { "Requested" } else { "Approved" }.to_owned(),
            plain(change.opened),
            plain(change.starts),
            plain(change.ends),
            plain(change.work.0),
            plain(change.work.1),
            change.target.clone(),
            change.assignee.clone(),
            change.requester.clone(),
            approver,
            at,
            plain(exported),
        ];
        csv += &format!("\"{}\"\n", cells.join("\",\""));
    }
    folder.text("changes/change_request.csv", &csv);

    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<unload unload_date=\"{}\">\n", plain(exported));
    for change in of(2) {
        xml += &element(change, exported);
    }
    folder.text("changes/change_request.xml", &(xml + "</unload>\n"));

    super::desk::write(fleet, folder);
    let issues: Vec<Value> = of(3).filter(|change| !as_csv(change)).map(|change| issue(change, exported)).collect();
    folder.json(
        "changes/jira.json",
        &json!({
            "expand": "names,schema", "startAt": 0, "maxResults": issues.len(), "total": issues.len(), "issues": issues,
            "names": { "summary": "Summary", "customfield_1": "Change start date", "customfield_2": "Change completion date",
                       "customfield_3": "Change type", "customfield_4": "Approvals", "customfield_5": "Affected services" },
        }),
    );
}

/// A reference of the Table API.
pub(super) fn reference(name: &str) -> Value {
    json!({ "link": format!("https://corp.example/api/now/table/x/{name}"), "value": name })
}

fn record(change: &Change, exported: i64) -> Value {
    let mut record = json!({
        "number": change.id, "type": if change.emergency() { "emergency" } else { "normal" }, "state": "3",
        "approval": if change.kind == Kind::Unapproved { "requested" } else { "approved" },
        "opened_at": plain(change.opened), "sys_created_on": plain(change.opened), "sys_updated_on": plain(exported),
        "start_date": plain(change.starts), "end_date": plain(change.ends), "work_start": plain(change.work.0),
        "work_end": plain(change.work.1), "short_description": "Work as agreed", "sys_class_name": "change_request",
        "requested_by": reference(&change.requester), "requested_by.user_name": change.requester,
        "assigned_to": reference(&change.assignee), "assigned_to.user_name": change.assignee,
        "cmdb_ci": reference("c1"), "cmdb_ci.name": change.target, "sys_id": format!("s{}", change.id),
        "u_approved_by": "", "u_approved_at": "",
    });
    if by_tables(change) {
        record["cmdb_ci"] = json!("");
        record["cmdb_ci.name"] = json!("");
    } else if let Some((who, at)) = &change.approved {
        record["u_approved_by"] = reference(who);
        record["u_approved_by.user_name"] = json!(who);
        record["u_approved_at"] = json!(plain(*at));
    }
    record
}

fn element(change: &Change, exported: i64) -> String {
    let kind = if change.emergency() { "emergency" } else { "normal" };
    let approval = if change.kind == Kind::Unapproved { "requested" } else { "approved" };
    let approved = change.approved.as_ref().map_or_else(String::new, |(who, at)| {
        format!("<u_approved_by display_value=\"{who}\">a1</u_approved_by>\n<u_approved_at>{}</u_approved_at>\n", plain(*at))
    });
    format!(
        "<change_request action=\"INSERT_OR_UPDATE\">\n<number>{}</number>\n<short_description>Work &amp; checks</short_description>\n\
         <type>{kind}</type>\n<state>3</state>\n<approval>{approval}</approval>\n<opened_at>{}</opened_at>\n\
         <start_date>{}</start_date>\n<end_date>{}</end_date>\n<work_start>{}</work_start>\n<work_end>{}</work_end>\n\
         <cmdb_ci display_value=\"{}\">c1</cmdb_ci>\n<assigned_to display_value=\"{}\">p1</assigned_to>\n\
         <requested_by display_value=\"{}\">p2</requested_by>\n{approved}<sys_updated_on>{}</sys_updated_on>\n\
         <sys_id>s{}</sys_id>\n</change_request>\n",
        change.id,
        plain(change.opened),
        plain(change.starts),
        plain(change.ends),
        plain(change.work.0),
        plain(change.work.1),
        change.target,
        change.assignee,
        change.requester,
        plain(exported),
        change.id,
    )
}

/// An issue of a service project. Times of work are no fields of the system, so this site has none.
fn issue(change: &Change, exported: i64) -> Value {
    let person = |name: &str| json!({ "accountId": name, "displayName": name });
    let approvals: Vec<Value> = change
        .approved
        .iter()
        .map(|(who, at)| {
            json!({ "id": "5", "name": "Waiting for approval", "finalDecision": "approved", "canAnswerApproval": false,
                    "approvers": [{ "approver": person(who), "approverDecision": "approved" }],
                    "createdDate": { "iso8601": iso(change.opened), "epochMillis": change.opened * 1000 },
                    "completedDate": { "iso8601": iso(*at), "epochMillis": at * 1000 } })
        })
        .collect();
    json!({
        "id": "1", "self": "https://corp.example/rest/api/3/issue/1", "key": change.id,
        "fields": {
            "summary": "Work as agreed", "issuetype": { "name": "[System] Change", "subtask": false },
            "status": { "name": "Completed", "statusCategory": { "key": "done" } },
            "created": iso(change.opened), "updated": iso(exported), "resolutiondate": iso(change.ends),
            "assignee": person(&change.assignee), "reporter": person(&change.requester), "labels": [],
            "customfield_1": iso(change.starts), "customfield_2": iso(change.ends),
            "customfield_3": { "id": "1", "value": if change.emergency() { "Emergency" } else { "Normal" } },
            "customfield_4": approvals, "customfield_5": [{ "name": change.target }],
        },
    })
}
