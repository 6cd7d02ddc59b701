//! Citations: `E-0003 changes/2026-08.json · record 47 · sha256 4e07…9fce`.

use super::model::Citation;
use crate::collect::{Collected, Source};
use crate::formats::Framing;
use crate::redact::visible;

/// The citation of a line or record of a source; none where the register does not hold the source.
pub(super) fn cite(collected: &Collected, source: &str, line: Option<u64>) -> Option<Citation> {
    collected.source(source).map(|source| of(source, line))
}

/// The citation of a source at hand.
pub(super) fn of(source: &Source, line: Option<u64>) -> Citation {
    let json = source.format.is_some_and(|format| format.counts_records());
    Citation {
        source_id: source.id.clone(),
        path: visible(&source.path).into_owned(),
        unit: if json || matches!(source.framing(), Framing::JsonRecords { .. }) { "record" } else { "line" },
        line,
        sha256: source.sha256.clone(),
        short_sha256: short(&source.sha256),
    }
}

/// The first and last four digits of a hash.
pub(super) fn short(sha256: &str) -> String {
    match (sha256.get(..4), sha256.get(sha256.len().saturating_sub(4)..)) {
        (Some(first), Some(last)) if sha256.len() == 64 => format!("{first}…{last}"),
        _ => "none".to_owned(),
    }
}
