//! Alarms, the scans that could have raised them, and who acknowledged them.

use super::rows::fact_table;
use super::time::Micros;

fact_table! {
    /// One change that a file-integrity scan or a runtime detector reported.
    ALARMS ("alarms"): Alarm<'a> {
        /// When it was reported.
        occurred_at: Micros as Time,
        /// Host that it is about.
        host: &'a str as Text,
        /// `aide`, `osquery`, `wazuh`, `falco` or `tripwire`.
        tool: &'a str as Text,
        /// Rule, or the changed attributes as the tool writes them.
        rule: Option<&'a str> as Prose,
        /// `added`, `removed` or `changed`; `detected` where the tool reports behaviour and not a change of an object.
        action: &'a str as Text,
        /// File or object.
        target: &'a str as Prose,
        /// The tool's own severity.
        severity: Option<&'a str> as Text,
        /// Who acknowledged it, where the tool's own record says so.
        acknowledged_by: Option<&'a str> as Text,
        /// When.
        acknowledged_at: Option<Micros> as Time,
        /// Change that the record itself names.
        change_id: Option<&'a str> as Text,
    }
    instant: |fact| Some(fact.occurred_at)
}

fact_table! {
    /// One scan that ran, with or without a finding.
    ALARM_RUNS ("alarm_runs"): AlarmRun<'a> {
        /// When the scan began.
        occurred_at: Micros as Time,
        /// Host that was scanned.
        host: &'a str as Text,
        /// Tool that scanned.
        tool: &'a str as Text,
        /// `clean`, `findings` or `failed`.
        outcome: &'a str as Text,
    }
    instant: |fact| Some(fact.occurred_at)
}

fact_table! {
    /// One acknowledgement of alarms, from a register kept beside the tool.
    ALARM_ACKS ("alarm_acks"): AlarmAck<'a> {
        /// Host of the alarm.
        host: &'a str as Text,
        /// Tool of the alarm; any tool where absent.
        tool: Option<&'a str> as Text,
        /// Target of the alarm.
        target: &'a str as Prose,
        /// When the alarm was raised; any alarm on the target before the acknowledgement where absent.
        alarmed_at: Option<Micros> as Time,
        /// Who acknowledged.
        acknowledged_by: &'a str as Text,
        /// When.
        acknowledged_at: Micros as Time,
        /// Change that explains the alarm, where there is one.
        change_id: Option<&'a str> as Text,
        /// Reason given.
        note: Option<&'a str> as Prose,
    }
    instant: |fact| Some(fact.acknowledged_at)
}
