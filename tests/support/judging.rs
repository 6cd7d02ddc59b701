//! Running the command, and judging in the process.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use steadfast::catalogue::Catalogue;
use steadfast::config::Config;
use steadfast::period::Period;
use steadfast::pipeline::{Job, Judged, judge, pack};
use steadfast::report::Report;

use super::{root, skipped};

/// The command with these arguments, in the repository.
pub(crate) fn steadfast(arguments: &[&str]) -> Output {
    command().args(arguments).output().expect("the command runs")
}

/// The command, in the repository.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steadfast"));
    command.current_dir(root());
    command
}

/// What a command printed, both streams.
pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8") + &String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// A pack of the sample, made once for all tests that only read it.
pub(crate) fn sample_pack() -> &'static Path {
    static PACK: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, pack) = PACK.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let pack = folder.path().join("pack");
        let output = command()
            .args(["pack", "samples/search-cluster", "--period", "2026-Q3", "--out"])
            .arg(&pack)
            .output()
            .expect("the command runs");
        assert!(output.status.success(), "{}", printed(&output));
        (folder, pack)
    });
    pack
}

/// A copy of the sample's pack that a test may change.
pub(crate) fn sample_pack_copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    copy(sample_pack(), folder.path());
    folder
}

/// Copies a folder's content.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("an entry");
        let place = to.join(entry.path().strip_prefix(from).expect("below"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&place).expect("a folder");
        } else {
            std::fs::copy(entry.path(), &place).expect("a copy");
        }
    }
}

/// Judges the evidence in `folder` in this process.
pub(crate) fn judged(folder: &Path, config: &Config, period: &str) -> Judged {
    judged_by(folder, config, &Catalogue::load(None, config).expect("the embedded controls"), period)
}

/// The same by controls of the caller's choice.
pub(crate) fn judged_by(folder: &Path, config: &Config, catalogue: &Catalogue, period: &str) -> Judged {
    judged_and(folder, config, catalogue, period, |_, _| {})
}

/// Judges the evidence in `folder` in this process, and seals it as a pack at `out`.
pub(crate) fn packed(folder: &Path, config: &Config, period: &str, out: &Path) -> Judged {
    let catalogue = Catalogue::load(None, config).expect("the embedded controls");
    judged_and(folder, config, &catalogue, period, |job, judged| {
        pack(job, judged, out).expect("a pack");
    })
}

fn judged_and(
    folder: &Path,
    config: &Config,
    catalogue: &Catalogue,
    period: &str,
    then: impl FnOnce(&Job<'_>, &Judged),
) -> Judged {
    let work = tempfile::tempdir().expect("a folder");
    let period = Period::parse(period, config.system.time_zone.0).expect("a period");
    let job = Job {
        evidence: &[folder.to_owned()],
        not_evidence: &[],
        config,
        catalogue,
        period: &period,
        work: work.path(),
        threads: 2,
        memory: 256 << 20,
        progress: &|_, _, _| {},
    };
    let judged = judge(&job).expect("a judgement");
    then(&job, &judged);
    judged
}

/// What an output makes of a report.
pub(crate) fn rendered(output: &dyn steadfast::outputs::Output, report: &Report) -> String {
    let mut bytes = Vec::new();
    output.render(report, &mut bytes).expect("rendered");
    String::from_utf8(bytes).expect("UTF-8")
}

/// Whether Python with DuckDB is there.
pub(crate) fn have_duckdb() -> bool {
    if !have("python3") {
        return false;
    }
    let known = Command::new("python3").args(["-c", "import duckdb"]).output().is_ok_and(|output| output.status.success());
    if !known {
        assert!(std::env::var_os("CI").is_none(), "CI installs duckdb");
        skipped("the Python package duckdb is not installed");
    }
    known
}

/// What `reperform.sql` of a pack prints in stock DuckDB: a line a control, ending in how many items differ.
pub(crate) fn reperformed(pack: &Path) -> String {
    let script = "import duckdb\nresult = None\nconnection = duckdb.connect()\nfor statement in connection.extract_statements(open('reperform.sql').read()):\n    result = connection.execute(statement)\nfor row in result.fetchall():\n    print(*row)\n";
    let output = Command::new("python3").args(["-c", script]).current_dir(pack.join("data")).output().expect("python runs");
    assert!(output.status.success(), "{}", printed(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Whether a tool is there. Where it is not, the test says that it was skipped; where CI runs, that is a failure.
pub(crate) fn have(tool: &str) -> bool {
    let there =
        Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().is_ok_and(|output| output.status.success());
    if !there {
        skipped(&format!("{tool} is not installed"));
        assert!(std::env::var_os("CI").is_none(), "CI installs {tool}");
    }
    there
}
