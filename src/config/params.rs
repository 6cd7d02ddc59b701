//! `[params.X]`: where the parameters of controls stand, so that a mistake about one is shown with its line.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::diag::Diagnostic;

/// The file that sets parameters, and the places of their names and values in it.
#[derive(Clone, Debug, Default)]
pub struct ParamPlaces {
    path: String,
    text: String,
    params: BTreeMap<Spanned<String>, Params>,
}

type Params = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

/// What part of a parameter a mistake is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamPart<'n> {
    /// The control.
    Control,
    /// The name.
    Name(&'n str),
    /// The value of that name.
    Value(&'n str),
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    params: BTreeMap<Spanned<String>, Params>,
}

impl ParamPlaces {
    /// The places in a text that was read before; none where it cannot be read that way.
    pub(super) fn of(path: &str, text: &str) -> Self {
        let params = toml::from_str::<File>(text).map(|file| file.params).unwrap_or_default();
        Self { path: path.to_owned(), text: text.to_owned(), params }
    }

    /// A mistake about a parameter of `control`, at its place; at none where the configuration was not read from a file.
    pub(crate) fn mistake(&self, control: &str, part: ParamPart<'_>, message: String, help: String) -> Box<Diagnostic> {
        let found = self.params.iter().find(|(id, _)| id.get_ref() == control);
        let place = found.and_then(|(id, params)| {
            let of = |name: &str| params.iter().find(|(known, _)| known.get_ref() == name);
            match part {
                ParamPart::Control => Some(id.span()),
                ParamPart::Name(name) => of(name).map(|(known, _)| known.span()),
                ParamPart::Value(name) => of(name).map(|(_, value)| value.span()),
            }
        });
        let path = if self.path.is_empty() { "steadfast.toml" } else { &self.path };
        Box::new(Diagnostic::new("control-parameter", path, &self.text, place.unwrap_or(0..0), message).help(help))
    }
}
