//! Results of OpenSCAP and other XCCDF scanners: `TestResult` alone, inside its `Benchmark`, or inside an ARF collection.
//! Rules that say whether a way to log in is open (`login_rules`) become facts at the time of the scan; where a file holds
//! several scans, each speaks for its own time.
//!
//! Source: the XCCDF 1.2 and 1.1 specifications (NISTIR 7275, section 6.6: `TestResult`, `target`, `target-facts`, results)
//! and OpenSCAP's `src/XCCDF/result.c`: the target is a host name or `unknown`; scans of images and mounted file systems say
//! what they scanned in the fact `urn:xccdf:fact:identifier` and may carry any host name. oscap ends well where every rule
//! is `notapplicable`, which is no evidence and a limit here.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::host_and_time::{TIME_UNKNOWN, bound_time, host_of, instant_of};
use super::lazy::first_line;
use super::login_rules::{NOT_LOGIN, NOT_SELECTED, Rule, SAYS_NOTHING, rule_name, speaks_of_login, understood};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, LoginPath, Micros, Table};

/// XCCDF results.
pub(super) struct OpenScapXccdf;

impl Format for OpenScapXccdf {
    fn name(&self) -> &'static str {
        "openscap-xccdf"
    }

    fn about(&self) -> &'static str {
        "XCCDF results (OpenSCAP and others): TestResult, Benchmark with results, or ARF"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let begins = head.first_byte() == Some(b'<') || text.starts_with('\u{feff}');
        let root = |name: &str| text.contains(&format!("<{name}")) || text.contains(&format!(":{name} "));
        let xccdf = text.contains("http://checklists.nist.gov/xccdf/1.") && (root("Benchmark") || root("TestResult"));
        let arf = text.contains("http://scap.nist.gov/schema/asset-reporting-format/") && root("asset-report-collection");
        (begins && (xccdf || arf)).then_some(Recognition {
            because: "XML of an XCCDF Benchmark or TestResult, or of an ARF asset-report-collection",
            framing: Framing::Whole,
        })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        match segment.text() {
            Ok(text) => Scanner::new(text).read(reading, sink),
            Err(line) => sink.record(line).reject("byte that is not UTF-8", segment.bytes),
        }
    }
}

/// One `rule-result`.
struct RuleResult {
    line: u64,
    id: String,
    stamp: Option<String>,
    result: String,
}

/// One `TestResult`.
#[derive(Default)]
struct Scan {
    line: u64,
    stamp: Option<String>,
    target: Option<String>,
    /// What was scanned, where that was no running host: `podman-image://…`, `chroot:///…`.
    identifier: Option<String>,
    debian: bool,
    results: Vec<RuleResult>,
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

struct Scanner<'t> {
    text: &'t str,
    xml: Reader<&'t [u8]>,
    /// Up to where lines were counted, and how many.
    counted: (usize, u64),
    scans: u64,
    scan: Option<Scan>,
    /// The `Rule` that is open, for its title.
    rule: Option<String>,
    /// Rules whose title speaks of logging in, although their id does not.
    about_login: BTreeSet<String>,
    inside: Inside,
    gathered: String,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            xml: Reader::from_str(text),
            counted: (0, 1),
            scans: 0,
            scan: None,
            rule: None,
            about_login: BTreeSet::new(),
            inside: Inside::Nothing,
            gathered: String::new(),
        }
    }

    fn read(mut self, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        loop {
            let line = self.line();
            let event = match self.xml.read_event() {
                Ok(event) => event,
                Err(error) => return self.torn(&first_line(&error.to_string()), reading, sink),
            };
            match event {
                Event::Start(tag) => self.open(&tag, line),
                Event::Empty(tag) => {
                    self.open(&tag, line);
                    self.close(tag.local_name().as_ref(), reading, sink);
                }
                Event::End(tag) => self.close(tag.local_name().as_ref(), reading, sink),
                Event::Text(text) if self.inside != Inside::Nothing => self.gathered.push_str(&text.xml10_content()),
                Event::CData(text) if self.inside != Inside::Nothing => self.gathered.push_str(&text.xml10_content()),
                Event::GeneralRef(name) if self.inside != Inside::Nothing => {
                    let character = name.resolve_char_ref().ok().flatten();
                    let entity = quick_xml::escape::resolve_predefined_entity(&name.xml10_content());
                    self.gathered.extend(character);
                    self.gathered.push_str(entity.filter(|_| character.is_none()).unwrap_or_default());
                }
                Event::DocType(_) => {
                    return sink
                        .record(line)
                        .reject("a DOCTYPE, which results have no use for, is refused", self.text.as_bytes());
                }
                Event::Eof if self.scan.is_some() => return self.torn("the file ends inside a TestResult", reading, sink),
                Event::Eof if self.scans == 0 => return sink.record(1).skip("a checklist without results"),
                Event::Eof => return,
                _ => {}
            }
        }
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

    fn close(&mut self, name: &str, reading: &Reading<'_>, sink: &mut Sink<'_>) {
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
                if let Some(scan) = self.scan.take() {
                    self.scans += 1;
                    settle(&scan, &self.about_login, reading, sink);
                }
            }
            _ => return,
        }
        self.inside = Inside::Nothing;
    }

    /// The file is cut or damaged: what was read of a scan stands, and what is missing is said.
    fn torn(mut self, why: &str, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let line = self.line();
        let from = self.counted.0.saturating_sub(200);
        let excerpt = self.text.as_bytes().get(from..self.counted.0.min(self.text.len())).unwrap_or_default();
        sink.record(line).reject(&format!("torn or damaged XML ({why})"), excerpt);
        sink.limit("torn", Some(line), "the results are cut or damaged; rules that are not shown are unknown");
        if let Some(mut scan) = self.scan.take() {
            // The last one may be cut in the middle of its result.
            scan.results.pop();
            settle(&scan, &self.about_login, reading, sink);
        }
    }
}

/// The value of an attribute, whatever its prefix.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
}

/// What was scanned: kind and name.
fn subject<'n>(scan: &'n Scan, reading: &'n Reading<'_>, sink: &mut Sink<'_>) -> Option<(&'static str, Cow<'n, str>)> {
    match scan.identifier.as_deref() {
        None => host_of(scan.target.as_deref(), reading, sink).map(|host| ("host", host)),
        Some(scanned) => match scanned.split_once("-image://") {
            // `podman-image://ID [tags]`
            Some((_, image)) => image.split_ascii_whitespace().next().map(|image| ("image", Cow::Borrowed(image))),
            // A container or a mounted file system is the host that the path says it is; its own host name may be anyone's.
            None => host_of(None, reading, sink).map(|host| ("host", host)),
        },
    }
}

/// Gives every rule of a scan its outcome.
fn settle(scan: &Scan, about_login: &BTreeSet<String>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    if scan.results.is_empty() {
        sink.record(scan.line).skip("a scan without results");
    }
    let evaluated = scan.results.iter().any(|rule| matches!(rule.result.as_str(), "pass" | "fail" | "fixed"));
    if !evaluated {
        let text =
            "a scan evaluated no rule at all (wrong content for the system, or nothing selected): it is no evidence of anything";
        sink.limit("nothing-evaluated", Some(scan.line), text);
    }
    let end = scan.stamp.as_deref().and_then(|stamp| instant_of(stamp, scan.line, reading, sink));
    if let Some(end) = end {
        sink.taken_at(end);
    }
    for result in &scan.results {
        let name = rule_name(&result.id);
        let found = match (result.result.as_str(), name.and_then(understood)) {
            ("", _) => Err("a rule-result without result"),
            ("notselected", _) => Ok(Err(NOT_SELECTED)),
            (result, Some(rule)) => Ok(state(rule, result).ok_or(SAYS_NOTHING).map(|state| (rule, state))),
            (_, None) if speaks_of_login(name.unwrap_or(&result.id)) || about_login.contains(&result.id) => Ok(Err(SAYS_NOTHING)),
            (_, None) => Ok(Err(NOT_LOGIN)),
        };
        match found {
            Err(reason) => sink.record(result.line).reject(reason, result.id.as_bytes()),
            Ok(Err(reason)) => sink.record(result.line).skip(reason),
            Ok(Ok((rule, state))) => give(result, rule, state, (scan, end), reading, sink),
        }
    }
}

/// The state that a result says; nothing where it does not tell.
fn state(rule: &Rule, result: &str) -> Option<&'static str> {
    match result {
        "pass" | "fixed" => rule.holds,
        "fail" => rule.broken,
        "informational" => None,
        // notapplicable, notchecked, error, unknown and whatever else a scanner makes up
        _ => Some("unknown"),
    }
}

fn give(
    result: &RuleResult,
    rule: &Rule,
    state: &'static str,
    (scan, end): (&Scan, Option<Micros>),
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
) {
    let own = result.stamp.as_deref().and_then(|stamp| instant_of(stamp, result.line, reading, sink));
    let Some(observed_at) = own.or(end).or_else(|| bound_time(reading, sink)) else {
        return sink.record(result.line).reject(TIME_UNKNOWN, result.id.as_bytes());
    };
    let Some((subject_kind, subject)) = subject(scan, reading, sink) else {
        return sink.record(result.line).reject(HOST_UNKNOWN, result.id.as_bytes());
    };
    let name = rule_name(&result.id).unwrap_or(&result.id);
    // The rule looks at units named sshd; those of Debian and Ubuntu are named ssh, so that it may hold for want of a unit.
    let blind = scan.debian && name == "service_sshd_disabled" && state == "disabled";
    let state = if blind { "unknown" } else { state };
    let why = if blind { "; it looks for units named sshd, and here they are named ssh" } else { "" };
    let detail = format!("XCCDF rule {name}: {}{why}", result.result);
    sink.record(result.line).fact(LoginPath {
        subject_kind,
        subject: &subject,
        login_path: rule.login_path,
        state,
        detail: Some(&detail),
        observed_at: Some(observed_at),
    });
}
