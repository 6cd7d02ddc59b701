//! `steadfast check`: the same judgement, in the terminal.

use std::process::ExitCode;

use clap::Args;
use steadfast::report::Conclusion;

use super::job::Evidence;
use super::print;
use super::summary::summary;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    evidence: Evidence,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let prepared = arguments.evidence.prepare()?;
    let work = tempfile::Builder::new().prefix("steadfast-").tempdir()?;
    prepared.judge(work.path(), |_, judged| {
        print(&summary(&judged.report))?;
        let any = |wanted: Conclusion| judged.report.controls.iter().any(|control| control.conclusion == wanted);
        Ok(if any(Conclusion::Exceptions) {
            ExitCode::from(1)
        } else if any(Conclusion::NoExceptions) {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(3)
        })
    })
}
