//! The second engine: stock DuckDB judges every fixture of every control as the first one does. `sample` and `fleet` hold both
//! against each other over whole packs.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::json;
use steadfast::assess::{Engine, EngineOptions, ordered_views};
use steadfast::catalogue::Catalogue;
use steadfast::facts::TABLES;
use steadfast::pack::reperform;
use steadfast::period::Period;

use crate::controls::{Judged, configuration, fixtures, judged};
use crate::support::{have_duckdb, printed};

/// Runs the statements of reperform.sql over the facts of each case, and compares what they give with what is expected.
const SCRIPT: &str = r#"
import duckdb, json
work = json.load(open('cases.json'))
connection = duckdb.connect()
connection.execute("set timezone = 'UTC'")
connection.execute("set threads = 1")
for table in work['tables']:
    connection.execute(table)
different = 0
for case in work['cases']:
    connection.execute('begin')
    for table, rows in case['facts'].items():
        for row in rows:
            names = ', '.join(row)
            connection.execute(f"insert into {table} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))
    for statement in work['scripts'][case['setting']]:
        if 'read_parquet' in statement or 'read_csv' in statement or statement.startswith('set '):
            continue
        connection.execute(statement)
    for control, expected in case['items'].items():
        found = [list(row) for row in connection.execute(f'select resource, status from "{control}"').fetchall()]
        if sorted(found) != sorted(expected):
            different += 1
            print(case['of'], control, 'expected', sorted(expected), 'found', sorted(found))
    connection.execute('rollback')
print(len(work['cases']), 'cases,', different, 'different')
"#;

#[test]
fn duckdb_judges_every_fixture_the_same() {
    if !have_duckdb() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let fixtures = fixtures();
    let catalogue = Catalogue::load(None, &configuration(&fixtures, "")).expect("the embedded controls");
    let engine = Engine::for_many(folder.path(), EngineOptions::new(256 << 20, 1)).expect("an engine");
    let views = ordered_views(&engine, &catalogue).expect("the views");
    let mut scripts = BTreeMap::new();
    for case in judged() {
        scripts.entry(setting(case)).or_insert_with(|| {
            let config = configuration(&fixtures, &case.setting.config);
            let period = Period::parse(&case.setting.period, chrono_tz::Tz::UTC).expect("a period");
            let script = reperform(&catalogue, &views, &config, &period);
            let statements = script.split(";\n").map(uncommented).filter(|statement| !statement.is_empty());
            statements.collect::<Vec<_>>()
        });
    }
    let tables: Vec<String> = TABLES
        .iter()
        .map(|table| {
            let columns: String = table.columns.iter().map(|column| format!(", {} {}", column.name, column.kind.sql())).collect();
            format!("create table {} (source varchar, line bigint{columns})", table.name)
        })
        .collect();
    let cases: Vec<_> = judged()
        .iter()
        .map(|case| {
            let facts: BTreeMap<_, Vec<_>> =
                case.facts.iter().map(|(table, rows)| (table, (1..).zip(rows).map(pointed).collect())).collect();
            json!({ "of": case.of, "setting": setting(case), "facts": facts, "items": case.items })
        })
        .collect();
    let work = json!({ "tables": tables, "scripts": scripts, "cases": cases });
    std::fs::write(folder.path().join("cases.json"), work.to_string()).expect("a file");
    let output = Command::new("python3").args(["-c", SCRIPT]).current_dir(folder.path()).output().expect("python runs");
    let text = printed(&output);
    assert!(output.status.success(), "{text}");
    assert_eq!(text.trim(), format!("{} cases, 0 different", judged().len()));
}

/// What the script of a case is known by.
fn setting(case: &Judged) -> String {
    format!("{}\n{}", case.setting.period, case.setting.config)
}

/// A statement without the comments before it.
fn uncommented(statement: &str) -> String {
    let lines = statement.lines().skip_while(|line| line.trim().is_empty() || line.starts_with("--"));
    lines.collect::<Vec<_>>().join("\n").trim_end_matches(';').to_owned()
}

/// A row with the pointer that a fixture leaves out.
fn pointed((number, row): (i64, &toml::Table)) -> toml::Table {
    let mut row = row.clone();
    row.entry("source").or_insert_with(|| "fixture".into());
    row.entry("line").or_insert_with(|| number.into());
    row
}
