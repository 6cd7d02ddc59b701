//! The fleet over time: hosts by class, those that lived part of the period, those whose class changed.

use serde::Serialize;

use super::build::Input;
use super::cite::cite;
use super::model::Citation;
use super::streams::lived;
use crate::assess::{self, thousands};
use crate::facts::Micros;
use crate::redact::visible;

/// Rows that pages show; all are in `report.json`.
const MOST_ROWS: usize = 100;

/// The fleet over time.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// In a sentence with counts.
    pub summary: String,
    /// Class, hosts, those that lived part of the period, those whose class changed.
    pub classes: Vec<ClassLine>,
    /// Every change of class.
    pub changes: Vec<ClassChange>,
    /// Those that pages show.
    pub changes_shown: Vec<ClassChange>,
    /// What is shown of how many.
    pub changes_caption: String,
    /// Every host that lived part of the period.
    pub part_lived: Vec<PartLived>,
    /// Those that pages show.
    pub part_lived_shown: Vec<PartLived>,
    /// What is shown of how many.
    pub part_lived_caption: String,
}

/// Hosts of a class.
#[derive(Clone, Debug)]
pub struct ClassLine {
    /// `immutable`, `stateful` or `unclassified`.
    pub class: String,
    /// How many.
    pub hosts: u64,
    /// How many lived part of the period.
    pub part_lived: u64,
    /// How many changed their class.
    pub changed: u64,
}

/// A host whose class changed between two snapshots.
#[derive(Clone, Debug, Serialize)]
pub struct ClassChange {
    /// Host.
    pub host: String,
    /// Class in the earlier snapshot.
    pub from_class: String,
    /// Class in the later one.
    pub to_class: String,
    /// The last time that it was seen with the earlier class, ISO 8601 UTC.
    pub until_at: Option<String>,
    /// The first time that it was seen with the later one.
    pub since_at: Option<String>,
    /// When it was launched anew, where that was in between.
    pub launched_at: Option<String>,
    /// The class by which it is tested, for the whole period.
    pub tested_as: String,
    /// The earlier snapshot.
    #[serde(skip)]
    pub from: Option<Citation>,
    /// The later one.
    #[serde(skip)]
    pub to: Option<Citation>,
}

/// A host that lived part of the period.
#[derive(Clone, Debug, Serialize)]
pub struct PartLived {
    /// Host.
    pub host: String,
    /// Class.
    pub class: String,
    /// From when it lived within the period, ISO 8601 UTC.
    pub alive_from: Option<String>,
    /// Until when.
    pub alive_to: Option<String>,
    /// The same in words.
    #[serde(skip)]
    pub lived: String,
    /// The latest snapshot that lists it.
    #[serde(skip)]
    pub citation: Option<Citation>,
}

/// Whether a host lived part of the period only.
pub(super) fn lived_part(input: &Input<'_>, host: &assess::FleetHost) -> bool {
    host.alive_from.is_some_and(|from| from > input.period.starts_at) || host.alive_to.is_some_and(|to| to < input.period.ends_at)
}

/// The fleet over time.
pub(super) fn fleet(input: &Input<'_>) -> Fleet {
    let hosts = &input.assessment.fleet;
    let class_of = |name: &str| {
        let place = hosts.binary_search_by(|host| host.host.as_str().cmp(name)).ok();
        place.and_then(|place| hosts.get(place)).map_or("unclassified", |host| host.class.as_str())
    };
    let cited =
        |(source, line): &(Option<String>, Option<u64>)| source.as_ref().and_then(|source| cite(input.collected, source, *line));
    let changes: Vec<ClassChange> = input
        .assessment
        .class_changes
        .iter()
        .map(|change| ClassChange {
            host: visible(&change.host).into_owned(),
            from_class: change.from_class.clone(),
            to_class: change.to_class.clone(),
            until_at: change.until_at.map(Micros::to_the_second),
            since_at: change.since_at.map(Micros::to_the_second),
            launched_at: change.launched_at.map(Micros::to_the_second),
            tested_as: class_of(&change.host).to_owned(),
            from: cited(&change.from),
            to: cited(&change.to),
        })
        .collect();
    let part_lived: Vec<PartLived> = hosts
        .iter()
        .filter(|host| lived_part(input, host))
        .map(|host| PartLived {
            host: visible(&host.host).into_owned(),
            class: host.class.clone(),
            alive_from: host.alive_from.map(Micros::to_the_second),
            alive_to: host.alive_to.map(Micros::to_the_second),
            lived: lived(input, host.alive_from, host.alive_to),
            citation: host.source.as_ref().and_then(|source| cite(input.collected, source, host.line)),
        })
        .collect();
    let mut changed: Vec<&str> = input.assessment.class_changes.iter().map(|change| change.host.as_str()).collect();
    changed.dedup();
    let classes: Vec<ClassLine> = ["immutable", "stateful", "unclassified"]
        .into_iter()
        .map(|class| ClassLine {
            class: class.to_owned(),
            hosts: hosts.iter().filter(|host| host.class == class).count() as u64,
            part_lived: hosts.iter().filter(|host| host.class == class && lived_part(input, host)).count() as u64,
            changed: changed.iter().filter(|host| class_of(host) == class).count() as u64,
        })
        .collect();
    let noun = |number: usize| if number == 1 { "1 host".to_owned() } else { format!("{} hosts", thousands(number as u64)) };
    Fleet {
        summary: format!(
            "{} in the period; {} lived only part of it; the class of {} changed between two snapshots. A host that was of both classes is tested as stateful for the whole period.",
            noun(hosts.len()),
            noun(part_lived.len()),
            noun(changed.len())
        ),
        classes,
        changes_caption: caption("Changes of class", changes.len()),
        changes_shown: changes.iter().take(MOST_ROWS).cloned().collect(),
        changes,
        part_lived_caption: caption("Hosts that lived only part of the period", part_lived.len()),
        part_lived_shown: part_lived.iter().take(MOST_ROWS).cloned().collect(),
        part_lived,
    }
}

fn caption(what: &str, all: usize) -> String {
    let shown = thousands(all.min(MOST_ROWS) as u64);
    let rest = if all > MOST_ROWS { "; all are in report.json" } else { "" };
    format!("{what}, {shown} of {}{rest}", thousands(all as u64))
}

#[cfg(test)]
mod tests {
    use super::caption;

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(caption("Changes of class", 3), "Changes of class, 3 of 3");
        assert_eq!(caption("Changes of class", 1_200), "Changes of class, 100 of 1,200; all are in report.json");
    }
}
