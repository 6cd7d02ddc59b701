//! The report model: everything that a page says, in the order in which it says it. Every number is made, every time is
//! text, every list is sorted, so that outputs only write. Texts that come from evidence are still hostile: each output
//! escapes them.

use std::fmt;

use serde::Serialize;

pub(super) use super::drill::DrillReport;
pub use super::evidence::{Citation, Limit, LimitKind, LimitsAlike, Reject, Source};
use super::fleet::Fleet;
use super::management::{Registers, Response, SampledItem, Sampling};
pub use super::requirements::{Framework, Map, MatrixGroup, MatrixRow, NoDirect, Requirement, RequirementCounts, Support};
pub use super::sessions::{Command, Session, SessionPlace};
use super::streams::Stream;

/// What was concluded on a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// At least one item is an exception.
    Exceptions,
    /// The evidence does not carry a conclusion.
    CouldNotConclude,
    /// A population that is not empty, complete coverage, and no exception.
    NoExceptions,
    /// There is nothing to which the control applies; the reason is stated.
    NotApplicable,
}

impl Conclusion {
    /// All conclusions in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Exceptions, Self::CouldNotConclude, Self::NoExceptions, Self::NotApplicable];

    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Exceptions => "Exceptions noted",
            Self::CouldNotConclude => "Could not conclude",
            Self::NoExceptions => "No exceptions noted",
            Self::NotApplicable => "Not applicable",
        }
    }

    /// The name of its glyph and of its style: `exceptions`, `could-not-conclude`, `no-exceptions`, `not-applicable`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Exceptions => "exceptions",
            Self::CouldNotConclude => "could-not-conclude",
            Self::NoExceptions => "no-exceptions",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// The whole report.
#[derive(Clone, Debug)]
pub struct Report {
    /// `steadfast 0.1.0`
    pub tool: String,
    /// SHA-256 of the control set as used, parameters included.
    pub control_set_sha256: String,
    /// Name of the system under audit.
    pub system: String,
    /// Who prepares the evidence.
    pub prepared_by: String,
    /// Printed on every page, for example `Confidential`.
    pub classification: String,
    /// The audit period.
    pub period: Period,
    /// The one sentence that sums up: "2 exceptions in 1 of 24 controls; 3 controls could not be concluded."
    pub summary: String,
    /// The question answered: one column a class of hosts (immutable, stateful, changes and fleet as a whole).
    pub answers: Vec<Answer>,
    /// Hosts that belong to neither class, by name.
    pub unclassified: Vec<String>,
    /// How many hosts of each class.
    pub hosts: Hosts,
    /// How many controls have each conclusion, in the order of [`Conclusion::ALL`].
    pub counts: Vec<Count>,
    /// How many controls there are.
    pub total_controls: usize,
    /// What the evidence cannot tell.
    pub limits: Vec<Limit>,
    /// The same by kind, in the order of the first of each kind.
    pub limit_kinds: Vec<LimitKind>,
    /// What was looked for to find limits, in words.
    pub limits_looked_for: String,
    /// SHA-256 of `data/sources.csv`, which carries the SHA-256 of every source.
    pub fingerprint: String,
    /// Who signed, or `unsigned`.
    pub signer: String,
    /// Exceptions that pages show, in the order of controls and then of time, those alike grouped.
    pub exceptions: Vec<ExceptionGroup>,
    /// All exceptions that were kept, for `report.json`.
    pub every_exception: Vec<Member>,
    /// The fleet over time.
    pub fleet: Fleet,
    /// What each log has of each host.
    pub streams: Vec<Stream>,
    /// One section a control, in the order of ids within families.
    pub controls: Vec<Control>,
    /// Framework by which the matrix is grouped, where it is.
    pub grouped_by: Option<String>,
    /// The rows of the matrix: one group without a heading, or the requirements of a framework.
    pub matrix: Vec<MatrixGroup>,
    /// Frameworks with what supports their requirements; the one that the matrix is grouped by comes first.
    pub frameworks: Vec<Framework>,
    /// The evidence register.
    pub sources: Vec<Source>,
    /// Records that could not be read (at most the first 200; `rejected_total` counts all).
    pub rejects: Vec<Reject>,
    /// How many records could not be read.
    pub rejected_total: u64,
    /// Waivers, exemptions, attestations and responses.
    pub registers: Registers,
    /// How samples are sized and drawn.
    pub sampling: Sampling,
    /// What came of the drill, where there was one.
    pub drill: Option<DrillReport>,
    /// What the words mean.
    pub glossary: Vec<(&'static str, &'static str)>,
}

/// The audit period, ready to print.
#[derive(Clone, Debug, Serialize)]
pub struct Period {
    /// As the user named it, for example `2026-Q3`.
    #[serde(skip)]
    pub name: String,
    /// ISO 8601 UTC.
    pub starts_at: String,
    /// ISO 8601 UTC; not included.
    pub ends_at: String,
    /// Zone in which the period was named.
    pub time_zone: String,
}

/// One column of the first page.
#[derive(Clone, Debug)]
pub struct Answer {
    /// "Immutable hosts"
    pub title: String,
    /// How the approved state is maintained there, in a sentence.
    pub how: String,
    /// How many hosts, where it is about hosts.
    pub hosts: Option<u64>,
    /// Its controls.
    pub controls: Vec<ControlLine>,
}

/// A control in a list.
#[derive(Clone, Debug)]
pub struct ControlLine {
    /// `SUDO-02`
    pub id: String,
    /// Title.
    pub title: String,
    /// Conclusion.
    pub conclusion: Conclusion,
    /// "7 exceptions of 1,195", in words.
    pub outcome: String,
}

/// Hosts by class.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Hosts {
    /// Hosts without state.
    pub immutable: u64,
    /// Hosts with state.
    pub stateful: u64,
    /// Hosts of neither class.
    pub unclassified: u64,
}

/// How many controls have a conclusion.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// The conclusion.
    pub conclusion: Conclusion,
    /// How many controls.
    pub number: usize,
}

/// Exceptions of one control and resource (and person) that are alike.
#[derive(Clone, Debug)]
pub struct ExceptionGroup {
    /// `X-1`: of the group, and the anchor of its article.
    pub id: String,
    /// `SUDO-02`
    pub control_id: String,
    /// Title of the control.
    pub control_title: String,
    /// Host, image, change …
    pub resource: String,
    /// Who, where the control names a person.
    pub actor: Option<String>,
    /// The sentence of the first one.
    pub sentence: String,
    /// What management asserts, for "expected".
    pub expected: String,
    /// Why it is an exception, for "observed".
    pub observed: String,
    /// How many exceptions the group holds.
    pub count: u64,
    /// First instant, ISO 8601 UTC.
    pub first_at: Option<String>,
    /// Last instant.
    pub last_at: Option<String>,
    /// What else the item says: label and value, for "when, who, where".
    pub details: Vec<(String, String)>,
    /// The session in which the commands were given, where it is about commands.
    pub session: Option<Session>,
    /// The members after the first: identifier, sentence, citation (at most 50; `count` counts all).
    pub others: Vec<ExceptionLine>,
    /// The deciding record; none for an exception of absence without a record.
    pub citation: Option<Citation>,
    /// The deciding record, verbatim but for secrets and hidden characters.
    pub quote: Vec<QuoteLine>,
    /// Why it is not quoted, or what was left out.
    pub quote_note: Option<String>,
    /// For an exception of absence: what was searched, in words.
    pub searched: Option<String>,
    /// Who accepted it, until when, and why, where a waiver covers it.
    pub accepted: Option<String>,
    /// Management's responses, in the order of the registers; an empty slot where there is none.
    pub responses: Vec<Response>,
}

/// One exception as machines read it.
#[derive(Clone, Debug)]
pub struct Member {
    /// `X-2`
    pub id: String,
    /// The group that it belongs to: the id of its first member.
    pub group: String,
    /// `SUDO-02`
    pub control_id: String,
    /// Host, image, change …
    pub resource: String,
    /// Why it is an exception.
    pub reason: String,
    /// Its sentence.
    pub sentence: String,
    /// When, ISO 8601 UTC.
    pub occurred_at: Option<String>,
    /// Where.
    pub citation: Option<Citation>,
    /// Who accepted it.
    pub accepted_by: Option<String>,
    /// Management's responses.
    pub responses: Vec<Response>,
    /// The session in which the command was given.
    pub session: Option<SessionPlace>,
}

/// One further exception of a group.
#[derive(Clone, Debug)]
pub struct ExceptionLine {
    /// `X-2`
    pub id: String,
    /// Its sentence.
    pub sentence: String,
    /// Where.
    pub citation: Option<Citation>,
}

/// A quoted line.
#[derive(Clone, Debug)]
pub struct QuoteLine {
    /// Its number in the file.
    pub number: Option<u64>,
    /// Whether it is the deciding one (`▸`).
    pub marked: bool,
    /// Text.
    pub text: String,
}

/// One control with everything said about it.
#[derive(Clone, Debug)]
pub struct Control {
    /// `SUDO-02`
    pub id: String,
    /// Title.
    pub title: String,
    /// `preventive` or `detective`.
    pub kind: String,
    /// `immutable`, `stateful`, `all` or `changes`.
    pub applies_to: String,
    /// What management asserts (Markdown).
    pub statement: String,
    /// What was tested (Markdown).
    pub procedure: String,
    /// What a clean result does not prove (Markdown).
    pub claim_limit: String,
    /// Conclusion.
    pub conclusion: Conclusion,
    /// Why, in a sentence.
    pub why: String,
    /// Items by status.
    pub counts: ItemCounts,
    /// The query as tested.
    pub sql: String,
    /// Its parameters, name and value as written.
    pub parameters: Vec<(String, String)>,
    /// Which requirements it supports, by framework.
    pub maps: Vec<Map>,
    /// The same in short: framework, and identifiers of requirements with commas.
    pub criteria: Vec<(String, String)>,
    /// From files to exceptions, each number leading to the next.
    pub reconciliation: Vec<Step>,
    /// Which part of the period the evidence speaks for.
    pub coverage: Coverage,
    /// The population, or the part of it that is shown.
    pub population: Population,
    /// What to re-perform.
    pub sample: Sample,
    /// Exceptions of this control by group id.
    pub exception_ids: Vec<String>,
    /// The first sources that the deciding records come from, by id.
    pub cited: Vec<String>,
    /// How many more there are, in words; empty where there are none.
    pub cited_more: String,
    /// All of them.
    pub cited_all: Vec<String>,
    /// Views that the query reads, with their place in the pack.
    pub views: Vec<String>,
}

/// Items of a population by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ItemCounts {
    /// All items.
    pub population: u64,
    /// Items that meet the control.
    pub met: u64,
    /// Exceptions, accepted ones included.
    pub exception: u64,
    /// Exceptions that a waiver covers.
    pub accepted: u64,
    /// Items that could not be judged.
    pub inconclusive: u64,
    /// Items to which the control does not apply.
    pub not_applicable: u64,
}

impl ItemCounts {
    /// Items that were tested: all but those to which the control does not apply, or that could not be judged.
    #[must_use]
    pub fn tested(&self) -> u64 {
        self.population - self.not_applicable - self.inconclusive
    }
}

/// One step of the reconciliation strip.
#[derive(Clone, Debug)]
pub struct Step {
    /// "files", "records", "facts", "in scope" …
    pub label: String,
    /// The number, with thousands separated.
    pub number: String,
    /// What is beside it: "3 rejected, 12 skipped".
    pub aside: Option<String>,
}

/// Which part of the period the evidence speaks for.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// What had to be covered, in words; none where the control needs no stream.
    pub needs: Vec<String>,
    /// First record of the streams needed, ISO 8601 UTC.
    pub first_at: Option<String>,
    /// Last record.
    pub last_at: Option<String>,
    /// Longest silence in seconds.
    pub longest_gap_s: Option<u64>,
    /// The same in words.
    pub longest_gap: Option<String>,
    /// Silences longer than allowed (at most 50; `gaps_total` counts all).
    pub gaps: Vec<Gap>,
    /// How many there are.
    pub gaps_total: u64,
    /// How many of the hosts that it applies to lived only part of the period.
    pub part_lived: u64,
    /// Streams that it needs, by name; each has a part of its own in the report.
    pub streams: Vec<String>,
}

/// A silence longer than allowed.
#[derive(Clone, Debug, Serialize)]
pub struct Gap {
    /// Host.
    pub host: String,
    /// Stream.
    pub stream: String,
    /// ISO 8601 UTC.
    pub from: String,
    /// ISO 8601 UTC.
    pub to: String,
    /// Seconds.
    pub length_s: u64,
    /// The same in words.
    #[serde(skip)]
    pub length: String,
}

/// The part of a population that is shown, and where all of it is.
#[derive(Clone, Debug, Default)]
pub struct Population {
    /// What an item is.
    pub item: String,
    /// Caption: "Population, 64 of 64" or "Population, exceptions and the first and last 25 of 1,195".
    pub caption: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows; the second cell is the status.
    pub rows: Vec<Vec<String>>,
    /// Path in the pack.
    pub csv_path: String,
    /// SHA-256 of that file.
    pub csv_sha256: String,
}

/// What to re-perform, and how it was chosen.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// In words; "all items" where all are to be looked at.
    pub method: String,
    /// Seed, hex.
    pub seed: String,
    /// How many.
    pub size: u64,
    /// Why so many.
    pub why: String,
    /// Path in the pack.
    pub csv_path: String,
    /// The items in the order drawn.
    pub items: Vec<SampledItem>,
}
