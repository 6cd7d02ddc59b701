//! A pack that was touched is told from one that was not.

use std::path::Path;

use steadfast::pack::verify;

use crate::support::{sample_pack_copy, steadfast};

fn problems(pack: &Path) -> Vec<String> {
    let (_, _, problems) = verify(pack).expect("a pack");
    problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.what)).collect()
}

#[test]
fn every_kind_of_tampering_is_found() {
    type Attack = (&'static str, fn(&Path), &'static str);
    let attacks: [Attack; 8] = [
        ("edited payload", |pack| append(&pack.join("data/report.md"), b"x"), "data/report.md: has changed"),
        (
            "missing payload",
            |pack| std::fs::remove_file(pack.join("data/sources.csv")).expect("removed"),
            "data/sources.csv: is listed but not there",
        ),
        (
            "extra payload",
            |pack| std::fs::write(pack.join("data/extra.html"), "x").expect("written"),
            "data/extra.html: is there but not listed",
        ),
        (
            "extra tag file",
            |pack| std::fs::write(pack.join("index.html"), "x").expect("written"),
            "index.html: is there but not listed",
        ),
        ("edited bag-info", |pack| append(&pack.join("bag-info.txt"), b"A: b\n"), "bag-info.txt: has changed"),
        ("edited manifest", |pack| append(&pack.join("manifest-sha256.txt"), b"x\n"), "manifest-sha256.txt: line"),
        (
            "path out of the pack",
            |pack| append(&pack.join("manifest-sha256.txt"), format!("{}  data/../../etc/passwd\n", "0".repeat(64)).as_bytes()),
            "is no entry of a manifest",
        ),
        (
            "fetch.txt",
            |pack| std::fs::write(pack.join("fetch.txt"), "http://example.org/ 1 data/x").expect("written"),
            "fetch.txt: is there but not listed",
        ),
    ];
    for (name, attack, expected) in attacks {
        let pack = sample_pack_copy();
        assert!(problems(pack.path()).is_empty(), "{name}: the copy is sound");
        attack(pack.path());
        let problems = problems(pack.path());
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{name}: {problems:?}");
        let output = steadfast(&["verify", pack.path().to_str().expect("UTF-8")]);
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut text = std::fs::read(path).expect("the file");
    text.extend_from_slice(bytes);
    std::fs::write(path, text).expect("written");
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_file_is_found() {
    let pack = sample_pack_copy();
    let file = pack.path().join("data/report.md");
    let elsewhere = pack.path().with_extension("elsewhere");
    std::fs::rename(&file, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &file).expect("linked");
    let problems = problems(pack.path());
    std::fs::remove_file(&elsewhere).expect("removed");
    assert!(problems.iter().any(|problem| problem.contains("is a link or a special file")), "{problems:?}");
}

#[test]
fn every_flipped_byte_of_a_small_file_is_found() {
    let pack = sample_pack_copy();
    for name in ["bagit.txt", "bag-info.txt", "VERIFY.txt", "data/samples/SUDO-01.csv"] {
        let path = pack.path().join(name);
        let bytes = std::fs::read(&path).expect("the file");
        for index in (0..bytes.len()).step_by(41) {
            let mut flipped = bytes.clone();
            flipped[index] ^= 1;
            std::fs::write(&path, &flipped).expect("written");
            assert!(!problems(pack.path()).is_empty(), "{name}: byte {index} flipped unseen");
        }
        std::fs::write(&path, &bytes).expect("written");
    }
    assert!(problems(pack.path()).is_empty());
}

#[test]
fn a_pack_that_was_sealed_again_has_another_fingerprint() {
    let pack = sample_pack_copy();
    let output = steadfast(&["verify", pack.path().to_str().expect("UTF-8"), "--fingerprint", &"0".repeat(64)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(crate::support::printed(&output).contains("not the one expected"));
}

#[test]
fn a_folder_that_is_no_pack_is_an_error_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = steadfast(&["verify", folder.path().to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(crate::support::printed(&output).contains("no pack"));
}
