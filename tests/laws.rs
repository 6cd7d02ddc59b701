//! Guard tests: what a newcomer may forget when adding a format, a control or an output.

use std::collections::BTreeSet;
use std::path::Path;

use steadfast::facts::TABLES;
use steadfast::formats::FORMATS;

use crate::support::root;

fn stems(folder: &str, ending: &str) -> BTreeSet<String> {
    let folder = root().join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .map(|path| path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned())
        .collect()
}

/// Files of `src/formats/` that are no format but serve several.
#[rustfmt::skip]
const SHARED_BY_FORMATS: &[&str] = &[
    "mod",
    "segment",
    "sink",
    "lazy",
    "json_records",
    "json_scan",
    "json_strings",
    "delimited",
    "login_subject",
    "export_csv",
    "servicenow_json",
    "servicenow_record",
    "jira_issue",
    "code_review",
    "ansible_groups",
    "inventory",
    "json_keys",
    "image_facts",
    "slsa_predicate",
    "dsse",
    "package_list",
    "sbom",
    "login_rules",
    "xccdf_scan",
    "inspec_sentences",
    "salt_shapes",
    "ansible_stats",
    "json_stream",
    "host_and_time",
    "run_limits",
    "grouping",
    "log_stamp",
    "sudo_text",
    "auth_text",
    "auth_logins",
    "journal_entry",
    "audit_record",
    "audit_events",
    "utmp_entry",
    "register_entry",
    "people_directory",
];

#[test]
fn every_format_file_is_registered_and_every_name_is_unique() {
    let text = std::fs::read_to_string(root().join("src/formats/mod.rs")).expect("the registry");
    for stem in stems("src/formats", "rs").iter().filter(|stem| !SHARED_BY_FORMATS.contains(&stem.as_str())) {
        assert!(text.contains(&format!("&{stem}::")), "src/formats/{stem}.rs is not in FORMATS");
    }
    let names: BTreeSet<&str> = FORMATS.iter().map(|format| format.name()).collect();
    assert_eq!(names.len(), FORMATS.len(), "two formats share a name");
    for format in FORMATS {
        assert!(!format.feeds().is_empty(), "{} feeds nothing", format.name());
        assert!(root().join("tests/fixtures").join(format.name()).is_dir(), "{} has no fixtures", format.name());
    }
}

#[cfg(feature = "judge")]
#[test]
fn every_output_file_is_registered() {
    use steadfast::outputs::OUTPUTS;
    let shared = ["mod", "escape", "prose"];
    let text = std::fs::read_to_string(root().join("src/outputs/mod.rs")).expect("the registry");
    for stem in stems("src/outputs", "rs").iter().filter(|stem| !shared.contains(&stem.as_str())) {
        assert!(text.contains(&format!("&{stem}::")), "src/outputs/{stem}.rs is not in OUTPUTS");
    }
    let paths: BTreeSet<&str> = OUTPUTS.iter().map(|output| output.path()).collect();
    assert_eq!(paths.len(), OUTPUTS.len(), "two outputs share a path");
}

#[test]
fn every_fact_table_file_is_registered() {
    let names: BTreeSet<&str> = TABLES.iter().map(|table| table.name).collect();
    assert_eq!(names.len(), TABLES.len(), "two tables share a name");
    let reserved = ["at", "user", "end", "time", "start", "order", "group", "table", "from", "to", "date", "timestamp", "value"];
    for table in TABLES {
        assert!(!table.doc.is_empty());
        for column in table.columns {
            assert!(!reserved.contains(&column.name), "{}.{} is a reserved word somewhere", table.name, column.name);
            assert!(!column.doc.is_empty());
        }
    }
}

#[cfg(feature = "judge")]
#[test]
fn every_control_plans_and_keeps_its_contract() {
    use steadfast::catalogue::Catalogue;
    use steadfast::config::Config;
    use steadfast::period::Period;
    use steadfast::pipeline::lint;
    let config = Config::default();
    let catalogue = Catalogue::load(None, &config).expect("ids equal file names, and every file can be read");
    let work = tempfile::tempdir().expect("a folder");
    lint(&catalogue, &config, &Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period"), work.path())
        .expect("sound controls");
    for control in &catalogue.controls {
        assert!(root().join("tests/controls").join(format!("{}.toml", control.id)).is_file(), "{} has no fixtures", control.id);
    }
}

/// Enhancements that NIST withdrew, so that nothing is mapped to them.
#[rustfmt::skip]
const WITHDRAWN: [&str; 30] = [
    "AC-3(1)", "AC-17(5)", "AC-17(7)", "AC-17(8)", "AU-2(1)", "AU-2(2)", "AU-2(3)", "AU-2(4)", "AU-6(2)", "AU-6(10)",
    "AU-10(5)", "CM-2(1)", "CM-2(4)", "CM-2(5)", "CM-5(2)", "CM-5(3)", "CM-5(7)", "CM-6(3)", "CM-6(4)", "CM-8(5)", "IA-2(3)",
    "IA-2(4)", "MA-2(1)", "MA-4(2)", "SI-4(6)", "SI-4(8)", "SI-7(4)", "SI-7(11)", "SI-7(13)", "SI-7(14)",
];

#[test]
fn every_mapping_resolves_and_every_control_is_mapped_or_said_to_have_no_requirement() {
    use steadfast::catalogue::Catalogue;
    use steadfast::config::Config;
    let catalogue = Catalogue::load(None, &Config::default()).expect("every framework can be read, every mapping resolves");
    let loaded: BTreeSet<String> = catalogue.frameworks.iter().map(|framework| framework.id.clone()).collect();
    assert_eq!(loaded, stems("controls/frameworks", "toml"));
    let controls: BTreeSet<&str> = catalogue.controls.iter().map(|control| control.id.as_str()).collect();
    for framework in &catalogue.frameworks {
        let supports = || framework.requirements.iter().flat_map(|requirement| &requirement.supported_by);
        let none = framework.no_direct_requirement.iter().flat_map(|topic| &topic.controls);
        let looked_at: BTreeSet<&str> = supports()
            .map(|support| support.control.get_ref().as_str())
            .chain(none.map(|control| control.get_ref().as_str()))
            .collect();
        assert_eq!(looked_at, controls, "{}: controls that are neither mapped nor said to have no requirement", framework.id);
        for support in supports() {
            let sentences = [Some(&support.rationale), support.claim_limit.as_ref()];
            for sentence in sentences.into_iter().flatten() {
                assert!(sentence.ends_with('.'), "{} {}: {sentence}", framework.id, support.control.get_ref());
            }
        }
        for requirement in &framework.requirements {
            assert!(!WITHDRAWN.contains(&requirement.id.get_ref().as_str()), "{} was withdrawn", requirement.id.get_ref());
        }
    }
    let nist = catalogue.frameworks.iter().find(|framework| framework.id == "NIST-800-53r5").expect("NIST");
    let withdrawn: Vec<&str> = nist.withdrawn.iter().map(|withdrawn| withdrawn.id.as_str()).collect();
    assert_eq!(withdrawn, WITHDRAWN);
    for went in nist.withdrawn.iter().flat_map(|withdrawn| &withdrawn.went_to) {
        assert!(!WITHDRAWN.contains(&went.as_str()), "{went} was withdrawn itself");
    }
}

/// Words that would be an opinion, which is not ours to give.
const FORBIDDEN: [&str; 6] = ["compliant", "certified", "passed", "failed", "score", "grade"];

#[test]
fn no_control_or_template_gives_an_opinion() {
    for folder in ["controls", "templates"] {
        for entry in walkdir::WalkDir::new(root().join(folder)) {
            let entry = entry.expect("an entry");
            if !entry.file_type().is_file() || entry.path().extension().is_some_and(|ending| ending == "sql" || ending == "css") {
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).expect("UTF-8");
            // Queries speak the words of tools (`r.outcome <> 'failed'`); sentences are ours.
            let prose: Vec<&str> =
                text.split("\"\"\"").enumerate().filter(|(_, part)| !part.contains("select ")).map(|(_, part)| part).collect();
            for word in prose.join(" ").to_lowercase().split(|character: char| !character.is_alphanumeric()) {
                assert!(!FORBIDDEN.contains(&word), "{}: the word `{word}`", entry.path().display());
            }
        }
    }
}

#[test]
fn files_tell_one_thing() {
    let mut long = Vec::new();
    for entry in walkdir::WalkDir::new(root().join("src")) {
        let entry = entry.expect("an entry");
        if entry.path().extension().is_some_and(|ending| ending == "rs") {
            let lines = std::fs::read_to_string(entry.path()).expect("UTF-8").lines().count();
            if lines > 500 {
                long.push(format!("{} has {lines} lines", entry.path().display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn only_the_engine_names_the_query_engine_and_only_the_pack_writes_packs() {
    let allowed = |path: &Path, folder: &[&str]| {
        folder.iter().any(|part| path.ends_with(part) || path.to_str().is_some_and(|path| path.contains(part)))
    };
    for entry in walkdir::WalkDir::new(root().join("src")) {
        let entry = entry.expect("an entry");
        if entry.path().extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("UTF-8");
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        if code.contains("datafusion::") {
            assert!(allowed(entry.path(), &["assess/engine/"]), "{} names the query engine", entry.path().display());
        }
        if code.contains("File::create") || code.contains("fs::write") {
            assert!(
                allowed(
                    entry.path(),
                    &[
                        "/pack/",
                        "/cli/",
                        "collect/store.rs",
                        "collect/unpack.rs",
                        "collect/overlap.rs",
                        "assess/engine/",
                        "assess/table.rs"
                    ]
                ),
                "{} writes files",
                entry.path().display()
            );
        }
        let outside = !allowed(entry.path(), &["/cli/"]);
        assert!(
            !(outside && (code.contains("SystemTime::now") || code.contains("std::env::"))),
            "{} looks outside",
            entry.path().display()
        );
    }
}
