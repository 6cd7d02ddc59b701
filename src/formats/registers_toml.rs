//! Registers that people write: waivers (`[[waiver]]`) and exemptions (`[[exemption]]`), in TOML. A mistake is a reject
//! with the place and the parser's own sentence; unknown keys are mistakes.

use serde::Deserialize;
use toml::{Spanned, Value};

use super::register_entry::{NO_TIME, holds, instant, line_of, parse, silent};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{EXEMPTIONS, Exemption, Micros, Table, WAIVERS, Waiver};

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
    approved_at: Value,
    expires_at: Value,
    ticket: Option<String>,
}

impl Entry {
    /// When the entry was approved and when it ends; what keeps it from counting is said.
    fn times(&self, line: u64, sink: &mut Sink<'_>) -> Option<(Micros, Micros)> {
        let approved_at = instant(&self.approved_at, "approved_at", line, sink);
        let expires_at = instant(&self.expires_at, "expires_at", line, sink);
        let (Some(approved_at), Some(expires_at)) = (approved_at, expires_at) else {
            sink.record(line).reject(&format!("approved_at and expires_at {NO_TIME}"), self.resource.as_bytes());
            return None;
        };
        if let Some(key) = silent(&[("resource", &self.resource), ("reason", &self.reason), ("approver", &self.approver)]) {
            sink.record(line)
                .reject(&format!("the entry has an empty {key}, and decides nothing without"), self.resource.as_bytes());
            return None;
        }
        Some((approved_at, expires_at))
    }
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
        holds(head, b"[[waiver]]").then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some((text, register)) = parse::<Waivers>(segment, sink) else { return };
        for entry in register.waiver {
            let line = line_of(text, entry.span().start);
            let entry = entry.into_inner();
            let Some((approved_at, expires_at)) = entry.times(line, sink) else { continue };
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
        holds(head, b"[[exemption]]").then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some((text, register)) = parse::<Exemptions>(segment, sink) else { return };
        for entry in register.exemption {
            let line = line_of(text, entry.span().start);
            let entry = entry.into_inner();
            let Some((approved_at, expires_at)) = entry.times(line, sink) else { continue };
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
