//! `utmpdump`: the entries of `wtmp`, `btmp` or `utmp` in text, one a line. They name no host, so it comes from the path
//! (`[[bind]]`).
//!
//! Source: util-linux's `login-utils/utmpdump.c`: eight fields in brackets, the time in UTC since 2.31.

use super::utmp_entry::{OpenLogins, UtmpEntry};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOG_ACTIVITY, Micros, SESSIONS, Table, parse_rfc3339};
use crate::redact::lossless;

/// Output of `utmpdump`.
pub(super) struct Utmpdump;

impl Format for Utmpdump {
    fn name(&self) -> &'static str {
        "utmpdump"
    }

    fn about(&self) -> &'static str {
        "utmpdump: entries of wtmp, btmp or utmp in text (host from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "eight fields in brackets a line, the last of them a time"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&SESSIONS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let mut lines = head.lines().filter(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"Utmp dump of")).take(3);
        let first = lossless(lines.next()?);
        (first.starts_with('[') && Fields::of(&first).is_some())
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Lines })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let mut open = OpenLogins::default();
        for (number, bytes) in segment.lines() {
            let text = lossless(bytes);
            if text.starts_with("Utmp dump of") {
                sink.record(number).skip("a line that utmpdump writes about its own output");
                continue;
            }
            let Some(fields) = Fields::of(&text) else {
                sink.record(number).reject("not eight fields in brackets with a kind and a time: torn, or not utmpdump's", bytes);
                continue;
            };
            let Some(host) = reading.bound_host(sink) else {
                sink.record(number).reject(HOST_UNKNOWN, bytes);
                continue;
            };
            let address = Some(fields.address).filter(|address| !matches!(*address, "" | "0.0.0.0" | "::"));
            UtmpEntry {
                number,
                kind: fields.kind,
                user: fields.user,
                terminal: fields.terminal,
                origin: address.unwrap_or(fields.host),
                at: fields.at,
            }
            .settle(host, bytes, &mut open, reading, sink);
        }
        open.close(sink);
    }
}

struct Fields<'a> {
    kind: i64,
    user: &'a str,
    terminal: &'a str,
    host: &'a str,
    address: &'a str,
    at: Micros,
}

impl<'a> Fields<'a> {
    /// `[kind] [process] [id] [user] [terminal] [host] [address] [time]`. The name of a refused login is the caller's own
    /// text and may hold brackets: it is what the fields on both sides leave over.
    fn of(line: &'a str) -> Option<Self> {
        let inner = line.trim_end().strip_prefix('[')?.strip_suffix(']')?;
        let mut left = inner.splitn(4, "] [");
        let (kind, process, _id, rest) = (left.next()?, left.next()?, left.next()?, left.next()?);
        let mut right = rest.rsplitn(5, "] [");
        let (time, address, host, terminal, user) = (right.next()?, right.next()?, right.next()?, right.next()?, right.next()?);
        process.trim().parse::<i64>().ok()?;
        Some(Self {
            kind: kind.trim().parse().ok()?,
            user: user.trim_end(),
            terminal: terminal.trim(),
            host: host.trim(),
            address: address.trim(),
            at: parse_rfc3339(&time.replacen(',', ".", 1))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_a_name_stay_in_the_name() {
        let line = "[6] [00001] [    ] [a] [pts/9] [x] [ssh:notty   ] [203.0.113.9         ] [203.0.113.9    ] [2026-08-05T14:22:41,000000+00:00]";
        let fields = Fields::of(line).expect("fields");
        assert_eq!((fields.user, fields.terminal, fields.kind), ("a] [pts/9] [x", "ssh:notty", 6));
        assert!(Fields::of("[7] [00349] [ts/1] [deploy").is_none());
        assert!(Fields::of("[\"a\", 1]").is_none());
    }
}
