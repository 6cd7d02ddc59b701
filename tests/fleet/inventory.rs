//! Writes the inventories: a CMDB's CSV and Elasticsearch's lists of nodes here, those of clouds and of Ansible beside.

use serde_json::{Map, Value, json};

use super::random::{compact, iso};
use super::story::{DAY, Fleet, GROUPS, HOUR, Host, is_instance_id};
use super::write::Folder;

/// An inventory that lists a host.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    Nodes,
    /// `_cat/nodes`, which names no cluster; the settings of each node do.
    CatNodes,
    Cmdb,
    Ec2,
    AnsibleList,
    AnsibleIni,
    AnsibleYaml,
    Terraform,
    Kubernetes,
}

/// The inventories that list a host. Where there are two, both say the same, or each half of it.
pub(super) fn listed(host: &Host) -> &'static [Listed] {
    if host.name.starts_with("db-") {
        return match (host.group % 4, host.group / 4) {
            (0, turn) if turn.is_multiple_of(2) => &[Listed::Nodes],
            (0, _) => &[Listed::CatNodes],
            (1, _) => &[Listed::Cmdb],
            (2, turn) if turn.is_multiple_of(2) => &[Listed::Ec2, Listed::Terraform],
            (2, _) => &[Listed::Ec2],
            (_, turn) => [&[Listed::AnsibleList], &[Listed::AnsibleIni], &[Listed::AnsibleYaml]][turn % 3],
        };
    }
    if host.is_web() {
        return match host.group / 2 % 4 {
            0 => &[Listed::Cmdb],
            2 => &[Listed::Terraform, Listed::Kubernetes],
            3 if !is_instance_id(&host.name) => &[Listed::Ec2, Listed::Terraform],
            _ => &[Listed::Ec2],
        };
    }
    match host.name.as_str() {
        "misc-1" => &[Listed::AnsibleYaml],
        "misc-4" => &[Listed::AnsibleList],
        "misc-2" => &[Listed::AnsibleIni],
        "misc-3" => &[Listed::Kubernetes],
        "ledger-1" => &[Listed::Ec2],
        "ledger-2" => &[Listed::Terraform],
        "ledger-3" => &[Listed::Cmdb, Listed::CatNodes],
        _ => &[Listed::Cmdb],
    }
}

pub(super) fn group(host: &Host) -> String {
    if host.name.starts_with("db-") { format!("grp-{:02}", host.group) } else { format!("pool-{:02}", host.group) }
}

/// When the CMDB says that it saw what the other inventories of a moment saw then.
pub(super) const CMDB_LATER: i64 = 20;

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    for (number, at) in [fleet.start + HOUR, fleet.start + 3 * DAY + HOUR].into_iter().enumerate() {
        elasticsearch(fleet, folder, number, at);
        super::clouds::write(fleet, folder, at);
        super::playbook_hosts::write(fleet, folder, at);
        let mut csv = "observed_at,host,class,roles,groups,image,launched_at\n".to_owned();
        for host in fleet.hosts.iter().filter(|host| listed(host).contains(&Listed::Cmdb)) {
            csv += &format!(
                "{},{}.corp.example,{},{},{},{},{}\n",
                iso(at + CMDB_LATER),
                host.name,
                host.class,
                host.roles,
                group(host),
                host.image,
                iso(host.launched)
            );
        }
        folder.text(&format!("inventory/cmdb-{number}.csv"), &csv);
    }
}

/// Each group is a cluster with a list of its own; its first three nodes are masters, where they have not left.
fn elasticsearch(fleet: &Fleet, folder: &Folder, number: usize, at: i64) {
    for cluster in (0..GROUPS).step_by(4) {
        let lost = number == 1 && fleet.lost_quorum.contains(&cluster);
        let hosts: Vec<(&Host, bool)> = fleet
            .hosts
            .iter()
            .filter(|host| host.stateful && host.group == cluster && host.name.starts_with("db-"))
            .enumerate()
            .map(|(place, host)| (host, place == 0 || (place < 3 && !lost)))
            .collect();
        if listed(hosts[0].0).contains(&Listed::CatNodes) {
            // Two that nobody would look for here: one has joined, one is set to.
            let strays = |name: &'static str| fleet.hosts.iter().filter(move |host| cluster == 4 && host.name == name);
            let joined = hosts.iter().copied().chain(strays("ledger-3").map(|host| (host, false)));
            let rows: Value = joined.map(|(host, master)| row(host, master)).collect();
            folder.json(&format!("elasticsearch/cat/{}/grp-{cluster:02}.json", compact(at)), &rows);
            let set = hosts.iter().copied().chain(strays("ledger-4").map(|host| (host, false)));
            for (host, master) in set.filter(|_| number == 0) {
                let roles = if master { "data_hot, master" } else { "data_hot" };
                folder.text(
                    &format!("elasticsearch/settings/{}/{}.yml", compact(at), host.name),
                    &format!(
                        "cluster.name: GRP-{cluster:02}\nnode.name: {}.corp.example\nnode.roles: [ {roles} ]\npath.data: /var/lib/es\n",
                        host.name
                    ),
                );
            }
            continue;
        }
        let mut nodes = Map::new();
        for (place, (host, master)) in hosts.into_iter().enumerate() {
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

/// A row of `_cat/nodes`.
fn row(host: &Host, master: bool) -> Value {
    json!({ "ip": "10.77.0.9", "heap.percent": "46", "ram.percent": "65", "cpu": "1", "load_1m": "0.06",
            "node.role": if master { "hm" } else { "h" }, "master": "-", "name": host.name })
}
