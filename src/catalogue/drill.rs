//! One kind of violation that the drill plants, as its TOML file says it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::diag::Diagnostic;
use crate::facts::TABLES;

/// A kind of violation: where it can be planted, which rows it adds to and takes from a copy of the facts, and what a
/// control says that finds it.
///
/// Values of a place are texts: `$column` in queries, `{column}` in sentences. Beside them stand `$name` (`drill-007`, for
/// new hosts, images and changes), `$source` (the source that no real file can have), the parameters of the control, and
/// `$period_start` and `$period_end`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// Name of the file without its ending.
    #[serde(skip)]
    pub name: String,
    /// The control that must find it.
    pub control: String,
    /// Other controls that may find it, too, or what follows from it.
    #[serde(default)]
    pub also: Vec<String>,
    /// What it is, in a few words.
    pub title: String,
    /// What is planted, as a sentence; `{column}` stands for a value of the place.
    pub plant: String,
    /// Columns of the place; an item of `control` or `also` that is about one of their values follows from the plant.
    #[serde(default)]
    pub marks: Vec<String>,
    /// What one plant takes for itself: a place whose claim an earlier plant has is passed over.
    #[serde(default)]
    pub claims: Vec<String>,
    /// A query that gives every place in the evidence, its values named by columns, none of them null.
    pub places: String,
    /// For each table a query that gives the rows to add; columns that it leaves out are null, `line` is 1.
    #[serde(default)]
    pub insert: BTreeMap<String, String>,
    /// For each table the condition of the rows to take away.
    #[serde(default)]
    pub remove: BTreeMap<String, String>,
    /// How detection is recognised.
    pub expect: Expect,
}

/// The item that shows that a plant was found. It must be new: an item that the real evidence has, too, does not count.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// `exception` or `inconclusive`.
    #[serde(default = "exception")]
    pub status: String,
    /// Whether its deciding record is a planted one.
    #[serde(default)]
    pub planted: bool,
    /// Two columns of the place: the item's `from_at` and `to_at` must hold what lies between them.
    #[serde(default)]
    pub spans: Vec<String>,
    /// Columns of the item and their values.
    pub item: BTreeMap<String, String>,
}

fn exception() -> String {
    "exception".to_owned()
}

/// Reads the file `path`, called `name` without its ending.
pub(super) fn read_drill(path: &str, name: &str, text: &str) -> Result<Drill, Box<Diagnostic>> {
    let mut drill: Drill =
        toml::from_str(text).map_err(|error| Box::new(Diagnostic::toml("drill-unreadable", path, text, &error)))?;
    name.clone_into(&mut drill.name);
    let mistake = |wanted: &str, message: String| {
        let at = text.find(wanted).map_or(0..0, |start| start..start + wanted.len());
        Err(Box::new(Diagnostic::new("drill-contract", path, text, at, message)))
    };
    if let Some(table) = drill.insert.keys().chain(drill.remove.keys()).find(|name| TABLES.iter().all(|t| t.name != **name)) {
        return mistake(table, format!("`{table}` is no fact table; `steadfast controls schema` prints them"));
    }
    if drill.insert.is_empty() && drill.remove.is_empty() {
        return mistake("places", "nothing is planted: give [insert] or [remove]".to_owned());
    }
    if !matches!(drill.expect.status.as_str(), "exception" | "inconclusive") {
        return mistake("status", "the status expected must be exception or inconclusive".to_owned());
    }
    if !drill.expect.item.contains_key("resource") {
        return mistake("[expect", "say of which resource the item is: [expect.item] resource".to_owned());
    }
    if !matches!(drill.expect.spans.len(), 0 | 2) {
        return mistake("spans", "spans must name two columns of the place, its beginning and its end".to_owned());
    }
    Ok(drill)
}
