//! Which files' content an inspection needs. Everything else is only counted, so that each layer is read once; a file that
//! something points at from an unusual place is asked for in another round.

use std::collections::BTreeSet;

use super::lookup::last_name;
use super::tree::{LARGEST_CONTENT, MOST_CONTENT, Place};

/// Files whose content matters.
const FILES: [&str; 31] = [
    "boot/cmdline.txt",
    "boot/grub/grub.cfg",
    "boot/grub2/grub.cfg",
    "etc/default/dropbear",
    "etc/default/grub",
    "etc/default/ssh",
    "etc/doas.conf",
    "etc/dropbear/authorized_keys",
    "etc/inetd.conf",
    "etc/inittab",
    "etc/kernel/cmdline",
    "etc/machine-id",
    "etc/nsswitch.conf",
    "etc/opendoas.conf",
    "etc/passwd",
    "etc/rc.d/rc.local",
    "etc/rc.local",
    "etc/shadow",
    "etc/sudoers",
    "etc/supervisord.conf",
    "etc/supervisor/supervisord.conf",
    "etc/sysconfig/sshd",
    "usr/etc/passwd",
    "usr/etc/shadow",
    "usr/etc/sudoers",
    "usr/lib/kernel/cmdline",
    "usr/lib/passwd",
    "usr/lib/shadow",
    "usr/local/etc/doas.conf",
    "usr/local/etc/sudoers",
    "usr/share/baselayout/passwd",
];

/// Folders all of whose files matter.
const FOLDERS: [&str; 24] = [
    "boot/loader/entries/",
    "etc/cloud/",
    "etc/default/grub.d/",
    "etc/doas.d/",
    "etc/ssh/",
    "etc/sudoers.d/",
    "etc/supervisor/conf.d/",
    "etc/systemd/",
    "etc/xinetd.d/",
    "lib/systemd/system-preset/",
    "lib/systemd/system/",
    "loader/entries/",
    "usr/etc/ssh/",
    "usr/etc/sudoers.d/",
    "usr/lib/ssh/",
    "usr/lib/systemd/logind.conf.d/",
    "usr/lib/systemd/system-preset/",
    "usr/lib/systemd/system/",
    "usr/local/etc/ssh/",
    "usr/local/etc/sudoers.d/",
    "usr/local/lib/systemd/system/",
    "usr/share/ssh/",
    "var/lib/cloud/data/",
    "var/lib/cloud/seed/",
];

/// Largest file that may be a script: programs of machine code are larger.
pub(super) const LARGEST_SCRIPT: u64 = 256 << 10;

/// What to keep, and how much of it there is room for.
#[derive(Debug)]
pub(super) struct Interest {
    also: BTreeSet<Place>,
    paths: BTreeSet<Vec<u8>>,
    room: u64,
}

/// What becomes of the content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// It is kept.
    Yes,
    /// Nobody asks for it.
    No,
    /// It is larger than one file may be.
    TooLarge,
    /// There is no room left.
    NoRoom,
}

impl Interest {
    /// In what usually matters, and in these entries and paths.
    pub(super) fn new(also: &BTreeSet<Place>, paths: BTreeSet<Vec<u8>>) -> Self {
        Self { also: also.clone(), paths, room: MOST_CONTENT }
    }

    /// Whether to keep the file of `name`, and takes the room for it.
    pub(super) fn take(&mut self, name: &[u8], place: Place, size: u64) -> Keep {
        if !matters(name) && !self.also.contains(&place) && !self.is_script(name, size) {
            return Keep::No;
        }
        if size > LARGEST_CONTENT {
            return Keep::TooLarge;
        }
        match self.room.checked_sub(size) {
            Some(room) => {
                self.room = room;
                Keep::Yes
            }
            None => Keep::NoRoom,
        }
    }
}

impl Interest {
    /// Whether it is a path that was named, and small enough to be a script.
    fn is_script(&self, name: &[u8], size: u64) -> bool {
        size <= LARGEST_SCRIPT && self.paths.contains(name)
    }
}

/// Whether the file of this name (inside the root, without `/` before it) usually matters.
fn matters(name: &[u8]) -> bool {
    let last = last_name(name);
    // Keys of the server are secret, and say nothing about who may log in.
    let secret = last.starts_with(b"ssh_host_");
    !secret
        && (last.starts_with(b"authorized_keys")
            || FILES.iter().any(|file| file.as_bytes() == name)
            || FOLDERS.iter().any(|folder| name.starts_with(folder.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_matter_and_secrets_do_not() {
        for name in [
            "etc/ssh/sshd_config.d/50-cloud.conf",
            "root/.ssh/authorized_keys2",
            "etc/passwd",
            "var/lib/cloud/seed/nocloud/user-data",
        ] {
            assert!(matters(name.as_bytes()), "{name}");
        }
        for name in ["etc/ssh/ssh_host_ed25519_key", "usr/bin/sshd", "home/ann/etc/passwd", "etc/passwd-"] {
            assert!(!matters(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn room_ends() {
        let mut interest = Interest::new(&BTreeSet::new(), BTreeSet::new());
        let place = Place { layer: 0, entry: 0 };
        assert_eq!(interest.take(b"etc/passwd", place, LARGEST_CONTENT + 1), Keep::TooLarge);
        for _ in 0..MOST_CONTENT / LARGEST_CONTENT {
            assert_eq!(interest.take(b"etc/passwd", place, LARGEST_CONTENT), Keep::Yes);
        }
        assert_eq!(interest.take(b"etc/passwd", place, 1), Keep::NoRoom);
        assert_eq!(interest.take(b"usr/bin/ls", place, 1), Keep::No);
    }
}
