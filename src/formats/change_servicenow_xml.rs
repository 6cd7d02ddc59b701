//! ServiceNow records exported as XML: `<unload>` with change requests, approvals and affected items, or the `<xml>` of a
//! list.
//!
//! Source: ServiceNow's "Export to XML" pages and exported files: each record is an element named after its table, each
//! field an element named after its field; values are those for machines (UTC, sys_ids), and references carry the
//! attribute `display_value`. No export has a DOCTYPE or entities of its own: neither is followed.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::export_csv::{decode, encoding_assumed};
use super::servicenow_record::{Clock, Field, Fields, export_limit, read_affected_item, read_approval, read_change};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{APPROVALS, CHANGE_TARGETS, CHANGES, Table};

/// ServiceNow records as XML.
pub(super) struct ServiceNowXml;

/// Tables that are read.
const TABLES: [&str; 3] = ["change_request", "sysapproval_approver", "task_ci"];

impl Format for ServiceNowXml {
    fn name(&self) -> &'static str {
        "servicenow-xml"
    }

    fn about(&self) -> &'static str {
        "ServiceNow records exported as XML: change_request, sysapproval_approver, task_ci"
    }

    fn recognised_by(&self) -> &'static str {
        "an unload or list with records of change_request or its approvals"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CHANGES, &APPROVALS, &CHANGE_TARGETS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text().trim_start_matches('\u{feff}').trim_start();
        let opens = |name: &str| {
            text.split('<')
                .any(|tag| tag.strip_prefix(name).is_some_and(|rest| rest.starts_with(['>', ' ', '/', '\n', '\r', '\t'])))
        };
        (text.starts_with('<') && (opens("unload") || opens("xml")) && TABLES.iter().any(|table| opens(table)))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let (text, assumed) = decode(segment.bytes);
        if assumed {
            encoding_assumed(sink);
        }
        let mut unload = Unload { text: &text, depth: 0, line: 1, counted: 0, record: None, records: 0 };
        unload.read(reading, sink);
        export_limit(unload.records, sink);
    }
}

/// The document while it is read.
struct Unload<'t> {
    text: &'t str,
    depth: usize,
    /// Line at `counted`, an offset.
    line: u64,
    counted: usize,
    record: Option<XmlRecord<'t>>,
    records: u64,
}

impl<'t> Unload<'t> {
    fn read(&mut self, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let mut reader = Reader::from_str(self.text);
        loop {
            let start = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let event = reader.read_event();
            let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            match event {
                Ok(Event::Start(tag)) => {
                    self.depth += 1;
                    self.open(&tag, start);
                }
                Ok(Event::Empty(tag)) => {
                    self.depth += 1;
                    self.open(&tag, start);
                    self.close(end, reading, sink);
                }
                Ok(Event::End(_)) => self.close(end, reading, sink),
                Ok(Event::Text(text)) => self.content(&text.xml10_content()),
                Ok(Event::CData(text)) => self.content(&text.xml10_content()),
                Ok(Event::GeneralRef(entity)) => self.entity(&entity),
                Ok(Event::DocType(_)) => {
                    let reason = "the file declares a DOCTYPE, which no export has; nothing of it is read, because entities can \
                                  put in text that is not there";
                    return sink.record(self.line_at(start)).reject(reason, self.piece(start, end));
                }
                Ok(Event::Decl(_) | Event::PI(_) | Event::Comment(_)) => {}
                Ok(Event::Eof) => {
                    if self.depth > 0 {
                        self.give_up("torn: the file ends before its records do", start, sink);
                    }
                    return;
                }
                Err(error) => {
                    return self.give_up(&format!("damaged XML ({error}); nothing after it is read"), start, sink);
                }
            }
        }
    }

    fn piece(&self, start: usize, end: usize) -> &'t [u8] {
        self.text.as_bytes().get(start..end.min(self.text.len())).unwrap_or_default()
    }

    /// The line at an offset, which never goes back.
    fn line_at(&mut self, offset: usize) -> u64 {
        self.line += memchr::memchr_iter(b'\n', self.piece(self.counted, offset)).count() as u64;
        self.counted = offset.max(self.counted);
        self.line
    }

    fn open(&mut self, tag: &BytesStart<'_>, start: usize) {
        match self.depth {
            2 => {
                let line = self.line_at(start);
                let deleted = matches!(attribute(tag, "action"), Ok(Some(action)) if action == "DELETE");
                self.record = Some(XmlRecord {
                    table: tag.name().0.to_owned(),
                    line,
                    start,
                    bytes: b"",
                    deleted,
                    mistake: None,
                    fields: Vec::new(),
                });
            }
            3 => {
                if let Some(record) = &mut self.record {
                    let display = attribute(tag, "display_value").unwrap_or_else(|reason| {
                        record.mistake = Some(reason);
                        None
                    });
                    record.fields.push(XmlField { name: tag.name().0.to_owned(), value: String::new(), display });
                }
            }
            _ => {}
        }
    }

    fn content(&mut self, text: &str) {
        if self.depth == 3
            && let Some(field) = self.record.as_mut().and_then(|record| record.fields.last_mut())
        {
            field.value.push_str(text);
        }
    }

    /// A character reference or one of XML's own five entities; any other one is a mistake.
    fn entity(&mut self, entity: &BytesRef<'_>) {
        let character = match entity.resolve_char_ref() {
            Ok(Some(character)) => Some(character),
            Ok(None) => predefined(entity),
            Err(_) => None,
        };
        match (character, &mut self.record) {
            (Some(character), _) => self.content(character.encode_utf8(&mut [0; 4])),
            (None, Some(record)) => {
                record.mistake = Some("an entity that XML does not know; none is followed".to_owned());
            }
            (None, None) => {}
        }
    }

    fn close(&mut self, end: usize, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth != 1 {
            return;
        }
        let Some(mut record) = self.record.take() else { return };
        record.bytes = self.piece(record.start, end);
        self.records += 1;
        if let Some(mistake) = &record.mistake {
            return sink.record(record.line).reject(mistake, record.bytes);
        }
        if record.deleted {
            return sink.record(record.line).skip("a record that was deleted");
        }
        match record.table.as_str() {
            "change_request" => read_change(record.line, &record, reading, sink),
            "sysapproval_approver" => read_approval(record.line, &record, reading, sink),
            "task_ci" => read_affected_item(record.line, &record, reading, sink),
            _ => sink.record(record.line).skip("a record of another table"),
        }
    }

    /// Rejects what is open, or the place, where the document cannot be followed any further.
    fn give_up(&mut self, reason: &str, offset: usize, sink: &mut Sink<'_>) {
        match self.record.take() {
            Some(record) => sink.record(record.line).reject(reason, self.piece(record.start, self.text.len())),
            None => sink.record(self.line_at(offset)).reject(reason, self.piece(offset, self.text.len())),
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("an attribute that cannot be read ({error})");
    match tag.try_get_attribute(name) {
        Ok(None) => Ok(None),
        Ok(Some(found)) => match found.normalized_value(XmlVersion::Implicit1_0) {
            Ok(value) => Ok(Some(value.into_owned())),
            Err(error) => Err(unreadable(&error)),
        },
        Err(error) => Err(unreadable(&error)),
    }
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}

/// One record while and after it is read.
struct XmlRecord<'t> {
    table: String,
    line: u64,
    start: usize,
    bytes: &'t [u8],
    deleted: bool,
    mistake: Option<String>,
    fields: Vec<XmlField>,
}

struct XmlField {
    name: String,
    value: String,
    display: Option<String>,
}

impl Fields for XmlRecord<'_> {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        Some(Field {
            value: Some(Cow::Borrowed(&field.value)),
            display: field.display.as_deref().map(Cow::Borrowed),
            bare: false,
        })
    }

    fn clock(&self) -> Clock {
        Clock::Utc
    }

    fn bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.bytes)
    }
}
