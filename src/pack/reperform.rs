//! `reperform.sql`: the views and tests of the pack with their parameters, for stock DuckDB, and a comparison with the
//! populations in the pack.

use crate::assess::tables;
use crate::catalogue::{Catalogue, Parameter, View, bind};
use crate::config::Config;
use crate::facts::TABLES;
use crate::period::Period;

/// The script. `views` are in the order in which they need each other.
#[must_use]
pub fn reperform(catalogue: &Catalogue, views: &[View], config: &Config, period: &Period) -> String {
    let mut script = String::from(
        "-- Re-performs every test of this pack with DuckDB: cd data && duckdb < reperform.sql\n\
         -- The last result lists, for each control, how many items differ from populations/<ID>.csv; 0 is expected.\n\
         set timezone = 'UTC';\n\n",
    );
    for table in TABLES {
        script.push_str(&format!("create view {0} as select * from read_parquet('facts/{0}.parquet');\n", table.name));
    }
    for table in tables(catalogue, config) {
        let columns: Vec<String> =
            table.columns.iter().map(|(name, flag)| format!("{name} {}", if *flag { "boolean" } else { "varchar" })).collect();
        script.push_str(&format!("create table {} ({});\n", table.name, columns.join(", ")));
        let row = |cells: &Vec<String>| {
            let cells = cells.iter().zip(table.columns).map(|(cell, (_, flag))| if *flag { cell.clone() } else { quoted(cell) });
            format!("({})", cells.collect::<Vec<_>>().join(", "))
        };
        if !table.rows.is_empty() {
            let rows: Vec<String> = table.rows.iter().map(row).collect();
            script.push_str(&format!("insert into {} values {};\n", table.name, rows.join(", ")));
        }
    }
    let instant = |instant: crate::facts::Micros| quoted(instant.iso().trim_end_matches('Z').replace('T', " ").as_str());
    let common = vec![("period_start".to_owned(), instant(period.starts_at)), ("period_end".to_owned(), instant(period.ends_at))];
    for view in views {
        let kind = if view.inline() { "view" } else { "table" };
        script.push_str(&format!("\ncreate {kind} {} as\n{};\n", view.name, bind(view.sql.trim(), &common)));
    }
    let mut comparisons = Vec::new();
    for control in &catalogue.controls {
        let mut values = common.clone();
        values.extend(control.params.iter().filter_map(|(name, value)| {
            let literal = match Parameter::from_toml(value)? {
                Parameter::Int(number) => format!("cast({number} as bigint)"),
                Parameter::Real(number) => format!("cast({number} as double)"),
                Parameter::Text(text) => quoted(&text),
                Parameter::Flag(flag) => flag.to_string(),
            };
            Some((name.clone(), literal))
        }));
        script.push_str(&format!("\ncreate table \"{}\" as\n{};\n", control.id, bind(control.test.sql.trim(), &values)));
        comparisons.push(format!(
            "select '{0}' as control, count(*) as differing from (\n  \
             (select resource, status from \"{0}\" except all select resource, status from read_csv('populations/{0}.csv', header = true, all_varchar = true))\n  \
             union all\n  \
             (select resource, status from read_csv('populations/{0}.csv', header = true, all_varchar = true) except all select resource, status from \"{0}\"))",
            control.id
        ));
    }
    script.push_str(&format!("\n{}\norder by control;\n", comparisons.join("\nunion all\n")));
    script
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
