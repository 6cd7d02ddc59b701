//! JSON evidence by record: lines, the elements of an array, or one document, each read once and each accounted for.

use super::lazy::{Members, record_text};
use super::{Framing, Head, Segment, Sink};

/// How a JSON file is cut: an array by its elements, one object a line by lines, a single object not at all. Nothing
/// where the head is not JSON.
pub(super) fn json_framing(head: &Head<'_>) -> Option<Framing> {
    match head.first_byte()? {
        b'[' => Some(Framing::JsonRecords { depth: 1 }),
        b'{' => {
            let mut lines = head.lines().map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
            let (first, second) = (lines.next()?, lines.next());
            let closed = first.ends_with(b"}") && std::str::from_utf8(first).is_ok_and(|first| Members::of(first).is_ok());
            let follows = second.is_none_or(|second| second.starts_with(b"{"));
            Some(if closed && follows && second.is_some() { Framing::Lines } else { Framing::Whole })
        }
        _ => None,
    }
}

/// Gives every object of the segment to `read`: lines, elements or the document, as it is framed. What is torn, damaged or
/// no object is rejected here.
pub(super) fn each_object<'a>(
    segment: &Segment<'_>,
    sink: &mut Sink<'a>,
    mut read: impl FnMut(u64, &[u8], &Members<'_>, &mut Sink<'a>),
) {
    match segment.framing {
        Framing::Lines | Framing::Groups(_) => {
            for (line, bytes) in segment.lines() {
                object(line, bytes, sink, &mut read);
            }
        }
        Framing::Whole | Framing::Opaque => object(1, segment.bytes, sink, &mut read),
        Framing::JsonRecords { .. } => {
            for record in segment.json_records() {
                if record.closed {
                    object(record.number, record.bytes, sink, &mut read);
                } else {
                    sink.record(record.number)
                        .reject("torn: the file ends inside the record or before the list is closed", record.bytes);
                }
            }
        }
    }
}

/// Reads one object out of its bytes and gives it to `read`, or rejects it.
pub(super) fn object<'a>(
    number: u64,
    bytes: &[u8],
    sink: &mut Sink<'a>,
    mut read: impl FnMut(u64, &[u8], &Members<'_>, &mut Sink<'a>),
) {
    let (text, stray) = record_text(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    if stray {
        sink.limit("not-utf-8", Some(number), "some records hold bytes that are not UTF-8; they are shown as \\xNN");
    }
    match Members::of(&text) {
        Ok(members) => read(number, bytes, &members, sink),
        Err(error) => sink.record(number).reject(&format!("damaged JSON ({error})"), bytes),
    }
}

/// The single object that a file read whole holds; where it is damaged, a reject and nothing.
pub(super) fn document<'t>(segment: &Segment<'t>, sink: &mut Sink<'_>) -> Option<Members<'t>> {
    match segment.text().map_err(|line| format!("byte that is not UTF-8 at line {line}")).and_then(Members::of) {
        Ok(document) => Some(document),
        Err(error) => {
            sink.record(1).reject(&format!("damaged JSON ({error})"), segment.bytes);
            None
        }
    }
}

/// The raw text of element `number` (1-based) of the list at `key` of a document, for quotes.
pub(super) fn element(document: &str, key: &str, number: u64) -> Option<String> {
    let index = usize::try_from(number.checked_sub(1)?).ok()?;
    Members::of(document).ok()?.get(key)?.elements().get(index).map(|element| element.raw().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framing_follows_the_content() {
        let framing = |text: &str| json_framing(&Head { bytes: text.as_bytes(), whole: true });
        assert_eq!(framing("[{\"a\":1}]"), Some(Framing::JsonRecords { depth: 1 }));
        assert_eq!(framing("{\"a\":1}\n{\"a\":2}\n"), Some(Framing::Lines));
        assert_eq!(framing("{\"a\":1}\n"), Some(Framing::Whole));
        assert_eq!(framing("{\n  \"a\": 1\n}\n"), Some(Framing::Whole));
        assert_eq!(framing("port 22\n"), None);
    }
}
