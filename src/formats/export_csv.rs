//! CSV as ticket systems export it: header names that may repeat, line ends and doubled quotes inside cells, commas,
//! semicolons or tabs between them, UTF-8 with or without a byte order mark, or Windows-1252.
//!
//! Unlike the tables that people write for Steadfast (`delimited.rs`) no line is a comment: a title may begin with `#`.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord};
use encoding_rs::WINDOWS_1252;

use super::{Head, Segment, Sink};

/// What separates cells, the commonest first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The text of an export, and whether its encoding had to be assumed.
pub(super) fn decode(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
    }
}

/// Names the limit of a text whose encoding nothing says.
pub(super) fn encoding_assumed(sink: &mut Sink<'_>) {
    sink.limit(
        "encoding-assumed",
        None,
        "the file is not UTF-8 and is read as Windows-1252; letters beyond ASCII may be others than was written",
    );
}

/// The names of the columns, as `fits` wants them: lower case, blanks as underscores.
pub(super) fn header(head: &Head<'_>, fits: impl Fn(&[String]) -> bool) -> Option<Vec<String>> {
    let bytes = head.bytes.get(..head.bytes.len().min(64 << 10))?;
    // A head that is cut inside a character is still UTF-8.
    let (text, _) = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => decode(bytes.get(..error.valid_up_to())?),
        _ => decode(bytes),
    };
    SEPARATORS.into_iter().map(|separator| names(&text, separator)).find(|names| fits(names))
}

fn names(text: &str, separator: u8) -> Vec<String> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    reader.records().next().and_then(Result::ok).map(|record| record.iter().map(column).collect()).unwrap_or_default()
}

/// A header cell as its column is looked for.
pub(super) fn column(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "_")
}

/// Gives every row to `read` and returns how many there were; rows that could not be read are rejected here.
pub(super) fn each_row<'a>(
    segment: &Segment<'_>,
    sink: &mut Sink<'a>,
    fits: impl Fn(&[String]) -> bool,
    mut read: impl FnMut(u64, &Row<'_>, &mut Sink<'a>),
) -> u64 {
    let (text, assumed) = decode(segment.bytes);
    if assumed {
        encoding_assumed(sink);
    }
    let found = SEPARATORS.into_iter().map(|separator| (separator, names(&text, separator))).find(|(_, names)| fits(names));
    let Some((separator, header)) = found else {
        sink.record(1).reject("the header cannot be read", segment.bytes);
        return 0;
    };
    let mut reader = ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
    let mut records = reader.records().peekable();
    // A quote that never closes swallows all that follows it, so that the last row is not what it seems.
    let unclosed = memchr::memchr_iter(b'"', text.as_bytes()).count() % 2 == 1;
    let mut rows = 0;
    while let Some(record) = records.next() {
        rows += 1;
        let last = records.peek().is_none();
        match record {
            Ok(record) => {
                let line = record.position().map_or(1, |position| line(&text, position));
                let row = Row { header: &header, record: &record };
                if last && unclosed {
                    sink.record(line)
                        .reject("torn: a quote is opened and never closed, or one that should be doubled is not", &row.bytes());
                } else {
                    read(line, &row, sink);
                }
            }
            Err(error) => {
                let line = error.position().map_or(1, |position| line(&text, position));
                sink.record(line).reject(&format!("a row of another shape than the header ({error})"), b"");
            }
        }
    }
    rows
}

/// The line on which a row begins. Behind a carriage return, and behind blank lines, its position is that of the line end.
fn line(text: &str, position: &csv::Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|at| text.as_bytes().get(at..)).unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n').count();
    position.line() + ends as u64
}

/// One row.
pub(super) struct Row<'r> {
    header: &'r [String],
    record: &'r StringRecord,
}

impl<'r> Row<'r> {
    /// The cells of every column of that name, the filled ones.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'r str> + use<'r> {
        let (header, record, name) = (self.header, self.record, column(name));
        header.iter().zip(record).filter(move |(column, cell)| **column == name && !cell.trim().is_empty()).map(|(_, cell)| cell)
    }

    /// The first filled cell of the columns of that name.
    pub(super) fn get(&self, name: &str) -> Option<&'r str> {
        self.all(name).next()
    }

    /// The columns.
    pub(super) fn columns(&self) -> &'r [String] {
        self.header
    }

    /// The cell at a position of the columns.
    pub(super) fn at(&self, position: usize) -> Option<&'r str> {
        self.record.get(position)
    }

    /// The row as text, for rejects.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.record.iter().collect::<Vec<_>>().join(",").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Framing;
    use super::*;

    fn rows(bytes: &[u8]) -> (Vec<(u64, Vec<String>)>, u64) {
        let segment = Segment { bytes, first: 1, begins: true, ends: true, framing: Framing::Whole };
        let mut sink = Sink::new("x.csv");
        let mut found = Vec::new();
        each_row(
            &segment,
            &mut sink,
            |names| names.iter().any(|name| name == "key"),
            |line, row, sink| {
                found.push((line, row.all("Label").map(str::to_owned).collect()));
                sink.record(line).skip("test");
            },
        );
        (found, sink.finish().tally.rejected)
    }

    #[test]
    fn columns_may_repeat_and_cells_hold_line_ends() {
        let (found, rejected) = rows(b"Key,Label,Label\r\n\"a\r\nb\",x,y\r\n#c,,z\r\n");
        assert_eq!(found, [(2, vec!["x".to_owned(), "y".to_owned()]), (4, vec!["z".to_owned()])]);
        assert_eq!(rejected, 0);
    }

    #[test]
    fn semicolons_tabs_and_windows_1252_are_read() {
        assert_eq!(rows(b"Key;Label\na;x\n").0, [(2, vec!["x".to_owned()])]);
        assert_eq!(rows(b"\xef\xbb\xbfKey\tLabel\na\tx\n").0, [(2, vec!["x".to_owned()])]);
        assert_eq!(rows(b"Key,Label\na,en\x96dash\n").0, [(2, vec!["en\u{2013}dash".to_owned()])]);
    }

    #[test]
    fn a_torn_row_is_never_read() {
        assert_eq!(rows(b"Key,Label\na,x\nb,\"cut").1, 1);
        assert_eq!(rows(b"Key,Label\na,x\nb").1, 1);
    }
}
