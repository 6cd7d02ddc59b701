//! `lastlog`: the latest login of each account, with its offset from UTC. Earlier logins are not in it. It names no host, so
//! that comes from the path (`[[bind]]`).
//!
//! Source: shadow's `src/lastlog.c` (`print_one`).

use chrono::DateTime;

use super::utmp_entry::is_console;
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOG_ACTIVITY, Micros, SESSIONS, Session, Table};
use crate::redact::lossless;

/// Output of `lastlog`.
pub(super) struct Lastlog;

impl Format for Lastlog {
    fn name(&self) -> &'static str {
        "lastlog"
    }

    fn about(&self) -> &'static str {
        "lastlog: the latest login of each account (host from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "a heading Username, Port, From, Latest"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&SESSIONS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        head.lines().find(|line| !line.trim_ascii().is_empty()).filter(|line| is_header(&lossless(line)))?;
        Some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        sink.limit("partial-list", None, "lastlog holds the latest login of each account only; earlier ones are not in it");
        for (number, bytes) in segment.lines() {
            let text = lossless(bytes);
            if is_header(&text) {
                sink.record(number).skip("the heading");
            } else if text.trim_end().ends_with("**Never logged in**") {
                sink.record(number).skip("an account that never logged in");
            } else {
                line(number, &text, bytes, reading, sink);
            }
        }
    }
}

fn is_header(line: &str) -> bool {
    line.split_whitespace().take(4).eq(["Username", "Port", "From", "Latest"])
}

fn line(number: u64, text: &str, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let stamp_at = words.len().checked_sub(6);
    let stamp = stamp_at.and_then(|at| words.get(at..)).map(|stamp| stamp.join(" "));
    let at = stamp.and_then(|stamp| DateTime::parse_from_str(&stamp, "%a %b %e %H:%M:%S %z %Y").ok());
    let at = at.and_then(|at| Micros::from_parts(at.timestamp(), 0));
    let (Some(at), Some(words)) = (at, stamp_at.and_then(|at| words.get(..at))) else {
        return sink.record(number).reject("no time of the latest login: torn, or not lastlog's", bytes);
    };
    let Some(host) = reading.bound_host(sink) else { return sink.record(number).reject(HOST_UNKNOWN, bytes) };
    let (user, terminal, origin) = match words {
        [user, terminal] => (*user, *terminal, None),
        [user, terminal, origin] => (*user, *terminal, Some(*origin)),
        _ => return sink.record(number).reject("not a user, a port and where from, before the time", bytes),
    };
    let host = reading.config.host(host);
    sink.active("auth", &host, at, number);
    sink.record(number).fact(Session {
        occurred_at: at,
        host: &host,
        actor: user,
        method: is_console(terminal).then_some("console"),
        origin,
        outcome: "accepted",
        key_fingerprint: None,
        run_as: None,
        change_id: None,
        ended_at: None,
    });
}
