//! The same inputs give the same bytes: under another zone, locale, number of threads, and order of directory entries.

use std::collections::BTreeMap;
use std::path::Path;

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
