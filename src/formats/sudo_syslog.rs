//! sudo, sshd, su and login lines in syslog files (`auth.log`, `secure`, `journalctl -o short`): RFC 3339 or RFC 3164
//! stamps, or whole RFC 5424 headers, with or without a priority, including sudo's JSON in `@cee:` payloads. Every line
//! proves that the host's log arrived, so every line counts as activity.
//!
//! Source: rsyslog's `RSYSLOG_FileFormat`, `RSYSLOG_TraditionalFileFormat` and `RSYSLOG_SyslogProtocol23Format` templates;
//! RFC 5424, section 6; what the messages say is in `auth_text`.

use std::borrow::Cow;

use memchr::memmem;

use super::auth_text::{Message, Seen};
use super::log_stamp::LocalStamp;
use super::{Format, Framing, Grouping, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink, sudo_text};
use crate::facts::{LOG_ACTIVITY, Micros, PRIVILEGED_COMMANDS, SESSIONS, Table, parse_rfc3339};
use crate::redact::lossless;

/// Syslog files with sudo and sshd lines.
pub(super) struct SudoSyslog;

/// Lines of other hosts that may stand between a long sudo line and its continuation.
const NEAR: usize = 64;

impl Format for SudoSyslog {
    fn name(&self) -> &'static str {
        "sudo-syslog"
    }

    fn about(&self) -> &'static str {
        "syslog file (auth.log, secure) with sudo, sshd, su and login lines; RFC 3339, RFC 3164 or RFC 5424"
    }

    fn recognised_by(&self) -> &'static str {
        "lines of stamp, host and program, among them sudo, sshd or PAM"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PRIVILEGED_COMMANDS, &SESSIONS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let lines: Vec<_> = head.lines().filter(|line| !line.is_empty() && !line.starts_with(b"-- ")).take(5).collect();
        let all = !lines.is_empty() && lines.iter().all(|line| Header::of(&lossless(line)).is_some());
        let tags = ["sudo", "sshd", "CRON", "su:", "su[", "systemd-logind", "pam_unix"];
        let known = || tags.iter().any(|tag| head.text().contains(tag));
        (all && known()).then_some(Recognition { because: self.recognised_by(), framing: Framing::Groups(Grouping::Continued) })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let mut seen = Seen::default();
        if memmem::find(segment.bytes, b"(command continued)").is_none() {
            for (number, bytes) in segment.lines() {
                line(number, &lossless(bytes), bytes, reading, sink, &mut seen);
            }
        } else {
            let lines: Vec<(u64, &[u8])> = segment.lines().collect();
            let mut joined = vec![false; lines.len()];
            for (index, (number, bytes)) in lines.iter().enumerate() {
                if joined.get(index) == Some(&true) {
                    sink.record(*number).skip("continuation of the sudo line before it");
                    continue;
                }
                let text = with_continuations(&lines, index, &mut joined);
                line(*number, &text, bytes, reading, sink, &mut seen);
            }
        }
        seen.close(sink);
    }
}

/// Line `index` with the lines that continue it: the next ones of the same host, as long as they are continuations of the
/// same user. What they hold is marked in `joined`.
fn with_continuations<'a>(lines: &[(u64, &'a [u8])], index: usize, joined: &mut [bool]) -> Cow<'a, str> {
    let Some((_, bytes)) = lines.get(index) else { return Cow::Borrowed("") };
    let text = lossless(bytes);
    let Some(first) = Header::of(&text).filter(|first| first.program == "sudo") else { return text };
    let mut whole: Option<String> = None;
    // sudo breaks a long line at the last blank of a piece, which it drops, or in the middle of a word where a piece has
    // no blank.
    let mut blank = true;
    for (at, (_, bytes)) in lines.iter().enumerate().skip(index + 1).take(NEAR) {
        let next = lossless(bytes);
        let Some(header) = Header::of(&next) else { break };
        if header.host != first.host {
            continue;
        }
        let rest = sudo_text::continuation(header.message).filter(|(user, _)| {
            header.program == "sudo" && first.message.trim_start().strip_prefix(*user).is_some_and(|rest| rest.starts_with(" : "))
        });
        let Some((_, rest)) = rest else { break };
        let whole = whole.get_or_insert_with(|| text.clone().into_owned());
        if blank {
            whole.push(' ');
        }
        whole.push_str(rest);
        blank = rest.trim_start().contains(' ');
        if let Some(joined) = joined.get_mut(at) {
            *joined = true;
        }
    }
    whole.map_or(text, Cow::Owned)
}

/// The parts of a syslog line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header<'a> {
    /// RFC 3339 where it begins with a digit, else RFC 3164.
    stamp: &'a str,
    /// Absent where an RFC 5424 header names none (`-`).
    host: Option<&'a str>,
    /// Empty where the line only says that the line before it repeats.
    program: &'a str,
    message: &'a str,
}

impl<'a> Header<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let line = without_priority(line);
        if let Some(header) = line.strip_prefix("1 ").and_then(Self::rfc5424) {
            return Some(header);
        }
        let (stamp, rest) = if line.as_bytes().first()?.is_ascii_digit() {
            let (stamp, rest) = line.split_once(' ')?;
            (stamp.contains('T') && stamp.len() >= 19).then_some((stamp, rest))?
        } else {
            (line.get(..15)?, LocalStamp::read(line.get(..15)?).and(line.get(16..))?)
        };
        let (host, rest) = rest.split_once(' ')?;
        let plain = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        if rest.starts_with("last message repeated ") && plain(host) {
            return Some(Self { stamp, host: Some(host), program: "", message: rest });
        }
        let (tag, message) = rest.split_once(": ").or_else(|| rest.strip_suffix(':').map(|tag| (tag, "")))?;
        let program = tag.split('[').next()?;
        (plain(host) && plain(program)).then_some(Self { stamp, host: Some(host), program, message })
    }

    /// `STAMP HOST PROGRAM PROCESS MESSAGE-ID STRUCTURED-DATA [MESSAGE]`, after the version.
    fn rfc5424(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ' ');
        let (stamp, host, program) = (parts.next()?, parts.next()?, parts.next()?);
        let (_process, _message_id, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let rest = after_structured_data(rest)?;
        let message = rest.strip_prefix(' ').unwrap_or(rest);
        let message = message.strip_prefix('\u{feff}').unwrap_or(message);
        let plain = !host.is_empty() && !program.is_empty() && (stamp.contains('T') && stamp.len() >= 19 || stamp == "-");
        plain.then_some(Self { stamp, host: (host != "-").then_some(host), program, message })
    }
}

/// The line without `<86>` before it.
fn without_priority(line: &str) -> &str {
    line.strip_prefix('<')
        .and_then(|rest| rest.split_once('>'))
        .filter(|(number, _)| (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(line, |(_, rest)| rest)
}

/// What follows `-` or `[id name="value"]…`; values escape `"`, `\` and `]` with a backslash.
fn after_structured_data(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('-') {
        return Some(rest);
    }
    let (mut in_value, mut escaped, mut open) = (false, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_value => escaped = true,
            '"' if open => in_value = !in_value,
            ']' if open && !in_value => open = false,
            '[' if !open => open = true,
            _ if !open => return if at > 0 { text.get(at..) } else { None },
            _ => {}
        }
    }
    (!open && !text.is_empty()).then_some("")
}

fn line(number: u64, text: &str, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>, seen: &mut Seen) {
    let Some(header) = Header::of(text) else {
        if text.starts_with("-- ") && text.ends_with(" --") {
            return sink.record(number).skip("a line that journalctl writes about its own output");
        }
        return sink.record(number).reject("not a syslog line: no stamp, host and program", bytes);
    };
    let Some(instant) = instant(header.stamp, reading, sink, number) else {
        return sink.record(number).reject("the stamp is not a time", bytes);
    };
    let Some(host) = header.host.or_else(|| reading.bound_host(sink)) else {
        return sink.record(number).reject(HOST_UNKNOWN, bytes);
    };
    let host = reading.config.host(host);
    sink.active("sudo", &host, instant, number);
    let message = Message {
        line: number,
        instant,
        host: &host,
        program: header.program,
        text: header.message,
        bytes,
        login: None,
        event_id: None,
    };
    seen.message(&message, reading, sink);
}

fn instant(stamp: &str, reading: &Reading<'_>, sink: &mut Sink<'_>, number: u64) -> Option<Micros> {
    if stamp.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return parse_rfc3339(stamp);
    }
    LocalStamp::read(stamp)?.instant(number, reading, sink)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Option<(Option<&str>, &str, &str)> {
        Header::of(line).map(|header| (header.host, header.program, header.message))
    }

    #[test]
    fn every_header_gives_host_program_and_message() {
        let expected = Some((Some("quill-1"), "sudo", "  ann : TTY=pts/1 ; COMMAND=/bin/id"));
        for line in [
            "2026-08-05T14:22:41.000Z quill-1 sudo:   ann : TTY=pts/1 ; COMMAND=/bin/id",
            "<86>2026-08-05T14:22:41.000Z quill-1 sudo[12]:   ann : TTY=pts/1 ; COMMAND=/bin/id",
            "<86>Aug  5 14:22:41 quill-1 sudo:   ann : TTY=pts/1 ; COMMAND=/bin/id",
            "<86>1 2026-08-05T14:22:41.000Z quill-1 sudo 123 - -   ann : TTY=pts/1 ; COMMAND=/bin/id",
            "1 2026-08-05T14:22:41.000Z quill-1 sudo - - -   ann : TTY=pts/1 ; COMMAND=/bin/id",
            "<86>1 2026-08-05T14:22:41.000Z quill-1 sudo 123 - [a@1 b=\"x \\\"]\\\\\"][c] \u{feff}  ann : TTY=pts/1 ; COMMAND=/bin/id",
        ] {
            let found = parts(line).map(|(host, program, message)| (host, program, message.trim_start()));
            assert_eq!(found, expected.map(|(host, program, message)| (host, program, message.trim_start())), "{line}");
        }
        assert_eq!(parts("1 - - sudo - - - x"), Some((None, "sudo", "x")), "no time and no host: the reader rejects it");
        assert_eq!(parts("<86>1 2026-08-05T14:22:41Z h sudo 1 - [a b=\"x"), None, "the structured data is not closed");
        assert_eq!(parts("Aug  5 14:22:41 h last message repeated 2 times").map(|parts| parts.1), Some(""));
        assert_eq!(parts("Nov 22 01:25:06 : deploy : TTY=pts/1 ; COMMAND=/bin/id"), None, "sudo's own file");
    }
}
