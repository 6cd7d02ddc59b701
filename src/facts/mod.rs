//! Facts: the normalised rows that every control is judged on, and the public SQL contract.
//!
//! One file per fact table. Each declares its columns with [`fact_table!`](crate::facts::fact_table), which makes a
//! typed row (borrowed from the evidence) and the [`Table`] that describes it. Every table starts with `source` (path of
//! the evidence file, relative to the evidence root) and `line` (1-based line or record number): a fact cannot be
//! appended without a [`Pointer`].
//!
//! To add one: a new file here with one `fact_table!`, one `mod` line and one line in [`TABLES`], and its row in the
//! documentation of the SQL contract (`steadfast controls schema` prints it).

mod alarms;
mod changes;
mod config;
mod hosts;
mod images;
mod incidents;
mod ledger;
mod logins;
mod names;
mod people;
mod registers;
mod rows;
mod sudo;
mod time;
mod words;

pub use alarms::{ALARM_ACKS, ALARM_RUNS, ALARMS, Alarm, AlarmAck, AlarmRun};
pub use changes::{APPROVALS, Approval, CHANGE_TARGETS, CHANGES, Change, ChangeTarget};
pub use config::{CONFIG_DRIFT, CONFIG_RUNS, ConfigDrift, ConfigRun};
pub use hosts::{HOST_GROUPS, HOST_ROLES, HOSTS, Host, HostGroup, HostRole};
pub use images::{IMAGES, Image, PROVENANCE, Provenance};
pub use incidents::{INCIDENTS, Incident};
pub use ledger::{LOG_ACTIVITY, LogActivity, REJECTS, Reject, SOURCES, SourceRow};
pub use logins::{LOGIN_PATHS, LoginPath, SESSIONS, Session};
pub use names::NameRules;
pub use people::{PEOPLE, Person};
pub use registers::{ATTESTATIONS, Attestation, EXEMPTIONS, Exemption, RESPONSES, Response, WAIVERS, Waiver};
pub(crate) use rows::{AnyCell, AnyFact, required};
pub use rows::{Column, Fact, Kind, Pointer, Row, Rows, Table};
pub use sudo::{PRIVILEGED_COMMANDS, PrivilegedCommand};
pub(crate) use time::IsoWriter;
pub(crate) use time::in_zone;
pub use time::{Micros, parse_rfc3339, parse_stamp, parse_zoned};
pub use words::words;

/// Every fact table, in the order in which they are listed and packed.
pub const TABLES: &[&Table] = &[
    &SOURCES,
    &REJECTS,
    &HOSTS,
    &HOST_ROLES,
    &HOST_GROUPS,
    &IMAGES,
    &PROVENANCE,
    &LOGIN_PATHS,
    &SESSIONS,
    &PRIVILEGED_COMMANDS,
    &CHANGES,
    &APPROVALS,
    &CHANGE_TARGETS,
    &INCIDENTS,
    &CONFIG_RUNS,
    &CONFIG_DRIFT,
    &ALARMS,
    &ALARM_RUNS,
    &ALARM_ACKS,
    &LOG_ACTIVITY,
    &PEOPLE,
    &WAIVERS,
    &EXEMPTIONS,
    &RESPONSES,
    &ATTESTATIONS,
];

/// The position of a table in [`TABLES`], or `None` where there is no table of that name.
#[must_use]
pub fn position(name: &str) -> Option<usize> {
    TABLES.iter().position(|table| table.name == name)
}
