//! Elasticsearch and OpenSearch: `GET _nodes` and `GET _nodes/stats`, the roles of every node that has joined.
//!
//! Source: the nodes info and nodes stats API references, and `DiscoveryNode` of each version line for what a node says of
//! itself: a list `roles` since 5.0, attributes `data`, `master` and `client` (strings, true where absent) before. A node
//! without roles is coordinating only. `_nodes/stats` carries a time for each node; `_nodes` carries none and takes it from
//! the path (`[[bind]]`).

use std::collections::BTreeSet;

use super::inventory::{self, Found, seen_at};
use super::json_records::document;
use super::lazy::Members;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{Micros, Table};

/// `_nodes` and `_nodes/stats`.
pub(super) struct ElasticsearchNodes;

impl Format for ElasticsearchNodes {
    fn name(&self) -> &'static str {
        "elasticsearch-nodes"
    }

    fn about(&self) -> &'static str {
        "Elasticsearch or OpenSearch _nodes and _nodes/stats: nodes that have joined, and their roles"
    }

    fn recognised_by(&self) -> &'static str {
        "an object with cluster_name and nodes"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        inventory::TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        (head.first_byte() == Some(b'{') && text.contains("\"cluster_name\"") && text.contains("\"nodes\""))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        Members::of(document)
            .ok()?
            .get("nodes")?
            .members()?
            .iter()
            .nth(index)
            .map(|(id, node)| format!("\"{id}\": {}", node.raw()))
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = document(segment, sink) else { return };
        let cluster = document.filled("cluster_name");
        if let Some(counts) = document.get("_nodes").and_then(|counts| counts.members()) {
            let failed = counts.get("failed").and_then(|failed| failed.int()).unwrap_or(0);
            if failed > 0 {
                sink.limit(
                    "partial-list",
                    None,
                    format!("the cluster says that {failed} nodes did not answer; the list is not whole"),
                );
            }
        }
        let Some(nodes) = document.get("nodes").and_then(|nodes| nodes.members()) else {
            return sink.record(1).reject("no nodes object: torn, or another document", segment.bytes);
        };
        for (number, (_, node)) in (1..).zip(nodes.iter()) {
            match node.members() {
                Some(members) => read_node(number, &members, cluster.as_deref(), reading, sink),
                None => sink.record(number).reject("a node that is not an object", node.raw().as_bytes()),
            }
        }
    }
}

fn read_node(number: u64, node: &Members<'_>, cluster: Option<&str>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    let Some(name) = node.filled("name") else { return record.reject("a node without a name", b"") };
    let stamp = node.get("timestamp").filter(|stamp| stamp.raw() != "null");
    let observed_at = match stamp.map(|stamp| stamp.int().and_then(Micros::from_millis)) {
        Some(None) => return record.reject("the node's timestamp is not a time", name.as_bytes()),
        Some(instant) => instant,
        None => reading.collected_at,
    };
    let roles = match roles(node) {
        Ok(roles) => roles,
        Err(reason) => return record.reject(reason, name.as_bytes()),
    };
    let mut found = Found::named(name, seen_at(observed_at, number, reading, record.sink()));
    found.roles = normal_roles(roles, number, record.sink());
    found.cluster = cluster.map(str::to_owned);
    found.give(&mut record, reading);
}

/// The roles that a node says it has, in the way of its version.
fn roles(node: &Members<'_>) -> Result<BTreeSet<String>, &'static str> {
    if let Some(roles) = node.get("roles") {
        return if roles.raw().starts_with('[') {
            Ok(roles.elements().iter().filter_map(|role| role.filled().map(|role| role.into_owned())).collect())
        } else {
            Err("the node's roles are no list: damaged, or a version that is not known")
        };
    }
    let attributes = node.get("attributes").and_then(|attributes| attributes.members());
    let attribute = |name: &str| attributes.as_ref().and_then(|all| all.get(name)).map(|value| value.flag());
    let (data, master, client) = (attribute("data"), attribute("master"), attribute("client"));
    let before_5 = node.text("version").is_some_and(|version| version.starts_with("1.") || version.starts_with("2."));
    if !before_5 && data.is_none() && master.is_none() && client.is_none() {
        return Err("the node shows neither a list of roles nor the attributes data, master and client of versions before 5.0");
    }
    if [data, master, client].contains(&Some(None)) {
        return Err("an attribute of data, master and client is neither true nor false");
    }
    let client = client.flatten().unwrap_or(false);
    let has = |attribute: Option<Option<bool>>| !client && attribute.flatten().unwrap_or(true);
    Ok([("data", has(data)), ("master", has(master))]
        .into_iter()
        .filter(|(_, has)| *has)
        .map(|(role, _)| role.to_owned())
        .collect())
}

/// Roles in the words of the class rules: no role at all is `coordinating`, OpenSearch's `cluster_manager` is `master`.
pub(super) fn normal_roles(mut roles: BTreeSet<String>, number: u64, sink: &mut Sink<'_>) -> BTreeSet<String> {
    if roles.remove("cluster_manager") {
        roles.insert("master".to_owned());
        sink.limit("roles-renamed", Some(number), "OpenSearch's role cluster_manager is shown as master");
    }
    if roles.is_empty() {
        roles.insert("coordinating".to_owned());
    }
    roles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(node: &str) -> Result<Vec<String>, &'static str> {
        roles(&Members::of(node).expect("an object")).map(|roles| roles.into_iter().collect())
    }

    #[test]
    fn every_version_says_its_roles_in_its_own_way() {
        assert_eq!(
            said(r#"{"roles":["ingest","data_hot"]}"#).as_deref(),
            Ok(["data_hot".to_owned(), "ingest".to_owned()].as_slice())
        );
        assert_eq!(said(r#"{"roles":[]}"#).as_deref(), Ok([].as_slice()));
        assert_eq!(said(r#"{"attributes":{"data":"false","client":"true","master":"false"}}"#).as_deref(), Ok([].as_slice()));
        assert_eq!(said(r#"{"attributes":{"master":"false"}}"#).as_deref(), Ok(["data".to_owned()].as_slice()));
        let both = ["data".to_owned(), "master".to_owned()];
        assert_eq!(said(r#"{"version":"2.4.6"}"#).as_deref(), Ok(both.as_slice()), "both are true where nothing is said");
    }

    #[test]
    fn what_is_not_said_is_not_guessed() {
        for node in
            [r#"{"attributes":{"rack":"r1"}}"#, r#"{"roles":null}"#, r#"{"roles":"data"}"#, r#"{"attributes":{"data":"maybe"}}"#]
        {
            assert!(said(node).is_err(), "{node}");
        }
    }
}
