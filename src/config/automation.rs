//! `[[automation]]`: accounts that no person works with.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::catalogue::parse_duration;

/// An account with which a tool works on hosts, and nobody else. What it does is traced to a run of that tool.
///
/// ```toml
/// [[automation]]
/// account = "ansible"
/// tool = "ansible"             # as in the table config_runs
/// hosts = ["db-*", "es-1"]     # all where none is named
/// within = "2m"                # before and after a run; nothing without this word
/// terminals = true             # the tool opens terminals (Ansible without pipelining)
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Automation {
    /// Name of the account, in any case.
    #[serde(deserialize_with = "name")]
    pub account: String,
    /// Tool that uses it.
    #[serde(deserialize_with = "name")]
    pub tool: String,
    /// Hosts on which it does; `*` at the end stands for anything.
    #[serde(default, deserialize_with = "super::words::names")]
    pub hosts: Vec<String>,
    /// Seconds before and after a run that belong to it.
    #[serde(default)]
    pub within: Span,
    /// Whether its commands may have a terminal. Without this word somebody borrowed the account.
    #[serde(default)]
    pub terminals: bool,
}

/// A span of time in seconds, written as `90s`, `15m`, `24h` or `8d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span(pub i64);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_duration(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is no duration; write for example 90s, 15m, 24h or 8d")))
    }
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name.trim().is_empty() { Err(D::Error::custom("a name is empty")) } else { Ok(name.trim().to_owned()) }
}
