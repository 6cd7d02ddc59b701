//! The command line: one file a subcommand. It is the only place that reads the clock, the environment and the terminal,
//! and nothing sees it.
//!
//! To add a subcommand: a file here with its arguments and `run`, a variant of [`Command`], and a line in the README.

mod check;
mod collect;
mod controls;
mod drill;
mod formats;
mod inspect;
mod job;
mod pack;
mod summary;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use steadfast::catalogue::CatalogueError;
use steadfast::diag::Diagnostic;
use steadfast::pipeline::PipelineError;

/// Turns operational records into audit evidence.
#[derive(Parser)]
#[command(name = "steadfast", version, about, long_about = None, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read evidence, judge it and write a sealed evidence pack
    Pack(pack::Arguments),
    /// Read and judge evidence, and print what was found (exit 0 none, 1 exceptions, 2 error, 3 nothing concluded)
    Check(check::Arguments),
    /// Plant violations in a copy of the evidence's facts, and see whether the controls find them (exit 0 all, 1 not all, 2 error)
    Drill(drill::Arguments),
    /// Read evidence and say what each file was recognised as, or keep the facts
    Collect(collect::Arguments),
    /// Check that a pack is as it was sealed
    Verify(verify::Arguments),
    /// List every way to log in to an image or a root filesystem, without starting it
    Inspect(inspect::Arguments),
    /// List the input formats
    Formats(formats::Arguments),
    /// List, check or describe controls
    Controls(controls::Arguments),
}

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Pack(arguments) => pack::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Drill(arguments) => drill::run(&arguments),
        Command::Collect(arguments) => collect::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Formats(arguments) => formats::run(&arguments),
        Command::Controls(arguments) => controls::run(&arguments),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            let mut stderr = anstream::stderr();
            let _ = writeln!(stderr, "{}", rendered(&error));
            ExitCode::from(2)
        }
    }
}

/// An error for the terminal: a mistake in a file with its lines, anything else with its causes.
fn rendered(error: &anyhow::Error) -> String {
    let mistake = error.downcast_ref::<Box<Diagnostic>>().or_else(|| {
        let catalogue = error.downcast_ref::<CatalogueError>().or_else(|| match error.downcast_ref::<PipelineError>() {
            Some(PipelineError::Catalogue(error)) => Some(error),
            _ => None,
        });
        match catalogue {
            Some(CatalogueError::Mistake(mistake)) => Some(mistake),
            _ => None,
        }
    });
    match mistake {
        Some(mistake) => mistake.render(true),
        None => steadfast::redact::visible(&format!("error: {error:#}")).into_owned(),
    }
}

/// Prints to standard output; a closed pipe ends the program without noise.
fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
