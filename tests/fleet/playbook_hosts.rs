//! Writes Ansible's inventories: the list in JSON, the INI file with ranges, the YAML file with what groups have in common.

use serde_json::{Map, Value, json};

use super::inventory::{Listed, group, listed};
use super::random::compact;
use super::story::{Fleet, Host, MEMBERS};
use super::write::Folder;

pub(super) fn write(fleet: &Fleet, folder: &Folder, at: i64) {
    let of = |how: Listed| -> Vec<&Host> { fleet.hosts.iter().filter(|host| listed(host).contains(&how)).collect() };
    let path = |ending: &str| format!("inventory/ansible/{}.{ending}", compact(at));
    folder.json(&path("json"), &list(&of(Listed::AnsibleList)));
    folder.text(&path("ini"), &ini(&of(Listed::AnsibleIni)));
    folder.text(&path("yml"), &yaml(&of(Listed::AnsibleYaml)));
}

fn list(hosts: &[&Host]) -> Value {
    let mut document = Map::new();
    let mut variables = Map::new();
    for host in hosts {
        variables.insert(host.name.clone(), json!({ "class": host.class, "role": host.roles }));
        let members = document.entry(group(host)).or_insert_with(|| json!({ "hosts": [] }));
        members["hosts"].as_array_mut().expect("a list").push(json!(host.name));
    }
    document.insert("_meta".to_owned(), json!({ "hostvars": variables }));
    Value::Object(document)
}

/// The groups of hosts, each with its first.
fn first_of_groups<'h>(hosts: &[&'h Host]) -> Vec<&'h Host> {
    hosts.iter().copied().filter(|host| host.name.ends_with("-00")).collect()
}

/// A line for a whole group, its class among the variables of the group; what has no class stands by itself.
fn ini(hosts: &[&Host]) -> String {
    let mut text = "# written by hand\n".to_owned();
    for host in hosts.iter().filter(|host| host.class.is_empty()) {
        text += &format!("{}.corp.example ansible_user=ops ansible_become_pass=hunter2\n", host.name);
    }
    for host in first_of_groups(hosts) {
        let (name, last) = (group(host), MEMBERS - 1);
        let stem = host.name.trim_end_matches("00");
        text +=
            &format!("\n[{name}]\n{stem}[00:{last:02}].corp.example role={}\n[{name}:vars]\nclass={}\n", host.roles, host.class);
    }
    text
}

fn yaml(hosts: &[&Host]) -> String {
    let mut text = "---\nall:\n  vars: {env: prod}\n  hosts:\n".to_owned();
    for host in hosts.iter().filter(|host| host.class.is_empty()) {
        text += &format!("    {}.corp.example:\n", host.name);
    }
    text += "  children:\n";
    for first in first_of_groups(hosts) {
        text += &format!("    {}:\n      vars:\n        class: {}\n      hosts:\n", group(first), first.class);
        for host in hosts.iter().filter(|host| host.group == first.group && !host.class.is_empty()) {
            text += &format!("        {}:\n          role: {}\n          db_password: hunter2\n", host.name, host.roles);
        }
    }
    text
}
