//! Consoles: what inittab starts on them, and what the kernel's command line adds, where the image holds one.
//!
//! Sources: inittab(5), BusyBox's `init.c` (the first field is the terminal), kernel-command-line(7),
//! systemd-debug-generator(8), systemd-getty-generator(8).

use super::boot::{Init, name_of};
use super::facts::Facts;
use super::lookup::Text;
use super::shells::is_shell;
use crate::redact::{lossless, visible_bytes};
use crate::surface::{Finding, Origin, State, Tri};

/// Terminals that are serial lines or consoles of a hypervisor.
fn is_serial(terminal: &str) -> bool {
    ["ttyS", "ttyAMA", "ttyUSB", "ttymxc", "hvc", "ttysclp", "sclp_line", "xvc"].iter().any(|begin| terminal.starts_with(begin))
}

/// Everything about consoles but what units say.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = inittab(facts);
    for service in &facts.services {
        // `agetty.ttyS0` in OpenRC, `agetty-tty1` or `getty-ttyS0` in runit.
        if let Some((_, terminal)) = service.name.split_once("getty").filter(|(before, _)| before.len() <= 1) {
            let login_path = if is_serial(terminal.trim_start_matches(['.', '-'])) { "serial_getty" } else { "getty" };
            findings.push(service.finding(facts, login_path, "a login on a console"));
        }
    }
    findings.extend(command_line(facts));
    findings
}

fn inittab(facts: &Facts<'_>) -> Vec<Finding> {
    let Text::Known(found, text) = facts.tree.text("/etc/inittab") else { return Vec::new() };
    if facts.boot.init == Init::Systemd {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        let fields: Vec<&str> = line.splitn(4, ':').collect();
        let [id, _, action, process] = fields.as_slice() else { continue };
        if line.starts_with('#') || matches!(*action, "off" | "ctrlaltdel" | "shutdown" | "sysinit" | "restart") {
            continue;
        }
        let mut words = process.split_ascii_whitespace().map(|word| word.trim_start_matches(['-', '+', '@']));
        let program = words.next().map(name_of).unwrap_or_default();
        let mut on = String::new();
        let (login_path, what) = if program.ends_with("getty") {
            let terminal = words.find(|word| word.starts_with("tty") || is_serial(word)).unwrap_or(id);
            on = format!(" on {terminal}");
            (if is_serial(terminal) { "serial_getty" } else { "getty" }, "a login on a console")
        } else if is_shell(program) && !id.is_empty() || *action == "askfirst" && is_shell(program) {
            ("debug_shell", "a shell on a console that asks for no password")
        } else if super::ssh_servers::server(program).is_some() {
            ("sshd", "an SSH server")
        } else {
            continue;
        };
        let detail = format!("inittab starts {program}{on} ({what})");
        let origin = Some(Origin::new(&found.path, number));
        findings.push(facts.boot.temper(Finding { login_path, state: State::Enabled, detail, origin }));
    }
    findings
}

/// Places in which an image may hold the kernel's command line, as patterns.
const COMMAND_LINES: [&str; 9] = [
    "/etc/kernel/cmdline",
    "/usr/lib/kernel/cmdline",
    "/etc/default/grub",
    "/etc/default/grub.d/*.cfg",
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/boot/loader/entries/*.conf",
    "/loader/entries/*.conf",
    "/boot/cmdline.txt",
];

fn command_line(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if facts.boot.container && facts.boot.boots == Tri::No {
        return findings;
    }
    for path in COMMAND_LINES.iter().flat_map(|pattern| facts.tree.glob(pattern)) {
        let Text::Known(_, text) = facts.tree.text(&path) else { continue };
        for (number, line) in (1..).zip(text.lines().map(str::trim).filter(|line| !line.starts_with('#'))) {
            for word in line.split([' ', '\t', '"', '\'']) {
                let Some((login_path, state, what)) = opens(word, facts) else { continue };
                findings.push(Finding {
                    login_path,
                    state,
                    detail: format!("the kernel's command line holds {}: {what}", lossless(word.as_bytes())),
                    origin: Some(Origin::new(&visible_bytes(&path), number)),
                });
            }
        }
    }
    findings
}

/// What a word of the kernel's command line opens.
fn opens(word: &str, facts: &Facts<'_>) -> Option<(&'static str, State, &'static str)> {
    let (key, value) = word.split_once('=').map_or((word, None), |(key, value)| (key, Some(value)));
    let key = key.replace('-', "_");
    let on = !matches!(value, Some("0" | "no" | "false" | "off"));
    Some(match (key.as_str(), value) {
        ("console", Some(terminal)) if is_serial(terminal) => {
            let masked = facts.units.is_masked("serial-getty@.service");
            let by_systemd = facts.boot.init == Init::Systemd && facts.units.has("serial-getty@.service");
            if masked || !by_systemd {
                return None;
            }
            ("serial_getty", State::Enabled, "systemd starts a login on that serial console")
        }
        ("systemd.ssh_listen", Some(_)) => ("ssh_socket", State::Enabled, "systemd-ssh-generator opens another SSH socket"),
        ("systemd.debug_shell", _) if on && !facts.units.is_masked("debug-shell.service") => {
            ("debug_shell", State::Enabled, "systemd starts a root shell without a password")
        }
        ("init", Some(program)) if is_shell(name_of(program)) => {
            ("debug_shell", State::Enabled, "a shell is started in place of the init")
        }
        ("rd.break", _) | ("rd.shell", _) if on => ("debug_shell", State::Enabled, "the initial file system gives a shell"),
        ("systemd.setenv", Some("SYSTEMD_SULOGIN_FORCE=1")) => {
            ("rescue_shell", State::Enabled, "the rescue shell asks for no password")
        }
        _ => return None,
    })
}
