//! Registers that people write: waivers (`[[waiver]]`) and exemptions (`[[exemption]]`), in TOML. A mistake is a reject
//! with the place and the parser's own sentence; unknown keys are mistakes.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{EXEMPTIONS, Exemption, Micros, Table, WAIVERS, Waiver, parse_stamp};

/// `[[waiver]]` entries.
pub(super) struct WaiverRegister;
/// `[[exemption]]` entries.
pub(super) struct ExemptionRegister;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waivers {
    waiver: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exemptions {
    exemption: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    control_id: Option<String>,
    resource: String,
    reason: String,
    approver: String,
    approved_at: String,
    expires_at: String,
    ticket: Option<String>,
}

impl Format for WaiverRegister {
    fn name(&self) -> &'static str {
        "waivers-toml"
    }

    fn about(&self) -> &'static str {
        "register of waivers ([[waiver]]), TOML"
    }

    fn recognised_by(&self) -> &'static str {
        "[[waiver]] tables"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&WAIVERS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        table(head, b"[[waiver]]").then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some((text, register)) = parse::<Waivers>(segment, sink) else { return };
        for entry in register.waiver {
            let line = line_of(text, entry.span().start);
            let entry = entry.into_inner();
            let (Some(approved_at), Some(expires_at)) = (instant(&entry.approved_at), instant(&entry.expires_at)) else {
                sink.record(line).reject("approved_at and expires_at must be RFC 3339 times in UTC", entry.resource.as_bytes());
                continue;
            };
            let Some(control_id) = entry.control_id.as_deref() else {
                sink.record(line).reject("a waiver needs control_id", entry.resource.as_bytes());
                continue;
            };
            sink.record(line).fact(Waiver {
                control_id,
                resource: &entry.resource,
                reason: &entry.reason,
                approver: &entry.approver,
                approved_at,
                expires_at,
                ticket: entry.ticket.as_deref(),
            });
        }
    }
}

impl Format for ExemptionRegister {
    fn name(&self) -> &'static str {
        "exemptions-toml"
    }

    fn about(&self) -> &'static str {
        "register of stateful hosts ([[exemption]]), TOML"
    }

    fn recognised_by(&self) -> &'static str {
        "[[exemption]] tables"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&EXEMPTIONS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        table(head, b"[[exemption]]").then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some((text, register)) = parse::<Exemptions>(segment, sink) else { return };
        for entry in register.exemption {
            let line = line_of(text, entry.span().start);
            let entry = entry.into_inner();
            let (Some(approved_at), Some(expires_at)) = (instant(&entry.approved_at), instant(&entry.expires_at)) else {
                sink.record(line).reject("approved_at and expires_at must be RFC 3339 times in UTC", entry.resource.as_bytes());
                continue;
            };
            sink.record(line).fact(Exemption {
                control_id: entry.control_id.as_deref(),
                resource: &reading.config.host(&entry.resource),
                reason: &entry.reason,
                approver: &entry.approver,
                approved_at,
                expires_at,
                ticket: entry.ticket.as_deref(),
            });
        }
    }
}

fn table(head: &Head<'_>, name: &[u8]) -> bool {
    head.lines().any(|line| line.trim_ascii() == name)
}

fn parse<'a, T: DeserializeOwned>(segment: &Segment<'a>, sink: &mut Sink<'_>) -> Option<(&'a str, T)> {
    let text = match segment.text() {
        Ok(text) => text,
        Err(line) => {
            sink.record(line).reject("byte that is not UTF-8", segment.bytes);
            return None;
        }
    };
    match toml::from_str(text) {
        Ok(register) => Some((text, register)),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let excerpt = text.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
            sink.record(line_of(text, at))
                .reject(&format!("the register cannot be read: {}", error.message()), excerpt.as_bytes());
            None
        }
    }
}

fn line_of(text: &str, at: usize) -> u64 {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    u64::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(0) + 1
}

fn instant(text: &str) -> Option<Micros> {
    parse_stamp(text, chrono_tz::Tz::UTC)
}
