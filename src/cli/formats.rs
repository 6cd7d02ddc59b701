//! `steadfast formats`: what can be read.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use steadfast::facts::TABLES;
use steadfast::formats::FORMATS;

use super::print;

#[derive(Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> anyhow::Result<ExitCode> {
    let mut text = String::new();
    for format in FORMATS {
        let feeds: Vec<&str> = format.feeds().iter().map(|table| table.name).collect();
        let feeds = if feeds.len() == TABLES.len() { "any table".to_owned() } else { feeds.join(", ") };
        let _ = writeln!(
            text,
            "{}\n    {}\n    recognised by {}\n    feeds {feeds}",
            format.name(),
            format.about(),
            format.recognised_by()
        );
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
