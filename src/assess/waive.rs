//! Waivers: accepted exceptions. An accepted exception stays an exception; a waiver that covers nothing is a limit.

use super::AssessError;
use super::engine::{Engine, Parameters};
use super::item::Item;
use crate::facts::Micros;

/// One accepted exception of the register.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// Control.
    pub control_id: String,
    /// Resource.
    pub resource: String,
    /// Reason given.
    pub reason: String,
    /// Who accepted it.
    pub approver: String,
    /// When it ends.
    pub expires_at: Micros,
    /// Ticket.
    pub ticket: Option<String>,
    /// Source of the register.
    pub source: String,
    /// Line of the entry.
    pub line: u64,
    /// How many exceptions it covers.
    pub covers: u64,
    /// How many exceptions it would cover, had it not ended before them.
    pub expired: u64,
}

impl Waiver {
    /// "accepted by …, until …: … (ticket)", in words.
    #[must_use]
    pub fn words(&self) -> String {
        let ticket = self.ticket.as_ref().map_or_else(String::new, |ticket| format!(" ({ticket})"));
        format!("accepted by {} until {}: {}{ticket}", self.approver, self.expires_at.iso(), self.reason)
    }
}

/// All waivers, in the order of the registers.
pub(super) fn waivers(engine: &Engine) -> Result<Vec<Waiver>, AssessError> {
    let sql =
        "select control_id, resource, reason, approver, expires_at, ticket, source, line from waivers order by source, line";
    let mut waivers = Vec::new();
    engine.query("waivers", sql, &Parameters::new(), |frame| {
        for row in 0..frame.rows() {
            let text = |name: &str| frame.text(name, row).map(|text| text.into_owned());
            let Some(expires_at) = frame.time("expires_at", row) else { continue };
            waivers.push(Waiver {
                control_id: text("control_id").unwrap_or_default(),
                resource: text("resource").unwrap_or_default(),
                reason: text("reason").unwrap_or_default(),
                approver: text("approver").unwrap_or_default(),
                expires_at,
                ticket: text("ticket"),
                source: text("source").unwrap_or_default(),
                line: frame.int("line", row).and_then(|line| u64::try_from(line).ok()).unwrap_or(1),
                covers: 0,
                expired: 0,
            });
        }
        Ok(())
    })?;
    Ok(waivers)
}

/// The waiver that covers an exception, counted as used: same control, same resource, not ended when it happened (at the
/// end of the period, where the exception has no time).
pub(super) fn cover(waivers: &mut [Waiver], control_id: &str, item: &Item, ends_at: Micros) -> Option<usize> {
    let happened = item.occurred_at.unwrap_or(ends_at);
    for (index, waiver) in waivers.iter_mut().enumerate() {
        if waiver.control_id == control_id && waiver.resource == item.resource {
            if waiver.expires_at > happened {
                waiver.covers += 1;
                return Some(index);
            }
            waiver.expired += 1;
        }
    }
    None
}
