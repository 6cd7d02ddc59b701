//! `sources.csv`: the evidence register. Its SHA-256 is the fingerprint on the first page, because it carries the SHA-256
//! of every source.

use std::borrow::Cow;
use std::io::Write;

use super::{Output, OutputError};
use crate::report::{Report, Source};

/// The evidence register as CSV.
pub(super) struct SourcesCsv;

impl Output for SourcesCsv {
    fn path(&self) -> &'static str {
        "sources.csv"
    }

    fn about(&self) -> &'static str {
        "the evidence register: every source with its SHA-256"
    }

    fn render(&self, report: &Report, to: &mut dyn Write) -> Result<(), OutputError> {
        to.write_all(&register(&report.sources)?).map_err(|error| OutputError::Write { path: self.path(), error })
    }
}

/// The register's bytes; also what its fingerprint is made of.
///
/// # Errors
/// Where the CSV writer fails, which only a bug makes it do.
pub fn register(sources: &[Source]) -> Result<Vec<u8>, OutputError> {
    let mut bytes = Vec::new();
    let mut write = || {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(&mut bytes);
        writer.write_record([
            "id", "path", "format", "bytes", "records", "facts", "skipped", "rejected", "first_at", "last_at", "sha256",
        ])?;
        for source in sources {
            let count = |number: u64| number.to_string();
            writer.write_record([
                source.id.as_str(),
                &defused(&source.path),
                &source.format,
                &count(source.bytes),
                &count(source.records),
                &count(source.facts),
                &count(source.skipped),
                &count(source.rejected),
                &source.first_at,
                &source.last_at,
                &source.sha256,
            ])?;
        }
        writer.flush().map_err(csv::Error::from)
    };
    match write() {
        Ok(()) => Ok(bytes),
        Err(error) => Err(OutputError::Csv { path: "sources.csv", error }),
    }
}

/// A cell that no spreadsheet takes for a formula: an apostrophe goes before `= + - @`, their full-width forms, tab,
/// carriage return and NUL. Plain numbers stay as they are.
#[must_use]
pub fn defused(cell: &str) -> Cow<'_, str> {
    let dangerous = matches!(cell.chars().next(), Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠'));
    if dangerous && cell.parse::<f64>().is_err() { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::defused;

    #[test]
    fn formulas_are_defused_and_numbers_are_not() {
        assert_eq!(defused("=1+2"), "'=1+2");
        assert_eq!(defused("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(defused("-12.5"), "-12.5");
        assert_eq!(defused("/usr/bin/true"), "/usr/bin/true");
    }
}
