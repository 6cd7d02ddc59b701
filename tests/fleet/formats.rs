//! Which formats the evidence of the fleet is in: all of them.

use std::collections::{BTreeMap, BTreeSet};

use steadfast::formats::{FORMATS, Tally};
use steadfast::pipeline::Judged;

use super::story::Fleet;

/// Formats that give no facts themselves, and why.
const WITHOUT_FACTS: [(&str, &str); 2] = [
    ("container", "its members are sources of their own, and give the facts"),
    ("container-structure-test", "its results do not say what was tested"),
];

/// Formats that no exception rests on: what they hold is weighed with the records of others (decisions, names, registers, lists
/// of what is in an image), or says nothing of a way in by itself.
const BESIDE: [&str; 28] = [
    "alarm-acks-csv",
    "authorized-keys",
    "aws-ec2-images",
    "cloud-init",
    "cyclonedx",
    "cyclonedx-xml",
    "docker-save-manifest",
    "github-reviews",
    "gitlab-approvals",
    "incidents-csv",
    "mkosi-manifest",
    "oci-config",
    "oci-manifest",
    "passwd",
    "people-csv",
    "people-entra",
    "people-ldif",
    "responses-toml",
    "servicenow-affected-cis",
    "servicenow-approvals",
    "servicenow-incidents",
    "shadow",
    "spdx",
    "spdx-tag-value",
    "spdx3",
    "sshd-config",
    "sshd-effective",
    "waivers-toml",
];

/// What is not as it should be: formats that no file was read as, that gave no fact (or one, though they cannot), or that no
/// exception rests on (or one, though none should).
pub(super) fn missing(judged: &Judged) -> Vec<String> {
    let mut read = BTreeSet::new();
    let mut gave_facts = BTreeSet::new();
    for source in &judged.collected.sources {
        let Some(format) = source.format else { continue };
        read.insert(format.name());
        if source.tally.gave_facts > 0 {
            gave_facts.insert(format.name());
        }
    }
    let mut wrong = Vec::new();
    let planted = of_exceptions(judged);
    for name in FORMATS.iter().map(|format| format.name()) {
        let beside = BESIDE.contains(&name) || WITHOUT_FACTS.iter().any(|(format, _)| *format == name);
        if beside == planted.contains_key(name) {
            wrong.push(format!("exceptions that rest on {name}: {}", planted.get(name).unwrap_or(&0)));
        }
        let silent = WITHOUT_FACTS.iter().find(|(format, _)| *format == name);
        match (silent, gave_facts.contains(name)) {
            _ if !read.contains(name) => wrong.push(format!("no file of the format {name}")),
            (None, false) => wrong.push(format!("{name} gave no fact")),
            (Some((_, why)), true) => wrong.push(format!("{name} gave facts, though {why}")),
            (None, true) | (Some(_), false) => {}
        }
    }
    wrong
}

/// How many exceptions rest on a record of each format.
fn of_exceptions(judged: &Judged) -> BTreeMap<&'static str, usize> {
    let formats: BTreeMap<&str, &'static str> =
        judged.collected.sources.iter().filter_map(|source| Some((source.path.as_str(), source.format?.name()))).collect();
    let mut exceptions = BTreeMap::new();
    for judged in &judged.assessment.controls {
        let sources = judged.population.exceptions.iter().filter_map(|item| item.source.as_deref());
        sources.filter_map(|source| formats.get(source)).for_each(|format| *exceptions.entry(*format).or_default() += 1);
    }
    exceptions
}

/// How large the fleet is, in words.
pub(super) fn figures(fleet: &Fleet, judged: &Judged) -> String {
    let sources = &judged.collected.sources;
    let sum = |number: fn(&Tally) -> u64| sources.iter().map(|source| number(&source.tally)).sum::<u64>();
    let formats: BTreeSet<&str> = sources.iter().filter_map(|source| source.format.map(|format| format.name())).collect();
    let planted: usize = fleet.key.0.values().map(Vec::len).sum();
    format!(
        "{} hosts, {} events, {planted} planted violations; {} files of {} formats (exceptions in {}), {} records, {} facts",
        fleet.hosts.len(),
        fleet.events(),
        sources.len(),
        formats.len(),
        of_exceptions(judged).len(),
        sum(|tally| tally.opened),
        sum(|tally| tally.facts)
    )
}
