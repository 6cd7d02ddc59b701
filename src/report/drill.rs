//! What came of a drill, in the words and the order in which pages and machines say it.

use serde::Serialize;

use crate::assess::{Drilled, FalseAlarm, MOST_ALARMS, Plant, Told, thousands};
use crate::redact::visible;

/// The drill, ready to print. Its fields are those of `drill.json`.
#[derive(Clone, Debug, Serialize)]
pub struct DrillReport {
    /// Layout of `drill.json`: fields are added, never renamed.
    pub format_version: u32,
    /// What decided the places.
    pub seed: String,
    /// Violations asked for, of each kind.
    pub per_kind: usize,
    /// The one sentence that sums up.
    pub summary: String,
    /// What was done, in words.
    pub procedure: String,
    /// What the drill does not show.
    pub claim_limit: String,
    /// Violations planted.
    pub planted: u64,
    /// Those that were detected.
    pub detected: u64,
    /// Those that were missed.
    pub missed: u64,
    /// New exceptions or items not judged that no plant explains.
    pub false_alarms: u64,
    /// One line a control, in their order.
    pub controls: Vec<DrillControl>,
    /// Every plant.
    pub plants: Vec<DrillPlant>,
    /// New items that no plant explains, at most 20 a control.
    pub alarms: Vec<DrillAlarm>,
    /// Kinds of violations that have no place in this evidence.
    pub no_place: Vec<DrillKind>,
}

/// A kind of violation.
#[derive(Clone, Debug, Serialize)]
pub struct DrillKind {
    /// The control that would have had to find it.
    pub control_id: String,
    /// What it is.
    pub title: String,
}

/// What came of the plants of one control.
#[derive(Clone, Debug, Serialize)]
pub struct DrillControl {
    /// `SUDO-02`
    pub id: String,
    /// Title.
    pub title: String,
    /// Violations planted.
    pub planted: u64,
    /// Those that it detected.
    pub detected: u64,
    /// Those that it missed.
    pub missed: u64,
    /// New items that no plant explains.
    pub false_alarms: u64,
    /// How many kinds of violations there are for it.
    pub kinds: usize,
    /// How many of them have no place in this evidence.
    pub kinds_without_place: usize,
    /// What to know about the line: what has no place, in words; empty where there is nothing.
    pub note: String,
}

/// One planted violation.
#[derive(Clone, Debug, Serialize)]
pub struct DrillPlant {
    /// `P-007`
    pub id: String,
    /// The control that had to find it.
    pub control_id: String,
    /// Kind: the name of its file, `drills/<kind>.toml`.
    pub kind: String,
    /// What it is, in a few words.
    pub what: String,
    /// Where: host, image, change …
    pub resource: String,
    /// When, ISO 8601 UTC, where it has a time.
    pub planted_at: Option<String>,
    /// What was planted, as a sentence.
    pub planted: String,
    /// Whether its control detected it.
    pub detected: bool,
    /// What the control said; for a miss, why it is one.
    pub said: String,
    /// Other controls that found it, or what follows from it.
    pub also_found_by: Vec<String>,
}

/// A new item that no plant explains.
#[derive(Clone, Debug, Serialize)]
pub struct DrillAlarm {
    /// Control.
    pub control_id: String,
    /// What it is about.
    pub resource: String,
    /// `exception` or `inconclusive`.
    pub status: String,
    /// Why.
    pub reason: String,
}

const PROCEDURE: &str = "Violations of the kinds that the controls claim to detect were planted in a copy of the facts of this evidence, at places that the seed chose at random among all that the evidence has for the kind. The same controls, with the same parameters, judged the copy. A violation is detected where its own control has a new item about it with the status that it must have. A new exception, or item not judged, that follows from no planted violation is a false alarm. The facts, populations and conclusions of this report are those of the evidence alone: no planted row is in them.";

const CLAIM_LIMIT: &str = "The copy is one of facts: that a real log of such an event would be read as the same facts is shown by the tests of each format, and not by the drill. It shows that the controls find what is in the evidence, and not that the evidence holds all that happened. Kinds of violations that nobody wrote down are not planted, and those without a place in this evidence were not tried.";

/// Words a drill as the report says it.
#[must_use]
pub fn drill_report(drilled: &Drilled) -> DrillReport {
    let controls: Vec<DrillControl> = drilled
        .tallies
        .iter()
        .map(|tally| DrillControl {
            id: tally.control.clone(),
            title: tally.title.clone(),
            planted: tally.planted,
            detected: tally.detected,
            missed: tally.planted - tally.detected,
            false_alarms: tally.false_alarms,
            kinds: tally.kinds,
            kinds_without_place: tally.no_place.len(),
            note: match (tally.kinds, tally.no_place.as_slice()) {
                (0, _) => "no kind of violation is written down for it".to_owned(),
                (_, []) => String::new(),
                (_, titles) => format!("no place in this evidence: {}", titles.join("; ")),
            },
        })
        .collect();
    let sum = |number: fn(&DrillControl) -> u64| controls.iter().map(number).sum::<u64>();
    let (planted, detected, false_alarms) =
        (sum(|control| control.planted), sum(|control| control.detected), sum(|control| control.false_alarms));
    let tried = controls.iter().filter(|control| control.planted > 0).count();
    DrillReport {
        format_version: 1,
        seed: visible(&drilled.seed).into_owned(),
        per_kind: drilled.per_kind,
        summary: format!(
            "{} planted in a copy of the evidence: {} detected by their control, {} missed; {}. {} of {} controls were tried.",
            counted(planted, "violation"),
            thousands(detected),
            thousands(planted - detected),
            counted(false_alarms, "false alarm"),
            tried,
            controls.len()
        ),
        procedure: PROCEDURE.to_owned(),
        claim_limit: CLAIM_LIMIT.to_owned(),
        planted,
        detected,
        missed: planted - detected,
        false_alarms,
        no_place: drilled
            .tallies
            .iter()
            .flat_map(|tally| {
                tally.no_place.iter().map(|title| DrillKind { control_id: tally.control.clone(), title: title.clone() })
            })
            .collect(),
        controls,
        plants: drilled.plants.iter().map(plant).collect(),
        alarms: drilled.false_alarms.iter().map(alarm).collect(),
    }
}

/// A number with its noun.
fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

fn plant(plant: &Plant) -> DrillPlant {
    let said = match &plant.told {
        Told::Found(sentence) => sentence.clone(),
        Told::Before => "Missed: the evidence has the same item without the plant".to_owned(),
        Told::Otherwise(status, reason) => {
            format!("Missed: {} looked at it, and found it {}: {reason}", plant.control, status.replace('_', " "))
        }
        Told::Nothing => format!("Missed: no item of {} is about it", plant.control),
    };
    DrillPlant {
        id: plant.id.clone(),
        control_id: plant.control.clone(),
        kind: plant.kind.clone(),
        what: plant.title.clone(),
        resource: visible(&plant.resource).into_owned(),
        planted_at: plant.planted_at.clone(),
        planted: visible(&plant.sentence).into_owned(),
        detected: matches!(plant.told, Told::Found(_)),
        said: visible(&said).into_owned(),
        also_found_by: plant.also_found_by.clone(),
    }
}

fn alarm(alarm: &FalseAlarm) -> DrillAlarm {
    DrillAlarm {
        control_id: alarm.control.clone(),
        resource: visible(&alarm.resource).into_owned(),
        status: alarm.status.to_owned(),
        reason: visible(&alarm.reason).into_owned(),
    }
}

// The page says "at most 20".
const _: () = assert!(MOST_ALARMS == 20);
