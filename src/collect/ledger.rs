//! The ledger: every evidence file with what became of it, and the thread of control that writes the facts in order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};

use hashbrown::HashMap;

use super::CollectError;
use super::overlap::{Spans, take_out};
use super::parse::{Outcome, Parsed};
use super::run::ReadNotes;
use super::store::{Store, Written, write_table};
use super::walk::EvidenceFile;
use crate::config::Config;
use crate::facts::{Fact, LogActivity, Micros, Pointer, Rows, SourceRow, position};
use crate::formats::{Activity, ActivityKey, Format, Framing, Limit, Recognised, Tally};

/// One evidence file after it was read.
pub struct Source {
    /// `E-0001` and on, in the order of paths.
    pub id: String,
    /// Path relative to the evidence root.
    pub path: String,
    /// The format that read it; none where no format recognised it.
    pub format: Option<&'static dyn Format>,
    /// Why it was recognised as that.
    pub recognised_by: Option<String>,
    /// SHA-256 of the bytes that were read; empty where none were.
    pub sha256: String,
    /// Bytes read.
    pub bytes: u64,
    /// What became of its records.
    pub tally: Tally,
    /// When the evidence was taken, as the file says.
    pub as_of: Option<Micros>,
    /// When the evidence was taken, as its path says.
    pub collected_at: Option<Micros>,
    /// Whether the file could not be read, or not to its end.
    pub unread: bool,
    /// Why not all that a container holds was read.
    pub(super) incomplete: Option<String>,
    pub(super) file: PathBuf,
    pub(super) framing: Framing,
    pub(super) pieces: Vec<PieceMark>,
}

impl Source {
    /// How the source was cut.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.framing
    }
}

/// Bytes of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) offset: u64,
    pub(super) length: u64,
    /// CRC-32, so that a later look at the file is known to see the same bytes.
    pub(super) checksum: u32,
}

impl Stretch {
    /// The stretch of these bytes, which begin at `offset`.
    pub(super) fn of(offset: u64, bytes: &[u8]) -> Self {
        Self { offset, length: bytes.len() as u64, checksum: crc32fast::hash(bytes) }
    }
}

/// Where a piece of a file, or a part of one, was: to find its records again.
#[derive(Clone, Copy, Debug)]
pub(super) struct PieceMark {
    pub(super) stretch: Stretch,
    pub(super) first: u64,
    pub(super) begins: bool,
    pub(super) ends: bool,
    /// It goes on with a record that an earlier piece began: none is found here.
    pub(super) rest: bool,
}

/// Path of a source, offset of a piece, and its bytes.
pub(super) type KeptPiece = (String, u64, Arc<Vec<u8>>);

/// By path of a source and offset of a piece: where its records are, by number.
pub(super) type KnownRecords = BTreeMap<(String, u64), BTreeMap<u64, Stretch>>;

/// Everything that a collection gave.
pub struct Collected {
    /// Folder with one Parquet file a fact table.
    pub store: PathBuf,
    /// The evidence register, in the order of paths.
    pub sources: Vec<Source>,
    /// Limits met while reading, in order.
    pub limits: Vec<Limit>,
    /// Rows of each fact table.
    pub rows: BTreeMap<&'static str, u64>,
    /// Tables whose rows stand in the order of their pointers: by source, then by line.
    pub in_order: BTreeSet<&'static str>,
    /// The piece that the last quote was taken from: those of one control often come from one piece.
    pub(super) last_piece: Mutex<Option<KeptPiece>>,
    /// Where the records are of those pieces of JSON documents that quotes were taken from.
    pub(super) json_records: Mutex<KnownRecords>,
}

impl Collected {
    /// The source at `path` (relative to the evidence root).
    #[must_use]
    pub fn source(&self, path: &str) -> Option<&Source> {
        self.sources.binary_search_by(|source| source.path.as_str().cmp(path)).ok().and_then(|at| self.sources.get(at))
    }
}

/// Takes what the parsers give, in order, and writes it.
pub(super) struct Ledger {
    folder: PathBuf,
    store: Store,
    sources: Vec<Source>,
    limits: BTreeSet<Limit>,
    activity: HashMap<ActivityKey, Activity>,
    spans: Spans,
    /// Names of the mappings of the configuration.
    mappings: Vec<String>,
    /// Which of them recognised a file.
    recognised: Vec<bool>,
    /// Patterns of `[[bind]]` that no file matches.
    idle_binds: Vec<String>,
    current: Option<usize>,
}

impl Ledger {
    pub(super) fn new(files: &[EvidenceFile], folder: &Path, config: &Config) -> Result<Self, CollectError> {
        let sources = (1..)
            .zip(files)
            .map(|(number, file)| Source {
                id: format!("E-{number:04}"),
                path: file.source.clone(),
                format: None,
                recognised_by: None,
                sha256: String::new(),
                bytes: 0,
                tally: Tally::default(),
                as_of: None,
                collected_at: config.bound(&file.bound_as).collected_at,
                unread: file.incomplete.is_some(),
                incomplete: file.incomplete.clone(),
                file: file.path.clone(),
                framing: Framing::Lines,
                pieces: Vec::new(),
            })
            .collect();
        Ok(Self {
            folder: folder.to_owned(),
            store: Store::create(folder)?,
            sources,
            limits: BTreeSet::new(),
            activity: HashMap::new(),
            spans: Spans::default(),
            mappings: config.mapped.iter().map(|mapping| mapping.name.clone()).collect(),
            recognised: vec![false; config.mapped.len()],
            idle_binds: config.idle_binds(files.iter().map(|file| file.bound_as.as_str())),
            current: None,
        })
    }

    /// Writes outcomes in the order of their numbers, each giving its token back.
    pub(super) fn take_in_order(&mut self, outcomes: &Receiver<Outcome>, tokens: &Sender<()>) -> Result<(), CollectError> {
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for (number, outcome) in outcomes {
            waiting.insert(number, outcome);
            while let Some(outcome) = waiting.remove(&next) {
                next += 1;
                self.take(outcome?)?;
                let _ = tokens.send(());
            }
        }
        Ok(())
    }

    fn take(&mut self, parsed: Parsed) -> Result<(), CollectError> {
        if self.current != Some(parsed.file) {
            self.write_activity()?;
            self.current = Some(parsed.file);
        }
        for (table, batch) in &parsed.tables {
            self.store.write(*table, batch)?;
        }
        for (key, seen) in parsed.activity {
            self.activity.entry(key).and_modify(|activity| activity.add(seen)).or_insert(seen);
        }
        self.limits.extend(parsed.limits);
        let Some(source) = self.sources.get_mut(parsed.file) else { return Ok(()) };
        if let Some(Recognised { format, recognition, mapping }) = parsed.format {
            source.format = Some(format);
            if let Some(recognised) = mapping.and_then(|index| self.recognised.get_mut(index)) {
                *recognised = true;
            }
            source.recognised_by.get_or_insert_with(|| match mapping.and_then(|index| self.mappings.get(index)) {
                Some(name) => format!("{}: {name}", recognition.because),
                None => recognition.because.to_owned(),
            });
            source.framing = recognition.framing;
        }
        source.tally.add(&parsed.tally);
        source.as_of = [source.as_of, parsed.as_of].into_iter().flatten().max();
        source.collected_at = source.collected_at.or(parsed.bound.collected_at);
        source.pieces.extend(parsed.marks);
        Ok(())
    }

    /// Writes the activity of the source that has just ended, sorted by host, stream and day.
    fn write_activity(&mut self) -> Result<(), CollectError> {
        let Some((current, source)) = self.current.and_then(|current| Some((current, self.sources.get(current)?))) else {
            return Ok(());
        };
        if self.activity.is_empty() {
            return Ok(());
        }
        let mut sorted: Vec<(ActivityKey, Activity)> = self.activity.drain().collect();
        sorted.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut rows = Rows::new(LogActivity::TABLE);
        let format = source.format.map_or("", Format::family);
        for ((host, stream, day), seen) in &sorted {
            self.spans.note(format, host, stream, current, seen.first_at, seen.last_at);
            let fact =
                LogActivity { host, day: *day, stream, records: seen.records, first_at: seen.first_at, last_at: seen.last_at };
            rows.push(Pointer { source: &source.path, line: seen.line }, &fact);
        }
        self.write_rows(LogActivity::TABLE.name, rows)
    }

    fn write_rows(&mut self, table: &str, mut rows: Rows) -> Result<(), CollectError> {
        let Some(index) = position(table) else { return Ok(()) };
        let batch = rows.take().map_err(|error| CollectError::Store { path: self.folder.clone(), message: error.to_string() })?;
        self.store.write(index, &batch)
    }

    /// Closes the books: hashes, events that stand in several sources, what could not be read, and the register as a table.
    pub(super) fn finish(mut self, notes: &[ReadNotes], hashes: Vec<String>) -> Result<Collected, CollectError> {
        self.write_activity()?;
        for ((source, note), sha256) in self.sources.iter_mut().zip(notes).zip(hashes) {
            source.sha256 = sha256;
            source.bytes = note.bytes;
            source.unread |= note.refused.is_some() || note.changed.is_some();
            name_limits(source, note, &mut self.limits);
        }
        self.name_idle_rules();
        let Written { mut rows, mut in_order } = self.store.finish()?;
        for ((one, other), hosts) in self.spans.told_twice() {
            let noun = if hosts == 1 { "host" } else { "hosts" };
            let text = format!(
                "{one} and {other} both hold sudo records of {hosts} {noun} over the same time; an event that both hold counts twice"
            );
            self.limits.insert(Limit { code: "told-twice", text, source: None, line: None });
        }
        let suspects = std::mem::take(&mut self.spans).suspects();
        let suspects: BTreeSet<String> =
            suspects.iter().filter_map(|index| Some(self.sources.get(*index)?.path.clone())).collect();
        if !suspects.is_empty() {
            for (path, repeats) in take_out(&self.folder, &suspects, &mut rows)? {
                let Some(source) = self.sources.iter_mut().find(|source| source.path == path) else { continue };
                source.tally.repeated = repeats.facts;
                let text = format!("{} of its events also stand in {}; each is counted once", repeats.facts, repeats.other);
                self.limits.insert(Limit { code: "repeated-events", text, source: Some(path), line: Some(repeats.line) });
            }
        }
        let mut register = Rows::new(SourceRow::TABLE);
        for source in &self.sources {
            register.push(Pointer { source: &source.path, line: 1 }, &row(source));
        }
        rows.insert(SourceRow::TABLE.name, register.len() as u64);
        let batch =
            register.take().map_err(|error| CollectError::Store { path: self.folder.clone(), message: error.to_string() })?;
        write_table(&self.folder, SourceRow::TABLE, &batch)?;
        in_order.remove(SourceRow::TABLE.name);
        Ok(Collected {
            store: self.folder,
            sources: self.sources,
            limits: self.limits.into_iter().collect(),
            rows,
            in_order,
            last_piece: Mutex::new(None),
            json_records: Mutex::default(),
        })
    }
}

impl Ledger {
    /// Names rules of the configuration that no file came under: a slip in a pattern must not look like missing evidence.
    fn name_idle_rules(&mut self) {
        let mut limit = |code, text| {
            self.limits.insert(Limit { code, text, source: None, line: None });
        };
        for pattern in &self.idle_binds {
            limit(
                "bind-matched-nothing",
                format!("[[bind]] path = \"{pattern}\" in steadfast.toml matches no file: correct it or take it out"),
            );
        }
        for (name, recognised) in self.mappings.iter().zip(&self.recognised) {
            if !recognised {
                limit(
                    "mapping-matched-nothing",
                    format!("the mapping {name} recognised no file: correct its [recognise] or take it out"),
                );
            }
        }
    }
}

/// Names what is wrong with a source as a whole.
fn name_limits(source: &Source, note: &ReadNotes, limits: &mut BTreeSet<Limit>) {
    let mut limit = |code, text: String| {
        limits.insert(Limit { code, text, source: Some(source.path.clone()), line: None });
    };
    if let Some(reason) = &note.refused {
        limit("not-read", reason.clone());
    } else if source.bytes == 0 {
        limit("empty-file", "the file is empty: it proves nothing".to_owned());
    } else if source.format.is_none() {
        match note.unopened {
            Some(kind) => limit("archive-not-opened", format!("{kind}, which is not opened: unpack it, if it holds evidence")),
            None => limit("unrecognised", "no input format recognises the file; none of it was judged".to_owned()),
        }
    }
    if let Some(reason) = &source.incomplete {
        limit("not-unpacked", format!("not all that it holds was read: {reason}"));
    }
    if let Some(how) = note.changed {
        limit("changed-while-read", format!("the file changed while it was read ({how}); collect it again from a copy at rest"));
    }
    if note.open_end {
        limit("open-end", "the last line has no line end: the file may be cut".to_owned());
    }
    if source.tally.rejected > 0 {
        let noun = if source.tally.rejected == 1 { "record" } else { "records" };
        limit("rejected-records", format!("{} {noun} could not be read", source.tally.rejected));
    }
}

fn row(source: &Source) -> SourceRow<'_> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (first_at, last_at): (Option<Micros>, Option<Micros>) = (source.tally.first_at, source.tally.last_at);
    SourceRow {
        path: &source.path,
        format: source.format.map(Format::name),
        recognised_by: source.recognised_by.as_deref(),
        sha256: &source.sha256,
        bytes: count(source.bytes),
        records: count(source.tally.opened),
        facts: count(source.tally.facts),
        repeated: count(source.tally.repeated),
        skipped: count(source.tally.skipped()),
        rejected: count(source.tally.rejected),
        first_at,
        last_at,
        as_of: source.as_of,
        collected_at: source.collected_at,
    }
}
