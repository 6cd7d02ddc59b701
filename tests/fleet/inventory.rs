//! Writes the inventories: Elasticsearch's node lists, a CMDB's CSV, EC2 instances, Ansible inventories.

use serde_json::{Map, Value, json};

use super::random::{compact, iso};
use super::story::{DAY, Fleet, HOUR, Host};
use super::write::Folder;

/// Which inventory lists a host: 0 Elasticsearch, 1 CSV, 2 EC2, 3 Ansible.
fn listed_in(host: &Host) -> usize {
    match (host.stateful, host.name.starts_with("db-")) {
        (true, true) => host.group % 4,
        (false, false) if host.name.starts_with("web-") => 1 + (host.group / 2) % 2,
        _ => 1,
    }
}

fn group(host: &Host) -> String {
    if host.name.starts_with("db-") { format!("grp-{:02}", host.group) } else { format!("pool-{:02}", host.group) }
}

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    for (number, at) in [fleet.start + HOUR, fleet.start + 3 * DAY + HOUR].into_iter().enumerate() {
        let of = |format: usize| fleet.hosts.iter().filter(move |host| listed_in(host) == format);
        elasticsearch(fleet, folder, number, at);
        let mut csv = "observed_at,host,class,roles,groups,image,launched_at\n".to_owned();
        for host in of(1) {
            csv += &format!(
                "{},{}.corp.example,{},{},{},{},{}\n",
                iso(at + 20),
                host.name,
                host.class,
                host.roles,
                group(host),
                host.image,
                iso(host.launched)
            );
        }
        folder.text(&format!("inventory/cmdb-{number}.csv"), &csv);
        let instances: Vec<Value> = of(2).map(instance).collect();
        folder.json(
            &format!("inventory/ec2/{}.json", compact(at)),
            &json!({ "Reservations": [{ "ReservationId": "r-1", "Instances": instances }] }),
        );
        let mut document = Map::new();
        let mut variables = Map::new();
        for host in of(3) {
            variables.insert(host.name.clone(), json!({ "class": host.class, "role": host.roles }));
            let members = document.entry(group(host)).or_insert_with(|| json!({ "hosts": [] }));
            members["hosts"].as_array_mut().expect("a list").push(json!(host.name));
        }
        document.insert("_meta".to_owned(), json!({ "hostvars": variables }));
        folder.json(&format!("inventory/ansible/{}.json", compact(at)), &Value::Object(document));
    }
}

/// Each group is a cluster with a list of its own; its first three nodes are masters, where they have not left.
fn elasticsearch(fleet: &Fleet, folder: &Folder, number: usize, at: i64) {
    for cluster in (0..super::story::GROUPS).filter(|group| group % 4 == 0) {
        let mut nodes = Map::new();
        for (place, host) in fleet.hosts.iter().filter(|host| listed_in(host) == 0 && host.group == cluster).enumerate() {
            let lost = number == 1 && fleet.lost_quorum.contains(&cluster);
            let master = place == 0 || (place < 3 && !lost);
            let roles: &[&str] = if master { &["data_hot", "master"] } else { &["data_hot"] };
            nodes.insert(
                format!("n{cluster:02}{place:02}"),
                json!({ "timestamp": at * 1000, "name": host.name, "transport_address": "10.1.1.1:9300", "host": "10.1.1.1",
                        "ip": "10.1.1.1:9300", "roles": roles, "attributes": {} }),
            );
        }
        let count = nodes.len();
        folder.json(
            &format!("elasticsearch/grp-{cluster:02}-{number}.json"),
            &json!({ "_nodes": { "total": count, "successful": count, "failed": 0 }, "cluster_name": format!("grp-{cluster:02}"),
                     "nodes": nodes }),
        );
    }
}

fn instance(host: &Host) -> Value {
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    let image = if host.image.is_empty() { "ami-0dddddddddddddddd" } else { &host.image };
    json!({
        "InstanceId": format!("i-{}", host.name), "ImageId": image, "LaunchTime": iso(host.launched),
        "State": { "Code": 16, "Name": "running" }, "PrivateDnsName": "ip-10-77-0-1.ec2.internal", "StateTransitionReason": "",
        "Tags": [tag("Name", &host.name), tag("Role", host.roles), tag("Class", host.class), tag("Cluster", &group(host))],
    })
}
