//! CycloneDX in XML. What it says is what `sbom_cyclonedx.rs` reads in JSON; facts point at the lines on which components
//! begin.
//!
//! Source: cyclonedx.org, XML schemas 1.0 to 1.6 (`http://cyclonedx.org/schema/bom/…`). A document type is refused, so that
//! no entity is ever declared.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::package_list::Package;
use super::sbom::{Bill, Entry, Subject};
use super::sbom_cyclonedx::{no_package, purpose};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, LOGIN_PATHS, Table};

/// CycloneDX in XML.
pub(super) struct CycloneDxXml;

impl Format for CycloneDxXml {
    fn name(&self) -> &'static str {
        "cyclonedx-xml"
    }

    fn about(&self) -> &'static str {
        "CycloneDX SBOM in XML: the image and the packages that open a way to log in"
    }

    fn recognised_by(&self) -> &'static str {
        "the XML namespace of CycloneDX"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES, &LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text().trim_start_matches('\u{feff}').trim_start();
        (text.starts_with('<') && text.contains("http://cyclonedx.org/schema/bom/"))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        match segment.text().map_err(|line| (line, "byte that is not UTF-8".to_owned())).and_then(bill) {
            Ok(bill) => bill.give(reading, sink),
            Err((line, error)) => sink.record(line).reject(&format!("damaged or torn ({error})"), segment.bytes),
        }
    }
}

/// An element that is open, as far as it matters here.
enum Open {
    Bom,
    Metadata,
    /// `metadata/component`
    Subject,
    /// A list of components of the image.
    Components,
    /// A component of the image, by its place among the entries.
    Component(usize),
    /// An element whose text is wanted.
    Field(Field),
    Properties,
    Compositions,
    Composition,
    /// Anything else, with all that it holds.
    Other,
}

#[derive(Clone, Copy)]
enum Field {
    Name,
    Version,
    Purl,
    Timestamp,
    ImageId,
    Aggregate,
}

/// A component while it is read.
struct Component {
    line: u64,
    kind: String,
    name: String,
    version: String,
    purl: String,
}

/// Reads the document; the error has the line on which it stands.
fn bill(text: &str) -> Result<Bill, (u64, String)> {
    let mut reader = Reader::from_str(text);
    let mut parts = Parts::new(text);
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event();
        let line = parts.lines.of(before);
        match event.map_err(|error| (line, error.to_string()))? {
            Event::Start(element) => parts.open(&element, line),
            Event::Empty(element) => {
                parts.open(&element, line);
                parts.close();
            }
            Event::End(_) => parts.close(),
            Event::Text(text) => parts.text(&text),
            Event::CData(text) => parts.text(&text),
            Event::GeneralRef(reference) => parts.text(&resolved(&reference)),
            Event::DocType(_) => return Err((line, "a document type is refused".to_owned())),
            Event::Eof if parts.open.is_empty() && parts.seen_bom => return parts.bill(),
            Event::Eof => return Err((line, "the document is not closed, or holds no bom".to_owned())),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

/// One of XML's five references, or a character by its number; any other one stays as it is written.
fn resolved(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    let name: &str = reference;
    quick_xml::escape::resolve_predefined_entity(name).map_or_else(|| format!("&{name};"), str::to_owned)
}

/// Counts lines on the way through a text.
struct Lines<'t> {
    text: &'t str,
    line: u64,
    at: usize,
}

impl Lines<'_> {
    /// The line of the byte at `offset`, which never goes back.
    fn of(&mut self, offset: usize) -> u64 {
        let behind = self.text.as_bytes().get(self.at..offset).unwrap_or_default();
        self.line += u64::try_from(memchr::memchr_iter(b'\n', behind).count()).unwrap_or(0);
        self.at = self.at.max(offset.min(self.text.len()));
        self.line
    }
}

/// What was read so far.
struct Parts<'t> {
    lines: Lines<'t>,
    open: Vec<Open>,
    seen_bom: bool,
    subject: Subject,
    subject_line: u64,
    timestamp: String,
    aggregate: String,
    components: Vec<Component>,
    incomplete: bool,
    /// The line of an element that may stand once and stands twice: which one counts is not said.
    twice: Option<u64>,
}

impl<'t> Parts<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            lines: Lines { text, line: 1, at: 0 },
            open: Vec::new(),
            seen_bom: false,
            subject: Subject::default(),
            subject_line: 1,
            timestamp: String::new(),
            aggregate: String::new(),
            components: Vec::new(),
            incomplete: false,
            twice: None,
        }
    }

    fn open(&mut self, element: &BytesStart<'_>, line: u64) {
        let local = element.local_name();
        let name: &str = local.as_ref();
        let attribute = |key: &str| {
            let found = element.try_get_attribute(key).ok().flatten();
            found
                .and_then(|found| found.normalized_value(XmlVersion::Implicit1_0).ok())
                .map(|value| value.into_owned())
                .unwrap_or_default()
        };
        let opened = match (self.open.last(), name) {
            (None, "bom") => Open::Bom,
            (Some(Open::Bom), "metadata") => Open::Metadata,
            (Some(Open::Bom | Open::Component(_)), "components") => Open::Components,
            (Some(Open::Bom), "compositions") => Open::Compositions,
            (Some(Open::Compositions), "composition") => Open::Composition,
            (Some(Open::Composition), "aggregate") => Open::Field(Field::Aggregate),
            (Some(Open::Metadata), "timestamp") => Open::Field(Field::Timestamp),
            (Some(Open::Metadata), "component") => {
                self.subject.purpose = purpose(&attribute("type"));
                self.subject_line = line;
                Open::Subject
            }
            (Some(Open::Components), "component") => {
                let kind = attribute("type");
                self.components.push(Component { line, kind, name: String::new(), version: String::new(), purl: String::new() });
                Open::Component(self.components.len() - 1)
            }
            (Some(Open::Subject | Open::Component(_)), "name") => Open::Field(Field::Name),
            (Some(Open::Subject | Open::Component(_)), "version") => Open::Field(Field::Version),
            (Some(Open::Subject | Open::Component(_)), "purl") => Open::Field(Field::Purl),
            (Some(Open::Subject), "properties") => Open::Properties,
            (Some(Open::Properties), "property") if attribute("name") == "aquasecurity:trivy:ImageID" => {
                Open::Field(Field::ImageId)
            }
            _ => Open::Other,
        };
        self.seen_bom |= matches!(opened, Open::Bom);
        self.open.push(opened);
        if self.field().is_some_and(|field| !field.is_empty()) {
            self.twice.get_or_insert(line);
        }
    }

    fn close(&mut self) {
        if matches!(self.open.pop(), Some(Open::Field(Field::Aggregate))) {
            self.incomplete |= self.aggregate.trim().starts_with("incomplete");
            self.aggregate.clear();
        }
    }

    /// Adds text to the field that is open, if one is.
    fn text(&mut self, text: &str) {
        if let Some(field) = self.field() {
            field.push_str(text);
        }
    }

    /// The field that is open.
    fn field(&mut self) -> Option<&mut String> {
        let [.., owner, Open::Field(field)] = self.open.as_slice() else { return None };
        if let Open::Component(place) = owner {
            let component = self.components.get_mut(*place)?;
            return match field {
                Field::Name => Some(&mut component.name),
                Field::Version => Some(&mut component.version),
                Field::Purl => Some(&mut component.purl),
                Field::Timestamp | Field::ImageId | Field::Aggregate => None,
            };
        }
        Some(match field {
            Field::Timestamp => &mut self.timestamp,
            Field::Aggregate => &mut self.aggregate,
            Field::Name => self.subject.name.get_or_insert_default(),
            Field::Version => self.subject.version.get_or_insert_default(),
            Field::Purl => self.subject.purl.get_or_insert_default(),
            Field::ImageId => self.subject.image_id.get_or_insert_default(),
        })
    }

    fn bill(self) -> Result<Bill, (u64, String)> {
        if let Some(line) = self.twice {
            return Err((line, "an element that may stand once stands twice: which one counts is not said".to_owned()));
        }
        let mut bill = Bill {
            subject: self.subject,
            number: self.subject_line,
            made_at: Some(self.timestamp).filter(|text| !text.is_empty()),
            ..Bill::default()
        };
        if self.incomplete {
            bill.list.has_gap("the SBOM itself says that it is incomplete");
        }
        for component in self.components {
            let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            let entry = match (no_package(&component.kind), filled(&component.name)) {
                (Some(reason), path) => {
                    bill.list.note_file(&path.unwrap_or_default());
                    Entry::Other(reason)
                }
                (None, None) => Entry::Unreadable("a component without a name", component.purl),
                (None, Some(name)) => {
                    let (version, purl) = (filled(&component.version), filled(&component.purl));
                    Entry::Package(Package::of(&name, version.as_deref(), purl.as_deref()))
                }
            };
            bill.entries.push((component.line, entry));
        }
        Ok(bill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inner: &str) -> Result<Bill, (u64, String)> {
        bill(&format!("<?xml version=\"1.0\"?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\">\n{inner}\n</bom>\n"))
    }

    #[test]
    fn only_components_of_the_image_are_read() {
        let bill = read(
            "<metadata><timestamp>2026-08-01T00:00:00Z</timestamp><tools><components><component type=\"application\"><name>dropbear</name>\
             </component></components></tools><component type=\"container\"><name>web</name><version>1</version></component></metadata>\n\
             <components><component type=\"library\"><name>a&amp;b</name><pedigree><ancestors><component type=\"library\">\
             <name>tinyssh</name></component></ancestors></pedigree>\n<components><component type=\"library\"><name>c</name></component>\
             </components></component></components>",
        )
        .expect("a bill");
        let names: Vec<(u64, String)> = bill
            .entries
            .iter()
            .map(|(line, entry)| match entry {
                Entry::Package(package) => (*line, package.name.clone()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(names, [(4, "a&b".to_owned()), (5, "c".to_owned())]);
        assert_eq!(bill.subject.name.as_deref(), Some("web"));
    }

    #[test]
    fn what_is_torn_or_declares_entities_is_refused() {
        assert!(read("<components>").is_err());
        assert!(bill("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"><components>").is_err());
        let bomb = "<!DOCTYPE bom [<!ENTITY a \"ssh\">]>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"/>";
        assert!(bill(bomb).is_err_and(|(line, error)| line == 1 && error.contains("document type")));
    }

    #[test]
    fn a_second_name_does_not_hide_the_first() {
        let twice =
            "<components>\n<component type=\"library\"><name>openssh-server</name>\n<name>x</name></component></components>";
        assert!(read(twice).is_err_and(|(line, error)| line == 5 && error.contains("stands twice")));
    }

    #[test]
    fn unknown_references_stay_as_they_are_written() {
        let bill =
            read("<metadata><component type=\"container\"><name>x&evil;&#65;</name></component></metadata>").expect("a bill");
        assert_eq!(bill.subject.name.as_deref(), Some("x&evil;A"));
    }
}
