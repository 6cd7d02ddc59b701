//! Entries of `utmp`, `wtmp` and `btmp`, whichever way they were written down.
//!
//! Source: glibc's `utmp.h` and the utmp(5) manual; OpenSSH's `loginrec.c` and util-linux's `login.c`, which write refused
//! logins as LOGIN_PROCESS with the name that was tried, while getty writes LOGIN_PROCESS with the name `LOGIN`.

use super::{Reading, Sink};
use crate::facts::{Micros, Session};

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct UtmpEntry<'a> {
    /// Line or record that it stands at.
    pub(super) number: u64,
    pub(super) kind: i64,
    pub(super) user: &'a str,
    pub(super) terminal: &'a str,
    /// Name or address that the login came from.
    pub(super) origin: &'a str,
    pub(super) at: Micros,
}

/// How long a name can be in an entry.
const LONGEST_NAME: usize = 32;

impl UtmpEntry<'_> {
    /// Gives the record of the entry its outcome.
    pub(super) fn settle(&self, host: &str, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let host = reading.config.host(host);
        sink.active("auth", &host, self.at, self.number);
        let outcome = match self.kind {
            7 => "accepted",
            6 if self.user == "LOGIN" || self.user.is_empty() && self.origin.is_empty() => {
                return sink.record(self.number).skip("a terminal that waits for a login");
            }
            6 => "rejected",
            8 => return sink.record(self.number).skip("the end of a login or of another process"),
            1..=4 => return sink.record(self.number).skip("a start, a run level or a change of the clock"),
            0 | 5 | 9 => return sink.record(self.number).skip("an entry that is no login"),
            _ => return sink.record(self.number).reject("no kind of utmp entry", bytes),
        };
        if self.user.len() >= LONGEST_NAME {
            sink.limit("truncated", Some(self.number), "user names of 32 characters may be cut: an entry holds no more");
        }
        sink.record(self.number).fact(Session {
            occurred_at: self.at,
            host: &host,
            actor: self.user,
            method: is_console(self.terminal).then_some("console"),
            origin: Some(self.origin).filter(|origin| !origin.is_empty()),
            outcome,
        });
    }
}

/// Whether a terminal is one of the machine itself, and not of a network connection.
pub(super) fn is_console(terminal: &str) -> bool {
    ["tty", "console", "hvc", ":", "xvc"].iter().any(|prefix| terminal.starts_with(prefix))
}
