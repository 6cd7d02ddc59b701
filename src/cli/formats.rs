//! `steadfast formats`: what can be read.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use steadfast::formats::FORMATS;

use super::print;

#[derive(Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> anyhow::Result<ExitCode> {
    let mut text = String::new();
    for format in FORMATS {
        let feeds: Vec<&str> = format.feeds().iter().map(|table| table.name).collect();
        let _ = writeln!(text, "{:<22} {}\n{:<22} feeds {}", format.name(), format.about(), "", feeds.join(", "));
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
