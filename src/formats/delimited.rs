//! Comma-separated tables with a header line: columns are found by name, cells keep their line.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{Head, Segment, Sink};

/// A table read whole; rows that could not be read are errors in their place.
pub(super) struct Delimited {
    header: Vec<String>,
    rows: Vec<(u64, Result<StringRecord, String>)>,
}

/// Reads the header of a file that may be a table: lower-case names, blanks as underscores.
pub(super) fn header(head: &Head<'_>) -> Vec<String> {
    let text = head.text().trim_start_matches('\u{feff}');
    let first = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
    let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(first.as_bytes());
    reader.records().next().and_then(Result::ok).map(|record| record.iter().map(column_name).collect()).unwrap_or_default()
}

fn column_name(cell: &str) -> String {
    cell.trim().to_lowercase().replace([' ', '-'], "_")
}

impl Delimited {
    /// Reads the table; `Err` is the line of the first byte that is not UTF-8.
    pub(super) fn read(segment: &Segment<'_>, delimiter: u8) -> Result<Self, u64> {
        let text = segment.text()?;
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .comment(Some(b'#'))
            .flexible(false)
            .trim(Trim::All)
            .from_reader(text.as_bytes());
        let header = reader.headers().map(|header| header.iter().map(column_name).collect()).unwrap_or_default();
        let mut rows = Vec::new();
        for row in reader.records() {
            match row {
                Ok(record) => rows.push((record.position().map_or(1, csv::Position::line), Ok(record))),
                Err(error) => rows.push((error.position().map_or(1, csv::Position::line), Err(error.to_string()))),
            }
        }
        if !text.matches('"').count().is_multiple_of(2) {
            // A quote that never closes swallows all that follows it.
            if let Some((_, last)) = rows.last_mut() {
                *last = Err("a quote is opened and never closed: torn, or a quote that should be doubled".to_owned());
            }
        }
        Ok(Self { header, rows })
    }

    /// The rows with their lines.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u64, Result<Cells<'_>, &str>)> {
        self.rows.iter().map(|(line, row)| match row {
            Ok(record) => (*line, Ok(Cells { header: &self.header, record })),
            Err(error) => (*line, Err(error.as_str())),
        })
    }
}

/// Gives every row of the table to `read`; rows that could not be read are rejected here.
pub(super) fn each_row<'a>(segment: &Segment<'_>, sink: &mut Sink<'a>, read: impl FnMut(u64, &Cells<'_>, &mut Sink<'a>)) {
    each_row_of(segment, b',', sink, read);
}

/// The same with another delimiter.
pub(super) fn each_row_of<'a>(
    segment: &Segment<'_>,
    delimiter: u8,
    sink: &mut Sink<'a>,
    mut read: impl FnMut(u64, &Cells<'_>, &mut Sink<'a>),
) {
    let table = match Delimited::read(segment, delimiter) {
        Ok(table) => table,
        Err(line) => return sink.record(line).reject("byte that is not UTF-8", segment.bytes),
    };
    for (line, row) in table.rows() {
        match row {
            Ok(cells) => read(line, &cells, sink),
            Err(error) => sink.record(line).reject(error, b""),
        }
    }
}

/// The cells of one row.
pub(super) struct Cells<'a> {
    header: &'a [String],
    record: &'a StringRecord,
}

impl<'a> Cells<'a> {
    /// The first of the named columns that is there and holds something.
    pub(super) fn get(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| {
            let index = self.header.iter().position(|column| column == name)?;
            self.record.get(index).filter(|cell| !cell.is_empty())
        })
    }

    /// Whether the header has the column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.header.iter().any(|column| column == name)
    }

    /// The row as text, for a reject's excerpt.
    pub(super) fn excerpt(&self) -> String {
        self.record.iter().collect::<Vec<_>>().join(",")
    }
}
