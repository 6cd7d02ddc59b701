//! JSON objects one after another in one file, with text between them: tools that print to the terminal put warnings
//! before their JSON, and a file that several runs are appended to holds several objects.

use std::borrow::Cow;

use super::lazy::{Members, record_text};
use super::{Head, Segment, Sink};

/// The file as text, with stray bytes written out inside its strings under a limit.
pub(super) fn stream_text<'t>(segment: &Segment<'t>, sink: &mut Sink<'_>) -> Cow<'t, str> {
    let (text, stray) = record_text(segment.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(segment.bytes));
    if stray {
        sink.limit("not-utf-8", None, "some records hold bytes that are not UTF-8; they are shown as \\xNN");
    }
    text
}

/// Whether a line of the head begins an object, and every one of `keys` is there, in quotes: also behind bytes that are no
/// text.
pub(super) fn has_keys(head: &Head<'_>, keys: &[&str]) -> bool {
    let begins = |line: &[u8]| line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start().starts_with(b"{");
    head.lines().any(begins) && keys.iter().all(|key| memchr::memmem::find(head.bytes, format!("\"{key}\"").as_bytes()).is_some())
}

/// One object of the file.
pub(super) struct JsonObject<'t> {
    /// The line that it begins on.
    pub(super) line: u64,
    /// Its text, from brace to brace, or to the end of the file where it is not closed.
    pub(super) text: &'t str,
    /// Whether its last brace is there.
    pub(super) closed: bool,
}

/// The objects of `text`: each begins a line, or stands right behind the one before.
pub(super) fn json_objects(text: &str) -> Vec<JsonObject<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = rest.len() - rest.trim_start().len();
        let begin = at + blank;
        let piece = text.get(begin..).unwrap_or_default();
        let (length, closed) = match piece.starts_with('{') {
            true => object_length(piece.as_bytes()),
            false => (piece.find('\n').map_or(piece.len(), |end| end + 1), true),
        };
        line += lines_in(rest.get(..blank).unwrap_or_default());
        let piece = piece.get(..length).unwrap_or(piece);
        if piece.starts_with('{') {
            found.push(JsonObject { line, text: piece, closed });
        }
        line += lines_in(piece);
        at = begin + piece.len();
    }
    found
}

/// Gives the members of every object of the file to `read`, with the number of the last record before it, which `read`
/// moves on. What is torn or damaged is one rejected record.
pub(super) fn each_report<'a>(
    segment: &Segment<'_>,
    sink: &mut Sink<'a>,
    mut read: impl FnMut(&mut u64, &Members<'_>, &mut Sink<'a>),
) {
    let text = stream_text(segment, sink);
    let mut number = 0;
    for object in json_objects(&text) {
        match Members::of(object.text) {
            Ok(report) => read(&mut number, &report, sink),
            Err(error) => {
                number += 1;
                sink.record(number).reject(&format!("torn or damaged JSON ({error})"), object.text.as_bytes());
            }
        }
    }
}

/// The text of record `number` among those that `records` finds in each object; a damaged object is one record.
pub(super) fn nth_record(document: &str, number: u64, mut records: impl FnMut(&Members<'_>) -> Vec<String>) -> Option<String> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    let found = json_objects(document).into_iter().flat_map(|object| match Members::of(object.text) {
        Ok(report) => records(&report),
        Err(_) => vec![object.text.to_owned()],
    });
    found.into_iter().nth(index)
}

fn lines_in(text: &str) -> u64 {
    memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64
}

/// How long the object is that `bytes` begins with, and whether it is closed. Follows braces and strings, nothing else.
fn object_length(bytes: &[u8]) -> (usize, bool) {
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (index, byte) in bytes.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' => depth = depth.saturating_add(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return (index + 1, true);
                }
            }
            _ => {}
        }
    }
    (bytes.len(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_between_objects_is_left_out() {
        let text = "[WARNING]: no inventory {odd}\r\n{\n \"a\": \"} {\\\"\"\n}\n{\"b\": {}}{\"c\": 1}\nbye\n{\"d\": {";
        let objects = json_objects(text);
        let seen: Vec<_> = objects.iter().map(|object| (object.line, object.text, object.closed)).collect();
        assert_eq!(
            seen,
            [(2, "{\n \"a\": \"} {\\\"\"\n}", true), (5, "{\"b\": {}}", true), (5, "{\"c\": 1}", true), (7, "{\"d\": {", false),]
        );
        assert!(json_objects("").is_empty());
        assert!(json_objects("\u{feff}only text").is_empty());
    }
}
