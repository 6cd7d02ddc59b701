//! What the registers that people write share: TOML files of one kind of entry, read whole; their times and duties.

use serde::de::DeserializeOwned;
use toml::Value;

use super::{Head, Segment, Sink};
use crate::facts::{Micros, parse_rfc3339, parse_stamp};

/// Whether a line of the head opens a table such as `[[waiver]]`.
pub(super) fn holds(head: &Head<'_>, table: &[u8]) -> bool {
    head.lines().any(|line| line.trim_ascii() == table)
}

/// The register's text and what it holds. A mistake is a reject with the place and the parser's own sentence: unknown keys
/// are mistakes.
pub(super) fn parse<'a, T: DeserializeOwned>(segment: &Segment<'a>, sink: &mut Sink<'_>) -> Option<(&'a str, T)> {
    let text = match segment.text() {
        Ok(text) => text,
        Err(line) => {
            sink.record(line).reject("byte that is not UTF-8", segment.bytes);
            return None;
        }
    };
    match toml::from_str(text) {
        Ok(register) => Some((text, register)),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let excerpt = text.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
            sink.record(line_of(text, at))
                .reject(&format!("the register cannot be read: {}", error.message()), excerpt.as_bytes());
            None
        }
    }
}

/// The 1-based line of a place in a text.
pub(super) fn line_of(text: &str, at: usize) -> u64 {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    u64::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(0) + 1
}

/// What is wrong with a time of a register, for its reject.
pub(super) const NO_TIME: &str = "must be RFC 3339 times (2026-12-31T00:00:00Z) or dates (2026-12-31)";

/// A time, as text or as TOML's own type, with quotes or without. A date is the instant at which it begins in UTC, and a
/// time without zone is taken as UTC; a limit says so, because a waiver "until 2026-12-31" may have been meant otherwise.
pub(super) fn instant(value: &Value, key: &str, line: u64, sink: &mut Sink<'_>) -> Option<Micros> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Datetime(stamp) => stamp.to_string(),
        _ => return None,
    };
    if let Some(instant) = parse_rfc3339(&text) {
        return Some(instant);
    }
    let instant = parse_stamp(&text, chrono_tz::Tz::UTC)?;
    let text = format!("{key} = {} names no time or no zone; it was taken as {}", text.trim(), instant.iso());
    sink.limit("register-time", Some(line), text);
    Some(instant)
}

/// The first of these texts that says nothing: an entry without an approver or a reason decides nothing.
pub(super) fn silent(texts: &[(&'static str, &str)]) -> Option<&'static str> {
    texts.iter().find(|(_, text)| text.trim().is_empty()).map(|(key, _)| *key)
}
