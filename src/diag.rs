//! Diagnostics: what went wrong, where, and what to do, with the lines it is about.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// A place in a file that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Path as the user gave it.
    pub path: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// A mistake in a file that a person wrote: stable code, sentence, place, remedy.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub location: Location,
    /// What to do.
    pub help: Option<String>,
    span: std::ops::Range<usize>,
    text: String,
}

impl Diagnostic {
    /// A mistake at the bytes `span` of `text`, which is the content of `path`.
    #[must_use]
    pub fn new(code: &'static str, path: &str, text: &str, span: std::ops::Range<usize>, message: impl Into<String>) -> Self {
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let location = Location {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        };
        let mut end = span.end.clamp(start, text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Self { code, message: message.into(), location, help: None, span: start..end, text: text.to_owned() }
    }

    /// The same with a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A TOML mistake, with the nearest known key where an unknown one was written.
    #[must_use]
    pub fn toml(code: &'static str, path: &str, text: &str, error: &toml::de::Error) -> Self {
        let message = error.message().to_owned();
        let nearest = nearest_key(&message);
        let diagnostic = Self::new(code, path, text, error.span().unwrap_or(0..0), message);
        match nearest {
            Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
            None => diagnostic,
        }
    }

    /// The diagnostic with the lines that it is about, for a terminal.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let snippet =
            Snippet::source(&self.text).path(&self.location.path).annotation(AnnotationKind::Primary.span(self.span.clone()));
        let title = Level::ERROR.primary_title(&self.message).id(self.code).element(snippet);
        match &self.help {
            Some(help) => renderer.render(&[title, Group::with_title(Level::HELP.secondary_title(help))]),
            None => renderer.render(&[title]),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.location, self.message, self.code)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}

/// From serde's "unknown field `x`, expected one of `a`, `b`" the expected name nearest to the one written.
fn nearest_key(message: &str) -> Option<String> {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let (wrong, known) = names.split_first()?;
    message.starts_with("unknown field").then_some(())?;
    nearest(wrong, known.iter().copied()).map(str::to_owned)
}

/// The known name nearest to the one written, where one is near; of those equally near the first.
pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(f64, &str)> = None;
    for name in known {
        let near = strsim::jaro_winkler(wrong, name);
        if near > best.map_or(0.7, |(near, _)| near) {
            best = Some((near, name));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_points_at_itself_and_names_the_nearest() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            #[expect(dead_code, reason = "only its name matters")]
            approver: String,
        }
        let text = "# register\naprover = \"x\"\n";
        let error = toml::from_str::<Table>(text).expect_err("an unknown key");
        let diagnostic = Diagnostic::toml("unknown-key", "w.toml", text, &error);
        assert_eq!((diagnostic.location.line, diagnostic.location.column), (2, 1));
        assert_eq!(diagnostic.help.as_deref(), Some("did you mean `approver`?"));
        assert!(diagnostic.render(false).contains("w.toml:2:1"));
    }
}
