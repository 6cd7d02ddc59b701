//! What may move a conclusion, and where to: evidence that is taken away, and evidence that has nothing to do with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use steadfast::assess::{Assessed, Engine, EngineOptions, assess};
use steadfast::catalogue::Catalogue;
use steadfast::collect::{CollectOptions, Collected, collect};
use steadfast::config::Config;
use steadfast::facts::TABLES;
use steadfast::period::Period;
use steadfast::pipeline::evidence;
use steadfast::report::Conclusion;

use crate::support::{copy, judged, root};

const PERIOD: &str = "2026-Q3";

fn sample() -> (PathBuf, Config) {
    let folder = root().join("samples/search-cluster");
    let text = std::fs::read_to_string(folder.join("steadfast.toml")).expect("the configuration");
    (folder.join("evidence"), Config::parse("steadfast.toml", &text).unwrap_or_else(|error| panic!("{error}")))
}

/// The facts of some evidence in memory, to be judged with any source left out.
struct Facts {
    config: Config,
    catalogue: Catalogue,
    period: Period,
    collected: Collected,
    tables: Vec<RecordBatch>,
    engine: Engine,
    work: tempfile::TempDir,
}

impl Facts {
    fn of(folder: PathBuf, config: Config) -> Self {
        let work = tempfile::tempdir().expect("a folder");
        let catalogue = Catalogue::load(None, &config).expect("the embedded controls");
        let period = Period::parse(PERIOD, config.system.time_zone.0).expect("a period");
        let files = evidence(&[folder], &[], work.path(), &config).expect("the evidence");
        let options = CollectOptions { config: &config, period: &period, threads: 2, progress: &|_, _| {} };
        let collected = collect(&files, &work.path().join("facts"), options).expect("facts");
        let tables = TABLES.iter().map(|table| read(&collected.store.join(format!("{}.parquet", table.name)))).collect();
        let engine = Engine::for_many(work.path(), EngineOptions::new(256 << 20, 2)).expect("an engine");
        Self { config, catalogue, period, collected, tables, engine, work }
    }

    /// Judges what is left without a source.
    fn without(&mut self, source: Option<&str>) -> BTreeMap<String, Assessed> {
        for (table, rows) in TABLES.iter().copied().zip(&self.tables) {
            let keep: BooleanArray = rows.column(0).as_string::<i32>().iter().map(|of| Some(of != source)).collect();
            self.engine.fill(table, &filter_record_batch(rows, &keep).expect("rows")).expect("rows of the table");
        }
        let place = self.collected.sources.iter().position(|known| Some(known.path.as_str()) == source);
        let left_out = place.map(|place| (place, self.collected.sources.remove(place)));
        let folder = self.work.path().join("populations");
        let assessment = assess(&self.engine, &self.catalogue, &self.config, &self.period, &self.collected, &folder, |_| {})
            .expect("a judgement");
        if let Some((place, source)) = left_out {
            self.collected.sources.insert(place, source);
        }
        assessment.controls.into_iter().map(|judged| (judged.control.id.clone(), judged)).collect()
    }

    /// The populations of the last judgement.
    fn items(&self, controls: &BTreeMap<String, Assessed>) -> Items {
        let read = |id: &String| {
            let path = self.work.path().join(format!("populations/{id}.csv"));
            let mut reader = csv::Reader::from_path(path).expect("the population");
            (id.clone(), reader.records().map(|record| record.expect("a row")).collect())
        };
        controls.keys().map(read).collect()
    }
}

fn read(path: &Path) -> RecordBatch {
    let file = std::fs::File::open(path).expect("a table");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().expect("a reader").collect::<Result<_, _>>().expect("rows");
    concat_batches(&schema, &batches).expect("rows")
}

/// Whether a conclusion reads better than another: what was open or had exceptions is now clean, or said not to apply.
fn better(before: Conclusion, after: Conclusion) -> bool {
    let good = |conclusion| matches!(conclusion, Conclusion::NoExceptions | Conclusion::NotApplicable);
    good(after) && !good(before)
}

/// The sample with fewer files, so that each of them can be taken away: of large folders every twelfth, and all that an
/// exception cites or that was not read whole. `STEADFAST_SOURCES=all` keeps the sample as it is.
fn thinned(folder: &Path, config: &Config) -> tempfile::TempDir {
    let mut facts = Facts::of(folder.to_owned(), config.clone());
    let whole = facts.without(None);
    let cited = whole.values().flat_map(|judged| &judged.population.exceptions).filter_map(|item| item.source.as_deref());
    let mut kept: BTreeSet<&str> = cited.chain(damaged(&facts)).collect();
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in &facts.collected.sources {
        folders.entry(source.path.rsplit_once('/').map_or("", |(folder, _)| folder)).or_default().push(&source.path);
    }
    let all = std::env::var("STEADFAST_SOURCES").is_ok_and(|sources| sources == "all");
    for paths in folders.into_values() {
        let step = if all || paths.len() < 12 { 1 } else { 12 };
        kept.extend(paths.into_iter().step_by(step));
    }
    let fewer = tempfile::tempdir().expect("a folder");
    for path in kept {
        let place = fewer.path().join(path);
        std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        std::fs::copy(folder.join(path), place).expect("a copy");
    }
    fewer
}

/// Every item of every control.
type Items = BTreeMap<String, Vec<csv::StringRecord>>;

/// What a source speaks of: itself, what its facts name, and whatever was judged by it or by a change that it holds.
fn spoken_of(facts: &Facts, items: &Items, source: &str) -> BTreeSet<String> {
    const NAMES: [&str; 5] = ["host", "change_id", "target", "image", "subject"];
    let mut spoken = BTreeSet::from([source.to_owned()]);
    for rows in &facts.tables {
        let keep: BooleanArray = rows.column(0).as_string::<i32>().iter().map(|of| Some(of == Some(source))).collect();
        let rows = filter_record_batch(rows, &keep).expect("rows");
        for name in NAMES {
            let column = rows.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
            spoken.extend(column.into_iter().flat_map(|column| column.iter().flatten()).map(str::to_owned));
        }
    }
    let judged: Vec<String> = items
        .values()
        .flatten()
        .filter(|item| item.iter().skip(3).any(|cell| !cell.is_empty() && spoken.contains(cell)))
        .map(|item| item[0].to_owned())
        .collect();
    spoken.extend(judged);
    spoken
}

/// The first control and resource, of those that the source speaks of, about which less is known without it: more exceptions,
/// more that could not be concluded on, or a silence that was none.
fn gap(spoken: &BTreeSet<String>, before: &Judged, after: &Judged) -> Option<String> {
    after.controls.iter().find_map(|(id, judged)| {
        let open = |judged: &Judged| {
            let mut open: BTreeMap<String, usize> = BTreeMap::new();
            for item in judged.items[id].iter().filter(|item| matches!(&item[1], "exception" | "inconclusive")) {
                *open.entry(item[0].to_owned()).or_default() += 1;
            }
            open
        };
        let (was, is) = (open(before), open(after));
        let worse = is
            .into_iter()
            .find(|(resource, count)| spoken.contains(resource) && *count > was.get(resource).copied().unwrap_or_default());
        let silences = |judged: &Assessed| -> BTreeSet<(String, String, i64)> {
            judged.coverage.gaps.iter().map(|gap| (gap.host.clone(), gap.stream.clone(), gap.from.0)).collect()
        };
        let known = silences(&before.controls[id]);
        let silent = silences(judged).into_iter().find(|gap| spoken.contains(&gap.0) && !known.contains(gap));
        match (worse, silent) {
            (Some((resource, _)), _) => Some(format!("{id}: {resource}")),
            (None, Some((host, stream, _))) => Some(format!("{id}: no {stream} log of {host}")),
            (None, None) => None,
        }
    })
}

/// A judgement with every item.
struct Judged {
    controls: BTreeMap<String, Assessed>,
    items: Items,
}

/// Sources that were not read whole.
fn damaged(facts: &Facts) -> impl Iterator<Item = &str> {
    let damaged = facts.collected.sources.iter().filter(|source| source.unread || source.tally.rejected > 0);
    damaged.map(|source| source.path.as_str())
}

#[test]
fn evidence_that_is_taken_away_never_makes_a_conclusion_better_unless_it_held_the_exception_and_the_gap_shows() {
    let (folder, config) = sample();
    let fewer = thinned(&folder, &config);
    let mut facts = Facts::of(fewer.path().to_owned(), config);
    let controls = facts.without(None);
    let whole = Judged { items: facts.items(&controls), controls };
    let sources: Vec<String> = facts.collected.sources.iter().map(|source| source.path.clone()).collect();
    let damaged: Vec<String> = damaged(&facts).map(str::to_owned).collect();
    let mut wrong = Vec::new();
    let mut allowed = Vec::new();
    for source in &sources {
        let controls = facts.without(Some(source));
        let improved = |id: &&String| better(whole.controls[*id].conclusion, controls[*id].conclusion);
        let improved: Vec<String> = whole.controls.keys().filter(improved).cloned().collect();
        if improved.is_empty() {
            continue;
        }
        let left = Judged { items: facts.items(&controls), controls };
        let gap = gap(&spoken_of(&facts, &whole.items, source), &whole, &left);
        for id in improved {
            let (before, after) = (&whole.controls[&id], &left.controls[&id]);
            // It held every exception; or the records that could not be read and kept the conclusion open.
            let held = match before.conclusion {
                Conclusion::Exceptions => before.population.exceptions.iter().all(|item| item.source.as_ref() == Some(source)),
                _ => damaged.contains(source) && before.population.counted.inconclusive == 0 && before.coverage.total == 0,
            };
            let line = format!(
                "without {source}: {id} {:?} became {:?} ({}); the gap: {gap:?}",
                before.conclusion, after.conclusion, after.why
            );
            if held && gap.is_some() { allowed.push(line) } else { wrong.push(line) }
        }
    }
    println!("{} sources left out; allowed: {allowed:#?}", sources.len());
    assert!(sources.len() > 50, "{sources:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(!allowed.is_empty(), "no source of the sample holds all exceptions of a control: the test shows nothing");
}

#[test]
fn evidence_that_has_nothing_to_do_with_it_never_makes_a_conclusion_better() {
    let (evidence, config) = sample();
    let before = judged(&evidence, &config, PERIOD);
    let folder = tempfile::tempdir().expect("a folder");
    copy(&evidence, folder.path());
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    // Another host, another time, what no format knows, and text that looks like many things.
    put(
        "sudo/other/auth.log",
        "2026-08-05T14:22:05.039595+00:00 other-1 sudo:   ann : TTY=pts/3 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id\n",
    );
    put(
        "sudo/es-data-1/auth-2025.log",
        "2025-08-05T14:22:05.039595+00:00 es-data-1 sudo:   ann : TTY=pts/3 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id\n",
    );
    put("inventory/another-estate.csv", "observed_at,host,class,roles\n2024-08-01T05:00:00Z,elsewhere-1,immutable,web\n");
    put("misc/photo.bin", "\u{0}\u{1}\u{2}no evidence at all");
    put("misc/notes.txt", "CHG0030455 approved by hlind\nmet,no exceptions\n{\"status\": \"met\"}\n");
    let after = judged(folder.path(), &config, PERIOD);
    assert_eq!(after.collected.sources.len(), before.collected.sources.len() + 5);
    let mut wrong = Vec::new();
    for (before, after) in before.assessment.controls.iter().zip(&after.assessment.controls) {
        let id = &before.control.id;
        if better(before.conclusion, after.conclusion) {
            wrong.push(format!("{id}: {:?} became {:?}", before.conclusion, after.conclusion));
        }
        // What was found before is found still.
        let lost = before.population.exceptions.iter().filter(|item| {
            !after
                .population
                .exceptions
                .iter()
                .any(|other| other.resource == item.resource && other.occurred_at == item.occurred_at)
        });
        wrong.extend(lost.map(|item| format!("{id}: {} is no longer an exception", item.resource)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
