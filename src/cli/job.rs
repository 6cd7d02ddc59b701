//! What `pack` and `check` share: evidence, configuration, controls, period, threads and progress.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use steadfast::catalogue::Catalogue;
use steadfast::collect::{CollectOptions, Collected, collect};
use steadfast::config::Config;
use steadfast::mapping::Mapping;
use steadfast::period::Period;
use steadfast::pipeline::{DrillOptions, Job, Judged, drill, evidence, judge_and_drill};
use steadfast::report::DrillReport;

/// Arguments that `pack` and `check` share.
#[derive(Args)]
pub(crate) struct Evidence {
    /// Folder that holds steadfast.toml, or evidence folders and files
    #[arg(required = true)]
    evidence: Vec<PathBuf>,
    /// Audit period: 2026-Q3, 2026-07, 2026, or 2026-07-01..2026-10-01 (end not included)
    #[arg(long)]
    period: Option<String>,
    /// Configuration, where it is not steadfast.toml in the evidence folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of controls and views that add to the built-in ones or override them
    #[arg(long, value_name = "DIR")]
    controls: Option<PathBuf>,
    /// Threads that read and query, at most 64; results do not depend on it
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,
    /// Print how long each stage took
    #[arg(long)]
    timings: bool,
    /// Memory in MiB that queries and what they store may hold before they use the disk, 64 or more
    #[arg(long, value_name = "MIB", default_value_t = 768, value_parser = memory)]
    memory: usize,
}

/// How many threads.
fn threads(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=64).contains(number));
    number.ok_or_else(|| "write a number from 1 to 64, or leave --threads out for as many as there are cores".to_owned())
}

/// How many MiB; below 64 no query gets far, and above a TiB it is a slip of the pen.
fn memory(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (64..=1 << 20).contains(number));
    number.ok_or_else(|| "write a number of MiB from 64 to 1048576, or leave --memory out for 768".to_owned())
}

/// Evidence, configuration and controls as found.
pub(crate) struct Prepared {
    roots: Vec<PathBuf>,
    not_evidence: Vec<PathBuf>,
    config: Config,
    catalogue: Catalogue,
    period: Period,
    threads: usize,
    memory: usize,
    timings: bool,
}

impl Evidence {
    /// Finds and reads configuration and controls; the period must be named.
    pub(crate) fn prepare(&self) -> anyhow::Result<Prepared> {
        self.prepare_by(None)
    }

    /// The same, the report grouped by this framework, whatever the configuration says.
    pub(crate) fn prepare_by(&self, framework: Option<&str>) -> anyhow::Result<Prepared> {
        match &self.period {
            Some(period) => self.prepare_for(period, framework),
            None => bail!("name the audit period: --period 2026-Q3, 2026-07, 2026, or 2026-07-01..2026-10-01"),
        }
    }

    /// The same where the period only dates stamps without a year: this year where none is named.
    pub(crate) fn prepare_to_read(&self) -> anyhow::Result<Prepared> {
        match &self.period {
            Some(period) => self.prepare_for(period, None),
            None => self.prepare_for(&this_year(), None),
        }
    }

    fn prepare_for(&self, period: &str, by: Option<&str>) -> anyhow::Result<Prepared> {
        let mut file = self.config.clone();
        for path in &self.evidence {
            let own = path.join("steadfast.toml");
            if self.config.is_none()
                && own.is_file()
                && let Some(other) = file.replace(own)
            {
                bail!("{} is a second configuration; name the one to use with --config", other.display());
            }
        }
        let mut config = read_config(file.as_deref())?;
        if let Some(by) = by {
            config.report.by = Some(by.to_owned());
        }
        let mut roots = Vec::new();
        for path in &self.evidence {
            if file.as_deref().and_then(Path::parent) == Some(path.as_path()) && !config.evidence.folders.is_empty() {
                roots.extend(config.evidence.folders.iter().map(|folder| path.join(folder)));
            } else {
                roots.push(path.clone());
            }
        }
        let period = Period::parse(period, config.system.time_zone.0)?;
        let catalogue = Catalogue::load(self.controls.as_deref(), &config)?;
        let available = std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get);
        Ok(Prepared {
            roots,
            not_evidence: file.into_iter().collect(),
            config,
            catalogue,
            period,
            threads: self.threads.unwrap_or(available).clamp(1, 64),
            memory: self.memory << 20,
            timings: self.timings,
        })
    }
}

/// The current year, by the clock.
#[expect(clippy::disallowed_methods, reason = "the command line may look at the clock")]
fn this_year() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = chrono::DateTime::from_timestamp(i64::try_from(since.as_secs()).unwrap_or(0), 0).unwrap_or_default();
    chrono::Datelike::year(&now).to_string()
}

/// Reads a configuration, or the defaults where there is none.
fn read_config(file: Option<&Path>) -> anyhow::Result<Config> {
    let Some(path) = file else { return Ok(Config::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let mut config = Config::parse(&path.display().to_string(), &text)?;
    for name in &config.mappings {
        let mapping = path.parent().unwrap_or(Path::new("")).join(name);
        let text = std::fs::read_to_string(&mapping)
            .with_context(|| format!("{}: cannot be read; {} names it under mappings", mapping.display(), path.display()))?;
        let read = Mapping::parse(&mapping.display().to_string(), &text)?;
        if config.mapped.iter().any(|other| other.name == read.name) {
            bail!("{}: another mapping file has the name {}; choose another", mapping.display(), read.name);
        }
        config.mapped.push(read);
    }
    Ok(config)
}

impl Prepared {
    /// Only reads: facts go to `store`, what is unpacked on the way to `work`.
    pub(crate) fn read(&self, store: &Path, work: &Path) -> anyhow::Result<Collected> {
        let progress = Progress::new();
        let told = |done: u64, total: u64| progress.tell("reading evidence", done, total);
        let options = CollectOptions { config: &self.config, period: &self.period, threads: self.threads, progress: &told };
        let files = evidence(&self.roots, &self.not_evidence, work, &self.config)?;
        let collected = collect(&files, store, options)?;
        progress.bar.finish_and_clear();
        Ok(collected)
    }

    /// Judges with `work` as the folder for what is made on the way, and gives the result to `then`.
    pub(crate) fn judge<T>(&self, work: &Path, then: impl FnOnce(&Job<'_>, &Judged) -> anyhow::Result<T>) -> anyhow::Result<T> {
        self.judge_and_drill(work, None, then)
    }

    /// The same, and drills where `options` says how.
    pub(crate) fn judge_and_drill<T>(
        &self,
        work: &Path,
        options: Option<&DrillOptions>,
        then: impl FnOnce(&Job<'_>, &Judged) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let progress = Progress::new();
        let told = |stage: &str, done: u64, total: u64| progress.tell(stage, done, total);
        let job = self.job(work, &told);
        let judged = judge_and_drill(&job, options)?;
        progress.bar.finish_and_clear();
        progress.tell("presenting", 0, 0);
        let done = then(&job, &judged)?;
        if self.timings {
            progress.print()?;
        }
        Ok(done)
    }

    /// Only drills.
    pub(crate) fn drill(&self, work: &Path, options: &DrillOptions) -> anyhow::Result<DrillReport> {
        let progress = Progress::new();
        let told = |stage: &str, done: u64, total: u64| progress.tell(stage, done, total);
        let report = drill(&self.job(work, &told), options)?;
        progress.bar.finish_and_clear();
        if self.timings {
            progress.print()?;
        }
        Ok(report)
    }

    fn job<'a>(&'a self, work: &'a Path, progress: &'a (dyn Fn(&str, u64, u64) + Sync)) -> Job<'a> {
        Job {
            evidence: &self.roots,
            not_evidence: &self.not_evidence,
            config: &self.config,
            catalogue: &self.catalogue,
            period: &self.period,
            work,
            threads: self.threads,
            memory: self.memory,
            progress,
        }
    }
}

/// A bar on the terminal for anything over a second.
struct Progress {
    bar: ProgressBar,
    since: Instant,
    shown: Mutex<bool>,
    stages: Mutex<Vec<(String, Instant)>>,
}

impl Progress {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self { bar, since: Instant::now(), shown: Mutex::new(false), stages: Mutex::new(Vec::new()) }
    }

    fn tell(&self, stage: &str, done: u64, total: u64) {
        if let Ok(mut stages) = self.stages.lock()
            && stages.last().is_none_or(|(last, _)| last != stage)
        {
            stages.push((stage.to_owned(), Instant::now()));
        }
        if self.since.elapsed() < Duration::from_secs(1) || !std::io::stderr().is_terminal() {
            return;
        }
        if let Ok(mut shown) = self.shown.lock()
            && !*shown
        {
            *shown = true;
            if let Ok(style) = ProgressStyle::with_template("{msg:24} {wide_bar} {percent}% {elapsed}") {
                self.bar.set_style(style);
            }
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_length(total.max(1));
        self.bar.set_position(done);
        self.bar.set_message(stage.to_owned());
    }

    /// How long each stage took, on standard error.
    fn print(&self) -> anyhow::Result<()> {
        let Ok(stages) = self.stages.lock() else { return Ok(()) };
        let ends = stages.iter().skip(1).map(|(_, at)| *at).chain([Instant::now()]);
        let mut stderr = anstream::stderr().lock();
        for ((stage, from), to) in stages.iter().zip(ends) {
            writeln!(stderr, "{:8.3} s  {stage}", (to - *from).as_secs_f64())?;
        }
        Ok(())
    }
}
