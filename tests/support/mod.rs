//! What the tests share: the repository, running the command, judging in the process, skipping out loud.

pub(crate) mod images;
#[cfg(feature = "judge")]
mod judging;

use std::path::PathBuf;

#[cfg(feature = "judge")]
pub(crate) use judging::{
    command, copy, have, have_duckdb, judged, judged_by, packed, printed, rendered, reperformed, sample_pack, sample_pack_copy,
    steadfast,
};

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Says that a test was skipped.
pub(crate) fn skipped(why: &str) {
    println!("skipped: {why}");
}
