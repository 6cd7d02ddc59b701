//! Reading `sshd_config`: lines, Match blocks and Include, as OpenSSH reads them.
//!
//! Source: OpenSSH's `servconf.c` (`process_server_config_line_depth`, `parse_server_config_depth`) and `misc.c`
//! (`strdelim`, `argv_split`). Two things surprise: what stands after `Match all` is a block of its own that overrides the
//! settings before it for every connection, and an Include does not change the block that its line stands in.

use super::sshd::{Include, Keyword, MatchBlock, Problem, Settings, SshdSettings, Takes, add, keyword};
use super::sshd::{KEYWORDS, Setting};
use super::{Origin, numbered};

/// How deep files may include files: OpenSSH's own limit.
const DEEPEST: usize = 16;
/// Lines, bytes and Match blocks read in all; a configuration that includes itself many times would have no end.
const MOST_LINES: usize = 200_000;
const MOST_BYTES: usize = 64 << 20;
const MOST_BLOCKS: usize = 1_000;
/// Characters of the criteria of a Match block that are kept.
const LONGEST_CRITERIA: usize = 500;

/// Gives the files that an absolute pattern (or one that begins with `~`) matches, as path and text, sorted by path.
pub type Resolve<'a> = &'a dyn Fn(&str) -> Vec<(String, String)>;

/// Reads a configuration; `resolve` gives the files of each `Include`.
#[must_use]
pub fn parse(path: &str, text: &str, resolve: Resolve<'_>) -> SshdSettings {
    read(path, text, Some(resolve))
}

/// Reads a configuration of which only this one file is at hand: settings after an `Include` carry a doubt.
#[must_use]
pub fn parse_alone(path: &str, text: &str) -> SshdSettings {
    read(path, text, None)
}

fn read(path: &str, text: &str, resolve: Option<Resolve<'_>>) -> SshdSettings {
    let mut reader = Reader { resolve, settings: SshdSettings::default(), lines: 0, bytes: 0, doubt: None };
    reader.file(path, text, None, 0);
    let Reader { mut settings, doubt, .. } = reader;
    for keyword in KEYWORDS.iter().filter(|keyword| !keyword.default.is_empty()) {
        settings.global.entry(keyword.name).or_insert_with(|| Setting {
            values: keyword.default.iter().map(|value| (*value).to_owned()).collect(),
            origin: None,
            doubt: doubt.clone(),
        });
    }
    settings
}

/// Keywords that only a server's configuration has, and that say what it is about.
const SERVER_ONLY: [&str; 20] = [
    "permitrootlogin",
    "usepam",
    "permitemptypasswords",
    "authorizedkeysfile",
    "authorizedkeyscommand",
    "authenticationmethods",
    "trustedusercakeys",
    "allowusers",
    "denyusers",
    "allowgroups",
    "denygroups",
    "listenaddress",
    "subsystem",
    "forcecommand",
    "chrootdirectory",
    "logingracetime",
    "maxauthtries",
    "maxstartups",
    "permituserenvironment",
    "clientaliveinterval",
];

/// Further keywords of a server's configuration, which other files may have as well.
const ALSO: [&str; 46] = [
    "acceptenv",
    "addressfamily",
    "allowagentforwarding",
    "allowtcpforwarding",
    "allowstreamlocalforwarding",
    "authorizedkeyscommanduser",
    "authorizedprincipalscommand",
    "authorizedprincipalsfile",
    "banner",
    "casignaturealgorithms",
    "ciphers",
    "clientalivecountmax",
    "compression",
    "debianbanner",
    "disableforwarding",
    "exposeauthinfo",
    "fingerprinthash",
    "gatewayports",
    "gssapicleanupcredentials",
    "gssapikeyexchange",
    "hostcertificate",
    "hostkey",
    "hostkeyalgorithms",
    "ignorerhosts",
    "include",
    "ipqos",
    "kexalgorithms",
    "loglevel",
    "macs",
    "match",
    "maxsessions",
    "permitopen",
    "permittty",
    "permittunnel",
    "persourcepenalties",
    "pidfile",
    "printlastlog",
    "printmotd",
    "protocol",
    "pubkeyacceptedalgorithms",
    "rekeylimit",
    "setenv",
    "strictmodes",
    "syslogfacility",
    "usedns",
    "x11forwarding",
];

/// Whether a text reads like `sshd_config`: nearly every line begins with a keyword that sshd has, and some keyword is one
/// that only a server has.
#[must_use]
pub fn is_sshd_config(text: &str) -> bool {
    let (mut known, mut unknown, mut server) = (0, 0, false);
    for (name, _) in text.lines().filter_map(split_keyword) {
        let name = name.to_ascii_lowercase();
        server |= SERVER_ONLY.contains(&name.as_str());
        if keyword(&name).is_some() || SERVER_ONLY.contains(&name.as_str()) || ALSO.contains(&name.as_str()) {
            known += 1;
        } else {
            unknown += 1;
        }
    }
    server && known >= 3 * unknown
}

struct Reader<'a> {
    resolve: Option<Resolve<'a>>,
    settings: SshdSettings,
    lines: usize,
    bytes: usize,
    /// First Include outside Match blocks that was not followed.
    doubt: Option<Origin>,
}

impl Reader<'_> {
    /// Reads one file whose line of inclusion stands in `outer`, the number of a Match block or nothing.
    fn file(&mut self, path: &str, text: &str, outer: Option<usize>, depth: usize) {
        let mut block = outer;
        for (number, line) in numbered(text) {
            let origin = Origin::new(path, number);
            self.lines += 1;
            self.bytes += line.len();
            if self.is_spent() {
                return self.problem(origin, "reading stopped: the configuration is too large".to_owned());
            }
            let line = line.split('\0').next().unwrap_or_default();
            let Some((name, rest)) = split_keyword(line) else { continue };
            let arguments = match split_arguments(rest) {
                Some(arguments) if !arguments.is_empty() => arguments,
                Some(_) => {
                    self.problem(origin, format!("no argument after {name}"));
                    continue;
                }
                None => {
                    self.problem(origin, format!("quotes that do not end after {name}"));
                    continue;
                }
            };
            if name.eq_ignore_ascii_case("match") {
                block = Some(self.block(&arguments, outer, origin));
            } else if name.eq_ignore_ascii_case("include") {
                self.include(&arguments, block, &origin, depth);
            } else if let Some(keyword) = keyword(&name) {
                let forced = keyword.name == "forcecommand" || keyword.name == "subsystem";
                let values = if forced { vec![rest.trim().to_owned()] } else { arguments };
                self.set(keyword, values, block, origin);
            }
        }
    }

    fn is_spent(&self) -> bool {
        self.lines > MOST_LINES || self.bytes > MOST_BYTES || self.settings.matches.len() > MOST_BLOCKS
    }

    /// Opens a Match block; returns its number.
    fn block(&mut self, arguments: &[String], outer: Option<usize>, origin: Origin) -> usize {
        let outer = outer.and_then(|outer| self.settings.matches.get(outer));
        let all = matches!(arguments, [only] if only.eq_ignore_ascii_case("all"));
        let own = arguments.join(" ");
        let (criteria, unconditional) = match outer {
            None => (own, all),
            Some(outer) if all => (outer.criteria.clone(), outer.unconditional),
            Some(outer) if outer.unconditional => (own, false),
            Some(outer) => (format!("{} and {own}", outer.criteria), false),
        };
        let criteria = criteria.chars().take(LONGEST_CRITERIA).collect();
        self.settings.matches.push(MatchBlock { criteria, origin, unconditional, settings: Settings::new() });
        self.settings.matches.len() - 1
    }

    fn include(&mut self, patterns: &[String], block: Option<usize>, origin: &Origin, depth: usize) {
        for pattern in patterns {
            let absolute = pattern.starts_with('/') || pattern.starts_with('~');
            let pattern = if absolute { pattern.clone() } else { format!("/etc/ssh/{pattern}") };
            let files = self.resolve.map(|resolve| resolve(&pattern));
            let count = files.as_ref().map(Vec::len);
            self.settings.includes.push(Include { pattern, origin: origin.clone(), files: count });
            let Some(files) = files else {
                if block.and_then(|block| self.settings.matches.get(block)).is_none_or(|block| block.unconditional) {
                    self.doubt.get_or_insert_with(|| origin.clone());
                }
                continue;
            };
            if depth >= DEEPEST && !files.is_empty() {
                return self.problem(origin.clone(), format!("files include files more than {DEEPEST} deep"));
            }
            for (path, text) in files {
                if self.is_spent() {
                    return;
                }
                self.file(&path, &text, block, depth + 1);
            }
        }
    }

    fn set(&mut self, keyword: &Keyword, values: Vec<String>, block: Option<usize>, origin: Origin) {
        let doubt = self.doubt.clone().filter(|_| keyword.takes == Takes::First);
        match block.and_then(|block| self.settings.matches.get_mut(block)) {
            None => add(&mut self.settings.global, keyword, values, origin, doubt),
            Some(block) if keyword.in_match => add(&mut block.settings, keyword, values, origin, None),
            Some(block) if block.unconditional => add(&mut self.settings.global, keyword, values, origin, doubt),
            Some(_) => self.problem(origin, format!("{} is not allowed in a Match block", keyword.name)),
        }
    }

    fn problem(&mut self, origin: Origin, text: String) {
        self.settings.problems.push(Problem { origin, text });
    }
}

/// A line as keyword and the rest; nothing for blank lines and comments. One `=` may stand between them.
fn split_keyword(line: &str) -> Option<(String, &str)> {
    const BLANKS: [char; 3] = [' ', '\t', '\r'];
    let line = line.trim_end_matches([' ', '\t', '\r', '\u{c}']).trim_start_matches(BLANKS);
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    if let Some(quoted) = line.strip_prefix('"') {
        let (keyword, rest) = quoted.split_once('"')?;
        return Some((keyword.to_owned(), rest.trim_start_matches(BLANKS)));
    }
    let end = line.find([' ', '\t', '\r', '=', '"']).unwrap_or(line.len());
    let (keyword, rest) = (line.get(..end)?, line.get(end..)?);
    let rest = rest.trim_start_matches(BLANKS);
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    Some((keyword.to_owned(), rest.trim_start_matches(BLANKS)))
}

/// Arguments as OpenSSH splits them: blanks between, quotes of both kinds, backslash before quotes and blanks, and a `#`
/// at the beginning of an argument ends the line. Nothing where a quote does not end.
fn split_arguments(text: &str) -> Option<Vec<String>> {
    let mut arguments = Vec::new();
    let mut characters = text.chars().peekable();
    loop {
        while characters.next_if(|character| matches!(character, ' ' | '\t')).is_some() {}
        if characters.peek().is_none_or(|character| *character == '#') {
            return Some(arguments);
        }
        let mut argument = String::new();
        let mut quote = None;
        while let Some(character) = characters.next() {
            let escapes = |next: &char| matches!(next, '\'' | '"' | '\\') || (quote.is_none() && *next == ' ');
            match (character, quote) {
                ('\\', _) => argument.push(characters.next_if(escapes).unwrap_or('\\')),
                (' ' | '\t', None) => break,
                ('"' | '\'', None) => quote = Some(character),
                (_, Some(open)) if open == character => quote = None,
                _ => argument.push(character),
            }
        }
        if quote.is_some() {
            return None;
        }
        arguments.push(argument);
    }
}
