//! The sections of the report in their order: names, anchors and numbers are the same in every output.

use super::model::Report;

/// A section of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1.
    pub number: usize,
    /// Its anchor.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
}

/// Anchors and titles.
const PARTS: [(&str, &str); 14] = [
    ("summary", "Summary"),
    ("exceptions", "Exceptions"),
    ("matrix", "Matrix of controls"),
    ("controls", "Controls"),
    ("fleet", "Fleet and coverage"),
    ("frameworks", "Requirements by framework"),
    ("limits", "Limits of the evidence"),
    ("register", "Evidence register"),
    ("rejects", "Records that could not be read"),
    ("management", "Management's registers"),
    ("sampling", "Samples"),
    ("glossary", "Glossary"),
    ("integrity", "Integrity"),
    (DRILL, "Drill"),
];

/// The last one, which not every report has.
const DRILL: &str = "drill";

impl Report {
    /// The sections that this report has.
    pub fn contents(&self) -> impl Iterator<Item = Part> {
        let parts = (1..).zip(PARTS).map(|(number, (id, title))| Part { number, id, title });
        parts.filter(|part| part.id != DRILL || self.drill.is_some())
    }

    /// The heading of the section with that anchor: `4. Controls`. Nothing where there is no such section.
    #[must_use]
    pub fn heading(&self, id: &str) -> String {
        self.contents().find(|part| part.id == id).map(|part| format!("{}. {}", part.number, part.title)).unwrap_or_default()
    }

    /// Its number alone.
    #[must_use]
    pub fn section(&self, id: &str) -> String {
        self.contents().find(|part| part.id == id).map(|part| part.number.to_string()).unwrap_or_default()
    }
}
