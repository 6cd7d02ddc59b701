//! Segments: pieces of a file that begin and end at record boundaries.

use memchr::{memchr_iter, memchr2};

use super::grouping::Grouping;

/// Where the records of a format begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One record a line.
    Lines,
    /// Records of one or more lines; a piece does not begin inside one.
    Groups(Grouping),
    /// Members or elements of a JSON document at nesting `depth` (1 for a top-level array or object).
    JsonRecords {
        /// How many brackets are open around a record.
        depth: u32,
    },
    /// The file is read in one piece.
    Whole,
    /// No reader looks into the bytes: they are hashed, and cut anywhere.
    Opaque,
}

impl Framing {
    /// Whether records are lines, or groups of lines, and are cited by the number of a line.
    #[must_use]
    pub fn by_line(self) -> bool {
        matches!(self, Self::Lines | Self::Groups(_))
    }

    /// Where to look on for the end of a group of lines that is not in `bytes`: at their last line end, because what follows
    /// it decides whether a group ends there. Nothing where no line end can matter.
    #[must_use]
    pub fn resumes_after(self, bytes: &[u8]) -> Option<usize> {
        let Self::Groups(_) = self else { return None };
        memchr::memrchr(b'\n', bytes)
    }
}

/// Follows the structure of a JSON document over any number of pieces: brackets and strings, nothing else.
#[derive(Clone, Copy, Debug)]
pub struct JsonScanner {
    target: u32,
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl JsonScanner {
    /// At the beginning of a document whose records are at nesting `depth`.
    #[must_use]
    pub fn new(depth: u32) -> Self {
        Self { target: depth, depth: 0, in_string: false, escaped: false }
    }

    /// Feeds `bytes` and tells `found` the offset just after each comma between two records, and of each bracket that
    /// opens (just after) or closes (at) the collection of records.
    fn feed(&mut self, bytes: &[u8], mut found: impl FnMut(Mark)) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..) {
            if self.escaped && !rest.is_empty() {
                self.escaped = false;
                at += 1;
                continue;
            }
            if self.in_string {
                let Some(offset) = memchr2(b'"', b'\\', rest) else { return };
                at += offset + 1;
                match rest.get(offset) {
                    Some(b'"') => self.in_string = false,
                    _ => self.escaped = true,
                }
                continue;
            }
            let Some(offset) = rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']' | b',')) else {
                return;
            };
            at += offset + 1;
            match rest.get(offset) {
                Some(b'"') => self.in_string = true,
                Some(b'{' | b'[') => {
                    self.depth += 1;
                    if self.depth == self.target {
                        found(Mark::Open(at));
                    }
                }
                Some(b'}' | b']') => {
                    if self.depth == self.target {
                        found(Mark::Close(at - 1));
                    }
                    self.depth = self.depth.saturating_sub(1);
                }
                _ if self.depth == self.target => found(Mark::Separator(at)),
                _ => {}
            }
        }
    }

    /// Feeds `bytes` up to the first separator between records and returns the offset after it; all of them where there is none.
    pub fn separator(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut first = None;
        let mut ahead = *self;
        ahead.feed(bytes, |mark| {
            if let Mark::Separator(at) = mark {
                first.get_or_insert(at);
            }
        });
        match first.and_then(|at| bytes.get(..at)) {
            Some(before) => self.feed(before, |_| ()),
            None => *self = ahead,
        }
        first
    }

    /// Feeds `bytes`; returns the offset after the last separator between records, and how many separators there were.
    pub fn boundaries(&mut self, bytes: &[u8]) -> (Option<usize>, u64) {
        let (mut last, mut count) = (None, 0);
        self.feed(bytes, |mark| {
            if let Mark::Separator(at) = mark {
                last = Some(at);
                count += 1;
            }
        });
        (last, count)
    }
}

#[derive(Clone, Copy, Debug)]
enum Mark {
    Open(usize),
    Separator(usize),
    Close(usize),
}

/// A piece of a file that begins and ends at record boundaries.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The bytes, exactly as hashed.
    pub bytes: &'a [u8],
    /// 1-based number of the first line (or JSON record) in the piece.
    pub first: u64,
    /// Whether the piece begins the file.
    pub begins: bool,
    /// Whether the piece ends the file.
    pub ends: bool,
    /// How the file is cut.
    pub framing: Framing,
}

/// One JSON record: its number, its raw text and whether the document went on after it.
#[derive(Clone, Copy, Debug)]
pub struct JsonRecord<'a> {
    /// 1-based number in the document.
    pub number: u64,
    /// Raw bytes of the element, or of the member with its key.
    pub bytes: &'a [u8],
    /// Offset of the first of them in the segment.
    pub at: usize,
    /// False where the file ends inside the collection, so that the record may be cut.
    pub closed: bool,
}

impl<'a> Segment<'a> {
    /// The lines with their 1-based numbers, without line ends; blank ones are left out.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &'a [u8])> + use<'a> {
        let first = self.first;
        let bytes = self.bytes;
        let bytes = if self.begins { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes) } else { bytes };
        let mut start = 0;
        let mut ends = memchr_iter(b'\n', bytes);
        let mut number = first;
        std::iter::from_fn(move || {
            if start >= bytes.len() {
                return None;
            }
            let end = ends.next().unwrap_or(bytes.len());
            let line = bytes.get(start..end).unwrap_or_default();
            start = end + 1;
            number += 1;
            Some((number - 1, line.strip_suffix(b"\r").unwrap_or(line)))
        })
        .filter(|(_, line)| !line.trim_ascii().is_empty())
    }

    /// The records of a JSON document cut at [`Framing::JsonRecords`].
    #[must_use]
    pub fn json_records(&self) -> Vec<JsonRecord<'a>> {
        let Framing::JsonRecords { depth } = self.framing else { return Vec::new() };
        let mut scanner = JsonScanner::new(depth);
        let mut records = Vec::new();
        let mut number = self.first;
        let mut start = if self.begins { None } else { Some(0) };
        if !self.begins {
            scanner.depth = depth;
        }
        let bytes = self.bytes;
        let mut take = |start: Option<usize>, end: usize, closed: bool| {
            let Some(record) = start.and_then(|start| bytes.get(start..end)) else { return };
            let before = record.len() - record.trim_ascii_start().len();
            let record = record.trim_ascii();
            if !record.is_empty() {
                records.push(JsonRecord { number, bytes: record, at: start.unwrap_or_default() + before, closed });
                number += 1;
            }
        };
        scanner.feed(bytes, |mark| match mark {
            Mark::Open(at) => start = Some(at),
            Mark::Separator(at) => {
                take(start, at - 1, true);
                start = Some(at);
            }
            Mark::Close(at) => {
                take(start, at, true);
                start = None;
            }
        });
        take(start, bytes.len(), false);
        if self.ends && start.is_some() && records.last().is_none_or(|record| record.closed) {
            // The file ends right behind a comma: something is missing, and it counts as a record.
            records.push(JsonRecord { number: self.first + records.len() as u64, bytes: b"", at: bytes.len(), closed: false });
        }
        records
    }

    /// The whole segment as text, or the 1-based line of the first byte that is not UTF-8.
    ///
    /// # Errors
    /// The number of the line that holds the first byte that is not UTF-8.
    pub fn text(&self) -> Result<&'a str, u64> {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.bytes);
        std::str::from_utf8(bytes).map_err(|error| {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            self.first + u64::try_from(memchr_iter(b'\n', valid).count()).unwrap_or(0)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop, proptest};

    use super::*;

    fn segment(bytes: &[u8], depth: u32) -> Segment<'_> {
        Segment { bytes, first: 1, begins: true, ends: true, framing: Framing::JsonRecords { depth } }
    }

    #[test]
    fn repeated_keys_are_separate_records() {
        let text = br#"{ "accept": {"a": "}, {"}, "accept": {"b": "\\\""}, "exit": {} }"#;
        let records = segment(text, 1).json_records();
        assert_eq!(records.len(), 3);
        assert!(records.iter().all(|record| record.closed));
    }

    #[test]
    fn a_cut_document_says_that_its_last_record_is_open() {
        let records = segment(br#"{"result":[{"a":1},{"b":"cut"#, 2).json_records();
        assert_eq!(records.iter().map(|record| record.closed).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn records_are_where_they_say() {
        for text in [
            "\u{feff} { \"result\" : [ {\"a\":1} ,\n {\"b\": [2, 3]} , {\"c\":\"]\"}\n]\n}",
            "{\"result\":[{\"a\":1},{\"b\":\"cut",
            "{\"result\":[{\"a\":1}, ",
            "{\"result\":[]}",
        ] {
            for record in segment(text.as_bytes(), 2).json_records() {
                let there = text.as_bytes().get(record.at..record.at + record.bytes.len());
                assert_eq!(there, Some(record.bytes), "{text}: record {}", record.number);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn cutting_anywhere_finds_the_same_records(values in prop::collection::vec(any::<String>(), 1..8), cut in any::<prop::sample::Index>()) {
            let text = format!("{{\"result\": {}}}", serde_json::to_string(&values).unwrap_or_default());
            let whole = segment(text.as_bytes(), 2).json_records();
            assert_eq!(whole.len(), values.len());
            let (left, right) = text.as_bytes().split_at(cut.index(text.len()));
            let mut scanner = JsonScanner::new(2);
            let (_, before) = scanner.boundaries(left);
            let (_, after) = scanner.boundaries(right);
            assert_eq!(usize::try_from(before + after).unwrap_or(0) + 1, values.len());
        }
    }
}
