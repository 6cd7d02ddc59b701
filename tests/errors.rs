//! Bad input: a clear message with file, line and remedy; evidence that cannot be read is listed and keeps the controls
//! that needed it from a clean conclusion.

use std::path::Path;

use steadfast::catalogue::Catalogue;
use steadfast::config::Config;
use steadfast::report::Conclusion;

use crate::support::{command, judged, printed, steadfast};

fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, bytes).expect("written");
    }
    folder
}

fn refused(arguments: &[&str], expected: &[&str]) {
    let output = steadfast(arguments);
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
    let text = printed(&output);
    for part in expected {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn an_output_folder_that_exists_is_refused_before_anything_is_read() {
    let out = tempfile::tempdir().expect("a folder");
    let out = out.path().to_str().expect("UTF-8");
    refused(&["pack", "samples/search-cluster", "--period", "2026-Q3", "--out", out], &["already exists", "--out"]);
}

#[test]
fn missing_evidence_and_nonsense_periods_are_refused_with_the_remedy() {
    refused(&["check", "no/such/folder", "--period", "2026-Q3"], &["no/such/folder", "no such evidence folder"]);
    refused(&["check", "samples/search-cluster", "--period", "2026-Q7"], &["2026-Q7", "Q1 to Q4"]);
}

#[test]
fn an_unknown_key_in_the_configuration_points_at_itself() {
    let folder = folder_with(&[("steadfast.toml", b"[system]\nnmae = \"x\"\n")]);
    refused(
        &["check", folder.path().to_str().expect("UTF-8"), "--period", "2026-Q3"],
        &["steadfast.toml:2:1", "nmae", "did you mean `name`?"],
    );
}

#[test]
fn a_parameter_that_no_control_has_is_shown_with_its_line_and_the_remedy() {
    for (text, expected) in [
        (
            "# a\n[params.SUDO-02]\ngrase = \"15m\"\n",
            ["steadfast.toml:3:1", "SUDO-02 has no parameter `grase`", "did you mean `grace`?"],
        ),
        ("[params.SUDO-02]\n\nzzz = 1\n", ["steadfast.toml:3:1", "no parameter `zzz`", "it has: grace"]),
        ("[params.CHANGE-02]\ngrace = \"1m\"\n", ["steadfast.toml:2:1", "CHANGE-02 has no parameter `grace`", "it has none"]),
        (
            "[params.SUDO-02]\ngrace = \"soon\"\n",
            ["steadfast.toml:2:9", "\"soon\" is no value", "write it like its default, \"0s\""],
        ),
        ("[params]\nSUDO-02 = { grace = 15 }\n", ["steadfast.toml:2:21", "15 is no value", "write it like its default"]),
        (
            "\n\n[params.SUDO-22]\ngrace = \"1m\"\n",
            ["steadfast.toml:3:9", "there is no control `SUDO-22`", "did you mean `SUDO-02`?"],
        ),
    ] {
        let folder = folder_with(&[("steadfast.toml", text.as_bytes())]);
        refused(&["check", folder.path().to_str().expect("UTF-8"), "--period", "2026-Q3"], &expected);
    }
    let mut config = Config::default();
    config.params.entry("SUDO-02".to_owned()).or_default().insert("grase".to_owned(), "1m".into());
    let error = Catalogue::load(None, &config).expect_err("no such parameter").to_string();
    assert!(error.starts_with("steadfast.toml:") && error.contains("did you mean `grace`?"), "{error}");
}

#[test]
fn no_threads_and_no_memory_are_refused_with_the_remedy() {
    for (option, value, remedy) in [
        ("--threads", "0", "a number from 1 to 64"),
        ("--threads", "many", "leave --threads out"),
        ("--threads", "65", "a number from 1 to 64"),
        ("--memory", "0", "a number of MiB from 64"),
        ("--memory", "63", "leave --memory out"),
        ("--memory", "18446744073709551615", "a number of MiB from 64"),
    ] {
        refused(&["check", "samples/search-cluster", "--period", "2026-Q3", option, value], &[option, value, remedy]);
    }
}

#[test]
fn mistakes_about_samples_and_attestations_are_told_with_the_remedy() {
    for (text, expected) in [
        ("[sampling]\nseed = \"\"\n", vec!["steadfast.toml:2:8", "one line of visible characters"]),
        ("[sampling]\nseed = \"a'b\"\n", vec!["one line of visible characters"]),
        ("[sampling]\nbasis = \"law\"\n", vec!["unknown variant `law`", "practice"]),
        ("[sampling]\nconfidence = 95\n", vec!["steadfast.toml:2:1", "counts only with basis"]),
        (
            "[sampling]\nbasis = \"attribute\"\nconfidence = 99\n",
            vec!["no row for tolerable_rate = 5, confidence = 99", "5 and 90 with up to 4"],
        ),
        ("[sampling]\nbasis = \"attribute\"\nexpected_deviations = 5\n", vec!["expected_deviations = 5"]),
        ("[attestations.required]\ndoors = \"\"\n", vec!["the attestation `doors` needs an id and a statement"]),
        ("[attestations]\nrequire = {}\n", vec!["steadfast.toml:2:1", "did you mean `required`?"]),
    ] {
        let folder = folder_with(&[("steadfast.toml", text.as_bytes())]);
        refused(&["check", folder.path().to_str().expect("UTF-8"), "--period", "2026-Q3"], &expected);
    }
}

#[test]
fn a_table_of_sizes_of_ones_own_counts_and_its_mistakes_are_told() {
    let table = std::fs::read_to_string(crate::support::root().join("controls/sampling.toml")).expect("the table");
    let broken = folder_with(&[("sampling.toml", table.replacen("low = 2", "low = 0", 1).as_bytes())]);
    refused(
        &["controls", "lint", "--controls", broken.path().to_str().expect("UTF-8")],
        &["sampling.toml:", "low must be 1 or more"],
    );
    let own = folder_with(&[("sampling.toml", table.replacen("low = 2", "low = 1", 1).as_bytes())]);
    let hash = |folder: Option<&Path>| Catalogue::load(folder, &Config::default()).expect("a catalogue").sha256;
    assert_ne!(hash(Some(own.path())), hash(None), "the table is part of the control set");
    let sound = CONTROL.replace("SQL", "select host as resource, 'met' as status, '' as reason, source, line from fleet");
    for (stated, expected) in [
        ("frequency = \"hourly\"", vec!["TEST-01", "no frequency `hourly`", "weekly"]),
        ("frequency = \"automated\"", vec!["TEST-01", "variant = \"resource\""]),
        ("frequency = \"weekly\"\nvariant = \"resource\"", vec!["TEST-01", "not for `weekly`"]),
        ("variant = \"resource\"", vec!["TEST-01", "counts only beside a `frequency`"]),
        ("frequency = \"automated\"\nvariant = \"tool\"", vec!["TEST-01", "the variant `tool` is no column of the test"]),
    ] {
        let text = sound.replace("applies_to", &format!("{stated}\napplies_to"));
        let folder = folder_with(&[("TEST-01.toml", text.as_bytes())]);
        refused(&["controls", "lint", "--controls", folder.path().to_str().expect("UTF-8")], &expected);
    }
}

const CONTROL: &str = r#"
id = "TEST-01"
title = "A test"
kind = "detective"
applies_to = "all"
statement = "s"
procedure = "p"
claim_limit = "c"
say = "{resource}: {reason}."
[population]
item = "host"
empty = "inconclusive"
empty_reason = "no host"
[test]
sql = "SQL"
"#;

#[test]
fn a_broken_control_says_what_is_wrong_with_it() {
    let sound = "select host as resource, 'met' as status, '' as reason, source, line from fleet";
    let cases = [
        (CONTROL.replace("SQL", "select host as resource from nowhere"), vec!["TEST-01", "cannot be planned", "nowhere"]),
        (CONTROL.replace("SQL", "drop table hosts"), vec!["TEST-01", "cannot be planned"]),
        (CONTROL.replace("SQL", "select host as resource from fleet"), vec!["TEST-01", "lacks the column `status`"]),
        (CONTROL.replace("SQL", sound).replace("{reason}", "{rason}"), vec!["TEST-01", "{rason}", "no column of the test"]),
        (CONTROL.replace("SQL", sound).replace("title =", "titel ="), vec!["TEST-01.toml:3:1", "titel", "did you mean `title`?"]),
        (CONTROL.replace("SQL", sound).replace("TEST-01", "TEST-02"), vec!["not the name of the file"]),
    ];
    for (text, expected) in cases {
        let folder = folder_with(&[("TEST-01.toml", text.as_bytes())]);
        refused(&["controls", "lint", "--controls", folder.path().to_str().expect("UTF-8")], &expected);
    }
    let folder = folder_with(&[("TEST-01.toml", CONTROL.replace("SQL", sound).as_bytes())]);
    let output = steadfast(&["controls", "lint", "--controls", folder.path().to_str().expect("UTF-8")]);
    assert!(output.status.success(), "a control of one's own needs no Rust: {}", printed(&output));
}

const INVENTORY: &[u8] = b"observed_at,host,class\n2026-07-01T00:00:00Z,web-1,immutable\n";

#[test]
fn unreadable_empty_and_unrecognised_files_are_listed() {
    let folder = folder_with(&[
        ("hosts.csv", INVENTORY),
        ("empty.json", b""),
        ("notes.bin", b"\x00\x01\x02"),
        ("torn.json", b"{\"result\":[{\"number\":\"CHG0030001\",\"sys_id\":\"1\",\"state\":\"3\",\"start_date\":\"2026-"),
    ]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link")).expect("linked");
    let judged = judged(folder.path(), &Config::default(), "2026-Q3");
    let limit = |code: &str| judged.report.limits.iter().find(|limit| limit.code == code).map(|limit| limit.text.clone());
    for code in ["empty-file", "unrecognised", "rejected-records"] {
        assert!(limit(code).is_some(), "{code} is not among {:?}", judged.report.limits);
    }
    #[cfg(unix)]
    assert!(limit("not-read").is_some_and(|text| text.contains("symbolic link")));
    assert_eq!(judged.report.rejects.len(), 1);
    assert!(judged.report.rejects[0].reason.contains("torn"));
}

#[test]
fn a_record_that_cannot_be_read_keeps_its_controls_from_a_clean_conclusion() {
    let conclusion = |inventory: &[u8]| {
        let folder = folder_with(&[("hosts.csv", inventory)]);
        let judged = judged(folder.path(), &Config::default(), "2026-Q3");
        judged.report.controls.iter().find(|control| control.id == "FLEET-01").map(|control| control.conclusion)
    };
    assert_eq!(conclusion(INVENTORY), Some(Conclusion::NoExceptions));
    let mut torn = INVENTORY.to_vec();
    torn.extend_from_slice(b"not a time,web-2,immutable\n");
    assert_eq!(conclusion(&torn), Some(Conclusion::CouldNotConclude));
}

#[test]
fn a_record_without_a_time_is_rejected_and_named() {
    let folder = folder_with(&[(
        "sudo.jsonl",
        b"{\"accept\":{\"uuid\":\"1\",\"submit_time\":{\"seconds\":1},\"submituser\":\"ann\",\"submithost\":\"db-1\",\"command\":\"/bin/true\",\"runargv\":[\"true\"]}}\n",
    )]);
    let judged = judged(folder.path(), &Config::default(), "2026-Q3");
    assert!(judged.report.rejects[0].reason.contains("server_time"), "{:?}", judged.report.rejects);
}

#[test]
fn a_mistake_in_a_register_is_a_reject_with_its_line() {
    let folder = folder_with(&[("waivers.toml", b"[[waiver]]\ncontrol_id = \"SUDO-02\"\nresurce = \"db-1\"\n")]);
    let judged = judged(folder.path(), &Config::default(), "2026-Q3");
    let reject = &judged.report.rejects[0];
    assert_eq!(reject.citation.line, Some(3));
    assert!(reject.reason.contains("resurce"), "{}", reject.reason);
}

#[test]
fn a_full_disk_leaves_no_pack_and_no_exit_code_zero() {
    if !Path::new("/dev/full").exists() || !crate::support::have("prlimit") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("pack");
    let output = std::process::Command::new("prlimit")
        .args([
            "--fsize=20000",
            env!("CARGO_BIN_EXE_steadfast"),
            "pack",
            "samples/search-cluster",
            "--period",
            "2026-Q3",
            "--out",
        ])
        .arg(&out)
        .current_dir(crate::support::root())
        .output()
        .expect("prlimit runs");
    assert!(!output.status.success());
    assert!(!out.exists(), "there is half a pack");
    drop(command());
}
