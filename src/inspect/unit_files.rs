//! systemd unit files as they lie in a tree, and the state of each as `systemctl --root is-enabled` would print it.
//!
//! Source: systemd.unit(5) (folders and their order, aliases, masks), systemd's `src/shared/install.c`
//! (`unit_file_lookup_state`: what counts as enabled), systemd.preset(5), machine-id(5) (first boot).

use std::collections::{BTreeMap, BTreeSet};

use super::lookup::{Text, last_name};
use super::tree::{Kind, Tree};
use crate::redact::{lossless, visible_bytes};

/// Folders of units, the one that outweighs the others first. What lies in `/run` is gone before an image starts.
const FOLDERS: [&str; 6] = [
    "/etc/systemd/system.control",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Endings of folders whose links start a unit together with another.
const PULLS: [&[u8]; 3] = [b".wants", b".requires", b".upholds"];

/// A link that starts a unit.
#[derive(Clone, Debug)]
struct Pull {
    path: String,
    /// Whether it is below `/etc`: only those count for `is-enabled`.
    local: bool,
}

/// Everything about units in a tree.
#[derive(Debug)]
pub(super) struct UnitFiles<'t> {
    tree: &'t Tree,
    /// First path of every unit, by name.
    units: BTreeMap<String, Vec<u8>>,
    /// Links that start a unit, by the unit's name.
    pulls: BTreeMap<String, Vec<Pull>>,
    /// Links below `/etc` that give a unit another name, by the name of the unit.
    aliases: BTreeMap<String, String>,
}

/// The state of a unit, and the path that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnitState {
    /// As `systemctl is-enabled` prints it.
    pub(super) state: &'static str,
    /// The link or file that shows it.
    pub(super) path: String,
}

impl<'t> UnitFiles<'t> {
    /// Reads the folders of units. Folders that are one through a link are read once.
    pub(super) fn read(tree: &'t Tree) -> Self {
        let mut files = Self { tree, units: BTreeMap::new(), pulls: BTreeMap::new(), aliases: BTreeMap::new() };
        let mut seen = BTreeSet::new();
        for folder in FOLDERS {
            let Some(found) = tree.find(folder) else { continue };
            if seen.insert(found.path) {
                files.folder(folder);
            }
        }
        files
    }

    fn folder(&mut self, folder: &str) {
        let local = folder.starts_with("/etc/");
        for path in self.tree.names(folder) {
            let name = visible_bytes(last_name(&path));
            if PULLS.iter().any(|ending| path.ends_with(ending)) {
                for link in self.tree.names(&path) {
                    let pull = Pull { path: visible_bytes(&link), local };
                    self.pulls.entry(visible_bytes(last_name(&link))).or_default().push(pull);
                }
                continue;
            }
            if let (true, Some((_, target))) = (local, self.tree.link(&path)) {
                let target = target.rsplit('/').next().unwrap_or_default().to_owned();
                if target != name && target != "null" {
                    self.aliases.entry(target).or_insert_with(|| visible_bytes(&path));
                }
            }
            let is_folder = self.tree.find(&path).is_some_and(|found| matches!(found.inode.kind, Kind::Folder(_)));
            if !is_folder {
                self.units.entry(name).or_insert(path);
            }
        }
    }

    /// Whether a unit file of this name is there, masked or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.units.contains_key(name)
    }

    /// Names of all unit files, and of instances that links start.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.units.keys().chain(self.pulls.keys()).map(String::as_str).collect()
    }

    /// Whether a unit of this name, or the template of it, is masked.
    pub(super) fn is_masked(&self, name: &str) -> bool {
        [Some(name.to_owned()), template(name)].into_iter().flatten().any(|name| self.mask(&name).is_some())
    }

    /// The path that masks a unit: a link to the null device, or an empty file.
    fn mask(&self, name: &str) -> Option<String> {
        let path = self.units.get(name)?;
        let masked = match self.tree.link(path) {
            Some((_, target)) => target == "/dev/null" || target.ends_with("/dev/null"),
            None => self.tree.file(path).is_some_and(|found| found.inode.size == 0),
        };
        masked.then(|| visible_bytes(path))
    }

    /// The state of a unit file; nothing where there is none.
    pub(super) fn state(&self, name: &str) -> Option<UnitState> {
        if let Some(path) = self.mask(name) {
            return Some(UnitState { state: "masked", path });
        }
        let path = self.units.get(name)?;
        let shown = visible_bytes(path);
        if let Some((_, target)) = self.tree.link(path) {
            let other = target.rsplit('/').next().unwrap_or_default();
            if other != name {
                let masked = self.mask(other);
                let state = if masked.is_some() { "masked" } else { "alias" };
                return Some(UnitState { state, path: masked.unwrap_or(shown) });
            }
        }
        if let Some(path) = self.started_by(name) {
            return Some(UnitState { state: "enabled", path });
        }
        let state = match self.text(name) {
            Some(text) => installation(&text),
            // What is behind a link out of the tree, or was not read.
            None => "bad",
        };
        Some(UnitState { state, path: shown })
    }

    /// The link that starts a unit at boot: its own or that of an instance which is not masked, else one that gives it
    /// another name.
    fn started_by(&self, name: &str) -> Option<String> {
        let of = |started: &str| started == name || (name.contains("@.") && template(started).as_deref() == Some(name));
        let started = self.pulls.iter().filter(|(started, _)| of(started) && self.mask(started).is_none());
        let link = started.flat_map(|(_, links)| links).min_by_key(|link| !link.local);
        link.map(|link| link.path.clone()).or_else(|| self.aliases.get(name).cloned())
    }

    /// The text of a unit file.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.tree.text(self.units.get(name)?) {
            Text::Known(_, text) => Some(text.into_owned()),
            Text::Absent | Text::Unknown(..) => None,
        }
    }

    /// Path and text of the unit file and of the drop-ins of every unit that `suits`, by the unit's name.
    pub(super) fn texts(&self, suits: impl Fn(&str) -> bool) -> Vec<(String, String, String)> {
        let mut texts = Vec::new();
        for (name, path) in self.units.iter().filter(|(name, _)| suits(name)) {
            texts.push((name.clone(), visible_bytes(path), self.text(name).unwrap_or_default()));
        }
        for folder in FOLDERS {
            for path in self.tree.glob(&format!("{folder}/*.d/*.conf")) {
                let unit = path.rsplit(|byte| *byte == b'/').nth(1).map(lossless).unwrap_or_default();
                let unit = unit.trim_end_matches(".d").to_owned();
                if suits(&unit)
                    && let Text::Known(_, text) = self.tree.text(&path)
                {
                    texts.push((unit, visible_bytes(&path), text.into_owned()));
                }
            }
        }
        texts
    }
}

/// The template of an instance: `getty@.service` of `getty@tty1.service`.
pub(super) fn template(name: &str) -> Option<String> {
    let (before, after) = name.split_once('@')?;
    let (_, kind) = after.rsplit_once('.')?;
    Some(format!("{before}@.{kind}"))
}

/// The state of a unit that nothing starts, by its `[Install]` section.
fn installation(text: &str) -> &'static str {
    let mut inside = false;
    let mut also = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[Install]";
        }
        let Some((key, value)) = line.split_once('=').filter(|_| inside) else { continue };
        match key.trim() {
            _ if value.trim().is_empty() => {}
            "WantedBy" | "RequiredBy" | "UpheldBy" | "Alias" => return "disabled",
            "Also" => also = true,
            _ => {}
        }
    }
    if also { "indirect" } else { "static" }
}

/// What presets say of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Preset {
    /// Whether it is to be enabled.
    pub(super) enable: bool,
    /// The line that says so, as path and number; nothing where no line does and the default counts.
    pub(super) line: Option<(String, u64)>,
}

/// What systemd does with a unit when it applies presets. The default is to enable.
pub(super) fn preset(tree: &Tree, unit: &str) -> Preset {
    let mut files: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for folder in ["/etc/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd"] {
        for path in tree.glob(&format!("{folder}/system-preset/*.preset")) {
            files.entry(last_name(&path).to_owned()).or_insert(path);
        }
    }
    for path in files.values() {
        let Text::Known(found, text) = tree.text(path) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            let mut words = line.split_ascii_whitespace();
            let (Some(verb), Some(pattern)) = (words.next(), words.next()) else { continue };
            if super::lookup::matches(pattern.as_bytes(), unit.as_bytes()) && matches!(verb, "enable" | "disable" | "ignore") {
                return Preset { enable: verb == "enable", line: Some((found.path, number)) };
            }
        }
    }
    Preset { enable: true, line: None }
}

/// Whether systemd takes the first start of this image for a first boot, and so applies presets.
pub(super) fn is_first_boot(tree: &Tree) -> bool {
    match tree.text("/etc/machine-id") {
        Text::Absent => true,
        Text::Known(_, text) => text.trim() == "uninitialized",
        Text::Unknown(..) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installation_decides_what_nothing_starts() {
        assert_eq!(installation("[Unit]\nWantedBy=x\n[Install]\nWantedBy=multi-user.target\n"), "disabled");
        assert_eq!(installation("[Install]\nAlso=other.socket\n"), "indirect");
        assert_eq!(installation("[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=\n"), "static");
        assert_eq!(template("getty@tty1.service").as_deref(), Some("getty@.service"));
        assert_eq!(template("ssh.service"), None);
    }
}
