//! A JSON text walked over once: the members of an object or the elements of an array as raw text, nothing copied.
//!
//! Every byte is held against the grammar of RFC 8259 as it is passed, values that nobody asks for included, so that a
//! damaged record is never half read. Repeated keys are all given: sudo's log files need them. Nesting is followed without
//! recursion, and is bounded.

use std::borrow::Cow;

use wide::u8x16;

use super::json_strings::plain_strings;
use super::lazy::unquote;
use crate::bytes::{are, unfit};

/// What JSON takes for white space.
pub(super) const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Brackets that may be open at once.
const DEEPEST: u32 = 127;

/// Where and why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    what: &'static str,
    at: usize,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} at byte {}", self.what, self.at + 1)
    }
}

/// A place in a text.
#[derive(Clone, Copy, Debug)]
struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                other => return Some(other),
            }
        }
    }

    fn fault<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault { what, at: self.at })
    }

    fn slice(&self, from: usize) -> &'t str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// Passes a string from its opening quote to behind its closing one.
    #[inline]
    fn string(&mut self) -> Result<(), Fault> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        loop {
            let (at, closes) = stop(bytes, self.at);
            self.at = at;
            if closes {
                self.at += 1;
                return Ok(());
            }
            match bytes.get(at) {
                Some(b'\\') => self.escape()?,
                Some(_) => return self.fault("a control character in a string"),
                None => return self.fault("a string is not closed"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return self.fault("a broken \\u escape");
                }
                self.at += 5;
            }
            _ => return self.fault("an unknown escape"),
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == from { self.fault("a digit was expected") } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1
        } else {
            self.digits()?
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), Fault> {
        if !self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return self.fault("a value was expected");
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes a member's name and its colon; gives where the name ends.
    #[inline]
    fn key(&mut self) -> Result<usize, Fault> {
        if self.token() != Some(b'"') {
            return self.fault("a member's name was expected");
        }
        self.string()?;
        let end = self.at;
        if self.token() != Some(b':') {
            return self.fault("a colon was expected");
        }
        self.at += 1;
        Ok(end)
    }

    /// How long the rest of an array is that just began, where it is plain strings only.
    #[inline]
    fn plain_strings(&self) -> Option<usize> {
        let rest = self.text.as_bytes().get(self.at..)?;
        if rest.first() == Some(&b'"') { plain_strings(rest) } else { None }
    }

    /// Passes a string, a number or a word.
    #[inline]
    fn leaf(&mut self, first: Option<u8>) -> Result<(), Fault> {
        match first {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => self.fault("a value was expected"),
        }
    }

    /// Passes one value with all that is in it.
    #[inline]
    fn value(&mut self) -> Result<&'t str, Fault> {
        let first = self.token();
        let from = self.at;
        match first {
            Some(b'{' | b'[') => self.nested()?,
            other => self.leaf(other)?,
        }
        Ok(self.slice(from))
    }

    /// Passes an object or an array.
    fn nested(&mut self) -> Result<(), Fault> {
        // One bit a bracket: set for an object.
        let (mut objects, mut depth) = (0_u128, 0_u32);
        loop {
            match self.token() {
                Some(open @ (b'{' | b'[')) => {
                    if depth == DEEPEST {
                        return self.fault("too many brackets within brackets");
                    }
                    self.at += 1;
                    let object = open == b'{';
                    if !object && let Some(passed) = self.plain_strings() {
                        self.at += passed;
                    } else {
                        let empty = self.token() == Some(if object { b'}' } else { b']' });
                        if !empty {
                            objects = objects << 1 | u128::from(object);
                            depth += 1;
                            if object {
                                self.key()?;
                            }
                            continue;
                        }
                        self.at += 1;
                    }
                }
                other => self.leaf(other)?,
            }
            // Behind a value: a comma and the next one, or brackets that close.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let object = objects & 1 == 1;
                match self.token() {
                    Some(b',') => {
                        self.at += 1;
                        if object {
                            self.key()?;
                        }
                        break;
                    }
                    Some(b'}') if object => {}
                    Some(b']') if !object => {}
                    _ => return self.fault("a comma or a closing bracket was expected"),
                }
                self.at += 1;
                objects >>= 1;
                depth -= 1;
            }
        }
    }
}

/// The place of the first quote, backslash or control character from `at` on, and whether it is a quote; the end where there
/// is none. What it is comes from the same look, so that nobody has to wait for another.
#[inline]
fn stop(bytes: &[u8], mut at: usize) -> (usize, bool) {
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let block = u8x16::new(*block);
        let quotes = are(block, b'"');
        let stops = (quotes | unfit(block)).to_bitmask();
        if stops != 0 {
            let first = stops & stops.wrapping_neg();
            return (at + stops.trailing_zeros() as usize, quotes.to_bitmask() & first != 0);
        }
        at += 16;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let place = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    (at + place.unwrap_or(rest.len()), place.and_then(|place| rest.get(place)) == Some(&b'"'))
}

/// The members of an object, or the elements of an array, one by one; it ends behind the closing bracket or at a fault.
#[derive(Clone, Debug)]
pub(super) struct Items<'t> {
    scanner: Scanner<'t>,
    object: bool,
    first: bool,
    done: bool,
}

impl<'t> Items<'t> {
    /// The members of the object that `text` begins with; nothing where it begins with something else.
    pub(super) fn of_object(text: &'t str) -> Option<Self> {
        Self::of(text, b'{')
    }

    /// The elements of the array that `text` begins with; nothing where it begins with something else.
    pub(super) fn of_array(text: &'t str) -> Option<Self> {
        Self::of(text, b'[')
    }

    fn of(text: &'t str, open: u8) -> Option<Self> {
        let mut scanner = Scanner { text, at: 0 };
        (scanner.token()? == open).then(|| {
            scanner.at += 1;
            Self { scanner, object: open == b'{', first: true, done: false }
        })
    }

    /// The next member's name and raw value; names of elements are empty.
    pub(super) fn next_item(&mut self) -> Option<Result<(&'t str, &'t str), Fault>> {
        if self.done {
            return None;
        }
        let item = self.item().transpose();
        self.done = !matches!(item, Some(Ok(_)));
        item
    }

    fn item(&mut self) -> Result<Option<(&'t str, &'t str)>, Fault> {
        let close = if self.object { b'}' } else { b']' };
        match self.scanner.token() {
            Some(byte) if byte == close => {
                self.scanner.at += 1;
                return Ok(None);
            }
            _ if self.first => {}
            Some(b',') => self.scanner.at += 1,
            _ => return self.scanner.fault("a comma or a closing bracket was expected"),
        }
        self.first = false;
        let mut key = "";
        if self.object {
            self.scanner.token();
            let from = self.scanner.at;
            let end = self.scanner.key()?;
            key = self.scanner.text.get(from..end).unwrap_or_default();
        }
        Ok(Some((key, self.scanner.value()?)))
    }

    /// What follows the closing bracket.
    pub(super) fn rest(&self) -> &'t str {
        self.scanner.text.get(self.scanner.at..).unwrap_or_default()
    }
}

/// A member's name as it is meant: without quotes, escapes resolved.
pub(super) fn name(raw: &str) -> Cow<'_, str> {
    unquote(raw).unwrap_or(Cow::Borrowed(raw))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, Strategy as _, any, prop, prop_oneof, proptest};

    use super::*;

    /// Pieces that JSON, and what is nearly JSON, is made of.
    const PARTS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u00",
        "\\ud83d",
        " ",
        "\n",
        "\t",
        "-",
        "0",
        "1",
        "2.5",
        "e+1",
        "true",
        "null",
        "[\"ab\",\"c\"]",
        "[\"",
        "\",\"",
        "\"]",
        "\"a\":",
        "\"b\"",
        "{\"k\":",
        "\u{1}",
        "é",
    ];

    /// Whether `text` is one object or array and nothing else.
    fn whole(text: &str) -> bool {
        let Some(mut items) = Items::of_object(text).or_else(|| Items::of_array(text)) else { return false };
        while let Some(item) = items.next_item() {
            if item.is_err() {
                return false;
            }
        }
        items.rest().trim_matches(WHITE).is_empty()
    }

    #[test]
    fn repeated_names_are_all_given() {
        let mut items = Items::of_object(r#" {"a": 1, "a": [2, {"}": "]"}], "b\"": null} tail"#).expect("an object");
        let mut found = Vec::new();
        while let Some(item) = items.next_item() {
            let (key, value) = item.expect("a member");
            found.push((name(key).into_owned(), value.to_owned()));
        }
        assert_eq!(found, [("a".into(), "1".into()), ("a".into(), r#"[2, {"}": "]"}]"#.into()), ("b\"".into(), "null".into())]);
        assert_eq!(items.rest(), " tail");
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for text in [
            "{\"a\" 1}",
            "{\"a\":1,}",
            "[1 2]",
            "[01]",
            "[1.]",
            "[\"\\x\"]",
            "[\"a\nb\"]",
            "{a:1}",
            "[tru]",
            "[",
            "{\"a\":\"b",
            "[1]]",
        ] {
            assert!(!whole(text), "{text}");
        }
        let mut items = Items::of_object("{\"a\":1 \"b\":2}").expect("an object");
        assert!(items.next_item().expect("a member").is_ok());
        assert_eq!(items.next_item(), Some(Err(Fault { what: "a comma or a closing bracket was expected", at: 7 })));
        assert_eq!(items.next_item(), None);
    }

    #[test]
    fn nesting_is_bounded_and_not_recursive() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(whole(&deep(100)));
        assert!(!whole(&deep(1_000_000)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        /// Texts near JSON are accepted exactly where serde_json accepts them.
        #[test]
        fn agrees_with_serde_json(parts in prop::collection::vec(prop_oneof![
            prop::sample::select(PARTS).prop_map(str::to_owned),
            any::<String>(),
        ], 0..14)) {
            let text = format!("[{}]", parts.concat());
            let serde = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            assert_eq!(whole(&text), serde, "{text:?}");
        }

        #[test]
        fn gives_the_values_that_were_written(values in prop::collection::vec(any::<(String, i64)>(), 0..6)) {
            let text = serde_json::to_string(&values).expect("JSON");
            let mut items = Items::of_array(&text).expect("an array");
            let mut found: Vec<(String, i64)> = Vec::new();
            while let Some(item) = items.next_item() {
                found.push(serde_json::from_str(item.expect("an element").1).expect("a pair"));
            }
            assert_eq!(found, values);
        }
    }
}
