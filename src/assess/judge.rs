//! Judging: views in the order in which they need each other, and the parameters of tests.

use std::collections::{BTreeMap, BTreeSet};

use super::AssessError;
use super::engine::{Engine, Parameters};
use crate::catalogue::{Catalogue, Control, Parameter, View};
use crate::config::Config;
use crate::period::Period;

/// The tables and views that a query names, views opened up to the fact tables behind them.
pub(super) type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// Parameters that every query may use.
pub(super) fn period_parameters(period: &Period) -> Parameters {
    let text = |instant: crate::facts::Micros| Parameter::Text(instant.iso().trim_end_matches('Z').replace('T', " "));
    Parameters::from([("period_start".to_owned(), text(period.starts_at)), ("period_end".to_owned(), text(period.ends_at))])
}

/// The parameters of a control's test.
pub(super) fn parameters(control: &Control, period: &Period) -> Parameters {
    let mut parameters = period_parameters(period);
    for (name, value) in &control.params {
        if let Some(value) = Parameter::from_toml(value) {
            parameters.insert(name.clone(), value);
        }
    }
    parameters
}

/// Defines what the configuration says as tables.
pub(super) fn define(engine: &Engine, config: &Config) -> Result<(), AssessError> {
    config.tables().iter().try_for_each(|table| engine.define(table.name, table.columns, &table.rows))
}

/// The views in the order in which they need each other.
pub(super) fn in_order<'v>(engine: &Engine, views: &'v [View]) -> Result<Vec<&'v View>, AssessError> {
    let names: BTreeSet<&str> = views.iter().map(|view| view.name.as_str()).collect();
    let mut waiting = Vec::new();
    for view in views {
        let needs: BTreeSet<String> =
            engine.tables(&view.name, &view.sql)?.into_iter().filter(|table| names.contains(table.as_str())).collect();
        waiting.push((view, needs));
    }
    let mut ordered: Vec<&View> = Vec::new();
    while !waiting.is_empty() {
        let made: BTreeSet<&str> = ordered.iter().map(|view| view.name.as_str()).collect();
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(_, needs)| needs.iter().all(|need| made.contains(need.as_str())));
        if ready.is_empty() {
            let circle: Vec<&str> = rest.iter().map(|(view, _)| view.name.as_str()).collect();
            return Err(AssessError::Circle(circle.join(", ")));
        }
        ordered.extend(ready.into_iter().map(|(view, _)| view));
        waiting = rest;
    }
    Ok(ordered)
}

/// Views that are read whatever the controls are.
const ALWAYS: [&str; 2] = ["fleet", "period"];

/// The views that a catalogue's controls need, each after those that it names.
pub(super) fn needed<'v>(engine: &Engine, catalogue: &'v Catalogue) -> Result<Vec<&'v View>, AssessError> {
    let ordered = in_order(engine, &catalogue.views)?;
    let mut wanted: BTreeSet<String> = ALWAYS.iter().map(|name| (*name).to_owned()).collect();
    for control in &catalogue.controls {
        wanted.extend(engine.tables(&control.id, &control.test.sql)?);
        if !control.coverage.needs.is_empty() {
            wanted.insert("silences".to_owned());
        }
    }
    for view in ordered.iter().rev() {
        if wanted.contains(&view.name) {
            wanted.extend(engine.tables(&view.name, &view.sql)?);
        }
    }
    Ok(ordered.into_iter().filter(|view| wanted.contains(&view.name)).collect())
}

/// For every view and control, the fact tables that it draws on.
pub(super) fn dependencies(engine: &Engine, catalogue: &Catalogue) -> Result<Dependencies, AssessError> {
    let mut known = Dependencies::new();
    let views = in_order(engine, &catalogue.views)?;
    let queries = views
        .iter()
        .map(|view| (&view.name, &view.sql))
        .chain(catalogue.controls.iter().map(|control| (&control.id, &control.test.sql)));
    for (name, sql) in queries {
        let mut tables = BTreeSet::new();
        for table in engine.tables(name, sql)? {
            match known.get(&table) {
                Some(behind) => tables.extend(behind.iter().cloned()),
                None => drop(tables.insert(table)),
            }
        }
        known.insert(name.clone(), tables);
    }
    Ok(known)
}
