//! The run: views once, then every control.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::AssessError;
use super::conclude::conclude;
use super::coverage::{Coverage, measure};
use super::engine::{Engine, Parameters};
use super::fleet::{ClassChange, FleetHost, class_changes, fleet};
use super::judge::{Names, define, in_order, parameters, period_parameters};
use super::population::{Population, REQUIRED, Writer};
use super::registers::{Attestation, Exemption, Identities, Response, answer, attestations, exemptions, responses};
use super::sample::Drawing;
use super::sessions::{Terminal, terminals};
use super::streams::{Stream, streams};
use super::waive::{Waiver, cover, waivers};
use crate::catalogue::{Catalogue, Control, View, placeholders};
use crate::collect::{Collected, Source};
use crate::config::Config;
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
    /// For each kept exception, the responses that answer it.
    pub answered: Vec<Vec<usize>>,
    /// For each kept exception, at which terminal the command that it is about was given; none where there was none.
    pub terminals: Vec<Option<Terminal>>,
    /// Conclusion.
    pub conclusion: Conclusion,
    /// Why.
    pub why: String,
    /// Fact tables that the test draws on.
    pub draws_on: BTreeSet<String>,
    /// Views that the test names, with those that they name.
    pub views: Vec<String>,
}

/// Everything that was judged.
pub struct Assessment {
    /// Controls in their order.
    pub controls: Vec<Assessed>,
    /// Hosts of the inventory.
    pub fleet: Vec<FleetHost>,
    /// Hosts whose class changed between two snapshots.
    pub class_changes: Vec<ClassChange>,
    /// What each log has of each host, day by day.
    pub streams: Vec<Stream>,
    /// The register of waivers, with what each covers.
    pub waivers: Vec<Waiver>,
    /// The register of exemptions.
    pub exemptions: Vec<Exemption>,
    /// Management's responses, with how many exceptions each answers.
    pub responses: Vec<Response>,
    /// What management attests.
    pub attestations: Vec<Attestation>,
    /// Targets of changes and incidents that name no host, group or image of the evidence, and how many records name each.
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
    define(engine, catalogue, config)?;
    let common = period_parameters(period);
    let names = Names::read(engine, catalogue)?;
    for view in names.needed() {
        progress(&view.name);
        make(engine, view, &common)?;
    }
    let draws = names.dependencies();
    let (mut register, mut answers) = (waivers(engine)?, responses(engine)?);
    let identities = Identities::read(engine)?;
    let drawing = Drawing { table: &catalogue.sampling, chosen: &config.sampling };
    let inventory = has_inventory(engine)?;
    let mut controls = Vec::new();
    // Controls of one family often need the same streams of the same hosts.
    let mut measured: BTreeMap<String, Coverage> = BTreeMap::new();
    for control in &catalogue.controls {
        progress(&control.id);
        let population = populate(engine, control, period, folder, drawing)?;
        let needs = format!("{:?} {:?}", control.applies_to, control.coverage.needs);
        let coverage = match measured.get(&needs) {
            Some(coverage) => coverage.clone(),
            None => measure(engine, control, period)?,
        };
        measured.entry(needs).or_insert_with(|| coverage.clone());
        let waived: Vec<Option<usize>> = population
            .exceptions
            .iter()
            .map(|item| cover(&mut register, &identities, &control.id, item, period.ends_at))
            .collect();
        let answered = population.exceptions.iter().map(|item| answer(&mut answers, &control.id, item)).collect();
        let accepted = waived.iter().flatten().count() as u64;
        let draws_on = draws.get(&control.id).cloned().unwrap_or_default();
        let unread = unread(collected, &draws_on);
        let (conclusion, why) = conclude(control, &population.counted, accepted, &coverage, unread, inventory);
        let views = names.behind(&control.id);
        let terminals = Vec::new();
        controls.push(Assessed {
            control: control.clone(),
            population,
            coverage,
            waived,
            answered,
            terminals,
            conclusion,
            why,
            draws_on,
            views,
        });
    }
    terminals(engine, &mut controls)?;
    let fleet = fleet(engine)?;
    let streams = streams(engine, catalogue, period, &fleet, folder)?;
    Ok(Assessment {
        controls,
        fleet,
        class_changes: class_changes(engine)?,
        streams,
        waivers: register,
        exemptions: exemptions(engine)?,
        responses: answers,
        attestations: attestations(engine)?,
        unknown_targets: unknown_targets(engine)?,
    })
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
    define(engine, catalogue, config)?;
    let common = period_parameters(period);
    for view in in_order(engine, &catalogue.views)? {
        make(engine, view, &common)?;
    }
    for control in &catalogue.controls {
        hold_to_contract(control, &engine.plan(&control.id, &control.test.sql, &parameters(control, period))?)?;
    }
    super::drill::plan(engine, catalogue, period)
}

/// Makes a view.
pub(super) fn make(engine: &Engine, view: &View, parameters: &Parameters) -> Result<(), AssessError> {
    if view.inline() { engine.inline(&view.name, &view.sql, parameters) } else { engine.store(&view.name, &view.sql, parameters) }
}

/// Holds the columns of a control's test against its contract.
fn hold_to_contract(control: &Control, columns: &[String]) -> Result<(), AssessError> {
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
    if let Some(variant) = control.variant.as_ref().filter(|variant| !columns.contains(variant)) {
        return Err(broken(format!("the variant `{variant}` is no column of the test; it has {}", columns.join(", "))));
    }
    Ok(())
}

fn populate(
    engine: &Engine,
    control: &Control,
    period: &Period,
    folder: &Path,
    drawing: Drawing<'_>,
) -> Result<Population, AssessError> {
    let parameters = parameters(control, period);
    // The order is part of the result: the same facts give the same file. The writer orders what shares a pointer.
    let sql = format!("select * from ({}) as population order by source, line", control.test.sql);
    let query = match engine.prepare(&control.id, &sql, &parameters) {
        Ok(query) => query,
        Err(error) => {
            // The test alone says better what is wrong with it.
            hold_to_contract(control, &engine.plan(&control.id, &control.test.sql, &parameters)?)?;
            return Err(error);
        }
    };
    let columns = query.columns();
    hold_to_contract(control, &columns)?;
    let mut writer = Writer::create(control, &columns, folder)?;
    engine.run_in_order(&control.id, &query, |frame, row| writer.take(frame, row))?;
    writer.finish(drawing)
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

fn unknown_targets(engine: &Engine) -> Result<Vec<(String, u64)>, AssessError> {
    let sql = "
        with known as (
          select host as target from hosts union select group_name from host_groups union select lower(cluster) from hosts where cluster is not null
          union select lower(role) from host_roles union select image from images
          union select lower(name) from images where name is not null
        )
        select t.target, count(distinct t.change_id) as changes
        from (select change_id, target from change_targets
              union select incident_id as change_id, target from incidents where target is not null) as t
        left join known k on k.target = t.target
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
