//! The same inputs give the same bytes: under another zone, locale, number of threads, and order of directory entries.

use std::collections::BTreeMap;
use std::path::Path;

use steadfast::assess::{Engine, EngineOptions, assess};
use steadfast::catalogue::Catalogue;
use steadfast::collect::{CollectOptions, collect};
use steadfast::config::Config;
use steadfast::period::Period;
use steadfast::pipeline::evidence;

use crate::support::{command, copy, printed, root, sample_pack};

fn manifest(pack: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(pack.join("manifest-sha256.txt")).expect("the manifest")
        + &std::fs::read_to_string(pack.join("tagmanifest-sha256.txt")).expect("the tag manifest");
    text.lines().filter_map(|line| line.split_once("  ")).map(|(hash, path)| (path.to_owned(), hash.to_owned())).collect()
}

#[test]
fn zone_locale_threads_and_directory_order_change_nothing() {
    let expected = manifest(sample_pack());
    let folder = tempfile::tempdir().expect("a folder");
    // Entries written in the opposite order come back in another order on most file systems.
    let shuffled = folder.path().join("evidence copy");
    let mut files: Vec<_> = walkdir::WalkDir::new(root().join("samples/search-cluster"))
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("an entry").into_path())
        .filter(|path| path.is_file())
        .collect();
    files.reverse();
    for file in files {
        let place = shuffled.join(file.strip_prefix(root().join("samples/search-cluster")).expect("below"));
        std::fs::create_dir_all(place.parent().expect("a parent")).expect("a folder");
        std::fs::copy(&file, &place).expect("a copy");
    }
    let pack = folder.path().join("pack");
    let output = command()
        .arg("pack")
        .arg(&shuffled)
        .args(["--period", "2026-Q3", "--threads", "5", "--memory", "64", "--out"])
        .arg(&pack)
        .env("TZ", "Pacific/Auckland")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("LANG", "tr_TR.UTF-8")
        .env("SOURCE_DATE_EPOCH", "1")
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{}", printed(&output));
    let found = manifest(&pack);
    let different: Vec<&String> = expected.keys().filter(|path| expected.get(*path) != found.get(*path)).collect();
    assert!(different.is_empty() && expected.len() == found.len(), "{different:?}");
}

#[test]
fn populations_are_the_same_whether_queries_are_run_in_parts_or_in_one_piece() {
    let story = root().join("samples/search-cluster");
    let text = std::fs::read_to_string(story.join("steadfast.toml")).expect("the configuration");
    let config = Config::parse("steadfast.toml", &text).expect("sound");
    let catalogue = Catalogue::load(None, &config).expect("the embedded controls");
    let period = Period::parse("2026-Q3", config.system.time_zone.0).expect("a period");
    let work = tempfile::tempdir().expect("a folder");
    let files = evidence(&[story.join("evidence")], &[], work.path(), &config).expect("the evidence");
    let options = CollectOptions { config: &config, period: &period, threads: 2, progress: &|_, _| {} };
    let collected = collect(&files, &work.path().join("facts"), options).expect("facts");
    for (name, parts_from) in [("parts", 0), ("one", u64::MAX)] {
        let folder = work.path().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let options = EngineOptions { parts_from, ..EngineOptions::new(256 << 20, 2) };
        let engine = Engine::open(&collected, &folder, options).expect("an engine");
        let populations = folder.join("populations");
        assess(&engine, &catalogue, &config, &period, &collected, &populations, |_| {}).expect("a judgement");
        for control in &catalogue.controls {
            let csv = format!("populations/{}.csv", control.id);
            let found = std::fs::read(folder.join(&csv)).expect("the population");
            let packed = std::fs::read(sample_pack().join("data").join(&csv)).expect("the population in the pack");
            assert!(found == packed, "{} in {name}", control.id);
        }
    }
}

#[test]
fn one_changed_byte_of_evidence_changes_the_fingerprint() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&root().join("samples/search-cluster"), folder.path());
    let file = folder.path().join("evidence/people/people.csv");
    let mut text = std::fs::read(&file).expect("the file");
    text.push(b'\n');
    std::fs::write(&file, text).expect("written");
    let pack = folder.path().join("pack");
    let output = command()
        .arg("pack")
        .arg(folder.path())
        .args(["--period", "2026-Q3", "--out"])
        .arg(&pack)
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{}", printed(&output));
    assert_ne!(manifest(sample_pack()).get("data/sources.csv"), manifest(&pack).get("data/sources.csv"));
}
