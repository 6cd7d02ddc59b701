//! Arrays of plain strings, passed 64 bytes at a time: environments and argument lists make half of a sudo log, and little of
//! them is ever asked for.
//!
//! Only what is certain is passed: strings without escapes and control characters, with one comma and no white space between
//! them, up to the closing bracket. Whatever else an array holds, well formed or not, is left to the walk over the whole
//! grammar, so that both accept the same texts. The arithmetic of quotes is that of simdjson (Langdale and Lemire, "Parsing
//! gigabytes of JSON per second", VLDB Journal 28, 2019, section 3.1).

use wide::u8x16;

use crate::bytes::{are, unfit};

/// Bytes looked at in one step: as many as a word has bits.
const BLOCK: usize = 64;

/// What stands in a block, a bit a byte, the first byte lowest.
struct Marks {
    quotes: u64,
    commas: u64,
    closing: u64,
    unfit: u64,
}

impl Marks {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut marks = Self { quotes: 0, commas: 0, closing: 0, unfit: 0 };
        let (quarters, _) = block.as_chunks::<16>();
        for (quarter, bytes) in quarters.iter().enumerate() {
            let bytes = u8x16::new(*bytes);
            let at = |mask: u8x16| u64::from(mask.to_bitmask()) << (16 * quarter);
            marks.quotes |= at(are(bytes, b'"'));
            marks.commas |= at(are(bytes, b','));
            marks.closing |= at(are(bytes, b']'));
            marks.unfit |= at(unfit(bytes));
        }
        marks
    }
}

/// For each bit, whether an odd number of bits is set up to and with it.
#[inline]
fn odd_up_to(mut bits: u64) -> u64 {
    for step in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << step;
    }
    bits
}

/// The bytes from a string's opening quote to behind the bracket that closes its array, where the rest of the array is plain
/// strings and commas and nothing else.
#[inline]
pub(super) fn plain_strings(bytes: &[u8]) -> Option<usize> {
    // What the block before leaves: all ones inside a string; one behind a closing quote; one behind a comma, or at the
    // beginning, where a string has to open.
    let (mut inside, mut closed, mut awaited) = (0_u64, 0_u64, 1_u64);
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let marks = match rest.first_chunk() {
            Some(block) => Marks::of(block),
            None => {
                let mut block = [0; BLOCK];
                block.get_mut(..rest.len())?.copy_from_slice(rest);
                Marks::of(&block)
            }
        };
        let within = odd_up_to(marks.quotes) ^ inside;
        let (opening, closing) = (marks.quotes & within, marks.quotes & !within);
        let between = !(within | marks.quotes);
        let end = between & marks.closing;
        // Up to and with the bracket that ends it; all of the block where none does.
        let here = end ^ end.wrapping_sub(1);
        let commas = between & marks.commas;
        let misplaced = marks.unfit
            | (between & !(commas | end))
            | (between ^ (closing << 1 | closed))
            | ((commas << 1 | awaited) & !opening);
        if misplaced & here != 0 {
            return None;
        }
        if end != 0 {
            return Some(at + end.trailing_zeros() as usize + 1);
        }
        inside = 0_u64.wrapping_sub(within >> (BLOCK - 1));
        closed = closing >> (BLOCK - 1);
        awaited = commas >> (BLOCK - 1);
        at += BLOCK;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, Strategy as _, prop, prop_oneof, proptest};

    use super::*;

    #[test]
    fn arrays_of_plain_strings_are_passed_to_behind_their_bracket() {
        for length in 0..200 {
            let strings = ["x".repeat(length), String::new(), "a,b]".to_owned(), "é".repeat(length / 2)];
            let text = serde_json::to_string(&strings).expect("JSON");
            let (_, inner) = text.split_at(1);
            assert_eq!(plain_strings(inner.as_bytes()), Some(inner.len()));
            assert_eq!(
                plain_strings(format!("{inner}]\\\u{1}{inner}").as_bytes()),
                Some(inner.len()),
                "what follows is not looked at"
            );
        }
    }

    #[test]
    fn whatever_is_not_plain_is_left_alone() {
        let before = format!("{:?},", "x".repeat(53));
        for tail in [
            "\"a\"\"b\"]",
            "\"a\",]",
            "\"a\",,\"b\"]",
            "\"a\" ]",
            "\"a\", \"b\"]",
            "\"a\\n\"]",
            "\"a\nb\"]",
            "\"a\",1]",
            "1]",
            ",",
            "\"a",
            "\"a\"",
            "\"a\"}",
            "",
        ] {
            for repeats in 0..3 {
                let text = format!("{}{tail}", before.repeat(repeats));
                assert_eq!(plain_strings(text.as_bytes()), None, "{text}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        /// Where it passes an array, it is one of strings for serde_json as well, and ends there.
        #[test]
        fn what_is_passed_is_an_array_of_strings(parts in prop::collection::vec(prop_oneof![
            prop::sample::select(&["\",\"", "\",\"", "\",\"", "\"", ",", "]", "\\", " ", "\n"][..]).prop_map(str::to_owned),
            "[a-zé,]{0,40}",
        ], 0..12)) {
            let inner = format!("\"{}\"]", parts.concat());
            if let Some(length) = plain_strings(inner.as_bytes()) {
                let array = format!("[{}", inner.get(..length).expect("a boundary"));
                assert!(serde_json::from_str::<Vec<String>>(&array).is_ok(), "{array}");
            }
        }
    }
}
