//! The numbers that Ansible keeps for each host of a playbook run, as its callbacks print them.
//!
//! Source: Ansible's `lib/ansible/executor/stats.py` (`AggregateStats.summarize`) and `plugins/strategy/__init__.py`, which
//! counts them: a task that changed something and then ended in an error is counted twice, an ignored error as `ok` and
//! `ignored`, a rescued one as `rescued`.

use super::lazy::Members;
use super::{Record, run_limits};
use crate::facts::{ConfigRun, Micros};

/// Why a document without hosts gives nothing.
pub(super) const NO_HOSTS: &str = "a run that no host took part in";

/// What is known of a playbook run on a host besides its numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Playbook<'a> {
    pub(super) host: &'a str,
    pub(super) occurred_at: Micros,
    /// Whether it was a dry run, where that is said.
    pub(super) noop: Option<bool>,
    pub(super) duration_s: Option<f64>,
}

/// The numbers of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HostStats {
    pub(super) ok: i64,
    pub(super) changed: i64,
    pub(super) unreachable: i64,
    pub(super) failures: i64,
    pub(super) skipped: i64,
    pub(super) rescued: i64,
}

impl HostStats {
    /// From the members of a host in `stats`; nothing where one of the four numbers is missing that every version writes.
    pub(super) fn of(numbers: &Members<'_>) -> Option<Self> {
        let number = |name: &str| numbers.get(name).and_then(|value| value.int());
        Some(Self {
            ok: number("ok")?,
            changed: number("changed")?,
            unreachable: number("unreachable")?,
            failures: number("failures")?,
            skipped: number("skipped").unwrap_or(0),
            rescued: number("rescued").unwrap_or(0),
        })
    }

    /// Whether Ansible got onto the host at all.
    fn reached(self) -> bool {
        self.unreachable == 0 || self.ok + self.failures + self.rescued > 0
    }

    /// What a dry run would have changed, it did not change.
    fn changed(self, noop: Option<bool>) -> i64 {
        if noop == Some(true) { 0 } else { self.changed }
    }

    fn outcome(self, noop: Option<bool>) -> &'static str {
        if self.failures > 0 || self.unreachable > 0 {
            "failed"
        } else if self.changed(noop) > 0 {
            "changed"
        } else {
            "unchanged"
        }
    }

    /// Gives the run as a fact of `record`, with what it cannot tell.
    pub(super) fn give(self, record: &mut Record<'_, '_>, line: u64, run: &Playbook<'_>) {
        let Playbook { host, occurred_at, .. } = *run;
        if run.noop.is_none() {
            run_limits::check_mode_unknown(record.sink(), line);
        }
        if self.changed(run.noop) > 0 {
            run_limits::drift_not_told(record.sink(), line, "Ansible");
        }
        if self.reached() {
            record.sink().active("config", host, occurred_at, line);
        }
        record.fact_at(
            line,
            ConfigRun {
                occurred_at,
                host,
                tool: "ansible",
                outcome: self.outcome(run.noop),
                noop: run.noop,
                duration_s: run.duration_s,
                resources: Some(self.ok + self.unreachable + self.failures + self.skipped + self.rescued),
                changed: Some(self.changed(run.noop)),
                failed: Some(self.failures),
                config_version: None,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_was_not_reached_is_no_activity_and_no_success() {
        let none = HostStats { ok: 0, changed: 0, unreachable: 1, failures: 0, skipped: 0, rescued: 0 };
        assert!(!none.reached());
        assert_eq!(none.outcome(None), "failed");
        assert!(HostStats { ok: 3, ..none }.reached(), "it went away later");
        assert_eq!(HostStats { unreachable: 0, failures: 1, changed: 1, ..none }.outcome(None), "failed", "changed and in error");
        assert_eq!(HostStats { unreachable: 0, rescued: 1, changed: 1, ..none }.outcome(None), "changed", "rescued");
    }
}
