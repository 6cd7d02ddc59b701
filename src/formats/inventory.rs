//! What every inventory gives: a host with its roles and groups, as rows of three tables; when it was seen; and what the
//! tags, labels and variables mean that teams hang on hosts.
//!
//! Inventories hold secrets (variables, state files, tags): only what a table needs is taken out, by name, and documents
//! that cannot be read are not quoted.

use std::collections::{BTreeMap, BTreeSet};

use super::lazy::{Json, Members};
use super::{Reading, Record, Segment, Sink};
use crate::facts::{HOST_GROUPS, HOST_ROLES, HOSTS, Host, HostGroup, HostRole, Micros, Table};

/// The tables that an inventory feeds.
pub(super) const TABLES: &[&Table] = &[&HOSTS, &HOST_ROLES, &HOST_GROUPS];

/// One host as an inventory shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Name as written; it becomes a host through the configuration.
    pub(super) name: String,
    /// When it was seen; see [`seen_at`].
    pub(super) observed_at: Option<Micros>,
    pub(super) roles: BTreeSet<String>,
    pub(super) groups: BTreeSet<String>,
    /// `immutable` or `stateful`, where declared.
    pub(super) class: Option<String>,
    /// Cluster that the host belongs to; it is a group as well.
    pub(super) cluster: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) image: Option<String>,
    pub(super) launched_at: Option<Micros>,
    pub(super) terminated_at: Option<Micros>,
}

impl Found {
    /// A host of which nothing but its name is known.
    pub(super) fn named(name: impl Into<String>, observed_at: Option<Micros>) -> Self {
        Self { name: name.into(), observed_at, ..Self::default() }
    }

    /// Takes what a tag, label or variable says, where its key has a meaning: roles and groups add up, of the others the
    /// first one counts.
    pub(super) fn learn(&mut self, key: &str, value: &str) {
        if value.trim().is_empty() {
            return;
        }
        match meaning(key) {
            Some(Meaning::Roles) => self.roles.extend(list(value).map(str::to_lowercase)),
            Some(Meaning::Groups) => self.groups.extend(list(value).map(str::to_owned)),
            Some(Meaning::Class) => {
                // `class` is a common word; only the two classes of hosts are declarations.
                let class = value.trim().to_lowercase();
                if matches!(class.as_str(), "immutable" | "stateful") {
                    keep(&mut self.class, || class);
                }
            }
            Some(Meaning::Cluster) => keep(&mut self.cluster, || value.trim().to_owned()),
            Some(Meaning::Environment) => keep(&mut self.environment, || value.trim().to_owned()),
            None => {}
        }
    }

    /// Gives the host, each role and each group as facts of `record`.
    pub(super) fn give(self, record: &mut Record<'_, '_>, reading: &Reading<'_>) {
        let host = reading.config.host(&self.name);
        let roles: Vec<&str> = self.roles.iter().map(String::as_str).collect();
        let observed_at = self.observed_at;
        record.fact(Host {
            observed_at,
            host: &host,
            roles: Some(&roles.join(",")),
            class: self.class.as_deref(),
            cluster: self.cluster.as_deref(),
            environment: self.environment.as_deref(),
            image: self.image.as_deref(),
            launched_at: self.launched_at,
            terminated_at: self.terminated_at,
        });
        for role in roles {
            record.fact(HostRole { observed_at, host: &host, role });
        }
        let groups: BTreeSet<String> = self.groups.iter().chain(&self.cluster).map(|group| group.to_lowercase()).collect();
        for group_name in &groups {
            record.fact(HostGroup { observed_at, host: &host, group_name });
        }
    }
}

fn keep(slot: &mut Option<String>, value: impl FnOnce() -> String) {
    if slot.is_none() {
        *slot = Some(value());
    }
}

/// When a snapshot was taken: as it says itself, else as its path says, else not at all, which is a limit.
pub(super) fn seen_at(said: Option<Micros>, number: u64, reading: &Reading<'_>, sink: &mut Sink<'_>) -> Option<Micros> {
    let seen_at = said.or(reading.collected_at);
    match seen_at {
        Some(instant) => sink.taken_at(instant),
        None => sink.limit(
            "snapshot-without-time",
            Some(number),
            "the inventory says no time; bind one by its path ([[bind]] with {collected_at}), or it counts for the whole period",
        ),
    }
    seen_at
}

enum Meaning {
    Roles,
    Groups,
    Class,
    Cluster,
    Environment,
}

/// What the key of a tag, label or variable means, in any case and behind any prefix (`es:roles`, `example.com/role`).
fn meaning(key: &str) -> Option<Meaning> {
    let key = key.rsplit([':', '/']).next()?.trim().to_lowercase();
    match key.as_str() {
        "role" | "roles" | "es_roles" | "elasticsearch_roles" | "opensearch_roles" | "node_roles" => Some(Meaning::Roles),
        "group" | "groups" => Some(Meaning::Groups),
        "class" => Some(Meaning::Class),
        "cluster" => Some(Meaning::Cluster),
        "environment" | "env" => Some(Meaning::Environment),
        _ => None,
    }
}

/// Whether a key says something about a host.
pub(super) fn matters(key: &str) -> bool {
    meaning(key).is_some()
}

/// The items of a list in a cell, tag or variable: `a;b`, `a, b`, `['a', 'b']`.
pub(super) fn list(value: &str) -> impl Iterator<Item = &str> {
    value
        .split([';', ' ', '|', ',', '[', ']'])
        .map(|item| item.trim_matches(|quote: char| quote.is_whitespace() || quote == '"' || quote == '\''))
        .filter(|item| !item.is_empty())
}

/// A scalar as its text, a list of scalars as their texts, and nothing for everything else.
pub(super) fn plain(value: &Json<'_>) -> Option<String> {
    if value.raw().starts_with('[') {
        let items: Vec<String> = value.elements().iter().filter_map(|item| item.filled().map(|text| text.into_owned())).collect();
        return Some(items.join(","));
    }
    value.filled().map(|text| text.into_owned())
}

/// Names a limit where a text without brackets around it ends without a line end: its last line may be cut.
pub(super) fn may_be_cut(segment: &Segment<'_>, sink: &mut Sink<'_>) {
    if !segment.bytes.is_empty() && !segment.bytes.ends_with(b"\n") {
        sink.limit("torn", None, "the file ends without a line end: it may be cut, and its last line with it");
    }
}

/// The single object that a file read whole holds. A document that may hold secrets anywhere is not quoted where it is
/// damaged.
pub(super) fn guarded<'t>(segment: &Segment<'t>, sink: &mut Sink<'_>) -> Option<Members<'t>> {
    match segment.text().map_err(|line| format!("byte that is not UTF-8 at line {line}")).and_then(Members::of) {
        Ok(document) => Some(document),
        Err(error) => {
            sink.record(1).reject(&format!("damaged or torn JSON ({error}); not quoted, it may hold secrets"), b"");
            None
        }
    }
}

/// The named members of an object, one a line: a quote of a record that may hold secrets elsewhere.
pub(super) fn extract(object: &Members<'_>, names: &[&str]) -> String {
    let lines: Vec<String> =
        names.iter().filter_map(|name| object.get(name).map(|value| format!("\"{name}\": {}", value.raw()))).collect();
    lines.join("\n")
}

/// Key and value of tags in either form: an object, or a list of `{Key, Value}`; only those that matter.
pub(super) fn tags(value: &Json<'_>) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    if let Some(members) = value.members() {
        for (key, value) in members.iter() {
            if let Some(text) = value.text() {
                tags.insert(key.to_owned(), text.into_owned());
            }
        }
    }
    for tag in value.elements() {
        let Some(tag) = tag.members() else { continue };
        if let (Some(key), Some(value)) = (tag.text("Key"), tag.text("Value")) {
            tags.insert(key.into_owned(), value.into_owned());
        }
    }
    tags.retain(|key, _| matters(key) || key.eq_ignore_ascii_case("name"));
    tags
}

/// The tag `Name`, in any case.
pub(super) fn name_tag(tags: &BTreeMap<String, String>) -> Option<String> {
    let named = tags.iter().find(|(key, _)| key.eq_ignore_ascii_case("name"));
    named.map(|(_, value)| value.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_meaning_in_any_case_and_behind_a_prefix() {
        let mut found = Found::named("es-1", None);
        for (key, value) in [
            ("Role", "Data"),
            ("es:roles", "['ingest', \"ml\"]"),
            ("CLASS", "Stateful"),
            ("class", "immutable"),
            ("storage.example/class", "ssd"),
            ("example.com/env", "prod"),
            ("Cluster", "Search"),
            ("cluster", ""),
            ("iam_role", "admin"),
            ("db_password", "hunter2"),
        ] {
            found.learn(key, value);
        }
        let roles: Vec<&str> = found.roles.iter().map(String::as_str).collect();
        assert_eq!(roles, ["data", "ingest", "ml"]);
        assert_eq!(found.class.as_deref(), Some("stateful"), "the first one counts");
        assert_eq!((found.environment.as_deref(), found.cluster.as_deref()), (Some("prod"), Some("Search")));
        assert!(!format!("{found:?}").contains("hunter2"));
    }

    #[test]
    fn tags_come_as_a_list_or_an_object_and_only_those_that_matter_stay() {
        let list = tags(&Json::borrowed(r#"[{"Key":"Name","Value":"a"},{"Key":"password","Value":"hunter2"},{"Key":"Role"}]"#));
        let object = tags(&Json::borrowed(r#"{"name":"a","token":"hunter2","Role":null}"#));
        assert_eq!((name_tag(&list).as_deref(), name_tag(&object).as_deref()), (Some("a"), Some("a")));
        assert!(!format!("{list:?}{object:?}").contains("hunter2"));
    }
}
