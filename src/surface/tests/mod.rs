//! The rules against small configurations worked out by hand.

mod accounts;
mod cloud_init;
mod keys;
mod sshd;
mod summary;
mod units;

use proptest::prelude::{ProptestConfig, any, prop, proptest};

use super::{Evidence, KeyFile, summarise};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Lines made of the words that the readers look for, and of anything.
    #[test]
    fn no_text_stops_the_rules(words in prop::collection::vec(
        prop::sample::select(vec![
            "match", "all", "include", "/a", "\n", "\n", " ", "\"", "=", "\\", ":", "$6$a$b", "root", "::", "x:0:0:", "ssh.service",
            "alias", "static", "#cloud-config\n", "users:\n", "- name: ", "{", "[", "]", "ssh-ed25519 ", "AAAA", "restrict,", "\0",
            "Mime-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n", "--b--", "permitrootlogin ", "yes", "\u{202e}",
        ]), 0..60), text in any::<String>()) {
        let text = format!("{}{text}", words.concat());
        let files = |_: &str| vec![("/a".to_owned(), text.clone())];
        let evidence = Evidence {
            sshd: Some(super::sshd_config::parse("/a", &text, &files)),
            units: Some(units::units(&text, true, false)),
            passwd: Some(("p".to_owned(), super::accounts::passwd(&text))),
            shadow: Some(("s".to_owned(), super::accounts::shadow(&text))),
            keys: Some(vec![KeyFile { path: "k".to_owned(), account: None, lines: super::keys::authorized_keys(&text) }]),
            user_data: Some(vec![("u".to_owned(), super::cloud_init::parse(&text))]),
            day: Some(20_000),
        };
        let found = summarise(&evidence);
        assert!(found.iter().all(|finding| !finding.detail.is_empty()));
        let _ = (super::sshd_config::is_sshd_config(&text), super::cloud_init::is_user_data(&text));
        let _ = super::sshd::findings(&super::sshd::SshdSettings::from_effective("/a", &text, 1));
    }
}
