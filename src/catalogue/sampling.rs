//! The table of sample sizes: `controls/sampling.toml`. Practice, not law; each row says where its numbers come from.

use serde::Deserialize;

use super::control::Control;
use super::load::CatalogueError;
use crate::config::{Basis, Sampling};
use crate::diag::Diagnostic;

/// Name of the file.
pub(super) const FILE: &str = "sampling.toml";

/// The table of sample sizes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingTable {
    /// Version of the file's layout; 1.
    pub format_version: u32,
    /// What to know of all its numbers.
    pub note: String,
    /// Sizes by frequency, as auditors usually take them.
    pub practice: Vec<Practice>,
    /// Sizes by tolerable rate and confidence.
    pub attribute: Vec<Attribute>,
    /// The file as used.
    #[serde(skip)]
    pub text: String,
}

/// The usual size for controls of one frequency.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Practice {
    /// How often the control acts: the word that a control's file states.
    pub frequency: String,
    /// How many items that makes, in words.
    pub population: String,
    /// Of what the size is taken.
    #[serde(default)]
    pub per: Per,
    /// The row for populations of so many items and more, where the control states no frequency.
    pub derived_from: Option<u64>,
    /// One item in so many, instead of a fixed size.
    pub one_in: Option<u64>,
    /// The fewest, with `one_in`.
    pub at_least: Option<u64>,
    /// Size at low risk; the most, with `one_in`.
    pub low: u64,
    /// Size at high risk; the most, with `one_in`.
    pub high: u64,
    /// What is commonly taken, in words.
    pub common: String,
    /// Where the numbers come from.
    pub source: String,
}

/// Of what a size is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// Of the whole population.
    #[default]
    Population,
    /// Of each value of the column that the control names as `variant`.
    Variant,
}

/// Sizes that support a confidence about a rate of deviations.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Deviations that are tolerable, in 100.
    pub tolerable_rate: u32,
    /// Confidence, in 100.
    pub confidence: u32,
    /// Sizes where 0, 1, 2 … deviations are found.
    pub sizes: Vec<u64>,
    /// Where the numbers come from.
    pub source: String,
}

impl SamplingTable {
    /// Reads the table, and checks that it gives every population a size.
    ///
    /// # Errors
    /// A mistake, with its place and remedy.
    pub(super) fn read(path: &str, text: &str) -> Result<Self, CatalogueError> {
        let mistake = |diagnostic: Diagnostic| CatalogueError::Mistake(Box::new(diagnostic));
        let mut table: Self =
            toml::from_str(text).map_err(|error| mistake(Diagnostic::toml("sampling-unreadable", path, text, &error)))?;
        let wrong = |wanted: &str, message: String| {
            let start = text.find(wanted).unwrap_or(0);
            Err(mistake(Diagnostic::new("sampling-table", path, text, start..start + wanted.len(), message)))
        };
        if table.format_version != 1 {
            return wrong("format_version", "write format_version = 1".to_owned());
        }
        for row in &table.practice {
            let named = format!("\"{}\"", row.frequency);
            if table.practice.iter().filter(|other| other.frequency == row.frequency).count() > 1 {
                return wrong(&named, format!("two rows are for the frequency `{}`", row.frequency));
            }
            if row.low == 0 || row.high < row.low {
                return wrong(&named, format!("`{}`: low must be 1 or more, and high no less than low", row.frequency));
            }
            if row.one_in == Some(0)
                || row.one_in.is_some() != row.at_least.is_some()
                || row.at_least.is_some_and(|least| least > row.low)
            {
                return wrong(
                    &named,
                    format!("`{}`: one_in and at_least go together, and at_least is no more than low", row.frequency),
                );
            }
            if row.per == Per::Variant && (row.derived_from.is_some() || row.one_in.is_some()) {
                return wrong(&named, format!("`{}`: a size per variant is neither derived nor one in so many", row.frequency));
            }
            if row.source.trim().is_empty() {
                return wrong(&named, format!("`{}`: say where the numbers come from", row.frequency));
            }
        }
        if !table.practice.iter().any(|row| row.derived_from == Some(0)) {
            return wrong("practice", "no row has derived_from = 0, so that small populations would have no size".to_owned());
        }
        text.clone_into(&mut table.text);
        Ok(table)
    }

    /// The row for a control: of its frequency, or of the size of its population.
    #[must_use]
    pub fn row(&self, control: &Control, population: u64) -> Option<&Practice> {
        match &control.frequency {
            Some(frequency) => self.practice.iter().find(|row| row.frequency == *frequency),
            None => {
                let reached = self.practice.iter().filter(|row| row.derived_from.is_some_and(|from| from <= population));
                reached.max_by_key(|row| row.derived_from)
            }
        }
    }

    /// The row for the rate and confidence of the configuration.
    #[must_use]
    pub fn attribute(&self, chosen: &Sampling) -> Option<&Attribute> {
        self.attribute.iter().find(|row| row.tolerable_rate == chosen.tolerable() && row.confidence == chosen.confident())
    }

    /// Checks that the table has what controls and configuration ask for.
    pub(super) fn check(&self, controls: &[Control], chosen: &Sampling) -> Result<(), CatalogueError> {
        for control in controls {
            let Some(frequency) = &control.frequency else {
                if control.variant.is_some() {
                    let why = "`variant` counts only beside a `frequency` whose size is taken per variant".to_owned();
                    return Err(CatalogueError::Sampling { what: control.id.clone(), why });
                }
                continue;
            };
            let known: Vec<&str> = self.practice.iter().map(|row| row.frequency.as_str()).collect();
            let why = match self.practice.iter().find(|row| row.frequency == *frequency) {
                None => format!("the table of sample sizes has no frequency `{frequency}`; it has: {}", known.join(", ")),
                Some(row) if row.per == Per::Variant && control.variant.is_none() => {
                    format!(
                        "with frequency = \"{frequency}\" name the column that tells the variants apart: variant = \"resource\""
                    )
                }
                Some(row) if row.per == Per::Population && control.variant.is_some() => {
                    format!("`variant` counts only where the size is taken per variant, which it is not for `{frequency}`")
                }
                Some(_) => continue,
            };
            return Err(CatalogueError::Sampling { what: control.id.clone(), why });
        }
        if chosen.basis == Basis::Attribute && self.attribute(chosen).is_none_or(|row| row.sizes.len() <= chosen.expected()) {
            let rows: Vec<String> = self
                .attribute
                .iter()
                .map(|row| {
                    format!("{} and {} with up to {}", row.tolerable_rate, row.confidence, row.sizes.len().saturating_sub(1))
                })
                .collect();
            let why = format!(
                "the table of sample sizes has no row for tolerable_rate = {}, confidence = {}, expected_deviations = {}; it has rates, confidences and deviations: {}",
                chosen.tolerable(),
                chosen.confident(),
                chosen.expected(),
                rows.join("; ")
            );
            return Err(CatalogueError::Sampling { what: "steadfast.toml: [sampling]".to_owned(), why });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded() -> SamplingTable {
        crate::catalogue::Catalogue::load(None, &crate::config::Config::default()).expect("the embedded table").sampling
    }

    /// The chance of at most `found` deviations in `size` items where each deviates with `rate`.
    fn at_most(found: usize, size: u64, rate: f64) -> f64 {
        let mut chance = 1.0;
        let mut term = (1.0 - rate).powf(size as f64);
        let mut sum = term;
        for deviations in 1..=found {
            chance *= (size as f64 - deviations as f64 + 1.0) / deviations as f64;
            term = chance * rate.powf(deviations as f64) * (1.0 - rate).powf(size as f64 - deviations as f64);
            sum += term;
        }
        sum
    }

    #[test]
    fn the_sizes_of_the_attribute_table_are_the_smallest_that_carry_the_confidence() {
        for row in &embedded().attribute {
            let rate = f64::from(row.tolerable_rate) / 100.0;
            let doubt = 1.0 - f64::from(row.confidence) / 100.0;
            for (found, size) in row.sizes.iter().enumerate() {
                assert!(at_most(found, *size, rate) <= doubt, "{size} items are too few: {row:?}");
                assert!(at_most(found, size - 1, rate) > doubt, "{size} items are more than needed: {row:?}");
            }
        }
    }

    #[test]
    fn mistakes_in_the_table_are_told_with_their_place() {
        let sound = embedded().text;
        for (from, to, part) in [
            ("low = 2\nhigh = 4", "low = 4\nhigh = 2", "high no less than low"),
            ("derived_from = 0\n", "", "small populations would have no size"),
            ("at_least = 5\n", "", "one_in and at_least go together"),
            ("per = \"variant\"", "per = \"variants\"", "unknown variant"),
            ("frequency = \"weekly\"", "frequency = \"daily\"", "two rows"),
            ("format_version = 1", "format_version = 2", "format_version = 1"),
        ] {
            assert!(sound.contains(from), "{from}");
            let error = SamplingTable::read("sampling.toml", &sound.replacen(from, to, 1)).expect_err("a mistake").to_string();
            assert!(error.contains(part) && error.starts_with("sampling.toml:"), "{error}");
        }
    }
}
