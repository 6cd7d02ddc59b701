//! `elasticsearch.yml` or `opensearch.yml`: the roles that one node is configured to have.
//!
//! Source: the node settings reference of Elasticsearch and OpenSearch, and `DiscoveryNode.getRolesFromSettings`: keys are
//! dotted, nested or mixed; `node.roles` absent means every role; before 7.9 `node.master`, `node.data` and `node.ingest`
//! are true where absent. The file tells what a node would be and not that it joined, so that its cluster is kept as a group
//! only and no node list is made of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::hosts_elasticsearch::normal_roles;
use super::inventory::{self, Found, list, seen_at};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::Table;

/// The configuration of one Elasticsearch or OpenSearch node.
pub(super) struct ElasticsearchConfig;

/// Settings that say what a node is.
const IDENTITY: &[&str] = &["cluster.name", "node.name", "node.roles", "node.master", "node.data", "node.ingest", "node.client"];
/// Further settings that only such a file has.
const OTHERS: &[&str] = &[
    "path.data",
    "path.logs",
    "network.host",
    "http.port",
    "bootstrap.memory_lock",
    "discovery.seed_hosts",
    "discovery.type",
    "discovery.zen",
    "cluster.initial_master_nodes",
    "cluster.initial_cluster_manager_nodes",
    "node.attr",
    "node.ml",
    "xpack.",
    "plugins.security",
];
/// Roles that every version has, and that a node has where nothing is said.
const DEFAULT: &[&str] = &["data", "ingest", "master"];

impl Format for ElasticsearchConfig {
    fn name(&self) -> &'static str {
        "elasticsearch-config"
    }

    fn about(&self) -> &'static str {
        "elasticsearch.yml or opensearch.yml: the roles a node is configured for (host from node.name or the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "settings cluster.name or node.* of Elasticsearch or OpenSearch"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        inventory::TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let sets =
            |line: &str, key: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', ':']) || key.ends_with('.'));
        let (mut active, mut known) = (false, 0);
        for line in text.lines() {
            let bare = line.trim_start_matches(['#', ' ']);
            let identity = IDENTITY.iter().any(|key| sets(bare, key));
            active |= identity && !line.starts_with(['#', ' ']);
            known += usize::from(identity || OTHERS.iter().any(|key| sets(bare, key)));
        }
        let nested = ["cluster", "node"].iter().all(|block| nested_block(text, block));
        (active && known >= 2 || nested).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        inventory::may_be_cut(segment, sink);
        let text = match segment.text() {
            Ok(text) => text,
            Err(line) => return sink.record(line).reject("byte that is not UTF-8", b""),
        };
        let options = serde_saphyr::options! { budget: serde_saphyr::budget! { max_nodes: 50_000, max_aliases: 100 } };
        let settings = match serde_saphyr::from_str_with_options::<BTreeMap<String, Value>>(text, options) {
            Ok(settings) => flat(settings),
            Err(error) => {
                let line = error.location().map_or(1, |location| location.line());
                let reason = format!("damaged or torn YAML ({})", super::lazy::first_line(&error.to_string()));
                return sink.record(line).reject(&reason, b"");
            }
        };
        read_settings(&settings, line_of(text), reading, sink);
    }
}

fn read_settings(settings: &BTreeMap<String, Value>, line: u64, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let said = |key: &str| settings.get(key).and_then(text).filter(|text| !text.trim().is_empty());
    let name = said("node.name").filter(|name| !name.contains("${"));
    let host = name.or_else(|| reading.bound_host(sink).map(str::to_owned));
    let Some(host) = host else { return sink.record(line).reject(HOST_UNKNOWN, b"no node.name, or one from the environment") };
    let roles = match roles(settings) {
        Ok(roles) => roles,
        Err(reason) => return sink.record(line).reject(reason, host.as_bytes()),
    };
    sink.limit(
        "configured-not-observed",
        None,
        "a configuration says what a node would be; whether it runs and has joined is in the cluster's own list",
    );
    if roles.is_none() {
        sink.limit(
            "roles-by-default",
            Some(line),
            "node.roles is not set, which means every role of the version; data, ingest and master are taken",
        );
    }
    let roles = roles.unwrap_or_else(|| DEFAULT.iter().map(|role| (*role).to_owned()).collect());
    let mut found = Found::named(host, seen_at(None, line, reading, sink));
    found.roles = normal_roles(roles, line, sink);
    found.groups = said("cluster.name").filter(|name| !name.contains("${")).into_iter().collect();
    found.give(&mut sink.record(line), reading);
}

/// The roles that the settings give; nothing where they do not speak of roles.
fn roles(settings: &BTreeMap<String, Value>) -> Result<Option<BTreeSet<String>>, &'static str> {
    if let Some(roles) = settings.get("node.roles") {
        let words = match roles {
            Value::Array(items) => items.iter().filter_map(text).collect(),
            Value::Null => Vec::new(),
            other => list(&text(other).unwrap_or_default()).map(str::to_owned).collect(),
        };
        if words.iter().any(|word| word.contains("${")) {
            return Err("node.roles comes from the environment and is not in the file");
        }
        return Ok(Some(words.iter().map(|word| word.trim().to_lowercase()).collect()));
    }
    let flag = |key: &str| match settings.get(key).and_then(text).as_deref().map(str::trim) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err("node.master, node.data, node.ingest and node.client are true or false"),
    };
    if flag("node.client")? == Some(true) {
        return Ok(Some(BTreeSet::new()));
    }
    let (mut roles, mut spoken) = (BTreeSet::new(), false);
    for (role, default) in [("master", true), ("data", true), ("ingest", true), ("voting_only", false), ("ml", false)] {
        let said = flag(&format!("node.{role}"))?;
        spoken |= said.is_some();
        if said.unwrap_or(default) {
            roles.insert(role.to_owned());
        }
    }
    Ok(spoken.then_some(roles))
}

/// Settings by their dotted names; only those of the node and the name of the cluster are kept.
fn flat(settings: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let mut open: Vec<(String, Value)> = settings.into_iter().collect();
    let mut flat = BTreeMap::new();
    while let Some((key, value)) = open.pop() {
        match value {
            Value::Object(members) => open.extend(members.into_iter().map(|(inner, value)| (format!("{key}.{inner}"), value))),
            value if IDENTITY.contains(&key.as_str()) || key.starts_with("node.") => {
                flat.insert(key, value);
            }
            _ => {}
        }
    }
    flat
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether `block:` stands at the left edge with `name:` or `roles:` right below it.
fn nested_block(text: &str, block: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| line.strip_prefix(block).is_none_or(|rest| rest.trim_end() != ":")).skip(1);
    lines.by_ref().take_while(|line| line.starts_with([' ', '#'])).any(|line| {
        let line = line.trim_start();
        line.starts_with("name:") || line.starts_with("roles:")
    })
}

/// The line that the fact points at: the roles, else the name, else the first.
fn line_of(text: &str) -> u64 {
    let at = |key: &str| (1..).zip(text.lines()).find(|(_, line)| line.trim_start().starts_with(key)).map(|(line, _)| line);
    at("node.roles").or_else(|| at("node.name")).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<Option<Vec<String>>, &'static str> {
        let settings = flat(serde_saphyr::from_str(text).expect("YAML"));
        roles(&settings).map(|roles| roles.map(|roles| roles.into_iter().collect()))
    }

    #[test]
    fn roles_are_read_in_every_way_to_write_them() {
        let data = Ok(Some(vec!["data_hot".to_owned(), "ingest".to_owned()]));
        assert_eq!(said("node.roles: [ data_hot, ingest ]"), data);
        assert_eq!(said("node:\n  roles:\n    - ingest\n    - data_hot\n"), data);
        assert_eq!(said("node.roles: data_hot, ingest"), data);
        assert_eq!(said("node.roles: [ ]"), Ok(Some(Vec::new())), "coordinating only");
        assert_eq!(said("cluster.name: logs"), Ok(None), "every role");
        assert_eq!(
            said("node.master: false\nnode.ingest: false"),
            Ok(Some(vec!["data".to_owned()])),
            "data is true where absent"
        );
        assert_eq!(said("node.client: true"), Ok(Some(Vec::new())));
        assert!(said("node.roles: ${ES_ROLES}").is_err());
        assert!(said("node.data: perhaps").is_err());
    }

    #[test]
    fn other_yaml_is_not_taken_for_it() {
        let known = |text: &str| ElasticsearchConfig.recognise(&Head { bytes: text.as_bytes(), whole: true }).is_some();
        assert!(known("# node.roles: [ data ]\ncluster.name: logs\n"));
        assert!(known("cluster:\n  name: logs\nnode:\n  name: a\n"));
        assert!(!known("cluster.name: logs\n"), "one key is too little");
        assert!(!known("all:\n  hosts:\n    node.name: {}\n"));
        assert!(!known("services:\n  es:\n    environment:\n      - cluster.name=logs\n      - node.name=a\n"));
    }
}
