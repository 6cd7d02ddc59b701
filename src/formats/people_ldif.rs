//! A directory exported as LDIF: `ldapsearch`, `slapcat`, `ldifde`, `ldbsearch`.
//!
//! Source: RFC 2849. Entries begin with `dn` and end at a blank line; a line that begins with a blank continues the one
//! before, `::` stands before base64, `:<` before an address that is never opened. The person is named by `uid`, else
//! `sAMAccountName`, else `userPrincipalName`; the names of the same entry are aliases. Nothing else of an entry is kept.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::people_directory::{NOT_SHOWN, Names, mail_of_proxy};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{PEOPLE, Table};
use crate::redact::lossless;

/// Entries of a directory.
pub(super) struct Ldif;

/// Classes of entries that are no person.
const NO_PERSON: [&str; 7] =
    ["group", "posixgroup", "groupofnames", "groupofuniquenames", "computer", "organizationalunit", "domain"];

impl Format for Ldif {
    fn name(&self) -> &'static str {
        "people-ldif"
    }

    fn about(&self) -> &'static str {
        "people and their names from a directory, as LDIF (ldapsearch, slapcat, ldifde)"
    }

    fn recognised_by(&self) -> &'static str {
        "entries that begin with dn:, and names of accounts or addresses among their attributes"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PEOPLE] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = lossless(head.bytes);
        let mut lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let first = lines.find(|line| attribute(line).is_none_or(|(name, _)| name != "version"))?;
        let begins = attribute(first).is_some_and(|(name, _)| name == "dn");
        let known = |line: &str| attribute(line).is_some_and(|(name, _)| WANTED.contains(&name.as_str()));
        (begins && lines.any(known)).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        super::inventory::may_be_cut(segment, sink);
        let text = lossless(segment.bytes);
        for entry in entries(text.trim_start_matches('\u{feff}')) {
            read_entry(&entry, sink);
        }
    }
}

/// Attributes that name somebody.
const WANTED: [&str; 7] = ["uid", "samaccountname", "userprincipalname", "mail", "cn", "displayname", "proxyaddresses"];

/// An entry: unfolded lines, and the line that it begins at.
struct Entry {
    line: u64,
    lines: Vec<String>,
}

/// The entries of a file: comments are left out, folded lines put together.
fn entries(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut open, mut comment) = (false, false);
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(more) = line.strip_prefix(' ') {
            match entries.last_mut().and_then(|entry| entry.lines.last_mut()) {
                _ if comment => {}
                Some(last) if open => last.push_str(more),
                // A line that continues nothing is damage, and an entry of its own.
                _ => {
                    open = true;
                    entries.push(Entry { line: number, lines: vec![line.to_owned()] });
                }
            }
            continue;
        }
        comment = line.starts_with('#');
        if comment {
            continue;
        }
        match line {
            "" => open = false,
            _ if open => {
                if let Some(entry) = entries.last_mut() {
                    entry.lines.push(line.to_owned());
                }
            }
            _ => {
                open = true;
                entries.push(Entry { line: number, lines: vec![line.to_owned()] });
            }
        }
    }
    entries
}

/// Name of the attribute, lower-cased and without options (`cn;lang-de`), and the rest of the line from the colon on.
fn attribute(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.split(';').next().unwrap_or(name);
    let sound = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) && !name.is_empty();
    sound.then(|| (name.to_ascii_lowercase(), value))
}

fn read_entry(entry: &Entry, sink: &mut Sink<'_>) {
    let mut attributes = Vec::new();
    for line in &entry.lines {
        match attribute(line) {
            Some((name, value)) => attributes.push((name, value)),
            None => return sink.record(entry.line).reject("a line of the entry is no attribute", NOT_SHOWN),
        }
    }
    let has = |wanted: &str| attributes.iter().filter(|(name, _)| name == wanted).count();
    if attributes.iter().all(|(name, _)| matches!(name.as_str(), "version")) {
        return sink.record(entry.line).skip("the version of the format");
    }
    match has("dn") {
        0 if has("search") + has("result") + has("ref") > 0 => return ending(entry, &attributes, sink),
        1 => {}
        0 => return sink.record(entry.line).reject("an entry without dn", NOT_SHOWN),
        _ => return sink.record(entry.line).reject("two entries without a blank line between them", NOT_SHOWN),
    }
    if has("changetype") > 0 {
        return sink.record(entry.line).skip("a change of an entry, not an entry");
    }
    let mut names = Names::default();
    let (mut uids, mut windows, mut principals, mut classes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (name, value) in &attributes {
        if !WANTED.contains(&name.as_str()) && name != "objectclass" {
            continue;
        }
        let value = match value_of(value) {
            Ok(Some(value)) => value,
            Ok(None) => {
                sink.limit("not-followed", Some(entry.line), "an attribute stands in another file, which was not opened");
                continue;
            }
            Err(reason) => return sink.record(entry.line).reject(&format!("{name}: {reason}"), NOT_SHOWN),
        };
        match name.as_str() {
            "uid" => uids.push(value),
            "samaccountname" => windows.push(value),
            "userprincipalname" => principals.push(value),
            "objectclass" => classes.push(value.trim().to_lowercase()),
            "proxyaddresses" => names.others.extend(mail_of_proxy(&value).map(str::to_owned)),
            _ => names.others.push(value),
        }
    }
    if classes.iter().any(|class| NO_PERSON.contains(&class.as_str())) {
        return sink.record(entry.line).skip("an entry that is no person");
    }
    names.accounts = uids.into_iter().chain(windows).chain(principals).collect();
    names.give(sink.record(entry.line), entry.line);
}

/// What `ldapsearch` writes behind the entries: a result other than success means that some are missing.
fn ending(entry: &Entry, attributes: &[(String, &str)], sink: &mut Sink<'_>) {
    let result = attributes.iter().find(|(name, _)| name == "result").map(|(_, value)| value.trim());
    if result.is_some_and(|result| result != "0" && !result.starts_with("0 ")) {
        let text = "the search did not end with success, so that entries may be missing";
        sink.limit("partial-list", Some(entry.line), text);
    }
    sink.record(entry.line).skip("what the tool says of its search");
}

/// The value behind the first colon of a line; nothing where it is the address of a file.
fn value_of(written: &str) -> Result<Option<String>, &'static str> {
    if written.starts_with('<') {
        return Ok(None);
    }
    let Some(encoded) = written.strip_prefix(':') else { return Ok(Some(written.trim().to_owned())) };
    let bytes = BASE64_STANDARD.decode(encoded.trim()).map_err(|_| "no base64: torn, or damaged")?;
    Ok(Some(lossless(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_lines_are_put_together_and_comments_left_out() {
        let found = entries("version: 1\n\n# a\n folded comment\ndn: uid=a,\n dc=x\nuid: a\r\n\n\n b\n");
        let lines: Vec<(u64, Vec<&str>)> =
            found.iter().map(|entry| (entry.line, entry.lines.iter().map(String::as_str).collect())).collect();
        assert_eq!(lines, [(1, vec!["version: 1"]), (5, vec!["dn: uid=a,dc=x", "uid: a"]), (10, vec![" b"])]);
    }

    #[test]
    fn values_are_plain_or_base64_and_files_are_not_opened() {
        assert_eq!(value_of(": QW5uYQ=="), Ok(Some("Anna".to_owned())));
        assert_eq!(value_of(" Anna: x"), Ok(Some("Anna: x".to_owned())));
        assert_eq!(value_of("< file:///etc/passwd"), Ok(None));
        assert!(value_of(": QW5uY").is_err());
    }
}
