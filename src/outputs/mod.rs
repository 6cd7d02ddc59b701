//! Outputs: the report model to bytes. An output is a name and a pure function `&Report → bytes`; it never reads a clock,
//! a file or the facts, and never computes, sorts or decides.
//!
//! To add one: a new file here, its `mod` line, and one line in [`OUTPUTS`].

pub(crate) mod escape;
mod html;
mod json;
mod markdown;
mod prose;
mod sources_csv;

use std::io::Write;

use thiserror::Error;

use crate::report::Report;

/// One output.
pub trait Output: Sync {
    /// Where it goes, relative to the pack's `data/`.
    fn path(&self) -> &'static str;
    /// One line on what it is.
    fn about(&self) -> &'static str;
    /// Writes the bytes.
    ///
    /// # Errors
    /// Where they cannot be written, or a template or a serialiser fails, which only a bug makes it do.
    fn render(&self, report: &Report, to: &mut dyn Write) -> Result<(), OutputError>;
}

/// An output that could not be made.
#[derive(Debug, Error)]
pub enum OutputError {
    /// A template failed.
    #[error("{path}: the template failed: {error}")]
    Template {
        /// The output.
        path: &'static str,
        /// Why.
        error: askama::Error,
    },
    /// JSON could not be written.
    #[error("{path}: cannot be written as JSON: {error}")]
    Json {
        /// The output.
        path: &'static str,
        /// Why.
        error: serde_json::Error,
    },
    /// The bytes could not be written.
    #[error("{path}: cannot be written: {error}")]
    Write {
        /// The output.
        path: &'static str,
        /// Why.
        error: std::io::Error,
    },
    /// CSV could not be written.
    #[error("{path}: cannot be written as CSV: {error}")]
    Csv {
        /// The output.
        path: &'static str,
        /// Why.
        error: csv::Error,
    },
}

/// Every output, in the order in which they are listed.
pub static OUTPUTS: &[&dyn Output] = &[&html::Html, &markdown::Markdown, &json::Json, &sources_csv::SourcesCsv];

pub use json::drill_json;
pub use sources_csv::{defused, register};
