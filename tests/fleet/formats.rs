//! Which formats the evidence of the fleet is in: all of them.

use std::collections::{BTreeMap, BTreeSet};

use steadfast::formats::FORMATS;
use steadfast::pipeline::Judged;

/// Formats that give no facts themselves, and why.
const WITHOUT_FACTS: [(&str, &str); 2] = [
    ("container", "its members are sources of their own, and give the facts"),
    ("container-structure-test", "its results do not say what was tested"),
];

/// What is not as it should be: formats that no file was read as, or that gave no fact, or gave one though they cannot.
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
    for name in FORMATS.iter().map(|format| format.name()) {
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
pub(super) fn of_exceptions(judged: &Judged) -> BTreeMap<&'static str, usize> {
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
pub(super) fn figures(hosts: usize, judged: &Judged) -> String {
    let sources = &judged.collected.sources;
    let sum = |number: fn(&steadfast::formats::Tally) -> u64| sources.iter().map(|source| number(&source.tally)).sum::<u64>();
    let formats: BTreeSet<&str> = sources.iter().filter_map(|source| source.format.map(|format| format.name())).collect();
    format!(
        "{hosts} hosts, {} files of {} formats, {} records, {} facts",
        sources.len(),
        formats.len(),
        sum(|tally| tally.opened),
        sum(|tally| tally.facts)
    )
}
