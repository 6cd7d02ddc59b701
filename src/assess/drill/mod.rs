//! The drill: would the controls find it? Violations of every kind that they claim to detect are planted in a copy of the
//! facts, at random places that a printed seed decides, and the same controls judge the copy.
//!
//! The copy is a second store with the tables that the plants change, and a second engine over it; the facts of the evidence
//! are only read. Planted rows carry a source that no file can have, because no path has an empty part: `drill//P-007`.
//! [`places`] chooses, [`copy`] plants, [`compare`] holds what the controls say of the copy against what they say of the
//! evidence.
//!
//! To add a kind of violation: `controls/drills/<name>.toml`. No Rust.

mod compare;
mod copy;
mod places;

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::AssessError;
use super::engine::{Engine, EngineOptions, Parameters};
use super::judge::{Names, define, in_order, parameters, period_parameters};
use super::run::make;
use crate::catalogue::{Catalogue, Control, Drill, Parameter, placeholders};
use crate::collect::{Collected, Sha256};
use crate::config::Config;
use crate::facts::TABLES;
use crate::period::Period;
use compare::{Baseline, compare};
use places::Place;

/// How to drill.
#[derive(Clone, Debug)]
pub struct Options {
    /// Decides the places.
    pub seed: String,
    /// Plants of each kind, where there are as many places.
    pub per_kind: usize,
}

/// A violation that was planted, and what became of it.
#[derive(Clone, Debug)]
pub struct Plant {
    /// `P-007`
    pub id: String,
    /// Kind: the name of its file.
    pub kind: String,
    /// What it is.
    pub title: String,
    /// The control that had to find it.
    pub control: String,
    /// What was planted, as a sentence.
    pub sentence: String,
    /// The resource that the item had to be about.
    pub resource: String,
    /// When it was planted, where it has a time.
    pub planted_at: Option<String>,
    /// What the control said: the item that found it, or the one nearest to that.
    pub told: Told,
    /// Other controls that found it, or what follows from it.
    pub also_found_by: Vec<String>,
}

/// What a control said about a plant; the best comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// It was found: the item's sentence.
    Found(String),
    /// The item was there before the plant.
    Before,
    /// The item is there, but says otherwise: its status and reason.
    Otherwise(String, String),
    /// No item is about it.
    Nothing,
}

/// What came of the plants of one control.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Control.
    pub control: String,
    /// Its title.
    pub title: String,
    /// Violations planted.
    pub planted: u64,
    /// Those that it found.
    pub detected: u64,
    /// New exceptions or items not judged that no plant explains.
    pub false_alarms: u64,
    /// Kinds for which this evidence has no place: title.
    pub no_place: Vec<String>,
    /// How many kinds there are for the control.
    pub kinds: usize,
}

/// A new exception, or item not judged, that no plant explains.
#[derive(Clone, Debug)]
pub struct FalseAlarm {
    /// Control.
    pub control: String,
    /// What it is about.
    pub resource: String,
    /// Its status.
    pub status: &'static str,
    /// Why.
    pub reason: String,
}

/// What came of a drill.
#[derive(Clone, Debug)]
pub struct Drilled {
    /// What decided the places.
    pub seed: String,
    /// Plants asked for, of each kind.
    pub per_kind: usize,
    /// One a control, in their order.
    pub tallies: Vec<Tally>,
    /// Every plant.
    pub plants: Vec<Plant>,
    /// New items that no plant explains, at most [`MOST_ALARMS`] a control.
    pub false_alarms: Vec<FalseAlarm>,
}

/// False alarms that are kept for each control; all are counted.
pub const MOST_ALARMS: usize = 20;

/// The seed where none is given: it depends on every byte of the evidence and on the period.
#[must_use]
pub fn seed(collected: &Collected, period: &Period) -> String {
    let mut text = format!("{} {}\n", period.starts_at.iso(), period.ends_at.iso());
    for source in &collected.sources {
        text.push_str(&format!("{} {}\n", source.sha256, source.path));
    }
    let mut seed = Sha256::of(text.as_bytes());
    seed.truncate(16);
    seed
}

/// Where facts, controls and the files of a drill are.
pub struct Ground<'a> {
    /// Controls, views and kinds of violations.
    pub catalogue: &'a Catalogue,
    /// Configuration.
    pub config: &'a Config,
    /// Audit period.
    pub period: &'a Period,
    /// The evidence, as it was collected. Its facts are only read.
    pub collected: &'a Collected,
    /// A new folder for the copy and all that is made of it.
    pub work: PathBuf,
    /// How the engine over the copy is opened.
    pub engine: EngineOptions,
}

/// Drills over an engine that has not judged yet.
///
/// # Errors
/// Where a query cannot be planned or run, or the copy not be written.
pub fn drill_alone(
    engine: &Engine,
    ground: &Ground<'_>,
    options: &Options,
    mut progress: impl FnMut(&str),
) -> Result<Drilled, AssessError> {
    prepare(engine, ground)?;
    progress("drill: the evidence");
    drill(engine, ground, options, progress)
}

/// Drills over an engine that has judged the evidence, or made the views for it.
///
/// # Errors
/// Where a query cannot be planned or run, or the copy not be written.
pub fn drill(
    engine: &Engine,
    ground: &Ground<'_>,
    options: &Options,
    mut progress: impl FnMut(&str),
) -> Result<Drilled, AssessError> {
    let catalogue = ground.catalogue;
    let mut baseline = Vec::with_capacity(catalogue.controls.len());
    for control in &catalogue.controls {
        baseline.push(Baseline::of(engine, control, ground.period)?);
    }
    progress("drill: planting");
    make_drill_views(engine, catalogue, ground.period)?;
    let chosen = places::choose(engine, catalogue, ground.period, options)?;
    let changed = ground.work.join("facts");
    copy::plant(engine, &chosen, ground.period, catalogue, &changed)?;
    progress("drill: judging the copy");
    let copy = Engine::open_over(ground.collected, &changed, &ground.work, ground.engine)?;
    prepare(&copy, ground)?;
    let mut drilled = Drilled {
        seed: options.seed.clone(),
        per_kind: options.per_kind,
        tallies: Vec::new(),
        plants: chosen.iter().map(plant_of).collect(),
        false_alarms: Vec::new(),
    };
    for (control, before) in catalogue.controls.iter().zip(&baseline) {
        compare(&copy, control, ground.period, before, &chosen, &mut drilled)?;
    }
    for tally in &mut drilled.tallies {
        let kinds = catalogue.drills.iter().filter(|kind| kind.control == tally.control);
        tally.kinds = kinds.clone().count();
        tally.no_place = kinds
            .filter(|kind| chosen.iter().all(|place| place.drill.name != kind.name))
            .map(|kind| kind.title.clone())
            .collect();
    }
    Ok(drilled)
}

/// Defines what the configuration says and makes the views that the controls need.
fn prepare(engine: &Engine, ground: &Ground<'_>) -> Result<(), AssessError> {
    define(engine, ground.catalogue, ground.config)?;
    let common = period_parameters(ground.period);
    Names::read(engine, ground.catalogue)?.needed().into_iter().try_for_each(|view| make(engine, view, &common))
}

/// Makes the views that places are looked for in, and those behind them that no control needed.
fn make_drill_views(engine: &Engine, catalogue: &Catalogue, period: &Period) -> Result<(), AssessError> {
    let common = period_parameters(period);
    let mut views = catalogue.views.clone();
    views.extend(catalogue.drill_views.iter().cloned());
    let ordered = in_order(engine, &views)?;
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for drill in &catalogue.drills {
        for sql in [&drill.places].into_iter().chain(drill.insert.values()) {
            wanted.extend(engine.tables(&drill.name, sql)?);
        }
    }
    for view in ordered.iter().rev() {
        if wanted.contains(&view.name) {
            wanted.extend(engine.tables(&view.name, &view.sql)?);
        }
    }
    let mut missing = ordered.into_iter().filter(|view| wanted.contains(&view.name) && !engine.knows(&view.name));
    missing.try_for_each(|view| make(engine, view, &common))
}

fn plant_of(place: &Place<'_>) -> Plant {
    Plant {
        id: place.id.clone(),
        kind: place.drill.name.clone(),
        title: place.drill.title.clone(),
        control: place.drill.control.clone(),
        sentence: place.fill(&place.drill.plant),
        resource: place.drill.expect.item.get("resource").map(|text| place.fill(text)).unwrap_or_default(),
        planted_at: place.planted_at(),
        told: Told::Nothing,
        also_found_by: Vec::new(),
    }
}

/// The parameters of a drill's queries, besides the values of the place.
fn drill_parameters(catalogue: &Catalogue, drill: &Drill, period: &Period) -> Parameters {
    let control: Option<&Control> = catalogue.controls.iter().find(|control| control.id == drill.control);
    control.map_or_else(|| period_parameters(period), |control| parameters(control, period))
}

/// Plans every drill against an empty store, and checks what its file promises.
pub(super) fn plan(engine: &Engine, catalogue: &Catalogue, period: &Period) -> Result<(), AssessError> {
    make_drill_views(engine, catalogue, period)?;
    for drill in &catalogue.drills {
        let broken = |message: String| AssessError::Contract { control: format!("drills/{}", drill.name), message };
        let mut parameters = drill_parameters(catalogue, drill, period);
        let columns = engine.plan(&drill.name, &drill.places, &parameters)?;
        let built_in = ["name", "source"].map(str::to_owned);
        let expected = drill.expect.item.values().chain(&drill.claims).chain([&drill.plant]);
        let named = expected.flat_map(|text| placeholders(text)).chain(drill.marks.iter().map(String::as_str));
        let mut named = named.chain(drill.expect.spans.iter().map(String::as_str));
        if let Some(unknown) = named.find(|name| !columns.iter().chain(&built_in).any(|column| column == name)) {
            return Err(broken(format!("`{unknown}` is no column of its places; they have {}", columns.join(", "))));
        }
        let examples = engine.examples(&drill.name, &drill.places, &parameters)?;
        parameters.extend(examples);
        parameters.extend(built_in.map(|name| (name, Parameter::Text("example".to_owned()))));
        for table in TABLES {
            if let Some(sql) = drill.insert.get(table.name) {
                let gives = engine.plan(&drill.name, sql, &parameters)?;
                let known = |name: &str| name == "line" || table.columns.iter().any(|column| column.name == name);
                if let Some(unknown) = gives.iter().find(|name| !known(name)) {
                    return Err(broken(format!("the rows for `{}` have `{unknown}`, which is no column of it", table.name)));
                }
                for column in table.columns.iter().filter(|column| column.required) {
                    if !gives.iter().any(|name| name == column.name) {
                        return Err(broken(format!("the rows for `{}` lack `{}`", table.name, column.name)));
                    }
                }
            }
            if let Some(condition) = drill.remove.get(table.name) {
                engine.plan(&drill.name, &format!("select 1 as one from {} where {condition}", table.name), &parameters)?;
            }
        }
    }
    Ok(())
}
