use crate::surface::State;
use crate::surface::keys::{Key, KeyLine, authorized_keys, finding};

/// A key that was made for this test; `ssh-keygen -l` prints the fingerprint below.
const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const PRINT: &str = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA";

fn only(text: &str) -> Key {
    match authorized_keys(text).as_slice() {
        [KeyLine::Key(key)] => key.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn options_stand_before_the_type() {
    let key =
        only(&format!("restrict,command=\"/bin/a \\\"b, c\\\" ssh-rsa\",From=\"10.0.0.0/8\" ssh-ed25519 {KEY} ann on laptop"));
    assert_eq!(key.options, ["restrict", "command", "from"]);
    assert_eq!((key.kind.as_str(), key.fingerprint.as_deref()), ("ssh-ed25519", Some(PRINT)));
    assert_eq!(key.comment.as_deref(), Some("ann on laptop"));
    assert!(key.is_forced() && !key.is_authority());
    let said = finding("keys", &key, Some("ann"));
    assert_eq!(said.state, State::Enabled);
    assert!(!said.detail.contains(KEY) && !said.detail.contains("/bin/a"));
}

#[test]
fn authorities_are_named_and_damaged_keys_are_not_known() {
    assert!(only(&format!("cert-authority,principals=\"ops\" ssh-ed25519 {KEY}")).words().starts_with("authority"));
    let cut = only("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE ops");
    assert_eq!(cut.fingerprint, None);
    assert_eq!(finding("keys", &cut, None).state, State::Unknown);
    // A type that says something else than the key is damage too.
    assert_eq!(only(&format!("ssh-rsa {KEY}")).fingerprint, None);
}

#[test]
fn what_sshd_does_not_take_is_damaged() {
    let text = format!("# comment\n\n@revoked * ssh-rsa AAAA\nhello world\nfrom=\"10 ssh-rsa AAAA\nssh-ed25519\n{KEY}\n");
    let lines = authorized_keys(&text);
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines.iter().all(|line| matches!(line, KeyLine::Damaged { .. })), "{lines:?}");
}
