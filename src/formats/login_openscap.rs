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

use super::host_and_time::{TIME_UNKNOWN, bound_time, host_of, instant_of};
use super::login_rules::{NOT_LOGIN, NOT_SELECTED, Rule, SAYS_NOTHING, rule_name, speaks_of_login, understood};
use super::xccdf_scan::{Next, RuleResult, Scan, Scanner};
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

    fn recognised_by(&self) -> &'static str {
        "XML of an XCCDF Benchmark or TestResult, or of an ARF asset-report-collection"
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
        (begins && (xccdf || arf)).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        match segment.text() {
            Ok(text) => read_scans(text, reading, sink),
            Err(line) => sink.record(line).reject("byte that is not UTF-8", segment.bytes),
        }
    }
}

fn read_scans(text: &str, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut scanner = Scanner::new(text);
    let mut scans = 0_u64;
    loop {
        match scanner.next() {
            Next::Scan(scan) => {
                scans += 1;
                settle(&scan, &scanner.about_login, reading, sink);
            }
            Next::Doctype(line) => {
                return sink.record(line).reject("a DOCTYPE, which results have no use for, is refused", text.as_bytes());
            }
            Next::Torn(line, why, scan) => {
                sink.limit("torn", Some(line), "the results are cut or damaged; rules that are not shown are unknown");
                sink.record(line).reject(&why, text.as_bytes());
                // A scan of which nothing is left is counted by that reject.
                if let Some(scan) = scan.filter(|scan| !scan.results.is_empty()) {
                    settle(&scan, &scanner.about_login, reading, sink);
                }
                return;
            }
            Next::End if scans == 0 => return sink.record(1).skip("a checklist without results"),
            Next::End => return,
        }
    }
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
    // Rules hold for want of what they look for: Debian and Ubuntu have a unit `ssh` and no package `openssh`.
    let elsewhere = matches!(name, "service_sshd_disabled" | "package_openssh_removed" | "package_openssh_installed");
    let blind = scan.debian && elsewhere && matches!(state, "disabled" | "absent");
    let state = if blind { "unknown" } else { state };
    let why = if blind { "; it looks for names that Debian and Ubuntu do not use" } else { "" };
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
