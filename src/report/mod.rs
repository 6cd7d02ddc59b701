//! The report: one model that feeds every output. [`build`] is the only place that derives a number or a sentence;
//! outputs never compute, sort or decide.

mod build;
mod cite;
mod contents;
mod control;
mod decisions;
mod drill;
mod evidence;
mod exceptions;
mod fleet;
mod frameworks;
mod front;
mod management;
mod matrix;
mod model;
mod register;
mod requirements;
mod sampling;
mod sessions;
mod streams;

pub use build::{Input, build};
pub use contents::Part;
pub use drill::{DrillAlarm, DrillControl, DrillPlant, DrillReport, drill_report};
pub use fleet::{ClassChange, ClassLine, Fleet, PartLived};
pub use management::{Attestation, Decision, Registers, Response, ResponseLine, SampledItem, Sampling};
pub use matrix::{Matrix, Row};
pub use model::{
    Answer, Citation, Command, Conclusion, Control, ControlLine, Count, Coverage, ExceptionGroup, ExceptionLine, Framework, Gap,
    Hosts, ItemCounts, Limit, LimitKind, LimitsAlike, Map, MatrixGroup, MatrixRow, Member, NoDirect, Period, Population,
    QuoteLine, Reject, Report, Requirement, RequirementCounts, Sample, Session, SessionPlace, Source, Step, Support,
};
pub use streams::{Range, Stream, StreamHost};
