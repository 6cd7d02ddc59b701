//! Ansible's inventory in INI form: `[group]`, `[group:children]`, `[group:vars]`, hosts with ranges and variables.
//!
//! Source: ansible-core's `lib/ansible/plugins/inventory/ini.py`. A file is taken for an inventory by what only inventories
//! have: a `:children` or `:vars` section, or a host with an `ansible_…` variable; plainer ones are to be exported with
//! `ansible-inventory --list`. Variables hold passwords: only those that say something about a host are read or quoted.

use super::ansible_groups::{Inventory, hosts};
use super::inventory::{self, matters};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::Table;
use crate::redact::lossless;

/// Ansible's inventory in INI form.
pub(super) struct AnsibleInventoryIni;

impl Format for AnsibleInventoryIni {
    fn name(&self) -> &'static str {
        "ansible-inventory-ini"
    }

    fn about(&self) -> &'static str {
        "Ansible inventory in INI form, with ranges, child groups and group variables"
    }

    fn recognised_by(&self) -> &'static str {
        "sections [group:children] or [group:vars], or hosts with ansible_ variables"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        inventory::TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let (mut section, mut host, mut kind) = (false, false, Kind::Hosts);
        for line in head.text().lines() {
            match Line::of(line, kind) {
                Line::Nothing => {}
                Line::Section(_, found) => {
                    kind = found;
                    section |= matches!(found, Kind::Children | Kind::Variables);
                }
                Line::Host(rest) => {
                    let words = words(rest);
                    let (name, variables) = words.split_first().map_or(("", &[][..]), |(name, rest)| (name.as_str(), rest));
                    host |= !name.contains('=')
                        && variables.iter().all(|word| word.contains('='))
                        && variables.iter().any(|word| word.starts_with("ansible_"));
                }
                Line::Child(_) | Line::Variable(..) | Line::Unreadable(_) => {}
            }
        }
        (section || host).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let line = document.lines().nth(usize::try_from(number.checked_sub(1)?).ok()?)?;
        let words = words(line);
        let shows = |place: usize, word: &str| match word.split_once('=') {
            Some((key, _)) => matters(key),
            None => place == 0,
        };
        let shown: Vec<&str> =
            words.iter().enumerate().map(|(place, word)| if shows(place, word) { word.as_str() } else { "…" }).collect();
        Some(shown.join(" "))
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = lossless(segment.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(segment.bytes));
        inventory::may_be_cut(segment, sink);
        let mut inventory = Inventory::default();
        let mut first_named: Vec<(u64, Vec<String>)> = Vec::new();
        let (mut group, mut kind) = ("ungrouped", Kind::Hosts);
        for (number, line) in (1..).zip(text.lines()) {
            match Line::of(line, kind) {
                Line::Nothing => {}
                Line::Section(name, found) => {
                    (group, kind) = (name, found);
                    if found == Kind::Unknown {
                        sink.record(number).reject("a section that is neither hosts, children nor vars", name.as_bytes());
                    } else {
                        sink.record(number).skip("the heading of a group");
                    }
                }
                Line::Child(child) => {
                    inventory.child(group, child);
                    sink.record(number).skip("a child of a group; its hosts are in both");
                }
                Line::Variable(key, value) => {
                    inventory.group_variable(group, key, value.to_owned());
                    sink.record(number).skip("a variable of a group; what says something of hosts is read with them");
                }
                Line::Host(rest) => match host_line(rest, group, &mut inventory) {
                    Ok(new) if new.is_empty() => {
                        sink.record(number).skip("hosts named before; their groups are read with the first")
                    }
                    Ok(new) => first_named.push((number, new)),
                    Err((name, reason)) => sink.record(number).reject(reason, name.as_bytes()),
                },
                Line::Unreadable(reason) => sink.record(number).reject(reason, b""),
            }
        }
        for (number, names) in first_named {
            give_line(number, &names, &inventory, reading, sink);
        }
    }
}

/// All hosts that one line names first: one record.
fn give_line(number: u64, names: &[String], inventory: &Inventory, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let observed_at = inventory::seen_at(None, number, reading, sink);
    let mut record = sink.record(number);
    let mut found: Vec<_> = names.iter().filter_map(|name| inventory.found(name)).collect();
    if found.len() < names.len() {
        return record.reject("a host in too many groups", b"");
    }
    for mut host in found.drain(..) {
        host.observed_at = observed_at;
        host.give(&mut record, reading);
    }
}

/// Takes the hosts and variables of a line; returns the hosts that it names first, or the name that cannot be read.
fn host_line(line: &str, group: &str, inventory: &mut Inventory) -> Result<Vec<String>, (String, &'static str)> {
    let words = words(line);
    let pattern = words.first().map(|word| word.as_str()).unwrap_or_default();
    if pattern.contains('=') {
        return Err((String::new(), "a host whose name looks like a variable"));
    }
    let names = hosts(pattern).map_err(|reason| (pattern.to_owned(), reason))?;
    let new = names.iter().filter(|name| inventory.host(name, group)).cloned().collect();
    for (key, value) in words.iter().skip(1).filter_map(|word| word.split_once('=')) {
        for name in &names {
            inventory.host_variable(name, key, value.to_owned());
        }
    }
    Ok(new)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Hosts,
    Children,
    Variables,
    /// A section of another kind: its lines must not fall to the group before it.
    Unknown,
}

enum Line<'a> {
    Nothing,
    Section(&'a str, Kind),
    Host(&'a str),
    Child(&'a str),
    Variable(&'a str, &'a str),
    Unreadable(&'static str),
}

impl<'a> Line<'a> {
    fn of(line: &'a str, kind: Kind) -> Self {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            return Self::Nothing;
        }
        if let Some(rest) = line.strip_prefix('[')
            && let Some((name, after)) = rest.split_once(']')
            && (after.trim().is_empty() || after.trim_start().starts_with(['#', ';']))
        {
            let (name, kind) = match name.trim().rsplit_once(':') {
                None => (name.trim(), Kind::Hosts),
                Some((name, "children")) => (name, Kind::Children),
                Some((name, "vars")) => (name, Kind::Variables),
                Some((name, "hosts")) => (name, Kind::Hosts),
                Some((name, _)) => (name, Kind::Unknown),
            };
            return Self::Section(name, kind);
        }
        match kind {
            Kind::Hosts => Self::Host(line),
            Kind::Children => Self::Child(line.split_ascii_whitespace().next().unwrap_or_default()),
            Kind::Unknown => Self::Unreadable("a line of a section that is neither hosts, children nor vars"),
            Kind::Variables => match line.split_once('=') {
                Some((key, value)) => {
                    Self::Variable(key.trim(), value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']))
                }
                None => Self::Unreadable("a variable without a value"),
            },
        }
    }
}

/// The words of a line as a shell would cut it: quotes hold blanks together and go, `#` at a word's start ends the line.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut open) = (String::new(), None, false);
    for character in line.chars() {
        match quote {
            Some(mark) if character == mark => quote = None,
            Some(_) => word.push(character),
            None if character == '#' && !open => break,
            None if character == '"' || character == '\'' => {
                quote = Some(character);
                open = true;
            }
            None if character.is_whitespace() => {
                if open {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            None => {
                word.push(character);
                open = true;
            }
        }
    }
    if open {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> bool {
        AnsibleInventoryIni.recognise(&Head { bytes: text.as_bytes(), whole: true }).is_some()
    }

    #[test]
    fn other_ini_files_are_not_taken_for_inventories() {
        assert!(known("[web:children]\neu\n"));
        assert!(known("db-1 ansible_host=10.0.0.1\n"));
        assert!(!known("[defaults]\nansible_managed = yes\nhost_key_checking = False\n"), "ansible.cfg");
        assert!(!known("[Unit]\nDescription=x\n"));
        assert!(!known("[web]\na\nb\n"), "hosts alone could be anything");
    }

    #[test]
    fn words_keep_quoted_blanks_and_end_at_a_comment() {
        assert_eq!(words("db-1 a='x y' b=\"z\"  # note"), ["db-1", "a=x y", "b=z"]);
        assert_eq!(words("db-1 a=x#y"), ["db-1", "a=x#y"]);
    }

    #[test]
    fn a_quote_shows_no_variable_that_is_not_read() {
        let quote = AnsibleInventoryIni.record("[web:vars]\ndb-1 role=data ansible_become_pass=hunter2\n", 2);
        assert_eq!(quote.as_deref(), Some("db-1 role=data …"));
    }
}
