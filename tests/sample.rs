//! The sample story: every planted violation is found, nothing else is, and stock tools agree.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{copy, have, have_duckdb, printed, reperformed, root, sample_pack, steadfast};

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
        ("EVIDENCE-03", "root-credentials", "2026-08-18T10:00:00Z"),
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
    assert_eq!(conclusions.len(), 31);
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
fn the_silence_of_the_sudo_log_is_on_one_host_and_shows_on_its_two_days() {
    let report = report();
    let streams = report["streams"].as_array().expect("a list");
    let names: Vec<&str> = streams.iter().map(|stream| stream["stream"].as_str().expect("a name")).collect();
    assert_eq!(names, ["sudo", "config", "alarm"]);
    let hosts = streams[0]["hosts"].as_array().expect("a list");
    assert_eq!(hosts.len(), 6, "the stateful hosts");
    let silent: Vec<&str> =
        hosts.iter().filter(|host| host["silences"] != 0).map(|host| host["host"].as_str().expect("a name")).collect();
    assert_eq!(silent, ["es-data-4"]);
    // 36 hours, from a morning to the evening of the next day: both days have records, so no day is silent as a whole.
    let csv = std::fs::read_to_string(sample_pack().join("data/coverage/sudo.csv")).expect("the CSV");
    assert_eq!(csv.lines().count(), 1 + 6 * 92);
    let touched: Vec<&str> = csv.lines().skip(1).filter(|line| !line.ends_with(",yes,records")).collect();
    assert_eq!(touched, ["es-data-4,2026-08-11,5,yes,partly_silent", "es-data-4,2026-08-12,5,yes,partly_silent"]);
}

#[test]
fn the_commands_of_a_session_are_one_article() {
    let report = report();
    let exceptions = report["exceptions"].as_array().expect("a list");
    let sudo = |host: &str| {
        let of = exceptions.iter().filter(move |exception| exception["control_id"] == "SUDO-02" && exception["resource"] == host);
        of.map(|exception| (exception["group"].clone(), exception["session"].clone())).collect::<Vec<_>>()
    };
    for host in ["es-data-1", "es-data-2"] {
        let commands = sudo(host);
        assert_eq!(commands.len(), 3);
        assert!(commands.iter().all(|command| *command == commands[0]), "{commands:?}");
        assert_eq!((&commands[0].1["terminal"], &commands[0].1["commands"]), (&Value::from("pts/0"), &Value::from(3)));
    }
    assert_ne!(sudo("es-data-1")[0].0, sudo("es-data-2")[0].0);
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

/// The recipe as the report prints it, for a control and a size.
fn recipe(pack: &Path, control: &str, size: usize) -> String {
    let report = std::fs::read_to_string(pack.join("data/report.md")).expect("the report");
    let recipe = report.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the recipe");
    recipe.replace("SUDO-02", control).replace("wanted=25", &format!("wanted={size}"))
}

fn rows_drawn(pack: &Path, control: &str) -> Vec<String> {
    let sample = std::fs::read_to_string(pack.join(format!("data/samples/{control}.csv"))).expect("the sample");
    sample.lines().skip(1).filter_map(|line| line.split(',').nth(1).map(str::to_owned)).collect()
}

/// Runs a recipe in the folder of populations; gives the rows that it draws.
fn by_hand(pack: &Path, script: &str) -> Vec<String> {
    let output =
        Command::new("bash").args(["-c", script]).current_dir(pack.join("data/populations")).output().expect("bash runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_sample_can_be_drawn_again_with_the_shell_that_the_report_prints() {
    if !have("sha256sum") {
        return;
    }
    let drawn = rows_drawn(sample_pack(), "ALARM-02");
    assert_eq!(drawn.len(), 5);
    assert_eq!(drawn, by_hand(sample_pack(), &recipe(sample_pack(), "ALARM-02", 5)));
    // Where no more rows are there than wanted, all are, and the recipe ends.
    let all: Vec<String> = (1..=rows_of(sample_pack(), "ALARM-02")).map(|row| row.to_string()).collect();
    for more in [0, 1, 20] {
        assert_eq!(by_hand(sample_pack(), &recipe(sample_pack(), "ALARM-02", all.len() + more)), all);
    }
}

fn rows_of(pack: &Path, control: &str) -> usize {
    std::fs::read_to_string(pack.join(format!("data/populations/{control}.csv"))).expect("the population").lines().count() - 1
}

#[test]
fn the_auditors_seed_and_basis_draw_another_sample_that_the_same_shell_draws_again() {
    if !have("sha256sum") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let story = folder.path().join("story");
    copy(&root().join("samples/search-cluster"), &story);
    let mut config = std::fs::read_to_string(story.join("steadfast.toml")).expect("the configuration");
    config.push_str("\n[sampling]\nseed = \"7f3a of ACME\"\nbasis = \"attribute\"\ntolerable_rate = 10\nconfidence = 90\n");
    std::fs::write(story.join("steadfast.toml"), config).expect("written");
    let pack = folder.path().join("pack");
    let arguments = ["pack", story.to_str().expect("UTF-8"), "--period", "2026-Q3", "--out", pack.to_str().expect("UTF-8")];
    let output = steadfast(&arguments);
    assert!(output.status.success(), "{}", printed(&output));
    let drawn = rows_drawn(&pack, "CHANGE-02");
    assert_eq!(drawn.len(), 22);
    let script = recipe(&pack, "CHANGE-02", 22);
    let (_, rest) = script.split_once('\n').expect("lines");
    assert_eq!(drawn, by_hand(&pack, &format!("seed='7f3a of ACME CHANGE-02'\n{rest}")));
    let html = std::fs::read_to_string(pack.join("data/index.html")).expect("the page");
    assert!(html.contains("7f3a of ACME CHANGE-02") && html.contains("The auditor gave the seed"));
    // The evidence and the populations are those of the pack without a seed, which is how the auditor knows that nobody
    // chose them after the seed was known.
    for path in ["data/sources.csv", "data/populations/CHANGE-02.csv"] {
        assert_eq!(
            std::fs::read(pack.join(path)).expect("a file"),
            std::fs::read(sample_pack().join(path)).expect("a file"),
            "{path}"
        );
    }
}

#[test]
fn the_table_of_sizes_is_packed_and_every_sampled_item_is_shown() {
    let packed = std::fs::read_to_string(sample_pack().join("data/controls/sampling.toml")).expect("the table");
    assert_eq!(packed, std::fs::read_to_string(root().join("controls/sampling.toml")).expect("the table"));
    let html = std::fs::read_to_string(sample_pack().join("data/index.html")).expect("the page");
    assert!(html.contains("binomial; GAO FAM 450.1 prints 45 for no deviation"), "the source of a number");
    for control in report()["controls"].as_array().expect("a list") {
        let sample = &control["sample"];
        let items = sample["items"].as_array().expect("a list");
        assert_eq!(items.len() as u64, sample["size"].as_u64().expect("a number"));
        assert!(sample["why"].as_str().is_some_and(|why| why.contains("practice, not law")), "{sample}");
        for (row, item) in rows_drawn(sample_pack(), control["id"].as_str().expect("an id")).iter().zip(items) {
            assert_eq!(item["row"].to_string(), *row);
            assert!(item["status"].as_str().is_some_and(|status| !status.is_empty()), "{item}");
        }
    }
}

#[test]
fn management_answers_and_attests_in_its_own_words() {
    let report = report();
    let answered: Vec<&str> = report["exceptions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|exception| exception["responses"][0]["by"] == "Tobenna Okafor")
        .map(|exception| exception["resource"].as_str().expect("a resource"))
        .collect();
    assert_eq!(answered, ["es-data-3"]);
    let standing = |index: usize| report["registers"]["attestations"][index]["standing"].as_str().unwrap_or_default().to_owned();
    assert_eq!(standing(2), "held from 2026-07-01T00:00:00Z to 2026-08-18T10:00:00Z; required");
    assert_eq!(report["registers"]["waivers"][0]["standing"], "covers 1 exception, which stays one");
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
