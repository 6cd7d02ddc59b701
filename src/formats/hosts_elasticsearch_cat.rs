//! Elasticsearch and OpenSearch: `GET _cat/nodes?format=json`, one object a node, roles as letters.
//!
//! Source: `RestNodesAction` of Elasticsearch (5 to 8) and OpenSearch (2, 3): columns, their aliases, and `DiscoveryNodeRole`
//! for the letters. Who asks chooses the columns (`h=`), so that a list may lack the name or the roles. The answer names no
//! cluster and no time.

use std::collections::BTreeSet;

use super::hosts_elasticsearch::normal_roles;
use super::inventory::{self, Found, list, seen_at};
use super::json_records::{each_object, json_framing};
use super::lazy::Members;
use super::{Format, Head, Reading, Recognition, Segment, Sink};
use crate::facts::Table;

/// `_cat/nodes` in JSON.
pub(super) struct ElasticsearchCatNodes;

const NAME: &[&str] = &["name", "n"];
const LETTERS: &[&str] = &["node.role", "nodeRole", "role", "r"];
const WORDS: &[&str] = &["node.roles", "rs"];

impl Format for ElasticsearchCatNodes {
    fn name(&self) -> &'static str {
        "elasticsearch-cat-nodes"
    }

    fn about(&self) -> &'static str {
        "Elasticsearch or OpenSearch _cat/nodes?format=json: nodes that have joined, and their roles"
    }

    fn recognised_by(&self) -> &'static str {
        "objects with the columns of _cat/nodes"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        inventory::TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let column = |name: &str| text.contains(&format!("\"{name}\""));
        // `_cat/allocation` has node.role as well, but calls the node "node" and counts shards.
        let nodes =
            ["heap.percent", "ram.percent", "load_1m", "master", "cluster_manager", "name"].iter().any(|name| column(name));
        let roles = column("node.role") || column("node.roles");
        let default = column("heap.percent") && column("ram.percent");
        let framing = json_framing(head)?;
        ((roles && nodes || default) && !column("shards") && !column("nodes"))
            .then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_object(segment, sink, |number, bytes, node, sink| read_node(number, bytes, node, reading, sink));
    }
}

fn read_node(number: u64, bytes: &[u8], node: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let column = |names: &[&str]| names.iter().find_map(|name| node.filled(name));
    let (Some(name), Some(roles)) = (column(NAME), column(WORDS).or_else(|| column(LETTERS))) else {
        return sink
            .record(number)
            .reject("no name or no node.role: ask for both columns (_cat/nodes?format=json&h=name,node.role,master)", bytes);
    };
    let roles = if column(WORDS).is_some() { Ok(words(&roles)) } else { letters(&roles, node) };
    let mut record = sink.record(number);
    let roles = match roles {
        Ok(roles) => roles,
        Err(reason) => return record.reject(&reason, bytes),
    };
    let mut found = Found::named(name, seen_at(None, number, reading, record.sink()));
    found.roles = normal_roles(roles, number, record.sink());
    found.give(&mut record, reading);
}

/// OpenSearch's column of whole names; `-` stands for none.
fn words(roles: &str) -> BTreeSet<String> {
    list(roles).filter(|role| *role != "-").map(str::to_lowercase).collect()
}

/// The letters of a node, or why they cannot be read.
fn letters(roles: &str, node: &Members<'_>) -> Result<BTreeSet<String>, String> {
    let has = |name: &str| node.get(name).is_some();
    // Before 5.0 the letter was `d` or `c` (client) alone, and the column master told who may become one.
    let before_5 = has("load") && !has("load_1m");
    if before_5 {
        let master =
            node.filled("master").or_else(|| node.filled("m")).is_some_and(|master| matches!(master.as_ref(), "*" | "m"));
        let data = match roles.trim() {
            "d" => Some("data"),
            "c" | "-" => None,
            other => return Err(format!("`{other}` is no role of a version before 5.0")),
        };
        return Ok(data.into_iter().chain(master.then_some("master")).map(str::to_owned).collect());
    }
    if roles.trim() == "c" && !has("load_1m") && !has("version") {
        return Err("`c` is client before 5.0 and cold since 7.10: ask for the column version or load_1m too".to_owned());
    }
    let opensearch = has("cluster_manager");
    roles.trim().chars().filter(|letter| *letter != '-').map(|letter| role(letter, opensearch).map(str::to_owned)).collect()
}

fn role(letter: char, opensearch: bool) -> Result<&'static str, String> {
    Ok(match letter {
        'c' => "data_cold",
        'd' => "data",
        'f' => "data_frozen",
        'h' => "data_hot",
        'i' => "ingest",
        'l' => "ml",
        'm' => "master",
        'r' => "remote_cluster_client",
        's' if opensearch => "search",
        's' => "data_content",
        't' => "transform",
        'v' => "voting_only",
        'w' if opensearch => "warm",
        'w' => "data_warm",
        other => return Err(format!("`{other}` is a role letter that is not known")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(node: &str) -> Result<Vec<String>, String> {
        let node = Members::of(node).expect("an object");
        let roles = node.filled("node.role").expect("roles");
        letters(&roles, &node).map(|roles| roles.into_iter().collect())
    }

    #[test]
    fn letters_mean_what_they_mean_in_their_version() {
        let read = |node| said(node).map(|roles| roles.join(","));
        assert_eq!(
            read(r#"{"node.role":"cdfhilmrstw","load_1m":"0"}"#).as_deref(),
            Ok("data,data_cold,data_content,data_frozen,data_hot,data_warm,ingest,master,ml,remote_cluster_client,transform")
        );
        assert_eq!(read(r#"{"node.role":"mv","load_1m":"0"}"#).as_deref(), Ok("master,voting_only"));
        assert_eq!(read(r#"{"node.role":"-"}"#).as_deref(), Ok(""));
        assert_eq!(read(r#"{"node.role":"mdi"}"#).as_deref(), Ok("data,ingest,master"));
        assert_eq!(read(r#"{"node.role":"c","load":"0.1","master":"-"}"#).as_deref(), Ok(""), "a client of 2.x");
        assert_eq!(read(r#"{"node.role":"d","load":"0.1","master":"m"}"#).as_deref(), Ok("data,master"));
        assert_eq!(read(r#"{"node.role":"s","cluster_manager":"-"}"#).as_deref(), Ok("search"));
        assert!(read(r#"{"node.role":"c"}"#).is_err(), "cold or client");
        assert!(read(r#"{"node.role":"dx"}"#).is_err());
    }
}
