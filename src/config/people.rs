//! `[people]`: what is written around the names of persons and accounts.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::words::names;
use crate::facts::NameRules;

/// What is written around the names of persons and accounts. It is taken off as they become facts, as the domains of hosts
/// are.
///
/// ```toml
/// [people]
/// email_local_part = true            # a.klein@example.net is a.klein
/// domains = ["example.net"]
/// strip_prefixes = ["CORP\\"]        # CORP\aklein is aklein
/// ```
#[derive(Clone, Debug, Default)]
pub struct People {
    /// The rules, ready for use.
    pub rules: NameRules,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    email_local_part: bool,
    #[serde(default, deserialize_with = "names")]
    domains: Vec<String>,
    #[serde(default, deserialize_with = "names")]
    strip_prefixes: Vec<String>,
}

impl<'de> Deserialize<'de> for People {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        match (written.email_local_part, written.domains.is_empty()) {
            (true, true) => Err(D::Error::custom(
                "email_local_part needs domains: anybody can have an address with that local part elsewhere; write for example domains = [\"example.net\"]",
            )),
            (false, false) => Err(D::Error::custom("domains say nothing without email_local_part = true")),
            _ => Ok(Self { rules: NameRules { prefixes: written.strip_prefixes, domains: written.domains } }),
        }
    }
}
