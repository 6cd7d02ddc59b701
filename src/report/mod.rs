//! The report: one model that feeds every output. [`build`] is the only place that derives a number or a sentence;
//! outputs never compute, sort or decide.

mod build;
mod cite;
mod control;
mod evidence;
mod exceptions;
mod fleet;
mod front;
mod matrix;
mod model;
mod register;
mod sessions;
mod streams;

pub use build::{Input, build};
pub use fleet::{ClassChange, ClassLine, Fleet, PartLived};
pub use matrix::{Matrix, Row};
pub use model::{
    Answer, Citation, Command, Conclusion, Control, ControlLine, Count, Coverage, ExceptionGroup, ExceptionLine, Gap, Hosts,
    ItemCounts, Limit, LimitsAlike, Map, Member, Period, Population, QuoteLine, Reject, Report, Sample, Session, SessionPlace,
    Source, Step,
};
pub use streams::{Range, Stream, StreamHost};
