//! The host that a configuration file is about. None of the files that say how somebody may log in names its host or when
//! it was taken, so both come from the path (`[[bind]]`).

use super::{Reading, Sink};
use crate::facts::{LoginPath, Micros};
use crate::surface::Finding;

/// Why a file whose host or time is not known gives no facts.
pub(super) const UNBOUND: &str = "host or time unknown: bind the file by its path ([[bind]] in steadfast.toml)";

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// Host and time of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    host: &'a str,
    /// When the file was taken.
    pub(super) observed_at: Micros,
}

impl<'a> Subject<'a> {
    /// What the path binds; where it binds one of the two only, or none, a limit says so. `what` names the file.
    pub(super) fn of(what: &str, reading: &Reading<'a>, sink: &mut Sink<'_>) -> Option<Self> {
        let (Some(host), Some(observed_at)) = (reading.host, reading.collected_at) else {
            let text = format!("{what} names neither host nor time; bind both by the path ([[bind]] in steadfast.toml)");
            sink.limit("unbound", None, text);
            return None;
        };
        sink.taken_at(observed_at);
        Some(Self { host, observed_at })
    }

    /// Days since 1970-01-01 (UTC) on which the file was taken.
    pub(super) fn day(&self) -> i64 {
        self.observed_at.0.div_euclid(DAY)
    }

    /// A finding as a fact about the host.
    pub(super) fn fact<'f>(&self, finding: &'f Finding) -> LoginPath<'f>
    where
        'a: 'f,
    {
        LoginPath {
            subject_kind: "host",
            subject: self.host,
            login_path: finding.login_path,
            state: finding.state.as_str(),
            detail: Some(&finding.detail),
            observed_at: Some(self.observed_at),
        }
    }
}

/// The line of a finding; the first one where it is about the file as a whole.
pub(super) fn line_of(finding: &Finding) -> u64 {
    finding.origin.as_ref().map_or(1, |origin| origin.line)
}
