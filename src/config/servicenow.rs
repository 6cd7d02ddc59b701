//! `[servicenow]`: fields and words that a site has named itself.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::words::{ChangeKind, ChangeState, Words, names};

/// Fields and words of ServiceNow that sites name themselves.
///
/// ```toml
/// [servicenow]
/// approver = ["u_approved_by"]
/// fields = { start_date = "u_window_begins" }
/// states = { "Pending Approval" = "awaiting_approval" }
/// kinds = { "Comprehensive" = "normal", "Pre-approved" = "standard" }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceNow {
    /// Fields of the change that hold the approver; the first filled one counts.
    #[serde(deserialize_with = "names")]
    pub approver: Vec<String>,
    /// Fields of the change that hold the time of approval.
    #[serde(deserialize_with = "names")]
    pub approved_at: Vec<String>,
    /// Further fields that name what a change may touch.
    #[serde(deserialize_with = "names")]
    pub targets: Vec<String>,
    /// Fields that stand in for ServiceNow's own ones; in a CSV with labels, the label will do.
    #[serde(deserialize_with = "fields")]
    pub fields: BTreeMap<StandardField, String>,
    /// States of the site, by label or number.
    pub states: Words<ChangeState>,
    /// Types of the site, by label or value.
    pub kinds: Words<ChangeKind>,
}

impl Default for ServiceNow {
    fn default() -> Self {
        Self {
            approver: vec!["u_approved_by".to_owned()],
            approved_at: vec!["u_approved_at".to_owned()],
            targets: Vec::new(),
            fields: BTreeMap::new(),
            states: Words::default(),
            kinds: Words::default(),
        }
    }
}

impl ServiceNow {
    /// The field that holds what ServiceNow keeps in `standard`.
    #[must_use]
    pub fn field<'f>(&'f self, standard: &'f str) -> &'f str {
        self.fields.get(standard).map_or(standard, String::as_str)
    }
}

/// The fields of `change_request` that are read.
const STANDARD: &[&str] = &[
    "number",
    "type",
    "state",
    "approval",
    "short_description",
    "requested_by",
    "opened_by",
    "assigned_to",
    "opened_at",
    "start_date",
    "end_date",
    "work_start",
    "work_end",
    "closed_at",
    "approval_set",
    "sys_created_on",
    "sys_updated_on",
    "cmdb_ci",
    "business_service",
    "service_offering",
];

/// One of ServiceNow's own fields that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StandardField(&'static str);

impl Borrow<str> for StandardField {
    fn borrow(&self) -> &str {
        self.0
    }
}

impl<'de> Deserialize<'de> for StandardField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = STANDARD.iter().find(|known| **known == name);
        known.map(|known| Self(known)).ok_or_else(|| D::Error::unknown_field(&name, STANDARD))
    }
}

fn fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<StandardField, String>, D::Error> {
    let fields = BTreeMap::<StandardField, String>::deserialize(deserializer)?;
    match fields.iter().find(|(_, name)| name.trim().is_empty()) {
        Some((standard, _)) => Err(D::Error::custom(format!("the field that stands in for `{}` has no name", standard.0))),
        None => Ok(fields),
    }
}
