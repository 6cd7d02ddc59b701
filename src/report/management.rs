//! The part of the model that holds management's own words and decisions, and how samples are sized. Nothing of it is
//! tested by being here.

use serde::Serialize;

use super::evidence::Citation;

/// Management's response to exceptions.
#[derive(Clone, Debug, Serialize)]
pub struct Response {
    /// Its words, Markdown; line ends are kept, other hidden characters shown.
    pub text: String,
    /// Who answers.
    pub by: String,
    /// When, ISO 8601 UTC.
    pub at: String,
    /// By when something is to be done.
    pub due: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub citation: Option<Citation>,
}

/// The registers that management keeps.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Registers {
    /// Accepted exceptions.
    pub waivers: Vec<Decision>,
    /// Hosts that are stateful by decision.
    pub exemptions: Vec<Decision>,
    /// What management attests.
    pub attestations: Vec<Attestation>,
    /// What is required to be attested and stands in no register: id and statement.
    pub not_attested: Vec<(String, String)>,
    /// Responses to exceptions.
    pub responses: Vec<ResponseLine>,
}

impl Registers {
    /// Where their entries stand.
    pub fn citations(&self) -> impl Iterator<Item = &Citation> {
        let decisions = self.waivers.iter().chain(&self.exemptions).filter_map(|entry| entry.citation.as_ref());
        let attestations = self.attestations.iter().filter_map(|entry| entry.citation.as_ref());
        decisions.chain(attestations).chain(self.responses.iter().filter_map(|entry| entry.response.citation.as_ref()))
    }
}

/// A waiver or an exemption.
#[derive(Clone, Debug, Serialize)]
pub struct Decision {
    /// Control, where it names one.
    pub control_id: Option<String>,
    /// What it is about.
    pub resource: String,
    /// Reason given.
    pub reason: String,
    /// Ticket.
    pub ticket: Option<String>,
    /// Who decided.
    pub approver: String,
    /// When, ISO 8601 UTC.
    pub approved_at: String,
    /// When it ends.
    pub expires_at: String,
    /// What it covers, or why it covers nothing, in words.
    pub standing: String,
    /// Groups of exceptions that it covers, of those on the pages.
    pub exceptions: Vec<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub citation: Option<Citation>,
}

/// What management attests.
#[derive(Clone, Debug, Serialize)]
pub struct Attestation {
    /// Identifier.
    pub id: String,
    /// What is attested.
    pub statement: String,
    /// Who attests.
    pub attested_by: String,
    /// When, ISO 8601 UTC.
    pub attested_at: String,
    /// When it ends.
    pub expires_at: String,
    /// For how long it was given: `90d`, or `quarterly`.
    pub validity: String,
    /// What it rests on.
    pub evidence: Option<String>,
    /// Controls of this report that it concerns; it changes the conclusion of none.
    pub control_ids: Vec<String>,
    /// How it stands to the period and to what is required, in words.
    pub standing: String,
    /// Where it stands.
    #[serde(flatten)]
    pub citation: Option<Citation>,
}

/// A response in the list of all.
#[derive(Clone, Debug, Serialize)]
pub struct ResponseLine {
    /// Control whose exceptions it answers.
    pub control_id: String,
    /// Their resource.
    pub resource: String,
    /// What it answers, in words.
    pub standing: String,
    /// Groups of exceptions that it answers, of those on the pages.
    pub exceptions: Vec<String>,
    /// The response.
    #[serde(flatten)]
    pub response: Response,
}

/// How samples for re-performance are sized and drawn.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sampling {
    /// `practice` or `attribute`.
    pub basis: String,
    /// What was chosen, in a sentence.
    pub chosen: String,
    /// The auditor's seed, where one was given.
    pub seed: Option<String>,
    /// What to know of all sizes.
    pub note: String,
    /// Where the table is in the pack.
    pub path: String,
    /// Heads of the table of usual sizes, and its rows.
    pub practice: (Vec<String>, Vec<Vec<String>>),
    /// Heads of the table of attribute sampling, and its rows.
    pub attribute: (Vec<String>, Vec<Vec<String>>),
}

/// An item to look at again.
#[derive(Clone, Debug, Serialize)]
pub struct SampledItem {
    /// 1-based place in the order drawn.
    pub drawn: u64,
    /// 1-based row in the population.
    pub row: u64,
    /// What it is about.
    pub resource: String,
    /// Its status.
    pub status: String,
    /// Where its deciding record is.
    #[serde(flatten)]
    pub citation: Option<Citation>,
}
