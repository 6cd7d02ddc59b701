//! Ways to log in, and logins.

use super::rows::fact_table;
use super::time::Micros;

fact_table! {
    /// One way to log in to an image or a running host, and whether it is open.
    LOGIN_PATHS ("login_paths"): LoginPath<'a> {
        /// `image` or `host`.
        subject_kind: &'a str as Text,
        /// Image id or host.
        subject: &'a str as Text,
        /// `sshd`, `ssh_socket`, `getty`, `serial_getty`, `account`, `authorized_key`, `agent`, `debug_shell` … Further words:
        /// `ssh_password`, `ssh_root`, `ssh_public_key` (what sshd's settings allow, if it runs); `account_password` (an
        /// account has a password that counts, whatever its shell); `console_getty`, `rescue_shell`, `telnet`,
        /// `graphical_login`, `container_shell`, `sudo`.
        login_path: &'a str as Text,
        /// `absent`, `disabled`, `enabled` or `unknown`.
        state: &'a str as Text,
        /// What was seen.
        detail: Option<&'a str> as Prose,
        /// When it was seen.
        observed_at: Option<Micros> as Time,
    }
    instant: |fact| fact.observed_at
}

fact_table! {
    /// One login.
    SESSIONS ("sessions"): Session<'a> {
        /// When.
        occurred_at: Micros as Time,
        /// Where.
        host: &'a str as Text,
        /// Account that logged in.
        actor: &'a str as Prose,
        /// `publickey`, `password`, `console` …
        method: Option<&'a str> as Text,
        /// Address it came from.
        origin: Option<&'a str> as Text,
        /// `accepted` or `rejected`.
        outcome: &'a str as Text,
        /// Fingerprint of the key that was offered, as sshd logs it: `SHA256:…`.
        key_fingerprint: Option<&'a str> as Text,
        /// Account that the session entered, where that is another than the actor's: what `su` changed to, the account on
        /// the host behind a gateway.
        run_as: Option<&'a str> as Prose,
        /// Change that the record of the session itself names, where it names one.
        change_id: Option<&'a str> as Text,
        /// When it ended, where the same file says so next to its beginning; absent means not known, and not that it lasts.
        ended_at: Option<Micros> as Time,
    }
    instant: |fact| Some(fact.occurred_at)
}
