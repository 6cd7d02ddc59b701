//! `steadfast pack`: the main job.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use steadfast::pack::PackError;
use steadfast::pipeline::{PipelineError, pack};

use super::drill::options;
use super::job::Evidence;
use super::print;
use super::summary::summary;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    evidence: Evidence,
    /// Folder to write the pack to; it must not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Framework by whose requirements the report is grouped, for example SOC2-2017 (`steadfast controls frameworks`)
    #[arg(long, value_name = "FRAMEWORK")]
    by: Option<String>,
    /// Plant violations in a copy of the facts, too, and report whether the controls find them
    #[arg(long)]
    drill: bool,
    /// Seed that decides the places of the drill (default: derived from the evidence and the period)
    #[arg(long, value_name = "TEXT", requires = "drill")]
    seed: Option<String>,
    /// Violations of each kind in the drill, where the evidence has as many places
    #[arg(long, value_name = "N", default_value_t = 3, requires = "drill")]
    per_kind: usize,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let out = &arguments.out;
    if out.exists() {
        // Said before an hour of reading, not after it.
        return Err(PipelineError::Pack(PackError::Exists { path: out.clone() }).into());
    }
    let options = arguments.drill.then(|| options(arguments.seed.as_ref(), arguments.per_kind)).transpose()?;
    let prepared = arguments.evidence.prepare_by(arguments.by.as_deref())?;
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).with_context(|| format!("{}: cannot make the folder", parent.display()))?;
    let work = tempfile::Builder::new()
        .prefix(".steadfast-")
        .tempdir_in(parent)
        .with_context(|| format!("{}: cannot make a temporary folder beside the pack", parent.display()))?;
    prepared.judge_and_drill(work.path(), options.as_ref(), |job, judged| {
        let packed = pack(job, judged, out)?;
        let mut text = summary(&judged.report);
        if let Some(drill) = &judged.report.drill {
            let _ = writeln!(text, "\nDrill        {} Seed {}.", drill.summary, drill.seed);
        }
        let _ = writeln!(text, "\nPack         {}", packed.folder.display());
        let _ = writeln!(text, "Open         {}", packed.folder.join("data").join("index.html").display());
        let _ = writeln!(text, "Fingerprint  {} (SHA-256 of tagmanifest-sha256.txt; unsigned)", packed.fingerprint);
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    })
}
