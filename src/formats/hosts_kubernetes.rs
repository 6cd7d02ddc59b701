//! Nodes of a Kubernetes cluster: `kubectl get nodes -o json`, or the API's `NodeList`.
//!
//! Source: the Kubernetes API reference (`Node`, `NodeList`, `ListMeta`) and its well-known labels: a label
//! `node-role.kubernetes.io/<role>` gives a role by its key, its value is empty or `true`; `kubernetes.io/role` gives one by
//! its value. The list carries no time. A node counts as launched when it was registered, which is not before it started.

use super::inventory::{self, Found, guarded, seen_at};
use super::json_records::element;
use super::lazy::Members;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{Table, parse_rfc3339};

/// Nodes of a Kubernetes cluster.
pub(super) struct KubernetesNodes;

const ROLE_KEY: &str = "node-role.kubernetes.io/";

impl Format for KubernetesNodes {
    fn name(&self) -> &'static str {
        "kubernetes-nodes"
    }

    fn about(&self) -> &'static str {
        "nodes of a Kubernetes cluster (kubectl get nodes -o json), roles from their labels"
    }

    fn recognised_by(&self) -> &'static str {
        "Kubernetes nodes with nodeInfo"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        inventory::TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let has = |key: &str| text.contains(key);
        (head.first_byte() == Some(b'{') && has("\"apiVersion\"") && has("\"nodeInfo\"") && has("\"kubeletVersion\""))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        element(document, "items", number).or_else(|| (number == 1).then(|| document.to_owned()))
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        // A `List` may hold Secrets too: damaged ones are not quoted.
        let Some(document) = guarded(segment, sink) else { return };
        let Some(items) = document.get("items") else { return read_node(1, &document, reading, sink) };
        let more = document.get("metadata").and_then(|metadata| metadata.members()).is_some_and(|metadata| {
            metadata.filled("continue").is_some()
                || metadata.get("remainingItemCount").and_then(|left| left.int()).unwrap_or(0) > 0
        });
        if more {
            sink.limit(
                "partial-list",
                None,
                "the list has a continue token: further nodes are on pages that are not in this file",
            );
        }
        for (number, item) in (1..).zip(items.elements()) {
            match item.members() {
                Some(node) => read_node(number, &node, reading, sink),
                None => sink.record(number).reject("a node that is not an object", item.raw().as_bytes()),
            }
        }
    }
}

fn read_node(number: u64, node: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    // Items of a NodeList carry no kind of their own; a List may hold things of several kinds.
    if node.filled("kind").is_some_and(|kind| kind != "Node") {
        return record.skip("an object of another kind than Node");
    }
    let metadata = node.get("metadata").and_then(|metadata| metadata.members());
    let Some((metadata, name)) = metadata.as_ref().and_then(|metadata| Some((metadata, metadata.filled("name")?))) else {
        return record.reject("a node without metadata.name", b"");
    };
    let created_at = metadata.filled("creationTimestamp").map(|stamp| parse_rfc3339(&stamp));
    if created_at == Some(None) {
        return record.reject("creationTimestamp is not a time", name.as_bytes());
    }
    record.sink().limit(
        "image-unknown",
        None,
        "Kubernetes names the operating system of a node and not the image that it was started from; its image stays unknown",
    );
    let mut found = Found::named(name, seen_at(None, number, reading, record.sink()));
    found.launched_at = created_at.flatten();
    let labels = metadata.get("labels").and_then(|labels| labels.members());
    for (key, value) in labels.iter().flat_map(|labels| labels.iter()) {
        let value = value.text();
        match key.strip_prefix(ROLE_KEY) {
            Some(role) if !role.is_empty() && value.as_deref() != Some("false") => {
                found.roles.insert(role.to_lowercase());
            }
            Some(_) => {}
            None => found.learn(key, value.as_deref().unwrap_or_default()),
        }
    }
    found.give(&mut record, reading);
}
