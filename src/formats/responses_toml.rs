//! Management's answers to exceptions (`[[response]]`), in TOML that people write. A mistake is a reject with the place.

use serde::Deserialize;
use toml::{Spanned, Value};

use super::register_entry::{NO_TIME, holds, instant, line_of, parse, silent};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{Micros, RESPONSES, Response, Table};

/// `[[response]]` entries.
pub(super) struct ResponseRegister;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Responses {
    response: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    control_id: String,
    resource: String,
    occurred_at: Option<Value>,
    reason: Option<String>,
    text: String,
    by: String,
    at: Value,
    due: Option<Value>,
}

/// The times of an entry.
struct Times {
    occurred_at: Option<Micros>,
    responded_at: Micros,
    due_at: Option<Micros>,
}

impl Entry {
    fn times(&self, line: u64, sink: &mut Sink<'_>) -> Option<Times> {
        let occurred_at = self.occurred_at.as_ref().map(|stamp| instant(stamp, "occurred_at", line, sink));
        let due_at = self.due.as_ref().map(|stamp| instant(stamp, "due", line, sink));
        match (occurred_at, instant(&self.at, "at", line, sink), due_at) {
            (Some(None), ..) | (_, None, _) | (.., Some(None)) => None,
            (occurred_at, Some(responded_at), due_at) => {
                Some(Times { occurred_at: occurred_at.flatten(), responded_at, due_at: due_at.flatten() })
            }
        }
    }
}

impl Format for ResponseRegister {
    fn name(&self) -> &'static str {
        "responses-toml"
    }

    fn about(&self) -> &'static str {
        "management's responses to exceptions ([[response]]), TOML"
    }

    fn recognised_by(&self) -> &'static str {
        "[[response]] tables"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&RESPONSES] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        holds(head, b"[[response]]").then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some((text, register)) = parse::<Responses>(segment, sink) else { return };
        for entry in register.response {
            let line = line_of(text, entry.span().start);
            let entry = entry.into_inner();
            let Some(times) = entry.times(line, sink) else {
                sink.record(line).reject(&format!("occurred_at, at and due {NO_TIME}"), entry.resource.as_bytes());
                continue;
            };
            let duties =
                [("control_id", &entry.control_id), ("resource", &entry.resource), ("text", &entry.text), ("by", &entry.by)];
            if let Some(key) = silent(&duties.map(|(key, text)| (key, text.as_str()))) {
                sink.record(line).reject(&format!("the response has an empty {key}"), entry.resource.as_bytes());
                continue;
            }
            sink.record(line).fact(Response {
                control_id: &entry.control_id,
                resource: &entry.resource,
                occurred_at: times.occurred_at,
                reason: entry.reason.as_deref().filter(|reason| !reason.is_empty()),
                response: entry.text.trim(),
                responded_by: &entry.by,
                responded_at: times.responded_at,
                due_at: times.due_at,
            });
        }
    }
}
