//! The sink: takes what a reader finds in one segment and accounts for every record of it.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use crate::facts::{AnyFact, Fact, Micros, NameRules, Pointer, Reject, Rows, TABLES, Table};
use crate::redact::{redact, visible_bytes};

/// A named limit of the evidence: something that the reader could not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// What it means for the evidence, in words.
    pub text: String,
    /// Source that it is about, where it is about one.
    pub source: Option<String>,
    /// First line that it concerns.
    pub line: Option<u64>,
}

/// Bytes of a log that give a fact, about: what is made ready for them need not grow so often.
const BYTES_A_FACT: usize = 1024;

/// Reasons for rejecting that are kept for each source.
const MOST_REASONS: usize = 8;

/// What became of the records of a source. `opened` counts what the framing found, the others what was said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records seen.
    pub opened: u64,
    /// Records that gave at least one fact.
    pub gave_facts: u64,
    /// Facts given.
    pub facts: u64,
    /// Facts among them that another source has too, taken out again.
    pub repeated: u64,
    /// Records that say nothing the controls use, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Records that could not be read.
    pub rejected: u64,
    /// Why, for the first few reasons: the first record of each and how many there were.
    pub reasons: BTreeMap<String, (u64, u64)>,
    /// Secrets taken out of facts and excerpts.
    pub redacted: u64,
    /// Earliest instant of a fact.
    pub first_at: Option<Micros>,
    /// Latest instant of a fact.
    pub last_at: Option<Micros>,
}

impl Tally {
    /// All skipped records.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped.values().sum()
    }

    /// Whether every record has exactly one outcome.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.opened == self.gave_facts + self.skipped() + self.rejected
    }

    /// Adds the tally of a later segment of the same source.
    pub fn add(&mut self, other: &Self) {
        self.opened += other.opened;
        self.gave_facts += other.gave_facts;
        self.facts += other.facts;
        self.rejected += other.rejected;
        for (reason, (line, count)) in &other.reasons {
            self.reason(reason, *line, *count);
        }
        self.redacted += other.redacted;
        for (reason, count) in &other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
        self.first_at = [self.first_at, other.first_at].into_iter().flatten().min();
        self.last_at = [self.last_at, other.last_at].into_iter().flatten().max();
    }

    fn reason(&mut self, reason: &str, line: u64, count: u64) {
        if let Some((_, known)) = self.reasons.get_mut(reason) {
            *known += count;
        } else if self.reasons.len() < MOST_REASONS {
            self.reasons.insert(reason.to_owned(), (line, count));
        }
    }

    fn saw(&mut self, instant: Micros) {
        self.first_at = Some(self.first_at.map_or(instant, |first| first.min(instant)));
        self.last_at = Some(self.last_at.map_or(instant, |last| last.max(instant)));
    }
}

/// Host, stream and midnight (UTC) of a day.
pub type ActivityKey = (String, &'static str, Micros);

/// Records of one host, day and stream in one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Line of the first record.
    pub line: u64,
    /// How many records.
    pub records: i64,
    /// First record.
    pub first_at: Micros,
    /// Last record.
    pub last_at: Micros,
}

impl Activity {
    /// Adds records of the same host, day and stream.
    pub fn add(&mut self, other: Self) {
        if other.first_at < self.first_at {
            self.line = other.line;
        }
        self.records += other.records;
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
    }
}

/// What one segment gave.
pub struct Sink<'a> {
    source: &'a str,
    rows: Vec<Option<Rows>>,
    rules: NameRules,
    expected: usize,
    tally: Tally,
    /// By host: the days of a segment are few, and the last one is mostly it.
    activity: HashMap<String, Vec<(Micros, &'static str, Activity)>>,
    limits: BTreeSet<Limit>,
    as_of: Option<Micros>,
}

/// A [`Sink`] when the reader is done with it.
pub struct Gathered {
    /// Rows by position in [`TABLES`].
    pub rows: Vec<Option<Rows>>,
    /// The count of records.
    pub tally: Tally,
    /// Activity by host, stream and day, in no order.
    pub activity: Vec<(ActivityKey, Activity)>,
    /// Limits met.
    pub limits: BTreeSet<Limit>,
    /// When the file says that the evidence was taken.
    pub as_of: Option<Micros>,
}

impl<'a> Sink<'a> {
    /// An empty sink for a segment of `source`.
    #[must_use]
    pub fn new(source: &'a str) -> Self {
        Self {
            source,
            rows: TABLES.iter().map(|_| None).collect(),
            rules: NameRules::default(),
            expected: 0,
            tally: Tally::default(),
            activity: HashMap::new(),
            limits: BTreeSet::new(),
            as_of: None,
        }
    }

    /// The sink, with rules for the names of persons and accounts.
    #[must_use]
    pub fn naming(mut self, rules: &NameRules) -> Self {
        self.rules = rules.clone();
        self
    }

    /// The sink, made ready for the facts of a segment of that many bytes.
    #[must_use]
    pub fn expecting(mut self, bytes: usize) -> Self {
        self.expected = bytes / BYTES_A_FACT;
        self
    }

    /// Opens the record at `line` (1-based line or record number).
    pub fn record(&mut self, line: u64) -> Record<'_, 'a> {
        self.tally.opened += 1;
        Record { sink: self, line, facts: 0, settled: false }
    }

    /// Notes that `host` wrote a record of `stream` at `instant`, whether or not it gives a fact.
    pub fn active(&mut self, stream: &'static str, host: &str, instant: Micros, line: u64) {
        let seen = Activity { line, records: 1, first_at: instant, last_at: instant };
        let day = instant.day();
        let days = self.activity.entry_ref(host).or_default();
        match days.iter_mut().rev().find(|(known, of, _)| *known == day && *of == stream) {
            Some((.., activity)) => activity.add(seen),
            None => days.push((day, stream, seen)),
        }
    }

    /// Names a limit of the evidence.
    pub fn limit(&mut self, code: &'static str, line: Option<u64>, text: impl Into<String>) {
        let text = text.into();
        if !self.limits.iter().any(|limit| limit.code == code && limit.text == text) {
            self.limits.insert(Limit { code, text, source: Some(self.source.to_owned()), line });
        }
    }

    /// Says when the file itself says that the evidence was taken.
    pub fn taken_at(&mut self, instant: Micros) {
        self.as_of = Some(self.as_of.map_or(instant, |known| known.max(instant)));
    }

    fn push<F: Fact>(&mut self, line: u64, fact: &F) {
        let pointer = Pointer { source: self.source, line };
        if let Some(rows) = self.rows_of(F::TABLE) {
            self.tally.redacted += rows.push(pointer, fact);
        }
    }

    fn rows_of(&mut self, table: &'static Table) -> Option<&mut Rows> {
        let index = TABLES.iter().position(|known| std::ptr::eq(*known, table))?;
        Some(self.rows.get_mut(index)?.get_or_insert_with(|| Rows::naming(table, &self.rules, self.expected)))
    }

    /// Ends the segment.
    #[must_use]
    pub fn finish(self) -> Gathered {
        let of_host = |(host, days): (String, Vec<(Micros, &'static str, Activity)>)| {
            days.into_iter().map(move |(day, stream, seen)| ((host.clone(), stream, day), seen))
        };
        let activity = self.activity.into_iter().flat_map(of_host).collect();
        Gathered { rows: self.rows, tally: self.tally, activity, limits: self.limits, as_of: self.as_of }
    }
}

/// One open record. It must get an outcome; one that gets none stops the run, because its loss would be silent.
pub struct Record<'s, 'a> {
    sink: &'s mut Sink<'a>,
    line: u64,
    facts: u64,
    settled: bool,
}

impl<'a> Record<'_, 'a> {
    /// Gives a fact at the record's own line.
    pub fn fact<F: Fact>(&mut self, fact: F) {
        self.fact_at(self.line, fact);
    }

    /// Gives a fact at another line of the record.
    pub fn fact_at<F: Fact>(&mut self, line: u64, fact: F) {
        if let Some(instant) = fact.instant() {
            self.sink.tally.saw(instant);
        }
        self.sink.push(line, &fact);
        self.facts += 1;
    }

    /// Gives a fact whose table is known only at run time.
    pub(crate) fn any_fact(&mut self, fact: &AnyFact) {
        if let Some(instant) = fact.instant() {
            self.sink.tally.saw(instant);
        }
        let pointer = Pointer { source: self.sink.source, line: self.line };
        if let Some(rows) = self.sink.rows_of(fact.table) {
            self.sink.tally.redacted += rows.push_with(pointer, |row| fact.append(row));
        }
        self.facts += 1;
    }

    /// The sink, to note activity and limits while the record is open.
    pub fn sink(&mut self) -> &mut Sink<'a> {
        self.sink
    }

    /// The record says nothing that a control uses.
    pub fn skip(mut self, reason: &'static str) {
        self.settled = true;
        *self.sink.tally.skipped.entry(reason).or_default() += 1;
    }

    /// The record could not be read.
    pub fn reject(mut self, reason: &str, record: &[u8]) {
        self.settled = true;
        self.sink.tally.rejected += 1;
        self.sink.tally.reason(reason, self.line, 1);
        // Redacted before it is cut, so that no half of a secret stays.
        let text = visible_bytes(record.get(..record.len().min(8192)).unwrap_or(record));
        let (text, _) = redact(&text);
        let end = text.char_indices().nth(400).map_or(text.len(), |(at, _)| at);
        let fact = Reject { reason, excerpt: text.get(..end) };
        self.sink.push(self.line, &fact);
    }
}

impl Drop for Record<'_, '_> {
    fn drop(&mut self) {
        self.sink.tally.facts += self.facts;
        if !self.settled && self.facts > 0 {
            self.sink.tally.gave_facts += 1;
        }
    }
}
