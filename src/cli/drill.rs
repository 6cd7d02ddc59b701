//! `steadfast drill`: would the controls find it? Plants violations in a copy of the evidence's facts and looks.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use steadfast::outputs::drill_json;
use steadfast::pipeline::DrillOptions;
use steadfast::report::DrillReport;

use super::job::Evidence;
use super::print;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    evidence: Evidence,
    /// Seed that decides the places (default: derived from the evidence and the period)
    #[arg(long, value_name = "TEXT")]
    seed: Option<String>,
    /// Violations of each kind, where the evidence has as many places
    #[arg(long, value_name = "N", default_value_t = 3)]
    per_kind: usize,
    /// Write the result as JSON to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Violations of a kind that a drill can be asked for.
const MOST_PER_KIND: usize = 100;

/// What `drill` and `pack --drill` are asked for.
pub(crate) fn options(seed: Option<&String>, per_kind: usize) -> anyhow::Result<DrillOptions> {
    if per_kind == 0 || per_kind > MOST_PER_KIND {
        bail!("--per-kind {per_kind}: ask for 1 to {MOST_PER_KIND} violations of each kind");
    }
    Ok(DrillOptions { seed: seed.cloned(), per_kind })
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let options = options(arguments.seed.as_ref(), arguments.per_kind)?;
    let prepared = arguments.evidence.prepare()?;
    let work = tempfile::Builder::new().prefix("steadfast-").tempdir()?;
    let report = prepared.drill(work.path(), &options)?;
    if let Some(out) = &arguments.out {
        let mut json = Vec::new();
        drill_json(&report, &mut json)?;
        std::fs::write(out, json).with_context(|| format!("{}: cannot write the result; give another file", out.display()))?;
    }
    print(&table(&report))?;
    Ok(if report.missed > 0 || report.false_alarms > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// The table of controls, then every miss and false alarm.
pub(crate) fn table(report: &DrillReport) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Seed {} (the same evidence, period and seed plant the same violations)", report.seed);
    let _ = writeln!(text, "{}", report.summary);
    let _ = writeln!(
        text,
        "\n{:<12} {:>8} {:>9} {:>7} {:>13}  no place in this evidence",
        "Control", "planted", "detected", "missed", "false alarms"
    );
    for control in &report.controls {
        let _ = writeln!(
            text,
            "{:<12} {:>8} {:>9} {:>7} {:>13}  {}",
            control.id,
            control.planted,
            control.detected,
            control.missed,
            control.false_alarms,
            control.note.strip_prefix("no place in this evidence: ").unwrap_or(&control.note)
        );
    }
    for plant in report.plants.iter().filter(|plant| !plant.detected) {
        let _ = writeln!(text, "\n{} {} ({}): {}", plant.id, plant.control_id, plant.kind, plant.planted);
        let _ = writeln!(text, "    {}", plant.said);
    }
    if !report.alarms.is_empty() {
        let _ = writeln!(text, "\nFalse alarms");
    }
    for alarm in &report.alarms {
        let _ = writeln!(text, "  {} {}, {}: {}", alarm.control_id, alarm.resource, alarm.status, alarm.reason);
    }
    let _ = writeln!(text, "\nWhat the drill does not show: {}", report.claim_limit);
    text
}
