//! `[github]` and `[gitlab]`: pull and merge requests as change records.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::words::{ChangeKind, Words, names};

/// Pull requests of GitHub as change records.
///
/// ```toml
/// [github]
/// repository = "acme/images"
/// kinds = { hotfix = "emergency", "base bump" = "standard" }
/// target_labels = ["host:", "service:"]
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GitHub {
    /// Repository of records that name none.
    pub repository: Option<Repository>,
    /// Labels that say the kind of change; `emergency`, `normal` and `standard` say it by themselves.
    pub kinds: Words<ChangeKind>,
    /// What labels begin with that name a host, group or service; the rest of the label is the name.
    #[serde(deserialize_with = "names")]
    pub target_labels: Vec<String>,
    /// Whether an approval counts though commits were pushed after it. Without this word it does not.
    pub count_reviews_of_older_commits: bool,
}

/// Merge requests of GitLab as change records.
///
/// ```toml
/// [gitlab]
/// projects = { 7 = "infra/images" }
/// kinds = { hotfix = "emergency" }
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GitLab {
    /// Project of records that name none, not even by number.
    pub repository: Option<Repository>,
    /// Projects by number: approvals name theirs in no other way.
    pub projects: BTreeMap<ProjectNumber, Repository>,
    /// Labels that say the kind of change; `emergency`, `normal` and `standard` say it by themselves.
    pub kinds: Words<ChangeKind>,
    /// What labels begin with that name a host, group or service; the rest of the label is the name.
    #[serde(deserialize_with = "names")]
    pub target_labels: Vec<String>,
}

/// The path of a repository: owner or group, and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository(pub String);

impl<'de> Deserialize<'de> for Repository {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        let sound = |part: &str| {
            !part.is_empty() && part.chars().all(|character| character.is_alphanumeric() || matches!(character, '-' | '_' | '.'))
        };
        if path.contains('/') && path.split('/').all(sound) {
            Ok(Self(path))
        } else {
            Err(D::Error::custom(format!("`{path}` is no path of a repository; write owner/name, without host and scheme")))
        }
    }
}

/// The number by which GitLab knows a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProjectNumber(pub i64);

impl<'de> Deserialize<'de> for ProjectNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().ok().filter(|number| *number > 0).map(Self).ok_or_else(|| {
            D::Error::custom(format!("`{text}` is no project number; write for example projects = {{ 7 = \"infra/images\" }}"))
        })
    }
}
