//! Accounts: `/etc/passwd` and `/etc/shadow`.
//!
//! Source: passwd(5), shadow(5), crypt(5), and Linux-PAM's `passverify.c`. A `!` before a hash locks the password only:
//! such an account still logs in with a key. No hash leaves this file, only what it says.

use super::{Finding, Origin, State, numbered};

/// What a password field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    /// A hash that a password can match; the method in words.
    Usable(&'static str),
    /// Nothing stands there: login WITHOUT a password.
    Empty,
    /// A hash behind `!`: locked, and unlocked by taking the mark away.
    Locked,
    /// `!` or `!!`: no password was set.
    NotSet,
    /// `*` or `!*`: never meant to have a password.
    Never,
    /// Text that no password can match, such as `x` in the shadow file.
    Invalid,
    /// `x` in the passwd file: it stands in the shadow file.
    InShadow,
}

impl Password {
    /// Whether somebody can log in with a password, where one is asked for.
    #[must_use]
    pub fn opens(self) -> bool {
        matches!(self, Self::Usable(_) | Self::Empty)
    }

    /// The state in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Usable(_) => "a usable password",
            Self::Empty => "an EMPTY password: login without one",
            Self::Locked => "a locked password (keys are not locked)",
            Self::NotSet => "no password set (keys are not locked)",
            Self::Never => "no password, by design",
            Self::Invalid => "a password field that nothing matches",
            Self::InShadow => "its password in the shadow file",
        }
    }

    fn of(field: &str) -> Self {
        match field {
            "" => Self::Empty,
            "!" | "!!" => Self::NotSet,
            _ if field.starts_with('*') || field.starts_with("!*") || field.starts_with("!!*") => Self::Never,
            _ => match (field.strip_prefix('!'), scheme(field.trim_start_matches('!'))) {
                (Some(_), Some(_)) => Self::Locked,
                (None, Some(scheme)) => Self::Usable(scheme),
                _ => Self::Invalid,
            },
        }
    }
}

/// The method of a hash, where it has the shape of one. An unknown `$id$` counts as a hash.
fn scheme(hash: &str) -> Option<&'static str> {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/');
    if let Some(rest) = hash.strip_prefix('$') {
        let (id, rest) = rest.split_once('$')?;
        return (!rest.is_empty()).then_some(match id {
            "1" => "MD5",
            "2a" | "2b" | "2x" | "2y" => "bcrypt",
            "5" => "SHA-256",
            "6" => "SHA-512",
            "7" => "scrypt",
            "y" => "yescrypt",
            "gy" => "gost-yescrypt",
            _ => "a method that is not known here",
        });
    }
    match hash.strip_prefix('_') {
        Some(rest) if hash.len() == 20 && plain(rest) => Some("BSDi DES"),
        None if hash.len() == 13 && plain(hash) => Some("DES"),
        _ => None,
    }
}

/// One account of the passwd file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswdEntry {
    /// Name.
    pub name: String,
    /// User id.
    pub uid: u64,
    /// Password field; `x` means the shadow file.
    pub password: Password,
    /// Home directory.
    pub home: String,
    /// Shell; `/bin/sh` where the field is empty.
    pub shell: String,
    /// Whether the shell lets somebody work.
    pub login_shell: bool,
    /// 1-based line.
    pub line: u64,
}

impl PasswdEntry {
    /// Whether it is root under another name.
    #[must_use]
    pub fn is_root_alias(&self) -> bool {
        self.uid == 0 && self.name != "root"
    }
}

/// One account of the shadow file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowEntry {
    /// Name.
    pub name: String,
    /// Password field.
    pub password: Password,
    /// Day since 1970-01-01 from which the account is expired.
    pub expires: Option<i64>,
    /// 1-based line.
    pub line: u64,
}

impl ShadowEntry {
    /// Whether the account is expired on `day` (days since 1970-01-01). Zero may mean either, so it counts as not expired.
    #[must_use]
    pub fn expired(&self, day: i64) -> bool {
        self.expires.is_some_and(|expires| expires > 0 && day >= expires)
    }
}

/// One line of a passwd or shadow file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<T> {
    /// An account.
    Entry(T),
    /// A line that begins with `+`: accounts come from a directory (NIS).
    Directory {
        /// 1-based line.
        line: u64,
    },
    /// A line that begins with `-`: it takes accounts of a directory away.
    Exclusion {
        /// 1-based line.
        line: u64,
    },
    /// Something else.
    Damaged {
        /// 1-based line.
        line: u64,
        /// Why it is no account.
        reason: &'static str,
    },
}

/// The lines of a passwd file; blank ones are left out.
#[must_use]
pub fn passwd(text: &str) -> Vec<Line<PasswdEntry>> {
    lines(text, |line, fields| {
        let [name, password, uid, _, _, home, shell] = fields else { return Err("not seven fields") };
        let uid = uid.parse().map_err(|_| "the user id is no number")?;
        let shell = if shell.is_empty() { "/bin/sh" } else { shell };
        Ok(PasswdEntry {
            name: (*name).to_owned(),
            uid,
            password: if *password == "x" { Password::InShadow } else { Password::of(password) },
            home: (*home).to_owned(),
            shell: shell.to_owned(),
            login_shell: is_login_shell(shell),
            line,
        })
    })
}

/// The lines of a shadow file; blank ones are left out.
#[must_use]
pub fn shadow(text: &str) -> Vec<Line<ShadowEntry>> {
    lines(text, |line, fields| {
        let [name, password, _, _, _, _, _, expires, _] = fields else { return Err("not nine fields") };
        let expires = match *expires {
            "" | "-1" => None,
            day => Some(day.parse().map_err(|_| "the day of expiry is no number")?),
        };
        Ok(ShadowEntry { name: (*name).to_owned(), password: Password::of(password), expires, line })
    })
}

fn lines<T>(text: &str, entry: impl Fn(u64, &[&str]) -> Result<T, &'static str>) -> Vec<Line<T>> {
    let filled = numbered(text).filter(|(_, line)| !line.trim().is_empty());
    filled
        .map(|(line, content)| {
            if content.starts_with('+') {
                return Line::Directory { line };
            }
            if content.starts_with('-') {
                return Line::Exclusion { line };
            }
            let fields: Vec<&str> = content.split(':').collect();
            if fields.first().is_none_or(|name| name.is_empty()) {
                return Line::Damaged { line, reason: "no name" };
            }
            entry(line, &fields).map_or_else(|reason| Line::Damaged { line, reason }, Line::Entry)
        })
        .collect()
}

/// Whether a shell lets somebody work: not `nologin` or `false` in whatever directory, and none of the commands that the
/// system accounts `sync`, `shutdown` and `halt` run.
#[must_use]
pub fn is_login_shell(shell: &str) -> bool {
    let name = shell.trim_end().rsplit('/').next().unwrap_or_default();
    !matches!(name, "nologin" | "false" | "true" | "sync" | "shutdown" | "halt" | "poweroff" | "reboot" | "git-shell")
}

/// What a passwd line alone says of `account`: a shell that refuses closes it, a login shell leaves open whether there is
/// a password or a key.
#[must_use]
pub fn passwd_finding(path: &str, entry: &PasswdEntry) -> Finding {
    let (state, rest) = match (entry.login_shell, entry.password) {
        (false, _) => (State::Disabled, "a shell that refuses (it does not stop sftp or forwarding)".to_owned()),
        (true, password) if password.opens() => (State::Enabled, format!("a login shell and {}", password.words())),
        (true, _) => (State::Unknown, "a login shell; password and keys are not in this file".to_owned()),
    };
    finding("account", state, format!("{}: {} has {rest}", who(entry), entry.shell), Origin::new(path, entry.line))
}

/// What a shadow line alone says of `account_password`: whether somebody could log in with a password, if the account has
/// a login shell. An expired account lets nobody in. `day` is the day of the evidence.
#[must_use]
pub fn shadow_finding(path: &str, entry: &ShadowEntry, day: Option<i64>) -> Finding {
    let expired = day.is_some_and(|day| entry.expired(day));
    let state = if entry.password.opens() && !expired { State::Enabled } else { State::Disabled };
    let note = if expired { ", and the account is expired" } else { "" };
    let detail = format!("account {} has {}{note}", entry.name, entry.password.words());
    finding("account_password", state, detail, Origin::new(path, entry.line))
}

/// What a `+` line says: accounts that no local file lists may log in.
#[must_use]
pub fn directory_finding(path: &str, line: u64) -> Finding {
    let detail = "accounts come from a directory (a line that begins with +); which ones is not in this file".to_owned();
    finding("account", State::Unknown, detail, Origin::new(path, line))
}

/// What passwd and shadow say together of `account`, with the number of keys that open it where that is known. `day` is
/// the day of the evidence.
#[must_use]
pub fn finding_of(
    path: &str,
    entry: &PasswdEntry,
    shadow: Option<&ShadowEntry>,
    keys: Option<usize>,
    day: Option<i64>,
) -> Finding {
    let password = match (entry.password, shadow) {
        (Password::InShadow, Some(shadow)) => shadow.password,
        // An account that the shadow file does not know has no password.
        (Password::InShadow, None) => Password::NotSet,
        (own, _) => own,
    };
    let expired = day.is_some_and(|day| shadow.is_some_and(|shadow| shadow.expired(day)));
    let (state, rest) = match (password, keys) {
        _ if !entry.login_shell => return passwd_finding(path, entry),
        _ if expired => (State::Disabled, "is expired".to_owned()),
        (password, _) if password.opens() => (State::Enabled, format!("has {}", password.words())),
        (password, Some(0)) => (State::Disabled, format!("has {} and no authorised key", password.words())),
        (password, Some(keys)) => (State::Enabled, format!("has {} and {keys} authorised key(s)", password.words())),
        (password, None) => (State::Unknown, format!("has {}; its keys are not known", password.words())),
    };
    finding(
        "account",
        state,
        format!("{} with the login shell {} {rest}", who(entry), entry.shell),
        Origin::new(path, entry.line),
    )
}

fn who(entry: &PasswdEntry) -> String {
    let alias = if entry.is_root_alias() { ", which makes it root under another name" } else { "" };
    format!("account {} (uid {}{alias})", entry.name, entry.uid)
}

fn finding(login_path: &'static str, state: State, detail: String, origin: Origin) -> Finding {
    Finding { login_path, state, detail, origin: Some(origin) }
}
