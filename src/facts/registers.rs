//! Registers kept by management: waivers and exemptions.

use super::rows::fact_table;
use super::time::Micros;

fact_table! {
    /// One accepted exception.
    WAIVERS ("waivers"): Waiver<'a> {
        /// Control that it belongs to.
        control_id: &'a str as Text,
        /// Resource that it covers.
        resource: &'a str as Text,
        /// Reason given.
        reason: &'a str as Prose,
        /// Who accepted it.
        approver: &'a str as Text,
        /// When it was accepted.
        approved_at: Micros as Time,
        /// When it ends.
        expires_at: Micros as Time,
        /// Ticket.
        ticket: Option<&'a str> as Prose,
    }
    instant: |fact| Some(fact.approved_at)
}

fact_table! {
    /// One registered decision that a host is stateful.
    EXEMPTIONS ("exemptions"): Exemption<'a> {
        /// Control that it exempts from; the immutability controls where absent.
        control_id: Option<&'a str> as Text,
        /// Host that is stateful.
        resource: &'a str as Text,
        /// Reason given.
        reason: &'a str as Prose,
        /// Who decided.
        approver: &'a str as Text,
        /// When it was decided.
        approved_at: Micros as Time,
        /// When it ends.
        expires_at: Micros as Time,
        /// Ticket.
        ticket: Option<&'a str> as Prose,
    }
    instant: |fact| Some(fact.approved_at)
}
