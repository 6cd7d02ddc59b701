//! Waivers: accepted exceptions. An accepted exception stays an exception; a waiver that covers nothing is a limit, and so
//! is one that a person gave to themselves.

use super::AssessError;
use super::engine::Engine;
use super::item::Item;
use super::registers::{Identities, entries};
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
    /// When.
    pub approved_at: Micros,
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
    /// How many exceptions it would cover, had it not been approved by the person that they are about.
    pub own: u64,
}

impl Waiver {
    /// "accepted by …, until …: … (ticket)", in words.
    #[must_use]
    pub fn words(&self) -> String {
        let ticket = self.ticket.as_ref().map_or_else(String::new, |ticket| format!(" ({ticket})"));
        format!("accepted by {} until {}: {}{ticket}", self.approver, self.expires_at.iso(), self.reason)
    }

    /// Whether it ends after it begins.
    #[must_use]
    pub fn ever_in_force(&self) -> bool {
        self.expires_at > self.approved_at
    }
}

/// All waivers, in the order of the registers.
pub(super) fn waivers(engine: &Engine) -> Result<Vec<Waiver>, AssessError> {
    entries(engine, "waivers", |cells| {
        Some(Waiver {
            control_id: cells.text("control_id"),
            resource: cells.text("resource"),
            reason: cells.text("reason"),
            approver: cells.text("approver"),
            approved_at: cells.time("approved_at")?,
            expires_at: cells.time("expires_at")?,
            ticket: cells.maybe("ticket"),
            source: cells.text("source"),
            line: cells.line(),
            covers: 0,
            expired: 0,
            own: 0,
        })
    })
}

/// Columns of a test that name who did what is an exception.
const PERSONS: [&str; 4] = ["actor", "requester", "assignee", "acknowledged_by"];

/// The waiver that covers an exception, counted as used: same control, same resource, not ended when it happened (at the
/// end of the period, where the exception has no time), and approved by somebody else than the person that it is about.
pub(super) fn cover(
    waivers: &mut [Waiver],
    identities: &Identities,
    control_id: &str,
    item: &Item,
    ends_at: Micros,
) -> Option<usize> {
    let happened = item.occurred_at.unwrap_or(ends_at);
    for (index, waiver) in waivers.iter_mut().enumerate() {
        if waiver.control_id != control_id || waiver.resource != item.resource || !waiver.ever_in_force() {
            continue;
        }
        let mut persons = PERSONS.iter().filter_map(|column| item.cell(column));
        if waiver.expires_at <= happened {
            waiver.expired += 1;
        } else if persons.any(|person| identities.same(person, &waiver.approver)) {
            waiver.own += 1;
        } else {
            waiver.covers += 1;
            return Some(index);
        }
    }
    None
}
