//! `steadfast inspect`: every way to log in to an image, by its files.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use steadfast::inspect::{Request, inspect};

use super::print;

#[derive(Args)]
pub(crate) struct Arguments {
    /// OCI layout, output of `docker save`, or root filesystem: a folder or a tar archive (also .gz, .zst, .xz)
    image: PathBuf,
    /// Write the manifest as JSON to this file, which `steadfast pack` reads as evidence
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the manifest as JSON and not as a table
    #[arg(long)]
    json: bool,
    /// Id by which the inventory names the image, for example ami-0a1b2c3d (default: its digest)
    #[arg(long)]
    id: Option<String>,
    /// Name of the image for people
    #[arg(long)]
    name: Option<String>,
    /// Tag or digest, where the file holds several images
    #[arg(long, value_name = "TAG")]
    reference: Option<String>,
    /// Platform, where the image exists for several (default: the only one, else linux/amd64)
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<String>,
    /// When the image was built or fetched, in RFC 3339 (default: when it says that it was made)
    #[arg(long, value_name = "TIME")]
    observed_at: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let manifest = inspect(&Request {
        image: &arguments.image,
        id: arguments.id.as_deref(),
        name: arguments.name.as_deref(),
        reference: arguments.reference.as_deref(),
        platform: arguments.platform.as_deref(),
        observed_at: arguments.observed_at.as_deref(),
    })?;
    let json = manifest.json()?;
    if let Some(out) = &arguments.out {
        std::fs::write(out, &json).with_context(|| format!("{}: cannot write the manifest; give another file", out.display()))?;
    }
    print(&if arguments.json { json } else { manifest.table() })?;
    Ok(ExitCode::SUCCESS)
}
