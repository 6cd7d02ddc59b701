//! Entries of `utmp`, `wtmp` and `btmp`, whichever way they were written down.
//!
//! Source: glibc's `utmp.h` and the utmp(5) manual; OpenSSH's `loginrec.c` and util-linux's `login.c`, which write refused
//! logins as LOGIN_PROCESS with the name that was tried, while getty writes LOGIN_PROCESS with the name `LOGIN`. A login ends
//! with the next DEAD_PROCESS of its terminal, as `last` pairs them; where another login or a start comes first, its end is
//! not known.

use std::collections::BTreeMap;

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

/// Logins whose end was not seen yet, by terminal.
#[derive(Debug, Default)]
pub(super) struct OpenLogins(BTreeMap<String, OpenLogin>);

#[derive(Debug)]
struct OpenLogin {
    number: u64,
    host: String,
    user: String,
    console: bool,
    origin: String,
    at: Micros,
}

impl OpenLogin {
    /// Gives the login its fact, with its end where that is known.
    fn give(&self, ended_at: Option<Micros>, sink: &mut Sink<'_>) {
        sink.record(self.number).fact(Session {
            occurred_at: self.at,
            host: &self.host,
            actor: &self.user,
            method: self.console.then_some("console"),
            origin: Some(self.origin.as_str()).filter(|origin| !origin.is_empty()),
            outcome: "accepted",
            key_fingerprint: None,
            run_as: None,
            change_id: None,
            ended_at: ended_at.filter(|ended| *ended >= self.at),
        });
    }
}

impl OpenLogins {
    /// Gives the logins that are still open, without an end.
    pub(super) fn close(&mut self, sink: &mut Sink<'_>) {
        for login in std::mem::take(&mut self.0).into_values() {
            login.give(None, sink);
        }
    }
}

/// How long a name can be in an entry.
const LONGEST_NAME: usize = 32;

impl UtmpEntry<'_> {
    /// Gives the record of the entry its outcome; a login waits in `open` for the end that its terminal writes.
    pub(super) fn settle(&self, host: &str, bytes: &[u8], open: &mut OpenLogins, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let host = reading.config.host(host);
        sink.active("auth", &host, self.at, self.number);
        match self.kind {
            7 => {}
            6 if self.user == "LOGIN" || self.user.is_empty() && self.origin.is_empty() => {
                return sink.record(self.number).skip("a terminal that waits for a login");
            }
            6 => {}
            8 => {
                if let Some(login) = open.0.remove(self.terminal) {
                    login.give(Some(self.at).filter(|_| !self.terminal.is_empty()), sink);
                }
                return sink.record(self.number).skip("the end of a login or of another process");
            }
            // What was open when the machine started anew ended before, at a time that nothing tells.
            2 => {
                open.close(sink);
                return sink.record(self.number).skip("a start, a run level or a change of the clock");
            }
            1 | 3 | 4 => return sink.record(self.number).skip("a start, a run level or a change of the clock"),
            0 | 5 | 9 => return sink.record(self.number).skip("an entry that is no login"),
            _ => return sink.record(self.number).reject("no kind of utmp entry", bytes),
        }
        if self.user.len() >= LONGEST_NAME {
            sink.limit("truncated", Some(self.number), "user names of 32 characters may be cut: an entry holds no more");
        }
        let console = is_console(self.terminal);
        if self.kind == 7 {
            let login = OpenLogin {
                number: self.number,
                host: host.into_owned(),
                user: self.user.to_owned(),
                console,
                origin: self.origin.to_owned(),
                at: self.at,
            };
            if let Some(before) = open.0.insert(self.terminal.to_owned(), login) {
                before.give(None, sink);
            }
            return;
        }
        sink.record(self.number).fact(Session {
            occurred_at: self.at,
            host: &host,
            actor: self.user,
            method: console.then_some("console"),
            origin: Some(self.origin).filter(|origin| !origin.is_empty()),
            outcome: "rejected",
            key_fingerprint: None,
            run_as: None,
            change_id: None,
            ended_at: None,
        });
    }
}

/// Whether a terminal is one of the machine itself, and not of a network connection.
pub(super) fn is_console(terminal: &str) -> bool {
    ["tty", "console", "hvc", ":", "xvc"].iter().any(|prefix| terminal.starts_with(prefix))
}
