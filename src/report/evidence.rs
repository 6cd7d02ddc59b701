//! The part of the model that speaks of the evidence itself: limits, citations, the register, rejects.

use std::fmt;

use serde::Serialize;

/// What the evidence cannot tell.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Stable kebab-case code.
    pub code: String,
    /// What it means.
    pub text: String,
    /// Where, if it is about a source.
    pub citation: Option<Citation>,
}

/// Limits of one kind and text.
#[derive(Clone, Debug)]
pub struct LimitsAlike {
    /// What it means.
    pub text: String,
    /// The first place.
    pub citation: Option<Citation>,
    /// Further sources that it is about, by id.
    pub also: Vec<String>,
}

/// Limits of one kind.
#[derive(Clone, Debug)]
pub struct LimitKind {
    /// Stable kebab-case code.
    pub code: String,
    /// The first of them.
    pub first: LimitsAlike,
    /// The others.
    pub others: Vec<LimitsAlike>,
    /// How many others there are.
    pub more: u64,
}

/// A place in the evidence: `E-0003 changes/2026-08.json · record 47 · sha256 4e07…9fce`.
#[derive(Clone, Debug, Serialize)]
pub struct Citation {
    /// `E-0003`
    #[serde(skip)]
    pub source_id: String,
    /// Path relative to the evidence root.
    #[serde(rename = "source")]
    pub path: String,
    /// `line` or `record`.
    #[serde(skip)]
    pub unit: &'static str,
    /// 1-based number.
    pub line: Option<u64>,
    /// Full SHA-256 of the source.
    #[serde(rename = "source_sha256")]
    pub sha256: String,
    /// Its first and last four digits, `4e07…9fce`.
    #[serde(skip)]
    pub short_sha256: String,
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.source_id, self.path)?;
        if let Some(line) = self.line {
            write!(f, " · {} {line}", self.unit)?;
        }
        write!(f, " · sha256 {}", self.short_sha256)
    }
}

/// One source in the register.
#[derive(Clone, Debug)]
pub struct Source {
    /// `E-0003`
    pub id: String,
    /// Path relative to the evidence root.
    pub path: String,
    /// Format, or `not recognised`.
    pub format: String,
    /// Why it was recognised as that.
    pub recognised_by: String,
    /// Bytes.
    pub bytes: u64,
    /// Records.
    pub records: u64,
    /// Records that gave facts.
    pub gave_facts: u64,
    /// Facts.
    pub facts: u64,
    /// Records skipped.
    pub skipped: u64,
    /// Why, with counts.
    pub skipped_why: String,
    /// Records rejected.
    pub rejected: u64,
    /// First instant of its facts.
    pub first_at: String,
    /// Last instant.
    pub last_at: String,
    /// Full SHA-256.
    pub sha256: String,
    /// Controls and exceptions that cite it.
    pub cited_by: Vec<String>,
}

/// A record that could not be read.
#[derive(Clone, Debug)]
pub struct Reject {
    /// Where.
    pub citation: Citation,
    /// Why.
    pub reason: String,
    /// Beginning of the record.
    pub excerpt: String,
}
