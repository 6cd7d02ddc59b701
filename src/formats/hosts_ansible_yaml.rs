//! Ansible's inventory in YAML: groups with `hosts`, `children` and `vars`, from the group `all` or from any other.
//!
//! Source: ansible-core's `lib/ansible/plugins/inventory/yaml.py`. Values may be encrypted (`!vault`); they and all other
//! variables without a meaning are left where they are, and damaged documents are not quoted.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ansible_groups::{Inventory, hosts};
use super::inventory;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::Table;

/// Ansible's inventory in YAML.
pub(super) struct AnsibleInventoryYaml;

const PARTS: [&str; 3] = ["hosts", "children", "vars"];

impl Format for AnsibleInventoryYaml {
    fn name(&self) -> &'static str {
        "ansible-inventory-yaml"
    }

    fn about(&self) -> &'static str {
        "Ansible inventory in YAML"
    }

    fn recognised_by(&self) -> &'static str {
        "YAML groups that hold nothing but hosts, children and vars"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        inventory::TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        groups_only(head.text()).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        inventory_of(parse(document).ok()?).0.describe(number)
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        inventory::may_be_cut(segment, sink);
        let text = match segment.text() {
            Ok(text) => text,
            Err(line) => return sink.record(line).reject("byte that is not UTF-8", b""),
        };
        let groups = match parse(text) {
            Ok(groups) => groups,
            Err((line, error)) => {
                return sink
                    .record(line)
                    .reject(&format!("damaged or torn YAML ({error}); not quoted, it may hold secrets"), b"");
            }
        };
        let (inventory, mistakes) = inventory_of(groups);
        inventory.give_all(reading, sink);
        let last = u64::try_from(inventory.names().count()).unwrap_or(u64::MAX);
        for (number, (name, reason)) in (last.saturating_add(1)..).zip(mistakes) {
            sink.record(number).reject(reason, name.as_bytes());
        }
    }
}

/// Whether the left edge holds nothing but group names, and the level below it nothing but the parts of a group.
fn groups_only(text: &str) -> bool {
    let (mut inner, mut parts) = (None, 0);
    for line in text.lines() {
        let bare = line.trim_start();
        if bare.is_empty() || bare.starts_with('#') || line == "---" {
            continue;
        }
        let indent = line.len() - bare.len();
        if indent == 0 {
            if bare.starts_with(['-', '{', '[']) || !bare.trim_end().ends_with(':') {
                return false;
            }
            inner = None;
            continue;
        }
        let level = *inner.get_or_insert(indent);
        if indent == level {
            let Some((key, _)) = bare.split_once(':') else { return false };
            if !PARTS.contains(&key) {
                return false;
            }
            parts += usize::from(key != "vars");
        }
    }
    parts > 0
}

fn parse(text: &str) -> Result<BTreeMap<String, Value>, (u64, String)> {
    let options = serde_saphyr::options! { budget: serde_saphyr::budget! { max_nodes: 1_000_000, max_aliases: 1_000 } };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        (line, super::lazy::first_line(&error.to_string()))
    })
}

/// The inventory, and host patterns that cannot be read with the reason.
fn inventory_of(groups: BTreeMap<String, Value>) -> (Inventory, Vec<(String, &'static str)>) {
    let (mut inventory, mut mistakes) = (Inventory::default(), Vec::new());
    let mut open: Vec<(String, Value)> = groups.into_iter().collect();
    while let Some((group, body)) = open.pop() {
        let Value::Object(mut body) = body else { continue };
        for (pattern, variables) in members(body.remove("hosts")) {
            match hosts(&pattern) {
                Ok(names) => names.iter().for_each(|host| {
                    inventory.host(host, &group);
                    each_variable(&variables, |key, value| inventory.host_variable(host, key, value));
                }),
                Err(reason) => mistakes.push((pattern, reason)),
            }
        }
        each_variable(&body.remove("vars").unwrap_or_default(), |key, value| inventory.group_variable(&group, key, value));
        for (child, body) in members(body.remove("children")) {
            inventory.child(&group, &child);
            open.push((child, body));
        }
    }
    (inventory, mistakes)
}

/// The members of an object; a bare name stands for an object with that one member.
fn members(value: Option<Value>) -> Vec<(String, Value)> {
    match value {
        Some(Value::Object(members)) => members.into_iter().collect(),
        Some(Value::String(name)) => vec![(name, Value::Null)],
        _ => Vec::new(),
    }
}

fn each_variable(variables: &Value, mut note: impl FnMut(&str, String)) {
    for (key, value) in variables.as_object().into_iter().flatten().filter(|(key, _)| inventory::matters(key)) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            Value::Number(number) => number.to_string(),
            _ => continue,
        };
        note(key, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inventories_are_taken_for_inventories() {
        assert!(groups_only("all:\n  hosts:\n    a:\n"));
        assert!(groups_only("---\n# ours\nweb:\n    children:\n        eu: {}\n    vars:\n        x: 1\nall:\n"));
        assert!(!groups_only("- hosts: all\n  tasks: []\n"), "a playbook");
        assert!(!groups_only("all:\n  vars:\n    a: 1\n"), "no host and no child");
        assert!(!groups_only("services:\n  es:\n    hosts: a\n"), "compose");
        assert!(!groups_only("spec:\n  hosts:\n    - a\n  gateways: [b]\n"), "a virtual service");
        assert!(!groups_only("name: x\nhosts:\n  a:\n"));
    }
}
