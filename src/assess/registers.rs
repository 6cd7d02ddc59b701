//! Registers that management keeps: exemptions, responses to exceptions, attestations; and who is who. Waivers have a file
//! of their own.

use std::collections::BTreeMap;

use super::AssessError;
use super::engine::{Engine, Parameters};
use super::frame::Frame;
use super::item::Item;
use crate::facts::Micros;

/// A registered decision that a host is stateful.
#[derive(Clone, Debug)]
pub struct Exemption {
    /// Control that it exempts from; the immutability controls where absent.
    pub control_id: Option<String>,
    /// Host.
    pub resource: String,
    /// Reason given.
    pub reason: String,
    /// Who decided.
    pub approver: String,
    /// When it was decided.
    pub approved_at: Micros,
    /// When it ends.
    pub expires_at: Micros,
    /// Ticket.
    pub ticket: Option<String>,
    /// Source of the register.
    pub source: String,
    /// Line of the entry.
    pub line: u64,
}

/// Management's answer to exceptions.
#[derive(Clone, Debug)]
pub struct Response {
    /// Control whose exceptions it answers.
    pub control_id: String,
    /// Their resource.
    pub resource: String,
    /// The moment of the one that it answers.
    pub occurred_at: Option<Micros>,
    /// Text that their reason contains.
    pub reason: Option<String>,
    /// The answer, Markdown.
    pub text: String,
    /// Who answers.
    pub by: String,
    /// When.
    pub at: Micros,
    /// By when something is to be done.
    pub due: Option<Micros>,
    /// Source of the register.
    pub source: String,
    /// Line of the entry.
    pub line: u64,
    /// How many exceptions it answers.
    pub answers: u64,
}

/// A statement by management about what no log can show. No conclusion rests on it but that of the control which asks
/// whether it was made.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// Identifier.
    pub id: String,
    /// What is attested.
    pub statement: String,
    /// Who attests.
    pub attested_by: String,
    /// When.
    pub attested_at: Micros,
    /// When it ends.
    pub expires_at: Micros,
    /// For how long it was given: `90d`, or `quarterly`.
    pub validity: String,
    /// What it rests on.
    pub evidence: Option<String>,
    /// Controls that it concerns.
    pub control_ids: Vec<String>,
    /// Source of the register.
    pub source: String,
    /// Line of the entry.
    pub line: u64,
}

/// Reads a register in the order of its sources and lines; rows that `entry` makes nothing of do not occur, because
/// columns without which an entry is none are required of the readers.
pub(super) fn entries<T>(
    engine: &Engine,
    table: &str,
    mut entry: impl FnMut(&Cells<'_>) -> Option<T>,
) -> Result<Vec<T>, AssessError> {
    let mut entries = Vec::new();
    engine.query(table, &format!("select * from {table} order by source, line"), &Parameters::new(), |frame| {
        entries.extend((0..frame.rows()).filter_map(|row| entry(&Cells { frame, row })));
        Ok(())
    })?;
    Ok(entries)
}

/// The cells of one entry.
pub(super) struct Cells<'f> {
    frame: &'f Frame,
    row: usize,
}

impl Cells<'_> {
    pub(super) fn maybe(&self, column: &str) -> Option<String> {
        self.frame.text(column, self.row).map(|text| text.into_owned())
    }

    pub(super) fn text(&self, column: &str) -> String {
        self.maybe(column).unwrap_or_default()
    }

    pub(super) fn time(&self, column: &str) -> Option<Micros> {
        self.frame.time(column, self.row)
    }

    pub(super) fn line(&self) -> u64 {
        self.frame.int("line", self.row).and_then(|line| u64::try_from(line).ok()).unwrap_or(1)
    }
}

/// All exemptions.
pub(super) fn exemptions(engine: &Engine) -> Result<Vec<Exemption>, AssessError> {
    entries(engine, "exemptions", |cells| {
        Some(Exemption {
            control_id: cells.maybe("control_id"),
            resource: cells.text("resource"),
            reason: cells.text("reason"),
            approver: cells.text("approver"),
            approved_at: cells.time("approved_at")?,
            expires_at: cells.time("expires_at")?,
            ticket: cells.maybe("ticket"),
            source: cells.text("source"),
            line: cells.line(),
        })
    })
}

/// All responses.
pub(super) fn responses(engine: &Engine) -> Result<Vec<Response>, AssessError> {
    entries(engine, "responses", |cells| {
        Some(Response {
            control_id: cells.text("control_id"),
            resource: cells.text("resource"),
            occurred_at: cells.time("occurred_at"),
            reason: cells.maybe("reason"),
            text: cells.text("response"),
            by: cells.text("responded_by"),
            at: cells.time("responded_at")?,
            due: cells.time("due_at"),
            source: cells.text("source"),
            line: cells.line(),
            answers: 0,
        })
    })
}

/// All attestations.
pub(super) fn attestations(engine: &Engine) -> Result<Vec<Attestation>, AssessError> {
    entries(engine, "attestations", |cells| {
        let control_ids = cells.text("control_ids");
        let control_ids = control_ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned);
        Some(Attestation {
            id: cells.text("attestation_id"),
            statement: cells.text("statement"),
            attested_by: cells.text("attested_by"),
            attested_at: cells.time("attested_at")?,
            expires_at: cells.time("expires_at")?,
            validity: cells.text("validity"),
            evidence: cells.maybe("evidence"),
            control_ids: control_ids.collect(),
            source: cells.text("source"),
            line: cells.line(),
        })
    })
}

/// The responses to an exception, counted as used: same control and resource, and the moment and the part of the reason
/// that they name. Moments are compared to the second, as pages show them.
pub(super) fn answer(responses: &mut [Response], control_id: &str, item: &Item) -> Vec<usize> {
    let second = |instant: Micros| instant.0.div_euclid(1_000_000);
    let mut answering = Vec::new();
    for (index, response) in responses.iter_mut().enumerate() {
        let moment =
            response.occurred_at.is_none_or(|at| item.occurred_at.is_some_and(|happened| second(happened) == second(at)));
        let reason = response.reason.as_ref().is_none_or(|part| item.reason.contains(part.as_str()));
        if response.control_id == control_id && response.resource == item.resource && moment && reason {
            response.answers += 1;
            answering.push(index);
        }
    }
    answering
}

/// Who is who: the person behind each alias that names one person alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Identities(BTreeMap<String, Option<String>>);

impl Identities {
    /// From the view `identities`, which controls use too.
    pub(super) fn read(engine: &Engine) -> Result<Self, AssessError> {
        let mut known = BTreeMap::new();
        engine.query("identities", "select alias, person, shared from identities", &Parameters::new(), |frame| {
            for row in 0..frame.rows() {
                let text = |column: &str| frame.text(column, row).unwrap_or_default();
                let person = (text("shared") != "true").then(|| text("person").to_lowercase());
                known.insert(text("alias").to_lowercase(), person);
            }
            Ok(())
        })?;
        Ok(Self(known))
    }

    fn person(&self, name: &str) -> String {
        let name = name.trim().to_lowercase();
        self.0.get(&name).cloned().flatten().unwrap_or(name)
    }

    /// Whether two names are those of one person.
    pub(super) fn same(&self, one: &str, other: &str) -> bool {
        self.person(one) == self.person(other)
    }
}

#[cfg(test)]
mod tests {
    use super::Identities;

    #[test]
    fn aliases_of_one_person_are_the_same_and_shared_ones_are_nobody() {
        let known = [("ann.lee", Some("ann")), ("alee", Some("ann")), ("ops", None)];
        let known = Identities(known.map(|(alias, person)| (alias.to_owned(), person.map(str::to_owned))).into());
        assert!(known.same("Ann.Lee", "alee") && known.same("ann", "alee") && known.same("x", "X "));
        assert!(!known.same("ops", "ann") && !known.same("bo", "ann"));
    }
}
