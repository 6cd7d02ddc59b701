//! Overlaps: the same log handed in twice, or two rotations that share a stretch, must not count an event twice.
//!
//! Two sources of one format that speak of the same host and stream in the same stretch of time are suspects. Their facts
//! are compared by content (everything but the pointer): an event that stands k times in one source and m times in another
//! happened max(k, m) times, and what is beyond that is taken out of the facts and counted. Sources that do not overlap
//! cost nothing; memory grows with what overlaps, not with the input.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use arrow::row::{RowConverter, SortField};
use hashbrown::HashMap;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::CollectError;
use super::hash::Sha256;
use super::store::TableWriter;
use crate::facts::{ALARM_RUNS, ALARMS, CONFIG_DRIFT, CONFIG_RUNS, Micros, PRIVILEGED_COMMANDS, SESSIONS, Table};

/// Tables whose rows are events; the others are statements, of which the latest counts.
const EVENTS: [&Table; 6] = [&PRIVILEGED_COMMANDS, &SESSIONS, &CONFIG_RUNS, &CONFIG_DRIFT, &ALARMS, &ALARM_RUNS];

/// From when to when each source has records, by format, host and stream.
#[derive(Default)]
pub(super) struct Spans(HashMap<(&'static str, String, &'static str), Vec<Span>>);

#[derive(Clone, Copy)]
struct Span {
    source: usize,
    first: Micros,
    last: Micros,
}

impl Spans {
    /// Notes that `source` has records of `host` and `stream` between two instants.
    pub(super) fn note(
        &mut self,
        format: &'static str,
        host: &str,
        stream: &'static str,
        source: usize,
        first: Micros,
        last: Micros,
    ) {
        let spans = self.0.entry((format, host.to_owned(), stream)).or_default();
        match spans.last_mut() {
            Some(span) if span.source == source => {
                span.first = span.first.min(first);
                span.last = span.last.max(last);
            }
            _ => spans.push(Span { source, first, last }),
        }
    }

    /// For each two formats that have sudo records of the same host in the same stretch of time: how many hosts. One event
    /// may stand in both, written so differently that it cannot be told to be the same.
    pub(super) fn told_twice(&self) -> BTreeMap<(&'static str, &'static str), u64> {
        let mut extents: BTreeMap<&str, BTreeMap<&'static str, (Micros, Micros)>> = BTreeMap::new();
        for ((format, host, _), spans) in self.0.iter().filter(|((.., stream), _)| *stream == "sudo") {
            let extent = extents.entry(host).or_default().entry(format).or_insert((Micros(i64::MAX), Micros(i64::MIN)));
            for span in spans {
                *extent = (extent.0.min(span.first), extent.1.max(span.last));
            }
        }
        let mut told = BTreeMap::new();
        for formats in extents.into_values() {
            let formats: Vec<_> = formats.into_iter().collect();
            for (index, (one, (from, to))) in formats.iter().enumerate() {
                for (other, _) in formats.iter().skip(index + 1).filter(|(_, (first, last))| first <= to && last >= from) {
                    *told.entry((*one, *other)).or_default() += 1;
                }
            }
        }
        told
    }

    /// The sources that overlap with another one.
    pub(super) fn suspects(self) -> BTreeSet<usize> {
        let mut suspects = BTreeSet::new();
        for mut spans in self.0.into_values().filter(|spans| spans.len() > 1) {
            spans.sort_unstable_by_key(|span| (span.first, span.last, span.source));
            let mut widest: Option<Span> = None;
            for span in spans {
                if let Some(before) = widest.filter(|before| before.last >= span.first) {
                    suspects.extend([before.source, span.source]);
                }
                if widest.is_none_or(|before| before.last < span.last) {
                    widest = Some(span);
                }
            }
        }
        suspects
    }
}

/// What a source repeats of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Repeats {
    /// Facts taken out.
    pub(super) facts: u64,
    /// Line of the first one.
    pub(super) line: u64,
    /// A source that has them too.
    pub(super) other: String,
}

/// Takes repeated events of the `suspects` (paths of sources) out of the tables in `store`; tells what each source lost.
/// `rows` are the rows of each table, and follow.
pub(super) fn take_out(
    store: &Path,
    suspects: &BTreeSet<String>,
    rows: &mut BTreeMap<&'static str, u64>,
) -> Result<BTreeMap<String, Repeats>, CollectError> {
    let mut repeats = BTreeMap::new();
    for table in EVENTS {
        let Some(rows) = rows.get_mut(table.name).filter(|rows| **rows > 0) else { continue };
        let path = store.join(format!("{}.parquet", table.name));
        *rows = rewrite(table, &path, suspects, &mut repeats)?;
    }
    Ok(repeats)
}

/// How often an event was kept, and how often it was met in the source being read.
struct Met {
    kept: u32,
    here: u32,
    source: u32,
    first_source: u32,
}

fn rewrite(
    table: &'static Table,
    path: &Path,
    suspects: &BTreeSet<String>,
    repeats: &mut BTreeMap<String, Repeats>,
) -> Result<u64, CollectError> {
    let failed = |error: &dyn std::fmt::Display| CollectError::Store { path: path.to_owned(), message: error.to_string() };
    let file = File::open(path).map_err(|error| CollectError::io(path, "open", error))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(|error| failed(&error))?;
    let fields = table.schema().fields().iter().skip(2).map(|field| SortField::new(field.data_type().clone())).collect();
    let converter = RowConverter::new(fields).map_err(|error| failed(&error))?;
    let kept = path.with_extension("kept");
    let mut writer = TableWriter::create(kept.clone(), table)?;
    let mut rows = 0;
    let mut pass = Pass { suspects, names: Vec::new(), met: HashMap::new(), repeats };
    for batch in reader {
        let batch = batch.map_err(|error| failed(&error))?;
        let batch = pass.filter(&converter, &batch).map_err(|error| failed(&error))?;
        rows += batch.num_rows() as u64;
        writer.write(&batch)?;
    }
    writer.close()?;
    std::fs::rename(&kept, path).map_err(|error| CollectError::io(path, "replace", error))?;
    Ok(rows)
}

/// One pass over a table, whose rows come source by source.
struct Pass<'a> {
    suspects: &'a BTreeSet<String>,
    names: Vec<String>,
    met: HashMap<[u8; 16], Met>,
    repeats: &'a mut BTreeMap<String, Repeats>,
}

impl Pass<'_> {
    fn filter(&mut self, converter: &RowConverter, batch: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
        let (pointers, content) = batch.columns().split_at(2.min(batch.num_columns()));
        let [sources, lines] = pointers else { return Ok(batch.clone()) };
        let (sources, lines) = (sources.as_string::<i32>(), lines.as_primitive::<Int64Type>());
        if !(0..batch.num_rows()).any(|row| self.suspects.contains(sources.value(row))) {
            return Ok(batch.clone());
        }
        let rows = converter.convert_columns(content)?;
        let keep: BooleanArray = rows
            .iter()
            .enumerate()
            .map(|(row, content)| {
                let source = sources.value(row);
                Some(!self.suspects.contains(source) || self.first_time(source, lines.value(row), content.as_ref()))
            })
            .collect();
        filter_record_batch(batch, &keep)
    }

    /// Whether this is not yet another copy of an event that other sources have as often.
    fn first_time(&mut self, source: &str, line: i64, content: &[u8]) -> bool {
        if self.names.last().is_none_or(|last| last != source) {
            self.names.push(source.to_owned());
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let hash = Sha256::raw(content);
        let key = hash.first_chunk::<16>().copied().unwrap_or_default();
        let met = self.met.entry(key).or_insert(Met { kept: 0, here: 0, source: number, first_source: number });
        if met.source != number {
            (met.source, met.here) = (number, 0);
        }
        met.here += 1;
        if met.here > met.kept {
            met.kept = met.here;
            return true;
        }
        let other = self.names.get(met.first_source as usize - 1).cloned().unwrap_or_default();
        let line = u64::try_from(line).unwrap_or(1);
        self.repeats.entry(source.to_owned()).or_insert(Repeats { facts: 0, line, other }).facts += 1;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sources_that_share_a_stretch_are_suspects() {
        let mut spans = Spans::default();
        let mut note =
            |host: &str, source, first, last| spans.note("sudo-syslog", host, "sudo", source, Micros(first), Micros(last));
        note("a", 0, 0, 10);
        note("a", 0, 20, 30);
        note("a", 1, 31, 40);
        note("b", 1, 0, 10);
        note("b", 2, 10, 20);
        note("c", 3, 5, 9);
        spans.note("sudo-json", "a", "sudo", 4, Micros(35), Micros(50));
        spans.note("sudo-json", "c", "sudo", 4, Micros(10), Micros(50));
        assert_eq!(spans.told_twice(), BTreeMap::from([(("sudo-json", "sudo-syslog"), 1)]));
        assert_eq!(spans.suspects(), BTreeSet::from([1, 2]));
    }
}
