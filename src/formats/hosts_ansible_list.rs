//! Ansible's inventory as `ansible-inventory --list` writes it, and as dynamic inventory scripts do: groups with `hosts`,
//! `children` and `vars`, and the variables of hosts in `_meta.hostvars`.
//!
//! Source: ansible-core's `lib/ansible/plugins/inventory/script.py` and `lib/ansible/cli/inventory.py`. Variables hold
//! passwords: only those that say something about a host are read, and damaged documents are not quoted.

use super::ansible_groups::Inventory;
use super::inventory::{self, guarded, plain};
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::Table;

/// Ansible's inventory in JSON.
pub(super) struct AnsibleInventoryList;

impl Format for AnsibleInventoryList {
    fn name(&self) -> &'static str {
        "ansible-inventory-json"
    }

    fn about(&self) -> &'static str {
        "Ansible inventory in JSON (ansible-inventory --list, dynamic inventory scripts)"
    }

    fn recognised_by(&self) -> &'static str {
        "groups with _meta.hostvars"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        inventory::TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        (head.first_byte() == Some(b'{') && text.contains("\"_meta\"") && text.contains("\"hostvars\""))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        inventory_of(&Members::of(document).ok()?).describe(number)
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = guarded(segment, sink) else { return };
        inventory_of(&document).give_all(reading, sink);
    }
}

fn inventory_of(document: &Members<'_>) -> Inventory {
    let mut inventory = Inventory::default();
    for (group, body) in document.iter().filter(|(name, _)| *name != "_meta") {
        // Old scripts give a group as the bare list of its hosts.
        for host in texts(body) {
            inventory.host(&host, group);
        }
        let Some(body) = body.members() else { continue };
        for host in body.get("hosts").map(texts).unwrap_or_default() {
            inventory.host(&host, group);
        }
        for child in body.get("children").map(texts).unwrap_or_default() {
            inventory.child(group, &child);
        }
        each_variable(body.get("vars"), |key, value| inventory.group_variable(group, key, value));
    }
    let hostvars =
        document.get("_meta").and_then(Json::members).and_then(|meta| meta.get("hostvars").map(|vars| vars.raw().to_owned()));
    let hostvars = hostvars.as_deref().map(Json::borrowed);
    for (host, variables) in hostvars.iter().filter_map(Json::members).collect::<Vec<_>>().iter().flat_map(Members::iter) {
        inventory.host(host, "ungrouped");
        each_variable(Some(variables), |key, value| inventory.host_variable(host, key, value));
    }
    inventory
}

fn texts(list: &Json<'_>) -> Vec<String> {
    list.elements().iter().filter_map(|item| item.filled().map(|text| text.into_owned())).collect()
}

fn each_variable(variables: Option<&Json<'_>>, mut note: impl FnMut(&str, String)) {
    let variables = variables.and_then(Json::members);
    for (key, value) in variables.iter().flat_map(Members::iter).filter(|(key, _)| inventory::matters(key)) {
        if let Some(value) = plain(value) {
            note(key, value);
        }
    }
}
