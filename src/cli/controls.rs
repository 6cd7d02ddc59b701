//! `steadfast controls`: list them, check a folder of one's own, print the SQL contract.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono_tz::Tz;
use clap::{Args, Subcommand};
use steadfast::catalogue::Catalogue;
use steadfast::config::Config;
use steadfast::facts::TABLES;
use steadfast::period::Period;
use steadfast::pipeline::lint;

use super::print;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List controls, their titles and what they are about
    List {
        /// Folder of controls that add to the built-in ones or override them
        #[arg(long, value_name = "DIR")]
        controls: Option<PathBuf>,
    },
    /// Check that every control can be read, plans against the fact tables, and keeps its contract
    Lint {
        /// Folder of controls that add to the built-in ones or override them
        #[arg(long, value_name = "DIR")]
        controls: Option<PathBuf>,
    },
    /// List frameworks: requirements listed, mapped to a control, and not verified against the publisher's text
    Frameworks {
        /// Folder of controls and frameworks that add to the built-in ones or override them
        #[arg(long, value_name = "DIR")]
        controls: Option<PathBuf>,
    },
    /// Print the fact tables and their columns: the contract that tests are written against
    Schema,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = Config::default();
    let mut text = String::new();
    match &arguments.verb {
        Verb::List { controls } => {
            for control in Catalogue::load(controls.as_deref(), &config)?.controls {
                let _ = writeln!(
                    text,
                    "{:<10} {:<10} {:<10} {}",
                    control.id,
                    control.kind.word(),
                    control.applies_to.word(),
                    control.title
                );
            }
        }
        Verb::Lint { controls } => {
            let catalogue = Catalogue::load(controls.as_deref(), &config)?;
            let work = tempfile::tempdir()?;
            lint(&catalogue, &config, &Period::parse("2026-Q3", Tz::UTC)?, work.path())?;
            let (controls, views) = (catalogue.controls.len(), catalogue.views.len());
            let _ = writeln!(text, "{controls} controls, {views} views and {} frameworks are sound", catalogue.frameworks.len());
        }
        Verb::Frameworks { controls } => {
            let _ = writeln!(text, "{:<16} {:>6} {:>6} {:>10}  name", "framework", "listed", "mapped", "unverified");
            for framework in Catalogue::load(controls.as_deref(), &config)?.frameworks {
                let _ = writeln!(
                    text,
                    "{:<16} {:>6} {:>6} {:>10}  {}, {}",
                    framework.id,
                    framework.requirements.len(),
                    framework.mapped(),
                    framework.unverified(),
                    framework.name,
                    framework.version
                );
            }
        }
        Verb::Schema => {
            for table in TABLES {
                let _ = writeln!(text, "{}: {}", table.name, table.doc.trim());
                let _ = writeln!(text, "  {:<18} {:<10} Path of the evidence file", "source", "varchar");
                let _ = writeln!(text, "  {:<18} {:<10} 1-based line or record number", "line", "bigint");
                for column in table.columns {
                    let _ = writeln!(text, "  {:<18} {:<10} {}", column.name, column.kind.sql(), column.doc.trim());
                }
            }
        }
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
