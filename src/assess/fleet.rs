//! The fleet as the snapshots of the inventory give it: hosts with their lives, and hosts whose class changed.

use super::AssessError;
use super::engine::{Engine, Parameters};
use super::frame::Frame;
use crate::facts::Micros;

/// A host of the inventory.
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
    /// The latest snapshot that lists it.
    pub source: Option<String>,
    /// Its line or record there.
    pub line: Option<u64>,
}

/// A host whose class changed between two snapshots that follow each other.
#[derive(Clone, Debug)]
pub struct ClassChange {
    /// Host.
    pub host: String,
    /// Class in the earlier snapshot.
    pub from_class: String,
    /// Class in the later one.
    pub to_class: String,
    /// The last time that it was seen with the earlier class.
    pub until_at: Option<Micros>,
    /// The first time that it was seen with the later one.
    pub since_at: Option<Micros>,
    /// When it was launched anew, where that was in between.
    pub launched_at: Option<Micros>,
    /// The earlier snapshot: source and line.
    pub from: (Option<String>, Option<u64>),
    /// The later one.
    pub to: (Option<String>, Option<u64>),
}

fn text(frame: &Frame, name: &str, row: usize) -> String {
    frame.text(name, row).unwrap_or_default().into_owned()
}

fn pointer(frame: &Frame, source: &str, line: &str, row: usize) -> (Option<String>, Option<u64>) {
    let number = frame.int(line, row).and_then(|line| u64::try_from(line).ok());
    (frame.text(source, row).map(|source| source.into_owned()), number)
}

/// Every host, by name.
pub(super) fn fleet(engine: &Engine) -> Result<Vec<FleetHost>, AssessError> {
    let sql = "select host, class, alive_from, alive_to, source, line from fleet order by host";
    let mut fleet = Vec::new();
    engine.query("fleet", sql, &Parameters::new(), |frame| {
        for row in 0..frame.rows() {
            let (source, line) = pointer(frame, "source", "line", row);
            fleet.push(FleetHost {
                host: text(frame, "host", row),
                class: text(frame, "class", row),
                alive_from: frame.time("alive_from", row),
                alive_to: frame.time("alive_to", row),
                source,
                line,
            });
        }
        Ok(())
    })?;
    Ok(fleet)
}

/// Every change of class, by host and time.
pub(super) fn class_changes(engine: &Engine) -> Result<Vec<ClassChange>, AssessError> {
    let sql = "select host, from_class, to_class, until_at, since_at, launched_at, from_source, from_line, source, line
        from class_changes order by host, since_at, format";
    let mut changes = Vec::new();
    engine.query("class changes", sql, &Parameters::new(), |frame| {
        for row in 0..frame.rows() {
            changes.push(ClassChange {
                host: text(frame, "host", row),
                from_class: text(frame, "from_class", row),
                to_class: text(frame, "to_class", row),
                until_at: frame.time("until_at", row),
                since_at: frame.time("since_at", row),
                launched_at: frame.time("launched_at", row),
                from: pointer(frame, "from_source", "from_line", row),
                to: pointer(frame, "source", "line", row),
            });
        }
        Ok(())
    })?;
    Ok(changes)
}
