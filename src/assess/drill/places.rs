//! Where to plant: every place that a kind of violation has in the evidence, in an order that the seed decides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Options, drill_parameters};
use crate::assess::AssessError;
use crate::assess::engine::Engine;
use crate::assess::frame::Frame;
use crate::catalogue::{Catalogue, Drill, Parameter};
use crate::collect::Sha256;
use crate::facts::Micros;
use crate::period::Period;

/// Places of a kind that are kept for each plant wanted, for the case that others have claimed the first ones.
const SPARE: usize = 40;

/// A value of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Any text or number.
    Text(String),
    /// A time.
    Time(Micros),
}

impl Value {
    /// As a query's parameter: times as `2026-07-01 00:00:00`.
    pub(super) fn bound(&self) -> Parameter {
        Parameter::Text(match self {
            Self::Text(text) => text.clone(),
            Self::Time(at) => at.iso().trim_end_matches('Z').replace('T', " "),
        })
    }

    /// As items say it.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Time(at) => at.iso(),
        }
    }
}

/// A place where something is planted.
pub(super) struct Place<'d> {
    /// `P-007`
    pub(super) id: String,
    /// What is planted.
    pub(super) drill: &'d Drill,
    /// The source of its rows, which no file can have.
    pub(super) source: String,
    /// Values by column, `name` and `source` among them.
    pub(super) values: Vec<(String, Value)>,
}

impl Place<'_> {
    pub(super) fn value(&self, column: &str) -> Option<&Value> {
        self.values.iter().find(|(name, _)| name == column).map(|(_, value)| value)
    }

    /// Replaces every `{column}` by its value, times to the second.
    pub(super) fn fill(&self, sentence: &str) -> String {
        fill(&self.values, sentence, |value| match value {
            Value::Text(text) => text.clone(),
            Value::Time(at) => at.to_the_second(),
        })
    }

    /// The same with times in full, as items have them.
    pub(super) fn fill_exactly(&self, text: &str) -> String {
        fill(&self.values, text, Value::said)
    }

    /// When it is planted, to the second: `planted_at`, or the first time that the place has.
    pub(super) fn planted_at(&self) -> Option<String> {
        let time = |value: &Value| match value {
            Value::Time(at) => Some(at.to_the_second()),
            Value::Text(_) => None,
        };
        let first = || self.values.iter().find_map(|(_, value)| time(value));
        self.value("planted_at").and_then(time).or_else(first)
    }
}

fn fill(values: &[(String, Value)], sentence: &str, said: impl Fn(&Value) -> String) -> String {
    let mut filled = sentence.to_owned();
    for (name, value) in values {
        let placeholder = format!("{{{name}}}");
        if filled.contains(&placeholder) {
            filled = filled.replace(&placeholder, &said(value));
        }
    }
    filled
}

/// Chooses places for every kind, in the order of controls and names.
pub(super) fn choose<'d>(
    engine: &Engine,
    catalogue: &'d Catalogue,
    period: &Period,
    options: &Options,
) -> Result<Vec<Place<'d>>, AssessError> {
    let mut chosen: Vec<Place<'d>> = Vec::new();
    let mut claimed: BTreeSet<String> = BTreeSet::new();
    for drill in &catalogue.drills {
        let mut planted = 0;
        for values in candidates(engine, catalogue, drill, period, options)? {
            if planted == options.per_kind {
                break;
            }
            let number = chosen.len() + 1;
            let id = format!("P-{number:03}");
            let source = format!("drill//{id}");
            let mut values = values;
            values.push(("name".to_owned(), Value::Text(format!("drill-{number:03}"))));
            values.push(("source".to_owned(), Value::Text(source.clone())));
            let place = Place { id, drill, source, values };
            let claims: Vec<String> = drill.claims.iter().map(|claim| place.fill_exactly(claim)).collect();
            if claims.iter().any(|claim| claimed.contains(claim)) {
                continue;
            }
            claimed.extend(claims);
            chosen.push(place);
            planted += 1;
        }
    }
    Ok(chosen)
}

type Values = Vec<(String, Value)>;

/// The first places of a kind in the order of SHA-256 over seed, kind and place.
fn candidates(
    engine: &Engine,
    catalogue: &Catalogue,
    drill: &Drill,
    period: &Period,
    options: &Options,
) -> Result<Vec<Values>, AssessError> {
    let wanted = options.per_kind.saturating_mul(SPARE);
    let mut first: BTreeMap<[u8; 32], Values> = BTreeMap::new();
    let parameters = drill_parameters(catalogue, drill, period);
    let mut text = String::new();
    engine.query(&drill.name, &drill.places, &parameters, |frame| {
        for row in 0..frame.rows() {
            let values = values(frame, row).ok_or_else(|| AssessError::Contract {
                control: format!("drills/{}", drill.name),
                message: "a place has a value that is null; leave such places out".to_owned(),
            })?;
            text.clear();
            let _ = write!(text, "{}\n{}", options.seed, drill.name);
            for (_, value) in &values {
                let _ = write!(text, "\n{}", value.said());
            }
            let key = Sha256::raw(text.as_bytes());
            if first.len() < wanted || first.last_key_value().is_some_and(|(last, _)| key < *last) {
                first.insert(key, values);
                if first.len() > wanted {
                    first.pop_last();
                }
            }
        }
        Ok(())
    })?;
    Ok(first.into_values().collect())
}

/// The values of a row; none where one is null.
fn values(frame: &Frame, row: usize) -> Option<Values> {
    frame
        .names()
        .map(|name| {
            let value = match frame.time(name, row) {
                Some(at) => Value::Time(at),
                None => Value::Text(frame.text(name, row)?.into_owned()),
            };
            Some((name.to_owned(), value))
        })
        .collect()
}
