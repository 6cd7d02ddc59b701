//! JSON objects from outside, read with care: the keys of a head that may be cut, by which a format is recognised, keys that
//! are written twice, and nesting so deep that it would exhaust the stack of the parser.

use std::collections::BTreeSet;

use memchr::memchr2_iter;

use super::json_records::object;
use super::lazy::Members;
use super::{Framing, Head, Segment, Sink};
use crate::redact::visible;

/// The keys of the object that the head begins with, as they are written, as far as the head reaches. Nothing where it
/// begins with something else.
pub(super) fn top_keys<'t>(head: &Head<'t>) -> Vec<&'t str> {
    keys(head.text(), 1)
}

/// The keys at nesting `level` (1 for the outermost) of the object that `text` begins with; the text may be cut anywhere.
pub(super) fn keys(text: &str, level: u64) -> Vec<&str> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut keys = Vec::new();
    if !text.starts_with('{') {
        return keys;
    }
    let mut rest = text;
    let mut depth = 0_u64;
    while let Some(at) = rest.find(['"', '{', '}', '[', ']']) {
        let (mark, after) = (rest.as_bytes().get(at), rest.get(at + 1..).unwrap_or_default());
        rest = after;
        match mark {
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {
                let Some(length) = string_length(after) else { return keys };
                rest = after.get(length + 1..).unwrap_or_default();
                if depth == level && rest.trim_start().starts_with(':') {
                    keys.extend(after.get(..length));
                }
            }
        }
        if depth == 0 {
            return keys;
        }
    }
    keys
}

/// Bytes before the quote that closes the string; nothing where the text ends inside it.
fn string_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// Brackets within brackets, at most. The parser goes one call deeper for each, which costs up to 60 KiB of stack in a
/// development build; the documents of the image formats have about ten.
const DEEPEST: u32 = 32;
/// Why what is nested deeper is not read.
const TOO_DEEP: &str = "nested deeper than 32 levels";

/// Whether brackets are nested deeper than [`DEEPEST`].
pub(super) fn is_too_deep(bytes: &[u8]) -> bool {
    // Most records have fewer brackets than that in all.
    if memchr2_iter(b'{', b'[', bytes).nth(DEEPEST as usize).is_none() {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    bytes.iter().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

/// The members of an object; the error is a sentence. What is nested too deep is not read.
pub(super) fn members(text: &str) -> Result<Members<'_>, String> {
    if is_too_deep(text.as_bytes()) { Err(TOO_DEEP.to_owned()) } else { Members::of(text) }
}

/// The single object that a file read whole holds, with each of its keys once; a reject and nothing otherwise.
pub(super) fn whole_object<'t>(segment: &Segment<'t>, sink: &mut Sink<'_>) -> Option<Members<'t>> {
    let text = segment.text().map_err(|line| format!("byte that is not UTF-8 at line {line}"));
    let read = text.and_then(|text| members(text).map_err(|error| format!("damaged JSON ({error})")));
    let read = read.and_then(|members| repeated(&members).map_or(Ok(members), Err));
    read.map_err(|reason| sink.record(1).reject(&reason, segment.bytes)).ok()
}

/// Gives every object of the segment to `read`, as `json_records::each_object` does, but for what is nested too deep.
pub(super) fn each_object<'a>(
    segment: &Segment<'_>,
    sink: &mut Sink<'a>,
    mut read: impl FnMut(u64, &[u8], &Members<'_>, &mut Sink<'a>),
) {
    let mut one = |number: u64, bytes: &[u8], closed: bool| {
        if !closed {
            let reason = "torn: the file ends inside the record or before the list is closed";
            sink.record(number).reject(reason, bytes);
        } else if is_too_deep(bytes) {
            sink.record(number).reject(TOO_DEEP, bytes);
        } else {
            object(number, bytes, sink, &mut read);
        }
    };
    match segment.framing {
        Framing::Lines => segment.lines().for_each(|(line, bytes)| one(line, bytes, true)),
        Framing::Whole => one(1, segment.bytes, true),
        Framing::JsonRecords { .. } => {
            segment.json_records().iter().for_each(|record| one(record.number, record.bytes, record.closed));
        }
    }
}

/// The reason to reject an object that holds a key twice: tools disagree on whether the first or the last counts.
pub(super) fn repeated(members: &Members<'_>) -> Option<String> {
    let mut seen = BTreeSet::new();
    let key = members.iter().map(|(key, _)| key).find(|key| !seen.insert(*key))?;
    let key: String = key.chars().take(40).collect();
    Some(format!("the key {} is written twice: which one counts is not said", visible(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_the_outer_object_count() {
        assert_eq!(keys(r#"{"a": {"b": 1}, "c:\"d\"": ["e", {"f": 2}], "g": "h:"}"#, 1), ["a", r#"c:\"d\""#, "g"]);
        assert_eq!(keys(r#"{"a": {"b": 1}, "c": ["e", {"f": 2}]}"#, 2), ["b"]);
        assert_eq!(keys(r#"[{"a": 1}]"#, 1), Vec::<&str>::new());
        assert_eq!(keys("{\"a\": 1}\n{\"b\": 2}", 1), ["a"], "the second line is another object");
    }

    #[test]
    fn a_cut_head_gives_the_keys_before_the_cut() {
        assert_eq!(keys(r#"{"a": 1, "b": [{"c"#, 1), ["a", "b"]);
        assert_eq!(keys(r#"{"a": 1, "b"#, 1), ["a"]);
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_parsed() {
        for levels in [33, 100_000] {
            let text = format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
            assert!(is_too_deep(text.as_bytes()));
            assert!(members(&text).is_err_and(|error| error == TOO_DEEP));
        }
        let text = format!("{{\"a\":{}{}}}", "[".repeat(31), "]".repeat(31));
        assert!(members(&text).is_ok());
        let flat = format!("{{\"a\":\"{}\\\"{}\",\"b\":[{}]}}", "[".repeat(500), "{".repeat(500), vec!["[]"; 500].join(","));
        assert!(!is_too_deep(flat.as_bytes()), "brackets in strings, and beside each other");
    }

    #[test]
    fn a_key_written_twice_is_found() {
        let members = Members::of(r#"{"a": 1, "b": 2, "a": 3}"#).expect("an object");
        assert!(repeated(&members).is_some_and(|reason| reason.starts_with("the key a is written twice")));
        assert_eq!(repeated(&Members::of(r#"{"a": 1, "b": {"a": 2}}"#).expect("an object")), None);
    }
}
