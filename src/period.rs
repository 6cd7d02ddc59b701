//! The audit period: a half-open span of time, named in the configured time zone and shown in UTC.

use std::fmt;

use chrono::{Months, NaiveDate};
use chrono_tz::Tz;
use thiserror::Error;

use crate::facts::Micros;

/// An audit period, from `starts_at` up to but not including `ends_at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// As the user wrote it, for example `2026-Q3`.
    pub name: String,
    /// First instant.
    pub starts_at: Micros,
    /// First instant after the period.
    pub ends_at: Micros,
    /// Zone in which the period was named.
    pub zone: Tz,
}

/// A period that cannot be read.
#[derive(Debug, Error)]
#[error(
    "period `{given}` is not understood: {why}; write 2026-Q3, 2026-07, 2026 or 2026-07-01..2026-10-01 (the end is not included)"
)]
pub struct PeriodError {
    given: String,
    why: &'static str,
}

impl Period {
    /// Reads `2026-Q3`, `2026-07`, `2026` or `2026-07-01..2026-10-01` as dates of `zone`.
    ///
    /// # Errors
    /// Where the text is none of these, or the end is not after the start.
    pub fn parse(text: &str, zone: Tz) -> Result<Self, PeriodError> {
        let error = |why| PeriodError { given: text.to_owned(), why };
        let (start, end) = if let Some((start, end)) = text.split_once("..") {
            let day =
                |text: &str| text.trim().parse::<NaiveDate>().map_err(|_| error("each side must be a date such as 2026-07-01"));
            (day(start)?, day(end)?)
        } else if let Some((year, quarter)) = text.split_once("-Q") {
            let quarter: u32 =
                quarter.parse().ok().filter(|quarter| (1..=4).contains(quarter)).ok_or_else(|| error("a quarter is Q1 to Q4"))?;
            span(year, (quarter - 1) * 3 + 1, 3).ok_or_else(|| error("the year must be four digits"))?
        } else if text.starts_with(['Q', 'q']) {
            return Err(error("the year comes first"));
        } else if let Some((year, month)) = text.split_once('-') {
            let month =
                month.parse().ok().filter(|month| (1..=12).contains(month)).ok_or_else(|| error("a month is 01 to 12"))?;
            span(year, month, 1).ok_or_else(|| error("the year must be four digits"))?
        } else {
            span(text, 1, 12).ok_or_else(|| error("the year must be four digits"))?
        };
        if end <= start {
            return Err(error("the end is not after the start"));
        }
        let midnight = |day: NaiveDate| crate::facts::in_zone(day.and_time(chrono::NaiveTime::MIN), zone).0;
        Ok(Self { name: text.to_owned(), starts_at: midnight(start), ends_at: midnight(end), zone })
    }

    /// Whether an instant lies in the period.
    #[must_use]
    pub fn contains(&self, instant: Micros) -> bool {
        self.starts_at <= instant && instant < self.ends_at
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} (end not included)", self.starts_at.iso(), self.ends_at.iso())
    }
}

fn span(year: &str, month: u32, months: u32) -> Option<(NaiveDate, NaiveDate)> {
    let year = Some(year).filter(|year| year.len() == 4)?.parse().ok()?;
    let start = NaiveDate::from_ymd_opt(year, month, 1)?;
    Some((start, start.checked_add_months(Months::new(months))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_write_a_quarter_agree() {
        let quarter = Period::parse("2026-Q3", Tz::UTC).expect("a quarter");
        let span = Period::parse("2026-07-01..2026-10-01", Tz::UTC).expect("a span");
        assert_eq!((quarter.starts_at, quarter.ends_at), (span.starts_at, span.ends_at));
        assert_eq!(quarter.starts_at.iso(), "2026-07-01T00:00:00Z");
    }

    #[test]
    fn a_zone_moves_the_edges() {
        let period = Period::parse("2026-07", chrono_tz::America::Chicago).expect("a month");
        assert_eq!(period.starts_at.iso(), "2026-07-01T05:00:00Z");
    }

    #[test]
    fn nonsense_is_refused_with_the_remedy() {
        let message = Period::parse("Q3-2026", Tz::UTC).expect_err("the wrong way round").to_string();
        assert!(message.contains("the year comes first; write 2026-Q3"), "{message}");
        for text in ["2026-Q5", "26", "2026-13", "2026-10-01..2026-07-01", "soon"] {
            let message = Period::parse(text, Tz::UTC).expect_err(text).to_string();
            assert!(message.contains(text) && message.contains("2026-Q3"), "{message}");
        }
    }
}
