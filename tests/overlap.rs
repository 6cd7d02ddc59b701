//! Logs handed in twice, and rotations that overlap: every event counts once, and what was repeated is counted.

use std::collections::BTreeSet;
use std::path::Path;

use steadfast::collect::{CollectOptions, Collected, EvidenceFile, collect};
use steadfast::config::Config;
use steadfast::period::Period;

/// One sudo line; `second` tells events apart.
fn line(host: &str, second: u32) -> String {
    format!("2026-08-05T14:22:{second:02}+00:00 {host} sudo:   alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id\n")
}

fn read(work: &Path, files: &[(&str, String)]) -> Collected {
    let evidence: Vec<EvidenceFile> = files
        .iter()
        .map(|(source, text)| {
            let path = work.join(source);
            std::fs::write(&path, text).expect("written");
            EvidenceFile::new(path, (*source).to_owned())
        })
        .collect();
    let config = Config::default();
    let period = Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period");
    let options = CollectOptions { config: &config, period: &period, threads: 2, progress: &|_, _| {} };
    collect(&evidence, &work.join("facts"), options).expect("every record is accounted for")
}

fn repeated(collected: &Collected) -> Vec<u64> {
    collected.sources.iter().map(|source| source.tally.repeated).collect()
}

#[test]
fn overlapping_rotations_and_copies_give_each_event_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = |from: u32, to: u32| (from..to).map(|second| line("es-data-1", second)).collect::<String>();
    // Second 3 has two equal events, which both happened.
    let first = lines(0, 4) + &lines(3, 10);
    let files = [
        ("a.log", first.clone()),
        ("b.log", lines(6, 15)),
        ("c.log", first),
        ("d.log", lines(20, 25)),
        ("e.log", line("es-data-2", 3)),
    ];
    let collected = read(folder.path(), &files);
    assert_eq!(repeated(&collected), [0, 4, 11, 0, 0]);
    assert_eq!(collected.rows["privileged_commands"], 11 + 5 + 5 + 1);
    let told: BTreeSet<(&str, &str)> =
        collected.limits.iter().map(|limit| (limit.code, limit.source.as_deref().unwrap_or_default())).collect();
    assert_eq!(told, BTreeSet::from([("repeated-events", "b.log"), ("repeated-events", "c.log")]));
    for source in &collected.sources {
        assert!(source.tally.adds_up(), "{}", source.path);
    }
}

#[test]
fn an_event_that_the_second_source_has_more_often_counts_as_often_as_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let collected =
        read(folder.path(), &[("a.log", line("h", 1) + &line("h", 5)), ("b.log", line("h", 1).repeat(3) + &line("h", 6))]);
    assert_eq!(repeated(&collected), [0, 1]);
    assert_eq!(collected.rows["privileged_commands"], 5);
}
