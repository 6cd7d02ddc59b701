//! Parsing threads: a piece in, the rows and the account of its records out.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;

use super::CollectError;
use super::cut::{Holds, Piece, largest};
use super::ledger::{PieceMark, Stretch};
use super::run::CollectOptions;
use super::walk::EvidenceFile;
use crate::config::Bound;
use crate::facts::Micros;
use crate::formats::{Activity, ActivityKey, Limit, Reading, Recognised, Segment, Sink, Tally};

/// A piece on its way to a parser.
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) file: usize,
    pub(super) piece: Arc<Piece>,
    pub(super) format: Option<Recognised>,
    pub(super) bound: Arc<Bound>,
}

/// What a parser made of a piece.
pub(super) struct Parsed {
    pub(super) file: usize,
    /// Where its records are found again.
    pub(super) marks: Vec<PieceMark>,
    pub(super) format: Option<Recognised>,
    pub(super) bound: Arc<Bound>,
    pub(super) tables: Vec<(usize, RecordBatch)>,
    pub(super) tally: Tally,
    pub(super) activity: Vec<(ActivityKey, Activity)>,
    pub(super) limits: BTreeSet<Limit>,
    pub(super) as_of: Option<Micros>,
}

/// What the ledger waits for: the number of a job and what came of it.
pub(super) type Outcome = (u64, Result<Parsed, CollectError>);

/// Parses until no job is left.
pub(super) fn parse_all(
    files: &[EvidenceFile],
    options: CollectOptions<'_>,
    jobs: &Mutex<Receiver<Job>>,
    parsed: &Sender<Outcome>,
) {
    loop {
        let job = match jobs.lock() {
            Ok(jobs) => jobs.recv(),
            Err(_) => return,
        };
        let Ok(job) = job else { return };
        let Some(file) = files.get(job.file) else { return };
        let number = job.number;
        if parsed.send((number, parse(job, &file.source, options))).is_err() {
            return;
        }
    }
}

fn parse(job: Job, source: &str, options: CollectOptions<'_>) -> Result<Parsed, CollectError> {
    let piece = &*job.piece;
    let mut sink = Sink::new(source).naming(&options.config.people.rules).expecting(piece.bytes.len());
    if let Some(Recognised { format, recognition, mapping }) = &job.format {
        let reading = Reading {
            source,
            host: job.bound.host.as_deref(),
            collected_at: job.bound.collected_at,
            zone: job.bound.zone,
            period: options.period,
            config: options.config,
            mapping: mapping.and_then(|index| options.config.mapped.get(index)),
        };
        let segment = Segment {
            bytes: &piece.bytes,
            first: piece.first,
            begins: piece.begins,
            ends: piece.ends,
            framing: recognition.framing,
        };
        if piece.holds == Holds::Rest {
            // The record was rejected where it began.
        } else if piece.holds == Holds::Oversized {
            let reason = format!("a record or document of {} MiB or more; split it", largest(recognition.framing) >> 20);
            sink.record(piece.first).reject(&reason, piece.bytes.get(..200).unwrap_or_default());
        } else if !piece.bytes.trim_ascii().is_empty() {
            format.read(&segment, &reading, &mut sink);
        }
    }
    let gathered = sink.finish();
    let tally = gathered.tally;
    if !tally.adds_up() {
        return Err(CollectError::Unaccounted {
            source_path: source.to_owned(),
            format: job.format.as_ref().map_or("none", |recognised| recognised.format.name()),
            opened: tally.opened,
            gave: tally.gave_facts,
            skipped: tally.skipped(),
            rejected: tally.rejected,
        });
    }
    let mut tables = Vec::new();
    for (index, rows) in gathered.rows.into_iter().enumerate() {
        if let Some(mut rows) = rows {
            let batch = rows.take().map_err(|error| CollectError::Store { path: source.into(), message: error.to_string() })?;
            tables.push((index, batch));
        }
    }
    let marks = marks(piece);
    Ok(Parsed {
        file: job.file,
        marks,
        format: job.format,
        bound: job.bound,
        tables,
        tally,
        activity: gathered.activity,
        limits: gathered.limits,
        as_of: gathered.as_of,
    })
}

/// Marks of a piece, one a part.
fn marks(piece: &Piece) -> Vec<PieceMark> {
    let (mut at, mut first) = (0, piece.first);
    let parts = piece.parts.iter().map(|part| {
        let bytes = piece.bytes.get(at..part.end).unwrap_or_default();
        let mark = PieceMark {
            stretch: Stretch::of(piece.offset + at as u64, bytes),
            first,
            begins: piece.begins && at == 0,
            ends: piece.ends && part.end == piece.bytes.len(),
            rest: piece.holds == Holds::Rest,
        };
        at = part.end;
        first += part.numbers;
        mark
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::super::cut::Pool;
    use super::*;

    #[test]
    fn marks_join_to_the_piece_and_each_begins_at_the_line_that_it_names() {
        let line = |number: usize| format!("{number} {}\n", "x".repeat(number % 900));
        let text: String = (0..2_000).map(line).collect();
        for (bytes, several) in
            [(text.clone(), true), (text.trim_end().to_owned(), true), ("one\ntwo".to_owned(), false), (String::new(), false)]
        {
            let piece = Piece::of(bytes.clone().into_bytes(), 41, 1_000, &Pool::default());
            let marks = marks(&piece);
            assert_eq!(marks.len() > 1, several);
            let mut at = 0;
            for (place, mark) in marks.iter().enumerate() {
                let part = bytes.get(at..at + mark.stretch.length as usize).expect("within the piece");
                assert_eq!(mark.stretch.offset, 1_000 + at as u64);
                assert_eq!(mark.first, 41 + bytes[..at].matches('\n').count() as u64);
                assert_eq!(mark.stretch.checksum, crc32fast::hash(part.as_bytes()));
                assert_eq!((mark.begins, mark.ends), (place == 0, place + 1 == marks.len()));
                assert!(mark.ends || part.ends_with('\n'));
                at += part.len();
            }
            assert_eq!(at, bytes.len());
        }
    }
}
