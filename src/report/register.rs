//! The evidence register, and the records that could not be read.

use std::collections::BTreeMap;

use super::build::Input;
use super::cite::cite;
use super::model::{Control, ExceptionGroup, Reject, Source};
use crate::assess::thousands;
use crate::facts::Micros;
use crate::redact::visible;

/// Every source, with what cites it.
pub(super) fn sources(input: &Input<'_>, controls: &[Control], exceptions: &[ExceptionGroup]) -> Vec<Source> {
    let mut cited: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for group in exceptions {
        let mut ids: Vec<&str> = group.members.iter().filter_map(|member| Some(member.citation.as_ref()?.source_id.as_str())).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            cited.entry(id).or_default().push(group.id.clone());
        }
    }
    for control in controls {
        for id in &control.cited {
            cited.entry(id).or_default().push(control.id.clone());
        }
    }
    input
        .collected
        .sources
        .iter()
        .map(|source| {
            let iso = |instant: Option<Micros>| instant.map(Micros::iso).unwrap_or_default();
            let why: Vec<String> = source.tally.skipped.iter().map(|(reason, count)| format!("{} {reason}", thousands(*count))).collect();
            Source {
                id: source.id.clone(),
                path: visible(&source.path).into_owned(),
                format: source.format.map_or("not recognised", |format| format.name()).to_owned(),
                recognised_by: source.recognised_by.unwrap_or_default().to_owned(),
                bytes: source.bytes,
                records: source.tally.opened,
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
