//! Populations: every item of a test goes to a CSV file as it comes; what the pages need of it is kept.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::AssessError;
use super::frame::Frame;
use super::item::{Item, ItemStatus, cell, fill};
use super::sample::{Drawing, Sample};
use super::table::CsvFile;
use crate::catalogue::Control;

/// Exceptions that are kept for pages; more than this are in the CSV alone, and the report says so.
pub(super) const MOST_EXCEPTIONS: usize = 10_000;
/// Items that are kept from the beginning and from the end.
const EDGE: usize = 200;

/// A file that goes into the pack.
#[derive(Clone, Debug)]
pub struct PackedFile {
    /// Where it is now.
    pub file: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
}

/// Items by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Items that meet the control.
    pub met: u64,
    /// Exceptions.
    pub exception: u64,
    /// Items that could not be judged.
    pub inconclusive: u64,
    /// Items to which the control does not apply.
    pub not_applicable: u64,
}

impl Counted {
    /// All items.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.met + self.exception + self.inconclusive + self.not_applicable
    }

    fn add(&mut self, status: ItemStatus) {
        match status {
            ItemStatus::Met => self.met += 1,
            ItemStatus::Exception => self.exception += 1,
            ItemStatus::Inconclusive => self.inconclusive += 1,
            ItemStatus::NotApplicable => self.not_applicable += 1,
        }
    }
}

/// Every item of a control, counted and written.
#[derive(Clone, Debug)]
pub struct Population {
    /// Names of the further columns.
    pub columns: Vec<String>,
    /// Items by status.
    pub counted: Counted,
    /// Exceptions, in the order of the population.
    pub exceptions: Vec<Item>,
    /// Items that could not be judged, the first ones.
    pub inconclusive: Vec<Item>,
    /// The first items.
    pub first: Vec<Item>,
    /// The last items, where there are more.
    pub last: Vec<Item>,
    /// Deciding records by source.
    pub cited: BTreeMap<String, u64>,
    /// The whole population as CSV.
    pub csv: PackedFile,
    /// What to look at again.
    pub sample: Sample,
}

/// Columns that every test gives.
pub(super) const REQUIRED: [&str; 5] = ["resource", "status", "reason", "source", "line"];

/// Writes and counts a population.
pub(super) struct Writer<'c> {
    control: &'c Control,
    path: PathBuf,
    csv: CsvFile,
    number: u64,
    population: Population,
    at: Columns,
    /// Rows that share a pointer, until the next one comes.
    waiting: Vec<(Rc<Frame>, usize)>,
    /// Their pointer.
    last: (bool, String, i64),
    recent: VecDeque<(u64, Rc<Frame>, usize)>,
    /// The source of the rows at hand, and how many there are: they go to `cited` when the next source comes.
    citing: (String, u64),
}

/// Where the columns of a test are.
struct Columns {
    resource: usize,
    status: usize,
    reason: usize,
    source: usize,
    line: usize,
    further: Vec<usize>,
}

impl<'c> Writer<'c> {
    pub(super) fn create(control: &'c Control, columns: &[String], folder: &Path) -> Result<Self, AssessError> {
        let path = folder.join(format!("{}.csv", control.id));
        let failed = |message: String| AssessError::Io { path: path.clone(), message };
        let mut csv = CsvFile::begin(&path).map_err(|error| failed(error.to_string()))?;
        let position = |name: &str| columns.iter().position(|column| column == name).unwrap_or(usize::MAX);
        let at = Columns {
            resource: position("resource"),
            status: position("status"),
            reason: position("reason"),
            source: position("source"),
            line: position("line"),
            further: (0..columns.len())
                .filter(|index| columns.get(*index).is_some_and(|column| !REQUIRED.contains(&column.as_str())))
                .collect(),
        };
        let further: Vec<String> = columns.iter().filter(|column| !REQUIRED.contains(&column.as_str())).cloned().collect();
        REQUIRED.iter().copied().chain(further.iter().map(String::as_str)).for_each(|name| csv.text(name));
        csv.end_row().map_err(|error| failed(error.to_string()))?;
        let empty = PackedFile { file: path.clone(), sha256: String::new(), bytes: 0 };
        let population = Population {
            columns: further,
            counted: Counted::default(),
            exceptions: Vec::new(),
            inconclusive: Vec::new(),
            first: Vec::new(),
            last: Vec::new(),
            cited: BTreeMap::new(),
            csv: empty,
            sample: Sample::default(),
        };
        Ok(Self {
            control,
            path,
            csv,
            number: 0,
            population,
            at,
            waiting: Vec::new(),
            last: (false, String::new(), i64::MIN),
            recent: VecDeque::new(),
            citing: (String::new(), 0),
        })
    }

    /// Takes the next row of the test's result, which come in the order of source and line. Rows that share both are put in
    /// the order of their text, so that the file does not depend on how the query was run.
    pub(super) fn take(&mut self, frame: &Rc<Frame>, row: usize) -> Result<(), AssessError> {
        let pointer @ (none, source, line) = frame.pointer(row);
        let last = &mut self.last;
        match pointer.cmp(&(last.0, last.1.as_str(), last.2)) {
            Ordering::Equal => {}
            Ordering::Less if !self.waiting.is_empty() => {
                let message = "the engine gave its rows out of order, which is a bug: please report it".to_owned();
                return Err(AssessError::Contract { control: self.control.id.clone(), message });
            }
            _ => {
                if last.1 != source {
                    source.clone_into(&mut last.1);
                }
                (last.0, last.2) = (none, line);
                self.settle()?;
            }
        }
        self.waiting.push((Rc::clone(frame), row));
        Ok(())
    }

    /// Writes the rows that share a pointer.
    fn settle(&mut self) -> Result<(), AssessError> {
        if self.waiting.len() < 2 {
            return self.waiting.pop().map_or(Ok(()), |(frame, row)| self.row(frame, row));
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_by_cached_key(|(frame, row)| {
            let columns = [self.at.resource, self.at.status, self.at.reason].into_iter().chain(self.at.further.iter().copied());
            columns.map(|column| frame.text_at(column, *row).map(|text| text.into_owned())).collect::<Vec<_>>()
        });
        for (frame, row) in waiting.drain(..) {
            self.row(frame, row)?;
        }
        self.waiting = waiting;
        Ok(())
    }

    fn row(&mut self, frame: Rc<Frame>, row: usize) -> Result<(), AssessError> {
        self.look(&frame, row)?;
        self.recent.push_back((self.number, frame, row));
        if self.recent.len() > EDGE {
            self.recent.pop_front();
        }
        Ok(())
    }

    /// Writes and counts the next row.
    fn look(&mut self, frame: &Frame, row: usize) -> Result<(), AssessError> {
        self.number += 1;
        let status = frame.plain_at(self.at.status, row).and_then(ItemStatus::parse).ok_or_else(|| {
            let word = frame.text_at(self.at.status, row).unwrap_or_default();
            let message =
                format!("the test gives the status `{word}`; it must be met, exception, inconclusive or not_applicable");
            AssessError::Contract { control: self.control.id.clone(), message }
        })?;
        self.population.counted.add(status);
        let made = match frame.plain_at(self.at.reason, row) {
            Some(template) if has_places(template) => Some(fill(template, frame, row, "")),
            Some(_) => None,
            None => frame.text_at(self.at.reason, row).map(Cow::into_owned),
        };
        let reason = made.as_deref().or(frame.plain_at(self.at.reason, row)).unwrap_or_default();
        self.write_row(frame, row, status, reason)
            .map_err(|error| AssessError::Io { path: self.path.clone(), message: error.to_string() })?;
        if let Some(source) = frame.plain_at(self.at.source, row) {
            self.cite(source);
        }
        self.keep(frame, row, status, reason);
        Ok(())
    }

    /// Counts a deciding record of `source`. Rows come source by source.
    fn cite(&mut self, source: &str) {
        let (last, count) = &mut self.citing;
        if last == source {
            *count += 1;
            return;
        }
        self.count_cited();
        self.citing = (source.to_owned(), 1);
    }

    fn count_cited(&mut self) {
        let (source, count) = std::mem::take(&mut self.citing);
        if count > 0 {
            *self.population.cited.entry(source).or_default() += count;
        }
    }

    fn write_row(&mut self, frame: &Frame, row: usize, status: ItemStatus, reason: &str) -> std::io::Result<()> {
        self.csv.cell(frame, self.at.resource, row);
        self.csv.word(status.word());
        self.csv.text(reason);
        // Spans stay numbers in the CSV, for those who compute with them.
        for column in [self.at.source, self.at.line].iter().chain(&self.at.further) {
            self.csv.cell(frame, *column, row);
        }
        self.csv.end_row()
    }

    fn keep(&mut self, frame: &Frame, row: usize, status: ItemStatus, reason: &str) {
        let population = &self.population;
        let exception = status == ItemStatus::Exception && population.exceptions.len() < MOST_EXCEPTIONS;
        let inconclusive = status == ItemStatus::Inconclusive && population.inconclusive.len() < EDGE;
        let early = population.first.len() < EDGE;
        if !(exception || inconclusive || early) {
            return;
        }
        let item = self.item(self.number, frame, row, status, reason);
        if exception {
            self.population.exceptions.push(item.clone());
        }
        if inconclusive {
            self.population.inconclusive.push(item.clone());
        }
        if early {
            self.population.first.push(item);
        }
    }

    fn item(&self, number: u64, frame: &Frame, row: usize, status: ItemStatus, reason: &str) -> Item {
        let columns = self.population.columns.iter();
        Item {
            number,
            resource: frame.text("resource", row).unwrap_or_default().into_owned(),
            status,
            reason: reason.to_owned(),
            source: frame.text("source", row).map(|source| source.into_owned()),
            line: frame.int("line", row).and_then(|line| u64::try_from(line).ok()),
            occurred_at: frame.time("occurred_at", row),
            cells: columns.map(|name| (name.clone(), cell(frame, name, row).unwrap_or_default().into_owned())).collect(),
            sentence: if status == ItemStatus::Exception { fill(&self.control.say, frame, row, reason) } else { String::new() },
        }
    }

    /// The last items, where they are not among the first.
    fn tail(&self) -> Vec<Item> {
        let recent = self.recent.iter().filter(|(number, ..)| *number > EDGE as u64);
        recent
            .filter_map(|(number, frame, row)| {
                let status = ItemStatus::parse(&frame.text_at(self.at.status, *row)?)?;
                let template = frame.text_at(self.at.reason, *row).unwrap_or_default();
                let reason = if has_places(&template) { fill(&template, frame, *row, "") } else { template.into_owned() };
                Some(self.item(*number, frame, *row, status, &reason))
            })
            .collect()
    }

    /// Closes the file, and draws the sample.
    pub(super) fn finish(mut self, drawing: Drawing<'_>) -> Result<Population, AssessError> {
        self.settle()?;
        self.count_cited();
        self.population.last = self.tail();
        let path = self.path.clone();
        let failed = |error: std::io::Error| AssessError::Io { path: path.clone(), message: error.to_string() };
        let written = self.csv.finish(&path).map_err(failed)?;
        self.population.sample = drawing.draw(self.control, &written, self.number).map_err(failed)?;
        self.population.csv = written.packed;
        Ok(self.population)
    }
}

/// Whether a reason has places for cells.
fn has_places(template: &str) -> bool {
    memchr::memchr(b'{', template.as_bytes()).is_some()
}
