use crate::surface::units::{UnitFile, Units, findings, watched};
use crate::surface::{Origin, State, worst};

pub(super) fn units(text: &str, complete: bool, running: bool) -> Units {
    let files = text.lines().filter_map(|line| line.split_once(' ')).map(|(name, state)| UnitFile {
        name: name.to_owned(),
        state: state.to_owned(),
        origin: Origin::new("units", 1),
    });
    Units { files: files.collect(), complete, running }
}

fn state(text: &str, login_path: &str) -> Option<State> {
    let found = findings(&units(text, false, true));
    worst(&found).get(login_path).map(|finding| finding.state)
}

#[test]
fn units_are_known_by_name_and_template() {
    assert_eq!(watched("getty@tty1.service").map(|watched| watched.login_path), Some("getty"));
    assert_eq!(watched("getty@.service").map(|watched| watched.login_path), Some("getty"));
    assert_eq!(watched("sshd-vsock.socket").map(|watched| watched.login_path), Some("ssh_socket"));
    assert_eq!(watched("snap.amazon-ssm-agent.amazon-ssm-agent.service").map(|watched| watched.login_path), Some("agent"));
    assert_eq!(watched("cron.service"), None);
    assert_eq!(watched("getty.target"), None);
}

#[test]
fn states_say_what_they_say() {
    for (line, expected) in [
        ("ssh.service masked", State::Disabled),
        ("ssh.service disabled", State::Disabled),
        ("ssh.service enabled-runtime", State::Enabled),
        ("ssh.service masked-runtime", State::Unknown),
        ("ssh.service static", State::Unknown),
        ("ssh.service generated", State::Unknown),
        ("ssh.service not-found", State::Absent),
        ("ssh.service sleepy", State::Unknown),
    ] {
        assert_eq!(state(line, "sshd"), Some(expected), "{line}");
    }
}

#[test]
fn generators_open_what_looks_shut() {
    let text = "ssh.service masked\nsshd@.service indirect\nsshd-unix-local.socket generated";
    assert_eq!(state(text, "sshd"), Some(State::Disabled));
    assert_eq!(state(text, "ssh_socket"), Some(State::Enabled));
    assert_eq!(state("serial-getty@.service disabled", "serial_getty"), Some(State::Unknown));
    assert_eq!(state("serial-getty@.service masked", "serial_getty"), Some(State::Disabled));
    assert_eq!(state("getty@.service disabled", "getty"), Some(State::Unknown));
    assert_eq!(state("getty@.service disabled\nautovt@.service masked", "getty"), Some(State::Disabled));
}

#[test]
fn an_alias_and_the_server_of_a_connection_follow_another_unit() {
    assert_eq!(state("ssh.service disabled\nsshd.service alias", "sshd"), Some(State::Disabled));
    assert_eq!(state("sshd.service alias", "sshd"), Some(State::Unknown));
    assert_eq!(state("ssh.socket disabled\nssh@.service static", "ssh_socket"), Some(State::Disabled));
    assert_eq!(state("ssh@.service static", "ssh_socket"), Some(State::Unknown));
}

#[test]
fn only_a_complete_list_says_that_something_is_absent() {
    assert!(findings(&units("cron.service enabled", false, true)).is_empty());
    let found = findings(&units("cron.service enabled", true, true));
    let worst = worst(&found);
    assert!(worst.len() >= 8 && worst.values().all(|finding| finding.state == State::Absent));
    // At rest, systemd has not yet made its sockets.
    let found = findings(&units("ssh.service masked", true, false));
    assert_eq!(super::super::worst(&found).get("ssh_socket").map(|finding| finding.state), Some(State::Unknown));
}
