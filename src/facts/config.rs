//! Configuration management: runs, and what they put back.

use super::rows::fact_table;
use super::time::Micros;

fact_table! {
    /// One configuration-management run on a host.
    CONFIG_RUNS ("config_runs"): ConfigRun<'a> {
        /// When the run began.
        occurred_at: Micros as Time,
        /// Host that was configured.
        host: &'a str as Text,
        /// `puppet`, `chef`, `ansible` or `salt`.
        tool: &'a str as Text,
        /// `unchanged`, `changed` or `failed`.
        outcome: &'a str as Text,
        /// True for a dry run, which changes nothing.
        noop: Option<bool> as Flag,
        /// How long it took, in seconds.
        duration_s: Option<f64> as Real,
        /// Resources in the catalogue.
        resources: Option<i64> as Int,
        /// Resources changed.
        changed: Option<i64> as Int,
        /// Resources that failed.
        failed: Option<i64> as Int,
        /// Version of the configuration applied.
        config_version: Option<&'a str> as Prose,
    }
    instant: |fact| Some(fact.occurred_at)
}

fact_table! {
    /// One resource that a run put back.
    CONFIG_DRIFT ("config_drift"): ConfigDrift<'a> {
        /// When it was put back.
        occurred_at: Micros as Time,
        /// Host that had drifted.
        host: &'a str as Text,
        /// Tool that put it back.
        tool: &'a str as Text,
        /// Resource, for example `File[/etc/motd]`.
        resource: &'a str as Prose,
        /// Property, for example `content`.
        property: Option<&'a str> as Prose,
    }
    instant: |fact| Some(fact.occurred_at)
}
