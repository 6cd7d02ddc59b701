//! Services that something other than systemd starts: scripts of SysV, OpenRC's runlevels, runit, s6, supervisord, inetd.
//!
//! Sources: insserv(8) and Debian's `update-rc.d(8)` (`S` links); OpenRC's `rc-update(8)`; runit's `runsvdir(8)` (a file
//! `down` keeps a service down); s6-overlay's README (`services.d`, `s6-rc.d/user/contents.d`); supervisord.conf's
//! documentation; inetd.conf(5), xinetd.conf(5).

use super::boot::{Init, name_of};
use super::facts::Facts;
use super::lookup::{Text, last_name};
use super::tree::Tree;
use crate::redact::visible_bytes;
use crate::surface::{Finding, Origin, State, Tri};

/// What starts a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    /// A link `S…` in a folder of a runlevel.
    SysV,
    /// A link in a runlevel of OpenRC.
    OpenRc,
    /// A folder that runit or s6 supervises.
    Supervised,
    /// A program of supervisord.
    Supervisord,
    /// A line of inetd or a file of xinetd.
    Inetd,
}

/// Programs that supervise services.
const SUPERVISORS: [&str; 8] = [
    "/usr/bin/runsvdir",
    "/sbin/runsvdir",
    "/bin/runsvdir",
    "/usr/bin/s6-svscan",
    "/bin/s6-svscan",
    "/command/s6-svscan",
    "/package/admin/s6-overlay/libexec/preinit",
    "/sbin/my_init",
];

/// A service that something other than systemd would start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// Its name, or that of its program.
    pub(super) name: String,
    by: By,
    origin: Origin,
}

/// All of them.
pub(super) fn services(tree: &Tree) -> Vec<Service> {
    let mut services = Vec::new();
    let mut push = |name: String, by, path: &[u8], line| {
        services.push(Service { name, by, origin: Origin::new(&visible_bytes(path), line) });
    };
    for pattern in ["/etc/rc[2345].d/S[0-9][0-9]*", "/etc/rc.d/rc[2345].d/S[0-9][0-9]*", "/etc/init.d/rc[2345].d/S[0-9][0-9]*"] {
        for path in tree.glob(pattern) {
            let name = visible_bytes(last_name(&path).get(3..).unwrap_or_default());
            push(name, By::SysV, &path, 0);
        }
    }
    for path in tree.glob("/etc/runlevels/*/*") {
        push(visible_bytes(last_name(&path)), By::OpenRc, &path, 0);
    }
    for pattern in ["/etc/service/*", "/var/service/*", "/service/*", "/etc/runit/runsvdir/default/*", "/etc/services.d/*"] {
        for path in tree.glob(pattern) {
            let file = |name: &str| tree.find([path.as_slice(), b"/", name.as_bytes()].concat()).is_some();
            if file("run") && !file("down") {
                push(visible_bytes(last_name(&path)), By::Supervised, &path, 0);
            }
        }
    }
    for path in tree.glob("/etc/s6-overlay/s6-rc.d/user*/contents.d/*") {
        push(visible_bytes(last_name(&path)), By::Supervised, &path, 0);
    }
    let mut supervisord = vec![b"/etc/supervisord.conf".to_vec(), b"/etc/supervisor/supervisord.conf".to_vec()];
    supervisord.extend(tree.glob("/etc/supervisor/conf.d/*"));
    for path in supervisord {
        each_line(tree, &path, &mut |number, line| {
            if let Some(("command", command)) = line.split_once('=').map(|(key, value)| (key.trim(), value)) {
                let program = command.split_ascii_whitespace().next().map(name_of).unwrap_or_default();
                push(program.to_owned(), By::Supervisord, &path, number);
            }
        });
    }
    each_line(tree, b"/etc/inetd.conf", &mut |number, line| {
        for word in line.split_ascii_whitespace().skip(5) {
            push(name_of(word).to_owned(), By::Inetd, b"/etc/inetd.conf", number);
        }
    });
    for path in tree.glob("/etc/xinetd.d/*") {
        let mut server = None;
        let mut disabled = false;
        each_line(tree, &path, &mut |number, line| match line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("server", value)) => server = Some((name_of(value).to_owned(), number)),
            Some(("disable", value)) => disabled = value == "yes",
            _ => {}
        });
        if let (Some((name, number)), false) = (server, disabled) {
            push(name, By::Inetd, &path, number);
        }
    }
    // A service has a link in every runlevel that it runs in.
    services.sort_by(|a: &Service, b| (&a.name, a.by, &a.origin).cmp(&(&b.name, b.by, &b.origin)));
    services.dedup_by(|a, b| a.by == By::SysV && (&a.name, a.by) == (&b.name, b.by));
    services
}

/// Calls `see` with each line that is no comment.
fn each_line(tree: &Tree, path: &[u8], see: &mut dyn FnMut(u64, &str)) {
    if let Text::Known(_, text) = tree.text(path) {
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if !line.is_empty() && !line.starts_with(['#', ';']) {
                see(number, line);
            }
        }
    }
}

impl Service {
    /// Whether it comes into effect, and why it may not.
    pub(super) fn counts(&self, facts: &Facts<'_>) -> (Tri, &'static str) {
        let systemd = facts.boot.init == Init::Systemd;
        match self.by {
            By::SysV if systemd && !super::units::is_only_a_script(facts, &self.name) => {
                (Tri::No, "systemd goes by the unit file of that name instead")
            }
            By::OpenRc if systemd => (Tri::No, "the init of the image is systemd"),
            By::SysV | By::OpenRc => (facts.boot.boots, "it counts only where an init is started"),
            By::Supervised if facts.tree.program(SUPERVISORS).is_none() => (Tri::No, "its supervisor is not in the image"),
            By::Supervised if systemd => (Tri::Unknown, "whether its supervisor is started is not known"),
            By::Supervised => (
                facts.boot.boots.or(facts.boot.starts(&["runsvdir", "my_init", "s6-svscan", "s6-overlay-suexec"])),
                "it counts only where its supervisor is started",
            ),
            By::Supervisord => match facts.boot.container {
                true => (facts.boot.starts(&["supervisord"]), "it counts only where supervisord is started"),
                false => (Tri::Unknown, "whether supervisord is started is not known"),
            },
            By::Inetd => (Tri::Unknown, "whether inetd is started is not known"),
        }
    }

    fn words(&self) -> &'static str {
        match self.by {
            By::SysV => "a start link of SysV",
            By::OpenRc => "a runlevel of OpenRC",
            By::Supervised => "a supervised service",
            By::Supervisord => "a program of supervisord",
            By::Inetd => "a service of inetd",
        }
    }

    /// Whether inetd or xinetd starts it, at the first connection.
    pub(super) fn is_by_connection(&self) -> bool {
        self.by == By::Inetd
    }

    /// What the service says of a way to log in that it opens; `what` names it in words.
    pub(super) fn finding(&self, facts: &Facts<'_>, login_path: &'static str, what: &str) -> Finding {
        let (counts, why) = self.counts(facts);
        let note = if counts == Tri::Yes { String::new() } else { format!("; {why}") };
        Finding {
            login_path,
            state: if counts == Tri::No { State::Disabled } else { counts.state() },
            detail: format!("{} ({what}) is {}{note}", self.name, self.words()),
            origin: Some(self.origin.clone()),
        }
    }
}
