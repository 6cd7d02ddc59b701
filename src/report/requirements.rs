//! The part of the model that speaks of frameworks: requirements, the controls that support them, and the matrix grouped by
//! them. No part of it says whether a requirement is met: it lists controls with what was concluded on each.

use serde::Serialize;

use super::model::Conclusion;

/// A framework and what supports its requirements.
#[derive(Clone, Debug, Serialize)]
pub struct Framework {
    /// `NIST-800-53r5`
    pub id: String,
    /// Name of the publication.
    pub name: String,
    /// Version, edition or date.
    pub version: String,
    /// Who publishes it.
    pub publisher: String,
    /// What may be quoted, and where titles come from.
    pub quoting: String,
    /// How many requirements the framework's file lists.
    pub counts: RequirementCounts,
    /// Requirements that at least one control is mapped to, in the framework's order.
    pub requirements: Vec<Requirement>,
    /// Identifiers of those that no control is mapped to.
    pub without_control: Vec<String>,
    /// Topics on which the framework has no direct requirement.
    pub no_direct_requirement: Vec<NoDirect>,
    /// Controls that are neither mapped nor said to have no requirement: nobody has looked.
    pub not_mapped: Vec<String>,
}

/// Requirements counted.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RequirementCounts {
    /// All that the file lists; not all that the framework has.
    pub listed: u64,
    /// Those that at least one control is mapped to.
    pub mapped: u64,
    /// Those not held against the publisher's text.
    pub unverified: u64,
}

/// A requirement and the controls that are mapped to it.
#[derive(Clone, Debug, Serialize)]
pub struct Requirement {
    /// `CM-3(7)`
    pub id: String,
    /// Title or paraphrase.
    pub title: String,
    /// Whether identifier and title were held against the publisher's text.
    pub verified: bool,
    /// Controls, in their order.
    pub controls: Vec<Support>,
}

/// A control that is mapped to a requirement, with what was concluded on the control.
#[derive(Clone, Debug, Serialize)]
pub struct Support {
    /// `SUDO-02`
    pub control_id: String,
    /// Title of the control.
    pub title: String,
    /// Conclusion on the control; not on the requirement.
    pub conclusion: Conclusion,
    /// `equal`, `subset`, `superset`, `intersects` or `supports`.
    pub relation: String,
    /// Why.
    pub rationale: String,
    /// What the mapping does not show, beyond the control's own limit.
    pub claim_limit: Option<String>,
}

/// A topic on which a framework has no direct requirement.
#[derive(Clone, Debug, Serialize)]
pub struct NoDirect {
    /// In our words.
    pub topic: String,
    /// Controls about it.
    pub controls: Vec<String>,
    /// Why there is none.
    pub why: Option<String>,
}

/// A requirement that a control is mapped to.
#[derive(Clone, Debug, Serialize)]
pub struct Map {
    /// `NIST-800-53r5`
    pub framework: String,
    /// `CM-3(7)`
    pub id: String,
    /// Title or paraphrase.
    pub title: String,
    /// Whether identifier and title were held against the publisher's text.
    pub verified: bool,
    /// `equal`, `subset`, `superset`, `intersects` or `supports`.
    pub relation: String,
    /// Why.
    pub rationale: String,
    /// What the mapping does not show, beyond the control's own limit.
    pub claim_limit: Option<String>,
}

/// Rows of the matrix that stand together.
#[derive(Clone, Debug)]
pub struct MatrixGroup {
    /// What they have in common, where the matrix is grouped.
    pub heading: Option<String>,
    /// What is to be known about the heading.
    pub note: Option<String>,
    /// The rows.
    pub rows: Vec<MatrixRow>,
}

/// A row of the matrix.
#[derive(Clone, Debug)]
pub struct MatrixRow {
    /// The control.
    pub control_id: String,
    /// The heading under which the control stands in full, where that is above.
    pub above: Option<String>,
}
