//! How deep the brackets of a JSON document nest. The parser follows them by recursion, so that a file of brackets alone
//! would take the whole run with it; no export nests deeper than some dozens.

use memchr::memchr2;

use super::json_records::json_framing;
use super::{Framing, Head, Segment, Sink};

/// Brackets that may be open at once; rich text in issues needs the most.
const DEEPEST: u32 = 128;

/// How a JSON file is cut, where its head is one and is not too deep to look at.
pub(super) fn framing(head: &Head<'_>) -> Option<Framing> {
    if too_deep(head.bytes) { None } else { json_framing(head) }
}

/// Rejects a piece that nests too deep; true where it did, and nothing of the piece may be read.
pub(super) fn refused(segment: &Segment<'_>, sink: &mut Sink<'_>) -> bool {
    let refused = too_deep(segment.bytes);
    if refused {
        let reason =
            format!("brackets that nest deeper than {DEEPEST}, which no export does; nothing of this part of the file is read");
        sink.record(segment.first).reject(&reason, segment.bytes);
    }
    refused
}

fn too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut at) = (0_u32, 0);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'[' | b'{' => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => at = after_string(bytes, at),
            _ => {}
        }
    }
    false
}

/// The offset behind a string whose text begins at `at`.
fn after_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(rest) = bytes.get(at..) {
        let Some(offset) = memchr2(b'"', b'\\', rest) else { break };
        at += offset + 1;
        match rest.get(offset) {
            Some(b'"') => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_and_side_by_side_are_not_deep() {
        assert!(too_deep(&b"[".repeat(129)));
        assert!(!too_deep(&b"[".repeat(128)));
        assert!(!too_deep(&b"[{}],".repeat(1000)));
        assert!(!too_deep(format!("\"\\\"{}\"", "[".repeat(500)).as_bytes()));
        assert!(!too_deep(b"\"never closed ["));
    }
}
