//! `[jira]`: which fields of a Jira site hold what a change record needs, and what its words stand for.

use serde::Deserialize;

use super::words::{ChangeKind, ChangeState, Words, names};

/// Fields and words of Jira that sites name themselves. A field is named as people see it (`Change start date`) or by its
/// id (`customfield_10007`); the first filled one of a list counts. The defaults are those of Jira Service Management.
///
/// ```toml
/// [jira]
/// start = ["customfield_10007"]
/// targets = ["Affected services", "Component/s"]
/// states = { "Awaiting implementation" = "approved", "Declined" = "rejected" }
/// kinds = { "Pre-approved" = "standard" }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jira {
    /// Types of issue that are changes; every issue is where none is named.
    #[serde(deserialize_with = "names")]
    pub issue_types: Vec<String>,
    /// Planned start.
    #[serde(deserialize_with = "names")]
    pub start: Vec<String>,
    /// Planned end.
    #[serde(deserialize_with = "names")]
    pub end: Vec<String>,
    /// When work began.
    #[serde(deserialize_with = "names")]
    pub work_start: Vec<String>,
    /// When work ended.
    #[serde(deserialize_with = "names")]
    pub work_end: Vec<String>,
    /// Kind of change.
    #[serde(deserialize_with = "names")]
    pub kind: Vec<String>,
    /// Approvals of Jira Service Management.
    #[serde(deserialize_with = "names")]
    pub approvals: Vec<String>,
    /// Fields of the site's own that hold who approved; filled means approved.
    #[serde(deserialize_with = "names")]
    pub approved_by: Vec<String>,
    /// Fields of the site's own that hold when it was approved.
    #[serde(deserialize_with = "names")]
    pub approved_at: Vec<String>,
    /// Fields that name what a change may touch; all of them count.
    #[serde(deserialize_with = "names")]
    pub targets: Vec<String>,
    /// States of the site; Jira's own status category stands in for those that are not named.
    pub states: Words<ChangeState>,
    /// Kinds of the site.
    pub kinds: Words<ChangeKind>,
}

impl Default for Jira {
    fn default() -> Self {
        let list = |name: &str| vec![name.to_owned()];
        Self {
            issue_types: Vec::new(),
            start: list("Change start date"),
            end: list("Change completion date"),
            work_start: Vec::new(),
            work_end: Vec::new(),
            kind: list("Change type"),
            approvals: list("Approvals"),
            approved_by: Vec::new(),
            approved_at: Vec::new(),
            targets: list("Affected services"),
            states: Words::default(),
            kinds: Words::default(),
        }
    }
}
