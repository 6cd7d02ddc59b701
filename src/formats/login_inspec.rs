//! Results of InSpec and of what speaks its language (cinc-auditor, Heimdall's HDF, Chef Automate's envelope): profiles with
//! controls and their results, or the flat list of the json-min reporter. What a test looked at is read from its sentence
//! (`code_desc`), because ids are free: `sshd-27` is whatever its profile makes of it.
//!
//! Source: InSpec's `lib/inspec/reporters/json.rb`, `lib/inspec/schema/exec_json.rb` and `exec_json_min.rb`, the `to_s` of
//! its resources (`sshd_config`, `service`, `package`, `port`), the controls of dev-sec's ssh-baseline, and the HDF rules
//! that a control of impact 0 does not apply and that layers of a profile repeat controls (`parent_profile`). Nothing says
//! when the whole ran; every result has its own time.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::host_and_time::{TIME_UNKNOWN, bound_time, host_of, instant_of};
use super::inspec_sentences::sentence;
use super::json_stream::{each_report, has_keys, nth_record};
use super::lazy::{Json, Members};
use super::login_rules::{Finding, NOT_LOGIN, SAYS_NOTHING, speaks_of_login};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, LoginPath, Table};

/// InSpec results.
pub(super) struct InSpec;

impl Format for InSpec {
    fn name(&self) -> &'static str {
        "inspec"
    }

    fn about(&self) -> &'static str {
        "InSpec results: json, json-min, HDF, or in Chef Automate's envelope"
    }

    fn recognised_by(&self) -> &'static str {
        "an object with profiles and their controls, or controls with profile_sha256 and code_desc"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let profiles = ["sha256", "supports", "attributes"].iter().any(|key| has_keys(head, &["profiles", "controls", key]));
        let flat = has_keys(head, &["controls", "profile_sha256", "code_desc"]);
        (profiles || flat).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        nth_record(document, number, |report| controls(report).into_iter().map(|control| control.raw).collect())
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_report(segment, sink, |number, report, sink| read_report(number, report, reading, sink));
    }
}

/// One control, or one entry of the flat list.
#[derive(Default)]
struct Control {
    raw: String,
    /// It is no object, so that nothing else is known of it.
    damaged: bool,
    id: String,
    title: String,
    /// The profile at the top of its layers.
    profile: String,
    results: Vec<TestResult>,
    /// Why its results do not say what is so.
    set_aside: Option<&'static str>,
}

/// One test of a control.
struct TestResult {
    status: String,
    sentence: String,
    stamp: Option<String>,
    /// It broke off before it saw anything.
    broke_off: bool,
}

/// The controls of a report, in their order.
fn controls(report: &Members<'_>) -> Vec<Control> {
    let mut found = Vec::new();
    for entry in report.get("controls").map(|list| list.elements()).unwrap_or_default() {
        let Some(members) = entry.members() else {
            found.push(damaged(&entry));
            continue;
        };
        let profile = members.text("profile_id").unwrap_or_default().into_owned();
        found.push(Control { results: vec![test_result(&members)], ..control(&entry, &members, profile) });
    }
    let profiles = report.get("profiles").map(|list| list.elements()).unwrap_or_default();
    found.extend(profiles.iter().filter(|profile| profile.members().is_none()).map(damaged));
    let profiles: Vec<Members<'_>> = profiles.iter().filter_map(|profile| profile.members()).collect();
    let parents: BTreeMap<String, String> = profiles
        .iter()
        .filter_map(|profile| Some((profile.text("name")?.into_owned(), profile.filled("parent_profile")?.into_owned())))
        .collect();
    for profile in &profiles {
        let name = top(profile.text("name").unwrap_or_default().into_owned(), &parents);
        for entry in profile.get("controls").map(|list| list.elements()).unwrap_or_default() {
            let Some(members) = entry.members() else {
                found.push(damaged(&entry));
                continue;
            };
            let results = members.get("results").map(|list| list.elements()).unwrap_or_default();
            let results = results.iter().filter_map(|result| result.members()).map(|result| test_result(&result)).collect();
            found.push(Control { results, ..control(&entry, &members, name.clone()) });
        }
    }
    found
}

fn damaged(entry: &Json<'_>) -> Control {
    Control { raw: entry.raw().to_owned(), damaged: true, ..Control::default() }
}

/// The profile at the top of the layers that `name` is in.
fn top(mut name: String, parents: &BTreeMap<String, String>) -> String {
    // No chain is longer than there are profiles; a ring ends here too.
    for _ in 0..parents.len() {
        match parents.get(&name) {
            Some(parent) => name.clone_from(parent),
            None => break,
        }
    }
    name
}

fn control(entry: &Json<'_>, members: &Members<'_>, profile: String) -> Control {
    let impact: Option<f64> = members.text("impact").and_then(|impact| impact.trim().parse().ok());
    let waiver = members.get("waiver_data").and_then(|waiver| waiver.members());
    let waived = waiver.and_then(|waiver| waiver.get("skipped_due_to_waiver")?.flag()) == Some(true);
    let set_aside = match members.text("status").as_deref() {
        _ if waived => Some("waived and not run"),
        _ if impact == Some(0.0) => Some("of impact 0, which stands for not applicable"),
        Some("not_applicable") => Some("not applicable"),
        Some("not_reviewed") => Some("not reviewed"),
        Some("error") => Some("ended in an error"),
        _ => None,
    };
    Control {
        raw: entry.raw().to_owned(),
        id: members.text("id").unwrap_or_default().into_owned(),
        title: members.text("title").unwrap_or_default().into_owned(),
        profile,
        set_aside,
        ..Control::default()
    }
}

fn test_result(members: &Members<'_>) -> TestResult {
    TestResult {
        status: members.text("status").unwrap_or_default().into_owned(),
        sentence: members.text("code_desc").unwrap_or_default().into_owned(),
        stamp: members.filled("start_time").map(Cow::into_owned),
        broke_off: members.filled("exception").is_some()
            || members.get("backtrace").is_some_and(|trace| !trace.elements().is_empty()),
    }
}

fn read_report(number: &mut u64, report: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let controls = controls(report);
    if controls.is_empty() {
        *number += 1;
        return sink.record(*number).skip("a report without controls");
    }
    if !controls.iter().any(|control| control.results.iter().any(|result| matches!(result.status.as_str(), "passed" | "failed")))
    {
        let text = "no control of the report ran a test to its end: it is no evidence of anything";
        sink.limit("nothing-evaluated", Some(*number + 1), text);
    }
    // Layers of a profile repeat a control: the one that holds results counts.
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let flat = report.get("profiles").is_none();
    for (index, control) in controls.iter().enumerate() {
        let chosen = counts.entry((&control.profile, &control.id)).or_insert(index);
        if controls.get(*chosen).is_some_and(|chosen| chosen.results.is_empty()) {
            *chosen = index;
        }
    }
    let together: BTreeSet<Finding> = controls.iter().flat_map(|control| &control.results).filter_map(found).collect();
    let end = report.filled("end_time");
    let envelope = Envelope { host: report.filled("node_name"), end: end.as_deref(), together: &together };
    for (index, control) in controls.iter().enumerate() {
        *number += 1;
        if control.damaged {
            sink.record(*number).reject("a control or profile that is no object", control.raw.as_bytes());
            continue;
        }
        if !flat && counts.get(&(control.profile.as_str(), control.id.as_str())) != Some(&index) {
            sink.record(*number).skip("the same control in another layer of its profile");
            continue;
        }
        read_control(*number, control, &envelope, reading, sink);
    }
}

/// What is said of all controls of a report.
struct Envelope<'a> {
    host: Option<Cow<'a, str>>,
    end: Option<&'a str>,
    together: &'a BTreeSet<Finding>,
}

fn read_control(number: u64, control: &Control, envelope: &Envelope<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut facts = Vec::new();
    for result in &control.results {
        let Some(finding) = sentence(&result.sentence, result.status == "passed") else { continue };
        let Some(login_path) = finding.login_path() else { continue };
        let state = match result.status.as_str() {
            "passed" | "failed" if control.set_aside.is_none() && !result.broke_off => finding.state(envelope.together),
            _ => Some("unknown"),
        };
        let stamp = result.stamp.as_deref().or(envelope.end);
        facts.extend(state.map(|state| (login_path, state, result, stamp)));
    }
    if facts.is_empty() {
        let text = format!("{} {}", control.id, control.title);
        let about = speaks_of_login(&text) || control.results.iter().any(|result| speaks_of_login(&result.sentence));
        return sink.record(number).skip(if about { SAYS_NOTHING } else { NOT_LOGIN });
    }
    let Some(host) = host_of(envelope.host.as_deref(), reading, sink) else {
        return sink.record(number).reject(HOST_UNKNOWN, control.raw.as_bytes());
    };
    let mut timed = Vec::new();
    for (login_path, state, result, stamp) in facts {
        let said = stamp.and_then(|stamp| instant_of(stamp, number, reading, sink));
        let Some(observed_at) = said.or_else(|| bound_time(reading, sink)) else {
            return sink.record(number).reject(TIME_UNKNOWN, control.raw.as_bytes());
        };
        timed.push((login_path, state, result, observed_at));
    }
    let mut record = sink.record(number);
    for (login_path, state, result, observed_at) in timed {
        record.sink().taken_at(observed_at);
        let aside = control.set_aside.map(|why| format!(" ({why})")).unwrap_or_default();
        let detail = format!("control {}{aside}: {}: {}", control.id, result.sentence, result.status);
        record.fact(LoginPath {
            subject_kind: "host",
            subject: &host,
            login_path,
            state,
            detail: Some(&detail),
            observed_at: Some(observed_at),
        });
    }
}

/// What a test that ran to its end found.
fn found(result: &TestResult) -> Option<Finding> {
    let ran = matches!(result.status.as_str(), "passed" | "failed") && !result.broke_off;
    sentence(&result.sentence, result.status == "passed").filter(|_| ran)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_of_profiles_ends() {
        let parents = BTreeMap::from([("a".to_owned(), "b".to_owned()), ("b".to_owned(), "a".to_owned())]);
        assert!(["a", "b"].contains(&top("a".to_owned(), &parents).as_str()));
        let chain = BTreeMap::from([("base".to_owned(), "mid".to_owned()), ("mid".to_owned(), "over".to_owned())]);
        assert_eq!(top("base".to_owned(), &chain), "over");
    }
}
