//! The pipeline as one call: evidence, controls and period in, a judged report out.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::assess::{self, AssessError, Assessment, Engine, EngineOptions};
use crate::catalogue::{Catalogue, CatalogueError, View};
use crate::collect::{CollectError, CollectOptions, Collected, EvidenceFile, collect, unpack, walk};
use crate::config::Config;
use crate::outputs::OutputError;
use crate::pack::{PackError, Packed, Parts, write};
use crate::period::Period;
use crate::report::{DrillReport, Input, Report, build, drill_report};

/// What to judge, and how.
pub struct Job<'a> {
    /// Evidence folders or files.
    pub evidence: &'a [PathBuf],
    /// Files that are not evidence, such as the configuration itself.
    pub not_evidence: &'a [PathBuf],
    /// Configuration.
    pub config: &'a Config,
    /// Controls and views.
    pub catalogue: &'a Catalogue,
    /// Audit period.
    pub period: &'a Period,
    /// A folder for facts, views and populations while they are made; on the file system of the pack.
    pub work: &'a Path,
    /// Threads that parse and query. Results do not depend on it.
    pub threads: usize,
    /// Bytes that the query engine may hold before it spills to disk.
    pub memory: usize,
    /// Told what goes on: a stage, and how much of it is done.
    pub progress: &'a (dyn Fn(&str, u64, u64) + Sync),
}

/// Everything that was read, judged and said.
pub struct Judged {
    /// What was read.
    pub collected: Collected,
    /// What was judged.
    pub assessment: Assessment,
    /// Views in the order in which they need each other.
    pub views: Vec<View>,
    /// The report.
    pub report: Report,
}

/// Why there is no result.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// Reading.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// Controls.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// Judging.
    #[error(transparent)]
    Assess(#[from] AssessError),
    /// Presenting.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Packing.
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// Rejected records that the report shows.
const MOST_REJECTS: i64 = 200;

/// The files below `roots`, what containers hold among them; it is unpacked into `work`.
///
/// # Errors
/// Where a root does not exist, or `work` cannot be written.
pub fn evidence(
    roots: &[PathBuf],
    not_evidence: &[PathBuf],
    work: &Path,
    config: &Config,
) -> Result<Vec<EvidenceFile>, CollectError> {
    let files = walk(roots)?.into_iter().filter(|file| !not_evidence.contains(&file.path)).collect();
    unpack(files, &work.join("unpacked"), config.unpack)
}

/// How a drill is made.
#[derive(Clone, Debug)]
pub struct DrillOptions {
    /// Decides the places; where none is given, the evidence and the period do.
    pub seed: Option<String>,
    /// Violations of each kind, where there are as many places.
    pub per_kind: usize,
}

/// Reads, judges and builds the report.
///
/// # Errors
/// Where facts cannot be written, a control is broken, or a reader lost a record. Evidence that cannot be read is no
/// error: it is in the report, and keeps the controls that needed it from a clean conclusion.
pub fn judge(job: &Job<'_>) -> Result<Judged, PipelineError> {
    judge_and_drill(job, None)
}

/// The same, and drills where `options` says how; the report has the drill then.
///
/// # Errors
/// As [`judge`], and where a kind of violation is broken.
pub fn judge_and_drill(job: &Job<'_>, options: Option<&DrillOptions>) -> Result<Judged, PipelineError> {
    let (collected, mut engine) = read(job)?;
    let steps = (job.catalogue.views.len() + job.catalogue.controls.len()) as u64;
    let populations = job.work.join("populations");
    let assessed = |engine: &Engine| {
        let mut step = 0;
        assess::assess(engine, job.catalogue, job.config, job.period, &collected, &populations, |name| {
            (job.progress)(name, step, steps);
            step += 1;
        })
    };
    let assessment = match assessed(&engine) {
        // What views take is what queries lack: once more, with views on disk.
        Err(AssessError::Memory { .. }) if engine.held() > 0 => {
            drop(engine);
            engine = Engine::open(&collected, job.work, EngineOptions { views: 0, ..options_of(job) })?;
            assessed(&engine)
        }
        other => other,
    }?;
    let drilled = match options {
        Some(options) => {
            let options = drill_options(options, &collected, job.period);
            let told = |stage: &str| (job.progress)(stage, steps, steps);
            Some(assess::drill(&engine, &ground(job, &collected, &engine), &options, told)?)
        }
        None => None,
    };
    (job.progress)("report", steps, steps);
    let views = assess::ordered_views(&engine, job.catalogue)?;
    let rejects = rejects(&engine)?;
    let mut report = build(&Input {
        collected: &collected,
        assessment: &assessment,
        catalogue: job.catalogue,
        config: job.config,
        period: job.period,
        rejects,
    })?;
    report.drill = drilled.as_ref().map(drill_report);
    Ok(Judged { collected, assessment, views, report })
}

/// Reads evidence and drills on it, without a judgement of the evidence itself.
///
/// # Errors
/// As [`judge_and_drill`].
pub fn drill(job: &Job<'_>, options: &DrillOptions) -> Result<DrillReport, PipelineError> {
    let (collected, engine) = read(job)?;
    let options = drill_options(options, &collected, job.period);
    let told = |stage: &str| (job.progress)(stage, 0, 0);
    Ok(drill_report(&assess::drill_alone(&engine, &ground(job, &collected, &engine), &options, told)?))
}

fn drill_options(options: &DrillOptions, collected: &Collected, period: &Period) -> assess::Options {
    let seed = options.seed.clone().unwrap_or_else(|| assess::seed(collected, period));
    assess::Options { seed, per_kind: options.per_kind }
}

/// Where a drill takes place; its engine has the memory that views leave in the other.
fn ground<'a>(job: &'a Job<'_>, collected: &'a Collected, engine: &Engine) -> assess::Ground<'a> {
    assess::Ground {
        catalogue: job.catalogue,
        config: job.config,
        period: job.period,
        collected,
        work: job.work.join("drill"),
        engine: EngineOptions::new(job.memory - engine.held().min(job.memory / 2), job.threads),
    }
}

fn options_of(job: &Job<'_>) -> EngineOptions {
    EngineOptions::new(job.memory, job.threads)
}

/// Reads evidence into facts, and opens an engine over them.
fn read(job: &Job<'_>) -> Result<(Collected, Engine), PipelineError> {
    let files = evidence(job.evidence, job.not_evidence, job.work, job.config)?;
    let store = job.work.join("facts");
    let progress = |done, total| (job.progress)("reading evidence", done, total);
    let options = CollectOptions { config: job.config, period: job.period, threads: job.threads, progress: &progress };
    let collected = collect(&files, &store, options)?;
    let engine = Engine::open(&collected, job.work, options_of(job))?;
    Ok((collected, engine))
}

/// Seals what was judged as a pack at `out`.
///
/// # Errors
/// Where `out` is already there, or something cannot be written.
pub fn pack(job: &Job<'_>, judged: &Judged, out: &Path) -> Result<Packed, PipelineError> {
    let parts = Parts {
        report: &judged.report,
        assessment: &judged.assessment,
        catalogue: job.catalogue,
        views: &judged.views,
        config: job.config,
        period: job.period,
        store: &judged.collected.store,
    };
    Ok(write(&parts, job.work, out)?)
}

fn rejects(engine: &Engine) -> Result<Vec<(String, u64, String, String)>, AssessError> {
    let sql = format!("select source, line, reason, excerpt from rejects order by source, line, reason limit {MOST_REJECTS}");
    let mut rows = Vec::new();
    engine.query("rejects", &sql, &assess::Parameters::new(), |frame| {
        for row in 0..frame.rows() {
            let text = |name: &str| frame.text(name, row).unwrap_or_default().into_owned();
            let line = frame.int("line", row).and_then(|line| u64::try_from(line).ok()).unwrap_or(1);
            rows.push((text("source"), line, text("reason"), text("excerpt")));
        }
        Ok(())
    })?;
    Ok(rows)
}

/// Plans every view and control against empty tables, and checks what their files promise.
///
/// # Errors
/// The first query that cannot be planned, or test that breaks its contract.
pub fn lint(catalogue: &Catalogue, config: &Config, period: &Period, work: &Path) -> Result<(), PipelineError> {
    let store = work.join("facts");
    let options = CollectOptions { config, period, threads: 1, progress: &|_, _| {} };
    let collected = collect(&[], &store, options)?;
    let engine = Engine::open(&collected, work, EngineOptions::new(64 << 20, 1))?;
    Ok(assess::plan(&engine, catalogue, config, period)?)
}
