//! The sample story: every planted violation is found, nothing else is, and stock tools agree.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::support::{have, have_duckdb, printed, reperformed, sample_pack, steadfast};

fn report() -> Value {
    let text = std::fs::read(sample_pack().join("data/report.json")).expect("the report");
    serde_json::from_slice(&text).expect("JSON")
}

#[test]
fn every_planted_violation_is_found_and_nothing_else() {
    let report = report();
    let mut found: Vec<(String, String, String)> = report["exceptions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|exception| {
            let text = |name: &str| exception[name].as_str().unwrap_or_default().to_owned();
            (text("control_id"), text("resource"), text("occurred_at"))
        })
        .collect();
    found.sort();
    let planted = [
        ("ALARM-02", "pg-main-1", "2026-09-20T02:00:05Z"),
        ("ALARM-03", "pg-main-1", "2026-09-20T02:00:05Z"),
        ("CHANGE-02", "CHG0030455", "2026-08-25T18:"),
        ("CONFIG-01", "es-data-2", "2026-09-08T00:"),
        ("EVIDENCE-01", "sudo/es-mixed-1/sudo-2026-09.jsonl", "2026-09-30T05:"),
        ("FLEET-02", "es-mixed-1", "2026-09-30T"),
        ("FLEET-03", "es-mixed-1", "2026-07-01T00:00:00Z"),
        ("IMAGE-01", "es-client-2", "2026-09-01T"),
        ("LOGIN-01", "ami-044900095270449c1", "2026-08-14T"),
        ("LOGIN-02", "es-ingest-2", "2026-08-20T"),
        ("LOGIN-02", "es-ingest-2", "2026-09-20T"),
        ("QUORUM-01", "search", "2026-08-19T06:00:00Z"),
        ("SUDO-01", "es-data-4", "2026-08-11T05:"),
        ("SUDO-02", "es-data-1", "2026-07-22T22:41:00Z"),
        ("SUDO-02", "es-data-1", "2026-07-22T22:44:18Z"),
        ("SUDO-02", "es-data-1", "2026-07-22T22:48:00Z"),
        ("SUDO-02", "es-data-2", "2026-08-25T18:11:45Z"),
        ("SUDO-02", "es-data-2", "2026-08-25T18:17:21Z"),
        ("SUDO-02", "es-data-2", "2026-08-25T18:42:16Z"),
        ("SUDO-02", "es-data-3", "2026-08-05T14:22:41Z"),
    ];
    assert_eq!(found.len(), planted.len(), "{found:#?}");
    for ((control, resource, at), (planted_control, planted_resource, planted_at)) in found.iter().zip(planted) {
        assert_eq!((control.as_str(), resource.as_str()), (planted_control, planted_resource));
        assert!(at.starts_with(planted_at), "{control} {resource}: {at}");
    }
}

#[test]
fn conclusions_counts_and_limits_are_those_of_the_story() {
    let report = report();
    let conclusions: BTreeMap<&str, &str> = report["controls"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|control| (control["id"].as_str().expect("an id"), control["conclusion"].as_str().expect("a conclusion")))
        .collect();
    let clean: Vec<&str> =
        conclusions.iter().filter(|(_, conclusion)| **conclusion == "no_exceptions").map(|(id, _)| *id).collect();
    assert_eq!(clean, ["ALARM-01", "CHANGE-01", "CHANGE-03", "CHANGE-04", "CONFIG-02", "IMAGE-03", "IMAGE-04"]);
    // One line of a sudo log is torn: it may have named a host that nobody knows, or a command. Nobody collected the logins of
    // immutable hosts or attestations of images, and the numbers of changes are the whole company's.
    let open: Vec<&str> =
        conclusions.iter().filter(|(_, conclusion)| **conclusion == "could_not_conclude").map(|(id, _)| *id).collect();
    let expected = [
        "CHANGE-05",
        "CHANGE-06",
        "CONFIG-03",
        "EVIDENCE-02",
        "FLEET-01",
        "IMAGE-02",
        "LOGIN-03",
        "LOGIN-04",
        "SUDO-03",
        "SUDO-04",
    ];
    assert_eq!(open, expected);
    assert_eq!(conclusions.len(), 30);
    let hosts = &report["hosts"];
    assert_eq!(
        (hosts["immutable"].as_u64(), hosts["stateful"].as_u64(), hosts["unclassified"].as_u64()),
        (Some(7), Some(6), Some(0))
    );
    let sudo = report["controls"].as_array().expect("a list").iter().find(|control| control["id"] == "SUDO-02").expect("SUDO-02");
    assert_eq!(sudo["counts"]["population"].as_u64(), Some(1195));
    assert_eq!(sudo["counts"]["exception"].as_u64(), Some(7));
    let accepted: Vec<&str> = report["exceptions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|exception| !exception["accepted_by"].is_null())
        .map(|exception| exception["control_id"].as_str().expect("an id"))
        .collect();
    assert_eq!(accepted, ["CONFIG-01"]);
    let limits: Vec<&str> =
        report["limits"].as_array().expect("a list").iter().filter_map(|limit| limit["code"].as_str()).collect();
    for code in ["unrecognised", "rejected-records", "open-end", "waiver-unmatched"] {
        assert!(limits.contains(&code), "{code} is not among {limits:?}");
    }
}

#[test]
fn every_record_of_every_source_is_accounted_for() {
    for source in report()["sources"].as_array().expect("a list") {
        let number = |name: &str| source[name].as_u64().expect("a number");
        // A record that gave facts is neither skipped nor rejected; facts can be more than records.
        assert!(number("skipped") + number("rejected") <= number("records"), "{source}");
        assert_eq!(number("facts") > 0, number("records") > number("skipped") + number("rejected"), "{source}");
    }
}

#[test]
fn the_emergency_change_is_explained_and_the_claim_of_the_build_does_not_outweigh_the_observation() {
    let sudo = std::fs::read_to_string(sample_pack().join("data/populations/SUDO-02.csv")).expect("the population");
    let emergency: Vec<&str> = sudo.lines().filter(|line| line.contains("CHG0030478")).collect();
    assert_eq!(emergency.len(), 4);
    assert!(emergency.iter().all(|line| line.contains(",met,")), "{emergency:?}");
    let login = std::fs::read_to_string(sample_pack().join("data/populations/LOGIN-01.csv")).expect("the population");
    let open =
        login.lines().find(|line| line.contains("ami-044900095270449c1") && line.contains("sshd is enabled")).expect("the item");
    assert!(open.contains("login-surface/images/"), "{open}");
}

#[test]
fn stock_tools_accept_the_pack() {
    let pack = sample_pack();
    if have("sha256sum") {
        let output = Command::new("sha256sum")
            .args(["-c", "--strict", "--quiet", "tagmanifest-sha256.txt", "manifest-sha256.txt"])
            .current_dir(pack)
            .output()
            .expect("sha256sum runs");
        assert!(output.status.success() && output.stdout.is_empty(), "{}", printed(&output));
    }
    if have("bagit.py") {
        let output = Command::new("bagit.py").args(["--validate", "."]).current_dir(pack).output().expect("bagit.py runs");
        assert!(output.status.success(), "{}", printed(&output));
    }
    let output = steadfast(&["verify", pack.to_str().expect("UTF-8")]);
    assert!(output.status.success(), "{}", printed(&output));
}

#[test]
fn duckdb_comes_to_the_same_answer() {
    if !have_duckdb() {
        return;
    }
    let text = reperformed(sample_pack());
    assert_eq!(text.lines().count(), report()["controls"].as_array().expect("a list").len(), "{text}");
    for line in text.lines() {
        assert!(line.ends_with(" 0"), "DuckDB judges otherwise: {line}");
    }
}

#[test]
fn the_sample_can_be_drawn_again_with_a_shell() {
    if !have("sha256sum") {
        return;
    }
    let script = "seed=$(sha256sum populations/ALARM-02.csv | cut -c1-64)
        for n in $(seq 1 $(($(wc -l < populations/ALARM-02.csv) - 1))); do
          printf '%s %s\\n' \"$(printf '%s\\n%s' \"$seed\" \"$n\" | sha256sum | cut -c1-64)\" \"$n\"
        done | sort | head -5 | cut -d' ' -f2";
    let output = Command::new("bash").args(["-c", script]).current_dir(sample_pack().join("data")).output().expect("bash runs");
    let by_hand: Vec<String> = String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect();
    let sample = std::fs::read_to_string(sample_pack().join("data/samples/ALARM-02.csv")).expect("the sample");
    let drawn: Vec<String> = sample.lines().skip(1).filter_map(|line| line.split(',').nth(1).map(str::to_owned)).collect();
    assert_eq!(drawn, by_hand);
}

#[test]
fn check_judges_the_same_and_says_so_by_its_exit_code() {
    let output = steadfast(&["check", "samples/search-cluster", "--period", "2026-Q3"]);
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    assert!(printed(&output).contains("ljenkins ran `/usr/bin/systemctl restart elasticsearch` on es-data-3"));
    let empty = tempfile::tempdir().expect("a folder");
    let output = steadfast(&["check", empty.path().to_str().expect("UTF-8"), "--period", "2026-Q3"]);
    assert_eq!(output.status.code(), Some(3), "no evidence is never good news: {}", printed(&output));
}
