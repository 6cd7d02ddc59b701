//! `steadfast verify`: is the pack as it was sealed?

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use steadfast::pack::verify;

use super::print;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Folder of the pack
    pack: PathBuf,
    /// SHA-256 of tagmanifest-sha256.txt, as you were given it by another way than the pack
    #[arg(long, value_name = "SHA256")]
    fingerprint: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Some(expected) = arguments.fingerprint.as_deref().map(str::trim)
        && (expected.len() != 64 || !expected.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        bail!("`{expected}` is no SHA-256 fingerprint: give the 64 hexadecimal digits that `steadfast pack` printed");
    }
    let (fingerprint, files, problems) = verify(&arguments.pack)?;
    let mut text = String::new();
    for problem in &problems {
        let _ = writeln!(text, "{}: {}", problem.path, problem.what);
    }
    let wrong = arguments.fingerprint.as_deref().is_some_and(|expected| !expected.trim().eq_ignore_ascii_case(&fingerprint));
    if wrong {
        let _ = writeln!(text, "the fingerprint is not the one expected: this is another pack, or it was sealed again");
    }
    let _ = writeln!(text, "Fingerprint  {fingerprint}");
    let sound = problems.is_empty() && !wrong;
    if sound {
        let _ = writeln!(
            text,
            "{files} files are as they were sealed, and there are no others. The pack is unsigned: compare the fingerprint."
        );
    } else {
        let _ = writeln!(text, "{} problems: the pack is not as it was sealed.", problems.len() + usize::from(wrong));
    }
    print(&text)?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
