//! Units that are ways to log in: their state by the files of the image, with what generators, presets and logind add at
//! boot. What a unit means is known to [`crate::surface::units`]; here is what lies in the tree.
//!
//! Sources: systemd-ssh-generator(8), systemd-getty-generator(8), logind.conf(5), machine-id(5), systemd.preset(5).

use super::boot::Init;
use super::facts::Facts;
use super::lookup::Text;
use super::tree::Tree;
use super::unit_files::{UnitFiles, is_first_boot, preset, template};
use crate::surface::units::{UnitFile, Units, finding, watched};
use crate::surface::{Finding, Origin, State};

/// Every unit that is a way to log in, as it counts in this image. Ways that no unit opens are left to others.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let (tree, files) = (facts.tree, &facts.units);
    let units = watched_units(files, tree);
    let first_boot = facts.boot.init == Init::Systemd && is_first_boot(tree);
    let mut findings = Vec::new();
    for unit in &units.files {
        let Some(mut found) = finding(unit, &units) else { continue };
        if unit.state == "disabled" && first_boot {
            found = by_preset(tree, unit, found);
        }
        found = without_generator(facts, &found).unwrap_or(found);
        found = without_consoles(tree, &found).unwrap_or(found);
        found = without_program(facts, &found).unwrap_or(found);
        findings.push(facts.boot.temper_unit(found));
    }
    findings
}

/// The units that are ways to log in, each with its state.
fn watched_units(files: &UnitFiles<'_>, tree: &Tree) -> Units {
    let mut units = Units { files: Vec::new(), complete: true, running: true };
    for name in files.names() {
        // An instance speaks for itself only where it is masked: else its template speaks for it.
        let instance = template(name).is_some_and(|template| template != name && files.has(&template));
        let Some(state) = files.state(name).filter(|state| watched(name).is_some() && !(instance && state.state != "masked"))
        else {
            continue;
        };
        units.files.push(UnitFile { name: name.to_owned(), state: state.state.to_owned(), origin: Origin::new(&state.path, 0) });
    }
    if let Some(path) = generator(tree, "systemd-ssh-generator")
        && tree.program(["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd", "/usr/local/bin/sshd"]).is_some()
        && !files.has("sshd-unix-local.socket")
    {
        let (name, state) = ("sshd-unix-local.socket".to_owned(), "generated".to_owned());
        units.files.push(UnitFile { name, state, origin: Origin::new(&path, 0) });
    }
    units
}

/// Path of a generator that runs at boot; nothing where there is none or another folder masks it.
fn generator(tree: &Tree, name: &str) -> Option<String> {
    let folders = ["/etc/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd"];
    let first =
        folders.iter().map(|folder| format!("{folder}/system-generators/{name}")).find(|path| tree.find_name(path).is_some())?;
    tree.program([first.as_str()]).filter(|found| found.inode.size > 0).map(|found| found.path)
}

/// At a first boot systemd enables what presets say, and what they do not name.
fn by_preset(tree: &Tree, unit: &UnitFile, found: Finding) -> Finding {
    let preset = preset(tree, &unit.name);
    if !preset.enable {
        return found;
    }
    let (by, origin) = match preset.line {
        Some((path, line)) => ("a preset says so", Origin::new(&path, line)),
        None => ("no preset names it, which means the same", unit.origin.clone()),
    };
    let detail = format!(
        "{} is disabled, but the image has no /etc/machine-id, so that systemd enables it at the first boot: {by}",
        unit.name
    );
    Finding { state: State::Enabled, detail, origin: Some(origin), ..found }
}

/// Serial and other consoles get no login from systemd where its generator is not in the image. On a machine it starts
/// logins on serial consoles only; on others in containers.
fn without_generator(facts: &Facts<'_>, found: &Finding) -> Option<Finding> {
    let why = match (found.login_path, generator(facts.tree, "systemd-getty-generator")) {
        ("serial_getty" | "console_getty", None) => "systemd-getty-generator, which would start it, is not in the image",
        ("console_getty", Some(_)) if facts.boot.machine => "systemd-getty-generator starts it in containers only",
        _ => return None,
    };
    let unit = found.detail.split(':').next().unwrap_or_default();
    let detail = format!("{unit}: nothing starts it at boot, and {why}");
    (found.state == State::Unknown).then(|| Finding { state: State::Disabled, detail, ..found.clone() })
}

/// logind starts a login on a virtual console unless it is told to have none.
fn without_consoles(tree: &Tree, found: &Finding) -> Option<Finding> {
    if found.login_path != "getty" || found.state != State::Unknown || !found.detail.contains("logind") {
        return None;
    }
    let mut paths = vec![b"/etc/systemd/logind.conf".to_vec()];
    for folder in ["/usr/lib/systemd", "/etc/systemd"] {
        paths.extend(tree.glob(&format!("{folder}/logind.conf.d/*.conf")));
    }
    let mut none = (None, None);
    for path in paths {
        let Text::Known(_, text) = tree.text(&path) else { continue };
        for line in text.lines() {
            match line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
                Some(("NAutoVTs", value)) => none.0 = Some(value == "0"),
                Some(("ReserveVT", value)) => none.1 = Some(value == "0"),
                _ => {}
            }
        }
    }
    (none == (Some(true), Some(true))).then(|| Finding {
        state: State::Disabled,
        detail: format!("{}; logind is told to start none (NAutoVTs=0, ReserveVT=0)", found.detail),
        ..found.clone()
    })
}

/// A unit for an SSH server that is not in the image starts nothing.
fn without_program(facts: &Facts<'_>, found: &Finding) -> Option<Finding> {
    let ssh = matches!(found.login_path, "sshd" | "ssh_socket") && found.state > State::Disabled;
    (ssh && facts.survey.ssh_servers.is_empty()).then(|| Finding {
        state: State::Disabled,
        detail: format!("{}; but no SSH server program is in the image", found.detail),
        ..found.clone()
    })
}

/// Logins without a password that a unit or a drop-in asks for: automatic logins, and rescue shells that ask nothing.
pub(super) fn openings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let concerned =
        |name: &str| watched(name).is_some_and(|unit| unit.login_path.ends_with("getty") || unit.login_path == "rescue_shell");
    for (unit, path, text) in facts.units.texts(concerned) {
        let Some(watched) = watched(&unit).filter(|_| !facts.units.is_masked(&unit)) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            let Some(what) = opening(line.trim(), watched.login_path) else { continue };
            let finding = Finding {
                login_path: watched.login_path,
                state: State::Enabled,
                detail: format!("{unit} ({}) {what}", watched.what),
                origin: Some(Origin::new(&path, number)),
            };
            findings.push(facts.boot.temper_unit(finding));
        }
    }
    findings
}

/// What a line of a unit opens, in words.
fn opening(line: &str, login_path: &str) -> Option<&'static str> {
    let (key, value) = line.split_once('=')?;
    match key.trim() {
        "ExecStart" if login_path.ends_with("getty") => {
            let words: Vec<&str> = value.split_ascii_whitespace().collect();
            let automatic = words.iter().any(|word| *word == "-a" || word.starts_with("--autologin"));
            let forced = words.iter().any(|word| super::boot::name_of(word) == "login") && words.contains(&"-f");
            let skips = words.iter().any(|word| *word == "-n" || *word == "--skip-login");
            match (automatic || forced, skips) {
                (true, _) => Some("logs somebody in without asking for a password"),
                (false, true) => Some("does not ask who logs in (--skip-login)"),
                _ => None,
            }
        }
        "ExecStart" if login_path == "rescue_shell" => {
            let shell = value.split_ascii_whitespace().next().map(super::boot::name_of).is_some_and(super::shells::is_shell);
            shell.then_some("gives a shell without asking for a password")
        }
        "Environment" if login_path == "rescue_shell" => {
            let value = value.trim_matches('"');
            (value == "SYSTEMD_SULOGIN_FORCE=1").then_some("gives a root shell without a password (SYSTEMD_SULOGIN_FORCE)")
        }
        _ => None,
    }
}

/// Whether systemd would turn a script below `/etc/init.d` into a unit: there is no unit file of its name.
pub(super) fn is_only_a_script(facts: &Facts<'_>, service: &str) -> bool {
    facts.boot.init == Init::Systemd
        && !facts.units.has(&format!("{service}.service"))
        && generator(facts.tree, "systemd-sysv-generator").is_some()
}
