//! Planting: the tables that the plants change are written anew beside the facts, which are only read.

use std::path::Path;

use arrow::array::RecordBatch;

use super::drill_parameters;
use super::places::Place;
use crate::assess::AssessError;
use crate::assess::engine::{Engine, Parameters};
use crate::catalogue::{Catalogue, bind};
use crate::facts::{TABLES, Table};
use crate::period::Period;

/// Writes a copy of every table that a plant changes into the folder `changed`.
pub(super) fn plant(
    engine: &Engine,
    places: &[Place<'_>],
    period: &Period,
    catalogue: &Catalogue,
    changed: &Path,
) -> Result<(), AssessError> {
    std::fs::create_dir_all(changed).map_err(|error| AssessError::Io { path: changed.to_owned(), message: error.to_string() })?;
    for table in TABLES {
        let mut planted: Vec<RecordBatch> = Vec::new();
        let mut without: Vec<String> = Vec::new();
        let mut bound = Parameters::new();
        for (number, place) in places.iter().enumerate() {
            let mut parameters = drill_parameters(catalogue, place.drill, period);
            parameters.extend(place.values.iter().map(|(name, value)| (name.clone(), value.bound())));
            if let Some(sql) = place.drill.insert.get(table.name) {
                planted.extend(rows(engine, table, place, sql, &parameters)?);
            }
            if let Some(condition) = place.drill.remove.get(table.name) {
                // All conditions go into one pass over the table, so each plant's parameters get names of their own.
                let own = |name: &str| format!("{name}_{number}");
                let names: Vec<(String, String)> =
                    parameters.keys().map(|name| (name.clone(), format!("${}", own(name)))).collect();
                without.push(bind(condition, &names));
                bound.extend(parameters.into_iter().map(|(name, value)| (own(&name), value)));
            }
        }
        if !planted.is_empty() || !without.is_empty() {
            engine.copy(table, &without, &bound, &planted, &changed.join(format!("{}.parquet", table.name)))?;
        }
    }
    Ok(())
}

fn rows(
    engine: &Engine,
    table: &'static Table,
    place: &Place<'_>,
    sql: &str,
    parameters: &Parameters,
) -> Result<Vec<RecordBatch>, AssessError> {
    let rows = engine.facts(&place.drill.name, table, sql, parameters, &place.source)?;
    if rows.iter().all(|batch| batch.num_rows() == 0) {
        let message = format!("{} gives no row for `{}` at one of its own places", place.id, table.name);
        return Err(AssessError::Contract { control: format!("drills/{}", place.drill.name), message });
    }
    Ok(rows)
}
