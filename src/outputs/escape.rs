//! The escaper of the Markdown templates, named in `askama.toml`: after it, a text from evidence is a text and nothing else.

use std::fmt;

use askama::filters::Escaper;

use crate::redact::visible;

/// Writes a text so that CommonMark and its GitHub flavour print it as it is, on one line and in one table cell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Markdown;

impl Escaper for Markdown {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        // A line end would end the cell, the item or the heading that the text stands in.
        let one_line = string.replace("\r\n", " ").replace(['\n', '\r', '\t'], " ");
        let shown = visible(&one_line);
        let body = shown.trim_start_matches(' ');
        if body.len() < shown.len() {
            // More than one space in front could begin a block of code.
            dest.write_char(' ')?;
        }
        write_body(&mut dest, body)
    }
}

/// Writes a text without line ends; only its first characters can begin a block.
fn write_body(dest: &mut impl fmt::Write, body: &str) -> fmt::Result {
    let marker = list_marker(body);
    for (at, character) in body.char_indices() {
        if Some(at) == marker || is_special(character) || begins_address(body, at, character) {
            dest.write_char('\\')?;
        }
        dest.write_char(character)?;
    }
    Ok(())
}

/// Where a backslash keeps the text from beginning a list, a rule or an underlined heading: at `-`, `+`, `=`, or behind digits.
fn list_marker(body: &str) -> Option<usize> {
    if body.starts_with(['-', '+', '=']) {
        return Some(0);
    }
    let digits = body.len() - body.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    (digits > 0 && body[digits..].starts_with(['.', ')'])).then_some(digits)
}

/// Characters with a meaning anywhere in a line.
fn is_special(character: char) -> bool {
    matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '<' | '>' | '#' | '|' | '~' | '&' | '$')
}

/// Whether GitHub would make a link of the bare address that goes on here: `https://…`, `www.…`.
fn begins_address(body: &str, at: usize, character: char) -> bool {
    match character {
        ':' => body[at..].starts_with("://"),
        '.' => at >= 3 && body.as_bytes()[at - 3..at].eq_ignore_ascii_case(b"www"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        Markdown.write_escaped_str(&mut out, text).expect("writing to a string cannot fail");
        out
    }

    #[test]
    fn a_hostile_text_is_a_text() {
        for (text, expected) in [
            ("a|b", r"a\|b"),
            ("`x` *y* _z_", r"\`x\` \*y\* \_z\_"),
            ("[a](http://b) ![c](d)", r"\[a\](http\://b) !\[c\](d)"),
            ("<script>&lt;", r"\<script\>\&lt;"),
            ("# head", r"\# head"),
            ("- item", r"\- item"),
            ("12. item", r"12\. item"),
            ("   1) item", r" 1\) item"),
            ("    code", " code"),
            ("one\r\ntwo\nthree\tfour", "one two three four"),
            ("~~~ {{x}} $y$", r"\~\~\~ \{\{x\}\} \$y\$"),
            (r"back\slash", r"back\\slash"),
            ("see www.example.org", r"see www\.example.org"),
            ("2026-08-14T10:00:00Z on host-01.example.org", "2026-08-14T10:00:00Z on host-01.example.org"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn hidden_characters_show() {
        assert_eq!(escaped("a\u{202e}b\u{7}"), r"a\\u\{202E\}b\\u\{07\}");
    }

    #[test]
    fn an_escaped_text_renders_as_itself() {
        let text = "- *a* | `b` <i>c</i> [d](e) &amp; 1. \\ # _f_ ~g~ {h}";
        let mut page = String::new();
        let source = escaped(text);
        for event in pulldown_cmark::Parser::new_ext(&source, pulldown_cmark::Options::all()) {
            match event {
                pulldown_cmark::Event::Text(part) => page.push_str(&part),
                pulldown_cmark::Event::Start(pulldown_cmark::Tag::Paragraph)
                | pulldown_cmark::Event::End(pulldown_cmark::TagEnd::Paragraph) => {}
                other => panic!("markup came through: {other:?}"),
            }
        }
        assert_eq!(page, text);
    }
}
