//! What every question about an image is answered from: the tree, and what was gathered from it once.

use std::collections::BTreeMap;

use super::boot::Boot;
use super::services::{Service, services};
use super::tree::{Inode, Kind, Tree};
use super::unit_files::UnitFiles;

/// The tree and what was gathered from it.
pub(super) struct Facts<'t> {
    /// The tree.
    pub(super) tree: &'t Tree,
    /// What starts.
    pub(super) boot: &'t Boot,
    /// Unit files of systemd.
    pub(super) units: UnitFiles<'t>,
    /// What other ways of starting services start.
    pub(super) services: Vec<Service>,
    /// What was found by its name or mode anywhere.
    pub(super) survey: Survey,
    /// Day of the evidence, in days since 1970-01-01, for accounts that expire.
    pub(super) day: Option<i64>,
}

impl<'t> Facts<'t> {
    /// Gathers what the questions need.
    pub(super) fn gather(tree: &'t Tree, boot: &'t Boot, day: Option<i64>) -> Self {
        Self { tree, boot, units: UnitFiles::read(tree), services: services(tree), survey: Survey::of(tree), day }
    }
}

/// Programs and files that are found wherever they lie.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// SSH servers: what each is, by its path.
    pub(super) ssh_servers: BTreeMap<String, &'static str>,
    /// Files named like `authorized_keys`.
    pub(super) key_files: Vec<String>,
    /// Programs that run as their owner: path and owner.
    pub(super) setuid: Vec<(String, u64)>,
}

impl Survey {
    fn of(tree: &Tree) -> Self {
        let mut survey = Self::default();
        tree.each(&mut |path, inode, _| survey.see(path, inode));
        survey
    }

    /// Start scripts and hooks of packages have the names of servers and are none.
    fn see(&mut self, path: &str, inode: &Inode) {
        let Kind::File(_) = inode.kind else { return };
        let name = path.rsplit('/').next().unwrap_or_default();
        let aside = ["/etc/", "/usr/share/", "/var/lib/dpkg/"].iter().any(|folder| path.starts_with(folder));
        if inode.mode & 0o111 != 0
            && !aside
            && let Some(what) = super::ssh_servers::server(name)
        {
            self.ssh_servers.insert(path.to_owned(), what);
        }
        if name.starts_with("authorized_keys") {
            self.key_files.push(path.to_owned());
        }
        if inode.mode & 0o4000 != 0 && inode.mode & 0o111 != 0 {
            self.setuid.push((path.to_owned(), inode.uid));
        }
    }
}
