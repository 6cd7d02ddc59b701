//! The evidence register, and the records that could not be read.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Input;
use super::cite::cite;
use super::exceptions::Exceptions;
use super::management::Registers;
use super::model::{Control, Limit, Reject, Source};
use crate::assess::thousands;
use crate::facts::Micros;
use crate::redact::visible;

/// Every source, with what cites it.
pub(super) fn sources(
    input: &Input<'_>,
    controls: &[Control],
    exceptions: &Exceptions,
    limits: &[Limit],
    registers: &Registers,
) -> Vec<Source> {
    let mut cited: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for group in &exceptions.shown {
        let citations = group.citation.iter().chain(group.others.iter().filter_map(|other| other.citation.as_ref()));
        let ids: BTreeSet<&str> = citations.map(|citation| citation.source_id.as_str()).collect();
        for id in ids {
            cited.entry(id).or_default().push(group.id.clone());
        }
    }
    for control in controls {
        for id in &control.cited_all {
            cited.entry(id).or_default().push(control.id.clone());
        }
    }
    let limited: BTreeSet<&str> = limits.iter().filter_map(|limit| Some(limit.citation.as_ref()?.source_id.as_str())).collect();
    for id in limited {
        cited.entry(id).or_default().push("summary".to_owned());
    }
    let managed: BTreeSet<&str> = registers.citations().map(|citation| citation.source_id.as_str()).collect();
    for id in managed {
        cited.entry(id).or_default().push("management".to_owned());
    }
    input
        .collected
        .sources
        .iter()
        .map(|source| {
            let iso = |instant: Option<Micros>| instant.map(Micros::iso).unwrap_or_default();
            let why: Vec<String> =
                source.tally.skipped.iter().map(|(reason, count)| format!("{} {reason}", thousands(*count))).collect();
            Source {
                id: source.id.clone(),
                path: visible(&source.path).into_owned(),
                format: source.format.map_or("not recognised", |format| format.name()).to_owned(),
                recognised_by: source.recognised_by.clone().unwrap_or_default(),
                bytes: source.bytes,
                records: source.tally.opened,
                gave_facts: source.tally.gave_facts,
                facts: source.tally.facts,
                skipped: source.tally.skipped(),
                skipped_why: why.join("; "),
                rejected: source.tally.rejected,
                first_at: iso(source.tally.first_at),
                last_at: iso(source.tally.last_at),
                sha256: source.sha256.clone(),
                cited_by: cited.get(source.id.as_str()).cloned().unwrap_or_default(),
            }
        })
        .collect()
}

/// The first records that could not be read.
pub(super) fn rejects(input: &Input<'_>) -> Vec<Reject> {
    let rows = input.rejects.iter();
    rows.filter_map(|(source, line, reason, excerpt)| {
        Some(Reject {
            citation: cite(input.collected, source, Some(*line))?,
            reason: visible(reason).into_owned(),
            excerpt: visible(excerpt).into_owned(),
        })
    })
    .collect()
}
