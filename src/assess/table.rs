//! A population's CSV file: rows go out as they come, hashed on their way. A million rows of a dozen cells pass here, so plain
//! text is looked at once and copied, and only what is not plain takes the long way.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use wide::u8x16;

use super::frame::{Cell, Frame};
use super::population::PackedFile;
use crate::bytes::{append, are, by_sixteen, unprintable};
use crate::collect::Sha256;
use crate::facts::IsoWriter;
use crate::outputs::defused;
use crate::redact::visible;

/// Bytes that are written at once.
const BLOCK: usize = 256 << 10;

/// A CSV file (RFC 4180, line feeds) that is being written.
pub(super) struct CsvFile {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
    /// Rows that are not written yet.
    waiting: Vec<u8>,
    begun: bool,
    times: IsoWriter,
    lines: u64,
    /// Where every [`LINES_A_MARK`]th line ends.
    marks: Vec<u64>,
}

/// Lines after which the place in the file is noted.
const LINES_A_MARK: u64 = 1024;

impl CsvFile {
    pub(super) fn begin(path: &Path) -> std::io::Result<Self> {
        let file = BufWriter::with_capacity(0, File::create(path)?);
        let waiting = Vec::with_capacity(BLOCK + 4096);
        Ok(Self {
            file,
            hash: Sha256::new(),
            bytes: 0,
            waiting,
            begun: false,
            times: IsoWriter::default(),
            lines: 0,
            marks: Vec::new(),
        })
    }

    fn separate(&mut self) {
        if self.begun {
            self.waiting.push(b',');
        }
        self.begun = true;
    }

    /// A cell of any text: hidden characters made visible, formulas defused, quoted where it must be.
    pub(super) fn text(&mut self, text: &str) {
        self.separate();
        let Plain { harmless, comma } = Plain::of(text.as_bytes());
        if harmless && !comma {
            return append(&mut self.waiting, text.as_bytes());
        }
        if harmless {
            return self.quoted(text);
        }
        let shown = visible(text);
        let shown = defused(&shown);
        if shown.contains([',', '"', '\n', '\r']) {
            self.quoted(&shown.replace('"', "\"\""));
        } else {
            self.waiting.extend_from_slice(shown.as_bytes());
        }
    }

    /// A cell that is known to be plain: a word of ours, a date.
    pub(super) fn word(&mut self, word: &str) {
        self.separate();
        append(&mut self.waiting, word.as_bytes());
    }

    fn quoted(&mut self, text: &str) {
        self.waiting.push(b'"');
        append(&mut self.waiting, text.as_bytes());
        self.waiting.push(b'"');
    }

    /// A cell of a frame; nothing where it is null. Numbers and times need no care.
    pub(super) fn cell(&mut self, frame: &Frame, column: usize, row: usize) {
        if let Some(text) = frame.plain_at(column, row) {
            return self.text(text);
        }
        match frame.cell_at(column, row) {
            Some(Cell::Text(text)) => self.text(text),
            Some(Cell::Time(time)) => {
                self.separate();
                self.times.write(time, &mut self.waiting);
            }
            Some(Cell::Int(number)) => self.whole(number),
            Some(Cell::Real(number)) => {
                self.separate();
                // Writing to a vector cannot fail.
                let _ = write!(self.waiting, "{number}");
            }
            Some(Cell::Flag(flag)) => self.text(if flag { "true" } else { "false" }),
            None => self.separate(),
        }
    }

    /// A cell of a whole number.
    pub(super) fn whole(&mut self, number: impl itoa::Integer) {
        self.separate();
        self.waiting.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Ends the row.
    pub(super) fn end_row(&mut self) -> std::io::Result<()> {
        self.waiting.push(b'\n');
        self.begun = false;
        self.lines += 1;
        if self.lines.is_multiple_of(LINES_A_MARK) {
            self.marks.push(self.bytes + self.waiting.len() as u64);
        }
        if self.waiting.len() >= BLOCK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.hash.update(&self.waiting);
        self.bytes += self.waiting.len() as u64;
        self.file.write_all(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// Closes the file at `path`.
    pub(super) fn finish(mut self, path: &Path) -> std::io::Result<WrittenCsv> {
        self.flush()?;
        self.file.flush()?;
        let packed = PackedFile { file: path.to_owned(), sha256: self.hash.finish(), bytes: self.bytes };
        Ok(WrittenCsv { packed, marks: self.marks })
    }
}

/// A file that was written: a row of it is found again without reading all that is before it.
pub(super) struct WrittenCsv {
    pub(super) packed: PackedFile,
    marks: Vec<u64>,
}

impl WrittenCsv {
    /// The last line at or before `line` whose place is known, and its place; the head is line 0.
    pub(super) fn known_before(&self, line: u64) -> (u64, u64) {
        let marks = (line / LINES_A_MARK).min(self.marks.len() as u64);
        let place = usize::try_from(marks).ok().and_then(|marks| self.marks.get(marks.checked_sub(1)?).copied());
        place.map_or((0, 0), |place| (marks * LINES_A_MARK, place))
    }
}

/// What has to be known of a text to write it as a cell.
struct Plain {
    /// Printable ASCII without quotes that begins with nothing that a spreadsheet computes: as it is, or between quotes.
    harmless: bool,
    comma: bool,
}

impl Plain {
    #[inline]
    fn of(bytes: &[u8]) -> Self {
        let computes = matches!(bytes.first(), Some(b'=' | b'+' | b'-' | b'@'));
        let (mut harmful, mut commas) = (u8x16::splat(0), u8x16::splat(0));
        by_sixteen(bytes, |block| {
            harmful |= unprintable(block) | are(block, b'"');
            commas |= are(block, b',');
        });
        Self { harmless: !harmful.any() && !computes, comma: commas.any() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_lines_are_where_they_begin() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        let mut file = CsvFile::begin(&path).expect("a file");
        for line in 0..5 * LINES_A_MARK + 7 {
            file.whole(line);
            file.end_row().expect("written");
        }
        let written = file.finish(&path).expect("closed");
        let text = std::fs::read_to_string(&path).expect("the file");
        for line in
            [0, 1, LINES_A_MARK - 1, LINES_A_MARK, LINES_A_MARK + 1, 3 * LINES_A_MARK, 5 * LINES_A_MARK + 6, 9 * LINES_A_MARK]
        {
            let (known, place) = written.known_before(line);
            assert!(known <= line && line.min(5 * LINES_A_MARK) - known.min(5 * LINES_A_MARK) < LINES_A_MARK, "{line}: {known}");
            let there = text.get(usize::try_from(place).expect("small")..).expect("a boundary");
            assert_eq!(there.lines().next(), Some(known.to_string().as_str()));
        }
    }

    #[test]
    fn cells_come_back_as_they_are_and_formulas_are_defused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        let mut file = CsvFile::begin(&path).expect("a file");
        let cells = ["plain", "", "a,b", "say \"no\"", "=1+2", "-5", "-x", "é\u{202e}", "two\nlines", "=a,b"];
        cells.iter().for_each(|cell| file.text(cell));
        file.end_row().expect("written");
        file.text("");
        file.end_row().expect("written");
        let packed = file.finish(&path).expect("closed").packed;
        let text = std::fs::read_to_string(&path).expect("the file");
        assert_eq!((packed.bytes, packed.sha256), (text.len() as u64, Sha256::of(text.as_bytes())));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let row = reader.records().next().expect("a row").expect("read");
        let read: Vec<&str> = row.iter().collect();
        assert_eq!(read, ["plain", "", "a,b", "say \"no\"", "'=1+2", "-5", "'-x", "é\\u{202E}", "two\\u{0A}lines", "'=a,b"]);
        assert_eq!(text.lines().count(), 2, "a row is a line");
    }
}
