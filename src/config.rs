//! `steadfast.toml`: what the team tells Steadfast about its estate. Unknown keys are errors that point at the key.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono_tz::Tz;
use memchr::memmem::Finder;
use regex::Regex;
use serde::Deserialize;

use crate::diag::Diagnostic;
use crate::facts::{Micros, parse_stamp};
use crate::public_key::PublicKey;

/// The whole configuration; every part has a default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Version of this file's layout; 1.
    pub format_version: Option<u32>,
    /// What the pack is about.
    pub system: System,
    /// Where the evidence is.
    pub evidence: Evidence,
    /// How hosts are named.
    pub hosts: Hosts,
    /// Which roles make a host stateful or immutable.
    pub classes: Classes,
    /// How change numbers look.
    pub changes: Changes,
    /// Custom fields of ServiceNow.
    pub servicenow: ServiceNow,
    /// Keys that verify attestations.
    pub provenance: Provenance,
    /// What the path of a file says about it.
    pub bind: Vec<Bind>,
    /// Parameters of controls, by control and name.
    pub params: BTreeMap<String, BTreeMap<String, toml::Value>>,
}

/// What the pack is about.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct System {
    /// Name of the system under audit.
    pub name: String,
    /// Who prepares the evidence.
    pub prepared_by: String,
    /// Zone in which periods are named.
    pub time_zone: Zone,
    /// Classification printed on every page.
    pub classification: String,
}

impl Default for System {
    fn default() -> Self {
        Self {
            name: "Unnamed system".to_owned(),
            prepared_by: "not stated".to_owned(),
            time_zone: Zone(Tz::UTC),
            classification: "Confidential".to_owned(),
        }
    }
}

/// A time zone of the IANA database, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map(Self).map_err(|_| {
            serde::de::Error::custom(format!(
                "`{name}` is no time zone of the IANA database; write for example Europe/Berlin or UTC"
            ))
        })
    }
}

/// Where the evidence is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    /// Folders below the one that holds `steadfast.toml`; that folder itself where none is named.
    pub folders: Vec<String>,
}

/// How hosts are named.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hosts {
    /// Domains taken off host names.
    pub strip_domains: Vec<String>,
}

/// Roles that decide the class of a host; `*` at the end stands for anything.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Classes {
    /// Roles that hold state.
    pub stateful: Vec<String>,
    /// Roles that hold none.
    pub immutable: Vec<String>,
}

impl Default for Classes {
    fn default() -> Self {
        let list = |roles: &[&str]| roles.iter().map(|role| (*role).to_owned()).collect();
        Self {
            stateful: list(&[
                "data",
                "data_*",
                "database",
                "db",
                "postgresql*",
                "mysql*",
                "mariadb*",
                "mongodb*",
                "cassandra*",
                "redis*",
                "kafka*",
                "etcd",
                "nfs",
                "storage",
            ]),
            immutable: list(&[
                "coordinating",
                "client",
                "ingest",
                "master",
                "voting_only",
                "ml",
                "transform",
                "remote_cluster_client",
                "web",
                "worker",
                "app",
                "proxy",
                "edge",
            ]),
        }
    }
}

/// How change numbers look.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Changes {
    /// What a change number begins with; digits follow.
    pub prefixes: Vec<String>,
    /// The prefixes, ready to be looked for.
    #[serde(skip)]
    finders: OnceLock<Vec<Finder<'static>>>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { prefixes: vec!["CHG".to_owned()], finders: OnceLock::new() }
    }
}

/// Fields of ServiceNow that sites name themselves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceNow {
    /// Fields of the change that hold the approver; the first filled one counts.
    pub approver: Vec<String>,
    /// Fields of the change that hold the time of approval.
    pub approved_at: Vec<String>,
    /// Further fields that name what a change may touch.
    pub targets: Vec<String>,
}

impl Default for ServiceNow {
    fn default() -> Self {
        Self { approver: vec!["u_approved_by".to_owned()], approved_at: vec!["u_approved_at".to_owned()], targets: Vec::new() }
    }
}

/// Keys that verify attestations.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provenance {
    /// The team's keys: an attestation is called verified only where one of them verifies it.
    pub keys: Vec<AttestationKey>,
}

/// A public key of the team, written in this file, so that a pack can be made again from it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestationKey {
    /// What envelopes call it (`keyid`), where that is not its SHA-256 fingerprint.
    id: Option<String>,
    /// Its PEM.
    pem: String,
    #[serde(skip)]
    key: Option<PublicKey>,
}

impl Provenance {
    /// Reads the PEM of every key; the error names the key that cannot be read.
    fn read_keys(&mut self) -> Result<(), String> {
        for (number, key) in (1..).zip(&mut self.keys) {
            let read = PublicKey::from_pem(&key.pem);
            key.key = Some(read.map_err(|error| match &key.id {
                Some(id) => format!("key {number} of [[provenance.keys]], \"{id}\", {error}"),
                None => format!("key {number} of [[provenance.keys]] {error}"),
            })?);
        }
        Ok(())
    }
}

impl AttestationKey {
    /// Whether `keyid` of an envelope means this key.
    #[must_use]
    pub fn is_called(&self, keyid: &str) -> bool {
        self.id.as_deref().is_some_and(|id| !id.is_empty() && id == keyid)
            || self.key.as_ref().is_some_and(|key| key.has_fingerprint(keyid))
    }

    /// Whether `signature` over `message` was made with the private half of this key.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.as_ref().is_some_and(|key| key.verifies(message, signature))
    }
}

/// What the path of a file says about it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    /// Path relative to the evidence root: `{host}` and `{collected_at}` are read out of it, `*` is one part, `**` any.
    pub path: String,
    /// Host of all matching files, where the path does not hold it.
    pub host: Option<String>,
    /// Zone of stamps without one.
    pub time_zone: Option<Zone>,
}

/// What was bound to one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Host, in its normal form.
    pub host: Option<String>,
    /// When the evidence was taken.
    pub collected_at: Option<Micros>,
    /// Zone of stamps without one.
    pub zone: Option<Tz>,
}

impl Config {
    /// Reads the text of `path`.
    ///
    /// # Errors
    /// A diagnostic with place and remedy for unknown keys, wrong types, unknown zones, bad `[[bind]]` patterns and bad
    /// public keys.
    pub fn parse(path: &str, text: &str) -> Result<Self, Box<Diagnostic>> {
        let mut config: Self =
            toml::from_str(text).map_err(|error| Box::new(Diagnostic::toml("config-unreadable", path, text, &error)))?;
        if let Some(version) = config.format_version.filter(|version| *version != 1) {
            let at = text.find("format_version").unwrap_or(0);
            let message = format!("format_version {version} is not known to this version of steadfast");
            return Err(Box::new(
                Diagnostic::new("config-version", path, text, at..at + 14, message).help("write format_version = 1"),
            ));
        }
        for bind in &config.bind {
            if pattern(&bind.path).is_none() {
                let at = text.find(&bind.path).unwrap_or(0);
                let message = "the pattern cannot be read: each of {host} and {collected_at} may stand once";
                return Err(Box::new(Diagnostic::new("bind-pattern", path, text, at..at + bind.path.len(), message)));
            }
        }
        config.provenance.read_keys().map_err(|message| {
            // It points at the section and not at the key, which may be a private one and must not get into a log.
            let at = text.find("provenance").unwrap_or(0);
            Box::new(Diagnostic::new("provenance-key", path, text, at..at + 10, message))
        })?;
        Ok(config)
    }

    /// A host name in its normal form: lower case, without the configured domains and a final dot.
    #[must_use]
    pub fn host<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let name = name.trim().trim_end_matches('.');
        let stripped = self.hosts.strip_domains.iter().find_map(|domain| {
            let domain = domain.trim_start_matches('.');
            let at = name.len().checked_sub(domain.len() + 1)?;
            let (host, rest) = (name.get(..at)?, name.get(at..)?);
            (rest.starts_with('.') && rest.get(1..)?.eq_ignore_ascii_case(domain)).then_some(host)
        });
        let name = stripped.unwrap_or(name);
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        }
    }

    /// The first change number in a text.
    #[must_use]
    pub fn change_id<'t>(&self, text: &'t str) -> Option<&'t str> {
        let prefixes = &self.changes.prefixes;
        let finders =
            self.changes.finders.get_or_init(|| prefixes.iter().map(|prefix| Finder::new(prefix).into_owned()).collect());
        finders.iter().find_map(|finder| {
            let prefix = finder.needle().len();
            finder.find_iter(text.as_bytes()).find_map(|at| {
                let rest = text.get(at + prefix..)?;
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                (digits >= 3).then(|| text.get(at..at + prefix + digits)).flatten()
            })
        })
    }

    /// What the configuration binds to the file at `path` (relative to the evidence root): the first match of each.
    #[must_use]
    pub fn bound(&self, path: &str) -> Bound {
        let mut bound = Bound::default();
        for bind in &self.bind {
            let Some(found) = pattern(&bind.path).and_then(|pattern| pattern.captures(path)) else { continue };
            let captured = |name: &str| found.name(name).map(|part| part.as_str());
            if bound.host.is_none() {
                bound.host = captured("host").or(bind.host.as_deref()).map(|host| self.host(host).into_owned());
            }
            if bound.collected_at.is_none() {
                bound.collected_at = captured("collected_at").and_then(|stamp| parse_stamp(stamp, Tz::UTC));
            }
            bound.zone = bound.zone.or(bind.time_zone.map(|zone| zone.0));
        }
        bound
    }
}

/// A `[[bind]]` path as a regular expression; it may begin anywhere at a folder.
fn pattern(path: &str) -> Option<Regex> {
    let mut expression = String::from("(?:^|/)");
    let mut rest = path;
    while let Some(character) = rest.chars().next() {
        let (token, written) = if rest.starts_with("{host}") {
            ("{host}", "(?P<host>[^/]+?)".to_owned())
        } else if rest.starts_with("{collected_at}") {
            ("{collected_at}", "(?P<collected_at>[^/]+?)".to_owned())
        } else if rest.starts_with("**") {
            ("**", ".*".to_owned())
        } else if rest.starts_with('*') {
            ("*", "[^/]*".to_owned())
        } else {
            let text = rest.get(..character.len_utf8())?;
            (text, regex::escape(text))
        };
        expression.push_str(&written);
        rest = rest.get(token.len()..)?;
    }
    expression.push('$');
    Regex::new(&expression).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse("steadfast.toml", text).expect("a configuration")
    }

    #[test]
    fn hosts_lose_case_and_configured_domains_only() {
        let config = config("[hosts]\nstrip_domains = [\"example.net\"]");
        assert_eq!(config.host("ES-Data-1.EXAMPLE.net."), "es-data-1");
        assert_eq!(config.host("es-data-1.example.org"), "es-data-1.example.org");
    }

    #[test]
    fn paths_bind_host_and_time() {
        let config = config("[[bind]]\npath = \"aide/{host}/{collected_at}.txt\"\ntime_zone = \"Europe/Berlin\"");
        let bound = config.bound("q3/aide/ES-1/20260705T021500Z.txt");
        assert_eq!(bound.host.as_deref(), Some("es-1"));
        assert_eq!(bound.collected_at.map(Micros::iso).as_deref(), Some("2026-07-05T02:15:00Z"));
        assert_eq!(config.bound("aide/x.txt"), Bound::default());
    }

    #[test]
    fn change_numbers_are_found_in_text() {
        let config = Config::default();
        assert_eq!(config.change_id("[\"CHANGE=CHG0030412\"]"), Some("CHG0030412"));
        assert_eq!(config.change_id("CHGRP=1 CHG"), None);
    }

    #[test]
    fn mistakes_name_line_and_remedy() {
        let error = Config::parse("steadfast.toml", "[hosts]\nstrip_domain = []\n").expect_err("an unknown key");
        assert_eq!(error.location.line, 2);
        assert_eq!(error.help.as_deref(), Some("did you mean `strip_domains`?"));
        assert!(Config::parse("steadfast.toml", "[system]\ntime_zone = \"Mars/Olympus\"").is_err());
    }

    #[test]
    fn a_key_that_cannot_be_read_is_named_and_not_shown() {
        let text = "[[provenance.keys]]\nid = \"build\"\npem = \"-----BEGIN PRIVATE KEY-----\\nMC4CAQ==\"\n";
        let error = Config::parse("steadfast.toml", text).expect_err("a private key");
        assert!(error.message.starts_with("key 1 of [[provenance.keys]], \"build\", is a private key"), "{}", error.message);
        assert!(!error.render(false).contains("MC4CAQ"), "{}", error.render(false));
    }
}
