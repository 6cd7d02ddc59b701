//! `[sampling]`: how samples for re-performance are sized, and the seed that draws them.

use serde::{Deserialize, Deserializer};

use crate::redact::is_hidden;

/// How samples for re-performance are sized and drawn.
///
/// ```toml
/// [sampling]
/// seed = "7f3a-ACME-2026"   # given by the auditor once the evidence is fixed
/// basis = "attribute"
/// tolerable_rate = 5        # in 100
/// confidence = 95           # in 100
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sampling {
    /// Given by the auditor; the SHA-256 of each population's CSV file where there is none.
    #[serde(deserialize_with = "seed")]
    pub seed: Option<String>,
    /// Which half of the table of sizes counts.
    pub basis: Basis,
    /// With `practice`: which of a row's two sizes.
    pub risk: Risk,
    /// With `attribute`: deviations that are tolerable, in 100 items; 5 where it is not stated.
    pub tolerable_rate: Option<u32>,
    /// With `attribute`: confidence wanted, in 100; 90 where it is not stated.
    pub confidence: Option<u32>,
    /// With `attribute`: deviations that are expected; 0 where it is not stated.
    pub expected_deviations: Option<usize>,
}

/// What the size of a sample rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// What auditors usually take, by the frequency of the control.
    #[default]
    Practice,
    /// The binomial distribution.
    Attribute,
}

impl Basis {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Practice => "practice",
            Self::Attribute => "attribute",
        }
    }
}

/// How much hangs on the control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// The smaller size.
    #[default]
    Low,
    /// The larger size.
    High,
}

impl Risk {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
        }
    }
}

impl Sampling {
    /// Deviations that are tolerable, in 100 items.
    #[must_use]
    pub fn tolerable(&self) -> u32 {
        self.tolerable_rate.unwrap_or(5)
    }

    /// Confidence wanted, in 100.
    #[must_use]
    pub fn confident(&self) -> u32 {
        self.confidence.unwrap_or(90)
    }

    /// Deviations that are expected.
    #[must_use]
    pub fn expected(&self) -> usize {
        self.expected_deviations.unwrap_or(0)
    }

    /// The first key that only `basis = "attribute"` uses and that stands beside another basis.
    pub(super) fn idle_key(&self) -> Option<&'static str> {
        let stated = [
            ("tolerable_rate", self.tolerable_rate.is_some()),
            ("confidence", self.confidence.is_some()),
            ("expected_deviations", self.expected_deviations.is_some()),
        ];
        stated.into_iter().find(|(_, stated)| *stated && self.basis == Basis::Practice).map(|(key, _)| key)
    }
}

/// A seed is typed into a shell again: one line of visible characters without a quote.
fn seed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let seed = String::deserialize(deserializer)?;
    if seed.is_empty()
        || seed != seed.trim()
        || seed.contains('\'')
        || seed.chars().any(|character| is_hidden(character) || character == '\t')
    {
        return Err(serde::de::Error::custom(
            "a seed is one line of visible characters, without quotes and without blanks around it; leave the key out where the auditor gave none",
        ));
    }
    Ok(Some(seed))
}
