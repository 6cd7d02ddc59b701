//! Registers kept by management: waivers, exemptions, responses and attestations.

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

fact_table! {
    /// Management's answer to exceptions.
    RESPONSES ("responses"): Response<'a> {
        /// Control whose exceptions it answers.
        control_id: &'a str as Text,
        /// Resource of the exceptions.
        resource: &'a str as Text,
        /// Moment of the one exception that it answers; all of the resource where absent.
        occurred_at: Option<Micros> as Time,
        /// Text that the reason of the exceptions contains, where it answers only such.
        reason: Option<&'a str> as Prose,
        /// The answer, Markdown.
        response: &'a str as Prose,
        /// Who answers.
        responded_by: &'a str as Text,
        /// When.
        responded_at: Micros as Time,
        /// By when something is to be done.
        due_at: Option<Micros> as Time,
    }
    instant: |fact| Some(fact.responded_at)
}

fact_table! {
    /// One statement by management about what no log can show.
    ATTESTATIONS ("attestations"): Attestation<'a> {
        /// Identifier, as `[attestations.required]` names it.
        attestation_id: &'a str as Text,
        /// What is attested, on one line.
        statement: &'a str as Prose,
        /// Who attests.
        attested_by: &'a str as Text,
        /// When: the statement counts from then on.
        attested_at: Micros as Time,
        /// When it ends.
        expires_at: Micros as Time,
        /// For how long it was given: `90d`, or `quarterly`.
        validity: &'a str as Text,
        /// What it rests on.
        evidence: Option<&'a str> as Prose,
        /// Controls that it concerns, comma-separated. It changes the conclusion of none.
        control_ids: Option<&'a str> as Text,
    }
    instant: |fact| Some(fact.attested_at)
}
