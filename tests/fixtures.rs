//! Every format against its fixtures: recognised by content, every record accounted for, secrets gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use steadfast::collect::{CollectOptions, EvidenceFile, collect};
use steadfast::config::Config;
use steadfast::formats::FORMATS;
use steadfast::mapping::Mapping;
use steadfast::period::Period;

use crate::support::root;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    file: String,
    records: u64,
    facts: u64,
    skipped: u64,
    rejected: u64,
    limits: Vec<String>,
    #[serde(default)]
    must_hold: Vec<String>,
    #[serde(default)]
    must_not_hold: Vec<String>,
}

/// Limits that the collector names itself, whatever the format.
const COLLECTOR: [&str; 8] = [
    "open-end",
    "rejected-records",
    "unrecognised",
    "empty-file",
    "not-read",
    "changed-while-read",
    "bind-matched-nothing",
    "mapping-matched-nothing",
];

/// Every text in the Parquet files of a store.
pub(crate) fn texts(store: &Path) -> String {
    let mut texts = String::new();
    for entry in std::fs::read_dir(store).expect("the store") {
        let file = std::fs::File::open(entry.expect("an entry").path()).expect("a file");
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file)
            .expect("Parquet")
            .build()
            .expect("a reader");
        for batch in reader {
            for column in batch.expect("a batch").columns() {
                if let Some(cells) = column.as_any().downcast_ref::<arrow::array::StringArray>() {
                    cells.iter().flatten().for_each(|cell| {
                        texts.push_str(cell);
                        texts.push('\n');
                    });
                }
                if let Some(cells) = column.as_any().downcast_ref::<arrow::array::TimestampMicrosecondArray>() {
                    cells.iter().flatten().for_each(|cell| {
                        texts.push_str(&steadfast::facts::Micros(cell).iso());
                        texts.push('\n');
                    });
                }
            }
        }
    }
    texts
}

#[test]
fn every_format_reads_its_fixtures_as_expected() {
    let mut wrong = Vec::new();
    for format in FORMATS {
        let folder = root().join("tests/fixtures").join(format.name());
        let text =
            std::fs::read_to_string(folder.join("expected.toml")).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut table: BTreeMap<String, toml::Value> = toml::from_str(&text).expect("TOML");
        let mappings: Vec<String> = table.remove("mappings").map_or_else(Vec::new, |names| names.try_into().expect("file names"));
        let mut binding = |key: &str| table.remove(key).and_then(|value| value.as_str().map(str::to_owned));
        let (host, collected_at) = (binding("host"), binding("collected_at"));
        for needed in ["good", "torn", "hostile"] {
            assert!(table.contains_key(needed), "{}: no fixture `{needed}`", format.name());
        }
        for (name, value) in table {
            let expected: Expected = value.try_into().unwrap_or_else(|error| panic!("{} {name}: {error}", format.name()));
            let mut config = Config::parse("test", "[[bind]]\npath = \"{host}/{collected_at}/*\"\n").expect("a configuration");
            for name in &mappings {
                let text = std::fs::read_to_string(folder.join(name)).expect("the mapping");
                config.mapped.push(Mapping::parse(name, &text).unwrap_or_else(|error| panic!("{error}")));
            }
            let work = tempfile::tempdir().expect("a folder");
            let source = match (&host, &collected_at) {
                (Some(host), Some(at)) => format!("{host}/{at}/{}", expected.file),
                _ => expected.file.clone(),
            };
            let files = [EvidenceFile::new(folder.join(&expected.file), source)];
            let period = Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period");
            let options = CollectOptions { config: &config, period: &period, threads: 2, progress: &|_, _| {} };
            let store = work.path().join("facts");
            let collected = collect(&files, &store, options).expect("collected");
            let source = &collected.sources[0];
            let limits: BTreeSet<&str> =
                collected.limits.iter().map(|limit| limit.code).filter(|code| !COLLECTOR.contains(code)).collect();
            let found = (
                source.format.map(|format| format.name()),
                source.tally.opened,
                source.tally.facts,
                source.tally.skipped(),
                source.tally.rejected,
                limits.into_iter().map(str::to_owned).collect::<Vec<_>>(),
            );
            let wanted = (
                Some(format.name()),
                expected.records,
                expected.facts,
                expected.skipped,
                expected.rejected,
                expected.limits.clone(),
            );
            if found != wanted {
                wrong.push(format!(
                    "{} {name} (format, records, facts, skipped, rejected, limits)\n  expected {wanted:?}\n  found    {found:?}",
                    format.name()
                ));
            }
            let texts = texts(&store);
            wrong.extend(
                expected
                    .must_hold
                    .iter()
                    .filter(|text| !texts.contains(*text))
                    .map(|text| format!("{} {name}: `{text}` is lost", format.name())),
            );
            wrong.extend(
                expected
                    .must_not_hold
                    .iter()
                    .filter(|text| texts.contains(*text))
                    .map(|text| format!("{} {name}: `{text}` is still there", format.name())),
            );
        }
    }
    assert!(wrong.is_empty(), "{} fixtures are read otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_file_cut_anywhere_is_a_strict_prefix_or_says_that_it_is_cut() {
    // Every reader sees every length of its good file in one store a length; what is lost must be rejected or named.
    let config = Config::default();
    let period = Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period");
    let work = tempfile::tempdir().expect("a folder");
    for name in ["sudo-json/compact.jsonl", "servicenow-approvals/good.json", "people-csv/good.csv"] {
        let path = root().join("tests/fixtures").join(name);
        let bytes = std::fs::read(&path).expect("the fixture");
        let whole = {
            let files = [EvidenceFile::new(path, "whole".to_owned())];
            let options = CollectOptions { config: &config, period: &period, threads: 1, progress: &|_, _| {} };
            collect(&files, &work.path().join("whole"), options).expect("collected").sources[0].tally.gave_facts
        };
        let mut files = Vec::new();
        for length in (1..bytes.len()).step_by(37) {
            let path = work.path().join(format!("cut-{length:06}"));
            std::fs::write(&path, &bytes[..length]).expect("written");
            files.push(EvidenceFile::new(path, format!("cut-{length:06}")));
        }
        let options = CollectOptions { config: &config, period: &period, threads: 2, progress: &|_, _| {} };
        let collected =
            collect(&files, &work.path().join("cut"), options).expect("nothing panics and nothing is unaccounted for");
        for source in &collected.sources {
            assert!(source.tally.gave_facts <= whole, "{name} {}: a cut file gives more than the whole", source.path);
            let named = collected.limits.iter().any(|limit| limit.source.as_deref() == Some(&source.path));
            let complete_lines = bytes[..source.bytes as usize].ends_with(b"\n");
            assert!(
                named || complete_lines || source.format.is_none() || name.ends_with(".csv"),
                "{name} {}: cut without a word",
                source.path
            );
        }
    }
}
