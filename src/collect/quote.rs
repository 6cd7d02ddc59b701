//! Quotes: the deciding record as it stands in the evidence, found again by its pointer and checked to be the same bytes
//! as those that were hashed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Arc, PoisonError};

use super::ledger::{Collected, PieceMark, Source, Stretch};
use crate::formats::{Framing, Grouping, Segment};
use crate::redact::{lossless, redact, visible};

/// Lines of a quote at most.
const MOST_LINES: usize = 12;
/// Characters of a line at most.
const MOST_CHARACTERS: usize = 600;
/// Pieces of JSON documents whose records are known at once.
const MOST_PIECES: usize = 64;

/// A verbatim quote, secrets redacted and hidden characters made visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The lines.
    pub lines: Vec<QuotedLine>,
    /// What was left out, in words.
    pub left_out: Option<String>,
}

/// One line of a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedLine {
    /// Its number in the file; none for lines of a JSON record, which is cited by its own number.
    pub number: Option<u64>,
    /// Whether it is the line that the pointer names.
    pub marked: bool,
    /// Its text.
    pub text: String,
}

impl Collected {
    /// The record at `line` of `source`, or the reason why it cannot be shown.
    ///
    /// # Errors
    /// A sentence for the reader where the file is gone, changed since it was hashed, or has no such record.
    pub fn quote(&self, source: &str, line: u64) -> Result<Quote, String> {
        let source = self.source(source).ok_or("the source is not in the register")?;
        let mark = source
            .pieces
            .iter()
            .rev()
            .find(|mark| !mark.rest && mark.first <= line.max(1))
            .ok_or("the source has no such record")?;
        let record = match source.framing {
            Framing::Lines => {
                let bytes = self.piece(source, *mark)?;
                mark.segment(source, &bytes)
                    .lines()
                    .find(|(number, _)| *number == line)
                    .map(|(_, text)| lossless(text).into_owned())
            }
            Framing::Groups(grouping) => group(&mark.segment(source, &self.piece(source, *mark)?), grouping, line),
            Framing::JsonRecords { .. } => self.json_record(source, *mark, line)?,
            Framing::Opaque => Some("(bytes of a container)".to_owned()),
            Framing::Whole => {
                let text = lossless(&self.piece(source, *mark)?).into_owned();
                let Some(record) = source.format.and_then(|format| format.record(&text, line)) else {
                    return Ok(around(&text, line));
                };
                Some(record)
            }
        };
        let record = record.ok_or("the source has no such record")?;
        Ok(quoted(&record, source.framing.by_line().then_some(line)))
    }

    /// The bytes of a piece, kept for the next quote.
    fn piece(&self, source: &Source, mark: PieceMark) -> Result<Arc<Vec<u8>>, String> {
        let mut last = self.last_piece.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((path, offset, bytes)) if *path == source.path && *offset == mark.stretch.offset => Ok(Arc::clone(bytes)),
            _ => {
                let bytes = Arc::new(read_again(source, mark.stretch)?);
                *last = Some((source.path.clone(), mark.stretch.offset, Arc::clone(&bytes)));
                Ok(bytes)
            }
        }
    }

    /// A JSON record. Quotes come control by control, and so return to the same pieces: where the records of a piece are is
    /// looked up once, and a look at one of them then reads no more than it.
    fn json_record(&self, source: &Source, mark: PieceMark, number: u64) -> Result<Option<String>, String> {
        let mut known = self.json_records.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (source.path.clone(), mark.stretch.offset);
        if !known.contains_key(&key) && known.len() >= MOST_PIECES {
            known.clear();
        }
        let records = match known.entry(key) {
            Entry::Occupied(records) => records.into_mut(),
            Entry::Vacant(place) => place.insert(records(source, mark)?),
        };
        let Some(record) = records.get(&number) else { return Ok(None) };
        let bytes = read_again(source, *record)?;
        Ok(Some(lossless(&bytes).into_owned()))
    }
}

impl PieceMark {
    fn segment<'b>(&self, source: &Source, bytes: &'b [u8]) -> Segment<'b> {
        Segment { bytes, first: self.first, begins: self.begins, ends: self.ends, framing: source.framing }
    }
}

/// Where the records of a piece of a JSON document are.
fn records(source: &Source, mark: PieceMark) -> Result<BTreeMap<u64, Stretch>, String> {
    let bytes = read_again(source, mark.stretch)?;
    let records = mark.segment(source, &bytes).json_records();
    let place = |at: usize| mark.stretch.offset + at as u64;
    Ok(records.iter().map(|record| (record.number, Stretch::of(place(record.at), record.bytes))).collect())
}

/// A record as it is shown; `number` is that of its first line.
fn quoted(record: &str, number: Option<u64>) -> Quote {
    let lines: Vec<&str> = record.lines().collect();
    let shown: Vec<QuotedLine> = lines
        .iter()
        .take(MOST_LINES)
        .enumerate()
        .map(|(index, text)| QuotedLine { number: number.filter(|_| index == 0), marked: index == 0, text: shown(text) })
        .collect();
    let left_out = (lines.len() > MOST_LINES).then(|| format!("{} more lines of the record", lines.len() - MOST_LINES));
    Quote { lines: shown, left_out }
}

/// The record of one or more lines that begins at `line`.
fn group(segment: &Segment<'_>, grouping: Grouping, line: u64) -> Option<String> {
    let mut lines = segment.lines().skip_while(|(number, _)| *number < line).map(|(_, text)| text);
    let first = segment.lines().find(|(number, _)| *number == line).and_then(|_| lines.next())?;
    let rest = match grouping {
        Grouping::Indented | Grouping::Objects | Grouping::Continued => lines.take_while(|text| !grouping.begins(text)),
        // The fact points at the one line of its event that says it.
        Grouping::AuditEvents | Grouping::JournalExport => return Some(lossless(first).into_owned()),
    };
    Some(std::iter::once(first).chain(rest).map(lossless).collect::<Vec<_>>().join("\n"))
}

/// A line of text with the lines around it.
fn around(text: &str, line: u64) -> Quote {
    let wanted = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
    let from = wanted.saturating_sub(3);
    let lines = text.lines().enumerate().skip(from).take(7);
    Quote {
        lines: lines
            .map(|(index, text)| QuotedLine { number: Some(index as u64 + 1), marked: index == wanted, text: shown(text) })
            .collect(),
        left_out: None,
    }
}

fn shown(text: &str) -> String {
    let (text, _) = redact(text);
    let text = visible(&text);
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((at, _)) => {
            let rest = text.get(at..).unwrap_or_default().chars().count();
            format!("{} … ({rest} more characters)", text.get(..at).unwrap_or_default())
        }
        None => text.into_owned(),
    }
}

fn read_again(source: &Source, stretch: Stretch) -> Result<Vec<u8>, String> {
    let gone = |error: std::io::Error| format!("the source can no longer be read: {error}");
    let mut file = File::open(&source.file).map_err(gone)?;
    file.seek(SeekFrom::Start(stretch.offset)).map_err(gone)?;
    let mut bytes = Vec::with_capacity(usize::try_from(stretch.length).unwrap_or(0));
    file.take(stretch.length).read_to_end(&mut bytes).map_err(gone)?;
    if crc32fast::hash(&bytes) == stretch.checksum {
        Ok(bytes)
    } else {
        Err("the source has changed since it was read and hashed".to_owned())
    }
}
