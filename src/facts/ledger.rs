//! What was read: sources, rejects and the activity of every log.

use super::rows::fact_table;
use super::time::Micros;

fact_table! {
    /// One evidence file.
    SOURCES ("sources"): SourceRow<'a> {
        /// Path relative to the evidence root (the same as `source`).
        path: &'a str as Text,
        /// Recognised format; absent where none did.
        format: Option<&'a str> as Text,
        /// Why it was recognised as that.
        recognised_by: Option<&'a str> as Text,
        /// SHA-256 of the bytes that were read, lower-case hex.
        sha256: &'a str as Text,
        /// Bytes read.
        bytes: i64 as Int,
        /// Records seen.
        records: i64 as Int,
        /// Facts that the records gave.
        facts: i64 as Int,
        /// Facts among them that another source has too; they are counted once.
        repeated: i64 as Int,
        /// Records that say nothing the controls use.
        skipped: i64 as Int,
        /// Records that could not be read.
        rejected: i64 as Int,
        /// Earliest instant that a fact speaks of.
        first_at: Option<Micros> as Time,
        /// Latest instant that a fact speaks of.
        last_at: Option<Micros> as Time,
        /// When the evidence was taken, where the file says so.
        as_of: Option<Micros> as Time,
        /// When the evidence was taken, where its path says so.
        collected_at: Option<Micros> as Time,
    }
    instant: |_| None
}

fact_table! {
    /// One record that could not be read.
    REJECTS ("rejects"): Reject<'a> {
        /// Why.
        reason: &'a str as Prose,
        /// Beginning of the record, secrets redacted.
        excerpt: Option<&'a str> as Prose,
    }
    instant: |_| None
}

fact_table! {
    /// One host, day (UTC) and stream that a log has records of.
    LOG_ACTIVITY ("log_activity"): LogActivity<'a> {
        /// Host.
        host: &'a str as Text,
        /// Midnight (UTC) that the day began with.
        day: Micros as Time,
        /// `sudo`, `auth`, `config` or `alarm`.
        stream: &'a str as Text,
        /// Records of that day.
        records: i64 as Int,
        /// First record.
        first_at: Micros as Time,
        /// Last record.
        last_at: Micros as Time,
    }
    instant: |_| None
}
