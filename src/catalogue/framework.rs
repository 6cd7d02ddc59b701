//! A framework as its TOML file says it: requirements, and which controls support them.
//!
//! Mappings stand with the framework, and not with the controls: a framework is added as one file, it is read at once by
//! whoever knows it, and controls stay short. A control of one's own may carry `[[maps]]` itself; they join those of the
//! framework.

use serde::Deserialize;
use toml::Spanned;

/// A framework: a published list of requirements.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Identifier, equal to the name of its file.
    pub id: String,
    /// Name of the publication.
    pub name: String,
    /// Version, edition or date.
    pub version: String,
    /// Who publishes it.
    pub publisher: String,
    /// What may be quoted, and where the titles here come from.
    pub quoting: String,
    /// Requirements that earlier versions had and this one does not.
    #[serde(default)]
    pub withdrawn: Vec<Withdrawn>,
    /// Topics on which the framework has no direct requirement.
    #[serde(default)]
    pub no_direct_requirement: Vec<NoDirectRequirement>,
    /// Requirements that controls may be mapped to, in the framework's order.
    #[serde(rename = "requirement")]
    pub requirements: Vec<Requirement>,
    /// The file's text.
    #[serde(skip)]
    pub text: String,
}

/// One requirement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Identifier in the framework, for example `CM-3(7)`.
    pub id: Spanned<String>,
    /// The publisher's title where it may be quoted, and a paraphrase of ours otherwise.
    pub title: String,
    /// Whether identifier and title were held against the publisher's text.
    pub verified: bool,
    /// Controls that support it; none where no control of the catalogue is mapped to it.
    #[serde(default)]
    pub supported_by: Vec<Support>,
}

/// A control that supports a requirement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    /// `SUDO-02`
    pub control: Spanned<String>,
    /// How it relates to the requirement.
    pub relation: Relation,
    /// Why.
    pub rationale: String,
    /// What the mapping does not show, beyond the control's own limit.
    pub claim_limit: Option<String>,
}

/// A requirement that is no longer in force.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawn {
    /// Identifier.
    pub id: String,
    /// Where its content went; empty where that is not known.
    #[serde(default)]
    pub went_to: Vec<String>,
}

/// A topic on which the framework has no direct requirement, so that nobody forces a mapping.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoDirectRequirement {
    /// The topic in our words.
    pub topic: String,
    /// Controls about it.
    pub controls: Vec<Spanned<String>>,
    /// Why there is none, where that needs saying.
    pub why: Option<String>,
}

/// How a control relates to a requirement. None of them says that the requirement is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    /// The same.
    Equal,
    /// Part of it.
    Subset,
    /// More than it.
    Superset,
    /// Overlaps with it.
    Intersects,
    /// Helps to meet it.
    Supports,
}

impl Relation {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Subset => "subset",
            Self::Superset => "superset",
            Self::Intersects => "intersects",
            Self::Supports => "supports",
        }
    }
}

impl Framework {
    /// How many requirements at least one control is mapped to.
    #[must_use]
    pub fn mapped(&self) -> usize {
        self.requirements.iter().filter(|requirement| !requirement.supported_by.is_empty()).count()
    }

    /// How many requirements nobody has held against the publisher's text yet.
    #[must_use]
    pub fn unverified(&self) -> usize {
        self.requirements.iter().filter(|requirement| !requirement.verified).count()
    }
}
