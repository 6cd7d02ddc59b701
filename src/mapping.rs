//! Mapping files: how a team teaches Steadfast a format of its own, without Rust.
//!
//! One TOML file says how a file is recognised, where its records are, and which field of a record feeds which column of
//! which fact table. `steadfast.toml` names the mapping files (`mappings = ["mappings/jump-host.toml"]`).
//!
//! ```toml
//! format_version = 1
//! name = "jump-host"
//! about = "sessions of the jump host"
//! [recognise]                       # all that is given must hold
//! contains = ["\"jump_event\""]     # texts within the first 64 KiB
//! path = "jump/*.jsonl"             # as in [[bind]]
//! [records]
//! layout = "json-lines"             # json-array, json-document (with list), csv (with delimiter), lines (with pattern)
//! [[fact]]
//! table = "sessions"
//! when = { field = "/jump_event", is = ["open"] }
//! [fact.columns]
//! occurred_at = { field = "/at", time = "rfc3339" }   # or epoch-s, epoch-ms, or a pattern such as "%d/%m/%Y %H:%M:%S"
//! host = { field = "/target", make = "host" }
//! actor = { field = "/person/login" }
//! method = { text = "jump host" }
//! outcome = { field = "/ok", map = { true = "accepted", false = "rejected" } }
//! ```
//! A field is a JSON pointer (RFC 6901), the name of a CSV column, or the name of a group of the pattern.

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;

use crate::config::bind_pattern;
use crate::diag::Diagnostic;
use crate::facts::{Column, Kind, TABLES, Table, words};
use crate::formats::FORMATS;

/// A mapping, checked.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Name of the format that it defines.
    pub name: String,
    /// Texts that the first 64 KiB must hold.
    pub contains: Vec<String>,
    /// What the path must look like.
    pub path: Option<Regex>,
    /// Where the records are.
    pub layout: Layout,
    /// Lines that are no records.
    pub skip: Option<Regex>,
    /// What records give.
    pub facts: Vec<FactRule>,
}

/// Where the records of a file are.
#[derive(Clone, Debug)]
pub enum Layout {
    /// One JSON object a line.
    JsonLines,
    /// A JSON array of objects.
    JsonArray,
    /// One JSON document whose list stands at a pointer.
    JsonDocument(String),
    /// A table with a header line.
    Csv(u8),
    /// Lines that match a pattern with named groups.
    Lines(Regex),
}

/// One fact that a record may give.
#[derive(Clone, Debug)]
pub struct FactRule {
    /// The table it goes to.
    pub table: &'static Table,
    /// The field that decides whether the record gives it, and the texts with which it does.
    pub when: Option<(String, Vec<String>)>,
    /// A rule for each column of the table, in its order; columns without one stay empty.
    pub columns: Vec<Option<ColumnRule>>,
}

/// How a column is filled.
#[derive(Clone, Debug)]
pub struct ColumnRule {
    /// Where the text comes from.
    pub from: Origin,
    /// What a text stands for; other texts are rejected where there is a map.
    pub map: BTreeMap<String, String>,
    /// What is made of it.
    pub make: Make,
}

/// Where the text of a column comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A field of the record.
    Field(String),
    /// The mapping itself.
    Text(String),
}

/// What is made of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Make {
    /// What the kind of the column asks for.
    Plain,
    /// A host name in its normal form.
    Host,
    /// The first change number in it.
    Change,
    /// Lower case.
    Lower,
    /// A time, written like this.
    Time(Clock),
}

/// How a time is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clock {
    /// RFC 3339 and its near relatives.
    Rfc3339,
    /// Seconds since 1970, with or without a fraction.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// A pattern of chrono's `strftime`; without an offset it is read in the zone bound to the file.
    Pattern(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format_version: u32,
    name: String,
    #[expect(dead_code, reason = "for readers of the file")]
    about: Option<String>,
    recognise: Recognise,
    records: Records,
    fact: Vec<WrittenFact>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recognise {
    #[serde(default)]
    contains: Vec<String>,
    path: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Records {
    layout: String,
    list: Option<String>,
    delimiter: Option<char>,
    pattern: Option<String>,
    skip: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFact {
    table: String,
    when: Option<When>,
    columns: BTreeMap<String, WrittenColumn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    field: String,
    is: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenColumn {
    field: Option<String>,
    text: Option<String>,
    time: Option<String>,
    make: Option<String>,
    #[serde(default)]
    map: BTreeMap<String, String>,
}

/// Tables that no mapping may feed, because reading itself does.
const OURS: [&str; 3] = ["sources", "rejects", "log_activity"];

impl Mapping {
    /// Reads the text of the mapping file `path`.
    ///
    /// # Errors
    /// A diagnostic with place and remedy for whatever could not work: unknown keys, tables or columns, patterns that are
    /// none, columns that a fact cannot do without.
    pub fn parse(path: &str, text: &str) -> Result<Self, Box<Diagnostic>> {
        let written: Written =
            toml::from_str(text).map_err(|error| Box::new(Diagnostic::toml("mapping-unreadable", path, text, &error)))?;
        let checker = Checker { path, text };
        if written.format_version != 1 {
            return checker.wrong("format_version", "format_version is not known to this version of steadfast: write 1");
        }
        if written.recognise.contains.iter().any(String::is_empty) {
            return checker.wrong("contains", "an empty text stands in every file: name one that only this format has");
        }
        if FORMATS.iter().any(|format| format.name() == written.name) {
            return checker.wrong(&written.name, "a format of Steadfast has this name: choose another");
        }
        if written.recognise.contains.is_empty() && written.recognise.path.is_none() {
            return checker.wrong("[recognise]", "nothing is recognised: give contains, path or both");
        }
        let file_path = match &written.recognise.path {
            None => None,
            Some(pattern) => match bind_pattern(pattern) {
                Some(pattern) => Some(pattern),
                None => {
                    return checker
                        .wrong(pattern, "the path cannot be read: write it as in [[bind]], for example \"jump/*.jsonl\"");
                }
            },
        };
        let layout = checker.layout(&written.records)?;
        let skip = written.records.skip.as_deref().map(|pattern| checker.regex(pattern)).transpose()?;
        if written.fact.is_empty() {
            return checker.wrong("[records]", "the mapping gives no facts: write a [[fact]]");
        }
        let facts = written.fact.iter().map(|fact| checker.fact(fact, &layout)).collect::<Result<_, _>>()?;
        Ok(Self { name: written.name, contains: written.recognise.contains, path: file_path, layout, skip, facts })
    }

    /// Whether a file called `source` that begins with `head` is of this format.
    #[must_use]
    pub fn recognises(&self, source: &str, head: &[u8]) -> bool {
        self.path.as_ref().is_none_or(|path| path.is_match(source))
            && self.contains.iter().all(|text| memchr::memmem::find(head, text.as_bytes()).is_some())
    }
}

/// Checks what was written, and says where it stands.
struct Checker<'a> {
    path: &'a str,
    text: &'a str,
}

impl Checker<'_> {
    fn wrong<T>(&self, at: &str, message: impl Into<String>) -> Result<T, Box<Diagnostic>> {
        let start = self.text.find(at).unwrap_or(0);
        Err(Box::new(Diagnostic::new("mapping", self.path, self.text, start..start + at.len(), message)))
    }

    fn regex(&self, pattern: &str) -> Result<Regex, Box<Diagnostic>> {
        match Regex::new(pattern) {
            Ok(regex) => Ok(regex),
            Err(error) => {
                let why = error.to_string();
                self.wrong(pattern, format!("no regular expression: {}", why.lines().last().unwrap_or_default()))
            }
        }
    }

    fn layout(&self, records: &Records) -> Result<Layout, Box<Diagnostic>> {
        match (records.layout.as_str(), &records.list, &records.pattern) {
            ("json-lines", None, None) => Ok(Layout::JsonLines),
            ("json-array", None, None) => Ok(Layout::JsonArray),
            ("json-document", Some(list), None) => Ok(Layout::JsonDocument(list.clone())),
            ("json-document", None, _) => self.wrong("json-document", "say where the records are: list = \"/a/pointer\""),
            ("csv", None, None) => match u8::try_from(records.delimiter.unwrap_or(',')) {
                Ok(delimiter) => Ok(Layout::Csv(delimiter)),
                Err(_) => self.wrong("delimiter", "a delimiter is one ASCII character"),
            },
            ("lines", None, Some(pattern)) => self.regex(pattern).map(Layout::Lines),
            ("lines", _, None) => self.wrong("\"lines\"", "say what a line looks like: pattern = '''^(?P<name>…)'''"),
            ("json-lines" | "json-array" | "json-document" | "csv" | "lines", ..) => {
                self.wrong("[records]", "list goes with json-document alone, and pattern with lines alone")
            }
            (other, ..) => self.wrong(other, "layout is json-lines, json-array, json-document, csv or lines"),
        }
    }

    fn fact(&self, fact: &WrittenFact, layout: &Layout) -> Result<FactRule, Box<Diagnostic>> {
        let table = TABLES.iter().find(|table| table.name == fact.table && !OURS.contains(&table.name)).copied();
        let Some(table) = table else {
            return self.wrong(&fact.table, "no fact table that a mapping may feed; `steadfast controls schema` lists all");
        };
        for name in fact.columns.keys() {
            if !table.columns.iter().any(|column| column.name == name) {
                let known: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
                return self.wrong(name, format!("{} has no such column; it has {}", table.name, known.join(", ")));
            }
        }
        if let Some(when) = &fact.when {
            self.field(&when.field, layout)?;
        }
        let columns = table.columns.iter().map(|column| match fact.columns.get(column.name) {
            Some(written) => self.column(table, column, written, layout).map(Some),
            None if column.required => {
                self.wrong(&fact.table, format!("{} cannot do without the column {}", table.name, column.name))
            }
            None => Ok(None),
        });
        let when = fact.when.as_ref().map(|when| (when.field.clone(), when.is.clone()));
        Ok(FactRule { table, when, columns: columns.collect::<Result<_, _>>()? })
    }

    fn field(&self, field: &str, layout: &Layout) -> Result<(), Box<Diagnostic>> {
        match layout {
            Layout::JsonLines | Layout::JsonArray | Layout::JsonDocument(_) if !field.starts_with('/') => {
                self.wrong(field, format!("a field of JSON is a pointer: write \"/{field}\""))
            }
            Layout::Lines(pattern) if !pattern.capture_names().flatten().any(|name| name == field) => {
                self.wrong(field, format!("the pattern has no group of that name: write (?P<{field}>…)"))
            }
            _ => Ok(()),
        }
    }

    fn column(
        &self,
        table: &Table,
        column: &Column,
        written: &WrittenColumn,
        layout: &Layout,
    ) -> Result<ColumnRule, Box<Diagnostic>> {
        if let Some(words) = words(table.name, column.name) {
            let unknown = written.text.iter().chain(written.map.values()).find(|word| !words.contains(&word.as_str()));
            if let Some(word) = unknown {
                let message = format!("`{word}` is no word of {}.{}: it is one of {}", table.name, column.name, words.join(", "));
                return self.wrong(&format!("\"{word}\""), message);
            }
        }
        let from = match (&written.field, &written.text) {
            (Some(field), None) => {
                self.field(field, layout)?;
                Origin::Field(field.clone())
            }
            (None, Some(text)) => Origin::Text(text.clone()),
            _ => return self.wrong(column.name, "give either field or text"),
        };
        let make = match (&written.time, written.make.as_deref()) {
            (Some(clock), None) if column.kind == Kind::Time => Make::Time(match clock.as_str() {
                "rfc3339" => Clock::Rfc3339,
                "epoch-s" => Clock::EpochSeconds,
                "epoch-ms" => Clock::EpochMillis,
                pattern if pattern.contains('%') => Clock::Pattern(pattern.to_owned()),
                other => {
                    return self.wrong(other, "time is rfc3339, epoch-s, epoch-ms, or a pattern such as \"%d/%m/%Y %H:%M:%S\"");
                }
            }),
            (None, _) if column.kind == Kind::Time => {
                return self.wrong(column.name, "say how the time is written: time = \"rfc3339\"");
            }
            (Some(_), _) => return self.wrong(column.name, "the column holds no time"),
            (None, None) => Make::Plain,
            (None, Some("host")) => Make::Host,
            (None, Some("change")) => Make::Change,
            (None, Some("lower")) => Make::Lower,
            (None, Some(other)) => return self.wrong(other, "make is host, change or lower"),
        };
        Ok(ColumnRule { from, map: written.map.clone(), make })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
format_version = 1
name = "jump-host"
[recognise]
contains = ["jump_event"]
[records]
layout = "json-lines"
[[fact]]
table = "sessions"
[fact.columns]
occurred_at = { field = "/at", time = "rfc3339" }
host = { field = "/target", make = "host" }
actor = { field = "/who" }
outcome = { text = "accepted" }
"#;

    #[test]
    fn a_sound_mapping_is_read() {
        let mapping = Mapping::parse("m.toml", GOOD).expect("a mapping");
        assert!(mapping.recognises("any", b"{\"jump_event\":1}"));
        assert!(!mapping.recognises("any", b"{}"));
    }

    #[test]
    fn mistakes_name_line_and_remedy() {
        for (from, to, line, message) in [
            ("table = \"sessions\"", "table = \"session\"", 9, "no fact table"),
            ("table = \"sessions\"", "table = \"rejects\"", 9, "no fact table"),
            ("actor = { field = \"/who\" }", "actor = { field = \"who\" }", 13, "write \"/who\""),
            ("actor = { field = \"/who\" }", "", 9, "cannot do without the column actor"),
            ("actor = { field = \"/who\" }", "actor = {}", 13, "either field or text"),
            ("time = \"rfc3339\"", "time = \"iso\"", 11, "time is rfc3339"),
            (", time = \"rfc3339\"", "", 11, "how the time is written"),
            ("layout = \"json-lines\"", "layout = \"yaml\"", 7, "layout is json-lines"),
            ("layout = \"json-lines\"", "layout = \"lines\"\npattern = '('", 8, "no regular expression"),
            ("contains = [\"jump_event\"]", "", 4, "nothing is recognised"),
            ("name = ", "nmae = ", 3, "unknown field"),
            ("outcome = { text = \"accepted\" }", "outcome = { text = \"ok\" }", 14, "is no word of sessions.outcome"),
            ("[\"jump_event\"]", "[\"\"]", 5, "an empty text"),
            ("\"jump-host\"", "\"sudo-json\"", 3, "choose another"),
        ] {
            let error = Mapping::parse("m.toml", &GOOD.replace(from, to)).expect_err(message);
            assert!(error.message.contains(message), "{message}: {}", error.message);
            assert_eq!(error.location.line, line, "{message}");
        }
    }
}
