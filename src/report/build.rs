//! Building the model: everything that was read and judged, in the order in which pages say it.

use super::model::{Conclusion, Count, Report};
use super::{control, decisions, exceptions, fleet, frameworks, front, model, register, sampling, streams};
use crate::assess::Assessment;
use crate::catalogue::Catalogue;
use crate::collect::{Collected, Sha256};
use crate::config::Config;
use crate::outputs::{OutputError, register as register_csv};
use crate::period::Period;

/// What a report is made of.
pub struct Input<'a> {
    /// What was read.
    pub collected: &'a Collected,
    /// What was judged.
    pub assessment: &'a Assessment,
    /// By which controls.
    pub catalogue: &'a Catalogue,
    /// Configuration.
    pub config: &'a Config,
    /// Audit period.
    pub period: &'a Period,
    /// The first rejected records: source, line, reason, excerpt.
    pub rejects: Vec<(String, u64, String, String)>,
}

/// Builds the report.
///
/// # Errors
/// Where the register cannot be written as CSV, which only a bug makes it do.
pub fn build(input: &Input<'_>) -> Result<Report, OutputError> {
    let gathered = exceptions::gather(input);
    let exceptions = &gathered.shown;
    let controls: Vec<model::Control> =
        input.assessment.controls.iter().map(|assessed| control::section(input, assessed, exceptions)).collect();
    let limits = front::limits(input, &gathered.not_shown);
    let registers = decisions::registers(input, &gathered.spoken, &controls);
    let sources = register::sources(input, &controls, &gathered, &limits, &registers);
    let counts: Vec<Count> = Conclusion::ALL
        .into_iter()
        .map(|conclusion| Count {
            conclusion,
            number: controls.iter().filter(|control| control.conclusion == conclusion).count(),
        })
        .collect();
    let frameworks = frameworks::frameworks(input, &controls);
    let grouped_by = input.config.report.by.clone();
    let fingerprint = Sha256::of(&register_csv(&sources)?);
    Ok(Report {
        tool: concat!("steadfast ", env!("CARGO_PKG_VERSION")).to_owned(),
        control_set_sha256: input.catalogue.sha256.clone(),
        system: input.config.system.name.clone(),
        prepared_by: input.config.system.prepared_by.clone(),
        classification: input.config.system.classification.clone(),
        period: model::Period {
            name: input.period.name.clone(),
            starts_at: input.period.starts_at.iso(),
            ends_at: input.period.ends_at.iso(),
            time_zone: input.period.zone.name().to_owned(),
        },
        summary: front::summary(&controls),
        answers: front::answers(input, &controls),
        unclassified: front::unclassified(input),
        hosts: front::hosts(input),
        total_controls: controls.len(),
        counts,
        limit_kinds: front::kinds(&limits),
        limits,
        limits_looked_for: front::LOOKED_FOR.to_owned(),
        fingerprint,
        signer: "unsigned".to_owned(),
        registers,
        sampling: sampling::sampling(input),
        exceptions: gathered.shown,
        every_exception: gathered.every,
        matrix: frameworks::matrix(grouped_by.as_deref(), &frameworks, &controls),
        grouped_by,
        frameworks,
        fleet: fleet::fleet(input),
        streams: streams::streams(input),
        controls,
        sources,
        rejects: register::rejects(input),
        rejected_total: input.collected.sources.iter().map(|source| source.tally.rejected).sum(),
        drill: None,
        glossary: front::GLOSSARY.to_vec(),
    })
}
