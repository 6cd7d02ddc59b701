//! Elasticsearch and OpenSearch: `GET _nodes` and `GET _nodes/stats`, the roles of every node that has joined.
//!
//! Source: the nodes info and nodes stats API references. `_nodes/stats` carries a time for each node; `_nodes` carries
//! none and takes it from the path (`[[bind]]`). A node without roles is coordinating only.

use super::json_records::document;
use super::lazy::Members;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{HOST_GROUPS, HOST_ROLES, HOSTS, Host, HostGroup, HostRole, Micros, Table};

/// `_nodes` and `_nodes/stats`.
pub(super) struct ElasticsearchNodes;

impl Format for ElasticsearchNodes {
    fn name(&self) -> &'static str {
        "elasticsearch-nodes"
    }

    fn about(&self) -> &'static str {
        "Elasticsearch or OpenSearch _nodes and _nodes/stats: nodes that have joined, and their roles"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&HOSTS, &HOST_ROLES, &HOST_GROUPS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        (head.first_byte() == Some(b'{') && text.contains("\"cluster_name\"") && text.contains("\"nodes\""))
            .then_some(Recognition { because: "an object with cluster_name and nodes", framing: Framing::Whole })
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
    let host = reading.config.host(&name);
    match observed_at {
        Some(instant) => record.sink().taken_at(instant),
        None => record.sink().limit(
            "snapshot-without-time",
            Some(number),
            "the list of nodes has no time; bind one by the path ([[bind]] with {collected_at}), or it counts for the whole period",
        ),
    }
    let Some(roles) = node.get("roles").filter(|roles| roles.raw().starts_with('[')) else {
        return record.reject("a node without a roles list: this version's way to say it is not read", name.as_bytes());
    };
    let mut roles: Vec<String> = roles.elements().iter().filter_map(|role| role.text().map(|role| role.into_owned())).collect();
    if roles.is_empty() {
        roles.push("coordinating".to_owned());
    }
    roles.sort_unstable();
    roles.dedup();
    record.fact(Host {
        observed_at,
        host: &host,
        roles: Some(&roles.join(",")),
        class: None,
        cluster,
        environment: None,
        image: None,
        launched_at: None,
        terminated_at: None,
    });
    for role in &roles {
        record.fact(HostRole { observed_at, host: &host, role });
    }
    if let Some(cluster) = cluster {
        record.fact(HostGroup { observed_at, host: &host, group_name: &cluster.to_lowercase() });
    }
}
