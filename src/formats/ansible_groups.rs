//! Ansible's inventory, however it is written: hosts, the groups that they are in directly or through child groups, and the
//! variables that say something about a host.
//!
//! Source: ansible-core's `lib/ansible/inventory/data.py` and `lib/ansible/vars/manager.py` (a host's variable hides a
//! group's, a child group's hides its parent's), `lib/ansible/inventory/helpers.py` and
//! `lib/ansible/plugins/inventory/__init__.py` (ranges of hosts). Variables hold passwords: only those with a meaning are
//! kept.

use std::collections::{BTreeMap, BTreeSet};

use super::inventory::{Found, matters, seen_at};
use super::{Reading, Sink};

/// Hosts that one range, and groups that one host may have; more is a mistake or mischief.
const MOST: usize = 10_000;

/// Groups that every inventory has, and that say nothing.
const BUILT_IN: [&str; 2] = ["all", "ungrouped"];

#[derive(Clone, Debug, Default)]
struct Group {
    parents: BTreeSet<String>,
    variables: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    groups: BTreeSet<String>,
    variables: BTreeMap<String, String>,
}

/// An inventory as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Inventory {
    groups: BTreeMap<String, Group>,
    hosts: BTreeMap<String, Entry>,
}

impl Inventory {
    /// Notes that `host` is in `group`; true where the host is seen for the first time.
    pub(super) fn host(&mut self, host: &str, group: &str) -> bool {
        let new = !self.hosts.contains_key(host);
        self.hosts.entry(host.to_owned()).or_default().groups.insert(group.to_owned());
        new
    }

    /// Notes that `child` is a group within `parent`.
    pub(super) fn child(&mut self, parent: &str, child: &str) {
        self.groups.entry(child.to_owned()).or_default().parents.insert(parent.to_owned());
    }

    /// Notes a variable of a host, where it matters; the last one counts.
    pub(super) fn host_variable(&mut self, host: &str, key: &str, value: String) {
        if matters(key) {
            self.hosts.entry(host.to_owned()).or_default().variables.insert(key.to_owned(), value);
        }
    }

    /// Notes a variable of a group, where it matters.
    pub(super) fn group_variable(&mut self, group: &str, key: &str, value: String) {
        if matters(key) {
            self.groups.entry(group.to_owned()).or_default().variables.insert(key.to_owned(), value);
        }
    }

    /// The names of all hosts, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.hosts.keys().map(String::as_str)
    }

    /// A host with all its groups and what its variables say; nothing where it is unknown or in too many groups.
    pub(super) fn found(&self, host: &str) -> Option<Found> {
        let entry = self.hosts.get(host)?;
        let mut found = Found::named(host, None);
        let mut variables = entry.variables.clone();
        let mut level = entry.groups.clone();
        while !level.is_empty() {
            let mut above = BTreeSet::new();
            // Of groups side by side the last one in the alphabet counts.
            for name in level.iter().rev() {
                if !found.groups.insert(name.clone()) {
                    continue;
                }
                let Some(group) = self.groups.get(name) else { continue };
                for (key, value) in &group.variables {
                    variables.entry(key.clone()).or_insert_with(|| value.clone());
                }
                above.extend(group.parents.iter().filter(|parent| !found.groups.contains(*parent)).cloned());
            }
            if found.groups.len() > MOST {
                return None;
            }
            level = above;
        }
        // Variables of `all` are everybody's, whether or not the inventory writes `all` out as a parent.
        for (key, value) in self.groups.get("all").iter().flat_map(|all| &all.variables) {
            variables.entry(key.clone()).or_insert_with(|| value.clone());
        }
        for group in BUILT_IN {
            found.groups.remove(group);
        }
        for (key, value) in &variables {
            found.learn(key, value);
        }
        Some(found)
    }

    /// Gives every host as a record of its own, numbered in the order of their names.
    pub(super) fn give_all(&self, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        for (number, name) in (1..).zip(self.names()) {
            self.give(number, name, reading, sink);
        }
    }

    /// Gives one host as the record `number`.
    pub(super) fn give(&self, number: u64, name: &str, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(mut found) = self.found(name) else {
            return sink.record(number).reject("a host in too many groups", name.as_bytes());
        };
        found.observed_at = seen_at(None, number, reading, sink);
        found.give(&mut sink.record(number), reading);
    }

    /// Host `number` (1-based) with its groups and roles as text: a quote without the variables that are not read.
    pub(super) fn describe(&self, number: u64) -> Option<String> {
        let name = self.names().nth(usize::try_from(number.checked_sub(1)?).ok()?)?;
        let found = self.found(name)?;
        let joined = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        Some(format!("{name}: groups [{}], roles [{}]", joined(&found.groups), joined(&found.roles)))
    }
}

/// The hosts that a pattern names: `es-[1:3]`, `es-[01:09:2].example.org`, `rack[a:c]-[1:2]`, with or without a port.
pub(super) fn hosts(pattern: &str) -> Result<Vec<String>, &'static str> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some((before, inside)) = rest.split_once('[') {
        let (range, after) = inside.split_once(']').ok_or("a range of hosts that is not closed")?;
        let items = range_items(range)?;
        if names.len().saturating_mul(items.len()) > MOST {
            return Err("a range of more hosts than one line may name");
        }
        names = names.iter().flat_map(|name| items.iter().map(move |item| format!("{name}{before}{item}"))).collect();
        rest = after;
    }
    // A port is the last thing; a second colon would be an IPv6 address, which has none here.
    let rest = match rest.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => rest,
    };
    for name in &mut names {
        name.push_str(rest);
        if name.is_empty() {
            return Err("a host without a name");
        }
    }
    Ok(names)
}

/// The items of `1:3`, `01:10:2` or `a:c`.
fn range_items(range: &str) -> Result<Vec<String>, &'static str> {
    const MISTAKE: &str = "a range of hosts that cannot be read";
    let parts: Vec<&str> = range.split(':').collect();
    let (first, last, step) = match *parts.as_slice() {
        [first, last] => (first, last, 1),
        [first, last, step] => (first, last, step.parse::<usize>().ok().filter(|step| *step > 0).ok_or(MISTAKE)?),
        _ => return Err(MISTAKE),
    };
    let first = if first.is_empty() { "0" } else { first };
    if let (Ok(from), Ok(to)) = (first.parse::<u32>(), last.parse::<u32>()) {
        let width = if first.len() > 1 && first.starts_with('0') { first.len() } else { 0 };
        if from > to || usize::try_from(to - from).map_or(true, |count| count / step >= MOST) {
            return Err("a range that ends before it begins, or that is too long");
        }
        return Ok((from..=to).step_by(step).map(|number| format!("{number:0width$}")).collect());
    }
    match (first.as_bytes(), last.as_bytes()) {
        ([from], [to]) if from.is_ascii_alphabetic() && to.is_ascii_alphabetic() && from <= to => {
            Ok((*from..=*to).step_by(step).map(|letter| char::from(letter).to_string()).collect())
        }
        _ => Err(MISTAKE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_hosts() {
        let read = |pattern| hosts(pattern).map(|names| names.join(" "));
        assert_eq!(read("es-[1:3]").as_deref(), Ok("es-1 es-2 es-3"));
        assert_eq!(read("es-[08:10].example.org").as_deref(), Ok("es-08.example.org es-09.example.org es-10.example.org"));
        assert_eq!(read("r[a:b]-[1:3:2]:2222").as_deref(), Ok("ra-1 ra-3 rb-1 rb-3"));
        assert_eq!(read("db-1:22").as_deref(), Ok("db-1"));
        assert_eq!(read("2001:db8::1").as_deref(), Ok("2001:db8::1"));
        for mistake in ["es-[3:1]", "es-[1:", "es-[1:99999999]", "[1:9999][1:9999]", "es-[x:10]", "es-[1:3:0]", "[::1]:22"] {
            assert!(hosts(mistake).is_err(), "{mistake}");
        }
    }

    #[test]
    fn groups_reach_through_their_children_and_nearer_variables_count() {
        let mut inventory = Inventory::default();
        inventory.host("es-1", "hot");
        inventory.child("elastic", "hot");
        inventory.child("all", "elastic");
        inventory.child("hot", "elastic");
        inventory.group_variable("elastic", "role", "master".to_owned());
        inventory.group_variable("hot", "role", "data_hot".to_owned());
        inventory.group_variable("all", "env", "prod".to_owned());
        inventory.host_variable("es-1", "ansible_become_pass", "hunter2".to_owned());
        let found = inventory.found("es-1").expect("a host");
        assert_eq!(found.groups.iter().map(String::as_str).collect::<Vec<_>>(), ["elastic", "hot"], "a circle ends");
        assert_eq!(found.roles.iter().map(String::as_str).collect::<Vec<_>>(), ["data_hot"]);
        assert_eq!(found.environment.as_deref(), Some("prod"));
        assert!(!format!("{inventory:?}").contains("hunter2"));
    }
}
