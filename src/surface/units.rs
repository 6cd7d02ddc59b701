//! systemd units that are ways to log in, and what the state of a unit file says of them.
//!
//! Source: systemctl(1) (`is-enabled`), systemd-ssh-generator(8), systemd-getty-generator(8), logind.conf(5). The state
//! says what starts at boot, not what runs. Three things open a way that looks shut: a generator (sockets for sshd since
//! systemd 256, serial consoles always), logind (a login on the next virtual console), and an alias.

use super::{Finding, Origin, State};

/// A unit file and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFile {
    /// Name with its type, for example `ssh.service`.
    pub name: String,
    /// `enabled`, `static`, `masked` … as systemctl prints it; `not-found` where there is none.
    pub state: String,
    /// Where it was read.
    pub origin: Origin,
}

/// The unit files of a host or image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// The unit files that were seen.
    pub files: Vec<UnitFile>,
    /// Whether they are all there are, so that a missing one is absent.
    pub complete: bool,
    /// Whether they were listed on the running system, where generators have already written theirs.
    pub running: bool,
}

/// A unit that is a way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The word of the table `login_paths`.
    pub login_path: &'static str,
    /// What it is, in words.
    pub what: &'static str,
}

/// Name (with at most one `*` for anything), way to log in, what it is.
const WATCHED: [(&str, &str, &str); 45] = [
    ("ssh.service", "sshd", "the SSH server"),
    ("sshd.service", "sshd", "the SSH server"),
    ("dropbear.service", "sshd", "the SSH server Dropbear"),
    ("tinysshd.service", "sshd", "the SSH server TinySSH"),
    ("ssh.socket", "ssh_socket", "the SSH socket"),
    ("sshd.socket", "ssh_socket", "the SSH socket"),
    ("sshd-*.socket", "ssh_socket", "an SSH socket made by systemd-ssh-generator"),
    ("ssh-*.socket", "ssh_socket", "an SSH socket"),
    ("ssh@*.service", "ssh_socket", PER_CONNECTION),
    ("sshd@*.service", "ssh_socket", PER_CONNECTION),
    ("dropbear.socket", "ssh_socket", "the SSH socket of Dropbear"),
    ("tinysshd*.socket", "ssh_socket", "the SSH socket of TinySSH"),
    ("getty@*.service", "getty", "a login on a virtual console"),
    ("autovt@*.service", "getty", "a login on a virtual console"),
    ("serial-getty@*.service", "serial_getty", "a login on a serial console"),
    ("console-getty.service", "console_getty", "a login on the console"),
    ("container-getty@*.service", "console_getty", "a login on a console of a container"),
    ("debug-shell.service", "debug_shell", "a root shell without a password on tty9"),
    ("rescue.service", "rescue_shell", "the rescue shell"),
    ("emergency.service", "rescue_shell", "the emergency shell"),
    ("amazon-ssm-agent.service", "agent", "the SSM agent of AWS"),
    ("snap.amazon-ssm-agent.amazon-ssm-agent.service", "agent", "the SSM agent of AWS"),
    ("google-guest-agent*.service", "agent", "the guest agent of Google Cloud"),
    ("google-oslogin*", "agent", "OS Login of Google Cloud"),
    ("walinuxagent.service", "agent", "the agent of Azure"),
    ("waagent.service", "agent", "the agent of Azure"),
    ("qemu-guest-agent.service", "agent", "the guest agent of QEMU"),
    ("qemu-ga.service", "agent", "the guest agent of QEMU"),
    ("open-vm-tools.service", "agent", "VMware Tools"),
    ("vmtoolsd.service", "agent", "VMware Tools"),
    ("teleport*.service", "agent", "Teleport"),
    ("cockpit.socket", "agent", "Cockpit"),
    ("cockpit.service", "agent", "Cockpit"),
    ("salt-minion.service", "agent", "the Salt minion"),
    ("tailscaled.service", "agent", "Tailscale, which may serve SSH"),
    ("webmin.service", "agent", "Webmin"),
    ("shellinabox.service", "agent", "Shell In A Box"),
    ("ttyd.service", "agent", "ttyd"),
    ("telnet.socket", "telnet", "telnet"),
    ("telnetd.service", "telnet", "telnet"),
    ("xrdp.service", "graphical_login", "xrdp"),
    ("display-manager.service", "graphical_login", "a graphical login"),
    ("gdm*.service", "graphical_login", "a graphical login"),
    ("lightdm.service", "graphical_login", "a graphical login"),
    ("sddm.service", "graphical_login", "a graphical login"),
];

const PER_CONNECTION: &str = "the SSH server started for a connection";

/// Ways to log in that a complete list of unit files always speaks of.
const SPOKEN_OF: [&str; 8] =
    ["sshd", "ssh_socket", "getty", "serial_getty", "console_getty", "debug_shell", "rescue_shell", "agent"];

impl Units {
    /// The units of a listing, with a guess on what it is: whole where it holds units of every kind that a list of all
    /// unit files of systemd begins and ends with and `unbroken` (nothing cut it), and of the running system where a
    /// generator or a program has made some.
    #[must_use]
    pub fn listed(files: Vec<UnitFile>, unbroken: bool) -> Self {
        let has = |name: &str| files.iter().any(|unit| unit.name == name);
        let whole = ["multi-user.target", "sockets.target", "systemd-journald.service"].iter().all(|name| has(name));
        let ends = files.iter().any(|unit| unit.name.ends_with(".timer"));
        let running = files.iter().any(|unit| matches!(unit.state.as_str(), "generated" | "transient"));
        Self { complete: unbroken && whole && ends, running, files }
    }
}

/// Whether a word is the name of a unit file.
#[must_use]
pub fn is_unit_name(word: &str) -> bool {
    const TYPES: [&str; 11] =
        ["service", "socket", "target", "timer", "mount", "automount", "path", "slice", "scope", "swap", "device"];
    word.rsplit_once('.').is_some_and(|(stem, kind)| !stem.is_empty() && TYPES.contains(&kind))
}

/// What a unit is, where it is a way to log in. Instances count as their template.
#[must_use]
pub fn watched(unit: &str) -> Option<Watched> {
    WATCHED.iter().find_map(|(pattern, login_path, what)| {
        let matches = match pattern.split_once('*') {
            None => *pattern == unit,
            Some((before, after)) => {
                unit.strip_prefix(before).is_some_and(|rest| rest.len() >= after.len() && rest.ends_with(after))
            }
        };
        matches.then_some(Watched { login_path, what })
    })
}

/// Whether a word is the state of a unit file.
#[must_use]
pub fn is_state(word: &str) -> bool {
    matches!(
        word,
        "enabled"
            | "enabled-runtime"
            | "linked"
            | "linked-runtime"
            | "alias"
            | "masked"
            | "masked-runtime"
            | "static"
            | "disabled"
            | "indirect"
            | "generated"
            | "transient"
            | "bad"
            | "invalid"
            | "not-found"
    )
}

/// What a state says by itself, and why where it is not plain.
#[must_use]
pub fn state_of(state: &str) -> (State, &'static str) {
    match state {
        "not-found" => (State::Absent, "no such unit file"),
        "masked" => (State::Disabled, "it cannot be started"),
        "disabled" | "linked" | "linked-runtime" => (State::Disabled, "it does not start at boot"),
        "enabled" => (State::Enabled, "it starts at boot"),
        "enabled-runtime" => (State::Enabled, "it starts until the next boot"),
        "masked-runtime" => (State::Unknown, "it is shut until the next boot only"),
        "static" => (State::Unknown, "it is started by other units or by hand"),
        "indirect" => (State::Unknown, "another unit file or instance enables it"),
        "generated" => (State::Unknown, "a generator makes it at boot"),
        "transient" => (State::Unknown, "a program made it"),
        "alias" => (State::Unknown, "it follows the unit that it is another name of"),
        _ => (State::Unknown, "the state is not one that systemd documents"),
    }
}

/// The ways to log in that unit files speak of. With a complete list a way without any unit is absent.
#[must_use]
pub fn findings(units: &Units) -> Vec<Finding> {
    let mut findings: Vec<Finding> = each(units).into_iter().flatten().collect();
    if units.complete {
        for login_path in SPOKEN_OF {
            if !findings.iter().any(|finding| finding.login_path == login_path) {
                findings.push(missing(login_path, units, &findings));
            }
        }
    }
    findings
}

/// What each unit file says, in the order of the list; nothing where it is no way to log in, or where another unit of the
/// list says it.
#[must_use]
pub fn each(units: &Units) -> Vec<Option<Finding>> {
    let neighbours = Neighbours::of(units);
    units.files.iter().map(|unit| neighbours.finding(unit)).collect()
}

/// What one unit file says, where it is a way to log in; nothing where another unit of the list says it. For many units
/// ask [`each`], which looks through the list once.
#[must_use]
pub fn finding(unit: &UnitFile, units: &Units) -> Option<Finding> {
    Neighbours::of(units).finding(unit)
}

/// What the other units of a list say that matters for one.
struct Neighbours {
    /// Ways that a unit with a state of its own speaks of.
    named: Vec<Watched>,
    /// Whether a socket for SSH is in the list.
    sockets: bool,
    /// Whether logind is kept from starting a login on the next console.
    autovt_is_masked: bool,
}

impl Neighbours {
    fn of(units: &Units) -> Self {
        let mut all = Self { named: Vec::new(), sockets: false, autovt_is_masked: false };
        for unit in units.files.iter().filter(|unit| unit.state != "alias") {
            all.autovt_is_masked |= unit.name == "autovt@.service" && unit.state == "masked";
            let Some(watched) = watched(&unit.name) else { continue };
            all.sockets |= unit.name.ends_with(".socket") && watched.login_path == "ssh_socket";
            if !all.named.contains(&watched) {
                all.named.push(watched);
            }
        }
        all
    }

    fn finding(&self, unit: &UnitFile) -> Option<Finding> {
        let watched = watched(&unit.name)?;
        if unit.state == "alias" && self.named.contains(&watched) {
            return None;
        }
        // The server of one connection starts only through a socket, and the socket's own line says whether.
        if watched.what == PER_CONNECTION && unit.state != "masked" && self.sockets {
            return None;
        }
        let (state, why) = match (state_of(&unit.state), watched.login_path) {
            ((State::Unknown, _), "ssh_socket") if unit.state == "generated" && unit.name.ends_with(".socket") => {
                (State::Enabled, "systemd-ssh-generator opens it at boot, whatever the state of the SSH server")
            }
            ((State::Disabled, _), "getty") if unit.state != "masked" && !self.autovt_is_masked => {
                (State::Unknown, "it does not start at boot, but logind starts it when somebody turns to that console")
            }
            ((State::Disabled, _), "serial_getty" | "console_getty") if unit.state != "masked" => {
                (State::Unknown, "it is not enabled, but systemd-getty-generator starts it where the kernel has such a console")
            }
            (plain, _) => plain,
        };
        Some(Finding {
            login_path: watched.login_path,
            state,
            detail: format!("{} ({}) is {}: {why}", unit.name, watched.what, unit.state),
            origin: Some(unit.origin.clone()),
        })
    }
}

fn missing(login_path: &'static str, units: &Units, findings: &[Finding]) -> Finding {
    let server = findings.iter().any(|finding| finding.login_path == "sshd" && finding.state != State::Absent);
    let (state, detail) = if login_path == "ssh_socket" && server && !units.running {
        let detail = "no unit file for an SSH socket, but since version 256 systemd makes one at boot where sshd is installed";
        (State::Unknown, detail.to_owned())
    } else {
        (State::Absent, "none of the units that are known to open this way is among the unit files".to_owned())
    };
    Finding { login_path, state, detail, origin: None }
}
