//! Items of a population: their status, and the sentences made from their columns.

use std::borrow::Cow;

use super::frame::Frame;
use crate::facts::Micros;

/// Status of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemStatus {
    /// Meets the control.
    Met,
    /// Does not.
    Exception,
    /// Could not be judged.
    Inconclusive,
    /// The control does not apply to it.
    NotApplicable,
}

impl ItemStatus {
    /// From the word of a test.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "met" => Self::Met,
            "exception" => Self::Exception,
            "inconclusive" => Self::Inconclusive,
            "not_applicable" => Self::NotApplicable,
            _ => return None,
        })
    }

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Exception => "exception",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// One item that is kept, ready to print.
#[derive(Clone, Debug)]
pub struct Item {
    /// 1-based row in the population.
    pub number: u64,
    /// What it is about.
    pub resource: String,
    /// Its status.
    pub status: ItemStatus,
    /// Why.
    pub reason: String,
    /// Source of the deciding record.
    pub source: Option<String>,
    /// Its line or record number.
    pub line: Option<u64>,
    /// When it happened.
    pub occurred_at: Option<Micros>,
    /// The further columns of the test, as text.
    pub cells: Vec<(String, String)>,
    /// Its sentence.
    pub sentence: String,
}

impl Item {
    /// A further column, where it holds something.
    #[must_use]
    pub fn cell(&self, name: &str) -> Option<&str> {
        self.cells.iter().find(|(column, text)| column == name && !text.is_empty()).map(|(_, text)| text.as_str())
    }
}

/// A cell ready to print: columns whose name ends in `_s` are spans of seconds and are written in words, times are cut to
/// the second (the population's CSV has all of both).
pub(super) fn cell<'f>(frame: &'f Frame, name: &str, row: usize) -> Option<Cow<'f, str>> {
    if name.ends_with("_s") {
        return frame.real(name, row).map(|seconds| Cow::Owned(span_words(seconds)));
    }
    if let Some(instant) = frame.time(name, row) {
        return Some(Cow::Owned(instant.to_the_second()));
    }
    frame.text(name, row)
}

/// Replaces every `{column}` by its cell; a cell without a value becomes "not recorded".
pub(super) fn fill(sentence: &str, frame: &Frame, row: usize, reason: &str) -> String {
    let mut filled = String::with_capacity(sentence.len() + 64);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        if name == "reason" {
            filled.push_str(reason);
        } else {
            filled.push_str(cell(frame, name, row).as_deref().unwrap_or("not recorded"));
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

/// A span in words, in its two largest units: `41 min`, `1 d 11 h`. The sign is left out.
#[must_use]
pub fn span_words(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an absolute span of seconds")]
    let total = seconds.abs() as u64;
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let Some(first) = units.iter().position(|(size, _)| total >= *size) else { return "0 s".to_owned() };
    let mut rest = total;
    let mut words = Vec::new();
    for (size, name) in units.iter().skip(first).take(2) {
        let number = rest / size;
        rest %= size;
        if number > 0 {
            words.push(format!("{number} {name}"));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::span_words;

    #[test]
    fn spans_are_said_in_two_units() {
        for (seconds, words) in
            [(0.2, "0 s"), (59.0, "59 s"), (2460.0, "41 min"), (-3661.0, "1 h 1 min"), (126_000.0, "1 d 11 h"), (86_400.0, "1 d")]
        {
            assert_eq!(span_words(seconds), words);
        }
    }
}
