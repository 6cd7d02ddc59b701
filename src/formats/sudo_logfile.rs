//! sudo's own log file (`Defaults logfile`): events in text, wrapped at `loglinelen` columns, with continuation lines that
//! begin with four blanks. It names no program, the host only with `log_host` and the year only with `log_year`.
//!
//! Source: sudo's `lib/eventlog/eventlog.c` (`do_logfile_sudo`) and `lib/eventlog/logwrap.c`, which breaks lines at blanks
//! only and drops the blanks it breaks at: one blank joins them again, and a longer run of blanks is lost.

use super::auth_text::{Message, Seen};
use super::log_stamp::LocalStamp;
use super::{Format, Framing, Grouping, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink, sudo_text};
use crate::facts::{LOG_ACTIVITY, PRIVILEGED_COMMANDS, Table};
use crate::redact::lossless;

/// sudo's log file.
pub(super) struct SudoLogfile;

impl Format for SudoLogfile {
    fn name(&self) -> &'static str {
        "sudo-logfile"
    }

    fn about(&self) -> &'static str {
        "sudo's own log file in text, wrapped or not (host from log_host or the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "lines of stamp and user with COMMAND=, between ` : `, and no host or program"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PRIVILEGED_COMMANDS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let mut lines = head.lines().filter(|line| !line.trim_ascii().is_empty());
        let first = lossless(lines.next()?);
        let (_, text) = stamped(&first)?;
        (text.contains(" : ") && head.text().contains("COMMAND="))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Groups(Grouping::Indented) })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let mut seen = Seen::default();
        let mut lines = segment.lines().peekable();
        while let Some((number, first)) = lines.next() {
            let mut text = lossless(first);
            if !Grouping::Indented.begins(first) {
                sink.record(number).reject("continuation of an event that does not stand before it", first);
                continue;
            }
            while let Some((_, next)) = lines.next_if(|(_, next)| !Grouping::Indented.begins(next)) {
                sink.limit(
                    "blanks-lost",
                    Some(number),
                    "sudo wraps the lines of its log file at blanks and drops them; longer runs of blanks are read as one there",
                );
                text.to_mut().push(' ');
                text.to_mut().push_str(lossless(next).trim_start());
            }
            event(number, &text, reading, sink, &mut seen);
        }
        seen.close(sink);
    }
}

/// The stamp of an event and what follows ` : `.
fn stamped(line: &str) -> Option<(LocalStamp<'_>, &str)> {
    let stamp = LocalStamp::read(line)?;
    Some((stamp, stamp.rest.strip_prefix(" : ")?))
}

fn event(number: u64, text: &str, reading: &Reading<'_>, sink: &mut Sink<'_>, seen: &mut Seen) {
    let bytes = text.as_bytes();
    let Some((stamp, text)) = stamped(text) else {
        return sink.record(number).reject("not an event of sudo's log file: no stamp", bytes);
    };
    let Some(event) = sudo_text::parse(text) else {
        return sink.record(number).reject("an event without COMMAND=: torn, or not sudo's", bytes);
    };
    let Some(instant) = stamp.instant(number, reading, sink) else {
        return sink.record(number).reject("the stamp is not a time", bytes);
    };
    let Some(host) = event.host.or_else(|| reading.bound_host(sink)) else {
        return sink.record(number).reject(HOST_UNKNOWN, bytes);
    };
    let host = reading.config.host(host);
    sink.active("sudo", &host, instant, number);
    let message = Message { line: number, instant, host: &host, program: "sudo", text, bytes, login: None, event_id: None };
    seen.sudo(&message, &event, reading, sink);
}
