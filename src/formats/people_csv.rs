//! Aliases of people: CSV with the header `person,alias`, one alias a row.

use super::delimited::{each_row, header};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{PEOPLE, Person, Table};

/// Aliases of people.
pub(super) struct PeopleCsv;

impl Format for PeopleCsv {
    fn name(&self) -> &'static str {
        "people-csv"
    }

    fn about(&self) -> &'static str {
        "aliases of people as CSV: person, alias"
    }

    fn recognised_by(&self) -> &'static str {
        "a CSV header with person and alias"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PEOPLE] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let columns = header(head);
        ["person", "alias"]
            .iter()
            .all(|name| columns.iter().any(|column| column == name))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        each_row(segment, sink, |line, cells, sink| match (cells.get(&["person"]), cells.get(&["alias"])) {
            (Some(person), Some(alias)) => {
                sink.record(line).fact(Person { person: &person.to_lowercase(), alias: &alias.to_lowercase() });
            }
            _ => sink.record(line).reject("a row without person or alias", cells.excerpt().as_bytes()),
        });
    }
}
