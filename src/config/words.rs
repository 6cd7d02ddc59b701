//! The words of a change record, and what a site's own labels stand for.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// Being written.
    Draft,
    /// Waits for a decision.
    AwaitingApproval,
    /// Decided, not begun.
    Approved,
    /// Under way.
    InProgress,
    /// Carried out.
    Done,
    /// Given up.
    Cancelled,
    /// Refused.
    Rejected,
}

impl ChangeState {
    /// The word in the table `changes`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Approved => "approved",
            Self::InProgress => "in_progress",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }
}

/// Which kind of change it is. The order is the precedence where labels disagree: the kind that needs most answers first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Carried out before the usual decision.
    Emergency,
    /// Decided on its own.
    Normal,
    /// Approved once for all of its kind.
    Standard,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Emergency, Self::Normal, Self::Standard];

    /// The word in the table `changes`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Normal => "normal",
            Self::Standard => "standard",
        }
    }

    /// The kind that a word names, in any case.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(word.trim()))
    }
}

/// What labels stand for. Case and blanks around a label do not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words<T>(BTreeMap<String, T>);

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Copy> Words<T> {
    /// What the label stands for, if the site says so.
    #[must_use]
    pub fn get(&self, label: &str) -> Option<T> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&label.trim().to_lowercase()).copied()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Words<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WordsVisitor(PhantomData))
    }
}

struct WordsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for WordsVisitor<T> {
    type Value = Words<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("labels and what they stand for, for example { \"Pending Approval\" = \"awaiting_approval\" }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut words = BTreeMap::new();
        while let Some(label) = map.next_key::<String>()? {
            let word = map.next_value()?;
            if label.trim().is_empty() {
                return Err(A::Error::custom("a label is empty"));
            }
            if words.insert(label.trim().to_lowercase(), word).is_some() {
                return Err(A::Error::custom(format!("the label `{label}` stands here twice; case does not matter")));
            }
        }
        Ok(Words(words))
    }
}

/// A list of names, none of them empty.
pub(super) fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    if names.iter().any(|name| name.trim().is_empty()) {
        return Err(D::Error::custom("a name is empty"));
    }
    Ok(names)
}
