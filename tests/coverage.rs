//! A fleet over time, made here: a host with a silent day, one that changed its class, some that lived part of the period, one
//! that nobody heard of, sessions at two terminals. What pages, JSON and CSV say of it agrees.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::support::{command, printed};

const HEAD: &str = "observed_at,host,class,roles,cluster,environment,groups,image,launched_at,terminated_at";

/// One line of sudo in the authentication log.
fn sudo(stamp: &str, host: &str, account: &str, terminal: &str, command: &str) -> String {
    format!("{stamp}+00:00 {host} sudo: {account} : TTY={terminal} ; PWD=/ ; USER=root ; COMMAND={command}\n")
}

/// A log with a command at noon of each of the days, then `more`.
fn log(folder: &Path, host: &str, days: impl Iterator<Item = u32>, more: &[(&str, &str, &str)]) {
    let mut lines: Vec<String> =
        days.map(|day| sudo(&format!("2026-07-{day:02}T12:00:00"), host, "backup", "unknown", "/usr/bin/true")).collect();
    lines.extend(more.iter().map(|(stamp, terminal, command)| sudo(stamp, host, "alice", terminal, command)));
    lines.sort();
    std::fs::create_dir_all(folder.join("sudo").join(host)).expect("a folder");
    std::fs::write(folder.join("sudo").join(host).join("auth.log"), lines.concat()).expect("written");
}

fn snapshot(folder: &Path, day: &str, hosts: &[&str]) {
    let rows: String = hosts.iter().map(|host| format!("{day}T05:00:00Z,{host}\n")).collect();
    std::fs::write(folder.join(format!("cmdb-{day}.csv")), format!("{HEAD}\n{rows}")).expect("written");
}

fn pack(evidence: &Path, out: &Path) {
    let output =
        command().arg("pack").arg(evidence).args(["--period", "2026-07", "--out"]).arg(out).output().expect("the command runs");
    assert!(output.status.success(), "{}", printed(&output));
}

struct Story {
    _folder: tempfile::TempDir,
    report: Value,
    html: String,
    markdown: String,
    csv: Vec<csv::StringRecord>,
    fleet: String,
}

fn story() -> &'static Story {
    static STORY: std::sync::OnceLock<Story> = std::sync::OnceLock::new();
    STORY.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let evidence = folder.path().join("evidence");
        std::fs::create_dir(&evidence).expect("a folder");
        let first = [
            "db-1,stateful,,c,p,,,,",
            "web-1,immutable,,c,p,,,,",
            "db-3,stateful,,c,p,,,,2026-07-05T00:00:00Z",
            "db-4,stateful,,c,p,,,,",
        ];
        snapshot(&evidence, "2026-07-01", &first);
        let second = [
            "db-1,stateful,,c,p,,,,",
            "web-1,stateful,,c,p,,,,",
            "db-2,stateful,,c,p,,,2026-07-10T00:00:00Z,",
            "db-4,stateful,,c,p,,,,",
        ];
        snapshot(&evidence, "2026-07-15", &second);
        let alice = [
            ("2026-07-20T10:00:00", "pts/0", "/usr/bin/vi /etc/hosts"),
            ("2026-07-20T10:10:00", "pts/0", "/bin/systemctl restart x"),
            ("2026-07-20T10:12:00", "pts/1", "/bin/ls /root"),
            ("2026-07-20T10:40:01", "pts/0", "/bin/cat /etc/shadow"),
        ];
        log(&evidence, "db-1", (1..=31).filter(|day| *day != 12), &alice);
        log(&evidence, "db-2", 10..=31, &[]);
        log(&evidence, "db-3", [1, 2, 3, 4, 6].into_iter(), &[]);
        log(&evidence, "web-1", 1..=31, &[]);
        let out = folder.path().join("pack");
        pack(&evidence, &out);
        let read = |path: &str| std::fs::read_to_string(out.join("data").join(path)).expect("in the pack");
        let csv = read("coverage/sudo.csv");
        Story {
            report: serde_json::from_str(&read("report.json")).expect("JSON"),
            html: read("index.html"),
            markdown: read("report.md"),
            csv: csv::Reader::from_reader(csv.as_bytes()).records().map(|row| row.expect("a row")).collect(),
            fleet: read("populations/FLEET-01.csv"),
            _folder: folder,
        }
    })
}

fn stream<'a>(report: &'a Value, name: &str) -> &'a Value {
    let streams = report["streams"].as_array().expect("a list");
    streams.iter().find(|stream| stream["stream"] == name).expect("the stream")
}

fn host<'a>(stream: &'a Value, name: &str) -> &'a Value {
    stream["hosts"].as_array().expect("a list").iter().find(|host| host["host"] == name).expect("the host")
}

#[test]
fn every_host_and_day_is_in_the_csv_with_what_the_log_has() {
    let rows = &story().csv;
    assert_eq!(rows.len(), 5 * 31);
    let cell = |host: &str, day: u32| {
        let day = format!("2026-07-{day:02}");
        let row = rows.iter().find(|row| &row[0] == host && row[1] == day).expect("the day");
        (row[2].parse::<u64>().expect("a number"), row[3].to_owned(), row[4].to_owned())
    };
    let is = |records: u64, alive: &str, cell: &str| (records, alive.to_owned(), cell.to_owned());
    assert_eq!(cell("db-1", 10), is(1, "yes", "records"));
    assert_eq!(cell("db-1", 11), is(1, "yes", "partly_silent"));
    assert_eq!(cell("db-1", 12), is(0, "yes", "silent"));
    assert_eq!(cell("db-1", 13), is(1, "yes", "partly_silent"));
    assert_eq!(cell("db-1", 20), is(5, "yes", "records"));
    assert_eq!(cell("db-2", 9), is(0, "no", "not_alive"));
    assert_eq!(cell("db-2", 10), is(1, "yes", "records"));
    assert_eq!(cell("db-3", 5), is(0, "no", "not_alive"));
    assert_eq!(cell("db-3", 6), is(1, "no", "outside"), "heard of after it ended: shown, not dropped");
    assert_eq!(cell("db-4", 31), is(0, "yes", "silent"), "a host without any record is silent throughout");
    let silent = rows.iter().filter(|row| &row[0] == "db-1" && &row[4] == "silent").count();
    assert_eq!(silent, 1, "one day without a record is one silent cell");
}

#[test]
fn the_picture_the_json_and_the_csv_have_the_same_days() {
    let story = story();
    let sudo = stream(&story.report, "sudo");
    let section = &story.html[story.html.find("id=\"stream-sudo\"").expect("the section")..];
    let svg = &section[section.find("<svg role=\"img\"").expect("the picture")..section.find("</svg>").expect("its end")];
    let boxes = |kind: &str| {
        let pattern = regex::Regex::new(&format!(r#"class="day-{kind}" d="([^"]*)""#)).expect("a pattern");
        pattern.captures_iter(svg).map(|found| found[1].matches('M').count()).sum::<usize>()
    };
    let in_csv = |kind: &str| story.csv.iter().filter(|row| &row[4] == kind).count();
    assert_eq!((boxes("silent"), in_csv("silent")), (32, 32));
    assert_eq!((boxes("partly-silent"), in_csv("partly_silent")), (3, 3));
    for host in sudo["hosts"].as_array().expect("a list") {
        let name = host["host"].as_str().expect("a name");
        let rows = story.csv.iter().filter(|row| &row[0] == name);
        let without = rows.clone().filter(|row| &row[2] == "0" && &row[3] != "no").count() as u64;
        assert_eq!(host["days_without_records"].as_u64(), Some(without), "{name}");
        let records: u64 = rows.map(|row| row[2].parse::<u64>().expect("a number")).sum();
        assert_eq!(host["records"].as_u64(), Some(records), "{name}");
        assert!(svg.contains(&format!(">{name}</text>")), "{name} is in the picture");
    }
    let summary = sudo["summary"].as_str().expect("a sentence");
    assert!(svg.contains(&format!("<title>{summary}</title>")), "the picture's title gives the counts");
    assert!(summary.contains("5 hosts, 31 days (UTC)") && summary.contains("32 host-days without any record"), "{summary}");
    let db = host(sudo, "db-1");
    assert_eq!((db["silences"].as_u64(), db["longest_silence_s"].as_u64()), (Some(1), Some(172_800)));
    assert_eq!(db["silent_days"][0]["from"], "2026-07-12");
    assert_eq!(host(sudo, "db-4")["first_at"], Value::Null);
    assert!(story.markdown.contains("1; silent: 2026-07-12; partly silent: 2026-07-11, 2026-07-13"));
    assert!(!story.markdown.contains("| db-2, stateful | from 2026-07-10T00:00:00Z | 2026-07-10T12:00:00Z"), "nothing of note");
}

#[test]
fn a_gap_keeps_controls_from_a_clean_conclusion_and_items_of_absence_from_judgement() {
    let controls = story().report["controls"].as_array().expect("a list");
    let sudo = controls.iter().find(|control| control["id"] == "SUDO-03").expect("SUDO-03");
    assert_eq!(sudo["conclusion"], "could_not_conclude");
    // db-1 and db-3 have gaps, db-4 has no log; nothing was refused on the other two.
    assert_eq!((sudo["counts"]["inconclusive"].as_u64(), sudo["counts"]["not_applicable"].as_u64()), (Some(3), Some(2)));
    let command = controls.iter().find(|control| control["id"] == "SUDO-02").expect("SUDO-02");
    assert_eq!(command["conclusion"], "exceptions", "what was seen is judged, whatever was not");
    assert!(command["why"].as_str().expect("a sentence").contains("3 silences longer than allowed"));
}

#[test]
fn a_change_of_class_is_told_with_both_snapshots() {
    let story = story();
    let changes = story.report["fleet"]["class_changes"].as_array().expect("a list");
    assert_eq!(changes.len(), 1, "{changes:?}");
    let text = |name: &str| changes[0][name].as_str().unwrap_or_default();
    assert_eq!(
        (text("host"), text("from_class"), text("to_class"), text("tested_as")),
        ("web-1", "immutable", "stateful", "stateful")
    );
    assert_eq!((text("from_source"), text("source")), ("cmdb-2026-07-01.csv", "cmdb-2026-07-15.csv"));
    assert_eq!((changes[0]["from_line"].as_u64(), changes[0]["line"].as_u64()), (Some(3), Some(3)));
    let lived = story.report["fleet"]["part_lived"].as_array().expect("a list");
    let lived: Vec<&str> = lived.iter().map(|host| host["host"].as_str().expect("a name")).collect();
    assert_eq!(lived, ["db-2", "db-3"]);
    let said = "it was seen as immutable until 2026-07-01T05:00:00Z, and as stateful from 2026-07-15T05:00:00Z";
    assert!(story.fleet.contains(said), "FLEET-01 says so");
    assert!(story.html.contains("Changes of class, 1 of 1") && story.markdown.contains("Changes of class, 1 of 1"));
}

#[test]
fn commands_of_one_session_stand_together_and_none_is_lost() {
    let story = story();
    let exceptions = story.report["exceptions"].as_array().expect("a list");
    let alice: Vec<&Value> = exceptions
        .iter()
        .filter(|exception| {
            exception["control_id"] == "SUDO-02" && exception["sentence"].as_str().is_some_and(|said| said.starts_with("alice"))
        })
        .collect();
    assert_eq!(alice.len(), 4);
    let session = |exception: &Value| (exception["session"]["terminal"].clone(), exception["session"]["commands"].clone());
    let sessions: Vec<_> = alice.iter().map(|exception| session(exception)).collect();
    let of = |terminal: &str, commands: u64| (Value::from(terminal), Value::from(commands));
    // Half an hour and a second between two commands ends a session.
    assert_eq!(sessions, [of("pts/0", 2), of("pts/0", 2), of("pts/1", 1), of("pts/0", 1)]);
    assert_eq!(alice[0]["group"], alice[1]["group"]);
    assert_ne!(alice[0]["group"], alice[3]["group"]);
    let automation = exceptions.iter().filter(|exception| exception["control_id"] == "SUDO-02" && exception["session"].is_null());
    let groups: std::collections::BTreeSet<&str> = automation.filter_map(|exception| exception["group"].as_str()).collect();
    assert_eq!(groups.len(), 4, "what runs without a terminal is one group a host");
    let words = "One session at pts/0 from 2026-07-20T10:00:00Z to 2026-07-20T10:10:00Z, 2 commands";
    assert!(story.html.contains(words) && story.markdown.contains(words));
    for command in ["/usr/bin/vi /etc/hosts", "/bin/systemctl restart x"] {
        assert!(story.html.contains(&format!("<code>{command}</code>")) && story.markdown.contains(&format!("`{command}`")));
    }
}

#[test]
fn ten_thousand_hosts_stay_on_a_small_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let evidence = folder.path().join("evidence");
    std::fs::create_dir(&evidence).expect("a folder");
    let mut rows = format!("{HEAD}\n");
    for number in 0..10_000 {
        let class = if number % 2 == 0 { "stateful" } else { "immutable" };
        let later = if number % 3 == 0 { "2026-07-10T00:00:00Z" } else { "" };
        let _ = writeln!(rows, "2026-07-15T05:00:00Z,host-{number:05},{class},,c,p,,,{later},");
    }
    std::fs::write(evidence.join("cmdb.csv"), rows).expect("written");
    let mut lines = String::new();
    for number in (0..10_000).step_by(20) {
        for day in [1, 3, 4, 9, 20, 21, 31] {
            lines.push_str(&sudo(
                &format!("2026-07-{day:02}T12:00:00"),
                &format!("host-{number:05}"),
                "backup",
                "unknown",
                "/bin/true",
            ));
        }
    }
    std::fs::write(evidence.join("auth.log"), lines).expect("written");
    let out = folder.path().join("pack");
    pack(&evidence, &out);
    let html = std::fs::read_to_string(out.join("data/index.html")).expect("the page");
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
    assert!(html.contains("The sudo log by host, 40 of 5,000 hosts: those with silences first"));
    assert!(html.contains("Hosts that lived only part of the period, 100 of 3,334; all are in report.json"));
    let csv = std::fs::read_to_string(out.join("data/coverage/sudo.csv")).expect("the CSV");
    assert_eq!(csv.lines().count(), 1 + 5_000 * 31);
}
