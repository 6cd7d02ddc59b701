//! `steadfast collect`: reads evidence without judging it, to see what each file was recognised as, or to keep the facts.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use steadfast::collect::Collected;
use steadfast::redact::{redact, visible};

use super::job::Evidence;
use super::print;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    evidence: Evidence,
    /// Only print what each file was recognised as
    #[arg(long, conflicts_with = "store")]
    dry_run: bool,
    /// New folder for the facts, one Parquet file a table
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let prepared = arguments.evidence.prepare_to_read()?;
    let work = tempfile::tempdir()?;
    let store = match &arguments.store {
        Some(store) if store.exists() => bail!("{}: is already there; name a new folder", store.display()),
        Some(store) => store.clone(),
        None if arguments.dry_run => work.path().join("facts"),
        None => bail!("say where the facts go (--store DIR), or only look (--dry-run)"),
    };
    let collected = prepared.read(&store, work.path())?;
    print(&table(&collected))?;
    let unread = collected.sources.iter().any(|source| source.unread || source.tally.rejected > 0 || source.format.is_none());
    Ok(if unread { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// A line a file, then the limits.
fn table(collected: &Collected) -> String {
    let mut text =
        format!("{:>9} {:>9} {:>9} {:>9}  {:<26} file, and why\n", "records", "facts", "skipped", "rejected", "recognised as");
    for source in &collected.sources {
        let tally = &source.tally;
        let _ = writeln!(
            text,
            "{:>9} {:>9} {:>9} {:>9}  {:<26} {}",
            tally.opened,
            tally.facts - tally.repeated,
            tally.skipped(),
            tally.rejected,
            source.format.map_or("not recognised", |format| format.name()),
            visible(&source.path),
        );
        if let Some(why) = &source.recognised_by {
            let _ = writeln!(text, "{:68}{why}", "");
        }
        for (reason, count) in &tally.skipped {
            let _ = writeln!(text, "{:68}skipped {count}: {reason}", "");
        }
        for (reason, (line, count)) in &tally.reasons {
            // A reason may quote the record.
            let _ = writeln!(text, "{:68}rejected {count}, the first at {line}: {}", "", visible(&redact(reason).0));
        }
        for limit in collected.limits.iter().filter(|limit| limit.source.as_deref() == Some(&source.path)) {
            let place = limit.line.map(|line| format!(" (from {line})")).unwrap_or_default();
            let _ = writeln!(text, "{:68}{}: {}{place}", "", limit.code, visible(&limit.text));
        }
    }
    let sum = |number: fn(&steadfast::collect::Source) -> u64| collected.sources.iter().map(number).sum::<u64>();
    let _ = writeln!(
        text,
        "{} files, {} of them not recognised; {} records, {} facts, {} rejected",
        collected.sources.len(),
        collected.sources.iter().filter(|source| source.format.is_none()).count(),
        sum(|source| source.tally.opened),
        sum(|source| source.tally.facts - source.tally.repeated),
        sum(|source| source.tally.rejected),
    );
    text
}
