//! Authorised keys: every file in which sshd would look for an account's keys, and every other file of that name.
//!
//! Sources: sshd_config(5) (AuthorizedKeysFile and its tokens), sshd(8), dropbear(8), systemd.system-credentials(7)
//! (`ssh.authorized_keys.root`).

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::AllAccounts;
use super::facts::Facts;
use super::lookup::Text;
use crate::redact::visible_bytes;
use crate::surface::accounts::PasswdEntry;
use crate::surface::keys::{KeyLine, authorized_keys, finding};
use crate::surface::sshd::SshdSettings;
use crate::surface::{Finding, Origin, State, Tri};

/// The keys of an image.
#[derive(Default)]
pub(super) struct Keys {
    findings: Vec<Finding>,
    /// How many keys open an account; nothing where a file could not be read.
    counts: BTreeMap<String, Option<usize>>,
    /// Whether accounts may have keys that no file shows.
    elsewhere: bool,
    /// Files that were read.
    files: usize,
}

impl Keys {
    /// Looks for keys where OpenSSH would, by its settings, and Dropbear; then for every other file of that name.
    pub(super) fn read(facts: &Facts<'_>, settings: &SshdSettings, accounts: &AllAccounts) -> Self {
        let served = !facts.survey.ssh_servers.is_empty();
        let mut keys = Self { elsewhere: served && settings.keys_from_elsewhere() != Tri::No, ..Self::default() };
        let patterns = patterns(settings);
        let mut seen = BTreeSet::new();
        for account in accounts.entries() {
            for pattern in &patterns {
                let Some(path) = place(pattern, account, facts) else { continue };
                seen.extend(facts.tree.find(&path).map(|found| found.path));
                keys.file(facts, path.as_bytes(), Some(&account.name));
            }
        }
        let root = accounts.entries().into_iter().find(|account| account.uid == 0).map(|account| account.name.clone());
        for path in ["/etc/dropbear/authorized_keys", "/etc/dropbear/authorized_keys_root"] {
            if facts.tree.file(path).is_some() && seen.insert(path.to_owned()) {
                keys.file(facts, path.as_bytes(), root.as_deref());
            }
        }
        for path in facts.survey.key_files.iter().filter(|path| !seen.contains(*path)) {
            keys.file(facts, path.as_bytes(), None);
        }
        keys.credentials(facts);
        keys
    }

    fn file(&mut self, facts: &Facts<'_>, path: &[u8], account: Option<&str>) {
        match facts.tree.text(path) {
            Text::Absent => {}
            Text::Unknown(found, why) => {
                let detail = format!("a file of keys that could not be read: {why}");
                let origin = Some(Origin::new(&found.path, 0));
                self.findings.push(Finding { login_path: "authorized_key", state: State::Unknown, detail, origin });
                self.files += 1;
                if let Some(account) = account {
                    self.counts.insert(account.to_owned(), None);
                }
            }
            Text::Known(found, text) => {
                self.files += 1;
                for line in authorized_keys(&text) {
                    let KeyLine::Key(key) = line else { continue };
                    let mut finding = finding(&found.path, &key, account);
                    if let Some(account) = account {
                        let count = self.counts.entry(account.to_owned()).or_insert(Some(0));
                        *count = count.map(|count| count + 1);
                    } else {
                        finding.state = State::Unknown;
                        finding.detail.push_str("; no account of the image looks there, by the settings that were seen");
                    }
                    self.findings.push(finding);
                }
            }
        }
    }

    /// Keys that systemd writes into root's home at boot.
    fn credentials(&mut self, facts: &Facts<'_>) {
        let name = "ssh.authorized_keys.root";
        for path in facts
            .tree
            .glob(&format!("/*/credstore*/{name}"))
            .into_iter()
            .chain(facts.tree.glob(&format!("/usr/lib/credstore*/{name}")))
        {
            let detail = "a credential gives root authorised keys at boot".to_owned();
            let origin = Some(Origin::new(&visible_bytes(&path), 0));
            let finding = Finding { login_path: "authorized_key", state: State::Enabled, detail, origin };
            self.findings.push(facts.boot.temper(finding));
        }
    }

    /// How many keys open an account; nothing where that is not known.
    pub(super) fn of(&self, account: &str) -> Option<usize> {
        match self.counts.get(account) {
            Some(None) => None,
            Some(Some(count)) if *count > 0 => Some(*count),
            _ => (!self.elsewhere).then_some(0),
        }
    }

    /// What the keys say.
    pub(super) fn findings(&self) -> Vec<Finding> {
        self.findings.clone()
    }

    /// Where it was looked, in words, for an image without keys.
    pub(super) fn words(&self) -> String {
        match self.files {
            0 => "no authorized_keys file is in the image, in any home or elsewhere".to_owned(),
            files => format!("{files} authorized_keys file(s) hold no key"),
        }
    }
}

/// The patterns of `AuthorizedKeysFile`, in Match blocks too, and the ones of Dropbear, which are OpenSSH's own.
fn patterns(settings: &SshdSettings) -> BTreeSet<String> {
    let global = settings.global.get("authorizedkeysfile");
    let blocks = settings.matches.iter().filter_map(|block| block.settings.get("authorizedkeysfile"));
    let mut patterns: BTreeSet<String> = global.into_iter().chain(blocks).flat_map(|setting| setting.values.clone()).collect();
    patterns.remove("none");
    patterns
}

/// The file that a pattern means for an account, where it is there.
fn place(pattern: &str, account: &PasswdEntry, facts: &Facts<'_>) -> Option<String> {
    let mut path = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            path.push(character);
            continue;
        }
        match characters.next() {
            Some('u') => path.push_str(&account.name),
            Some('h') => path.push_str(&account.home),
            Some('U') => path.push_str(&account.uid.to_string()),
            Some(other) => path.push(other),
            None => {}
        }
    }
    let path = if path.starts_with('/') { path } else { format!("{}/{path}", account.home.trim_end_matches('/')) };
    facts.tree.file(&path).is_some().then_some(path)
}
