//! Cutting: a file becomes segments of fixed size that end at record boundaries, so that what a segment holds depends on
//! the bytes alone and never on the number of threads.

use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Mutex};

use crate::formats::{Framing, JsonScanner};

/// Bytes read before a boundary is looked for.
pub(super) const SEGMENT: usize = 4 << 20;
/// Bytes asked of the file system at once.
const READ: usize = 256 << 10;
/// A document read whole may not be larger.
const LARGEST_DOCUMENT: usize = 256 << 20;
/// A line or another record of a file that is cut may not be larger.
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

/// One piece of a file.
#[derive(Debug)]
pub(super) struct Piece {
    pool: Pool,
    pub(super) bytes: Vec<u8>,
    /// 1-based number of the first line or record.
    pub(super) first: u64,
    /// Offset of the first byte.
    pub(super) offset: u64,
    pub(super) begins: bool,
    pub(super) ends: bool,
    /// The piece holds the middle of a record beyond [`largest`]: it is hashed, and rejected.
    pub(super) oversized: bool,
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
        Self { pool: pool.clone(), file, framing, carry, scanner, scanned: 0, first: 1, offset: 0, begun: false, ended: false }
    }

    /// The next piece; nothing after the one that ends the file. An empty file gives one empty piece.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Piece>> {
        if self.ended {
            return Ok(None);
        }
        let mut boundary = None;
        let mut records = 0;
        loop {
            let before = self.carry.len();
            let wanted = SEGMENT.saturating_sub(before % SEGMENT.max(1)).max(1);
            let at_end = self.fill(wanted)?;
            if at_end {
                self.ended = true;
                return Ok(Some(self.piece(None, 0)));
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
            if boundary.is_some() || self.carry.len() > largest(self.framing) {
                return Ok(Some(self.piece(boundary, records)));
            }
        }
    }

    /// Reads `wanted` more bytes; true at the end of the file.
    fn fill(&mut self, wanted: usize) -> std::io::Result<bool> {
        let full = self.carry.len() + wanted;
        while self.carry.len() < full {
            let filled = self.carry.len();
            self.carry.resize(full.min(filled + READ), 0);
            match self.file.read(self.carry.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => {
                    self.carry.truncate(filled);
                    return Ok(true);
                }
                Ok(read) => self.carry.truncate(filled + read),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => self.carry.truncate(filled),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn piece(&mut self, boundary: Option<usize>, records: u64) -> Piece {
        let oversized = boundary.is_none() && !self.ended || (self.ended && self.carry.len() > largest(self.framing));
        let rest = boundary.map_or_else(Vec::new, |at| {
            let mut rest = self.pool.buffer();
            rest.extend_from_slice(self.carry.get(at..).unwrap_or_default());
            rest
        });
        let mut bytes = std::mem::replace(&mut self.carry, rest);
        if let Some(at) = boundary {
            bytes.truncate(at);
        }
        self.scanned = if self.scanner.is_some() { self.carry.len() } else { 0 };
        let piece = Piece {
            pool: self.pool.clone(),
            first: self.first,
            offset: self.offset,
            begins: !self.begun,
            ends: self.ended,
            oversized,
            bytes,
        };
        self.begun = true;
        self.offset += piece.bytes.len() as u64;
        self.first += match self.framing {
            Framing::Lines | Framing::Groups(_) => memchr::memchr_iter(b'\n', &piece.bytes).count() as u64,
            Framing::JsonRecords { .. } => records,
            Framing::Whole | Framing::Opaque => 0,
        };
        piece
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn pieces(text: &[u8], framing: Framing) -> Vec<Piece> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text).expect("written");
        std::io::Seek::rewind(&mut file).expect("rewound");
        let mut cutter = Cutter::new(file, &[], framing, &Pool::default());
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
    fn an_empty_file_is_one_empty_piece() {
        let pieces = pieces(b"", Framing::Whole);
        assert!(matches!(pieces.as_slice(), [piece] if piece.begins && piece.ends && piece.bytes.is_empty()));
    }
}
