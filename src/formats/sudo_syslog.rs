//! sudo and sshd lines in syslog files (`auth.log`, `secure`), with RFC 3339 or RFC 3164 stamps, including sudo's JSON in
//! `@cee:` payloads. Every line proves that the host's log arrived, so every line counts as activity.
//!
//! Source: rsyslog's `RSYSLOG_FileFormat` and `RSYSLOG_TraditionalFileFormat` templates; sudo's `lib/eventlog/eventlog.c`;
//! OpenSSH's `auth.c` (`auth_log`), logged as `sshd-session` since 9.8.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink, lazy, sudo_json, sudo_text};
use crate::facts::{
    LOG_ACTIVITY, Micros, PRIVILEGED_COMMANDS, PrivilegedCommand, SESSIONS, Session, Table, in_zone, parse_rfc3339,
};
use crate::period::Period;
use crate::redact::lossless;

/// Syslog files with sudo and sshd lines.
pub(super) struct SudoSyslog;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Format for SudoSyslog {
    fn name(&self) -> &'static str {
        "sudo-syslog"
    }

    fn about(&self) -> &'static str {
        "syslog file (auth.log, secure) with sudo and sshd lines, RFC 3339 or RFC 3164 stamps"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PRIVILEGED_COMMANDS, &SESSIONS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let lines: Vec<_> = head.lines().filter(|line| !line.is_empty()).take(5).collect();
        let all = !lines.is_empty() && lines.iter().all(|line| split(&lossless(line)).is_some());
        let tags = ["sudo", "sshd", "CRON", "su:", "su[", "systemd-logind", "pam_unix"];
        let known = || tags.iter().any(|tag| head.text().contains(tag));
        (all && known()).then_some(Recognition {
            because: "lines of stamp, host and program, among them sudo, sshd or PAM",
            framing: Framing::Lines,
        })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let mut open: HashMap<(String, String, String), u32> = HashMap::new();
        let mut lines = segment.lines().peekable();
        while let Some((number, bytes)) = lines.next() {
            let mut text = lossless(bytes).into_owned();
            let mut piece = text.clone();
            while let Some(rest) = lines.peek().and_then(|(_, next)| continuation(&text, &lossless(next))) {
                // sudo breaks a long line at the last blank of a piece, which it drops, or in the middle of a word where a
                // piece has no blank.
                if piece.trim_start().contains(' ') {
                    text.push(' ');
                }
                text.push_str(&rest);
                piece = rest;
                let (next, _) = lines.next().unwrap_or((number, bytes));
                sink.record(next).skip("continuation of the sudo line before it");
            }
            line(number, &text, bytes, reading, sink, &mut open);
        }
    }
}

/// What `next` adds to the sudo line `text`, where it continues it: same host, same user.
fn continuation(text: &str, next: &str) -> Option<String> {
    let (_, host, program, message) = split(text)?;
    let (_, next_host, next_program, next_message) = split(next)?;
    let (user, rest) = sudo_text::continuation(next_message)?;
    let same = host == next_host
        && program == "sudo"
        && next_program == "sudo"
        && message.trim_start().strip_prefix(user)?.starts_with(" : ");
    same.then(|| rest.to_owned())
}

/// Stamp, host, program and message of one syslog line.
fn split(line: &str) -> Option<(&str, &str, &str, &str)> {
    let (stamp, rest) = if line.as_bytes().first()?.is_ascii_digit() {
        let (stamp, rest) = line.split_once(' ')?;
        (stamp.contains('T') && stamp.len() >= 19).then_some((stamp, rest))?
    } else {
        let stamp = line.get(..15)?;
        MONTHS.contains(&stamp.get(..3)?).then_some((stamp, line.get(16..)?))?
    };
    let (host, rest) = rest.split_once(' ')?;
    let (tag, message) = rest.split_once(": ").or_else(|| rest.strip_suffix(':').map(|tag| (tag, "")))?;
    let program = tag.split('[').next()?;
    let plain = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    (plain(host) && plain(program)).then_some((stamp, host, program, message))
}

fn line(
    number: u64,
    text: &str,
    bytes: &[u8],
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
    open: &mut HashMap<(String, String, String), u32>,
) {
    let Some((stamp, host, program, message)) = split(text) else {
        return sink.record(number).reject("not a syslog line: no stamp, host and program", bytes);
    };
    let Some(instant) = instant(stamp, reading, sink, number) else {
        return sink.record(number).reject("the stamp is not a time", bytes);
    };
    let host = reading.config.host(host).into_owned();
    sink.active("sudo", &host, instant, number);
    match program {
        "sudo" => {
            if let Some(payload) = message.trim_start().strip_prefix("@cee:") {
                return cee(number, payload, bytes, reading, sink);
            }
            if sudo_text::continuation(message).is_some() {
                return sink.record(number).reject("continuation of a sudo line that does not stand before it", bytes);
            }
            let Some(event) = sudo_text::parse(message) else {
                return sink.record(number).skip("a sudo line without a command (PAM, messages)");
            };
            command(number, instant, &host, &event, reading, sink, open);
        }
        "sshd" | "sshd-session" | "sshd-auth" => session(number, instant, &host, message, sink),
        _ => sink.record(number).skip("a line of another program (counts as activity of the host's log)"),
    }
}

fn cee(number: u64, payload: &str, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>) {
    match lazy::Members::of(payload) {
        Ok(members) => match members.iter().find(|(key, _)| *key == "sudo").map(|(_, value)| value.raw().to_owned()) {
            Some(inner) => sudo_json::event(number, inner.as_bytes(), reading, sink),
            None => sink.record(number).skip("a @cee payload of another program"),
        },
        Err(error) => sink.record(number).reject(&format!("damaged @cee payload ({error})"), bytes),
    }
}

fn command(
    number: u64,
    instant: Micros,
    host: &str,
    event: &sudo_text::SudoText<'_>,
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
    open: &mut HashMap<(String, String, String), u32>,
) {
    let key = |command: &str| (host.to_owned(), event.user.to_owned(), command.to_owned());
    if let Some(bare) = sudo_text::without_exit(event.command) {
        // Only the exit of a command that was seen to begin: arguments can imitate an exit status.
        if let Some(count) = open.get_mut(&key(bare)).filter(|count| **count > 0) {
            *count -= 1;
            return sink.record(number).skip("exit status of a command that an earlier line records");
        }
    }
    if event.reason.is_none() {
        *open.entry(key(event.command)).or_default() += 1;
    }
    let mut record = sink.record(number);
    let text = event.command;
    let change = reading.config.change_id(event.env.unwrap_or_default()).or_else(|| reading.config.change_id(text));
    record.fact(PrivilegedCommand {
        occurred_at: instant,
        host,
        actor: event.user,
        run_as: event.run_as,
        tty: event.tty,
        cwd: event.cwd,
        command: text,
        outcome: if event.reason.is_some() { "rejected" } else { "accepted" },
        event_id: None,
        change_id: change,
    });
}

fn session(number: u64, instant: Micros, host: &str, message: &str, sink: &mut Sink<'_>) {
    let (outcome, rest) = match (message.strip_prefix("Accepted "), message.strip_prefix("Failed ")) {
        (Some(rest), _) => ("accepted", rest),
        (_, Some(rest)) => ("rejected", rest),
        _ => return sink.record(number).skip("an sshd line that is no login"),
    };
    let parts = rest.split_once(" for ").and_then(|(method, rest)| {
        let rest = rest.strip_prefix("invalid user ").unwrap_or(rest);
        let (user, rest) = rest.rsplit_once(" from ")?;
        Some((method, user, rest.split(' ').next()?))
    });
    let Some((method, user, origin)) = parts else { return sink.record(number).skip("an sshd line that is no login") };
    sink.record(number).fact(Session {
        occurred_at: instant,
        host,
        actor: user,
        method: Some(method),
        origin: Some(origin),
        outcome,
    });
}

fn instant(stamp: &str, reading: &Reading<'_>, sink: &mut Sink<'_>, number: u64) -> Option<Micros> {
    if stamp.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return parse_rfc3339(stamp);
    }
    let zone = reading.zone.unwrap_or(Tz::UTC);
    sink.limit("year-inferred", Some(number), "stamps carry no year; it was taken from the audit period");
    if reading.zone.is_none() {
        sink.limit("zone-unknown", Some(number), "stamps carry no zone and the configuration names none; they were read as UTC");
    }
    yearless(stamp, reading.period, zone)
}

/// An RFC 3164 stamp (`Aug  5 14:22:41`) in the year that brings it into the period, or nearest to it.
fn yearless(stamp: &str, period: &Period, zone: Tz) -> Option<Micros> {
    let month = u32::try_from(MONTHS.iter().position(|month| stamp.starts_with(month))?).ok()? + 1;
    let day: u32 = stamp.get(4..6)?.trim().parse().ok()?;
    let mut clock = stamp.get(7..15)?.split(':').map(|part| part.parse::<u32>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let first = period.starts_at.utc()?.year();
    let last = period.ends_at.utc()?.year();
    (first - 1..=last + 1)
        .filter_map(|year| NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second.min(59)))
        .map(|naive| in_zone(naive, zone).0)
        .min_by_key(|instant| {
            let outside = (period.starts_at.0 - instant.0).max(instant.0 - period.ends_at.0).max(0);
            (outside, instant.0)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_without_a_year_falls_into_the_period() {
        let period = Period::parse("2025-12-01..2026-02-01", Tz::UTC).expect("a period");
        let at = |stamp| yearless(stamp, &period, Tz::UTC).map(Micros::iso);
        assert_eq!(at("Dec 31 23:59:59").as_deref(), Some("2025-12-31T23:59:59Z"));
        assert_eq!(at("Jan  1 00:00:00").as_deref(), Some("2026-01-01T00:00:00Z"));
    }
}
