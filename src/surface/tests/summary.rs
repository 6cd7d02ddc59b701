use super::units::units;
use crate::surface::accounts::{passwd, shadow};
use crate::surface::keys::authorized_keys;
use crate::surface::sshd_config::parse;
use crate::surface::{Evidence, KeyFile, State, cloud_init, summarise, worst};

const PASSWD: &str =
    "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/bash\nwww:x:33:33::/var/www:/usr/sbin/nologin\n";

fn evidence(shadow_text: &str) -> Evidence {
    Evidence {
        passwd: Some(("passwd".to_owned(), passwd(PASSWD))),
        shadow: Some(("shadow".to_owned(), shadow(shadow_text))),
        ..Evidence::default()
    }
}

fn state(evidence: &Evidence, login_path: &str) -> Option<State> {
    let findings = summarise(evidence);
    worst(&findings).get(login_path).map(|finding| finding.state)
}

#[test]
fn a_locked_password_is_not_enough_while_keys_are_not_known() {
    let mut evidence = evidence("root:*:1::::::\nann:!:1::::::\nwww:*:1::::::\n");
    assert_eq!(state(&evidence, "account"), Some(State::Unknown));
    assert_eq!(state(&evidence, "account_password"), Some(State::Disabled));
    evidence.keys = Some(Vec::new());
    assert_eq!(state(&evidence, "account"), Some(State::Disabled));
    assert_eq!(state(&evidence, "authorized_key"), Some(State::Absent));
    let lines = authorized_keys("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ann\n");
    evidence.keys = Some(vec![KeyFile { path: "k".to_owned(), account: Some("ann".to_owned()), lines }]);
    assert_eq!(state(&evidence, "account"), Some(State::Enabled));
    assert_eq!(state(&evidence, "authorized_key"), Some(State::Enabled));
}

#[test]
fn keys_by_command_are_never_counted() {
    let mut evidence = evidence("root:*:1::::::\nann:!:1::::::\n");
    evidence.keys = Some(Vec::new());
    evidence.sshd = Some(parse("s", "AuthorizedKeysCommand /bin/keys\n", &|_| Vec::new()));
    assert_eq!(state(&evidence, "account"), Some(State::Unknown));
}

#[test]
fn a_usable_password_opens_and_an_expired_account_does_not() {
    let mut evidence = evidence("root:*:1::::::\nann:$6$a$b:1:::::20000:\n");
    evidence.keys = Some(Vec::new());
    assert_eq!(state(&evidence, "account"), Some(State::Enabled));
    evidence.day = Some(20001);
    assert_eq!(state(&evidence, "account"), Some(State::Disabled));
}

#[test]
fn settings_count_only_where_a_server_may_start() {
    let sshd = parse("s", "UsePAM yes\n", &|_| Vec::new());
    let mut evidence = Evidence { sshd: Some(sshd), ..Evidence::default() };
    assert_eq!(state(&evidence, "sshd"), Some(State::Unknown));
    assert_eq!(state(&evidence, "ssh_password"), Some(State::Enabled));
    evidence.units = Some(units("ssh.service masked\nssh.socket masked", true, true));
    assert_eq!(state(&evidence, "ssh_password"), Some(State::Disabled));
    assert_eq!(state(&evidence, "sshd"), Some(State::Disabled));
    // At rest a socket may still be made at boot.
    evidence.units = Some(units("ssh.service masked", true, false));
    assert_eq!(state(&evidence, "ssh_password"), Some(State::Enabled));
}

#[test]
fn the_rescue_shell_needs_a_password_of_root() {
    let mut evidence = evidence("root:*:1::::::\n");
    evidence.units = Some(units("rescue.service static", false, true));
    assert_eq!(state(&evidence, "rescue_shell"), Some(State::Disabled));
    evidence.shadow = None;
    assert_eq!(state(&evidence, "rescue_shell"), Some(State::Unknown));
}

#[test]
fn user_data_opens_but_does_not_unsettle_what_was_seen() {
    let mut evidence = Evidence {
        sshd: Some(parse("s", "PasswordAuthentication no\nUsePAM no\n", &|_| Vec::new())),
        user_data: Some(vec![("u".to_owned(), cloud_init::parse("#cloud-config\nssh_pwauth: false\nusers: []\n"))]),
        ..Evidence::default()
    };
    assert_eq!(state(&evidence, "ssh_password"), Some(State::Disabled));
    evidence.user_data = Some(vec![("u".to_owned(), cloud_init::parse("#cloud-config\nssh_pwauth: true\n"))]);
    assert_eq!(state(&evidence, "ssh_password"), Some(State::Enabled));
}
