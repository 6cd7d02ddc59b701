//! The scans in a file of XCCDF results, read as a stream of XML: their subject, their times and the result of each rule.
//!
//! Source: the XCCDF 1.2 specification (NISTIR 7275, section 6.6), which gives the order target, facts, results. A DOCTYPE is
//! refused, and entities other than the five of XML stay as they are written.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::lazy::first_line;
use super::login_rules::speaks_of_login;

/// One `rule-result`.
pub(super) struct RuleResult {
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) stamp: Option<String>,
    /// `pass`, `fail`, `notapplicable` …; empty where it is missing.
    pub(super) result: String,
}

/// One `TestResult`.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) line: u64,
    /// When it ended, else when it began, as it is written.
    pub(super) stamp: Option<String>,
    pub(super) target: Option<String>,
    /// What was scanned, where that was no running host: `podman-image://…`, `chroot:///…`.
    pub(super) identifier: Option<String>,
    /// Whether benchmark or platform name Debian or Ubuntu.
    pub(super) debian: bool,
    pub(super) results: Vec<RuleResult>,
}

/// What comes next in the file.
pub(super) enum Next {
    /// A scan that is whole.
    Scan(Scan),
    /// The file ends or is damaged at the line, for the reason; what was read of a scan until then.
    Torn(u64, String, Option<Scan>),
    /// A DOCTYPE at the line.
    Doctype(u64),
    /// Nothing.
    End,
}

/// The element whose text is being gathered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    RuleTitle,
    Target,
    Identifier,
    Result,
}

/// Reads the scans one after another.
pub(super) struct Scanner<'t> {
    text: &'t str,
    xml: Reader<&'t [u8]>,
    /// Up to where lines were counted, and how many.
    counted: (usize, u64),
    /// Elements that are open.
    depth: u64,
    scan: Option<Scan>,
    /// The `Rule` that is open, for its title.
    rule: Option<String>,
    /// Rules whose title speaks of logging in, although their id does not.
    pub(super) about_login: BTreeSet<String>,
    inside: Inside,
    gathered: String,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            xml: Reader::from_str(text),
            counted: (0, 1),
            depth: 0,
            scan: None,
            rule: None,
            about_login: BTreeSet::new(),
            inside: Inside::Nothing,
            gathered: String::new(),
        }
    }

    pub(super) fn next(&mut self) -> Next {
        loop {
            let line = self.line();
            let event = match self.xml.read_event() {
                Ok(event) => event,
                Err(error) => return self.torn(&first_line(&error.to_string())),
            };
            let inside = self.inside != Inside::Nothing;
            let done = match event {
                Event::Start(tag) => {
                    self.depth += 1;
                    self.open(&tag, line);
                    None
                }
                Event::Empty(tag) => {
                    self.open(&tag, line);
                    self.close(tag.local_name().as_ref())
                }
                Event::End(tag) => {
                    self.depth = self.depth.saturating_sub(1);
                    self.close(tag.local_name().as_ref())
                }
                Event::Text(text) if inside => self.gather(&text.xml10_content()),
                Event::CData(text) if inside => self.gather(&text.xml10_content()),
                Event::GeneralRef(name) if inside => self.gather(&resolved(&name)),
                Event::DocType(_) => return Next::Doctype(line),
                Event::Eof if self.depth > 0 => return self.torn("the file ends inside an element"),
                Event::Eof => return Next::End,
                _ => None,
            };
            if let Some(scan) = done {
                return Next::Scan(scan);
            }
        }
    }

    fn gather(&mut self, text: &str) -> Option<Scan> {
        self.gathered.push_str(text);
        None
    }

    /// The line that the reader stands on.
    fn line(&mut self) -> u64 {
        let at = usize::try_from(self.xml.buffer_position()).unwrap_or(usize::MAX);
        let passed = self.text.as_bytes().get(self.counted.0..at).unwrap_or_default();
        self.counted = (at.max(self.counted.0), self.counted.1 + memchr::memchr_iter(b'\n', passed).count() as u64);
        self.counted.1
    }

    fn open(&mut self, tag: &BytesStart<'_>, line: u64) {
        let name = tag.local_name();
        let within = self.scan.is_some();
        self.inside = match name.as_ref() {
            "TestResult" => {
                let stamp = attribute(tag, "end-time").or_else(|| attribute(tag, "start-time"));
                self.scan = Some(Scan { line, stamp, ..Scan::default() });
                Inside::Nothing
            }
            "Rule" => {
                self.rule = attribute(tag, "id");
                Inside::Nothing
            }
            "title" if self.rule.is_some() && !within => Inside::RuleTitle,
            "target" if within => Inside::Target,
            "fact" if within && attribute(tag, "name").as_deref() == Some("urn:xccdf:fact:identifier") => Inside::Identifier,
            "result" if within => Inside::Result,
            "benchmark" | "platform" => {
                let named =
                    ["id", "href", "idref"].iter().filter_map(|key| attribute(tag, key)).collect::<String>().to_lowercase();
                if let Some(scan) = &mut self.scan {
                    scan.debian |= named.contains("debian") || named.contains("ubuntu");
                }
                Inside::Nothing
            }
            "rule-result" => {
                if let Some(scan) = &mut self.scan {
                    let id = attribute(tag, "idref").unwrap_or_default();
                    scan.results.push(RuleResult { line, id, stamp: attribute(tag, "time"), result: String::new() });
                }
                Inside::Nothing
            }
            // An element inside the one that is gathered, such as <sub> in a title.
            _ => self.inside,
        };
        if matches!(name.as_ref(), "title" | "target" | "fact" | "result") {
            self.gathered.clear();
        }
    }

    /// Ends an element; gives the scan that ends with it.
    fn close(&mut self, name: &str) -> Option<Scan> {
        let text = self.gathered.trim();
        match (name, self.inside) {
            ("title", Inside::RuleTitle) => {
                if speaks_of_login(text) {
                    self.about_login.extend(self.rule.clone());
                }
            }
            ("target", Inside::Target) => {
                if let Some(scan) = self.scan.as_mut().filter(|scan| scan.target.is_none()) {
                    scan.target = Some(text.to_owned());
                }
            }
            ("fact", Inside::Identifier) => {
                if let Some(scan) = &mut self.scan {
                    scan.identifier = Some(text.to_owned());
                }
            }
            ("result", Inside::Result) => {
                if let Some(last) = self.scan.as_mut().and_then(|scan| scan.results.last_mut()) {
                    text.clone_into(&mut last.result);
                }
            }
            ("Rule", _) => self.rule = None,
            ("TestResult", _) => {
                self.inside = Inside::Nothing;
                return self.scan.take();
            }
            _ => return None,
        }
        self.inside = Inside::Nothing;
        None
    }

    /// What was read of a scan stands, but for its last result, which may be cut in the middle.
    fn torn(&mut self, why: &str) -> Next {
        let line = self.line();
        let mut scan = self.scan.take();
        if let Some(scan) = &mut scan {
            scan.results.pop();
        }
        Next::Torn(line, format!("torn or damaged XML ({why})"), scan)
    }
}

/// The character that a reference stands for, or the reference as it is written.
fn resolved(reference: &BytesRef<'_>) -> String {
    let name = reference.xml10_content();
    match (reference.resolve_char_ref(), quick_xml::escape::resolve_predefined_entity(&name)) {
        (Ok(Some(character)), _) => character.to_string(),
        (_, Some(entity)) => entity.to_owned(),
        _ => format!("&{name};"),
    }
}

/// The value of an attribute, whatever its prefix.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
}
