//! JSON objects from outside, read with care: the keys of a head that may be cut, by which a format is recognised, and keys
//! that are written twice.

use std::collections::BTreeSet;

use super::json_records::document;
use super::lazy::Members;
use super::{Head, Segment, Sink};
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

/// The single object that a file read whole holds, with each of its keys once; a reject and nothing otherwise.
pub(super) fn whole_object<'t>(segment: &Segment<'t>, sink: &mut Sink<'_>) -> Option<Members<'t>> {
    let members = document(segment, sink)?;
    match repeated(&members) {
        None => Some(members),
        Some(reason) => {
            sink.record(1).reject(&reason, segment.bytes);
            None
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
    fn a_key_written_twice_is_found() {
        let members = Members::of(r#"{"a": 1, "b": 2, "a": 3}"#).expect("an object");
        assert!(repeated(&members).is_some_and(|reason| reason.starts_with("the key a is written twice")));
        assert_eq!(repeated(&Members::of(r#"{"a": 1, "b": {"a": 2}}"#).expect("an object")), None);
    }
}
