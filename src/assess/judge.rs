//! Judging: views in the order in which they need each other, and the parameters of tests.

use std::collections::{BTreeMap, BTreeSet};

use super::AssessError;
use super::engine::{Engine, Parameters};
use crate::catalogue::{Catalogue, Control, Parameter, View};
use crate::config::{Config, ConfigTable, one_line};
use crate::period::Period;
use crate::redact::redact;

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

/// The small tables that the configuration and the controls give to SQL: those of [`Config::tables`], `required_attestations`
/// (attestation_id, statement) and `coverage_needs` (control_id, stream, class, max_gap_s).
pub(crate) fn tables(catalogue: &Catalogue, config: &Config) -> Vec<ConfigTable> {
    let mut tables = config.tables();
    let columns: &[(&str, bool)] = &[("attestation_id", false), ("statement", false)];
    tables.push(ConfigTable { name: "required_attestations", columns, rows: required_attestations(config) });
    let columns: &[(&str, bool)] = &[("control_id", false), ("stream", false), ("class", false), ("max_gap_s", false)];
    tables.push(ConfigTable { name: "coverage_needs", columns, rows: catalogue.coverage_needs() });
    tables
}

/// Defines what the configuration and the controls say as tables.
pub(super) fn define(engine: &Engine, catalogue: &Catalogue, config: &Config) -> Result<(), AssessError> {
    tables(catalogue, config).iter().try_for_each(|table| engine.define(table.name, table.columns, &table.rows))
}

/// What management has to attest, written as attestations are when they become facts.
pub(crate) fn required_attestations(config: &Config) -> Vec<Vec<String>> {
    let required = config.attestations.required.iter();
    required.map(|(id, statement)| vec![id.trim().to_owned(), redact(&one_line(statement)).0.into_owned()]).collect()
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
const ALWAYS: [&str; 6] = ["fleet", "period", "identities", "silences", "gaps", "class_changes"];

/// Which query names which tables and views; read once a run.
pub(super) struct Names<'c> {
    catalogue: &'c Catalogue,
    ordered: Vec<&'c View>,
    of: BTreeMap<&'c str, BTreeSet<String>>,
}

impl<'c> Names<'c> {
    pub(super) fn read(engine: &Engine, catalogue: &'c Catalogue) -> Result<Self, AssessError> {
        let ordered = in_order(engine, &catalogue.views)?;
        let views = catalogue.views.iter().map(|view| (view.name.as_str(), view.sql.as_str()));
        let controls = catalogue.controls.iter().map(|control| (control.id.as_str(), control.test.sql.as_str()));
        let of = views.chain(controls).map(|(name, sql)| Ok((name, engine.tables(name, sql)?)));
        Ok(Self { catalogue, ordered, of: of.collect::<Result<_, AssessError>>()? })
    }

    fn named(&self, query: &str) -> impl Iterator<Item = &String> {
        self.of.get(query).into_iter().flatten()
    }

    /// The views among `wanted` and those that they name, each after those that it names.
    fn closed(&self, mut wanted: BTreeSet<String>) -> Vec<&'c View> {
        for view in self.ordered.iter().rev() {
            if wanted.contains(&view.name) {
                wanted.extend(self.named(&view.name).cloned());
            }
        }
        self.ordered.iter().filter(|view| wanted.contains(&view.name)).copied().collect()
    }

    /// The views that the catalogue's controls need, each after those that it names.
    pub(super) fn needed(&self) -> Vec<&'c View> {
        let mut wanted: BTreeSet<String> = ALWAYS.iter().map(|name| (*name).to_owned()).collect();
        for control in &self.catalogue.controls {
            wanted.extend(self.named(&control.id).cloned());
        }
        self.closed(wanted)
    }

    /// The views behind a control, each after those that it names.
    pub(super) fn behind(&self, control: &str) -> Vec<String> {
        self.closed(self.named(control).cloned().collect()).into_iter().map(|view| view.name.clone()).collect()
    }

    /// For every view and control, the fact tables that it draws on.
    pub(super) fn dependencies(&self) -> Dependencies {
        let mut known = Dependencies::new();
        let views = self.ordered.iter().map(|view| view.name.as_str());
        for name in views.chain(self.catalogue.controls.iter().map(|control| control.id.as_str())) {
            let mut tables = BTreeSet::new();
            for table in self.named(name) {
                match known.get(table) {
                    Some(behind) => tables.extend(behind.iter().cloned()),
                    None => drop(tables.insert(table.clone())),
                }
            }
            known.insert(name.to_owned(), tables);
        }
        known
    }
}
