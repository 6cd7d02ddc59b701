//! Whose evidence a record is, and from when: what the record says, else what the path binds, else nothing and a limit.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::{Reading, Sink};
use crate::facts::{Micros, parse_rfc3339, parse_zoned};

/// Why a record without a time gives no facts.
pub(super) const TIME_UNKNOWN: &str = "time unknown: bind the file by its path ([[bind]] in steadfast.toml)";

/// Names by which tools call the machine that they run on, whichever it is.
const NO_NAMES: [&str; 4] = ["local", "localhost", "localhost.localdomain", "unknown"];

/// The host that a record names, else the one that the path binds.
pub(super) fn host_of<'n>(said: Option<&'n str>, reading: &'n Reading<'_>, sink: &mut Sink<'_>) -> Option<Cow<'n, str>> {
    let named =
        said.map(str::trim).filter(|name| !name.is_empty() && !NO_NAMES.iter().any(|none| name.eq_ignore_ascii_case(none)));
    match named {
        Some(name) => Some(reading.config.host(name)),
        None => reading.bound_host(sink).map(Cow::Borrowed),
    }
}

/// A stamp with an offset as it says, one without as wall-clock time of the configured zone, else of UTC under a limit.
pub(super) fn instant_of(stamp: &str, line: u64, reading: &Reading<'_>, sink: &mut Sink<'_>) -> Option<Micros> {
    if let Some(instant) = parse_rfc3339(stamp) {
        return Some(instant);
    }
    let (instant, _) = parse_zoned(stamp, reading.zone.unwrap_or(Tz::UTC))?;
    if reading.zone.is_none() {
        sink.limit("zone-unknown", Some(line), "stamps carry no zone; name it ([[bind]] time_zone), or they are read as UTC");
    }
    Some(instant)
}

/// The time that the path binds, for records that say none.
pub(super) fn bound_time(reading: &Reading<'_>, sink: &mut Sink<'_>) -> Option<Micros> {
    if reading.collected_at.is_none() {
        sink.limit(
            "unbound",
            None,
            "the file says no time; bind it by its path ([[bind]] with {collected_at} in steadfast.toml), or nothing is known from it",
        );
    }
    reading.collected_at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::period::Period;

    fn limits(reading: &Reading<'_>, read: impl FnOnce(&Reading<'_>, &mut Sink<'_>)) -> Vec<&'static str> {
        let mut sink = Sink::new("test");
        read(reading, &mut sink);
        sink.finish().limits.iter().map(|limit| limit.code).collect()
    }

    #[test]
    fn this_machine_is_no_name() {
        let (config, period) = (Config::default(), Period::parse("2026-Q3", Tz::UTC).expect("a period"));
        let unbound =
            Reading { source: "a", host: None, collected_at: None, zone: None, period: &period, config: &config, mapping: None };
        let bound = Reading { host: Some("quill-1"), ..unbound };
        assert_eq!(limits(&unbound, |reading, sink| assert_eq!(host_of(Some("localhost"), reading, sink), None)), ["unbound"]);
        assert!(
            limits(&bound, |reading, sink| assert_eq!(host_of(Some("local"), reading, sink).as_deref(), Some("quill-1")))
                .is_empty()
        );
        assert!(
            limits(&bound, |reading, sink| assert_eq!(host_of(Some("Quill-2"), reading, sink).as_deref(), Some("quill-2")))
                .is_empty()
        );
    }

    #[test]
    fn a_stamp_without_a_zone_is_a_limit() {
        let (config, period) = (Config::default(), Period::parse("2026-Q3", Tz::UTC).expect("a period"));
        let reading =
            Reading { source: "a", host: None, collected_at: None, zone: None, period: &period, config: &config, mapping: None };
        let zoned = Reading { zone: Some(chrono_tz::America::Chicago), ..reading };
        let at =
            |reading: &Reading<'_>, sink: &mut Sink<'_>| instant_of("2026-08-05T01:02:03", 1, reading, sink).map(Micros::iso);
        let codes = limits(&reading, |reading, sink| assert_eq!(at(reading, sink).as_deref(), Some("2026-08-05T01:02:03Z")));
        assert_eq!(codes, ["zone-unknown"]);
        assert!(
            limits(&zoned, |reading, sink| assert_eq!(at(reading, sink).as_deref(), Some("2026-08-05T06:02:03Z"))).is_empty()
        );
    }
}
