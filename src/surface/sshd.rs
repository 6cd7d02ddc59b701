//! The settings of an OpenSSH server, and the ways to log in that they open.
//!
//! Source: OpenSSH's `servconf.c` (defaults, first value wins, Match), `auth.c` (who may log in, root), `auth2.c` and
//! `auth2-methods.c` (which methods are offered, lists of methods).

use std::collections::BTreeMap;

use super::{Finding, Origin, State, Tri, numbered};

/// How the lines of a keyword add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// The first line wins.
    First,
    /// Every line adds to the list.
    Every,
}

/// A keyword that matters for logging in.
pub(super) struct Keyword {
    /// Lower-case name.
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    /// What OpenSSH takes where no line says so; empty where nothing is set.
    pub(super) default: &'static [&'static str],
    /// Whether it may stand in a Match block.
    pub(super) in_match: bool,
}

const fn first(name: &'static str, default: &'static [&'static str]) -> Keyword {
    Keyword { name, takes: Takes::First, default, in_match: true }
}

const fn every(name: &'static str) -> Keyword {
    Keyword { name, takes: Takes::Every, default: &[], in_match: true }
}

const fn server_wide(keyword: Keyword) -> Keyword {
    Keyword { in_match: false, ..keyword }
}

/// The keywords that are followed, with the defaults of OpenSSH itself.
pub(super) const KEYWORDS: [Keyword; 23] = [
    server_wide(Keyword { default: &["22"], ..every("port") }),
    server_wide(every("listenaddress")),
    first("permitrootlogin", &["prohibit-password"]),
    first("passwordauthentication", &["yes"]),
    first("kbdinteractiveauthentication", &["yes"]),
    first("pubkeyauthentication", &["yes"]),
    server_wide(first("usepam", &["no"])),
    first("authenticationmethods", &["any"]),
    first("authorizedkeysfile", &[".ssh/authorized_keys", ".ssh/authorized_keys2"]),
    first("authorizedkeyscommand", &["none"]),
    first("trustedusercakeys", &["none"]),
    first("permitemptypasswords", &["no"]),
    every("allowusers"),
    every("denyusers"),
    every("allowgroups"),
    every("denygroups"),
    first("gssapiauthentication", &["no"]),
    first("hostbasedauthentication", &["no"]),
    first("kerberosauthentication", &["no"]),
    first("forcecommand", &["none"]),
    first("chrootdirectory", &["none"]),
    first("refuseconnection", &["no"]),
    every("subsystem"),
];

/// The keyword of this name, whatever its case; old names count as the new ones.
pub(super) fn keyword(name: &str) -> Option<&'static Keyword> {
    let name = name.to_ascii_lowercase();
    let name = match name.as_str() {
        "challengeresponseauthentication" | "skeyauthentication" => "kbdinteractiveauthentication",
        "dsaauthentication" => "pubkeyauthentication",
        other => other,
    };
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

/// One setting: its values and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Arguments of the line that counts, or of all lines where lines add up.
    pub values: Vec<String>,
    /// First line that sets it; nothing where it is OpenSSH's default.
    pub origin: Option<Origin>,
    /// An `Include` that is read before this line and was not followed: the value may be another.
    pub doubt: Option<Origin>,
}

impl Setting {
    /// The values as they would stand in the file.
    #[must_use]
    pub fn text(&self) -> String {
        self.values.join(" ")
    }

    fn is(&self, value: &str) -> bool {
        matches!(self.values.as_slice(), [only] if only.eq_ignore_ascii_case(value))
    }
}

/// Settings by lower-case keyword.
pub type Settings = BTreeMap<&'static str, Setting>;

/// A Match block and what it sets for the connections that it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchBlock {
    /// The criteria as written; those of enclosing blocks come first, joined by `and`.
    pub criteria: String,
    /// The Match line.
    pub origin: Origin,
    /// `Match all`: it holds for every connection that no earlier block has settled.
    pub unconditional: bool,
    /// What it sets.
    pub settings: Settings,
}

/// An `Include` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// Pattern as an absolute path (relative ones are below `/etc/ssh`).
    pub pattern: String,
    /// The Include line.
    pub origin: Origin,
    /// How many files it brought in; nothing where it was not followed.
    pub files: Option<usize>,
}

/// Something for which sshd would refuse to start, or for which reading stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub origin: Origin,
    /// What, in words.
    pub text: String,
}

/// Everything that a configuration says about logging in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshdSettings {
    /// Settings outside Match blocks, defaults filled in (but not for the output of `sshd -T`, where a missing line is
    /// not known).
    pub global: Settings,
    /// Match blocks in the order of reading.
    pub matches: Vec<MatchBlock>,
    /// Include lines in the order of reading.
    pub includes: Vec<Include>,
    /// What sshd would not start with.
    pub problems: Vec<Problem>,
}

/// Something that a Match block opens and the rest of the configuration does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening<'a> {
    /// `ssh_password`, `ssh_root`, `ssh_public_key`.
    pub login_path: &'static str,
    /// The block.
    pub block: &'a MatchBlock,
    /// [`Tri::Yes`], or [`Tri::Unknown`] where the block leaves open what the rest closes.
    pub open: Tri,
    /// The settings that decide it, in words.
    pub because: String,
}

impl SshdSettings {
    /// Reads the output of `sshd -T`: lower-case keywords, one setting a line, defaults written out. Lines count from
    /// `first_line`.
    #[must_use]
    pub fn from_effective(path: &str, text: &str, first_line: u64) -> Self {
        let mut global = Settings::new();
        for (number, line) in numbered(text) {
            let Some((name, values)) = line.split_once(' ') else { continue };
            let Some(keyword) = keyword(name) else { continue };
            let values = values.split_ascii_whitespace().map(str::to_owned).collect();
            add(&mut global, keyword, values, Origin::new(path, first_line.saturating_add(number - 1)), None);
        }
        Self { global, ..Self::default() }
    }

    /// Whether a password alone lets somebody in: by the method `password`, or by keyboard-interactive through PAM.
    #[must_use]
    pub fn password_login(&self) -> Tri {
        self.view(None).password_login()
    }

    /// Whether root (user id 0) is let in by any method; lists of names (AllowUsers) are not weighed.
    #[must_use]
    pub fn root_login(&self) -> Tri {
        self.view(None).root_login()
    }

    /// Whether a key lets somebody in, with or without a second factor.
    #[must_use]
    pub fn public_key_login(&self) -> Tri {
        self.view(None).public_key_login()
    }

    /// Whether keyboard-interactive is offered, as the only or as one of several factors. Without PAM it asks nothing.
    #[must_use]
    pub fn keyboard_interactive(&self) -> Tri {
        self.view(None).offers("keyboard-interactive")
    }

    /// Whether accounts may get in with keys that no `authorized_keys` file shows: by a command or an authority.
    #[must_use]
    pub fn keys_from_elsewhere(&self) -> Tri {
        let view = self.view(None);
        view.names_something("authorizedkeyscommand").or(view.names_something("trustedusercakeys"))
    }

    /// The value that counts for every connection which no conditional Match block matches.
    #[must_use]
    pub fn get(&self, keyword: &str) -> Option<&Setting> {
        self.view(None).get(keyword)
    }

    /// What conditional Match blocks open that is otherwise closed or not known. Each block is taken by itself: two
    /// blocks that match the same connection may together open more.
    #[must_use]
    pub fn openings(&self) -> Vec<Opening<'_>> {
        let mut openings = Vec::new();
        for (index, block) in self.matches.iter().enumerate().filter(|(_, block)| !block.unconditional) {
            for question in &QUESTIONS {
                let (outside, inside) = (self.view(None), self.view(Some(index)));
                let open = (question.answer)(&inside);
                if open > (question.answer)(&outside) {
                    let because = inside.because(question.decided_by);
                    openings.push(Opening { login_path: question.login_path, block, open, because });
                }
            }
        }
        openings
    }

    /// The answer to [`Self::password_login`] for a connection that one Match block matches.
    #[cfg(test)]
    pub(super) fn view_of(&self, block: usize) -> Tri {
        self.view(Some(block)).password_login()
    }

    fn view(&self, block: Option<usize>) -> View<'_> {
        View { settings: self, block }
    }
}

/// Adds a line to `settings` as its keyword asks.
pub(super) fn add(settings: &mut Settings, keyword: &Keyword, values: Vec<String>, origin: Origin, doubt: Option<Origin>) {
    match settings.entry(keyword.name) {
        std::collections::btree_map::Entry::Vacant(place) => {
            place.insert(Setting { values, origin: Some(origin), doubt });
        }
        std::collections::btree_map::Entry::Occupied(mut place) if keyword.takes == Takes::Every => {
            place.get_mut().values.extend(values);
        }
        std::collections::btree_map::Entry::Occupied(_) => {}
    }
}

/// A question about logging in, and the keywords that decide it (the first one is where it is shown).
struct Question {
    login_path: &'static str,
    what: &'static str,
    answer: fn(&View<'_>) -> Tri,
    decided_by: &'static [&'static str],
}

const QUESTIONS: [Question; 3] = [
    Question {
        login_path: "ssh_password",
        what: "login with a password",
        answer: |view| view.password_login(),
        decided_by: &["passwordauthentication", "kbdinteractiveauthentication", "usepam", "authenticationmethods"],
    },
    Question {
        login_path: "ssh_root",
        what: "login as root",
        answer: |view| view.root_login(),
        decided_by: &["permitrootlogin", "passwordauthentication", "pubkeyauthentication", "authenticationmethods"],
    },
    Question {
        login_path: "ssh_public_key",
        what: "login with a key",
        answer: |view| view.public_key_login(),
        decided_by: &["pubkeyauthentication", "authorizedkeysfile", "authenticationmethods"],
    },
];

/// Keywords that close the server to some or all, named where they are set.
const CLOSING: [&str; 5] = ["refuseconnection", "denyusers", "denygroups", "allowusers", "allowgroups"];

/// The settings that count for a connection: those of one conditional block (or none) and of `Match all`, the earlier
/// block first, before those outside.
#[derive(Clone, Copy)]
struct View<'a> {
    settings: &'a SshdSettings,
    block: Option<usize>,
}

impl<'a> View<'a> {
    fn get(&self, keyword: &str) -> Option<&'a Setting> {
        let blocks = self.settings.matches.iter().enumerate();
        let mut holding = blocks.filter(|(index, block)| block.unconditional || self.block == Some(*index));
        holding.find_map(|(_, block)| block.settings.get(keyword)).or_else(|| self.settings.global.get(keyword))
    }

    fn flag(&self, keyword: &str) -> Tri {
        match self.get(keyword) {
            Some(setting) if setting.doubt.is_some() => Tri::Unknown,
            Some(setting) if setting.is("yes") => Tri::Yes,
            Some(setting) if setting.is("no") => Tri::No,
            _ => Tri::Unknown,
        }
    }

    /// Whether a keyword names something other than `none`.
    fn names_something(&self, keyword: &str) -> Tri {
        match self.get(keyword) {
            Some(setting) if setting.doubt.is_none() => Tri::from(!setting.is("none")),
            _ => Tri::Unknown,
        }
    }

    /// OpenSSH's default is `no`, but some builds have another: a default is not known.
    fn uses_pam(&self) -> Tri {
        if self.get("usepam").is_some_and(|setting| setting.origin.is_none()) { Tri::Unknown } else { self.flag("usepam") }
    }

    /// Whether a method can succeed, lists of methods aside.
    fn method(&self, method: &str) -> Tri {
        match method {
            "publickey" => self.flag("pubkeyauthentication").and(
                self.names_something("authorizedkeysfile")
                    .or(self.names_something("authorizedkeyscommand"))
                    .or(self.names_something("trustedusercakeys")),
            ),
            "password" => self.flag("passwordauthentication"),
            "keyboard-interactive" => self.flag("kbdinteractiveauthentication").and(self.uses_pam()),
            "none" => self.flag("passwordauthentication").and(self.flag("permitemptypasswords")),
            "hostbased" => self.flag("hostbasedauthentication"),
            // sshd -T prints it only where it is built in.
            "gssapi-with-mic" if self.get("gssapiauthentication").is_none() => Tri::No,
            "gssapi-with-mic" => self.flag("gssapiauthentication"),
            _ => Tri::Unknown,
        }
    }

    /// Whether some list of methods is made of methods that can succeed and `suits`.
    fn some_list(&self, methods: &[&str], suits: impl Fn(&[&str]) -> bool) -> Tri {
        let any = methods.iter().fold(Tri::No, |open, method| open.or(self.method(method)));
        let open = match self.get("authenticationmethods") {
            None => any.and(Tri::Unknown),
            Some(setting) if setting.doubt.is_some() => any.and(Tri::Unknown),
            Some(setting) if setting.is("any") => any,
            Some(setting) => setting.values.iter().fold(Tri::No, |open, list| {
                let list: Vec<&str> = list.split(',').map(|method| method.split(':').next().unwrap_or_default()).collect();
                let every = list.iter().fold(Tri::Yes, |every, method| every.and(self.method(method)));
                open.or(if suits(&list) { every } else { Tri::No })
            }),
        };
        if self.closed_to_all() { Tri::No } else { open }
    }

    /// Whether one of `methods` is enough.
    fn suffices(&self, methods: &[&str]) -> Tri {
        self.some_list(methods, |list| list.iter().all(|method| methods.contains(method)))
    }

    /// Whether `method` takes part in logging in.
    fn offers(&self, method: &str) -> Tri {
        self.some_list(&[method], |list| list.contains(&method))
    }

    fn closed_to_all(&self) -> bool {
        let denies_all = |keyword| self.get(keyword).is_some_and(|setting| setting.values.iter().any(|value| value == "*"));
        self.flag("refuseconnection") == Tri::Yes || denies_all("denyusers") || denies_all("denygroups")
    }

    fn password_login(&self) -> Tri {
        self.suffices(&["password", "keyboard-interactive", "none"])
    }

    fn public_key_login(&self) -> Tri {
        self.offers("publickey")
    }

    /// Root is the user id 0, under whatever name: lists of names (AllowUsers, DenyUsers) do not shut it out for sure.
    fn root_login(&self) -> Tri {
        let Some(setting) = self.get("permitrootlogin").filter(|setting| setting.doubt.is_none()) else { return Tri::Unknown };
        match setting.text().to_ascii_lowercase().as_str() {
            "no" => Tri::No,
            "yes" => ["publickey", "password", "keyboard-interactive", "none", "hostbased", "gssapi-with-mic"]
                .iter()
                .fold(Tri::No, |open, method| open.or(self.offers(method))),
            "prohibit-password" | "without-password" => self.suffices(&["publickey", "hostbased", "gssapi-with-mic"]),
            "forced-commands-only" => self.suffices(&["publickey"]),
            _ => Tri::Unknown,
        }
    }

    /// The deciding settings in words, with what is a default and what may be otherwise.
    fn because(&self, keywords: &[&str]) -> String {
        let mut words: Vec<String> = Vec::new();
        for keyword in keywords {
            words.push(match self.get(keyword) {
                None => format!("{keyword} not shown"),
                Some(setting) if setting.origin.is_none() => format!("{keyword} {} by default", setting.text()),
                Some(setting) => format!("{keyword} {}", setting.text()),
            });
        }
        for keyword in CLOSING {
            let set = self.get(keyword).filter(|setting| setting.origin.is_some() && !setting.is("no"));
            words.extend(set.map(|setting| format!("{keyword} {}", setting.text())));
        }
        let doubt = keywords.iter().find_map(|keyword| self.get(keyword)?.doubt.as_ref());
        if let Some(doubt) = doubt {
            words.push(format!("files included at {doubt} are not here and may say otherwise"));
        }
        words.join(", ")
    }
}

/// The ways to log in that the settings speak of: `ssh_password`, `ssh_root`, `ssh_public_key`, and one more finding for
/// everything that a Match block opens. Whether a server runs is another question.
#[must_use]
pub fn findings(settings: &SshdSettings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let outside = settings.view(None);
    for question in &QUESTIONS {
        let state = (question.answer)(&outside).state();
        let shown = question.decided_by.first().and_then(|keyword| outside.get(keyword));
        findings.push(Finding {
            login_path: question.login_path,
            state,
            detail: format!("{} over SSH, if sshd runs: {}", question.what, outside.because(question.decided_by)),
            origin: shown.and_then(|setting| setting.origin.clone()),
        });
    }
    for opening in settings.openings() {
        let verb = if opening.open == Tri::Yes { "opens" } else { "may open" };
        findings.push(Finding {
            login_path: opening.login_path,
            state: if opening.open == Tri::Yes { State::Enabled } else { State::Unknown },
            detail: format!("Match {} {verb} it, if sshd runs: {}", opening.block.criteria, opening.because),
            origin: Some(opening.block.origin.clone()),
        });
    }
    findings
}
