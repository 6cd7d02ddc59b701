//! Every control against its fixtures: facts in, status of every item and conclusion out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use serde::Deserialize;
use steadfast::assess::{Assessed, Engine, EngineOptions, Item, assess};
use steadfast::catalogue::Catalogue;
use steadfast::collect::{CollectOptions, Collected, collect};
use steadfast::config::Config;
use steadfast::facts::{Kind, TABLES, Table, parse_rfc3339};
use steadfast::period::Period;
use steadfast::report::Conclusion;

use crate::support::root;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixture {
    #[serde(default = "quarter")]
    period: String,
    #[serde(default)]
    params: BTreeMap<String, toml::Value>,
    /// What stands in steadfast.toml for all cases.
    #[serde(default)]
    config: String,
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
    /// What else stands in steadfast.toml.
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

/// The rows of a fact table.
fn batch(table: &'static Table, rows: &[toml::Table]) -> RecordBatch {
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
    RecordBatch::try_new(table.schema(), columns).expect("a batch")
}

/// An engine that judges one case after the other, all of one period.
struct Bench {
    period: Period,
    config: Config,
    catalogue: Catalogue,
    engine: Engine,
    collected: Collected,
    work: tempfile::TempDir,
}

impl Bench {
    /// The parameters are those of all fixtures together: each sets those of its own control only.
    fn new(setting: &Setting, fixtures: &[(String, Fixture)]) -> Self {
        let Setting { period, config } = setting;
        let config = configuration(fixtures, config);
        let catalogue = Catalogue::load(None, &config).expect("the embedded controls");
        let period = Period::parse(period, chrono_tz::Tz::UTC).expect("a period");
        let work = tempfile::tempdir().expect("a folder");
        let options = CollectOptions { config: &config, period: &period, threads: 1, progress: &|_, _| {} };
        let collected = collect(&[], &work.path().join("facts"), options).expect("an empty store");
        let engine = Engine::for_many(work.path(), EngineOptions::new(256 << 20, 1)).expect("an engine");
        Self { period, config, catalogue, engine, collected, work }
    }

    /// Judges the facts of a case by every control.
    fn judge(&self, case: &Case) -> Vec<Assessed> {
        for name in case.facts.keys() {
            assert!(TABLES.iter().any(|table| table.name == name), "no fact table {name}");
        }
        for table in TABLES {
            let rows = case.facts.get(table.name).map(Vec::as_slice).unwrap_or_default();
            self.engine.fill(table, &batch(table, rows)).expect("rows of the table");
        }
        let populations = self.work.path().join("populations");
        assess(&self.engine, &self.catalogue, &self.config, &self.period, &self.collected, &populations, |_| {})
            .expect("a judgement")
            .controls
    }
}

pub(crate) fn fixtures() -> Vec<(String, Fixture)> {
    let catalogue = Catalogue::load(None, &Config::default()).expect("the embedded controls");
    let mut fixtures = Vec::new();
    for control in &catalogue.controls {
        let path = root().join("tests/controls").join(format!("{}.toml", control.id));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let fixture: Fixture = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for needed in ["met", "exception", "inconclusive"] {
            assert!(fixture.case.iter().any(|case| case.name == needed), "{}: no case `{needed}`", control.id);
        }
        fixtures.push((control.id.clone(), fixture));
    }
    fixtures
}

/// Each item's resource and status, sorted.
fn items(judged: &Assessed) -> Vec<(String, String)> {
    let items = judged.population.first.iter();
    let mut items: Vec<_> = items.map(|item| (item.resource.clone(), item.status.word().to_owned())).collect();
    items.sort();
    items
}

/// What an item says: the rule that explains it, or else the verdict, and the reason.
fn said(item: &Item) -> String {
    let word = item.cell("rule").or_else(|| item.cell("verdict")).unwrap_or_default();
    format!("{word}: {}", item.reason)
}

/// What a case's own control says otherwise than its fixture.
fn difference(id: &str, case: &Case, judged: &[Assessed]) -> Option<String> {
    let judged = judged.iter().find(|judged| judged.control.id == id).expect("the control");
    let items = items(judged);
    let mut said: Vec<String> = judged.population.first.iter().map(said).collect();
    said.sort();
    if !case.says.is_empty() && said != case.says {
        return Some(format!("{id} `{}` says\n  {}\n  expected\n  {}", case.name, said.join("\n  "), case.says.join("\n  ")));
    }
    (items != case.expect || judged.conclusion != case.conclusion).then(|| {
        format!(
            "{id} `{}`: {:?} {}\n  expected {:?}\n  found    {:?}\n  expected conclusion {:?}",
            case.name, judged.conclusion, judged.why, case.expect, items, case.conclusion
        )
    })
}

/// A cell of the matrix: the conclusion, then the items that are exceptions, met, inconclusive, not applicable.
fn cell(judged: &Assessed) -> String {
    let mut words = vec![match judged.conclusion {
        Conclusion::NoExceptions => "clean".to_owned(),
        Conclusion::Exceptions => "exceptions".to_owned(),
        Conclusion::CouldNotConclude => "open".to_owned(),
        Conclusion::NotApplicable => "n/a".to_owned(),
    }];
    let counted = judged.population.counted;
    for (number, letter) in
        [(counted.exception, 'e'), (counted.met, 'm'), (counted.inconclusive, 'i'), (counted.not_applicable, 'n')]
    {
        if number > 0 {
            words.push(format!("{number}{letter}"));
        }
    }
    words.join(" ")
}

/// A case, judged by every control.
pub(crate) struct Judged {
    /// The control that the case belongs to, and its name.
    pub(crate) of: (String, String),
    /// The period that it is judged for, and under which configuration.
    pub(crate) setting: Setting,
    /// Its facts.
    pub(crate) facts: BTreeMap<String, Vec<toml::Table>>,
    /// For every control, each item's resource and status.
    pub(crate) items: BTreeMap<String, Vec<(String, String)>>,
    /// What is otherwise than its fixture says.
    difference: Option<String>,
    /// Its line of the matrix.
    line: String,
}

/// What has to be the same for cases that are judged one after the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Setting {
    /// `2026-Q3`
    pub(crate) period: String,
    /// Text of a steadfast.toml.
    pub(crate) config: String,
}

/// The configuration under which cases are judged: a text, and the parameters of all fixtures.
pub(crate) fn configuration(fixtures: &[(String, Fixture)], text: &str) -> Config {
    let mut config = Config::parse("fixture", text).expect("a configuration");
    for (id, fixture) in fixtures {
        if !fixture.params.is_empty() {
            config.params.insert(id.clone(), fixture.params.clone());
        }
    }
    config
}

/// Judges every case by every control, once for all tests.
pub(crate) fn judged() -> &'static [Judged] {
    static JUDGED: OnceLock<Vec<Judged>> = OnceLock::new();
    JUDGED.get_or_init(judge_all)
}

fn judge_all() -> Vec<Judged> {
    let fixtures = fixtures();
    let mut cases: Vec<(Setting, usize, usize)> = Vec::new();
    for (at, (_, fixture)) in fixtures.iter().enumerate() {
        for (number, case) in fixture.case.iter().enumerate() {
            let period = case.period.as_ref().unwrap_or(&fixture.period).clone();
            cases.push((Setting { period, config: format!("{}{}", fixture.config, case.config) }, at, number));
        }
    }
    // Cases of one setting one after the other, so that each thread plans the controls as seldom as may be.
    cases.sort_unstable();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut bench: Option<(&Setting, Bench)> = None;
                while let Some((setting, at, number)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if bench.as_ref().is_none_or(|(of, _)| *of != setting) {
                        bench = Some((setting, Bench::new(setting, &fixtures)));
                    }
                    let (Some((_, bench)), (id, fixture)) = (&bench, &fixtures[*at]) else { continue };
                    let case = &fixture.case[*number];
                    let assessed = bench.judge(case);
                    let cells: Vec<String> = assessed.iter().map(cell).collect();
                    let judged = Judged {
                        of: (id.clone(), case.name.clone()),
                        setting: setting.clone(),
                        facts: case.facts.clone(),
                        items: assessed.iter().map(|judged| (judged.control.id.clone(), items(judged))).collect(),
                        difference: difference(id, case, &assessed),
                        line: format!("{id},{},{}", case.name, cells.join(",")),
                    };
                    found.lock().expect("a list").insert((*at, *number), judged);
                }
            });
        }
    });
    found.into_inner().expect("a list").into_values().collect()
}

#[test]
fn every_control_judges_its_fixtures_as_expected() {
    let wrong: Vec<&String> = judged().iter().filter_map(|judged| judged.difference.as_ref()).collect();
    assert!(wrong.is_empty(), "{} cases are judged otherwise: {wrong:#?}", wrong.len());
}

#[test]
fn every_control_judges_the_fixtures_of_all_others_as_recorded() {
    let catalogue = Catalogue::load(None, &Config::default()).expect("the embedded controls");
    let ids: Vec<&str> = catalogue.controls.iter().map(|control| control.id.as_str()).collect();
    let head = format!("of,case,{}", ids.join(","));
    let found: Vec<&str> = std::iter::once(head.as_str()).chain(judged().iter().map(|judged| judged.line.as_str())).collect();
    let path = root().join("tests/controls/matrix.csv");
    if std::env::var_os("STEADFAST_RECORD").is_some() {
        return std::fs::write(&path, found.join("\n") + "\n").expect("the matrix is written");
    }
    let recorded = std::fs::read_to_string(&path).expect("the matrix");
    assert_eq!(
        recorded.lines().next(),
        Some(head.as_str()),
        "there are other controls now; STEADFAST_RECORD=1 records the matrix"
    );
    let known: BTreeSet<&str> = recorded.lines().collect();
    let found: BTreeSet<&str> = found.into_iter().collect();
    let (gone, come): (Vec<_>, Vec<_>) = (known.difference(&found).collect(), found.difference(&known).collect());
    assert!(
        gone.is_empty() && come.is_empty(),
        "controls judge fixtures of others otherwise than recorded; read whether they should, then STEADFAST_RECORD=1 records \
         the matrix\nrecorded {gone:#?}\nfound {come:#?}"
    );
}
