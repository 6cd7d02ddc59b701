//! What management attests because no log can show it (`[[attestation]]`), in TOML that people write. A mistake is a
//! reject with the place.

use chrono::Months;
use serde::Deserialize;
use toml::{Spanned, Value};

use super::register_entry::{NO_TIME, holds, instant, line_of, parse, silent};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::catalogue::parse_duration;
use crate::config::one_line;
use crate::facts::{ATTESTATIONS, Attestation, Micros, Table};

/// `[[attestation]]` entries.
pub(super) struct AttestationRegister;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attestations {
    attestation: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    statement: String,
    attested_by: String,
    attested_at: Value,
    valid_for: Option<String>,
    frequency: Option<Frequency>,
    evidence: Option<String>,
    #[serde(default)]
    control_ids: Vec<String>,
}

/// How often it is attested anew: it holds for as many calendar months.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Frequency {
    Monthly,
    Quarterly,
    Yearly,
}

impl Frequency {
    fn word(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Yearly => "yearly",
        }
    }

    fn months(self) -> Months {
        Months::new(match self {
            Self::Monthly => 1,
            Self::Quarterly => 3,
            Self::Yearly => 12,
        })
    }
}

impl Entry {
    /// When it ends, and for how long it was given.
    fn ends(&self, attested_at: Micros) -> Option<(Micros, String)> {
        match (&self.valid_for, self.frequency) {
            (Some(span), None) => {
                let micros = parse_duration(span).filter(|seconds| *seconds > 0)?.checked_mul(1_000_000)?;
                Some((Micros(attested_at.0.checked_add(micros)?).sound()?, span.clone()))
            }
            (None, Some(frequency)) => {
                let ends = attested_at.utc()?.checked_add_months(frequency.months())?;
                Some((Micros::from(ends).sound()?, frequency.word().to_owned()))
            }
            _ => None,
        }
    }
}

impl Format for AttestationRegister {
    fn name(&self) -> &'static str {
        "attestations-toml"
    }

    fn about(&self) -> &'static str {
        "what management attests ([[attestation]]), TOML"
    }

    fn recognised_by(&self) -> &'static str {
        "[[attestation]] tables"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&ATTESTATIONS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        holds(head, b"[[attestation]]").then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some((text, register)) = parse::<Attestations>(segment, sink) else { return };
        for entry in register.attestation {
            let line = line_of(text, entry.span().start);
            let entry = entry.into_inner();
            let Some(attested_at) = instant(&entry.attested_at, "attested_at", line, sink) else {
                sink.record(line).reject(&format!("attested_at {NO_TIME}"), entry.id.as_bytes());
                continue;
            };
            let Some((expires_at, validity)) = entry.ends(attested_at) else {
                let reason = "an attestation needs either valid_for, such as \"90d\", or frequency (monthly, quarterly, yearly)";
                sink.record(line).reject(reason, entry.id.as_bytes());
                continue;
            };
            let duties = [("id", &entry.id), ("statement", &entry.statement), ("attested_by", &entry.attested_by)];
            if let Some(key) = silent(&duties.map(|(key, text)| (key, text.as_str()))) {
                sink.record(line).reject(&format!("the attestation has an empty {key}"), entry.id.as_bytes());
                continue;
            }
            let control_ids = entry.control_ids.join(", ");
            sink.record(line).fact(Attestation {
                attestation_id: entry.id.trim(),
                statement: &one_line(&entry.statement),
                attested_by: &entry.attested_by,
                attested_at,
                expires_at,
                validity: &validity,
                evidence: entry.evidence.as_deref(),
                control_ids: Some(control_ids.as_str()).filter(|ids| !ids.is_empty()),
            });
        }
    }
}
