//! What the controls say of the copy, held against what they say of the evidence.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};

use super::places::{Place, Value};
use super::{Drilled, FalseAlarm, MOST_ALARMS, Plant, Tally, Told};
use crate::assess::AssessError;
use crate::assess::engine::Engine;
use crate::assess::frame::Frame;
use crate::assess::item::{ItemStatus, fill};
use crate::assess::judge::parameters;
use crate::catalogue::Control;
use crate::collect::Sha256;
use crate::period::Period;

/// The items of a control that were exceptions, or not judged, before anything was planted.
#[derive(Default)]
pub(super) struct Baseline {
    /// Whole items.
    items: HashSet<[u8; 32]>,
    /// How many share status, resource and pointer: the further columns of an item may change where something is planted.
    alike: HashMap<[u8; 32], u64>,
}

impl Baseline {
    pub(super) fn of(engine: &Engine, control: &Control, period: &Period) -> Result<Self, AssessError> {
        let mut baseline = Self::default();
        engine.query(&control.id, &control.test.sql, &parameters(control, period), |frame| {
            for row in 0..frame.rows() {
                if let Some(word) = noted(frame, row) {
                    baseline.items.insert(whole(frame, row));
                    *baseline.alike.entry(alike(frame, row, word)).or_default() += 1;
                }
            }
            Ok(())
        })?;
        Ok(baseline)
    }
}

/// The status of an item that is an exception or was not judged.
fn noted(frame: &Frame, row: usize) -> Option<&'static str> {
    let status = ItemStatus::parse(&frame.text("status", row)?)?;
    matches!(status, ItemStatus::Exception | ItemStatus::Inconclusive).then(|| status.word())
}

/// An item as a whole.
fn whole(frame: &Frame, row: usize) -> [u8; 32] {
    let mut text = String::new();
    for column in 0..frame.names().count() {
        text.push_str(frame.text_at(column, row).as_deref().unwrap_or("\u{1}"));
        text.push('\u{0}');
    }
    Sha256::raw(text.as_bytes())
}

/// What an item keeps when only its further columns change.
fn alike(frame: &Frame, row: usize, status: &str) -> [u8; 32] {
    let mut text = status.to_owned();
    for column in ["resource", "source", "line"] {
        text.push('\u{0}');
        text.push_str(frame.text(column, row).as_deref().unwrap_or("\u{1}"));
    }
    Sha256::raw(text.as_bytes())
}

/// New items that share status, resource and pointer.
#[derive(Default)]
struct Alike {
    /// How many items there are.
    items: u64,
    /// How many of them no plant explains.
    unexplained: u64,
    /// The first of those that is new as a whole.
    shown: Option<FalseAlarm>,
}

/// Looks at every item that `control` has of the copy: which plants it found, and what else is new.
pub(super) fn compare(
    copy: &Engine,
    control: &Control,
    period: &Period,
    before: &Baseline,
    places: &[Place<'_>],
    drilled: &mut Drilled,
) -> Result<(), AssessError> {
    let own: Vec<usize> =
        places.iter().enumerate().filter(|(_, place)| place.drill.control == control.id).map(|(at, _)| at).collect();
    let related: Vec<usize> = places
        .iter()
        .enumerate()
        .filter(|(_, place)| place.drill.control == control.id || place.drill.also.contains(&control.id))
        .map(|(at, _)| at)
        .collect();
    let mut groups: HashMap<[u8; 32], Alike> = HashMap::new();
    let mut following: BTreeSet<usize> = BTreeSet::new();
    copy.query(&control.id, &control.test.sql, &parameters(control, period), |frame| {
        for row in 0..frame.rows() {
            let word = noted(frame, row);
            let new = word.is_some() && !before.items.contains(&whole(frame, row));
            for at in &own {
                if let (Some(place), Some(plant)) = (places.get(*at), drilled.plants.get_mut(*at)) {
                    tell(control, frame, row, new, place, plant);
                }
            }
            let Some(word) = word else { continue };
            let group = groups.entry(alike(frame, row, word)).or_default();
            group.items += 1;
            let mut explained = false;
            for at in related.iter().filter(|at| new && places.get(**at).is_some_and(|place| follows(control, frame, row, place)))
            {
                explained = true;
                following.insert(*at);
            }
            if !explained {
                group.unexplained += 1;
                if new {
                    let alarm = alarm(control, frame, row, word);
                    let first = group.shown.as_ref().is_none_or(|shown| alarm.reason < shown.reason);
                    group.shown = if first { Some(alarm) } else { group.shown.take() };
                }
            }
        }
        Ok(())
    })?;
    for at in following {
        if let Some(plant) = drilled.plants.get_mut(at).filter(|plant| plant.control != control.id) {
            plant.also_found_by.push(control.id.clone());
        }
    }
    let plants: Vec<&Plant> = drilled.plants.iter().filter(|plant| plant.control == control.id).collect();
    let mut tally = Tally {
        control: control.id.clone(),
        title: control.title.clone(),
        planted: plants.len() as u64,
        detected: plants.iter().filter(|plant| matches!(plant.told, Told::Found(_))).count() as u64,
        false_alarms: 0,
        no_place: Vec::new(),
        kinds: 0,
    };
    let mut alarms: Vec<FalseAlarm> = Vec::new();
    for (key, group) in groups {
        let surplus = group.items.saturating_sub(before.alike.get(&key).copied().unwrap_or(0)).min(group.unexplained);
        if let (1.., Some(shown)) = (surplus, group.shown) {
            tally.false_alarms += surplus;
            alarms.push(shown);
        }
    }
    alarms.sort_by(|a, b| (&a.resource, a.status, &a.reason).cmp(&(&b.resource, b.status, &b.reason)));
    alarms.truncate(MOST_ALARMS);
    drilled.false_alarms.extend(alarms);
    drilled.tallies.push(tally);
    Ok(())
}

fn reason(frame: &Frame, row: usize) -> String {
    fill(&frame.text("reason", row).unwrap_or_default(), frame, row, "")
}

fn alarm(control: &Control, frame: &Frame, row: usize, status: &'static str) -> FalseAlarm {
    FalseAlarm {
        control: control.id.clone(),
        resource: frame.text("resource", row).unwrap_or_default().into_owned(),
        status,
        reason: reason(frame, row),
    }
}

/// Whether an item is the one that `place` was to give, whatever its status.
fn is_about(frame: &Frame, row: usize, place: &Place<'_>) -> bool {
    let expect = &place.drill.expect;
    let own_record = || frame.text("source", row).is_some_and(|source| source == place.source.as_str());
    let says = |(column, text): (&String, &String)| {
        frame.text(column, row).is_some_and(|cell| cell == place.fill_exactly(text).as_str())
    };
    let held = || {
        let [from, to] = expect.spans.as_slice() else { return true };
        let (Some(Value::Time(from)), Some(Value::Time(to))) = (place.value(from), place.value(to)) else { return false };
        frame.time("from_at", row).is_some_and(|at| at <= *from) && frame.time("to_at", row).is_some_and(|at| at >= *to)
    };
    expect.item.iter().all(says) && (!expect.planted || own_record()) && held()
}

/// Notes what an item says about a plant of its control. Items come in no order: what was found outweighs what was not, and
/// of two alike the first by its text stays.
fn tell(control: &Control, frame: &Frame, row: usize, new: bool, place: &Place<'_>, plant: &mut Plant) {
    if !is_about(frame, row, place) {
        return;
    }
    let status = frame.text("status", row).unwrap_or_default().into_owned();
    let reason = reason(frame, row);
    let told = if status != place.drill.expect.status {
        Told::Otherwise(status, reason)
    } else if new {
        Told::Found(if status == "exception" { fill(&control.say, frame, row, &reason) } else { reason })
    } else {
        Told::Before
    };
    if told < plant.told {
        plant.told = told;
    }
}

/// Whether an item follows from a plant: its deciding record is a planted one, it is the item expected, or it is about a mark.
fn follows(control: &Control, frame: &Frame, row: usize, place: &Place<'_>) -> bool {
    if frame.text("source", row).is_some_and(|source| source == place.source.as_str()) {
        return true;
    }
    let marks: Vec<String> = place.drill.marks.iter().filter_map(|mark| place.value(mark)).map(Value::said).collect();
    let marked = !marks.is_empty()
        && (0..frame.names().count())
            .any(|column| frame.text_at(column, row).is_some_and(|cell| marks.iter().any(|mark| cell == mark.as_str())));
    marked || (place.drill.control == control.id && is_about(frame, row, place))
}
