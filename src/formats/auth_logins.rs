//! Logins in the messages of sshd and login: who, how, from where, with which key.
//!
//! Source: OpenSSH's `auth.c` (`auth_log`) and `auth2-pubkey.c` (`format_key`); util-linux's `login.c` (`log_syslog`,
//! `log_audit`).

/// Who logged in, how and from where, and whether the login was let in.
#[derive(Default)]
pub(super) struct Login<'a> {
    pub(super) actor: &'a str,
    pub(super) method: Option<&'a str>,
    pub(super) origin: Option<&'a str>,
    pub(super) accepted: bool,
    pub(super) key: Option<&'a str>,
    pub(super) run_as: Option<&'a str>,
}

/// `Accepted publickey for U from A port N ssh2: …`, `Failed password for [invalid user ]U from A …`, `Invalid user U from
/// A …`. The name of a refused login is the caller's own text: what follows the last ` from ` is the server's. An account
/// that was let in exists, so the first ` from ` ends its name; the certificate of a key may hold another.
pub(super) fn sshd(text: &str) -> Option<Login<'_>> {
    let (accepted, method, rest) = if let Some(rest) = text.strip_prefix("Invalid user ") {
        (false, None, rest)
    } else {
        let (accepted, rest) = match text.strip_prefix("Accepted ") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("Failed ")?),
        };
        let (method, rest) = rest.split_once(" for ")?;
        (accepted, Some(method), rest.strip_prefix("invalid user ").unwrap_or(rest))
    };
    let parts = if accepted { rest.split_once(" from ") } else { rest.rsplit_once(" from ") };
    let (actor, rest) = parts.or_else(|| rest.strip_prefix("from ").map(|rest| ("", rest)))?;
    let key = rest.split_once(" ssh2: ").and_then(|(_, key)| fingerprint(key));
    Some(Login { actor, method, origin: rest.split(' ').next(), accepted, key, run_as: None })
}

/// The fingerprint in `ED25519 SHA256:…`, and in `ED25519-CERT SHA256:… ID name (serial 1) CA ED25519 SHA256:…` that of the
/// person's own key.
fn fingerprint(key: &str) -> Option<&str> {
    let word = key.split(' ').nth(1)?;
    let digest = word.strip_prefix("SHA256:")?;
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    (!digest.is_empty() && digest.bytes().all(base64)).then_some(word)
}

/// `LOGIN ON tty1 BY alice`, `ROOT LOGIN ON tty1 FROM a`, `FAILED LOGIN 1 FROM tty1 FOR alice, Authentication failure`.
pub(super) fn console(text: &str) -> Option<Login<'_>> {
    if let Some(rest) = text.strip_prefix("FAILED LOGIN").or_else(|| text.strip_prefix("TOO MANY LOGIN TRIES")) {
        let (_, rest) = rest.split_once(" FOR ")?;
        let actor = rest.rsplit_once(", ").map_or(rest, |(actor, _)| actor).trim_matches('\'');
        return Some(Login { actor, method: Some("console"), ..Login::default() });
    }
    let root = text.strip_prefix("ROOT LOGIN ON ");
    let rest = root.or_else(|| text.strip_prefix("LOGIN ON "))?;
    let (rest, origin) = rest.rsplit_once(" FROM ").map_or((rest, None), |(rest, origin)| (rest, Some(origin)));
    let actor = match root {
        Some(_) => "root",
        None => rest.split_once(" BY ")?.1,
    };
    Some(Login { actor, method: Some("console"), origin, accepted: true, ..Login::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(login: Option<Login<'_>>) -> Option<(String, Option<String>, Option<String>, bool)> {
        login.map(|login| {
            (login.actor.to_owned(), login.method.map(str::to_owned), login.origin.map(str::to_owned), login.accepted)
        })
    }

    #[test]
    fn the_servers_part_of_a_refused_login_is_the_last_one() {
        let login = |actor: &str, method: &str, origin: &str, accepted| {
            Some((actor.to_owned(), (!method.is_empty()).then(|| method.to_owned()), Some(origin.to_owned()), accepted))
        };
        let of = |text| told(sshd(text));
        assert_eq!(
            of("Accepted publickey for deploy from 198.51.100.24 port 50112 ssh2: ED25519 SHA256:x"),
            login("deploy", "publickey", "198.51.100.24", true)
        );
        assert_eq!(
            of("Failed password for invalid user root from 198.51.100.1 from 203.0.113.2 port 9 ssh2"),
            login("root from 198.51.100.1", "password", "203.0.113.2", false)
        );
        assert_eq!(of("Invalid user admin from 203.0.113.2 port 9"), login("admin", "", "203.0.113.2", false));
        assert_eq!(of("Invalid user  from 203.0.113.2 port 9"), login("", "", "203.0.113.2", false));
        assert_eq!(of("Connection closed by authenticating user root 203.0.113.2 port 9 [preauth]"), None);
    }

    #[test]
    fn a_key_is_named_by_its_fingerprint() {
        let of = |text: &str| sshd(text).map(|login| (login.origin.map(str::to_owned), login.key.map(str::to_owned)));
        let told = |key: Option<&str>| Some((Some("198.51.100.24".to_owned()), key.map(str::to_owned)));
        for accepted in ["Accepted", "Failed"] {
            let line = format!("{accepted} publickey for deploy from 198.51.100.24 port 5 ssh2: ED25519 SHA256:aB3+/x9");
            assert_eq!(of(&line), told(Some("SHA256:aB3+/x9")));
        }
        let certificate = "ED25519-CERT SHA256:own ID ann from corp (serial 7) CA RSA SHA256:authority";
        let line = format!("Accepted publickey for deploy from 198.51.100.24 port 5 ssh2: {certificate}");
        assert_eq!(of(&line), told(Some("SHA256:own")));
        for other in ["ssh2", "ssh2: RSA MD5:00:11", "ssh2: RSA SHA256:a<b", "ssh2: RSA SHA256:"] {
            assert_eq!(of(&format!("Accepted publickey for deploy from 198.51.100.24 port 5 {other}")), told(None), "{other}");
        }
        let own_text =
            "Failed none for invalid user x from 1.1.1.1 port 5 ssh2: RSA SHA256:forged from 198.51.100.24 port 5 ssh2";
        assert_eq!(of(own_text), told(None));
    }

    #[test]
    fn consoles_name_the_account() {
        assert_eq!(told(console("LOGIN ON tty1 BY ann")).map(|login| (login.0, login.3)), Some(("ann".to_owned(), true)));
        assert_eq!(told(console("ROOT LOGIN ON ttyS0")).map(|login| (login.0, login.3)), Some(("root".to_owned(), true)));
        assert_eq!(
            told(console("FAILED LOGIN 2 FROM tty1 FOR ann, b, Authentication failure")).map(|login| (login.0, login.3)),
            Some(("ann, b".to_owned(), false))
        );
    }
}
