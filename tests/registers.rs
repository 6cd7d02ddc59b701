//! Management's registers: what a waiver accepts and what it does not, exemptions that exempt nothing, responses, attestations.

use std::collections::BTreeMap;

use steadfast::catalogue::Catalogue;
use steadfast::config::Config;
use steadfast::outputs::OUTPUTS;
use steadfast::pipeline::Judged;
use steadfast::report::{Conclusion, ExceptionGroup};

use crate::support::{judged_by, rendered};

/// A command of ann.lee, who is ann, and one of bo, on db-1, both without a change; db-2 is immutable.
fn evidence(registers: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let event = |user: &str, seconds: u64| {
        format!(
            "{{\"accept\":{{\"uuid\":\"{seconds}\",\"server_time\":{{\"seconds\":{seconds},\"nanoseconds\":500000000}},\"submituser\":\"{user}\",\"command\":\"/bin/id\",\"submithost\":\"db-1\",\"runargv\":[\"id\"]}}}}\n"
        )
    };
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("sudo.jsonl", &(event("ann.lee", 1_785_600_000) + &event("bo", 1_785_603_600)));
    write("hosts.csv", "observed_at,host,class\n2026-07-01T00:00:00Z,db-1,stateful\n2026-07-01T00:00:00Z,db-2,immutable\n");
    write("people.csv", "person,alias\nann,ann.lee\nann,a.lee\n");
    registers.iter().for_each(|(name, text)| write(name, text));
    folder
}

/// Judges by the few controls that these tests look at: every one would take a second a time.
fn by_few(registers: &[(&str, &str)], config: &Config) -> Judged {
    let folder = evidence(registers);
    let mut catalogue = Catalogue::load(None, config).expect("the embedded controls");
    catalogue.controls.retain(|control| ["SUDO-02", "FLEET-03", "EVIDENCE-03"].contains(&control.id.as_str()));
    judged_by(folder.path(), config, &catalogue, "2026-Q3")
}

fn run(registers: &[(&str, &str)]) -> Judged {
    by_few(registers, &Config::default())
}

#[test]
fn no_test_but_the_one_for_attestations_looks_at_what_management_says() {
    let catalogue = Catalogue::load(None, &Config::default()).expect("the embedded controls");
    let controls = catalogue.controls.iter().map(|control| (control.id.as_str(), control.test.sql.as_str()));
    let views = catalogue.views.iter().map(|view| (view.name.as_str(), view.sql.as_str()));
    let words = regex::Regex::new(r"\b(?:from|join)\s+(?:attestations|responses|waivers)\b").expect("a pattern");
    let looking: Vec<&str> = controls.chain(views).filter(|(_, sql)| words.is_match(sql)).map(|(name, _)| name).collect();
    assert_eq!(looking, ["EVIDENCE-03"]);
}

fn limits<'j>(judged: &'j Judged, code: &str) -> Vec<&'j str> {
    judged.report.limits.iter().filter(|limit| limit.code == code).map(|limit| limit.text.as_str()).collect()
}

fn commands(judged: &Judged) -> BTreeMap<String, &ExceptionGroup> {
    let groups = judged.report.exceptions.iter().filter(|group| group.control_id == "SUDO-02");
    groups.map(|group| (group.actor.clone().unwrap_or_default(), group)).collect()
}

fn waiver(approver: &str, approved_at: &str, expires_at: &str) -> String {
    format!(
        "[[waiver]]\ncontrol_id = \"SUDO-02\"\nresource = \"db-1\"\nreason = \"known\"\napprover = \"{approver}\"\napproved_at = {approved_at}\nexpires_at = {expires_at}\n"
    )
}

#[test]
fn a_waiver_accepts_and_the_exceptions_stay() {
    let judged = run(&[("w.toml", &waiver("hlind", "\"2026-07-01T00:00:00Z\"", "\"2026-12-31T00:00:00Z\""))]);
    assert!(commands(&judged).values().all(|group| group.accepted.is_some()));
    let control = judged.report.controls.iter().find(|control| control.id == "SUDO-02").expect("the control");
    assert_eq!((control.conclusion, control.counts.exception, control.counts.accepted), (Conclusion::Exceptions, 2, 2));
    let listed = &judged.report.registers.waivers[0];
    assert_eq!(listed.standing, "covers 2 exceptions, which stay exceptions");
    assert_eq!(listed.exceptions.len(), 2, "{listed:?}");
}

#[test]
fn nobody_accepts_what_they_did_themselves_under_any_name() {
    let judged = run(&[("w.toml", &waiver("A.Lee", "\"2026-07-01T00:00:00Z\"", "\"2026-12-31T00:00:00Z\""))]);
    let commands = commands(&judged);
    assert!(commands["ann.lee"].accepted.is_none() && commands["bo"].accepted.is_some());
    let told = limits(&judged, "waiver-self-approved");
    assert!(told.len() == 1 && told[0].contains("approved by A.Lee, whom 1 of the exceptions"), "{told:?}");
    assert!(judged.report.registers.waivers[0].standing.contains("refused for 1"));
}

#[test]
fn waivers_that_accept_nothing_are_told_and_listed() {
    for (approved_at, expires_at, code, part) in [
        ("\"2026-07-01T00:00:00Z\"", "\"2026-08-01T16:30:00Z\"", "waiver-expired", "before 1 of the exceptions"),
        ("\"2026-07-01T00:00:00Z\"", "\"2026-07-15T00:00:00Z\"", "waiver-expired", "before 2 of the exceptions"),
        ("\"2026-12-01T00:00:00Z\"", "\"2026-11-01T00:00:00Z\"", "waiver-never-in-force", "before it was approved"),
    ] {
        let judged = run(&[("w.toml", &waiver("hlind", approved_at, expires_at))]);
        let told = limits(&judged, code);
        assert!(told.len() == 1 && told[0].contains(part), "{code}: {:?}", judged.report.limits);
        assert_eq!(judged.report.registers.waivers.len(), 1);
    }
    let other = waiver("hlind", "2026-07-01", "2026-12-31").replace("db-1", "db-9");
    let judged = run(&[("w.toml", &other)]);
    assert_eq!(limits(&judged, "waiver-unmatched"), ["the waiver for SUDO-02 / db-9 covers no exception"]);
    let listed = &judged.report.registers.waivers[0];
    assert_eq!((listed.standing.as_str(), listed.expires_at.as_str()), ("covers no exception", "2026-12-31T00:00:00Z"));
    // A date is an instant, and the report says which.
    let told = limits(&judged, "register-time");
    assert!(
        told.iter().any(|text| text.contains("expires_at = 2026-12-31") && text.ends_with("2026-12-31T00:00:00Z")),
        "{told:?}"
    );
}

#[test]
fn a_waiver_that_nobody_approved_or_explained_is_refused() {
    for (from, to, part) in [("\"hlind\"", "\"\"", "empty approver"), ("\"known\"", "\" \"", "empty reason")] {
        let text = waiver("hlind", "\"2026-07-01T00:00:00Z\"", "\"2026-12-31T00:00:00Z\"").replace(from, to);
        let judged = run(&[("w.toml", &text)]);
        assert!(judged.report.rejects.iter().any(|reject| reject.reason.contains(part) && reject.citation.line == Some(1)));
        assert!(commands(&judged).values().all(|group| group.accepted.is_none()));
    }
}

#[test]
fn exemptions_that_exempt_nothing_are_told() {
    let entry = |host: &str, approved_at: &str, expires_at: &str| {
        format!(
            "[[exemption]]\nresource = \"{host}\"\nreason = \"state\"\napprover = \"hlind\"\napproved_at = \"{approved_at}T00:00:00Z\"\nexpires_at = \"{expires_at}T00:00:00Z\"\n"
        )
    };
    let standing = |text: String| {
        let judged = run(&[("e.toml", &text)]);
        let told = judged.report.limits.iter().filter(|limit| limit.code.starts_with("exemption-"));
        let told: Vec<String> = told.map(|limit| limit.code.clone()).collect();
        (judged.report.registers.exemptions[0].standing.clone(), told.join(" "))
    };
    for (text, expected, code) in [
        (entry("db-1", "2026-06-01", "2027-01-01"), "in force", ""),
        (entry("db-1", "2026-06-01", "2026-08-01"), "ended while the host lived", "exemption-expired"),
        (entry("db-1", "2026-09-01", "2026-08-01"), "it ends before it begins", "exemption-never-in-force"),
        (entry("db-2", "2026-06-01", "2027-01-01"), "the host is immutable", "exemption-unmatched"),
        (
            entry("db-9", "2026-06-01", "2027-01-01"),
            "no host of the inventory that lived in the period has this name",
            "exemption-unmatched",
        ),
        (
            entry("db-1", "2026-06-01", "2026-08-01") + &entry("db-1", "2026-08-01", "2027-01-01"),
            "ended; a later entry follows",
            "",
        ),
    ] {
        assert_eq!(standing(text.clone()), (expected.to_owned(), code.to_owned()), "{text}");
    }
}

const RESPONSE: &str = "[[response]]\ncontrol_id = \"SUDO-02\"\nresource = \"db-1\"\noccurred_at = \"2026-08-01T16:00:00Z\"\ntext = '''\nSee [here](http://evil.example/) <b>now</b>.\n\n# Loud\n- one\u{202e}two'''\nby = \"<i>ann</i>\"\nat = \"2026-10-02T00:00:00Z\"\ndue = \"2026-11-01T00:00:00Z\"\n";

#[test]
fn a_response_stands_with_its_exception_as_words_of_management() {
    let judged = run(&[("answers.toml", RESPONSE)]);
    let commands = commands(&judged);
    assert_eq!(commands["ann.lee"].responses.len(), 1, "the moment is compared to the second");
    assert!(commands["bo"].responses.is_empty());
    assert_eq!(judged.report.registers.responses[0].exceptions, [commands["ann.lee"].id.clone()]);
    for output in OUTPUTS {
        let text = rendered(*output, &judged.report);
        match output.path() {
            "index.html" => {
                assert!(text.contains("The words of management, not of steadfast"));
                assert!(text.contains("See here (http://evil.example/) &lt;b&gt;now&lt;/b&gt;."), "the address is text");
                assert!(!text.contains("href=\"http") && !text.contains("<b>") && !text.contains("<i>"), "markup got through");
                assert!(text.contains("one\\u{202E}two") && !text.contains('\u{202e}'));
            }
            "report.md" => {
                assert!(
                    text.contains("> See here (http\\://evil.example/) \\<b\\>now\\</b\\>.\n>\n> **Loud**\n>\n> - one"),
                    "not quoted"
                );
            }
            "report.json" => {
                let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                let answered = report["exceptions"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .filter(|entry| entry["responses"][0]["by"] == "<i>ann</i>");
                assert_eq!(answered.count(), 1);
                assert_eq!(report["registers"]["responses"][0]["source"], "answers.toml");
                assert_eq!(report["registers"]["responses"][0]["due"], "2026-11-01T00:00:00Z");
            }
            _ => {}
        }
    }
}

#[test]
fn a_response_changes_no_conclusion_and_one_to_nothing_is_a_limit() {
    let plain = run(&[]);
    let part = RESPONSE.replace("occurred_at = \"2026-08-01T16:00:00Z\"", "reason = \"no change\"");
    let answered = run(&[("answers.toml", &part)]);
    assert!(commands(&answered).values().all(|group| group.responses.len() == 1), "by a part of the reason");
    let conclusions = |judged: &Judged| -> Vec<Conclusion> {
        judged
            .report
            .controls
            .iter()
            .filter(|control| !control.id.starts_with("EVIDENCE"))
            .map(|control| control.conclusion)
            .collect()
    };
    assert_eq!(conclusions(&plain), conclusions(&answered));
    for other in [
        RESPONSE.replace("16:00:00", "16:00:02"),
        part.replace("no change", "no such reason"),
        part.replace("SUDO-02", "SUDO-99"),
    ] {
        let judged = run(&[("answers.toml", &other)]);
        let told = limits(&judged, "response-unmatched");
        assert!(told.len() == 1 && told[0].ends_with("answers no exception"), "{other}");
        assert_eq!(judged.report.registers.responses[0].standing, "answers no exception");
    }
}

const ATTESTED: &str = "[[attestation]]\nid = \"doors\"\nstatement = \"Nobody\\n  entered.\"\nattested_by = \"hlind\"\nattested_at = \"2026-06-30T00:00:00Z\"\nvalid_for = \"100d\"\ncontrol_ids = [\"SUDO-02\", \"FLEET-03\", \"NONE-01\"]\n";

#[test]
fn an_attestation_turns_no_other_conclusion_and_is_shown_as_not_tested() {
    let config =
        Config::parse("steadfast.toml", "[attestations.required]\ndoors = \"Nobody entered.\"\nkeys = \"Keys are kept.\"\n")
            .expect("a configuration");
    let attested = by_few(&[("a.toml", ATTESTED)], &config);
    let plain = by_few(&[], &config);
    let of = |judged: &Judged, id: &str| {
        judged.report.controls.iter().find(|control| control.id == id).map(|control| control.conclusion)
    };
    for control in &plain.report.controls {
        if control.id != "EVIDENCE-03" {
            assert_eq!(of(&attested, &control.id), Some(control.conclusion), "{}", control.id);
        }
    }
    assert_eq!(of(&plain, "EVIDENCE-03"), Some(Conclusion::CouldNotConclude), "no register was handed in");
    assert_eq!(of(&attested, "EVIDENCE-03"), Some(Conclusion::Exceptions), "one of two is in no register");
    let registers = &attested.report.registers;
    assert_eq!(registers.attestations[0].statement, "Nobody entered.");
    assert_eq!(registers.attestations[0].standing, "held throughout the period; required");
    assert_eq!(registers.attestations[0].control_ids, ["SUDO-02", "FLEET-03"]);
    assert_eq!(registers.not_attested, [("keys".to_owned(), "Keys are kept.".to_owned())]);
    assert_eq!(
        limits(&attested, "attestation-control"),
        ["the attestation doors names the control NONE-01, which this report does not have"]
    );
    for output in OUTPUTS.iter().filter(|output| matches!(output.path(), "index.html" | "report.md")) {
        let text = rendered(*output, &attested.report);
        assert!(
            text.contains("Attestations by management, not tested") && text.contains("“Nobody entered.”"),
            "{}",
            output.path()
        );
        assert!(text.contains("Required and in no register: keys"), "{}", output.path());
    }
}
