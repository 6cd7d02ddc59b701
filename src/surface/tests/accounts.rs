use crate::surface::State;
use crate::surface::accounts::{Line, PasswdEntry, Password, is_login_shell, passwd, passwd_finding, shadow, shadow_finding};

fn password(field: &str) -> Password {
    match shadow(&format!("ann:{field}:20000:0:99999:7:::")).as_slice() {
        [Line::Entry(entry)] => entry.password,
        other => panic!("{other:?}"),
    }
}

fn account(line: &str) -> PasswdEntry {
    match passwd(line).as_slice() {
        [Line::Entry(entry)] => entry.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn password_fields_are_told_apart() {
    for (field, expected) in [
        ("", Password::Empty),
        ("*", Password::Never),
        ("!*", Password::Never),
        ("*LK*", Password::Never),
        ("!", Password::NotSet),
        ("!!", Password::NotSet),
        ("!$y$j9T$c2FsdA$aGFzaA", Password::Locked),
        ("!!$6$c2FsdA$aGFzaA", Password::Locked),
        ("$y$j9T$c2FsdA$aGFzaA", Password::Usable("yescrypt")),
        ("$6$c2FsdA$aGFzaA", Password::Usable("SHA-512")),
        ("$1$c2FsdA$aGFzaA", Password::Usable("MD5")),
        ("$99$a$b", Password::Usable("a method that is not known here")),
        ("ab0123456789.", Password::Usable("DES")),
        ("x", Password::Invalid),
        ("NP", Password::Invalid),
        ("$6$", Password::Invalid),
    ] {
        assert_eq!(password(field), expected, "{field}");
    }
}

#[test]
fn shells_that_refuse_do_so_in_any_directory() {
    for shell in ["/usr/sbin/nologin", "/sbin/nologin", "/bin/false", "/usr/bin/false", "/bin/sync", "/sbin/halt"] {
        assert!(!is_login_shell(shell), "{shell}");
    }
    assert!(is_login_shell("/bin/sh") && is_login_shell("/opt/nologin/bash"));
    assert_eq!(account("ann:x:1000:1000::/home/ann:").shell, "/bin/sh");
}

#[test]
fn a_login_shell_alone_is_not_known_and_an_empty_password_is_open() {
    let state = |line: &str| passwd_finding("passwd", &account(line)).state;
    assert_eq!(state("ann:x:1000:1000::/home/ann:/bin/bash"), State::Unknown);
    assert_eq!(state("ann::1000:1000::/home/ann:/bin/bash"), State::Enabled);
    assert_eq!(state("ann:x:1000:1000::/home/ann:/usr/sbin/nologin"), State::Disabled);
    let alias = passwd_finding("passwd", &account("toor:x:0:0::/root:/bin/sh"));
    assert!(alias.detail.contains("root under another name"));
}

#[test]
fn an_expired_account_lets_nobody_in() {
    let read = |expires: &str| match shadow(&format!("ann:$6$a$b:20000:0:99999:7::{expires}:")).as_slice() {
        [Line::Entry(entry)] => entry.clone(),
        other => panic!("{other:?}"),
    };
    let state = |expires: &str, day| shadow_finding("shadow", &read(expires), day).state;
    assert_eq!(state("20000", Some(20000)), State::Disabled);
    assert_eq!(state("20000", Some(19999)), State::Enabled);
    assert_eq!(state("20000", None), State::Enabled);
    assert_eq!(state("0", Some(20000)), State::Enabled, "zero may mean that it never expires");
    assert_eq!(state("", Some(20000)), State::Enabled);
}

#[test]
fn directories_and_damaged_lines_are_named() {
    let lines = passwd("+::::::\n-eve\n+@staff\nann:x:1000\n:x:1:1::/:\nann:x:one:1::/:/bin/sh\n\n");
    assert!(matches!(
        lines.as_slice(),
        [
            Line::Directory { line: 1 },
            Line::Exclusion { line: 2 },
            Line::Directory { line: 3 },
            Line::Damaged { line: 4, .. },
            Line::Damaged { line: 5, .. },
            Line::Damaged { line: 6, .. },
        ]
    ));
}
