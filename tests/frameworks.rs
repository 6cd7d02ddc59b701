//! Frameworks: one's own beside the built-in ones, mistakes with place and remedy, and what the report says by requirement.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use steadfast::catalogue::Catalogue;
use steadfast::config::Config;
use steadfast::outputs::OUTPUTS;

use crate::support::{judged, printed, rendered, root, sample_pack, steadfast};

/// A framework whose name looks like that of a control.
const OWN: &str = r#"
id = "OWN-12"
name = "Own rules"
version = "1"
publisher = "Ourselves"
quoting = "Ours."
[[requirement]]
id = "R-1"
title = "Clocks agree"
verified = true
supported_by = [{ control = "EVIDENCE-02", relation = "supports", rationale = "They do." }]
"#;

fn folder_with(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, text).expect("written");
    folder
}

fn frameworks_of(folder: &Path) -> (std::process::ExitStatus, String) {
    let output = steadfast(&["controls", "frameworks", "--controls", folder.to_str().expect("UTF-8")]);
    (output.status, printed(&output))
}

#[test]
fn a_framework_of_ones_own_adds_to_the_built_in_ones_and_changes_the_hash() {
    let folder = folder_with("frameworks/OWN-12.toml", OWN);
    let (status, text) = frameworks_of(folder.path());
    assert!(status.success(), "{text}");
    let line = text.lines().find(|line| line.starts_with("OWN-12")).expect("the framework");
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["OWN-12", "1", "1", "0", "Own", "rules,", "1"]);
    assert!(text.contains("SOC2-2017"), "the built-in ones stay: {text}");
    let config = Config::default();
    let loaded = |folder| Catalogue::load(folder, &config).expect("sound");
    let (bare, more) = (loaded(None), loaded(Some(folder.path())));
    assert_ne!(bare.sha256, more.sha256);
    assert_eq!(bare.controls.len(), more.controls.len(), "a framework is no control");
}

#[test]
fn a_built_in_framework_is_overridden_by_its_name() {
    let text = std::fs::read_to_string(root().join("controls/frameworks/HIPAA.toml")).expect("the framework");
    let folder = folder_with("frameworks/HIPAA.toml", &text.replace("verified = false", "verified = true"));
    let (_, text) = frameworks_of(folder.path());
    let line = text.lines().find(|line| line.starts_with("HIPAA")).expect("the framework");
    assert_eq!(line.split_whitespace().nth(3), Some("0"), "{line}");
}

#[test]
fn a_mistake_names_file_line_and_remedy() {
    let cases = [
        (
            "frameworks/OWN-12.toml",
            OWN.replace("EVIDENCE-02", "EVIDENCE-20"),
            vec!["OWN-12.toml:11:", "EVIDENCE-20", "did you mean"],
        ),
        ("OWN-9.toml", OWN.replace("OWN-12", "OWN-9"), vec!["OWN-9.toml", "no control", "`frameworks`"]),
        ("frameworks/OWN-13.toml", OWN.to_owned(), vec!["OWN-12", "not the name of the file"]),
    ];
    for (name, text, expected) in cases {
        let folder = folder_with(name, &text);
        let (status, printed) = frameworks_of(folder.path());
        assert_eq!(status.code(), Some(2), "{printed}");
        for part in expected {
            assert!(printed.contains(part), "`{part}` is not in: {printed}");
        }
    }
    let control = std::fs::read_to_string(root().join("controls/sudo/SUDO-02.toml")).expect("the control");
    let map = "[[maps]]\nframework = \"NIST-800-53r5\"\nid = \"CM-5(2)\"\nrelation = \"supports\"\nrationale = \"It was.\"\n";
    let folder = folder_with("SUDO-02.toml", &format!("{control}{map}"));
    let (_, printed) = frameworks_of(folder.path());
    for part in ["SUDO-02.toml:", "`CM-5(2)` was withdrawn", "its content went to CM-3(7)"] {
        assert!(printed.contains(part), "`{part}` is not in: {printed}");
    }
}

#[test]
fn a_framework_to_group_by_has_to_be_there_before_anything_is_read() {
    let output =
        steadfast(&["pack", "samples/search-cluster", "--period", "2026-Q3", "--out", "target/never", "--by", "SOC2-2071"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(printed(&output).contains("did you mean `SOC2-2017`?"), "{}", printed(&output));
}

#[test]
fn every_requirement_lists_its_controls_with_their_conclusions_and_nothing_else() {
    let data = sample_pack().join("data");
    let report: Value = serde_json::from_slice(&std::fs::read(data.join("report.json")).expect("the report")).expect("JSON");
    let html = std::fs::read_to_string(data.join("index.html")).expect("the page");
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let concluded: BTreeMap<String, String> =
        list(&report["controls"]).iter().map(|control| (text(&control["id"]), text(&control["conclusion"]))).collect();
    let frameworks = list(&report["frameworks"]);
    assert_eq!(frameworks.len(), 7);
    for framework in &frameworks {
        let id = text(&framework["id"]);
        assert!(html.contains(&format!("id=\"framework-{id}\"")), "{id} is not on the page");
        assert!(data.join(format!("controls/frameworks/{id}.toml")).is_file(), "{id} is not in the pack");
        let requirements = list(&framework["requirements"]);
        assert_eq!(framework["counts"]["mapped"], requirements.len());
        assert_eq!(framework["counts"]["listed"], requirements.len() + list(&framework["without_control"]).len());
        for requirement in &requirements {
            let keys: BTreeSet<&str> = requirement.as_object().expect("an object").keys().map(String::as_str).collect();
            assert_eq!(keys, BTreeSet::from(["controls", "id", "title", "verified"]), "a requirement has no conclusion");
            for support in list(&requirement["controls"]) {
                assert_eq!(concluded[&text(&support["control_id"])], text(&support["conclusion"]));
            }
        }
        assert_eq!(list(&framework["not_mapped"]), Vec::<Value>::new());
    }
}

#[test]
fn the_matrix_grouped_by_a_framework_has_every_control_in_full_once() {
    let folder = folder_with("hosts.csv", "observed_at,host,class\n2026-07-01T00:00:00Z,web-1,immutable\n");
    let mut config = Config::default();
    config.report.by = Some("PCI-DSS-4.0.1".to_owned());
    let report = judged(folder.path(), &config, "2026-Q3").report;
    assert_eq!(report.frameworks[0].id, "PCI-DSS-4.0.1", "the framework comes first");
    let rows = || report.matrix.iter().flat_map(|group| &group.rows);
    let in_full: Vec<&str> = rows().filter(|row| row.above.is_none()).map(|row| row.control_id.as_str()).collect();
    assert_eq!(in_full.len(), report.controls.len());
    assert_eq!(in_full.iter().collect::<BTreeSet<_>>().len(), report.controls.len());
    assert!(rows().count() > report.controls.len(), "a control stands under each of its requirements");
    for output in OUTPUTS {
        let page = rendered(*output, &report);
        match output.path() {
            "index.html" => {
                assert!(page.contains("by the requirements of PCI-DSS-4.0.1"));
                assert!(page.contains("6.5.1 Changes in production"));
                assert!(page.contains("No direct requirement in PCI-DSS-4.0.1: quorum kept"));
                assert!(page.contains("10.6.1 Clocks are synchronised <span class=\"muted\">(not verified"));
            }
            "report.md" => {
                for row in page.lines().filter(|line| line.starts_with('|')) {
                    assert!(row.replace("\\|", "").matches('|').count() <= 7, "more than six columns: {row}");
                }
            }
            _ => {}
        }
    }
}
