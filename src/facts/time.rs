//! Instants: microseconds since 1970 in UTC, and the stamps that evidence writes them in.

use chrono::{DateTime, Datelike as _, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;
/// 2200-01-01T00:00:00Z in microseconds.
const LAST: i64 = 7_258_118_400 * SECOND;
/// Microseconds in a day.
const DAY: i64 = 86_400 * SECOND;

impl Micros {
    /// From whole seconds and nanoseconds since 1970.
    #[must_use]
    pub fn from_parts(seconds: i64, nanoseconds: i64) -> Option<Self> {
        (0..1_000_000_000).contains(&nanoseconds).then_some(())?;
        seconds.checked_mul(SECOND)?.checked_add(nanoseconds / 1000).map(Self)?.sound()
    }

    /// From milliseconds since 1970.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        millis.checked_mul(1000).map(Self)?.sound()
    }

    /// The instant, where it lies in the years 1970 to 2199. Others are mistakes or mischief, and nanoseconds, in which
    /// some engines count, do not reach far beyond.
    pub(crate) fn sound(self) -> Option<Self> {
        (0..LAST).contains(&self.0).then_some(self)
    }

    /// Midnight (UTC) that the day began with.
    #[must_use]
    pub fn day(self) -> Self {
        Self(self.0.div_euclid(DAY).saturating_mul(DAY))
    }

    /// The instant as chrono has it; `None` outside chrono's years.
    #[must_use]
    pub fn utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }

    /// ISO 8601 with `Z`; fractions only where there are any.
    #[must_use]
    pub fn iso(self) -> String {
        let mut text = Vec::with_capacity(27);
        IsoWriter::default().write(self, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// ISO 8601 with `Z`, cut to the second.
    #[must_use]
    pub fn to_the_second(self) -> String {
        Self(self.0.div_euclid(SECOND) * SECOND).iso()
    }

    /// Seconds from `earlier` to this instant.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "spans of audit evidence are far below 2^52 microseconds")]
        let micros = self.0.saturating_sub(earlier.0) as f64;
        micros / 1e6
    }
}

/// Writes instants in ISO 8601 with `Z`, fractions only where there are any. Digit by digit, and the date once a day:
/// populations write a million of them, many of one day after another, and formatting machinery takes three times as long.
#[derive(Debug, Default)]
pub(crate) struct IsoWriter {
    /// Midnight of the day that `date` is written for.
    midnight: Option<Micros>,
    date: Vec<u8>,
}

impl IsoWriter {
    /// Writes an instant at the end of a text.
    pub(crate) fn write(&mut self, instant: Micros, text: &mut Vec<u8>) {
        let midnight = instant.day();
        if self.midnight != Some(midnight) {
            let Some(date) = midnight.utc() else {
                return text.extend_from_slice(format!("{} µs since 1970", instant.0).as_bytes());
            };
            self.date.clear();
            digits(&mut self.date, date.year().unsigned_abs(), 4, b"");
            digits(&mut self.date, date.month(), 2, b"-");
            digits(&mut self.date, date.day(), 2, b"-");
            self.midnight = Some(midnight);
        }
        text.extend_from_slice(&self.date);
        let within = instant.0.saturating_sub(midnight.0);
        let seconds = u32::try_from(within / SECOND).unwrap_or_default();
        digits(text, seconds / 3600, 2, b"T");
        digits(text, seconds / 60 % 60, 2, b":");
        digits(text, seconds % 60, 2, b":");
        if within % SECOND != 0 {
            digits(text, u32::try_from(within % SECOND).unwrap_or_default(), 6, b".");
        }
        text.push(b'Z');
    }
}

/// Writes the last `width` (at most six) digits of a number, zeros before it.
fn digits(text: &mut Vec<u8>, mut number: u32, width: usize, before: &[u8]) {
    let mut written = [b'0'; 6];
    for digit in written.iter_mut().take(width).rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    text.extend_from_slice(before);
    text.extend_from_slice(written.get(..width).unwrap_or_default());
}

impl From<DateTime<Utc>> for Micros {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant.timestamp_micros())
    }
}

/// Reads RFC 3339 and its near relatives (`+0000` without colon, a blank for the `T`, a missing offset is refused).
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Micros> {
    any_rfc3339(text).and_then(Micros::sound)
}

fn any_rfc3339(text: &str) -> Option<Micros> {
    let text = text.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.with_timezone(&Utc).into());
    }
    ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%d %H:%M:%S%.f%z", "%Y%m%dT%H%M%S%z", "%Y%m%d%H%M%S%z"]
        .iter()
        .find_map(|format| DateTime::parse_from_str(text, format).ok())
        .map(|instant| instant.with_timezone(&Utc).into())
        .or_else(|| {
            let stamp = text.strip_suffix('Z')?;
            ["%Y%m%dT%H%M%S", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M%.f"]
                .iter()
                .find_map(|format| NaiveDateTime::parse_from_str(stamp, format).ok())
                .map(|naive| naive.and_utc().into())
        })
}

/// Reads a stamp without a zone as wall-clock time of `zone`. The second value is true where that time happened twice
/// (the earlier one is taken) or never (daylight saving).
#[must_use]
pub fn parse_zoned(text: &str, zone: Tz) -> Option<(Micros, bool)> {
    let naive = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text.trim(), format).ok())
        .or_else(|| NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    let (instant, doubtful) = in_zone(naive, zone);
    Some((instant.sound()?, doubtful))
}

/// Reads either form: with an offset as it says, without one as wall-clock time of `zone`.
#[must_use]
pub fn parse_stamp(text: &str, zone: Tz) -> Option<Micros> {
    if let Some(naive) = plain_stamp(text.trim()) {
        return in_zone(naive, zone).0.sound();
    }
    parse_rfc3339(text).or_else(|| parse_zoned(text, zone).map(|(instant, _)| instant))
}

/// `YYYY-MM-DD HH:MM:SS`, the commonest stamp by far, without going through format strings.
fn plain_stamp(text: &str) -> Option<NaiveDateTime> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 19 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-') && bytes.get(13) == Some(&b':');
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let date = shape.then(|| NaiveDate::from_ymd_opt(text.get(..4)?.parse().ok()?, number(5, 7)?, number(8, 10)?)).flatten()?;
    date.and_hms_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?)
}

/// Wall-clock time of a zone as an instant, and whether the clock change makes it doubtful.
pub(crate) fn in_zone(naive: NaiveDateTime, zone: Tz) -> (Micros, bool) {
    match zone.from_local_datetime(&naive) {
        LocalResult::Single(instant) => (instant.with_timezone(&Utc).into(), false),
        LocalResult::Ambiguous(earlier, _) => (earlier.with_timezone(&Utc).into(), true),
        LocalResult::None => (zone.from_utc_datetime(&naive).with_timezone(&Utc).into(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_writes_instants_of_any_order() {
        let mut writer = IsoWriter::default();
        let day = 20_000 * DAY;
        let instants = [day, day + 1, day + DAY - 1, day + DAY, day, -1, i64::MAX, day, i64::MIN, day + 3_661 * SECOND];
        for instant in instants.map(Micros) {
            let mut text = Vec::new();
            writer.write(instant, &mut text);
            assert_eq!(String::from_utf8(text).expect("text"), instant.iso());
        }
        assert_eq!(Micros(-1).iso(), "1969-12-31T23:59:59.999999Z");
        assert_eq!(Micros(day + DAY - 1).iso(), "2024-10-04T23:59:59.999999Z");
        assert_eq!(Micros(i64::MAX).iso(), format!("{} µs since 1970", i64::MAX));
    }

    #[test]
    fn instants_are_written_as_iso_8601() {
        for text in ["1970-01-01T00:00:00Z", "2026-02-28T23:59:59Z", "2026-08-05T14:22:41.000250Z", "2199-12-31T00:00:00Z"] {
            assert_eq!(parse_rfc3339(text).map(Micros::iso).as_deref(), Some(text));
        }
    }

    #[test]
    fn stamps_with_and_without_colon_agree() {
        let expected = parse_rfc3339("2026-08-05T14:22:41Z");
        assert!(expected.is_some());
        for stamp in ["2026-08-05T16:22:41+0200", "2026-08-05 14:22:41 +0000", "20260805T142241Z", "20260805142241Z"] {
            assert_eq!(parse_rfc3339(stamp), expected, "{stamp}");
        }
        assert_eq!(parse_rfc3339("2026-08-05 14:22:41"), None, "no offset, no instant");
    }

    #[test]
    fn the_hour_that_happens_twice_is_told() {
        let zone = chrono_tz::America::Chicago;
        assert_eq!(parse_zoned("2026-11-01 01:30:00", zone).map(|(_, doubtful)| doubtful), Some(true));
        assert_eq!(parse_zoned("2026-03-08 02:30:00", zone).map(|(_, doubtful)| doubtful), Some(true));
        assert_eq!(parse_zoned("2026-07-01 02:30:00", zone).map(|(_, doubtful)| doubtful), Some(false));
    }
}
