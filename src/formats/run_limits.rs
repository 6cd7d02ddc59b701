//! What records of configuration runs cannot tell, in one wording for every tool.

use super::Sink;

/// The record does not say whether the run was a dry run.
pub(super) fn check_mode_unknown(sink: &mut Sink<'_>, line: u64) {
    sink.limit(
        "check-mode-unknown",
        Some(line),
        "these records do not say whether a run was a dry run, which changes nothing; none of their runs is known to have enforced anything",
    );
}

/// The tool does not tell a resource put back from one changed on purpose.
pub(super) fn drift_not_told(sink: &mut Sink<'_>, line: u64, tool: &str) {
    sink.limit(
        "drift-not-told",
        Some(line),
        format!(
            "{tool} does not tell a resource that it put back from one that was meant to change; no drift is read from its runs"
        ),
    );
}

/// The agent applied an old catalogue because it could get no new one.
pub(super) fn cached_catalog(sink: &mut Sink<'_>, line: u64) {
    sink.limit(
        "cached-catalog",
        Some(line),
        "some runs applied a catalogue that the agent had kept, because it could get none from the server (cached_catalog_status on_failure): what they enforced may be older than what is approved",
    );
}

/// Some resources of a run that was no dry run were only looked at.
pub(super) fn partly_noop(sink: &mut Sink<'_>, line: u64) {
    sink.limit(
        "partly-noop",
        Some(line),
        "some runs left resources as they found them, although they differed, because those are marked noop",
    );
}

/// Only the end of the run is on record.
pub(super) fn ends_only(sink: &mut Sink<'_>, line: u64) {
    sink.limit("end-time-only", Some(line), "these records say when a run ended, not when it began; runs count at their end");
}

/// The file says no time, and the one that its path binds is that of its collection.
pub(super) fn time_from_path(sink: &mut Sink<'_>, line: u64) {
    sink.limit(
        "time-from-path",
        Some(line),
        "the file does not say when the run was; it counts at the time that its path binds, by which it had ended",
    );
}
