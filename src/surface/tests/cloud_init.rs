use crate::surface::cloud_init::{CloudConfig, findings, is_user_data, parse};
use crate::surface::{State, Tri, worst};

fn state(text: &str, login_path: &str) -> Option<State> {
    let found = findings("user-data", &parse(text));
    worst(&found).get(login_path).map(|finding| finding.state)
}

fn config(text: &str) -> CloudConfig {
    parse(&format!("#cloud-config\n{text}"))
}

#[test]
fn every_spelling_of_yes_and_no() {
    for (written, expected) in [
        ("true", Tri::Yes),
        ("\"yes\"", Tri::Yes),
        ("on", Tri::Yes),
        ("1", Tri::Yes),
        ("false", Tri::No),
        ("'No'", Tri::No),
        ("0", Tri::No),
        ("unchanged", Tri::Unknown),
        ("maybe", Tri::Unknown),
        ("", Tri::Unknown),
    ] {
        let found = config(&format!("a: 1\nssh_pwauth: {written}\n")).password_authentication;
        assert_eq!(found, Some((expected, 3)), "{written}");
    }
    assert_eq!(config("disable_root: 0\n").disable_root, Some((false, 2)));
    assert_eq!(config("a: 1\n").password_authentication, None);
}

#[test]
fn a_password_opens_only_an_unlocked_account() {
    let account = |lines: &str| state(&format!("#cloud-config\nusers:\n  - name: ann\n{lines}"), "account");
    assert_eq!(account("    passwd: $6$a$b\n"), Some(State::Unknown));
    assert_eq!(account("    passwd: $6$a$b\n    lock_passwd: false\n"), Some(State::Enabled));
    assert_eq!(account("    plain_text_passwd: ''\n    lock-passwd: \"no\"\n"), Some(State::Enabled));
    assert_eq!(account("    lock_passwd: false\n"), Some(State::Unknown));
    assert_eq!(account("    ssh_import_id: [gh:ann]\n"), Some(State::Enabled));
    assert_eq!(account("    ssh_import_id: [gh:ann]\n    shell: /usr/sbin/nologin\n"), Some(State::Disabled));
}

#[test]
fn the_default_user_is_made_unless_the_list_leaves_it_out() {
    assert!(config("hostname: a\n").default_user);
    assert!(config("users: [default, ann]\n").default_user);
    assert!(!config("users: []\n").default_user);
    assert!(!config("users: [ann]\n").default_user);
    assert!(config("user: {name: ann}\nusers: []\n").users.iter().any(|user| user.name == "ann"));
}

#[test]
fn secrets_stay_inside() {
    let text = "#cloud-config\npassword: hunter2\nchpasswd:\n  list: |\n    ann:hunter3\n    bob:RANDOM\n  users:\n    - {name: eve, password: hunter4}\n";
    let config = parse(text);
    assert_eq!(config.passwords.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["default", "ann", "bob", "eve"]);
    assert!(!format!("{config:?}{:?}", findings("u", &config)).contains("hunter"));
}

#[test]
fn parts_of_a_message_add_up() {
    let text = "Content-Type: multipart/mixed; boundary=\"==b==\"\nMIME-Version: 1.0\n\n--==b==\nContent-Type: text/cloud-config\n\n\
                #cloud-config\nssh_pwauth: true\n--==b==\nContent-Type: text/x-shellscript\n\n#!/bin/sh\nexit\n--==b==\n\
                Content-Type: text/cloud-config\nContent-Transfer-Encoding: base64\n\ndXNlcnM6IFtdCg==\n--==b==--\n";
    assert!(is_user_data(text));
    let config = parse(text);
    assert_eq!((config.parts, config.problems.len()), (2, 0), "{config:?}");
    assert_eq!(config.other_parts, ["shell script"]);
    assert_eq!(config.password_authentication, Some((Tri::Yes, 8)));
    assert_eq!(parse(text.trim_end().trim_end_matches('-')).problems.len(), 1, "torn");
}

#[test]
fn what_is_no_cloud_config_is_not_taken_for_one() {
    assert!(is_user_data("#cloud-config\na: 1\n"));
    assert!(!is_user_data("# cloud-config\n") && !is_user_data("#cloud-config-archive\n- a\n") && !is_user_data("#!/bin/sh\n"));
    for text in ["#cloud-config\n- a\n", "#cloud-config\na: [\n", "#cloud-config\n\0"] {
        assert_eq!(parse(text).problems.len(), 1, "{text}");
    }
}
