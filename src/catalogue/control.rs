//! One control as its TOML file says it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::framework::Relation;

/// A control: statement by management, test, and what it maps to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Identifier, equal to the name of its file.
    pub id: String,
    /// Title.
    pub title: String,
    /// Preventive or detective.
    pub kind: Kind,
    /// Which hosts (or changes) it is about.
    pub applies_to: AppliesTo,
    /// What management asserts, Markdown.
    pub statement: String,
    /// What is tested, in an auditor's words, Markdown.
    pub procedure: String,
    /// What a clean result does not prove, Markdown.
    pub claim_limit: String,
    /// The sentence of an exception; `{column}` stands for a column of the test.
    pub say: String,
    /// How often the control acts, in the words of the table of sample sizes; derived from the population where absent.
    pub frequency: Option<String>,
    /// The column of the test that tells the variants of an automated control apart.
    pub variant: Option<String>,
    /// What the test looks at.
    pub population: Population,
    /// What has to be covered for a clean conclusion.
    #[serde(default)]
    pub coverage: Coverage,
    /// Parameters and their defaults.
    #[serde(default)]
    pub params: BTreeMap<String, toml::Value>,
    /// The test.
    pub test: Test,
    /// Which requirements it supports, beside those whose framework's file names it.
    #[serde(default)]
    pub maps: Vec<Map>,
}

/// Preventive or detective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Keeps it from happening.
    Preventive,
    /// Finds it when it happened.
    Detective,
}

impl Kind {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Preventive => "preventive",
            Self::Detective => "detective",
        }
    }
}

/// What a control is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppliesTo {
    /// Hosts without state.
    Immutable,
    /// Hosts with state.
    Stateful,
    /// All hosts.
    All,
    /// Change records.
    Changes,
}

impl AppliesTo {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Immutable => "immutable",
            Self::Stateful => "stateful",
            Self::All => "all",
            Self::Changes => "changes",
        }
    }

    /// The class of hosts whose logs it needs: `immutable`, `stateful` or `all`.
    #[must_use]
    pub fn hosts(self) -> &'static str {
        match self {
            Self::Changes => "all",
            other => other.word(),
        }
    }
}

/// What the test looks at.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// What one item is.
    pub item: String,
    /// What an empty population means.
    pub empty: Empty,
    /// Why it can be empty.
    pub empty_reason: String,
}

/// What an empty population means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// Nothing could be concluded.
    Inconclusive,
    /// There is nothing to which the control applies.
    NotApplicable,
}

/// What has to be covered.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Streams.
    pub needs: Vec<Need>,
}

/// One stream that has to be there, without silences longer than allowed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// `sudo`, `auth`, `config` or `alarm`.
    pub stream: String,
    /// `host`: for each host that the control applies to.
    pub per: Per,
    /// Longest silence allowed, for example `24h`; a day at least, because activity is kept by day.
    pub max_gap: String,
}

/// For what a stream is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// For each host.
    Host,
}

/// The test.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// One read-only query that returns every item of the population.
    pub sql: String,
}

/// A requirement that the control supports.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// Framework.
    pub framework: Spanned<String>,
    /// Identifier in it.
    pub id: Spanned<String>,
    /// `equal`, `subset`, `superset`, `intersects` or `supports`.
    pub relation: Relation,
    /// Why.
    pub rationale: String,
    /// What the mapping does not show, beyond the control's own limit.
    pub claim_limit: Option<String>,
}

/// The value of a parameter as it is bound.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    /// A whole number, or a duration in seconds.
    Int(i64),
    /// A number.
    Real(f64),
    /// Text.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

impl Parameter {
    /// From TOML; text such as `15m`, `24h` or `8d` is a duration and becomes seconds.
    #[must_use]
    pub fn from_toml(value: &toml::Value) -> Option<Self> {
        match value {
            toml::Value::Integer(number) => Some(Self::Int(*number)),
            toml::Value::Float(number) => Some(Self::Real(*number)),
            toml::Value::Boolean(flag) => Some(Self::Flag(*flag)),
            toml::Value::String(text) => Some(parse_duration(text).map_or_else(|| Self::Text(text.clone()), Self::Int)),
            _ => None,
        }
    }
}

/// A duration such as `90s`, `15m`, `24h` or `8d` in seconds.
#[must_use]
pub fn parse_duration(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.get(..text.len() - unit.len_utf8())?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).filter(|seconds| *seconds >= 0)
}

/// The columns that a sentence names in braces.
pub(crate) fn placeholders(sentence: &str) -> Vec<&str> {
    sentence.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}
