//! Cutting: a file becomes segments of fixed size that end at record boundaries, so that what a segment holds depends on
//! the bytes alone and never on the number of threads.

use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Mutex};

use crate::formats::{Framing, JsonScanner};

/// Bytes read before a boundary is looked for.
pub(super) const SEGMENT: usize = 4 << 20;
/// A document read whole has to be smaller.
const LARGEST_DOCUMENT: usize = 256 << 20;
/// A line or another record of a file that is cut has to be smaller. A multiple of [`SEGMENT`]: what is read at once then ends
/// where a record is found to be too large.
const LARGEST_RECORD: usize = 32 << 20;

/// The most bytes that are held at once to find the end of a record.
pub(super) fn largest(framing: Framing) -> usize {
    if framing == Framing::Whole { LARGEST_DOCUMENT } else { LARGEST_RECORD }
}

/// How much of a file its format is recognised from.
pub(super) const HEAD: usize = 64 << 10;

/// Buffers of pieces that are done, for those to come: most of a long run reads into memory that it already has.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    fn buffer(&self) -> Vec<u8> {
        let known = self.0.lock().ok().and_then(|mut buffers| buffers.pop());
        known.unwrap_or_else(|| Vec::with_capacity(SEGMENT + HEAD))
    }

    fn give_back(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        if let Ok(mut buffers) = self.0.lock()
            && buffers.len() < 16
            && (SEGMENT..=2 * SEGMENT).contains(&buffer.capacity())
        {
            buffers.push(buffer);
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.pool.give_back(std::mem::take(&mut self.bytes));
    }
}

/// Bytes after which the next line end closes a part of a piece, where a record is a line.
const PART: usize = 64 << 10;

/// A part of a piece: what is read to show one of its records again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Offset in the piece of the first byte behind it.
    pub(super) end: usize,
    /// Its line ends, or JSON records: the number of the first one behind it is so much higher.
    pub(super) numbers: u64,
}

/// The parts of a piece that has a record a line.
fn parts(bytes: &[u8]) -> Vec<Part> {
    let mut parts = Vec::with_capacity(bytes.len() / PART + 1);
    let mut at = 0;
    loop {
        let left = bytes.get(at..).unwrap_or_default();
        let end = left.get(PART..).and_then(|beyond| memchr::memchr(b'\n', beyond)).map_or(left.len(), |end| PART + end + 1);
        at += end;
        parts.push(Part { end: at, numbers: line_ends(left.get(..end).unwrap_or_default()) });
        if end == left.len() {
            return parts;
        }
    }
}

fn line_ends(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// One piece of a file.
#[derive(Debug)]
pub(super) struct Piece {
    pool: Pool,
    pub(super) bytes: Vec<u8>,
    /// Several where it has a record a line.
    pub(super) parts: Vec<Part>,
    /// 1-based number of the first line or record.
    pub(super) first: u64,
    /// Offset of the first byte.
    pub(super) offset: u64,
    pub(super) begins: bool,
    pub(super) ends: bool,
    pub(super) holds: Holds,
}

#[cfg(test)]
impl Piece {
    /// A file of one piece, as if it began at that line and offset.
    pub(super) fn of(bytes: Vec<u8>, first: u64, offset: u64, pool: &Pool) -> Self {
        let parts = parts(&bytes);
        Self { pool: pool.clone(), bytes, parts, first, offset, begins: true, ends: true, holds: Holds::Records }
    }
}

/// What a piece holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Whole records.
    Records,
    /// The beginning of a record beyond [`largest`]: it is hashed, and the record is rejected.
    Oversized,
    /// More of the same record, up to its end: it is hashed, and nothing else.
    Rest,
}

/// Cuts one open file.
pub(super) struct Cutter {
    pool: Pool,
    file: File,
    framing: Framing,
    carry: Vec<u8>,
    scanner: Option<JsonScanner>,
    /// How much of `carry` the scanner has seen.
    scanned: usize,
    first: u64,
    offset: u64,
    begun: bool,
    ended: bool,
    /// The most bytes that are held to find the end of a record.
    largest: usize,
    /// The pieces are those of a record that is too large, until it ends.
    swallowing: bool,
}

impl Cutter {
    /// Cuts what follows `head`, the bytes already read from `file`.
    pub(super) fn new(file: File, head: &[u8], framing: Framing, pool: &Pool) -> Self {
        let mut carry = if head.len() < HEAD { Vec::new() } else { pool.buffer() };
        carry.extend_from_slice(head);
        let scanner = match framing {
            Framing::JsonRecords { depth } => Some(JsonScanner::new(depth)),
            Framing::Lines | Framing::Groups(_) | Framing::Whole | Framing::Opaque => None,
        };
        Self {
            pool: pool.clone(),
            file,
            framing,
            carry,
            scanner,
            scanned: 0,
            first: 1,
            offset: 0,
            begun: false,
            ended: false,
            largest: largest(framing),
            swallowing: false,
        }
    }

    /// The next piece; nothing after the one that ends the file. An empty file gives one empty piece.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Piece>> {
        if self.ended {
            return Ok(None);
        }
        if self.swallowing {
            return self.swallow().map(Some);
        }
        let mut boundary = None;
        let mut records = 0;
        loop {
            let before = self.carry.len();
            let wanted = SEGMENT.saturating_sub(before % SEGMENT.max(1)).max(1);
            let at_end = self.fill(wanted)?;
            if at_end {
                self.ended = true;
                let holds = if self.carry.len() >= self.largest { Holds::Oversized } else { Holds::Records };
                return Ok(Some(self.piece(self.carry.len(), 0, holds)));
            }
            match self.framing {
                Framing::Lines => boundary = memchr::memrchr(b'\n', &self.carry).map(|at| at + 1),
                Framing::Groups(grouping) => boundary = grouping.boundary(&self.carry),
                Framing::JsonRecords { .. } => {
                    if let Some(scanner) = &mut self.scanner {
                        let (last, count) = scanner.boundaries(self.carry.get(self.scanned..).unwrap_or_default());
                        if let Some(last) = last {
                            boundary = Some(self.scanned + last);
                        }
                        records += count;
                        self.scanned = self.carry.len();
                    }
                }
                Framing::Opaque => boundary = Some(self.carry.len()),
                Framing::Whole => {}
            }
            if let Some(at) = boundary {
                return Ok(Some(self.piece(at, records, Holds::Records)));
            }
            // What is at hand has no boundary: one more read could bring it together with the end of the file.
            if self.carry.len() >= self.largest {
                self.swallowing = true;
                return Ok(Some(self.piece(self.carry.len(), 0, Holds::Oversized)));
            }
        }
    }

    /// The next piece of a record that is too large: up to where the next record begins, as soon as that is in sight.
    fn swallow(&mut self) -> std::io::Result<Piece> {
        let at_end = self.fill(SEGMENT)?;
        let unseen = self.carry.get(self.scanned..).unwrap_or_default();
        let (next, records) = match (self.framing, &mut self.scanner) {
            (Framing::Lines, _) => (memchr::memchr(b'\n', &self.carry).map(|at| at + 1), 0),
            (Framing::Groups(grouping), _) => (grouping.resumes(&self.carry), 0),
            (Framing::JsonRecords { .. }, Some(scanner)) => (scanner.separator(unseen).map(|at| self.scanned + at), 1),
            _ => (None, 0),
        };
        if let Some(at) = next {
            self.swallowing = false;
            let piece = self.piece(at, records, Holds::Rest);
            // What follows the record has not been scanned yet.
            self.scanned = 0;
            return Ok(piece);
        }
        self.ended = at_end;
        // A group of lines ends where the next line begins one, and that line is not in sight yet.
        let kept = if at_end || self.carry.len() > self.largest { None } else { self.framing.resumes_after(&self.carry) };
        Ok(self.piece(kept.unwrap_or(self.carry.len()), 0, Holds::Rest))
    }

    /// Reads `wanted` more bytes; true at the end of the file.
    fn fill(&mut self, wanted: usize) -> std::io::Result<bool> {
        let read = (&mut self.file).take(wanted as u64).read_to_end(&mut self.carry)?;
        Ok(read < wanted)
    }

    /// The first `at` bytes at hand, which are or belong to `records` JSON records, as a piece.
    fn piece(&mut self, at: usize, records: u64, holds: Holds) -> Piece {
        let rest = if self.ended {
            Vec::new()
        } else {
            let mut rest = self.pool.buffer();
            rest.extend_from_slice(self.carry.get(at..).unwrap_or_default());
            rest
        };
        let mut bytes = std::mem::replace(&mut self.carry, rest);
        bytes.truncate(at);
        self.scanned = if self.scanner.is_some() { self.carry.len() } else { 0 };
        let whole = |numbers| vec![Part { end: at, numbers }];
        let parts = match self.framing {
            Framing::Lines if holds == Holds::Records => parts(&bytes),
            Framing::Lines | Framing::Groups(_) => whole(line_ends(&bytes)),
            Framing::JsonRecords { .. } => whole(records),
            Framing::Whole | Framing::Opaque => whole(0),
        };
        let piece = Piece {
            pool: self.pool.clone(),
            parts,
            first: self.first,
            offset: self.offset,
            begins: !self.begun,
            ends: self.ended,
            holds,
            bytes,
        };
        self.begun = true;
        self.offset += piece.bytes.len() as u64;
        self.first += piece.parts.iter().map(|part| part.numbers).sum::<u64>();
        piece
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn pieces(text: &[u8], framing: Framing) -> Vec<Piece> {
        pieces_of(text, framing, largest(framing))
    }

    fn pieces_of(text: &[u8], framing: Framing, largest: usize) -> Vec<Piece> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text).expect("written");
        std::io::Seek::rewind(&mut file).expect("rewound");
        let mut cutter = Cutter { largest, ..Cutter::new(file, &[], framing, &Pool::default()) };
        let mut pieces = Vec::new();
        while let Some(piece) = cutter.next().expect("read") {
            pieces.push(piece);
        }
        pieces
    }

    #[test]
    fn pieces_join_to_the_file_and_lines_keep_their_numbers() {
        let line = format!("{}\n", "x".repeat(999));
        let text = line.repeat(10_000);
        let pieces = pieces(text.as_bytes(), Framing::Lines);
        assert!(pieces.len() > 1);
        assert_eq!(pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>(), text.len());
        for piece in &pieces {
            assert_eq!((piece.first - 1) * 1000, piece.offset, "first line and offset agree");
        }
    }

    #[test]
    fn json_records_keep_their_numbers() {
        let record = format!("{{\"a\":\"{}\"}}", "y,]".repeat(400));
        let text = format!("{{\"result\":[{}]}}", vec![record; 9_000].join(","));
        let pieces = pieces(text.as_bytes(), Framing::JsonRecords { depth: 2 });
        assert!(pieces.len() > 1);
        let mut expected = 1;
        for piece in &pieces {
            assert_eq!(piece.first, expected);
            let segment = crate::formats::Segment {
                bytes: &piece.bytes,
                first: piece.first,
                begins: piece.begins,
                ends: piece.ends,
                framing: Framing::JsonRecords { depth: 2 },
            };
            let records = segment.json_records();
            assert!(records.iter().all(|record| record.closed || !piece.ends));
            expected += records.len() as u64;
        }
        assert_eq!(expected, 9_001);
    }

    #[test]
    fn a_record_that_is_too_large_is_told_once_and_what_follows_it_is_read() {
        let huge = "x".repeat(22 << 20);
        let object = format!("{{\"a\":\"{huge},]\"}}");
        let cases = [
            (Framing::Lines, "one\n".to_owned(), format!("{huge}\n"), "two\nthree\n".to_owned()),
            (
                Framing::Groups(crate::formats::Grouping::Indented),
                "one\n a\n".to_owned(),
                format!("{huge}\n b\n\n c\n"),
                "two\n d\n".to_owned(),
            ),
            (
                Framing::Groups(crate::formats::Grouping::JournalExport),
                "A=1\n\n".to_owned(),
                format!("A={huge}\nB=2\n\n"),
                "A=3\n\nB=4\n\n".to_owned(),
            ),
            (Framing::JsonRecords { depth: 1 }, "[1,{\"b\":2},".to_owned(), format!("{object},"), " 4,[5,5]]".to_owned()),
        ];
        for (framing, before, record, after) in cases {
            // Enough before it that it begins a piece of its own, and enough after it that the file goes on.
            let before = if before.starts_with('[') { before } else { before.repeat(9) };
            let text = format!("{before}{record}{after}");
            let pieces = pieces_of(text.as_bytes(), framing, 9 << 20);
            let joined: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.iter().copied()).collect();
            assert!(joined == text.as_bytes(), "{framing:?}: pieces do not join to the file");
            let told: Vec<&Piece> = pieces.iter().filter(|piece| piece.holds == Holds::Oversized).collect();
            assert_eq!(told.len(), 1, "{framing:?}: told {} times", told.len());
            assert!(pieces.iter().all(|piece| piece.bytes.len() <= 14 << 20), "{framing:?}: a piece is not bounded");
            assert!(pieces.iter().filter(|piece| piece.holds == Holds::Rest).count() > 1);
            let last = pieces.last().expect("a piece");
            assert!(last.holds == Holds::Records && last.ends);
            assert_eq!(last.bytes, after.as_bytes(), "{framing:?}: what follows is whole");
            let lines = format!("{before}{record}").matches('\n').count() as u64;
            assert_eq!(last.first, if framing.by_line() { lines + 1 } else { 4 }, "{framing:?}: its number");
        }
    }

    #[test]
    fn what_follows_a_record_that_is_barely_too_large_is_read_at_the_end_of_a_file() {
        let largest = 2 * SEGMENT;
        for length in [largest - 3, largest - 2, largest - 1, largest, largest + 1, largest + 100] {
            let text = format!("{}\ntwo\nthree\n", "x".repeat(length));
            let pieces = pieces_of(text.as_bytes(), Framing::Lines, largest);
            let joined: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.iter().copied()).collect();
            assert!(joined == text.as_bytes(), "{length}");
            let told = pieces.iter().filter(|piece| piece.holds == Holds::Oversized).count();
            assert_eq!(told, usize::from(length >= largest), "{length}");
            let last = pieces.last().expect("a piece");
            assert!(last.ends && last.holds == Holds::Records && last.bytes.ends_with(b"two\nthree\n"), "{length}");
        }
    }

    #[test]
    fn a_record_that_is_too_large_and_never_ends_is_told_once() {
        for framing in [Framing::Lines, Framing::Whole, Framing::JsonRecords { depth: 1 }] {
            let text = format!("[\"{}", "x".repeat(30 << 20));
            let pieces = pieces_of(text.as_bytes(), framing, 9 << 20);
            assert_eq!(pieces.iter().filter(|piece| piece.holds == Holds::Oversized).count(), 1, "{framing:?}");
            assert!(pieces.iter().all(|piece| piece.holds != Holds::Records), "{framing:?}");
            assert_eq!(pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>(), text.len());
        }
    }

    #[test]
    fn an_empty_file_is_one_empty_piece() {
        let pieces = pieces(b"", Framing::Whole);
        assert!(matches!(pieces.as_slice(), [piece] if piece.begins && piece.ends && piece.bytes.is_empty()));
    }
}
