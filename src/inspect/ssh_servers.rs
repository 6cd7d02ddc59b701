//! SSH servers: which are in the image, what starts them, and what the settings of OpenSSH open. What settings mean is known
//! to [`crate::surface::sshd`]; Include is followed within the tree.
//!
//! Sources: sshd(8), sshd_config(5), dropbear(8), Debian's `/etc/default/ssh` and Fedora's `/etc/sysconfig/sshd`.

use std::cell::Cell;

use super::boot::names_program;
use super::facts::Facts;
use super::lookup::Text;
use crate::surface::sshd::{self, SshdSettings};
use crate::surface::{Finding, Origin, State, Tri, sshd_config};

/// Names of services and programs that are SSH servers.
pub(super) const NAMES: [&str; 7] = ["ssh", "sshd", "dropbear", "dropbearmulti", "tinysshd", "lshd", "wolfsshd"];

/// Programs among them: `ssh` alone is the client.
const PROGRAMS: [&str; 6] = ["sshd", "dropbear", "dropbearmulti", "tinysshd", "lshd", "wolfsshd"];

/// Where OpenSSH looks for its settings, by how it was built.
const CONFIGURATIONS: [&str; 4] =
    ["/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config", "/usr/local/etc/ssh/sshd_config", "/usr/local/etc/sshd_config"];

/// What a program of this name is, where it is an SSH server.
pub(super) fn server(name: &str) -> Option<&'static str> {
    Some(match name {
        "sshd" => "OpenSSH",
        "dropbear" | "dropbearmulti" => "Dropbear",
        "tinysshd" => "TinySSH",
        "lshd" => "lsh",
        "wolfsshd" => "wolfSSH",
        _ => return None,
    })
}

/// Everything about SSH but what `units` already say.
pub(super) fn findings(facts: &Facts<'_>, units: &[Finding]) -> Vec<Finding> {
    let mut findings = starters(facts);
    let started = |findings: &[Finding]| {
        let all = units.iter().chain(findings);
        all.filter(|finding| matches!(finding.login_path, "sshd" | "ssh_socket")).map(|finding| finding.state).max()
    };
    let told = units.iter().chain(&findings).any(|finding| finding.login_path == "sshd");
    if !told && started(&findings) <= Some(State::Disabled) {
        findings.extend(facts.survey.ssh_servers.iter().map(|(path, what)| Finding {
            login_path: "sshd",
            state: State::Disabled,
            detail: format!("the program of {what} is there; nothing that was looked at starts it"),
            origin: Some(Origin::new(path, 0)),
        }));
    }
    let started = started(&findings).unwrap_or(State::Absent);
    if facts.survey.ssh_servers.values().any(|what| *what == "OpenSSH") {
        findings.extend(settings(facts).1.into_iter().map(|finding| closed(finding, started)));
    }
    if started > State::Disabled && facts.survey.ssh_servers.values().any(|what| *what == "Dropbear") {
        findings.push(dropbear(facts));
    }
    findings
}

/// What starts an SSH server besides units.
fn starters(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in facts.services.iter().filter(|service| NAMES.contains(&service.name.as_str())) {
        let login_path = if service.is_by_connection() { "ssh_socket" } else { "sshd" };
        findings.push(service.finding(facts, login_path, "an SSH server"));
    }
    for service in facts.services.iter().filter(|service| matches!(service.name.as_str(), "telnetd" | "in.telnetd" | "utelnetd"))
    {
        findings.push(service.finding(facts, "telnet", "a telnet server"));
    }
    match (facts.boot.starts(&PROGRAMS), &facts.boot.script) {
        (Tri::Yes, _) => findings.push(sshd_finding(State::Enabled, "the command of the image starts an SSH server", None)),
        (Tri::Unknown, Some((path, _))) => {
            let detail = "the script that is the command of the image names an SSH server; it was not run";
            findings.push(sshd_finding(State::Unknown, detail, Some(Origin::new(path, 0))));
        }
        _ => {}
    }
    for path in ["/etc/rc.local", "/etc/rc.d/rc.local"] {
        if let Text::Known(found, text) = facts.tree.text(path)
            && names_program(&text, &PROGRAMS)
        {
            let detail = "a script that runs at boot names an SSH server; it was not run";
            let finding = sshd_finding(State::Unknown, detail, Some(Origin::new(&found.path, 0)));
            findings.push(facts.boot.temper(finding));
        }
    }
    findings
}

fn sshd_finding(state: State, detail: &str, origin: Option<Origin>) -> Finding {
    Finding { login_path: "sshd", state, detail: detail.to_owned(), origin }
}

/// The settings of OpenSSH in this image, and the ways to log in that they open if it runs.
pub(super) fn settings(facts: &Facts<'_>) -> (SshdSettings, Vec<Finding>) {
    let named = named_configuration(facts);
    let paths: Vec<&str> = named.as_deref().into_iter().chain(CONFIGURATIONS).collect();
    let unread = Cell::new(false);
    let resolve = |pattern: &str| {
        let texts = facts.tree.glob(pattern).into_iter().filter_map(|path| match facts.tree.text(&path) {
            Text::Known(found, text) => Some((found.path, text.into_owned())),
            Text::Unknown(..) => {
                unread.set(true);
                None
            }
            Text::Absent => None,
        });
        texts.collect()
    };
    let mut settings = sshd_config::parse("", "", &resolve);
    for path in paths {
        match facts.tree.text(path) {
            Text::Known(found, text) => {
                settings = sshd_config::parse(&found.path, &text, &resolve);
                break;
            }
            Text::Unknown(..) => {
                unread.set(true);
                break;
            }
            Text::Absent => {}
        }
    }
    let mut findings = sshd::findings(&settings);
    if unread.get() {
        doubt(&mut findings, "a file of settings could not be read");
    }
    if let Some(path) = options(facts) {
        doubt(&mut findings, &format!("options in {path} may say otherwise"));
    }
    (settings, findings)
}

/// What is closed by the settings that were seen is not known to be closed.
fn doubt(findings: &mut [Finding], why: &str) {
    for finding in findings.iter_mut().filter(|finding| finding.state < State::Enabled) {
        finding.state = State::Unknown;
        finding.detail = format!("{}; {why}", finding.detail);
    }
}

fn is_ssh_service(name: &str) -> bool {
    matches!(name, "ssh.service" | "sshd.service" | "ssh@.service" | "sshd@.service")
}

/// The file of settings that a unit or the command of a container names with `-f`.
fn named_configuration(facts: &Facts<'_>) -> Option<String> {
    let after = |words: Vec<&str>| {
        let at = words.iter().position(|word| *word == "-f")?;
        words.get(at + 1).map(|path| (*path).to_owned())
    };
    let texts = facts.units.texts(is_ssh_service);
    let starts = texts.iter().flat_map(|(_, _, text)| text.lines()).filter(|line| line.trim_start().starts_with("ExecStart="));
    let by_unit = starts.filter(|line| line.contains("sshd")).find_map(|line| after(line.split_ascii_whitespace().collect()));
    let command = || after(facts.boot.command.iter().flat_map(|word| word.split_ascii_whitespace()).collect());
    by_unit.or_else(|| command().filter(|_| facts.boot.starts(&["sshd"]) == Tri::Yes))
}

/// The file that gives the server options on its command line, where one does.
fn options(facts: &Facts<'_>) -> Option<String> {
    let set = |line: &str| {
        let (key, value) = line.trim().split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (matches!(key.trim(), "SSHD_OPTS" | "OPTIONS") && !value.is_empty()).then_some(())
    };
    for path in ["/etc/default/ssh", "/etc/sysconfig/sshd"] {
        if let Text::Known(found, text) = facts.tree.text(path)
            && text.lines().any(|line| set(line).is_some())
        {
            return Some(found.path);
        }
    }
    let gives = |line: &str| {
        line.trim_start().starts_with("ExecStart=") && line.split_ascii_whitespace().any(|word| word.starts_with("-o"))
    };
    let texts = facts.units.texts(is_ssh_service);
    let by_unit = texts.into_iter().find(|(_, _, text)| text.lines().any(gives)).map(|(_, path, _)| path);
    let command = facts.boot.command.iter().any(|word| word.starts_with("-o")) && facts.boot.starts(&["sshd"]) == Tri::Yes;
    by_unit.or_else(|| command.then(|| "the image's command".to_owned()))
}

/// What settings open counts only where a server starts.
fn closed(mut finding: Finding, started: State) -> Finding {
    if finding.state <= State::Disabled || started == State::Enabled {
        return finding;
    }
    if started == State::Unknown {
        finding.state = State::Unknown;
        finding.detail = format!("whether an SSH server starts is not known; {}", finding.detail);
    } else {
        finding.state = State::Disabled;
        finding.detail = format!("no SSH server or socket starts; otherwise {}", finding.detail);
    }
    finding
}

fn dropbear(facts: &Facts<'_>) -> Finding {
    let mut origin = None;
    let mut refuses = false;
    if let Text::Known(found, text) = facts.tree.text("/etc/default/dropbear") {
        for (number, line) in (1..).zip(text.lines().map(str::trim).filter(|line| !line.starts_with('#'))) {
            if line.starts_with("DROPBEAR_EXTRA_ARGS") {
                origin = Some(Origin::new(&found.path, number));
                refuses = line.split([' ', '"', '\'', '=']).any(|word| word == "-s");
            }
        }
    }
    let (state, detail) = match refuses {
        true => (State::Disabled, "Dropbear is told to refuse passwords (-s)"),
        false => (State::Unknown, "Dropbear takes passwords unless it is started with -s, which was not seen"),
    };
    Finding { login_path: "ssh_password", state, detail: detail.to_owned(), origin }
}

#[cfg(test)]
mod tests {
    use super::super::boot::name_of;
    use super::*;

    #[test]
    fn servers_are_known_by_their_program() {
        assert_eq!(server("sshd"), Some("OpenSSH"));
        assert_eq!(server("ssh"), None, "the client");
        assert!(PROGRAMS.iter().all(|name| server(name).is_some() && NAMES.contains(name)));
        assert_eq!(name_of("/usr/sbin/sshd"), "sshd");
    }

    #[test]
    fn comments_of_scripts_start_nothing() {
        assert!(names_program("exec /usr/sbin/sshd -D", &PROGRAMS));
        assert!(!names_program("# exec /usr/sbin/sshd -D\nexec nginx", &PROGRAMS));
    }
}
