//! The report as one self-contained page: no script, no network, printable.

use std::fmt;
use std::io::Write;

use askama::Template;

use super::prose::Prose;
use super::{Output, OutputError};
use crate::report::{Control, ExceptionGroup, Framework, Report, Stream};

/// Writes `index.html`.
pub(super) struct Html;

impl Output for Html {
    fn path(&self) -> &'static str {
        "index.html"
    }

    fn about(&self) -> &'static str {
        "the report as one self-contained page"
    }

    fn render(&self, report: &Report, to: &mut dyn Write) -> Result<(), OutputError> {
        let page = Page { report, numbering: Numbering::new(report) };
        let text = page.render().map_err(|error| OutputError::Template { path: self.path(), error })?;
        to.write_all(text.as_bytes()).map_err(|error| OutputError::Write { path: self.path(), error })
    }
}

/// The page.
#[derive(Template)]
#[template(path = "html/index.html")]
struct Page<'a> {
    report: &'a Report,
    numbering: Numbering<'a>,
}

/// Which tables the report has, and their numbers: the one place that says so for the page and for its Markdown twin.
pub(super) struct Numbering<'a> {
    /// Conclusions counted.
    pub(super) counts: u32,
    /// The matrix of controls.
    pub(super) matrix: u32,
    /// The sections of the controls.
    pub(super) sections: Vec<Section<'a>>,
    /// The frameworks, each with the number of its table.
    pub(super) frameworks: Vec<(Option<u32>, &'a Framework)>,
    /// Hosts by class.
    pub(super) classes: u32,
    /// Changes of class.
    pub(super) changes: Option<u32>,
    /// Hosts that lived only part of the period.
    pub(super) part_lived: Option<u32>,
    /// The streams, each with its table.
    pub(super) streams: Vec<(u32, &'a Stream)>,
    /// The evidence register.
    pub(super) register: u32,
    /// Records that could not be read, where there are any.
    pub(super) rejects: Option<u32>,
    /// Attestations, where there are any.
    pub(super) attestations: Option<u32>,
    /// Waivers.
    pub(super) waivers: Option<u32>,
    /// Exemptions.
    pub(super) exemptions: Option<u32>,
    /// Responses.
    pub(super) responses: Option<u32>,
    /// Usual sizes of samples.
    pub(super) practice: Option<u32>,
    /// Sizes of attribute samples.
    pub(super) attribute: Option<u32>,
    /// The drill, where there was one.
    pub(super) drill: Option<DrillTables>,
}

/// The tables of the drill.
pub(super) struct DrillTables {
    /// By control.
    pub(super) controls: u32,
    /// Planted violations.
    pub(super) plants: Option<u32>,
    /// False alarms.
    pub(super) alarms: Option<u32>,
}

/// The section of a control: its number, its exceptions, and the numbers of the tables that it has.
pub(super) struct Section<'a> {
    /// 1-based, within the part on controls.
    pub(super) number: usize,
    /// The control.
    pub(super) control: &'a Control,
    /// Its exceptions.
    pub(super) exceptions: Vec<&'a ExceptionGroup>,
    /// Requirements that it supports.
    pub(super) requirements: Option<u32>,
    /// Silences longer than allowed.
    pub(super) gaps: Option<u32>,
    /// Population.
    pub(super) population: Option<u32>,
    /// Sample.
    pub(super) sample: Option<u32>,
}

impl<'a> Numbering<'a> {
    /// Numbers the tables in the order in which the report shows them.
    pub(super) fn new(report: &'a Report) -> Self {
        let mut tables = Counter(0);
        let counts = tables.next();
        let matrix = tables.next();
        let mut sections = Vec::with_capacity(report.controls.len());
        for (index, control) in report.controls.iter().enumerate() {
            sections.push(Section {
                number: index + 1,
                control,
                exceptions: report.exceptions.iter().filter(|group| group.control_id == control.id).collect(),
                requirements: tables.next_for(&control.maps),
                gaps: tables.next_for(&control.coverage.gaps),
                population: tables.next_for(&control.population.rows),
                sample: tables.next_for(&control.sample.items),
            });
        }
        let classes = tables.next();
        let changes = tables.next_for(&report.fleet.changes);
        let part_lived = tables.next_for(&report.fleet.part_lived);
        let streams = report.streams.iter().map(|stream| (tables.next(), stream)).collect();
        let frameworks =
            report.frameworks.iter().map(|framework| (tables.next_for(&framework.requirements), framework)).collect();
        Self {
            counts,
            matrix,
            sections,
            classes,
            changes,
            part_lived,
            streams,
            frameworks,
            register: tables.next(),
            rejects: tables.next_for(&report.rejects),
            attestations: tables.next_for(&report.registers.attestations),
            waivers: tables.next_for(&report.registers.waivers),
            exemptions: tables.next_for(&report.registers.exemptions),
            responses: tables.next_for(&report.registers.responses),
            practice: tables.next_for(&report.sampling.practice.1),
            attribute: tables.next_for(&report.sampling.attribute.1),
            drill: report.drill.as_ref().map(|drill| DrillTables {
                controls: tables.next(),
                plants: tables.next_for(&drill.plants),
                alarms: tables.next_for(&drill.alarms),
            }),
        }
    }
}

impl Numbering<'_> {
    /// The section of a control.
    pub(super) fn section(&self, control_id: &str) -> Option<&Section<'_>> {
        self.sections.iter().find(|section| section.control.id == control_id)
    }
}

/// Counts tables.
struct Counter(u32);

impl Counter {
    fn next(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }

    /// A number only where the table has rows: a table without any is a sentence instead.
    fn next_for<T>(&mut self, rows: &[T]) -> Option<u32> {
        (!rows.is_empty()).then(|| self.next())
    }
}

/// A number with its thousands separated.
pub(super) struct Grouped(u64);

impl Grouped {
    /// The number `number`; by reference, as templates hand over their fields.
    pub(super) fn of(number: &u64) -> Self {
        Self(*number)
    }
}

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// A text inside a quoted string of a style sheet. Everything but ASCII letters and digits is written as a CSS escape, so that
/// it can end neither the string nor the element, and needs no further escaping.
struct CssText<'a>(&'a str);

impl fmt::Display for CssText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_ascii_alphanumeric() {
                write!(f, "{character}")?;
            } else {
                write!(f, "\\{:06x}", u32::from(character))?;
            }
        }
        Ok(())
    }
}

/// Whether a text is an instant as the report writes them, `2026-08-14T10:00:00Z`, and so may stand in a `time` element.
fn is_instant(text: &str) -> bool {
    let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    let fraction_or_end =
        text.get(19..).is_some_and(|rest| rest.ends_with('Z') && !rest.contains(|c: char| c.is_ascii_alphabetic() && c != 'Z'));
    fraction_or_end && shape.take(19).eq(*b"0000-00-00T00:00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [(0, "0"), (999, "999"), (1_195, "1,195"), (1_234_567, "1,234,567")] {
            assert_eq!(Grouped::of(&number).to_string(), text);
        }
    }

    #[test]
    fn a_text_cannot_leave_its_style_sheet() {
        assert_eq!(CssText(r#"a"</style>"#).to_string(), r"a\000022\00003c\00002fstyle\00003e");
    }

    #[test]
    fn instants_are_known_by_their_shape() {
        assert!(is_instant("2026-08-14T10:00:00Z") && is_instant("2026-08-14T10:00:00.250Z"));
        assert!(!is_instant("2026-08-14") && !is_instant("2026-08-14T10:00:00+02:00") && !is_instant("vim /etc/hosts"));
    }
}
