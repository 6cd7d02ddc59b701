//! JSON read lazily: the members of an object as raw text, parsed only where a reader asks.

use std::borrow::Cow;

use wide::u8x16;

use super::json_scan::{Items, WHITE, name};
use crate::bytes::{are, by_sixteen};

/// The raw text of one JSON value.
#[derive(Clone, Debug)]
pub(super) struct Json<'a>(Cow<'a, str>);

impl<'a> Json<'a> {
    /// A value whose raw text is already in hand.
    pub(super) fn borrowed(raw: &'a str) -> Self {
        Self(Cow::Borrowed(raw))
    }

    /// The value as it is written.
    pub(super) fn raw(&self) -> &str {
        self.0.trim()
    }

    /// A string as its text; a number or a boolean as written; nothing for null, objects and arrays.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        let raw = self.0.trim();
        match raw.as_bytes().first()? {
            b'"' => unquote(raw),
            b'{' | b'[' | b'n' => None,
            _ => Some(Cow::Borrowed(raw)),
        }
    }

    /// A string that holds something other than blanks.
    pub(super) fn filled(&self) -> Option<Cow<'_, str>> {
        self.text().filter(|text| !text.trim().is_empty())
    }

    pub(super) fn int(&self) -> Option<i64> {
        // A number as it is; text otherwise.
        self.0.parse().ok().or_else(|| self.text()?.trim().parse().ok())
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self.text()?.trim() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    pub(super) fn members(&self) -> Option<Members<'_>> {
        self.0.trim_start().starts_with('{').then(|| Members::of(&self.0).ok()).flatten()
    }

    pub(super) fn elements(&self) -> Vec<Json<'_>> {
        let mut elements = Vec::new();
        if let Some(mut items) = Items::of_array(&self.0) {
            while let Some(Ok((_, value))) = items.next_item() {
                elements.push(Json::borrowed(value));
            }
        }
        elements
    }
}

/// A quoted JSON string as text, borrowed where it has no escapes.
#[inline]
pub(super) fn unquote(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    let mut escapes = u8x16::splat(0);
    by_sixteen(inner.as_bytes(), |block| escapes |= are(block, b'\\'));
    Some(if escapes.any() { resolved(raw, inner) } else { Cow::Borrowed(inner) })
}

#[cold]
fn resolved<'t>(raw: &str, inner: &'t str) -> Cow<'t, str> {
    // A lone surrogate is not text: what was written is kept as written.
    serde_json::from_str::<String>(raw).map_or(Cow::Borrowed(inner), Cow::Owned)
}

/// The members of one JSON object, in order, repeated keys included.
#[derive(Clone, Debug)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Members<'a> {
    /// Reads the object; the error is the parser's own sentence.
    pub(super) fn of(text: &'a str) -> Result<Self, String> {
        let mut members = Vec::new();
        let mut items = Items::of_object(text).ok_or("not an object")?;
        while let Some(member) = items.next_item() {
            let (key, value) = member.map_err(|fault| fault.to_string())?;
            members.push((name(key), Json::borrowed(value)));
        }
        if !items.rest().trim_matches(WHITE).is_empty() {
            return Err("something follows the object".to_owned());
        }
        Ok(Self(members))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name)?.text()
    }

    pub(super) fn filled(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name)?.filled()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }
}

/// The first line of a parser's message, which is the sentence without the picture.
pub(super) fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim().to_owned()
}

/// The text of a JSON record, with stray bytes written out as `\xNN` inside its strings.
pub(super) fn record_text(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), false);
    }
    let mut text = String::with_capacity(bytes.len() + 32);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\\\x{byte:02x}"));
        }
    }
    (Cow::Owned(text), true)
}
