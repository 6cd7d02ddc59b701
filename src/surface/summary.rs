//! Several parts of one host or image put together: what no part says alone.

use std::collections::BTreeMap;

use super::accounts::{self, Line, PasswdEntry, Password, ShadowEntry};
use super::cloud_init::{self, CloudConfig};
use super::keys::{self, KeyLine};
use super::sshd::{self, SshdSettings};
use super::units::{self, Units};
use super::{Finding, State, Tri};

/// What was looked at of one host or image. A part that nobody looked at is `None`, which is not the same as empty.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Settings of sshd.
    pub sshd: Option<SshdSettings>,
    /// Unit files.
    pub units: Option<Units>,
    /// Path and lines of the passwd file.
    pub passwd: Option<(String, Vec<Line<PasswdEntry>>)>,
    /// Path and lines of the shadow file.
    pub shadow: Option<(String, Vec<Line<ShadowEntry>>)>,
    /// Every `authorized_keys` file; empty where they were looked for and none was found. Where they were looked for and
    /// `sshd` is `None`, there is no server whose settings could take keys from elsewhere.
    pub keys: Option<Vec<KeyFile>>,
    /// Path and content of user data, one entry a file.
    pub user_data: Option<Vec<(String, CloudConfig)>>,
    /// Day of the evidence, in days since 1970-01-01, for accounts that expire.
    pub day: Option<i64>,
}

/// An `authorized_keys` file.
#[derive(Clone, Debug)]
pub struct KeyFile {
    /// Path.
    pub path: String,
    /// Account that it belongs to, where that is known.
    pub account: Option<String>,
    /// Its lines.
    pub lines: Vec<KeyLine>,
}

/// The ways to log in that the parts speak of together, every finding by itself. A part that is missing makes an answer
/// `unknown` where the answer hangs on it, and is never taken as good news.
#[must_use]
pub fn summarise(evidence: &Evidence) -> Vec<Finding> {
    let units = evidence.units.as_ref().map(units::findings);
    let shadow_lines = entries(evidence.shadow.as_ref());
    let mut findings: Vec<Finding> = Vec::new();
    if let Some(settings) = &evidence.sshd {
        findings.extend(sshd_findings(settings, units.as_deref()));
    }
    if let Some(units) = units {
        findings.extend(units.into_iter().map(|finding| rescue(finding, evidence, &shadow_lines)));
    }
    findings.extend(accounts(evidence, &shadow_lines));
    if let Some((path, _)) = &evidence.shadow {
        findings.extend(shadow_lines.values().map(|entry| accounts::shadow_finding(path, entry, evidence.day)));
    }
    if let Some(files) = &evidence.keys {
        findings.extend(key_findings(files));
    }
    for (path, config) in evidence.user_data.iter().flatten() {
        let more = cloud_init::findings(path, config);
        // What user data leaves open is answered by the parts that were looked at.
        let answered: Vec<&str> = findings.iter().map(|finding| finding.login_path).collect();
        let more: Vec<Finding> = more
            .into_iter()
            .filter(|finding| finding.state != State::Unknown || !answered.contains(&finding.login_path))
            .collect();
        findings.extend(more);
    }
    findings
}

/// The finding of each way to log in that outweighs the others: an open one before one that is not known, before one that
/// is closed. Of equals the first.
#[must_use]
pub fn worst(findings: &[Finding]) -> BTreeMap<&'static str, &Finding> {
    let mut worst: BTreeMap<&'static str, &Finding> = BTreeMap::new();
    for finding in findings {
        let place = worst.entry(finding.login_path).or_insert(finding);
        if finding.state > place.state {
            *place = finding;
        }
    }
    worst
}

/// The entries of a file by name; the first of a name counts.
fn entries(file: Option<&(String, Vec<Line<ShadowEntry>>)>) -> BTreeMap<String, ShadowEntry> {
    let mut entries = BTreeMap::new();
    for line in file.iter().flat_map(|(_, lines)| lines) {
        if let Line::Entry(entry) = line {
            entries.entry(entry.name.clone()).or_insert_with(|| entry.clone());
        }
    }
    entries
}

/// What the settings open counts only where a server or socket may start.
fn sshd_findings(settings: &SshdSettings, units: Option<&[Finding]>) -> Vec<Finding> {
    let mut findings = sshd::findings(settings);
    let ssh = |finding: &&Finding| matches!(finding.login_path, "sshd" | "ssh_socket");
    let Some(units) = units else {
        let detail = "settings of an SSH server are there; whether it starts is not known".to_owned();
        findings.insert(0, Finding { login_path: "sshd", state: State::Unknown, detail, origin: None });
        return findings;
    };
    let mut ssh = units.iter().filter(ssh).peekable();
    if ssh.peek().is_some() && ssh.all(|finding| finding.state <= State::Disabled) {
        for finding in findings.iter_mut().filter(|finding| finding.state > State::Disabled) {
            finding.state = State::Disabled;
            finding.detail = format!("no SSH server or socket starts; otherwise {}", finding.detail);
        }
    }
    findings
}

/// The rescue shell asks for root's password: without one it refuses.
fn rescue(mut finding: Finding, evidence: &Evidence, shadow: &BTreeMap<String, ShadowEntry>) -> Finding {
    let refused = evidence.shadow.is_some() && shadow.get("root").is_none_or(|root| !root.password.opens());
    if finding.login_path == "rescue_shell" && finding.state == State::Unknown && refused {
        finding.state = State::Disabled;
        finding.detail.push_str("; it asks for root's password, and root has none");
    }
    finding
}

fn accounts(evidence: &Evidence, shadow: &BTreeMap<String, ShadowEntry>) -> Vec<Finding> {
    let Some((path, lines)) = &evidence.passwd else { return Vec::new() };
    let keys = |account: &str| keys_of(account, evidence);
    lines
        .iter()
        .filter_map(|line| match line {
            Line::Entry(entry) if evidence.shadow.is_none() && entry.password == Password::InShadow => {
                Some(accounts::passwd_finding(path, entry))
            }
            Line::Entry(entry) => {
                Some(accounts::finding_of(path, entry, shadow.get(&entry.name), keys(&entry.name), evidence.day))
            }
            Line::Directory { line } => Some(accounts::directory_finding(path, *line)),
            Line::Exclusion { .. } | Line::Damaged { .. } => None,
        })
        .collect()
}

/// How many keys open an account; nothing where keys were not looked for or may come from a command or an authority.
fn keys_of(account: &str, evidence: &Evidence) -> Option<usize> {
    let files = evidence.keys.as_ref()?;
    let count = files
        .iter()
        .filter(|file| file.account.as_deref() == Some(account))
        .flat_map(|file| &file.lines)
        .filter(|line| matches!(line, KeyLine::Key(_)))
        .count();
    let elsewhere = evidence.sshd.as_ref().is_some_and(|settings| settings.keys_from_elsewhere() != Tri::No);
    let nobodys = files.iter().any(|file| file.account.is_none() && !file.lines.is_empty());
    (count > 0 || !(elsewhere || nobodys)).then_some(count)
}

fn key_findings(files: &[KeyFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        for line in &file.lines {
            if let KeyLine::Key(key) = line {
                findings.push(keys::finding(&file.path, key, file.account.as_deref()));
            }
        }
    }
    if findings.is_empty() {
        let detail = "no authorized_keys file holds a key".to_owned();
        findings.push(Finding { login_path: "authorized_key", state: State::Absent, detail, origin: None });
    }
    findings
}
