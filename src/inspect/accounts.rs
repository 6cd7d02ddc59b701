//! Accounts: passwd and shadow together with the keys that open each, and whether the shell that an account names is in the
//! image at all. What the fields mean is known to [`crate::surface::accounts`].
//!
//! Sources: passwd(5), shadow(5), nsswitch.conf(5), nss-altfiles' README (`/usr/lib/passwd`), userdbd's documentation,
//! systemd.system-credentials(7).

use std::collections::BTreeMap;

use super::authorized_keys::Keys;
use super::facts::Facts;
use super::lookup::Text;
use crate::redact::visible_bytes;
use crate::surface::accounts::{
    Line, PasswdEntry, Password, ShadowEntry, directory_finding, finding_of, passwd, passwd_finding, shadow,
};
use crate::surface::{Finding, Origin, State};

/// Files of accounts with the shadow file of each; `/etc` counts before what an image keeps below `/usr`.
const FILES: [(&str, &str); 3] =
    [("/etc/passwd", "/etc/shadow"), ("/usr/lib/passwd", "/usr/lib/shadow"), ("/usr/etc/passwd", "/usr/etc/shadow")];

/// One file of accounts.
pub(super) struct Accounts {
    path: String,
    lines: Vec<Line<PasswdEntry>>,
    /// Entries of its shadow file by name; nothing where that could not be read.
    shadow: Option<BTreeMap<String, ShadowEntry>>,
}

/// The accounts of an image.
#[derive(Default)]
pub(super) struct AllAccounts {
    files: Vec<Accounts>,
    unread: Vec<Finding>,
}

impl AllAccounts {
    /// Reads every file of accounts that is there.
    pub(super) fn read(facts: &Facts<'_>) -> Self {
        let mut all = Self::default();
        for (passwd_path, shadow_path) in FILES {
            match facts.tree.text(passwd_path) {
                Text::Absent => {}
                Text::Unknown(found, why) => all.unread.push(unknown(&found.path, why)),
                Text::Known(found, text) => {
                    let shadow = match facts.tree.text(shadow_path) {
                        Text::Known(_, text) => Some(entries(shadow(&text))),
                        Text::Absent => Some(BTreeMap::new()),
                        Text::Unknown(..) => None,
                    };
                    all.files.push(Accounts { path: found.path, lines: passwd(&text), shadow });
                }
            }
        }
        all
    }

    /// Every account, the first of a name only.
    pub(super) fn entries(&self) -> Vec<&PasswdEntry> {
        let mut names = std::collections::BTreeSet::new();
        let all = self.files.iter().flat_map(|file| &file.lines);
        all.filter_map(|line| match line {
            Line::Entry(entry) if names.insert(&entry.name) => Some(entry),
            _ => None,
        })
        .collect()
    }

    /// Whether root has a password that opens it; unknown as nothing.
    pub(super) fn root_has_password(&self) -> Option<bool> {
        let file = self.files.first()?;
        let root = self.entries().into_iter().find(|entry| entry.name == "root")?;
        match root.password {
            Password::InShadow => Some(file.shadow.as_ref()?.get("root").is_some_and(|entry| entry.password.opens())),
            password => Some(password.opens()),
        }
    }
}

fn unknown(path: &str, why: &str) -> Finding {
    let detail = format!("the accounts in {path} are not known: {why}");
    Finding { login_path: "account", state: State::Unknown, detail, origin: Some(Origin::new(path, 0)) }
}

fn entries(lines: Vec<Line<ShadowEntry>>) -> BTreeMap<String, ShadowEntry> {
    let mut entries = BTreeMap::new();
    for line in lines {
        if let Line::Entry(entry) = line {
            entries.entry(entry.name.clone()).or_insert(entry);
        }
    }
    entries
}

/// What every account says, and what brings in accounts that no file lists.
pub(super) fn findings(facts: &Facts<'_>, all: &AllAccounts, keys: &Keys) -> Vec<Finding> {
    let mut findings = all.unread.clone();
    let mut names = std::collections::BTreeSet::new();
    for file in &all.files {
        for line in &file.lines {
            match line {
                Line::Entry(entry) if names.insert(entry.name.clone()) => findings.push(of_account(facts, file, entry, keys)),
                Line::Directory { line } => findings.push(directory_finding(&file.path, *line)),
                Line::Damaged { line, reason } => findings.push(Finding {
                    login_path: "account",
                    state: State::Unknown,
                    detail: format!("a line that is no account: {reason}"),
                    origin: Some(Origin::new(&file.path, *line)),
                }),
                Line::Entry(_) | Line::Exclusion { .. } => {}
            }
        }
    }
    findings.extend(directories(facts));
    findings.extend(credentials(facts));
    findings
}

fn of_account(facts: &Facts<'_>, file: &Accounts, entry: &PasswdEntry, keys: &Keys) -> Finding {
    let finding = match (&file.shadow, entry.password) {
        (None, Password::InShadow) => passwd_finding(&file.path, entry),
        (shadow, _) => {
            let shadow = shadow.as_ref().and_then(|entries| entries.get(&entry.name));
            finding_of(&file.path, entry, shadow, keys.of(&entry.name), facts.day)
        }
    };
    let no_shell = entry.login_shell && facts.tree.find(&entry.shell).is_none();
    if no_shell && finding.state > State::Disabled {
        let detail = format!("{}; but {} is not in the image, so that no login succeeds", finding.detail, entry.shell);
        return Finding { state: State::Disabled, detail, ..finding };
    }
    finding
}

/// Sources of accounts outside the image.
const DIRECTORIES: [&str; 8] = ["ldap", "winbind", "nis", "nisplus", "hesiod", "oslogin", "cache_oslogin", "sss"];

fn directories(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Text::Known(found, text) = facts.tree.text("/etc/nsswitch.conf") {
        let sssd = facts.tree.find("/etc/sssd/sssd.conf").is_some() || !facts.tree.names("/etc/sssd/conf.d").is_empty();
        for (number, line) in (1..).zip(text.lines()) {
            let Some(sources) = line.trim().strip_prefix("passwd:") else { continue };
            for source in sources.split_ascii_whitespace().filter(|source| DIRECTORIES.contains(source)) {
                // Fedora names sss whether or not SSSD is set up.
                if source != "sss" || sssd {
                    let detail = format!("accounts come from a directory ({source}); which ones is not in the image");
                    let origin = Some(Origin::new(&found.path, number));
                    findings.push(Finding { login_path: "account", state: State::Unknown, detail, origin });
                }
            }
        }
    }
    for folder in ["/etc/userdb", "/usr/lib/userdb", "/var/lib/systemd/home"] {
        for path in facts.tree.names(folder).iter().filter(|path| path.ends_with(b".user") || path.ends_with(b".identity")) {
            let detail = "a user record of systemd, which is not evaluated".to_owned();
            let origin = Some(Origin::new(&visible_bytes(path), 0));
            findings.push(Finding { login_path: "account", state: State::Unknown, detail, origin });
        }
    }
    findings
}

/// Credentials that systemd makes a password of at boot.
fn credentials(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in facts.tree.glob("/*/credstore*/passwd.*").into_iter().chain(facts.tree.glob("/usr/lib/credstore*/passwd.*")) {
        let path = visible_bytes(&path);
        let account = path.rsplit('.').next().unwrap_or_default().to_owned();
        let detail = format!("a credential gives account {account} a password at boot");
        let origin = Some(Origin::new(&path, 0));
        findings.push(facts.boot.temper(Finding { login_path: "account", state: State::Enabled, detail, origin }));
    }
    findings
}
