//! Files that change while they are read: what was hashed is what was parsed, quotes come from the same bytes or are
//! refused, and a change is named. Records that are too large for memory.

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::AsArray as _;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use steadfast::collect::{CollectOptions, Collected, EvidenceFile, collect};
use steadfast::config::Config;
use steadfast::mapping::Mapping;
use steadfast::period::Period;

/// Every line is a record that holds the line itself, so that the bytes parsed can be put together again from the facts.
const MAPPING: &str = r##"
format_version = 1
name = "whole-lines"
[recognise]
contains = ["#"]
[records]
layout = "lines"
pattern = '^(?P<all>.*)$'
[[fact]]
table = "people"
[fact.columns]
person = { field = "all" }
alias = { text = "-" }
"##;

/// Files read while they change, and how many of them at a time.
const ROUNDS: u64 = 1_000;
const FILES: u64 = 5;
const LINE: usize = 4096;

/// A text of `lines` lines that no other `version` shares.
fn version(version: u64, lines: u64) -> Vec<u8> {
    let mut text = Vec::new();
    for number in 0..lines {
        let head = format!("#{version:08}-{number:06} ");
        text.extend_from_slice(head.as_bytes());
        text.resize(text.len() + LINE - 1 - head.len(), b'a' + u8::try_from(version % 26).expect("small"));
        text.push(b'\n');
    }
    text
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().to_vec()
}

fn hex(digest: &[u8]) -> String {
    use std::fmt::Write as _;
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Every state that the writer gave a file, by its hash. It is noted before the file takes it.
type States = Mutex<HashSet<Vec<u8>>>;

/// Writes, appends, rewrites in place, cuts and rotates, until it is told to stop; `gate` is shut between two changes.
fn write(paths: &[PathBuf], stop: &AtomicBool, gate: &Mutex<()>, states: &States) {
    let note = |bytes: &[u8]| states.lock().expect("a lock").insert(sha256(bytes));
    let mut contents: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).expect("the file")).collect();
    let mut number = 1;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let at = usize::try_from(number).expect("small") % paths.len();
        let (path, content) = (&paths[at], &mut contents[at]);
        std::thread::sleep(std::time::Duration::from_micros(200));
        let _change = gate.lock().expect("a lock");
        match number / paths.len() as u64 % 5 {
            0 => {
                let more = version(number, 2);
                content.extend_from_slice(&more);
                note(content);
                OpenOptions::new().append(true).open(path).expect("opened").write_all(&more).expect("appended");
            }
            1 | 3 => {
                // The same length, in place: only the content tells.
                *content = version(number, (content.len() / LINE) as u64);
                note(content);
                let mut file = OpenOptions::new().write(true).open(path).expect("opened");
                file.rewind().expect("rewound");
                file.write_all(content).expect("written");
            }
            2 => {
                content.truncate(content.len() / LINE * 3 / 4 * LINE);
                note(content);
                OpenOptions::new().write(true).open(path).expect("opened").set_len(content.len() as u64).expect("cut");
            }
            _ => {
                *content = version(number, 4 + number % 14);
                note(content);
                let new = path.with_extension("new");
                std::fs::write(&new, &content).expect("written");
                let _ = std::fs::remove_file(path.with_extension("1"));
                std::fs::rename(path, path.with_extension("1")).expect("rotated");
                std::fs::rename(&new, path).expect("in place");
            }
        }
    }
}

/// The bytes of each source that were parsed, put together from the facts.
fn parsed(store: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = File::open(store.join("people.parquet")).expect("a table");
    let mut parsed: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader") {
        let batch = batch.expect("a batch");
        let column = |name| batch.column_by_name(name).expect("a column").as_string::<i32>();
        for (source, text) in column("source").iter().zip(column("person")) {
            let bytes = parsed.entry(source.expect("a source").to_owned()).or_default();
            bytes.extend_from_slice(text.expect("a text").as_bytes());
            bytes.push(b'\n');
        }
    }
    parsed
}

fn config() -> Config {
    let mut config = Config::default();
    config.mapped.push(Mapping::parse("whole-lines.toml", MAPPING).unwrap_or_else(|error| panic!("{error}")));
    config
}

fn collected(files: &[EvidenceFile], store: &Path, config: &Config) -> Collected {
    let period = Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period");
    collect(files, store, CollectOptions { config, period: &period, threads: 2, progress: &|_, _| {} }).expect("collected")
}

fn named(collected: &Collected, code: &str) -> bool {
    collected.limits.iter().any(|limit| limit.code == code)
}

/// What came of all the files that were read.
#[derive(Debug, Default)]
struct Count {
    read: u64,
    mixed: u64,
    named: u64,
    unnamed: u64,
    missed: u64,
    quoted: u64,
    refused: u64,
}

/// Holds what was collected of a file against what was parsed of it.
fn examine(collected: &Collected, path: &str, parsed: &BTreeMap<String, Vec<u8>>, states: &States, count: &mut Count) {
    let source = collected.source(path).expect("a source");
    let named = |code: &str| collected.limits.iter().any(|limit| limit.code == code && limit.source.as_deref() == Some(path));
    let changed = named("changed-while-read");
    count.read += 1;
    count.named += u64::from(changed);
    let Some(parsed) = parsed.get(path) else {
        assert!(named("not-read") || named("empty-file"), "{path} was away, or cut to nothing, without a word");
        count.missed += 1;
        return;
    };
    let parsed = &parsed[..parsed.len().min(usize::try_from(source.bytes).expect("small"))];
    assert_eq!(parsed.len() as u64, source.bytes, "not all bytes were parsed");
    let digest = sha256(parsed);
    assert_eq!(source.sha256, hex(&digest), "what was hashed is not what was parsed");
    if !states.lock().expect("a lock").contains(&digest) {
        count.mixed += 1;
        count.unnamed += u64::from(!changed);
    }
    let lines: Vec<&[u8]> = parsed.split(|byte| *byte == b'\n').collect();
    for line in [1, lines.len() / 2] {
        match collected.quote(path, line as u64) {
            Ok(quote) => {
                let text = quote.lines[0].text.split(' ').next().expect("a word");
                assert!(lines[line - 1].starts_with(text.as_bytes()), "a quote of other bytes");
                count.quoted += 1;
            }
            Err(reason) => {
                assert!(reason.contains("changed") || reason.contains("can no longer be read"), "{reason}");
                count.refused += 1;
            }
        }
    }
}

#[test]
fn what_is_hashed_is_what_is_parsed_while_files_change() {
    let work = tempfile::tempdir().expect("a folder");
    let store = work.path().join("facts");
    let names: Vec<String> = (0..FILES).map(|number| format!("moving-{number}.log")).collect();
    let paths: Vec<PathBuf> = names.iter().map(|name| work.path().join(name)).collect();
    let first = version(1, 20);
    paths.iter().for_each(|path| std::fs::write(path, &first).expect("written"));
    let files: Vec<EvidenceFile> =
        names.iter().zip(&paths).map(|(name, path)| EvidenceFile::new(path.clone(), name.clone())).collect();
    let states: States = Mutex::new(HashSet::from([sha256(&first)]));
    let (stop, gate, config) = (AtomicBool::new(false), Mutex::new(()), config());
    let (mut moving, mut still) = (Count::default(), Count::default());
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(&paths, &stop, &gate, &states));
        for round in 0..ROUNDS / FILES {
            assert!(!writer.is_finished(), "the writer stopped");
            let collected_now = collected(&files, &store, &config);
            let parsed_now = parsed(&store);
            names.iter().for_each(|name| examine(&collected_now, name, &parsed_now, &states, &mut moving));
            if round % 10 == 0 {
                // Nothing changes now, and nothing may be said to.
                let _shut = gate.lock().expect("a lock");
                let collected_now = collected(&files, &store, &config);
                let parsed_now = parsed(&store);
                names.iter().for_each(|name| examine(&collected_now, name, &parsed_now, &states, &mut still));
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    println!("moving: {moving:?}\nstill: {still:?}");
    // The system stamps a write when it begins. One that began before we did and stands still until we are done leaves no trace.
    assert!(moving.unnamed <= ROUNDS / 100, "read while they changed, without a word: {moving:?}");
    assert!(moving.read == ROUNDS && moving.named > ROUNDS / 20 && moving.refused > 0, "the writer was too slow: {moving:?}");
    assert!((still.named, still.mixed, still.missed, still.refused) == (0, 0, 0, 0), "nothing changed: {still:?}");
    assert_eq!(still.quoted, 2 * still.read);
}

#[test]
fn a_container_that_changes_after_it_was_unpacked_is_named() {
    let work = tempfile::tempdir().expect("a folder");
    let path = work.path().join("moving.log");
    std::fs::write(&path, version(1, 3)).expect("written");
    let files = vec![EvidenceFile::new(path.clone(), "moving.log".to_owned())];
    let files = steadfast::collect::unpack(files, &work.path().join("unpacked"), Config::default().unpack).expect("unpacked");
    // A plain file when it was looked into for what it holds, and a compressed one when it is read.
    std::fs::write(&path, b"\x1f\x8b\x08\0\0\0\0\0\0\0 not opened").expect("written");
    let collected = collected(&files, &work.path().join("facts"), &config());
    assert!(named(&collected, "changed-while-read"), "{:?}", collected.limits);
    assert!(collected.sources[0].unread);
}

#[test]
fn a_line_that_is_too_large_is_one_reject_and_what_follows_it_is_read() {
    let work = tempfile::tempdir().expect("a folder");
    let path = work.path().join("huge.log");
    let mut file = File::create(&path).expect("a file");
    file.write_all(b"#one\n").expect("written");
    // A hole: 100 MiB that take no room on the disk.
    file.seek(std::io::SeekFrom::Start(100 << 20)).expect("a hole");
    file.write_all(b"\n#three\n#four\n").expect("written");
    drop(file);
    let collected = collected(&[EvidenceFile::new(path, "huge.log".to_owned())], &work.path().join("facts"), &config());
    let source = &collected.sources[0];
    assert_eq!((source.tally.opened, source.tally.facts, source.tally.rejected), (4, 3, 1));
    assert_eq!(source.tally.reasons.values().next(), Some(&(2, 1)), "it is told at its line");
    assert_eq!(collected.quote("huge.log", 3).expect("a quote").lines[0].text, "#three");
    assert_eq!(collected.quote("huge.log", 1).expect("a quote").lines[0].text, "#one");
}

#[test]
fn rules_that_no_file_comes_under_are_named() {
    let work = tempfile::tempdir().expect("a folder");
    let path = work.path().join("people.csv");
    std::fs::write(&path, "person,alias\nann,a\n").expect("written");
    let mut config = Config::parse(
        "steadfast.toml",
        "[[bind]]\npath = \"people.csv\"\nhost = \"db-1\"\n[[bind]]\npath = \"aide/{host}.txt\"\n",
    )
    .expect("a configuration");
    config.mapped.push(Mapping::parse("whole-lines.toml", MAPPING).expect("a mapping"));
    let collected = collected(&[EvidenceFile::new(path, "people.csv".to_owned())], &work.path().join("facts"), &config);
    let texts: Vec<&str> = collected.limits.iter().map(|limit| limit.text.as_str()).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("aide/{host}.txt") && texts[1].contains("whole-lines"), "{texts:?}");
}

#[test]
fn records_of_a_json_document_are_quoted_and_a_changed_one_is_refused() {
    const RECORDS: u64 = 9_000;
    let work = tempfile::tempdir().expect("a folder");
    let path = work.path().join("sudo.json");
    let event = |number: u64| {
        format!(
            "\n  \"accept\": {{ \"uuid\": \"id-{number:06}\", \"server_time\": {{ \"seconds\": {} }}, \"submituser\": \"ann\", \
             \"submithost\": \"db-1\", \"command\": \"/bin/{}\" }}",
            1_785_000_000 + number,
            "x".repeat(500)
        )
    };
    // The last event is cut off.
    let mut text = format!("{{{}", (1..=RECORDS).map(event).collect::<Vec<_>>().join(","));
    text.truncate(text.len() - 40);
    std::fs::write(&path, &text).expect("written");
    let files = [EvidenceFile::new(path.clone(), "sudo.json".to_owned())];
    let collected = collected(&files, &work.path().join("facts"), &Config::default());
    let source = collected.source("sudo.json").expect("a source");
    assert_eq!((source.tally.opened, source.tally.rejected), (RECORDS, 1));
    let shown = |number: u64| collected.quote("sudo.json", number).map(|quote| quote.lines[0].text.clone());
    for number in [1, 2, RECORDS / 2, RECORDS - 1, RECORDS, 3] {
        let text = shown(number).unwrap_or_else(|reason| panic!("{number}: {reason}"));
        assert!(text.starts_with("\"accept\"") && text.contains(&format!("id-{number:06}")), "{number}: {text}");
    }
    assert!(shown(RECORDS + 1).expect_err("no such record").contains("no such record"));
    // A record that is written over is refused, also where its piece was looked through before; others still stand.
    let at = text.find("id-000002").expect("the record");
    let mut file = OpenOptions::new().write(true).open(&path).expect("the file");
    file.seek(std::io::SeekFrom::Start(at as u64)).expect("a place");
    file.write_all(b"ID").expect("written");
    assert!(shown(2).expect_err("changed").contains("changed"));
    assert!(shown(1).is_ok());
}
