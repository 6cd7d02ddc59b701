//! Secrets taken out of evidence before it becomes a fact, and characters that a reader cannot see made visible.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use hashbrown::DefaultHashBuilder;
use regex::{Captures, Regex};
use wide::u8x16;

use crate::bytes::{by_sixteen, unprintable};

/// What stands where a secret stood.
pub const MARK: &str = "[redacted]";

/// Shapes of secrets: named values (`--password x`, `TOKEN=x`), credentials in URLs, and tokens known by their prefix.
static SECRETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?P<name>(?i:\B--?[a-z0-9_-]*(?:password|passwd|passphrase|secret|token|api-?key|access-?key|credentials?)"#,
        r#"(?:=|\s+)|[a-z0-9_]*(?:password|passwd|passphrase|secret|token|api_?key|access_?key|credentials?)[a-z0-9_]*"#,
        r#"(?:=|:\s?)))(?P<value>"[^"]*"|'[^']*'|[^\s;&|"',]+)"#,
        r#"|(?P<key>"[^"\s]*(?i:password|passwd|passphrase|secret|token|api-?_?key|access-?_?key|credentials?)"\s*[:,]\s*)"[^"]*""#,
        r"|(?P<url>[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@]*:)(?P<login>[^/\s@]+)@",
        r"|(?P<token>\b(?:gh[pousr]_[A-Za-z0-9]{20,}|glpat-[A-Za-z0-9_-]{16,}|AKIA[0-9A-Z]{16}|xox[abprs]-[A-Za-z0-9-]{10,}",
        r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+|hvs\.[A-Za-z0-9_-]{20,}))",
        // Hashes of passwords as crypt(5) writes them: they can be guessed offline.
        r"|(?P<hash>\$(?:1|2[abxy]?|5|6|7|y|gy|md5|sha1)\$[./A-Za-z0-9$,=]{12,})",
    ))
    .ok()
});

/// Words without which no shape of a secret can match: most texts have none, and are not looked at further.
static HINTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = "pass secret token key credential :// ghp_ gho_ ghu_ ghs_ ghr_ glpat akia xox eyj hvs $".split(' ');
    AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).prefilter(false).build(words).ok()
});

/// Takes the secrets out of `text`; returns the text and how many there were.
#[must_use]
pub fn redact(text: &str) -> (Cow<'_, str>, u64) {
    let Some(secrets) = SECRETS.as_ref() else { return (Cow::Borrowed(MARK), 1) };
    if HINTS.as_ref().is_some_and(|hints| !hints.is_match(text)) {
        return (Cow::Borrowed(text), 0);
    }
    let mut count = 0;
    let replaced = secrets.replace_all(text, |found: &Captures<'_>| {
        count += 1;
        if let Some(name) = found.name("name") {
            format!("{}{MARK}", name.as_str())
        } else if let Some(key) = found.name("key") {
            format!("{}\"{MARK}\"", key.as_str())
        } else if let Some(url) = found.name("url") {
            format!("{}{MARK}@", url.as_str())
        } else {
            MARK.to_owned()
        }
    });
    (replaced, count)
}

/// Takes secrets out of texts of which many are the same, as in logs, where a few commands are run again and again: those found
/// to hold none are remembered, a few hundred at most, and not looked at again.
#[derive(Default)]
pub(crate) struct Redactor {
    hasher: DefaultHashBuilder,
    /// Texts without a secret, each at the place that its hash names.
    clean: Vec<String>,
}

impl Redactor {
    /// How many texts are remembered.
    const REMEMBERED: usize = 256;
    /// A longer text is not: it will hardly come again.
    const LONGEST: usize = 512;

    /// What [`redact`] gives.
    pub(crate) fn redact<'t>(&mut self, text: &'t str) -> (Cow<'t, str>, u64) {
        if text.len() > Self::LONGEST {
            return redact(text);
        }
        self.clean.resize(Self::REMEMBERED, String::new());
        let place = self.hasher.hash_one(text) as usize % Self::REMEMBERED;
        match self.clean.get_mut(place) {
            Some(known) if known == text => (Cow::Borrowed(text), 0),
            Some(known) => {
                let (shown, secrets) = redact(text);
                if secrets == 0 {
                    text.clone_into(known);
                }
                (shown, secrets)
            }
            None => redact(text),
        }
    }
}

/// Whether a character hides from a reader: controls (but not tab), bidirectional controls, zero-width characters.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    matches!(character,
        '\0'..='\x08' | '\x0a'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// The text with every hidden character written as `\u{202E}`.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let mut odd = u8x16::splat(0);
    by_sixteen(text.as_bytes(), |block| odd |= unprintable(block));
    if !odd.any() || !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            let _ = write!(shown, "\\u{{{:02X}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Bytes as visible text: those that are not UTF-8 are written as `\xNN`.
#[must_use]
pub fn visible_bytes(bytes: &[u8]) -> String {
    visible(&lossless(bytes)).into_owned()
}

/// Bytes as text; those that are not UTF-8 are written as `\xNN`, so that none is lost.
#[must_use]
pub fn lossless(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_comes_again_is_redacted_again() {
        let mut redactor = Redactor::default();
        for round in 0..3 {
            for number in 0..2_000 {
                for text in [format!("ls -l /srv/{number}"), format!("mysql --password p{number}"), "x".repeat(number)] {
                    assert_eq!(redactor.redact(&text), redact(&text), "{round}");
                }
            }
        }
        assert!(redactor.clean.len() <= Redactor::REMEMBERED);
    }

    #[test]
    fn secrets_go_and_the_rest_stays() {
        for (text, expected) in [
            ("curl --token=ghp_0123456789012345678901 -s", "curl --token=[redacted] -s"),
            ("mysql --password hunter2 -e x", "mysql --password [redacted] -e x"),
            ("env DB_PASSWORD='a b' run", "env DB_PASSWORD=[redacted] run"),
            ("curl https://ann:pw@example.org/", "curl https://ann:[redacted]@example.org/"),
            (r#"["mysql","--password","hunter2"]"#, r#"["mysql","--password","[redacted]"]"#),
            (r#"{"password": "hunter2", "a": 1}"#, r#"{"password": "[redacted]", "a": 1}"#),
            ("usermod -p $6$saltsalt$9vBw0Lq1hJk3 ann", "usermod -p [redacted] ann"),
            ("echo $1 $HOME $$", "echo $1 $HOME $$"),
            ("cat /etc/passwd /etc/shadow", "cat /etc/passwd /etc/shadow"),
            ("vim /etc/token.conf", "vim /etc/token.conf"),
            ("permitrootlogin prohibit-password by default", "permitrootlogin prohibit-password by default"),
        ] {
            assert_eq!(redact(text).0, expected);
        }
    }

    #[test]
    fn hidden_characters_and_stray_bytes_show() {
        assert_eq!(visible("a\u{202e}b\x1b[0m"), "a\\u{202E}b\\u{1B}[0m");
        assert_eq!(visible_bytes(b"x\xffy"), "x\\xffy");
    }
}
