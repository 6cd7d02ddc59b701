//! Quotes: the deciding record as it stands in the evidence, found again by its pointer and checked to be the same bytes
//! as those that were hashed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Arc, PoisonError};

use super::ledger::{Collected, PieceMark, Source};
use crate::formats::{Framing, Grouping, Segment};
use crate::redact::{lossless, redact, visible};

/// Lines of a quote at most.
const MOST_LINES: usize = 12;
/// Characters of a line at most.
const MOST_CHARACTERS: usize = 600;

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
        if let Framing::JsonRecords { .. } = source.framing {
            return Ok(quoted(&lossless(&self.json_record(source, *mark, line)?), None));
        }
        let bytes = self.piece(source, *mark)?;
        let segment = Segment { bytes: &bytes, first: mark.first, begins: mark.begins, ends: mark.ends, framing: source.framing };
        let record = match source.framing {
            Framing::Lines => segment.lines().find(|(number, _)| *number == line).map(|(_, text)| lossless(text).into_owned()),
            Framing::Groups(grouping) => group(&segment, grouping, line),
            Framing::JsonRecords { .. } => None,
            Framing::Opaque => Some("(bytes of a container)".to_owned()),
            Framing::Whole => {
                let text = lossless(&bytes).into_owned();
                let Some(record) = source.format.and_then(|format| format.record(&text, line)) else {
                    return Ok(around(&text, line));
                };
                Some(record)
            }
        };
        let record = record.ok_or("the source has no such record")?;
        Ok(quoted(&record, source.framing.by_line().then_some(line)))
    }
}

impl Collected {
    /// The bytes of a piece, kept for the next quote.
    fn piece(&self, source: &Source, mark: PieceMark) -> Result<Arc<Vec<u8>>, String> {
        let Ok(mut last) = self.last_piece.lock() else { return read_again(source, mark).map(Arc::new) };
        match &*last {
            Some((path, offset, bytes)) if *path == source.path && *offset == mark.offset => Ok(Arc::clone(bytes)),
            _ => {
                let bytes = Arc::new(read_again(source, mark)?);
                *last = Some((source.path.clone(), mark.offset, Arc::clone(&bytes)));
                Ok(bytes)
            }
        }
    }
}

impl Collected {
    /// The bytes of a JSON record. Where the records of its piece are is looked up once a piece: a look at one of them then
    /// reads no more than it.
    fn json_record(&self, source: &Source, mark: PieceMark, number: u64) -> Result<Vec<u8>, String> {
        let key = (source.path.clone(), mark.offset);
        let known = self.json_records.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let records = match known {
            Some(records) => records,
            None => {
                let records: Arc<[PieceMark]> = json_marks(source, mark)?.into();
                self.json_records.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&records));
                records
            }
        };
        let at = records.binary_search_by_key(&number, |record| record.first).map_err(|_| "the source has no such record")?;
        read_again(source, *records.get(at).ok_or("the source has no such record")?)
    }
}

/// A mark for each record of a piece of a JSON document.
fn json_marks(source: &Source, mark: PieceMark) -> Result<Vec<PieceMark>, String> {
    let bytes = read_again(source, mark)?;
    let segment = Segment { bytes: &bytes, first: mark.first, begins: mark.begins, ends: mark.ends, framing: source.framing };
    let records = segment.json_records();
    let marks = records.iter().map(|record| PieceMark {
        offset: mark.offset + record.at as u64,
        length: record.bytes.len() as u64,
        first: record.number,
        checksum: crc32fast::hash(record.bytes),
        ..mark
    });
    Ok(marks.collect())
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

fn read_again(source: &Source, mark: PieceMark) -> Result<Vec<u8>, String> {
    let gone = |error: std::io::Error| format!("the source can no longer be read: {error}");
    let mut file = File::open(&source.file).map_err(gone)?;
    file.seek(SeekFrom::Start(mark.offset)).map_err(gone)?;
    let mut bytes = Vec::with_capacity(usize::try_from(mark.length).unwrap_or(0));
    file.take(mark.length).read_to_end(&mut bytes).map_err(gone)?;
    if crc32fast::hash(&bytes) == mark.checksum {
        Ok(bytes)
    } else {
        Err("the source has changed since it was read and hashed".to_owned())
    }
}
