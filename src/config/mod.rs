//! `steadfast.toml`: what the team tells Steadfast about its estate. Unknown keys are errors that point at the key.
//!
//! Sections of systems that hold change records have a file each. To add one: a file here, its `mod` line and its field in
//! [`Config`].

mod attestations;
mod automation;
mod bind;
mod code_review;
mod jira;
mod params;
mod people;
mod provenance;
mod sampling;
mod servicenow;
mod tables;
mod words;

pub use attestations::{Attestations, one_line};
pub use automation::{Automation, Span};
pub(crate) use bind::bind_pattern;
pub use bind::{Bind, Bound};
pub use code_review::{GitHub, GitLab, ProjectNumber, Repository};
pub use jira::Jira;
pub(crate) use params::ParamPart;
pub use params::ParamPlaces;
pub use people::People;
pub use provenance::{AttestationKey, Provenance};
pub use sampling::{Basis, Risk, Sampling};
pub use servicenow::{ServiceNow, StandardField};
pub use tables::ConfigTable;
pub use words::{ChangeKind, ChangeState, Words};

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono_tz::Tz;
use memchr::memmem::Finder;
use serde::Deserialize;

use crate::diag::Diagnostic;

use crate::mapping::Mapping;

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
    /// How much may come out of compressed files and archives.
    pub unpack: Unpack,
    /// How hosts are named.
    pub hosts: Hosts,
    /// Which roles make a host stateful or immutable.
    pub classes: Classes,
    /// What is written around the names of persons and accounts.
    pub people: People,
    /// Accounts that no person works with.
    pub automation: Vec<Automation>,
    /// How change numbers look.
    pub changes: Changes,
    /// Fields and words of ServiceNow that sites name themselves.
    pub servicenow: ServiceNow,
    /// Fields and words of Jira that sites name themselves.
    pub jira: Jira,
    /// Pull requests of GitHub as change records.
    pub github: GitHub,
    /// Merge requests of GitLab as change records.
    pub gitlab: GitLab,
    /// Keys that verify attestations.
    pub provenance: Provenance,
    /// What the path of a file says about it.
    pub bind: Vec<Bind>,
    /// Mapping files of the team's own formats, relative to this file.
    pub mappings: Vec<String>,
    /// The mappings that they hold, in their order.
    #[serde(skip)]
    pub mapped: Vec<Mapping>,
    /// Parameters of controls, by control and name.
    pub params: BTreeMap<String, BTreeMap<String, toml::Value>>,
    /// Where they stand in their file.
    #[serde(skip)]
    pub param_places: ParamPlaces,
    /// Sizes and seed of samples for re-performance.
    pub sampling: Sampling,
    /// What management has to attest.
    pub attestations: Attestations,
    /// How the report is arranged.
    pub report: Report,
}

/// How the report is arranged; no result depends on it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Report {
    /// Framework by whose requirements the matrix of controls is grouped, and whose table comes first.
    pub by: Option<String>,
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

/// How much may come out of one compressed file or archive.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Unpack {
    /// MiB.
    pub mib: u64,
    /// Bytes for each byte read; the first 64 MiB are free.
    pub ratio: u64,
    /// Members.
    pub members: u64,
    /// Containers within containers.
    pub depth: u32,
}

impl Default for Unpack {
    fn default() -> Self {
        Self { mib: 1 << 16, ratio: 200, members: 200_000, depth: 4 }
    }
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
        for (key, value) in [("mib", config.unpack.mib), ("ratio", config.unpack.ratio), ("members", config.unpack.members)] {
            if value == 0 {
                let section = text.find("[unpack]").unwrap_or(0);
                let at = text.get(section..).and_then(|rest| rest.find(key)).map_or(section, |at| section + at);
                let message = format!("{key} = 0 would open no compressed file");
                let diagnostic = Diagnostic::new("unpack-limit", path, text, at..at + key.len(), message);
                return Err(Box::new(diagnostic.help("write 1 or more, or take the key out for the default")));
            }
        }
        for bind in &config.bind {
            if bind_pattern(&bind.path).is_none() {
                let at = text.find(&bind.path).unwrap_or(0);
                let message = "the pattern cannot be read: only {host} and {collected_at} may stand in it, each once";
                return Err(Box::new(Diagnostic::new("bind-pattern", path, text, at..at + bind.path.len(), message)));
            }
        }
        if let Some(key) = config.sampling.idle_key() {
            let at = text.find(key).unwrap_or(0);
            let message = format!("`{key}` counts only with basis = \"attribute\"");
            let diagnostic = Diagnostic::new("sampling-key", path, text, at..at + key.len(), message);
            return Err(Box::new(diagnostic.help("write basis = \"attribute\" in [sampling], or leave the key out")));
        }
        config.param_places = ParamPlaces::of(path, text);
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
    fn automation_and_names_become_rules() {
        let config = config(
            "[people]\nstrip_prefixes = ['CORP\\']\n[hosts]\nstrip_domains = ['example.net']\n\
             [[automation]]\naccount = 'CORP\\Ansible'\ntool = 'Ansible'\nhosts = ['DB-*', 'es-1.example.net']\nwithin = '2m'\n\
             [[automation]]\naccount = 'puppet'\ntool = 'puppet'\nterminals = true\n",
        );
        let rules = config.tables().into_iter().find(|table| table.name == "automation_rules").expect("a table").rows;
        let rows: Vec<String> = rows_of(&rules);
        assert_eq!(
            rows,
            ["ansible ansible db- true 120 false", "ansible ansible es-1 false 120 false", "puppet puppet  true 0 true"]
        );
    }

    fn rows_of(rows: &[Vec<String>]) -> Vec<String> {
        rows.iter().map(|row| row.join(" ")).collect()
    }

    #[test]
    fn every_mistake_about_names_and_automation_is_told() {
        for (text, part) in [
            ("[people]\nemail_local_part = true", "needs domains"),
            ("[people]\ndomains = ['example.net']", "without email_local_part"),
            ("[people]\nstrip_prefixes = ['']", "a name is empty"),
            ("[people]\nstrip_prefix = ['x']", "unknown field `strip_prefix`"),
            ("[[automation]]\naccount = 'ansible'", "missing field `tool`"),
            ("[[automation]]\naccount = ' '\ntool = 'puppet'", "a name is empty"),
            ("[[automation]]\naccount = 'a'\ntool = 'puppet'\nwithin = '5 minutes'", "is no duration"),
            ("[[automation]]\naccount = 'a'\ntool = 'puppet'\nhost = ['x']", "unknown field `host`"),
        ] {
            let error = Config::parse("steadfast.toml", text).expect_err(text);
            assert!(error.message.contains(part), "{text}: {}", error.message);
        }
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
        let error = Config::parse("steadfast.toml", "[unpack]\nmib = 9\nratio = 0\n").expect_err("no ratio");
        assert_eq!((error.location.line, error.code), (3, "unpack-limit"));
    }

    #[test]
    fn words_of_a_site_are_found_in_any_case() {
        let config = config(
            "[servicenow]\nstates = { \"Pending Approval\" = \"awaiting_approval\" }\nkinds = { Comprehensive = \"normal\" }\n\
             fields = { start_date = \"u_begins\" }\n[github]\nkinds = { hotfix = \"emergency\" }\n\
             [gitlab]\nprojects = { 7 = \"infra/images\" }",
        );
        assert_eq!(config.servicenow.states.get(" PENDING approval"), Some(ChangeState::AwaitingApproval));
        assert_eq!(config.servicenow.kinds.get("comprehensive").map(ChangeKind::word), Some("normal"));
        assert_eq!((config.servicenow.field("start_date"), config.servicenow.field("end_date")), ("u_begins", "end_date"));
        assert_eq!(config.github.kinds.get("Hotfix"), Some(ChangeKind::Emergency));
        assert_eq!(config.gitlab.projects.get(&ProjectNumber(7)).map(|path| path.0.as_str()), Some("infra/images"));
        assert_eq!(config.jira.start, ["Change start date"]);
    }

    #[test]
    fn every_mistake_about_change_systems_is_told() {
        for (text, line, part) in [
            ("[servicenow]\nstates = { x = \"aproved\" }", 2, "unknown variant `aproved`, expected one of `draft`"),
            ("[servicenow]\nstates = { A = \"done\", a = \"draft\" }", 2, "twice"),
            ("[servicenow]\nstates = { \" \" = \"done\" }", 2, "a label is empty"),
            ("[servicenow]\nkinds = { x = \"urgent\" }", 2, "unknown variant `urgent`"),
            ("[servicenow]\nfields = { begin_date = \"u_x\" }", 2, "unknown field `begin_date`"),
            ("[servicenow]\nfields = { start_date = \"\" }", 2, "has no name"),
            ("[servicenow]\napprover = [\"\"]", 2, "a name is empty"),
            ("[servicenow]\naprover = [\"x\"]", 2, "unknown field `aprover`"),
            ("[jira]\nstart = \"Change start date\"", 2, "expected a sequence"),
            ("[jira]\nbegin = [\"x\"]", 2, "unknown field `begin`"),
            ("[jira]\nkinds = [\"x\"]", 2, "labels and what they stand for"),
            ("[github]\nrepository = \"https://github.com/acme/images\"", 2, "write owner/name"),
            ("[github]\nrepository = \"images\"", 2, "write owner/name"),
            ("[github]\ntargets = [\"x\"]", 2, "unknown field `targets`"),
            ("[gitlab]\nprojects = { seven = \"infra/images\" }", 2, "is no project number"),
            ("[gitlab]\nprojects = { 7 = \"images\" }", 2, "write owner/name"),
        ] {
            let error = Config::parse("steadfast.toml", text).expect_err(text);
            assert_eq!(error.location.line, line, "{text}");
            assert!(error.message.contains(part), "{text}: {}", error.message);
        }
    }

    #[test]
    fn a_key_that_cannot_be_read_is_named_and_not_shown() {
        let text = "[[provenance.keys]]\nid = \"build\"\npem = \"-----BEGIN PRIVATE KEY-----\\nMC4CAQ==\"\n";
        let error = Config::parse("steadfast.toml", text).expect_err("a private key");
        assert!(error.message.starts_with("key 1 of [[provenance.keys]], \"build\", is a private key"), "{}", error.message);
        assert!(!error.render(false).contains("MC4CAQ"), "{}", error.render(false));
    }
}
