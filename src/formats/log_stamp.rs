//! Stamps of logs that carry no zone, and often no year: `Aug  5 14:22:41`, `Aug  5 14:22:41 2026`.

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use super::{Reading, Sink};
use crate::facts::{Micros, in_zone};
use crate::period::Period;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Wall-clock time as `asctime` writes it, and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LocalStamp<'a> {
    month: u32,
    day: u32,
    hour: u32,
    pub(super) minute: u32,
    second: u32,
    /// Absent where the log writes none.
    pub(super) year: Option<i32>,
    /// The text after the stamp.
    pub(super) rest: &'a str,
}

impl<'a> LocalStamp<'a> {
    /// Reads `Mon dd hh:mm[:ss][ yyyy]` at the beginning of `text`.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let month = u32::try_from(MONTHS.iter().position(|month| text.starts_with(month))?).ok()? + 1;
        let number = |from: usize, to: usize| -> Option<u32> {
            let digits = text.get(from..to)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let day = text.get(3..6)?.strip_prefix(' ')?;
        let day = day.trim_start().parse().ok()?;
        (text.as_bytes().get(6) == Some(&b' ') && text.as_bytes().get(9) == Some(&b':')).then_some(())?;
        let (hour, minute) = (number(7, 9)?, number(10, 12)?);
        let (second, rest) = match text.get(12..)?.strip_prefix(':') {
            Some(rest) => (number(13, 15)?, rest.get(2..)?),
            None => (0, text.get(12..)?),
        };
        let year = rest.strip_prefix(' ').and_then(|rest| rest.split(' ').next()).filter(|year| {
            year.len() == 4
                && year.bytes().all(|byte| byte.is_ascii_digit())
                && (year.starts_with("19") || year.starts_with("20"))
        });
        let rest = year.map_or(rest, |year| rest.get(year.len() + 1..).unwrap_or_default());
        Some(Self { month, day, hour, minute, second, year: year.and_then(|year| year.parse().ok()), rest })
    }

    /// The instant in the zone that is configured for the file; what had to be assumed is named as a limit.
    pub(super) fn instant(&self, line: u64, reading: &Reading<'_>, sink: &mut Sink<'_>) -> Option<Micros> {
        let zone = reading.zone.unwrap_or(Tz::UTC);
        if reading.zone.is_none() {
            sink.limit(
                "zone-unknown",
                Some(line),
                "stamps carry no zone and the configuration names none; they were read as UTC",
            );
        }
        if self.year.is_none() {
            sink.limit(
                "year-inferred",
                Some(line),
                "stamps carry no year; it was taken from the period (the one named with --period, else this year)",
            );
        }
        self.in_period(reading.period, zone)
    }

    /// In its own year, or in the one that brings it into the period, or nearest to it.
    fn in_period(&self, period: &Period, zone: Tz) -> Option<Micros> {
        let (first, last) = match self.year {
            Some(year) => (year, year),
            None => (period.starts_at.utc()?.year() - 1, period.ends_at.utc()?.year() + 1),
        };
        (first..=last)
            .filter_map(|year| {
                NaiveDate::from_ymd_opt(year, self.month, self.day)?.and_hms_opt(self.hour, self.minute, self.second.min(59))
            })
            .map(|naive| in_zone(naive, zone).0)
            .min_by_key(|instant| {
                let outside = (period.starts_at.0 - instant.0).max(instant.0 - period.ends_at.0).max(0);
                (outside, instant.0)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_without_a_year_falls_into_the_period() {
        let period = Period::parse("2025-12-01..2026-02-01", Tz::UTC).expect("a period");
        let at = |stamp| LocalStamp::read(stamp)?.in_period(&period, Tz::UTC).map(Micros::iso);
        assert_eq!(at("Dec 31 23:59:59").as_deref(), Some("2025-12-31T23:59:59Z"));
        assert_eq!(at("Jan  1 00:00:00").as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(at("Jan  1 00:00:00 2024").as_deref(), Some("2024-01-01T00:00:00Z"), "its own year counts");
        assert_eq!(at("Feb 30 00:00:00"), None);
    }

    #[test]
    fn a_year_is_told_from_what_follows() {
        let rest = |text| LocalStamp::read(text).map(|stamp| (stamp.year, stamp.rest));
        assert_eq!(rest("Nov 22 01:25:06 : deploy"), Some((None, " : deploy")));
        assert_eq!(rest("Nov 22 01:25:06 2026 : deploy"), Some((Some(2026), " : deploy")));
        assert_eq!(rest("Nov 22 01:25:06 quill-1 sudo:"), Some((None, " quill-1 sudo:")));
        assert_eq!(rest("Nov 22 01:25 - 01:26"), Some((None, " - 01:26")));
        for damaged in ["Nov 22 1:25:06", "Nov 22", "Nov xx 01:25:06", "nov 22 01:25:06", "Nov 22 01:2é:06", ""] {
            assert_eq!(rest(damaged), None, "{damaged}");
        }
    }
}
