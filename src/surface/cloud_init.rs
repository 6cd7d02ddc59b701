//! cloud-init user data: what a machine is told at its first boot about accounts, passwords and keys.
//!
//! Source: cloud-init's documentation and `cc_set_passwords.py`, `cc_ssh.py`, `ug_util.py`, `distros/__init__.py` (which
//! password field counts), `user_data.py` and `handlers/__init__.py` (kinds of parts). User data opens ways; it closes
//! none for sure, because the image, the vendor and the cloud have a say as well. No password, hash or key leaves.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::keys::{KeyLine, authorized_keys};
use super::{Finding, Origin, State, Tri, numbered};

/// An account that user data makes or changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudUser {
    /// Name; `default` for the distribution's own user.
    pub name: String,
    /// Whether the password is locked; cloud-init locks it where nothing is said.
    pub locked: bool,
    /// Whether a password or hash is given: filled, or empty on purpose.
    pub password: Option<GivenPassword>,
    /// How many keys are given.
    pub keys: usize,
    /// Where keys are fetched from (`gh:name`), one entry a source.
    pub imports: usize,
    /// Shell, where one is given.
    pub shell: Option<String>,
    /// Line that names it, where it was found.
    pub line: u64,
}

/// A password in user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenPassword {
    /// A password, a hash, or a request for a random one.
    Filled,
    /// Empty on purpose: with an unlocked account, login without a password.
    Empty,
}

/// What user data says about logging in; several `#cloud-config` parts add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloudConfig {
    /// `ssh_pwauth` with its line: yes, no, or unknown for `unchanged` and words that are neither. Nothing where it is
    /// not set.
    pub password_authentication: Option<(Tri, u64)>,
    /// `disable_root` with its line; cloud-init's default is yes.
    pub disable_root: Option<(bool, u64)>,
    /// Accounts.
    pub users: Vec<CloudUser>,
    /// Whether the distribution's default user is made.
    pub default_user: bool,
    /// Keys for the default user and root.
    pub keys: usize,
    /// Line of `ssh_authorized_keys`.
    pub keys_line: u64,
    /// Accounts that `password` or `chpasswd` gives a password, with the line.
    pub passwords: Vec<(String, u64)>,
    /// Kinds of parts that are not evaluated: scripts, boot hooks, URLs to include …
    pub other_parts: Vec<String>,
    /// Parts that could not be read: line and reason.
    pub problems: Vec<(u64, String)>,
    /// How many `#cloud-config` parts were read.
    pub parts: usize,
}

/// Whether a text can be evaluated: it begins with `#cloud-config`, it is MIME that holds such a part, or it is cloud-init's
/// own `cloud.cfg`.
#[must_use]
pub fn is_user_data(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mime = text.get(..text.len().min(4096)).unwrap_or(text).to_ascii_lowercase();
    kind_of(text) == Some("cloud-config")
        || (mime.contains("mime-version:") && mime.contains("text/cloud-config"))
        || is_system_config(text)
}

/// Whether it is `cloud.cfg`, which lists the modules of the first stage.
fn is_system_config(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("cloud_init_modules:"))
}

/// Reads user data: one `#cloud-config`, a MIME multipart of parts, or `cloud.cfg`. Compressed user data must be unpacked before.
#[must_use]
pub fn parse(text: &str) -> CloudConfig {
    let mut config = CloudConfig::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if is_system_config(text) {
        cloud_config(text, 1, &mut config);
    } else if kind_of(text).is_some() {
        part(text, 1, None, &mut config);
    } else {
        mime(text, 1, 0, &mut config);
    }
    config.other_parts.sort();
    config.other_parts.dedup();
    config
}

/// The kind of a part by how it begins.
fn kind_of(text: &str) -> Option<&'static str> {
    const KINDS: [(&str, &str); 8] = [
        ("## template: jinja", "jinja template"),
        ("#cloud-config-archive", "cloud-config-archive"),
        ("#cloud-config-jsonp", "cloud-config-jsonp"),
        ("#cloud-config", "cloud-config"),
        ("#include", "include of URLs"),
        ("#part-handler", "part handler"),
        ("#cloud-boothook", "boot hook"),
        ("#!", "shell script"),
    ];
    KINDS.iter().find(|(begin, _)| text.starts_with(begin)).map(|(_, kind)| *kind)
}

fn part(text: &str, first_line: u64, declared: Option<&str>, config: &mut CloudConfig) {
    let kind = match declared {
        Some("text/cloud-config") => Some("cloud-config"),
        _ => kind_of(text),
    };
    match kind {
        Some("cloud-config") => cloud_config(text, first_line, config),
        Some(kind) => config.other_parts.push(kind.to_owned()),
        None => config.other_parts.push(declared.unwrap_or("part of unknown kind").to_owned()),
    }
}

/// Reads a MIME message: headers, then one part or several between boundaries.
fn mime(text: &str, first_line: u64, depth: usize, config: &mut CloudConfig) {
    let lines: Vec<(u64, &str)> = numbered(text).collect();
    let blank = lines.iter().position(|(_, line)| line.is_empty()).unwrap_or(lines.len());
    let (head, body) = lines.split_at_checked(blank).unwrap_or((&lines, &[]));
    let mut headers = String::new();
    for (_, line) in head {
        // A line that begins with a blank goes on with the header before it.
        headers.push_str(if line.starts_with([' ', '\t']) { " " } else { "\n" });
        headers.push_str(line.trim());
    }
    let header = |name: &str| {
        let found = headers.lines().find(|line| line.len() > name.len() && line.to_ascii_lowercase().starts_with(name));
        found.and_then(|line| line.get(name.len()..)).map(str::trim)
    };
    let content = header("content-type:").unwrap_or("text/plain");
    let kind = content.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind.starts_with("multipart/") {
        let boundary = boundary(content);
        return match boundary {
            Some(boundary) if depth < 4 => multipart(body, &boundary, first_line, depth, config),
            _ => config.problems.push((first_line, "a multipart message without a boundary, or nested too deep".to_owned())),
        };
    }
    let body: Vec<&str> = body.iter().skip(1).map(|(_, line)| *line).collect();
    let first = first_line + u64::try_from(blank).unwrap_or(0) + 1;
    match header("content-transfer-encoding:").map(str::to_ascii_lowercase).as_deref() {
        Some("base64") => match STANDARD.decode(body.concat().trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(text) => part(&text, first, Some(&kind), config),
            None => config.problems.push((first, "a part whose base64 cannot be read as text".to_owned())),
        },
        Some("quoted-printable") => config.problems.push((first, "a quoted-printable part is not evaluated".to_owned())),
        _ => part(&body.join("\n"), first, Some(&kind), config),
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let at = content_type.to_ascii_lowercase().find("boundary=")?;
    let value = content_type.get(at + "boundary=".len()..)?;
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split([';', ' ']).next()?,
    };
    (!value.is_empty()).then(|| value.to_owned())
}

fn multipart(body: &[(u64, &str)], boundary: &str, first_line: u64, depth: usize, config: &mut CloudConfig) {
    let mark = |line: &str| line.strip_prefix("--").and_then(|line| line.strip_prefix(boundary)).map(|rest| rest.trim() == "--");
    let mut open: Option<(u64, Vec<&str>)> = None;
    let mut closed = false;
    for (number, line) in body {
        match (mark(line), &mut open) {
            (Some(last), _) => {
                if let Some((from, lines)) = open.take() {
                    mime(&lines.join("\n"), from, depth + 1, config);
                }
                closed = last;
                open = (!last).then(|| (first_line + number, Vec::new()));
            }
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    if let Some((from, lines)) = open.take() {
        mime(&lines.join("\n"), from, depth + 1, config);
    }
    if !closed {
        config.problems.push((first_line, "torn: the multipart message is not closed".to_owned()));
    }
}

fn cloud_config(text: &str, first_line: u64, config: &mut CloudConfig) {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 50_000, max_aliases: 1_000 },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
    };
    let value: Result<Value, _> = serde_saphyr::from_str_with_options(text, options);
    let map = match value {
        Ok(Value::Object(map)) => map,
        Ok(Value::Null) => Map::new(),
        Ok(_) => return config.problems.push((first_line, "the cloud-config is no mapping".to_owned())),
        Err(error) => {
            let line = error.location().map_or(0, |location| location.line().saturating_sub(1));
            return config.problems.push((first_line + line, "the cloud-config is no YAML that can be read".to_owned()));
        }
    };
    let index = index(text);
    let line_of = |key: &str| index.get(key).map_or(first_line, |number| first_line + number - 1);
    config.parts += 1;
    if let Some(value) = map.get("ssh_pwauth") {
        config.password_authentication = Some((truth(value), line_of("ssh_pwauth")));
    }
    if let Some(value) = map.get("disable_root") {
        config.disable_root = Some((truth(value) == Tri::Yes, line_of("disable_root")));
    }
    if let Some(keys) = map.get("ssh_authorized_keys") {
        config.keys += keys_in(keys);
        config.keys_line = line_of("ssh_authorized_keys");
    }
    users(&map, &line_of, config);
    passwords(&map, &line_of, config);
}

/// The first line of each key, of each item of a list and of each `key: value` as written, for pointers.
fn index(text: &str) -> BTreeMap<&str, u64> {
    let mut lines = BTreeMap::new();
    for (number, line) in numbered(text) {
        let line = line.trim().trim_start_matches("- ");
        for key in [line, line.split(':').next().unwrap_or_default()] {
            lines.entry(key).or_insert(number);
        }
    }
    lines
}

/// `yes`, `true`, `on`, `1` and their contraries, as words, booleans or numbers; everything else is neither.
fn truth(value: &Value) -> Tri {
    let text = match value {
        Value::String(text) => text.trim().to_ascii_lowercase(),
        other => other.to_string(),
    };
    match text.as_str() {
        "true" | "1" | "on" | "yes" => Tri::Yes,
        "false" | "0" | "off" | "no" => Tri::No,
        _ => Tri::Unknown,
    }
}

/// How many keys a list, or one text with a key a line, holds.
fn keys_in(value: &Value) -> usize {
    match value {
        Value::String(text) => authorized_keys(text).iter().filter(|line| matches!(line, KeyLine::Key(_))).count(),
        Value::Array(list) => list.iter().map(keys_in).sum(),
        _ => 0,
    }
}

fn users(map: &Map<String, Value>, line_of: &dyn Fn(&str) -> u64, config: &mut CloudConfig) {
    let mut push = |name: &str, value: Option<&Map<String, Value>>| {
        if name == "default" {
            config.default_user = true;
        }
        let line = [format!("name: {name}"), name.to_owned(), "users".to_owned()];
        let line = line.iter().map(|key| line_of(key)).max().unwrap_or(1);
        if name != "default" || value.is_some() {
            config.users.push(user(name, value, line));
        }
    };
    match map.get("users") {
        None => push("default", None),
        Some(Value::Array(list)) => {
            for entry in list {
                match entry {
                    Value::String(names) => names.split(',').map(str::trim).for_each(|name| push(name, None)),
                    Value::Array(names) => names.iter().filter_map(Value::as_str).for_each(|name| push(name, None)),
                    Value::Object(user) => push(user.get("name").and_then(Value::as_str).unwrap_or("default"), Some(user)),
                    _ => {}
                }
            }
        }
        Some(Value::String(names)) => names.split(',').map(str::trim).for_each(|name| push(name, None)),
        Some(Value::Object(named)) => named.iter().for_each(|(name, user)| push(name, user.as_object())),
        Some(_) => {}
    }
    match map.get("user") {
        Some(Value::String(_)) => push("default", None),
        Some(Value::Object(user)) => push(user.get("name").and_then(Value::as_str).unwrap_or("default"), Some(user)),
        _ => {}
    }
}

fn user(name: &str, value: Option<&Map<String, Value>>, line: u64) -> CloudUser {
    let get = |key: &str| value.and_then(|user| user.get(key).or_else(|| user.get(&key.replace('_', "-"))));
    let filled = |value: &Value| !matches!(value, Value::Null) && value.as_str() != Some("");
    let given: Vec<bool> =
        ["plain_text_passwd", "hashed_passwd", "passwd"].iter().filter_map(|key| get(key)).map(filled).collect();
    let password = (!given.is_empty()).then(|| if given.contains(&true) { GivenPassword::Filled } else { GivenPassword::Empty });
    let listed = |key: &str| match get(key) {
        Some(Value::Array(list)) => list.len(),
        Some(Value::String(_)) => 1,
        _ => 0,
    };
    CloudUser {
        name: name.to_owned(),
        locked: get("lock_passwd").is_none_or(|value| truth(value) != Tri::No),
        password,
        keys: get("ssh_authorized_keys").map_or(0, keys_in),
        imports: listed("ssh_import_id"),
        shell: get("shell").and_then(Value::as_str).map(str::to_owned),
        line,
    }
}

fn passwords(map: &Map<String, Value>, line_of: &dyn Fn(&str) -> u64, config: &mut CloudConfig) {
    if map.get("password").is_some_and(|password| !password.is_null()) {
        config.passwords.push(("default".to_owned(), line_of("password")));
    }
    let Some(Value::Object(chpasswd)) = map.get("chpasswd") else { return };
    let line = line_of("chpasswd");
    let name_of = |text: &str| text.split(':').next().unwrap_or_default().trim().to_owned();
    let mut names: Vec<String> = Vec::new();
    match chpasswd.get("list") {
        Some(Value::String(text)) => names.extend(text.lines().filter(|line| line.contains(':')).map(name_of)),
        Some(Value::Array(list)) => names.extend(list.iter().filter_map(Value::as_str).map(name_of)),
        _ => {}
    }
    if let Some(Value::Array(users)) = chpasswd.get("users") {
        names.extend(users.iter().filter_map(|user| user.get("name").and_then(Value::as_str)).map(str::to_owned));
    }
    config.passwords.extend(names.into_iter().map(|name| (name, line)));
}

/// What user data says of `ssh_password`, `ssh_root`, `account`, `account_password` and `authorized_key`. What it does not
/// open is `unknown`: the image, the vendor and the cloud may.
#[must_use]
pub fn findings(path: &str, config: &CloudConfig) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |login_path, state, line, detail: String| {
        findings.push(Finding {
            login_path,
            state,
            detail: format!("cloud-init {detail}"),
            origin: Some(Origin::new(path, line)),
        });
    };
    match config.password_authentication {
        Some((Tri::Yes, line)) => {
            say("ssh_password", State::Enabled, line, "is told to turn on passwords over SSH (ssh_pwauth)".to_owned());
        }
        Some((Tri::No, line)) => {
            let detail = "is told to turn off passwords over SSH (ssh_pwauth); keyboard-interactive is not touched by that";
            say("ssh_password", State::Unknown, line, detail.to_owned());
        }
        Some((Tri::Unknown, line)) => {
            say("ssh_password", State::Unknown, line, "leaves passwords over SSH as they are (ssh_pwauth)".to_owned());
        }
        None => {}
    }
    if let Some((false, line)) = config.disable_root {
        let (state, detail) = if config.keys > 0 {
            (State::Enabled, "gives root the same keys as the default user (disable_root is off)")
        } else {
            (State::Unknown, "gives root the keys of the cloud's metadata, if there are any (disable_root is off)")
        };
        say("ssh_root", state, line, detail.to_owned());
    }
    if config.keys > 0 {
        let detail = format!("is told to authorise {} key(s) for the default user", config.keys);
        say("authorized_key", State::Enabled, config.keys_line, detail);
    }
    for user in &config.users {
        let (state, detail) = account(user);
        say("account", state, user.line, detail);
    }
    if config.default_user && config.users.iter().all(|user| user.name != "default") {
        let detail = "makes the distribution's default user; its keys come from the cloud's metadata".to_owned();
        say("account", State::Unknown, 1, detail);
    }
    for (name, line) in &config.passwords {
        say("account_password", State::Enabled, *line, format!("is told to set a password for account {name}"));
    }
    findings
}

fn account(user: &CloudUser) -> (State, String) {
    let mut ways: Vec<String> = Vec::new();
    match (user.locked, user.password) {
        (false, Some(GivenPassword::Filled)) => ways.push("a password that is not locked".to_owned()),
        (false, Some(GivenPassword::Empty)) => ways.push("an EMPTY password that is not locked".to_owned()),
        _ => {}
    }
    if user.keys > 0 {
        ways.push(format!("{} authorised key(s)", user.keys));
    }
    if user.imports > 0 {
        ways.push(format!("keys fetched from {} source(s)", user.imports));
    }
    let refuses = user.shell.as_deref().is_some_and(|shell| !super::accounts::is_login_shell(shell));
    let name = &user.name;
    match (ways.is_empty(), refuses) {
        (_, true) => (State::Disabled, format!("makes account {name} with a shell that refuses")),
        (true, false) => (State::Unknown, format!("makes account {name} without an open password or a key of its own")),
        (false, false) => (State::Enabled, format!("makes account {name} with {}", ways.join(" and "))),
    }
}
