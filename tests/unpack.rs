//! Compressed files, archives and UTF-16: opened within limits, told where they cannot be, never a path out of the work folder.

use std::io::Write as _;
use std::path::Path;

use steadfast::collect::{CollectOptions, Collected, EvidenceFile, collect, unpack};
use steadfast::config::{Config, Unpack};
use steadfast::period::Period;

use crate::support::root;

/// Unpacks and reads `files` (name in the evidence, content).
fn read(work: &Path, files: &[(&str, &[u8])], config: &Config) -> Collected {
    let evidence: Vec<EvidenceFile> = (0..)
        .zip(files)
        .map(|(number, (source, bytes))| {
            let path = work.join(format!("evidence-{number}"));
            std::fs::write(&path, bytes).expect("written");
            EvidenceFile::new(path, (*source).to_owned())
        })
        .collect();
    let files = unpack(evidence, &work.join("unpacked"), config.unpack).expect("the work folder can be written");
    let period = Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period");
    let options = CollectOptions { config, period: &period, threads: 2, progress: &|_, _| {} };
    collect(&files, &work.join("facts"), options).expect("every record is accounted for")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("compressed");
    encoder.finish().expect("compressed")
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *bytes).expect("appended");
    }
    archive.into_inner().expect("an archive")
}

/// Path, format and records of every source.
fn told(collected: &Collected) -> Vec<(&str, &str, u64)> {
    let format = |source: &steadfast::collect::Source| source.format.map_or("none", |format| format.name());
    collected.sources.iter().map(|source| (source.path.as_str(), format(source), source.tally.gave_facts)).collect()
}

fn codes(collected: &Collected) -> Vec<(&str, &str)> {
    collected.limits.iter().map(|limit| (limit.code, limit.source.as_deref().unwrap_or_default())).collect()
}

const PEOPLE: &[u8] = b"person,alias\nann,ann.lee\nann,alee\n";

#[test]
fn every_compression_gives_the_same_facts() {
    let folder = tempfile::tempdir().expect("a folder");
    let zstd = zstd::encode_all(PEOPLE, 1).expect("compressed");
    let xz = std::fs::read(root().join("tests/fixtures/container/people.csv.xz")).expect("the fixture");
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(std::str::from_utf8(PEOPLE).expect("UTF-8").encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let files: [(&str, &[u8]); 5] =
        [("a.csv", PEOPLE), ("a.csv.gz", &gzip(PEOPLE)), ("a.csv.xz", &xz), ("a.csv.zst", &zstd), ("utf16.csv", &utf16)];
    let collected = read(folder.path(), &files, &Config::default());
    let expected = [
        ("a.csv", "people-csv", 2),
        ("a.csv.gz", "container", 0),
        ("a.csv.gz!a.csv", "people-csv", 2),
        ("a.csv.xz", "container", 0),
        ("a.csv.xz!a.csv", "people-csv", 2),
        ("a.csv.zst", "container", 0),
        ("a.csv.zst!a.csv", "people-csv", 2),
        ("utf16.csv", "container", 0),
        ("utf16.csv!utf-8", "people-csv", 2),
    ];
    assert_eq!(told(&collected), expected);
    assert_eq!(codes(&collected), []);
    let hashes: std::collections::BTreeSet<&str> =
        collected.sources.iter().filter(|source| source.tally.gave_facts == 2).map(|source| source.sha256.as_str()).collect();
    assert_eq!(hashes.len(), 1, "the members are hashed as they are read");
}

#[test]
fn members_are_bound_as_if_the_archive_were_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let sshd = std::fs::read(root().join("tests/fixtures/sshd-effective/good.txt")).expect("the fixture");
    let config = Config::parse("test", "[[bind]]\npath = \"{host}/sshd/{collected_at}.txt\"\n").expect("a configuration");
    let archive = gzip(&tar(&[("sshd/20260801T000000Z.txt", &sshd), ("sshd/20260802T000000Z.txt.gz", &gzip(&sshd))]));
    let collected = read(folder.path(), &[("es-data-1.tar.gz", &archive)], &config);
    let sources = told(&collected);
    assert_eq!(sources.iter().filter(|(_, format, gave)| *format == "sshd-effective" && *gave > 0).count(), 2, "{sources:?}");
}

#[test]
fn hostile_members_stay_in_the_work_folder_and_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let work = folder.path().join("work");
    std::fs::create_dir(&work).expect("a folder");
    let archive = std::fs::read(root().join("tests/fixtures/container/hostile.tar")).expect("the fixture");
    let collected = read(&work, &[("h.tar", &archive)], &Config::default());
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is written beside the work folder");
    assert!(told(&collected).contains(&("h.tar!../../etc/cron.d/people.csv", "people-csv", 1)));
    assert!(codes(&collected).contains(&("not-read", "h.tar!link.csv")));
    assert!(codes(&collected).contains(&("not-read", "h.tar!fifo")));
}

#[test]
fn a_bomb_stops_at_the_limit_and_a_torn_file_keeps_what_came_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let bomb = gzip(&vec![0; 200 << 20]);
    let lines =
        b"person,alias\n".iter().copied().chain(b"ann,ann.lee\n".iter().copied().cycle().take(12 * 200_000)).collect::<Vec<u8>>();
    let whole = gzip(&lines);
    let torn = whole.get(..whole.len() / 2).expect("half");
    let collected = read(folder.path(), &[("bomb.gz", &bomb), ("torn.csv.gz", torn)], &Config::default());
    assert!(codes(&collected).contains(&("not-unpacked", "bomb.gz")), "{:?}", codes(&collected));
    assert!(codes(&collected).contains(&("not-unpacked", "torn.csv.gz")));
    let unpacked = collected.source("bomb.gz!bomb").expect("the member").bytes;
    assert!(unpacked <= 65 << 20, "{unpacked} bytes came out");
    assert!(collected.source("torn.csv.gz!torn.csv").expect("the member").tally.gave_facts > 1_000);
    assert!(collected.sources.iter().filter(|source| source.unread).count() >= 2);
}

#[test]
fn a_name_without_end_is_not_read_into_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut header = tar::Header::new_gnu();
    header.set_path("@LongLink").expect("a name");
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(4 << 30);
    header.set_cksum();
    let archive: Vec<u8> = header.as_bytes().iter().copied().chain(std::iter::repeat_n(b'a', 4 << 20)).collect();
    let collected = read(folder.path(), &[("long.tar", &archive)], &Config::default());
    let told = collected.limits.iter().find(|limit| limit.code == "not-unpacked").expect("a limit");
    assert!(told.text.contains("more than 2 MiB"), "{}", told.text);
}

#[test]
fn limits_on_members_and_depth_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config { unpack: Unpack { members: 2, depth: 2, ..Unpack::default() }, ..Config::default() };
    let many = tar(&[("1.csv", PEOPLE), ("2.csv", PEOPLE), ("3.csv", PEOPLE)]);
    let deep = tar(&[("inner.tar", &tar(&[("innermost.tar", &tar(&[("people.csv", PEOPLE)]))]))]);
    let collected = read(folder.path(), &[("deep.tar", &deep), ("many.tar", &many)], &config);
    assert!(codes(&collected).contains(&("not-unpacked", "many.tar")));
    assert!(codes(&collected).contains(&("not-unpacked", "deep.tar!inner.tar!innermost.tar")), "{:?}", codes(&collected));
}
