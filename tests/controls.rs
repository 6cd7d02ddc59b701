//! Every control against its fixtures: facts in, status of every item and conclusion out.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use serde::Deserialize;
use steadfast::assess::{Assessed, Engine, EngineOptions, Item, assess};
use steadfast::catalogue::Catalogue;
use steadfast::collect::{CollectOptions, collect};
use steadfast::config::Config;
use steadfast::facts::{Kind, TABLES, Table, parse_rfc3339};
use steadfast::period::Period;
use steadfast::report::Conclusion;

use crate::support::root;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    #[serde(default = "quarter")]
    period: String,
    #[serde(default)]
    params: BTreeMap<String, toml::Value>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    period: Option<String>,
    conclusion: Conclusion,
    expect: Vec<(String, String)>,
    /// For every item, in any order: what its verdict, rule or reason has to say, as `verdict: reason` or `rule: reason`.
    #[serde(default)]
    says: Vec<String>,
    /// What stands in steadfast.toml.
    #[serde(default)]
    config: toml::Table,
    #[serde(default)]
    facts: BTreeMap<String, Vec<toml::Table>>,
}

fn quarter() -> String {
    "2026-Q3".to_owned()
}

fn column(table: &Table, name: &str, kind: Kind, rows: &[toml::Table]) -> ArrayRef {
    let cells = rows.iter().map(|row| row.get(name));
    let wrong = |value: &toml::Value| -> ! { panic!("{}.{name}: `{value}` is not {}", table.name, kind.sql()) };
    match kind {
        Kind::Text | Kind::Prose => Arc::new(
            cells
                .map(|cell| cell.map(|value| value.as_str().unwrap_or_else(|| wrong(value)).to_owned()))
                .collect::<StringArray>(),
        ),
        Kind::Int => Arc::new(
            cells.map(|cell| cell.map(|value| value.as_integer().unwrap_or_else(|| wrong(value)))).collect::<Int64Array>(),
        ),
        Kind::Real => Arc::new(
            cells
                .map(|cell| {
                    cell.map(|value| {
                        value.as_float().or(value.as_integer().map(|whole| whole as f64)).unwrap_or_else(|| wrong(value))
                    })
                })
                .collect::<Float64Array>(),
        ),
        Kind::Flag => Arc::new(
            cells.map(|cell| cell.map(|value| value.as_bool().unwrap_or_else(|| wrong(value)))).collect::<BooleanArray>(),
        ),
        Kind::Time => Arc::new(
            cells
                .map(|cell| cell.map(|value| value.as_str().and_then(parse_rfc3339).unwrap_or_else(|| wrong(value)).0))
                .collect::<TimestampMicrosecondArray>(),
        ),
    }
}

fn write_table(store: &Path, table: &'static Table, rows: &[toml::Table]) {
    for row in rows {
        let known = |key: &String| key == "source" || key == "line" || table.columns.iter().any(|column| column.name == key);
        assert!(row.keys().all(known), "{}: unknown column in {row:?}", table.name);
    }
    let source: StringArray =
        rows.iter().map(|row| Some(row.get("source").and_then(toml::Value::as_str).unwrap_or("fixture"))).collect();
    let line: Int64Array =
        (1..).zip(rows).map(|(number, row)| Some(row.get("line").and_then(toml::Value::as_integer).unwrap_or(number))).collect();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(source), Arc::new(line)];
    columns.extend(table.columns.iter().map(|described| column(table, described.name, described.kind, rows)));
    let batch = RecordBatch::try_new(table.schema(), columns).expect("a batch");
    let file = File::create(store.join(format!("{}.parquet", table.name))).expect("a file");
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, table.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

/// Judges the facts of a case by one control.
fn assessed(case: &Case, fixture: &Fixture, id: &str) -> Assessed {
    let mut config = Config::parse("steadfast.toml", &case.config.to_string()).expect("a configuration");
    if !fixture.params.is_empty() {
        config.params.insert(id.to_owned(), fixture.params.clone());
    }
    let mut catalogue = Catalogue::load(None, &config).expect("the embedded controls");
    catalogue.controls.retain(|control| control.id == id);
    let period = Period::parse(case.period.as_ref().unwrap_or(&fixture.period), chrono_tz::Tz::UTC).expect("a period");
    let work = tempfile::tempdir().expect("a folder");
    let store = work.path().join("facts");
    let options = CollectOptions { config: &config, period: &period, threads: 1, progress: &|_, _| {} };
    let collected = collect(&[], &store, options).expect("an empty store");
    for (name, rows) in &case.facts {
        let table = TABLES.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("no fact table {name}"));
        write_table(&store, table, rows);
    }
    let engine = Engine::open(&store, work.path(), EngineOptions { memory: 64 << 20, threads: 1 }).expect("an engine");
    let populations = work.path().join("populations");
    let assessment = assess(&engine, &catalogue, &config, &period, &collected, &populations, |_| {}).expect("a judgement");
    assessment.controls.into_iter().next().expect("the control")
}

/// What an item says: the rule that explains it, or else the verdict, and the reason.
fn said(item: &Item) -> String {
    let word = item.cell("rule").or_else(|| item.cell("verdict")).unwrap_or_default();
    format!("{word}: {}", item.reason)
}

/// The cases of a control that are judged otherwise than its fixture says.
fn judged_otherwise(id: &str) -> Vec<String> {
    let path = root().join("tests/controls").join(format!("{id}.toml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let fixture: Fixture = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for needed in ["met", "exception", "inconclusive"] {
        assert!(fixture.case.iter().any(|case| case.name == needed), "{id}: no case `{needed}`");
    }
    let mut wrong = Vec::new();
    for case in &fixture.case {
        let judged = assessed(case, &fixture, id);
        let mut items: Vec<(String, String)> =
            judged.population.first.iter().map(|item| (item.resource.clone(), item.status.word().to_owned())).collect();
        items.sort();
        let mut said: Vec<String> = judged.population.first.iter().map(said).collect();
        said.sort();
        if !case.says.is_empty() && said != case.says {
            wrong.push(format!("{id} `{}` says\n  {}\n  expected\n  {}", case.name, said.join("\n  "), case.says.join("\n  ")));
        }
        if items != case.expect || judged.conclusion != case.conclusion {
            wrong.push(format!(
                "{id} `{}`: {:?} {}\n  expected {:?}\n  found    {:?}\n  expected conclusion {:?}",
                case.name, judged.conclusion, judged.why, case.expect, items, case.conclusion
            ));
        }
    }
    wrong
}

#[test]
fn every_control_judges_its_fixtures_as_expected() {
    let catalogue = Catalogue::load(None, &Config::default()).expect("the embedded controls");
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(control) = catalogue.controls.get(next.fetch_add(1, Ordering::Relaxed)) {
                    wrong.lock().expect("a list").extend(judged_otherwise(&control.id));
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("a list");
    assert!(wrong.is_empty(), "{} cases are judged otherwise:\n{}", wrong.len(), wrong.join("\n"));
}
