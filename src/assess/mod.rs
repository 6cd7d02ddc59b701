//! Assess: facts and controls to populations, coverage, waivers and conclusions.
//!
//! [`engine`] names the query engine, and nothing else does; it runs read-only SQL with bound parameters. The default
//! conclusion is *Could not conclude*: "No exceptions noted" needs a population that is not empty (or a stated reason why
//! empty is right), complete coverage, and no exception.

mod conclude;
mod coverage;
mod drill;
mod engine;
mod fleet;
mod frame;
mod item;
mod judge;
mod population;
mod registers;
mod run;
mod sample;
mod sessions;
mod streams;
mod table;
mod waive;

use std::path::PathBuf;

use thiserror::Error;

pub use conclude::conclude;
pub(crate) use conclude::thousands;
pub use coverage::{Coverage, Gap};
pub use drill::{Drilled, FalseAlarm, Ground, MOST_ALARMS, Options, Plant, Tally, Told, drill, drill_alone, seed};
pub use engine::{Engine, EngineOptions, Parameters, Query};
pub use fleet::{ClassChange, FleetHost};
pub use frame::Frame;
pub use item::{Item, ItemStatus, span_words};
pub(crate) use judge::{required_attestations, tables};
pub use population::{Counted, PackedFile, Population};
pub use registers::{Attestation, Exemption, Response};
pub use run::{Assessed, Assessment, assess, ordered_views, plan};
pub use sample::{Drawn, Sample};
pub use sessions::Terminal;
pub use streams::{DayKind, Run, Stream, StreamHost};
pub use waive::Waiver;

/// Why facts could not be judged.
#[derive(Debug, Error)]
pub enum AssessError {
    /// A query cannot be planned or run.
    #[error("{name}: the query cannot be {what}: {message}")]
    Query {
        /// View or control.
        name: String,
        /// `planned` or `run`.
        what: &'static str,
        /// The engine's own sentence.
        message: String,
    },
    /// A query needs more memory than it may hold.
    #[error("{name}: the query cannot be {what}: it needs more memory than it may hold; raise --memory")]
    Memory {
        /// View or control.
        name: String,
        /// `planned` or `run`.
        what: &'static str,
    },
    /// Views name each other in a circle.
    #[error("the views {0} name each other in a circle; break it in controls/views")]
    Circle(String),
    /// A test lacks a column, or gives a status that is none.
    #[error("{control}: {message}")]
    Contract {
        /// Control.
        control: String,
        /// What is wrong, and the remedy.
        message: String,
    },
    /// The file system refused something.
    #[error("{path}: cannot be written: {message}", path = path.display())]
    Io {
        /// File.
        path: PathBuf,
        /// Why.
        message: String,
    },
}
