//! The report as Markdown: the page's twin, with the same order, identifiers and table numbers, for tickets and wikis.

use std::fmt;
use std::io::Write;

use askama::Template;

use super::html::{Grouped, Numbering};
use super::prose::Prose;
use super::{Output, OutputError};
use crate::redact::visible;
use crate::report::{ExceptionGroup, QuoteLine, Report};

/// Columns of a table that a page of a ticket system can still show.
const MOST_COLUMNS: usize = 6;

/// Writes `report.md`.
pub(super) struct Markdown;

impl Output for Markdown {
    fn path(&self) -> &'static str {
        "report.md"
    }

    fn about(&self) -> &'static str {
        "the report as Markdown, for tickets and wikis"
    }

    fn render(&self, report: &Report, to: &mut dyn Write) -> Result<(), OutputError> {
        let page = Page { report, numbering: Numbering::new(report) };
        let text = page.render().map_err(|error| OutputError::Template { path: self.path(), error })?;
        to.write_all(text.as_bytes()).map_err(|error| OutputError::Write { path: self.path(), error })
    }
}

/// The Markdown page.
#[derive(Template)]
#[template(path = "md/report.md")]
struct Page<'a> {
    report: &'a Report,
    numbering: Numbering<'a>,
}

/// A block of code whose fence is longer than any run of backticks inside.
#[derive(Clone, Debug)]
pub(super) struct Fence {
    language: &'static str,
    text: String,
}

impl Fence {
    /// A block of `text`; hidden characters show, line ends stay.
    pub(super) fn new(language: &'static str, text: &str) -> Self {
        let lines: Vec<_> = text.trim_end().split('\n').map(|line| visible(line.trim_end_matches('\r'))).collect();
        Self { language, text: lines.join("\n") }
    }

    /// The quoted record of an exception, the deciding line marked `▸ 47`.
    fn quote(group: &ExceptionGroup) -> Self {
        let lines: Vec<_> = group.quote.iter().map(quoted_line).collect();
        Self { language: "text", text: lines.join("\n") }
    }
}

/// `▸ 47  text`, or `  46  text` beside it.
fn quoted_line(line: &QuoteLine) -> String {
    let mark = if line.marked { "▸ " } else { "" };
    let number = line.number.map(|number| number.to_string()).unwrap_or_default();
    format!("{:>6}  {}", format!("{mark}{number}"), visible(&line.text))
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fence = "`".repeat(longest_run(&self.text).max(2) + 1);
        write!(f, "{fence}{}\n{}\n{fence}", self.language, self.text)
    }
}

/// A span of code whose marks are longer than any run of backticks inside. Not for cells of tables: a pipe would end them.
#[derive(Clone, Debug)]
pub(super) struct Code<'a>(&'a str);

impl<'a> Code<'a> {
    /// A span of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }
}

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marks = "`".repeat(longest_run(self.0) + 1);
        let pad = if self.0.starts_with('`') || self.0.ends_with('`') { " " } else { "" };
        write!(f, "{marks}{pad}{}{pad}{marks}", visible(&self.0.replace(['\n', '\r'], " ")))
    }
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A population fitted into six columns: the first five as they are, the others named in a sixth.
struct Columns<'a> {
    names: &'a [String],
}

impl<'a> Columns<'a> {
    fn new(names: &'a [String]) -> Self {
        Self { names }
    }

    /// How many columns stand as they are.
    fn kept(&self) -> usize {
        if self.names.len() <= MOST_COLUMNS { self.names.len() } else { MOST_COLUMNS - 1 }
    }

    /// Heads of the columns.
    fn heads(&self) -> Vec<&'a str> {
        let merged = (self.names.len() > MOST_COLUMNS).then_some("and further");
        self.names.iter().take(self.kept()).map(String::as_str).chain(merged).collect()
    }

    /// Cells of a row; an empty value is left out of the merged one.
    fn cells(&self, row: &[String]) -> Vec<String> {
        let mut cells: Vec<_> = row.iter().take(self.kept()).cloned().collect();
        if self.names.len() > MOST_COLUMNS {
            let named = self.names.iter().zip(row).skip(self.kept()).filter(|(_, value)| !value.is_empty());
            cells.push(named.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("; "));
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        assert_eq!(Fence::new("sql", "select 1\n").to_string(), "```sql\nselect 1\n```");
        assert_eq!(Fence::new("text", "a\n````\nb\r\n").to_string(), "`````text\na\n````\nb\n`````");
        assert_eq!(Fence::new("text", "a\u{202e}b").to_string(), "```text\na\\u{202E}b\n```");
    }

    #[test]
    fn a_span_of_code_holds_backticks() {
        assert_eq!(Code::new("a").to_string(), "`a`");
        assert_eq!(Code::new("`a``").to_string(), "``` `a`` ```");
    }

    #[test]
    fn more_than_six_columns_are_merged() {
        let names: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].map(String::from).into();
        let columns = Columns::new(&names);
        assert_eq!(columns.heads(), ["a", "b", "c", "d", "e", "and further"]);
        let row: Vec<_> = ["1", "2", "3", "4", "5", "", "7"].map(String::from).into();
        assert_eq!(columns.cells(&row), ["1", "2", "3", "4", "5", "g: 7"]);
        let few = Columns::new(&names[..6]);
        assert_eq!((few.heads().len(), few.cells(&row[..6]).len()), (6, 6));
    }
}
