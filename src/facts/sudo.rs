//! Privileged commands.

use super::rows::fact_table;
use super::time::Micros;

fact_table! {
    /// One sudo event, or its equivalent of another tool.
    PRIVILEGED_COMMANDS ("privileged_commands"): PrivilegedCommand<'a> {
        /// When the command was asked for.
        occurred_at: Micros as Time,
        /// Where, lower-cased and without the configured domains.
        host: &'a str as Text,
        /// Account that asked.
        actor: &'a str as Text,
        /// Account that the command ran as.
        run_as: Option<&'a str> as Text,
        /// Terminal, absent for commands without one.
        tty: Option<&'a str> as Text,
        /// Working directory.
        cwd: Option<&'a str> as Prose,
        /// Command and arguments, secrets redacted.
        command: &'a str as Prose,
        /// `accepted`, `rejected` or `alert`.
        outcome: &'a str as Text,
        /// The event's own identifier, where the log has one.
        event_id: Option<&'a str> as Text,
        /// Change that the event itself names, where it names one.
        change_id: Option<&'a str> as Text,
    }
    instant: |fact| Some(fact.occurred_at)
}
