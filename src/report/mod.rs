//! The report: one model that feeds every output. [`build`] is the only place that derives a number or a sentence;
//! outputs never compute, sort or decide.

mod build;
mod cite;
mod control;
mod drill;
mod evidence;
mod exceptions;
mod front;
mod model;
mod register;

pub use build::{Input, build};
pub use drill::{DrillAlarm, DrillControl, DrillPlant, DrillReport, drill_report};
pub use model::{
    Answer, Citation, Conclusion, Control, ControlLine, Count, Coverage, ExceptionGroup, ExceptionLine, Gap, Hosts, ItemCounts,
    Limit, LimitsAlike, Map, Member, Period, Population, QuoteLine, Reject, Report, Sample, Source, Step,
};
