//! How samples are sized and drawn: the table as used, and the items of each control.

use super::build::Input;
use super::cite::cite;
use super::management::{SampledItem, Sampling};
use super::model::{self, Sample};
use crate::assess::{Assessed, thousands};
use crate::catalogue::{Per, Practice};
use crate::config::Basis;

/// The table of sizes, and what was chosen of it.
pub(super) fn sampling(input: &Input<'_>) -> Sampling {
    let (table, chosen) = (&input.catalogue.sampling, &input.config.sampling);
    let words = match chosen.basis {
        Basis::Practice => format!("Sizes are those of common practice at {} risk.", chosen.risk.word()),
        Basis::Attribute => format!(
            "Sizes are those of attribute sampling for a tolerable rate of {} in 100 and a confidence of {} in 100, where {} deviations are expected.",
            chosen.tolerable(),
            chosen.confident(),
            chosen.expected()
        ),
    };
    let heads = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let practice = table.practice.iter().map(|row| {
        let frequency = match row.derived_from {
            Some(0) => format!("{} (taken for fewer items, where a control states none)", row.frequency),
            Some(from) => {
                format!("{} (taken for {} items and more, where a control states none)", row.frequency, thousands(from))
            }
            None => row.frequency.clone(),
        };
        vec![frequency, row.population.clone(), size(row, row.low), size(row, row.high), row.common.clone(), row.source.clone()]
    });
    let attribute = table.attribute.iter().map(|row| {
        let sizes: Vec<String> = row.sizes.iter().map(|size| thousands(*size)).collect();
        vec![format!("{} in 100", row.tolerable_rate), format!("{} in 100", row.confidence), sizes.join(", "), row.source.clone()]
    });
    Sampling {
        basis: chosen.basis.word().to_owned(),
        chosen: words,
        seed: chosen.seed.clone(),
        note: table.note.clone(),
        path: "data/controls/sampling.toml".to_owned(),
        practice: (
            heads(&["Frequency", "Population", "Size, low risk", "Size, high risk", "Common practice", "Source"]),
            practice.collect(),
        ),
        attribute: (heads(&["Tolerable rate", "Confidence", "Size for 0, 1, 2 … deviations", "Source"]), attribute.collect()),
    }
}

/// A size of a row in words.
fn size(row: &Practice, most: u64) -> String {
    match (row.one_in, row.at_least, row.per) {
        (Some(one_in), Some(least), _) => format!("one in {one_in}, {least} to {most}"),
        (.., Per::Variant) => format!("{most} of each variant"),
        _ => thousands(most),
    }
}

/// How rows are drawn.
const METHOD: &str = "a draw is the first 15 hex digits of SHA-256 of seed, line feed and the number of the draw, modulo the rows \
    of the population, plus 1; rows drawn before are left out, and where there are no more rows than wanted, all are taken";

/// The sample of one control.
pub(super) fn sample(input: &Input<'_>, assessed: &Assessed) -> Sample {
    let drawn = &assessed.population.sample;
    let total = assessed.population.counted.all();
    let seed = if input.config.sampling.seed.is_some() {
        "the seed is the auditor's, followed by the id of the control"
    } else {
        "the seed is the SHA-256 of the population's CSV"
    };
    let within = drawn.variant.as_ref().map_or(String::new(), |column| {
        format!(
            "; rows are counted within each {column}, whose cell in the CSV and a line feed stand before the number of the draw"
        )
    });
    let items = (1..).zip(&drawn.rows).map(|(order, item)| {
        let cells = item.cells();
        let cell = |index: usize| cells.get(index).map(String::as_str).unwrap_or_default();
        SampledItem {
            drawn: order,
            row: item.row,
            resource: cell(0).to_owned(),
            status: cell(1).to_owned(),
            citation: cite(input.collected, cell(3), cell(4).parse().ok()),
        }
    });
    model::Sample {
        method: format!("{METHOD}{within}; {seed}"),
        seed: drawn.seed.clone(),
        size: drawn.rows.len() as u64,
        why: format!("{}; the test looked at all {} items", drawn.why, thousands(total)),
        csv_path: format!("data/samples/{}.csv", assessed.control.id),
        items: items.collect(),
    }
}
