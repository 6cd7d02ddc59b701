//! Records of several lines in files that are cut into pieces, cut off, or damaged: none is lost without a word.

use std::fmt::Write as _;

use steadfast::collect::{CollectOptions, Collected, EvidenceFile, collect};
use steadfast::config::Config;
use steadfast::period::Period;

use crate::support::root;

/// Formats whose records reach over several lines, or are joined from several, with their good file.
const FILES: [&str; 12] = [
    "auditd/good.log",
    "cloudtrail/good.json",
    "journald-export/good.export",
    "journald-json/good.jsonl",
    "journald-json/pretty.json",
    "last/good.txt",
    "lastlog/good.txt",
    "sudo-logfile/good.log",
    "sudo-syslog/good.log",
    "teleport/good.jsonl",
    "utmpdump/good.txt",
    "wtmp/wtmp",
];

fn collected(files: Vec<(String, Vec<u8>)>) -> Collected {
    let work = tempfile::tempdir().expect("a folder");
    let files: Vec<EvidenceFile> = files
        .into_iter()
        .enumerate()
        .map(|(number, (source, bytes))| {
            let path = work.path().join(number.to_string());
            std::fs::write(&path, bytes).expect("written");
            EvidenceFile::new(path, source)
        })
        .collect();
    let config = Config::parse("test", "[[bind]]\npath = \"**\"\nhost = \"quill-1\"\n").expect("a configuration");
    let period = Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period");
    let options = CollectOptions { config: &config, period: &period, threads: 2, progress: &|_, _| {} };
    collect(&files, &work.path().join("facts"), options).expect("nothing panics and every record is accounted for")
}

#[test]
fn events_of_several_lines_outlive_the_cuts_between_pieces() {
    let events = 12_000_u64;
    let mut syslog = String::new();
    let mut logfile = String::new();
    let mut audit = String::new();
    for event in 0..events {
        let (minute, second) = (event / 60 % 60, event % 60);
        let stamp = format!("Aug  5 14:{minute:02}:{second:02}");
        let _ = writeln!(
            syslog,
            "{stamp} quill-1 sudo:      ann : PWD=/ ; USER=root ; COMMAND=/bin/x {event} {:0700}\n{stamp} quill-1 sudo:      ann : (command continued) --end",
            event
        );
        let _ = writeln!(logfile, "{stamp} : ann : PWD=/ ; USER=root ;\n    COMMAND=/bin/x {event} {:0700}\n    --end", event);
        let id = format!("msg=audit({}.000:{event}):", 1_785_939_761 + event);
        let _ = writeln!(
            audit,
            "type=SYSCALL {id} arch=c000003e syscall=59 success=yes auid=1001 uid=0 euid=0 tty=pts1 ses=1\ntype=EXECVE {id} argc=1 a0=\"x{event:0600}\"\ntype=CWD {id} cwd=\"/\"\ntype=PROCTITLE {id} proctitle=78"
        );
    }
    let collected = collected(vec![
        ("syslog".to_owned(), syslog.into_bytes()),
        ("logfile".to_owned(), logfile.into_bytes()),
        ("audit".to_owned(), audit.into_bytes()),
    ]);
    for source in &collected.sources {
        assert!(source.bytes > 8 << 20, "{} is cut at least twice", source.path);
        assert_eq!((source.tally.facts, source.tally.rejected), (events, 0), "{}", source.path);
    }
}

#[test]
fn a_file_cut_at_any_byte_gives_no_more_than_the_whole_and_says_that_it_is_cut() {
    for name in FILES {
        let bytes = std::fs::read(root().join("tests/fixtures").join(name)).expect("the fixture");
        let mut files: Vec<_> =
            (1..bytes.len()).step_by(31).map(|length| (format!("cut/{length:06}"), bytes[..length].to_vec())).collect();
        files.push(("whole".to_owned(), bytes.clone()));
        let collected = collected(files);
        let whole = collected.source("whole").expect("the whole file").tally.gave_facts;
        for source in &collected.sources {
            // A command whose exit is cut off counts as one; nothing else may be more than in the whole file.
            assert!(source.tally.gave_facts <= whole, "{name} {}: more than the whole", source.path);
            let named = collected.limits.iter().any(|limit| {
                limit.source.as_deref() == Some(&source.path)
                    && matches!(limit.code, "open-end" | "torn" | "rejected-records" | "unrecognised")
            });
            let ends = bytes[..usize::try_from(source.bytes).expect("small")].ends_with(b"\n") || source.bytes % 384 == 0;
            assert!(named || ends || source.path == "whole", "{name} {}: cut without a word", source.path);
        }
    }
}

#[test]
fn damaged_files_stop_nothing_and_lose_nothing() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap_or(0)
    };
    for name in FILES {
        let bytes = std::fs::read(root().join("tests/fixtures").join(name)).expect("the fixture");
        let files = (0..40)
            .map(|number| {
                let mut bytes = bytes.clone();
                for _ in 0..=random(6) {
                    let at = random(bytes.len());
                    match random(5) {
                        0 => bytes[at] = [0, 0xff, b'"', b'\n', b'\\', b'{', b' ', 0x1e][random(8)],
                        1 => drop(bytes.drain(at..(at + random(40)).min(bytes.len()))),
                        2 => {
                            let piece = bytes[at..(at + random(80)).min(bytes.len())].to_vec();
                            let to = random(bytes.len());
                            bytes.splice(to..to, piece);
                        }
                        3 => bytes[at] ^= 1 << random(8),
                        _ => {
                            bytes.splice(at..at, std::iter::repeat_n(b'[', 3000));
                        }
                    }
                }
                (format!("damaged/{number:03}"), bytes)
            })
            .collect();
        // Accounting is the collector's own: a record without an outcome, or two, would be an error here.
        let collected = collected(files);
        assert!(collected.sources.iter().any(|source| source.format.is_some()), "{name}: nothing is recognised");
    }
}
