//! `[attestations]`: what management has to attest, because no log can show it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// What management has to attest.
///
/// ```toml
/// [attestations.required]
/// datacentre-access = "Only the persons on the access list have entered the machine rooms."
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attestations {
    /// The statement by its id. It is fixed here, so that nobody attests to less than was asked for.
    #[serde(deserialize_with = "statements")]
    pub required: BTreeMap<String, String>,
}

fn statements<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let required = BTreeMap::<String, String>::deserialize(deserializer)?;
    if let Some((id, _)) = required.iter().find(|(id, statement)| id.trim().is_empty() || statement.trim().is_empty()) {
        return Err(D::Error::custom(format!("the attestation `{id}` needs an id and a statement: id = \"what is attested\"")));
    }
    Ok(required)
}

/// A statement with single blanks between its words, so that how it is broken into lines makes no difference.
#[must_use]
pub fn one_line(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}
