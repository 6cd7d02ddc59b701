//! Authorised keys: `authorized_keys` files.
//!
//! Source: sshd(8) "AUTHORIZED_KEYS FILE FORMAT", OpenSSH's `auth2-pubkeyfile.c` and `auth-options.c`. Options stand before
//! the type of the key. The key itself does not leave this file, only its fingerprint.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::{Finding, Origin, State, numbered};

/// One authorised key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Type, for example `ssh-ed25519`.
    pub kind: String,
    /// `SHA256:…` as `ssh-keygen -l` prints it; nothing where the key is damaged or was cut, and sshd takes it only whole.
    pub fingerprint: Option<String>,
    /// Names of its options, in lower case, without their values.
    pub options: Vec<String>,
    /// Comment behind the key.
    pub comment: Option<String>,
    /// 1-based line.
    pub line: u64,
}

impl Key {
    /// Whether it is an authority: any certificate that it signed opens the account.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.has("cert-authority")
    }

    /// Whether the key only runs one command.
    #[must_use]
    pub fn is_forced(&self) -> bool {
        self.has("command")
    }

    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|name| name == option)
    }

    /// Type, fingerprint, comment and options in words.
    #[must_use]
    pub fn words(&self) -> String {
        let what = if self.is_authority() { "authority of certificates" } else { "key" };
        let print = self.fingerprint.as_deref().unwrap_or("damaged, so that it has no fingerprint");
        let comment = self.comment.as_ref().map(|comment| format!(" ({comment})")).unwrap_or_default();
        let options = if self.options.is_empty() { String::new() } else { format!(", options {}", self.options.join(" ")) };
        format!("{what} {} {print}{comment}{options}", self.kind)
    }
}

/// One line of an `authorized_keys` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLine {
    /// A key.
    Key(Key),
    /// A line that sshd does not take.
    Damaged {
        /// 1-based line.
        line: u64,
        /// Why.
        reason: &'static str,
    },
}

/// The lines of an `authorized_keys` file; blank ones and comments are left out.
#[must_use]
pub fn authorized_keys(text: &str) -> Vec<KeyLine> {
    let lines = numbered(text).map(|(number, line)| (number, line.trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(number, line)| key_line(number, line)).collect()
}

fn key_line(line: u64, text: &str) -> KeyLine {
    if text.starts_with('@') {
        return KeyLine::Damaged { line, reason: "a line of a known_hosts file, which sshd does not take here" };
    }
    if let Some(key) = key(line, text, Vec::new()) {
        return KeyLine::Key(key);
    }
    let Some((options, rest)) = split_options(text) else {
        return KeyLine::Damaged { line, reason: "quotes that do not end" };
    };
    if !options.iter().all(|option| OPTIONS.contains(&option.strip_prefix("no-").unwrap_or(option))) {
        return KeyLine::Damaged { line, reason: "neither a type of key nor an option that sshd knows stands first" };
    }
    key(line, rest, options).map_or(KeyLine::Damaged { line, reason: "no type of key is named" }, KeyLine::Key)
}

/// The options that sshd knows; one that it does not know makes it refuse the line. Some also exist with `no-` before them.
const OPTIONS: [&str; 17] = [
    "restrict",
    "cert-authority",
    "port-forwarding",
    "agent-forwarding",
    "x11-forwarding",
    "touch-required",
    "verify-required",
    "pty",
    "user-rc",
    "command",
    "principals",
    "from",
    "expiry-time",
    "environment",
    "permitopen",
    "permitlisten",
    "tunnel",
];

/// A key at the beginning of `text`: type, blank, base64, blank, comment.
fn key(line: u64, text: &str, options: Vec<String>) -> Option<Key> {
    let mut parts = text.splitn(3, [' ', '\t']);
    let kind = parts.next()?;
    let mut rest = text.get(kind.len()..)?.trim_start().splitn(2, [' ', '\t']);
    let blob = decode(rest.next().filter(|base64| !base64.is_empty())?);
    let whole = blob.as_deref().filter(|blob| declares(blob, kind));
    if !KINDS.contains(&kind) && whole.is_none() {
        return None;
    }
    let comment = rest.next().map(str::trim).filter(|comment| !comment.is_empty()).map(str::to_owned);
    Some(Key { kind: kind.to_owned(), fingerprint: whole.map(fingerprint), options, comment, line })
}

/// The types that OpenSSH knows; others count where the key itself names the same type.
const KINDS: [&str; 8] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

fn decode(base64: &str) -> Option<Vec<u8>> {
    STANDARD.decode(base64).or_else(|_| STANDARD_NO_PAD.decode(base64)).ok()
}

/// Whether a key blob is made of whole fields (each with its length before it) and the first is its type.
fn declares(blob: &[u8], kind: &str) -> bool {
    let mut rest = blob;
    let mut fields = 0;
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((field, after)) = after.split_at_checked(length) else { return false };
        if fields == 0 && field != kind.as_bytes() {
            return false;
        }
        fields += 1;
        rest = after;
    }
    rest.is_empty() && fields >= 2
}

fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, blob)))
}

/// The names of the options before a key, and what follows them; nothing where a quote does not end.
fn split_options(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let (mut options, mut name, mut named) = (Vec::new(), String::new(), true);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => {
                options.push(std::mem::take(&mut name));
                options.retain(|option| !option.is_empty());
                return Some((options, text.get(at..)?.trim_start()));
            }
            ',' if !quoted => {
                options.push(std::mem::take(&mut name));
                named = true;
            }
            '=' if !quoted => named = false,
            _ if named && !quoted => name.push(character.to_ascii_lowercase()),
            _ => {}
        }
    }
    (!quoted).then_some((options, ""))
}

/// What a key says of `authorized_key`. `account` is the account that the file belongs to, where that is known.
#[must_use]
pub fn finding(path: &str, key: &Key, account: Option<&str>) -> Finding {
    let state = if key.fingerprint.is_some() { State::Enabled } else { State::Unknown };
    let whose = account.map(|account| format!(" opens account {account}")).unwrap_or_default();
    Finding {
        login_path: "authorized_key",
        state,
        detail: format!("{}{whose}", key.words()),
        origin: Some(Origin::new(path, key.line)),
    }
}
