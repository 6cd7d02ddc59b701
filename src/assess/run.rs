//! The run: views once, then every control.

use std::collections::BTreeSet;
use std::path::Path;

use super::AssessError;
use super::conclude::conclude;
use super::coverage::{Coverage, measure};
use super::engine::{Engine, Parameters};
use super::judge::{define, dependencies, in_order, needed, parameters, period_parameters};
use super::population::{Population, REQUIRED, Writer};
use super::waive::{Waiver, cover, waivers};
use crate::catalogue::{Catalogue, Control, View, placeholders};
use crate::collect::{Collected, Source};
use crate::config::Config;
use crate::facts::Micros;
use crate::period::Period;
use crate::report::Conclusion;

/// One control, judged.
pub struct Assessed {
    /// The control, its parameters as used.
    pub control: Control,
    /// Every item.
    pub population: Population,
    /// What its streams cover.
    pub coverage: Coverage,
    /// For each kept exception, the waiver that covers it.
    pub waived: Vec<Option<usize>>,
    /// Conclusion.
    pub conclusion: Conclusion,
    /// Why.
    pub why: String,
    /// Fact tables that the test draws on.
    pub draws_on: BTreeSet<String>,
    /// Views that the test names, with those that they name.
    pub views: Vec<String>,
}

/// A class of hosts, and who is in it.
#[derive(Clone, Debug)]
pub struct FleetHost {
    /// Host.
    pub host: String,
    /// `immutable`, `stateful` or `unclassified`.
    pub class: String,
    /// From when it lived, within the period.
    pub alive_from: Option<Micros>,
    /// Until when.
    pub alive_to: Option<Micros>,
}

/// Everything that was judged.
pub struct Assessment {
    /// Controls in their order.
    pub controls: Vec<Assessed>,
    /// Hosts of the inventory.
    pub fleet: Vec<FleetHost>,
    /// The register of waivers, with what each covers.
    pub waivers: Vec<Waiver>,
    /// Targets of changes that name no host, group or image of the evidence, and how many changes name each.
    pub unknown_targets: Vec<(String, u64)>,
}

/// Makes the views and judges every control; populations go to CSV files in `folder`.
///
/// # Errors
/// Where a query cannot be planned or run, or a test breaks its contract.
pub fn assess(
    engine: &Engine,
    catalogue: &Catalogue,
    config: &Config,
    period: &Period,
    collected: &Collected,
    folder: &Path,
    mut progress: impl FnMut(&str),
) -> Result<Assessment, AssessError> {
    std::fs::create_dir_all(folder).map_err(|error| AssessError::Io { path: folder.to_owned(), message: error.to_string() })?;
    define(engine, config)?;
    let common = period_parameters(period);
    for view in needed(engine, catalogue)? {
        progress(&view.name);
        make(engine, view, &common)?;
    }
    let draws = dependencies(engine, catalogue)?;
    let mut register = waivers(engine)?;
    let inventory = has_inventory(engine)?;
    let mut controls = Vec::new();
    for control in &catalogue.controls {
        progress(&control.id);
        let population = populate(engine, control, period, folder)?;
        let coverage = measure(engine, control)?;
        let waived: Vec<Option<usize>> =
            population.exceptions.iter().map(|item| cover(&mut register, &control.id, item, period.ends_at)).collect();
        let accepted = waived.iter().flatten().count() as u64;
        let draws_on = draws.get(&control.id).cloned().unwrap_or_default();
        let unread = unread(collected, &draws_on);
        let (conclusion, why) = conclude(control, &population.counted, accepted, &coverage, unread, inventory);
        let views = views_of(engine, catalogue, &control.id, &control.test.sql)?;
        controls.push(Assessed { control: control.clone(), population, coverage, waived, conclusion, why, draws_on, views });
    }
    Ok(Assessment { controls, fleet: fleet(engine)?, waivers: register, unknown_targets: unknown_targets(engine)? })
}

/// The views behind a query, in the order in which they need each other.
fn views_of(engine: &Engine, catalogue: &Catalogue, name: &str, sql: &str) -> Result<Vec<String>, AssessError> {
    let mut wanted = engine.tables(name, sql)?;
    let ordered = in_order(engine, &catalogue.views)?;
    for view in ordered.iter().rev() {
        if wanted.contains(&view.name) {
            wanted.extend(engine.tables(&view.name, &view.sql)?);
        }
    }
    Ok(ordered.into_iter().filter(|view| wanted.contains(&view.name)).map(|view| view.name.clone()).collect())
}

/// The views of a catalogue in the order in which they need each other.
///
/// # Errors
/// Where a view is no SQL, or views name each other in a circle.
pub fn ordered_views(engine: &Engine, catalogue: &Catalogue) -> Result<Vec<View>, AssessError> {
    Ok(in_order(engine, &catalogue.views)?.into_iter().cloned().collect())
}

/// Plans every view and control against an empty store, and checks what their files promise.
///
/// # Errors
/// The first query that cannot be planned, or test that breaks its contract.
pub fn plan(engine: &Engine, catalogue: &Catalogue, config: &Config, period: &Period) -> Result<(), AssessError> {
    define(engine, config)?;
    let common = period_parameters(period);
    for view in in_order(engine, &catalogue.views)? {
        make(engine, view, &common)?;
    }
    for control in &catalogue.controls {
        columns(engine, control, &parameters(control, period))?;
    }
    super::drill::plan(engine, catalogue, period)
}

/// Makes a view.
pub(super) fn make(engine: &Engine, view: &View, parameters: &Parameters) -> Result<(), AssessError> {
    if view.inline() { engine.inline(&view.name, &view.sql, parameters) } else { engine.store(&view.name, &view.sql, parameters) }
}

/// The columns of a control's test, checked against its contract.
fn columns(engine: &Engine, control: &Control, parameters: &Parameters) -> Result<Vec<String>, AssessError> {
    let columns = engine.plan(&control.id, &control.test.sql, parameters)?;
    let broken = |message: String| AssessError::Contract { control: control.id.clone(), message };
    if let Some(missing) = REQUIRED.iter().find(|required| !columns.iter().any(|column| column == *required)) {
        return Err(broken(format!("the test lacks the column `{missing}`; it must give {}", REQUIRED.join(", "))));
    }
    if let Some(unknown) = placeholders(&control.say).into_iter().find(|name| !columns.iter().any(|column| column == name)) {
        return Err(broken(format!(
            "the sentence names `{{{unknown}}}`, which is no column of the test; it has {}",
            columns.join(", ")
        )));
    }
    Ok(columns)
}

fn populate(engine: &Engine, control: &Control, period: &Period, folder: &Path) -> Result<Population, AssessError> {
    let parameters = parameters(control, period);
    let columns = columns(engine, control, &parameters)?;
    let mut writer = Writer::create(control, &columns, folder)?;
    // The order is part of the result: the same facts give the same file. The writer orders what shares a pointer.
    let sql = format!("select * from ({}) as population order by source, line", control.test.sql);
    engine.query(&control.id, &sql, &parameters, |frame| writer.take(frame))?;
    writer.finish()
}

/// Records that could not be read, in sources that feed the tables a control draws on; a source that was not read to its
/// end counts as one more.
fn unread(collected: &Collected, draws_on: &BTreeSet<String>) -> u64 {
    let feeds =
        |source: &Source| source.format.is_some_and(|format| format.feeds().iter().any(|table| draws_on.contains(table.name)));
    collected.sources.iter().filter(|source| feeds(source)).map(|source| source.tally.rejected + u64::from(source.unread)).sum()
}

/// Whether any inventory lists a host.
fn has_inventory(engine: &Engine) -> Result<bool, AssessError> {
    let mut any = false;
    engine.query("inventory", "select host from hosts limit 1", &Parameters::new(), |frame| {
        any |= frame.rows() > 0;
        Ok(())
    })?;
    Ok(any)
}

fn fleet(engine: &Engine) -> Result<Vec<FleetHost>, AssessError> {
    let mut fleet = Vec::new();
    engine.query("fleet", "select host, class, alive_from, alive_to from fleet order by host", &Parameters::new(), |frame| {
        for row in 0..frame.rows() {
            let text = |name: &str| frame.text(name, row).unwrap_or_default().into_owned();
            fleet.push(FleetHost {
                host: text("host"),
                class: text("class"),
                alive_from: frame.time("alive_from", row),
                alive_to: frame.time("alive_to", row),
            });
        }
        Ok(())
    })?;
    Ok(fleet)
}

fn unknown_targets(engine: &Engine) -> Result<Vec<(String, u64)>, AssessError> {
    let sql = "
        with known as (
          select host as target from hosts union select group_name from host_groups union select image from images
          union select lower(name) from images where name is not null
        )
        select t.target, count(distinct t.change_id) as changes
        from change_targets t left join known k on k.target = t.target
        where k.target is null
        group by t.target
        order by t.target";
    let mut targets = Vec::new();
    engine.query("unknown targets", sql, &Parameters::new(), |frame| {
        for row in 0..frame.rows() {
            let changes = frame.int("changes", row).and_then(|changes| u64::try_from(changes).ok()).unwrap_or(0);
            targets.push((frame.text("target", row).unwrap_or_default().into_owned(), changes));
        }
        Ok(())
    })?;
    Ok(targets)
}
