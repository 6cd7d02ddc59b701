//! Ansible's own log (`ANSIBLE_LOG_PATH`) and what its default callback prints: the recap at the end of a playbook run, one
//! line a host. The log has a stamp on the first line of every message; what is printed has none, so its time comes from
//! the path (`[[bind]]`).
//!
//! Source: Ansible's `lib/ansible/utils/display.py` (the format of the log: local time with milliseconds behind a comma and
//! no zone, process, user, logger, since 2.18 the level, then ` | ` or `| ` and the message) and
//! `plugins/callback/default.py` (`v2_playbook_on_stats`). Further lines of a message carry no stamp, so that a module
//! cannot write a recap into the log. Whether `--check` was given is printed with each play where check mode markers are
//! switched on, and else nowhere.

use std::borrow::Cow;

use super::ansible_stats::{HostStats, NO_HOSTS, Playbook};
use super::host_and_time::{TIME_UNKNOWN, bound_time, host_of, instant_of};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink, run_limits};
use crate::facts::{CONFIG_RUNS, LOG_ACTIVITY, Micros, Table};
use crate::redact::lossless;

/// Ansible's log, or what it prints.
pub(super) struct AnsibleLog;

impl Format for AnsibleLog {
    fn name(&self) -> &'static str {
        "ansible-log"
    }

    fn about(&self) -> &'static str {
        "Ansible log file, or the default callback's output (time from the path): the play recap"
    }

    fn recognised_by(&self) -> &'static str {
        "lines with a stamp, p=, u= and Ansible's bar, or banners of plays and tasks"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CONFIG_RUNS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        if head.lines().any(|line| std::str::from_utf8(line).is_ok_and(|line| stamped(line).is_some())) {
            return Some(Recognition { because: "lines with a stamp, p=, u= and Ansible's bar", framing: Framing::Lines });
        }
        // The recap may be far from the head; plays and tasks are not.
        let banner = |line: &[u8], word: &str| {
            let line = plain(line);
            line.starts_with(word) && line.trim_end().ends_with("***")
        };
        let play = head.lines().any(|line| banner(line, "PLAY ["));
        let next = head.lines().any(|line| banner(line, "TASK [") || banner(line, "PLAY RECAP "));
        (play && next)
            .then_some(Recognition { because: "banners of plays and tasks, filled up with stars", framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        match segment.framing {
            Framing::Lines => read_log(segment, reading, sink),
            _ => read_printed(segment, reading, sink),
        }
    }
}

fn read_log(segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    for (line, bytes) in segment.lines() {
        let text = lossless(bytes);
        let Some((stamp, message)) = stamped(&text) else {
            sink.record(line).skip("a further line of a message");
            continue;
        };
        match recap(message) {
            Recap::Not => sink.record(line).skip("a line of a run, whose recap tells how it ended"),
            Recap::Damaged => sink.record(line).reject(DAMAGED, bytes),
            Recap::Host(name, stats) => match instant_of(&stamp.replace(',', "."), line, reading, sink) {
                Some(instant) => {
                    run_limits::ends_only(sink, line);
                    give(&Row { line, bytes, name, noop: None }, stats, instant, reading, sink);
                }
                None => sink.record(line).reject("the stamp is no time", bytes),
            },
        }
    }
}

/// Plays of the run that is being printed, and those of them that were marked as dry.
#[derive(Clone, Copy, Default)]
struct Plays {
    all: u64,
    dry: u64,
}

/// Where the reader of a printed run stands.
#[derive(Default)]
struct Printed {
    plays: Plays,
    in_recap: bool,
    recaps: u64,
    /// The banner of a recap below which no host stands yet.
    empty: Option<u64>,
}

impl Printed {
    /// The recap is over: with no host below it, no host took part.
    fn end_recap(&mut self, sink: &mut Sink<'_>) {
        if let Some(banner) = self.empty.take() {
            sink.record(banner).skip(NO_HOSTS);
        }
    }

    fn line(&mut self, line: u64, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = plain(bytes);
        let text = text.trim_end();
        let banner = text.ends_with("***");
        if banner && text.starts_with("PLAY RECAP ") {
            self.end_recap(sink);
            (self.in_recap, self.recaps, self.empty) = (true, self.recaps + 1, Some(line));
        } else if banner && text.starts_with("PLAY [") {
            // A play behind a recap is of the next run.
            if std::mem::take(&mut self.in_recap) {
                self.end_recap(sink);
                self.plays = Plays::default();
            }
            self.plays.all += 1;
            self.plays.dry += u64::from(text.contains("] [CHECK MODE] *"));
        } else if self.in_recap {
            // Task output may look like a recap; only below its banner it is one.
            match recap(text) {
                Recap::Host(name, stats) => {
                    self.empty = None;
                    let noop = (self.plays.all > 0 && self.plays.all == self.plays.dry).then_some(true);
                    give_printed(&Row { line, bytes, name, noop }, stats, reading, sink);
                }
                Recap::Damaged => {
                    self.empty = None;
                    sink.record(line).reject(DAMAGED, bytes);
                }
                Recap::Not if text.is_empty() => self.end_recap(sink),
                Recap::Not => {
                    self.end_recap(sink);
                    (self.in_recap, self.plays) = (false, Plays::default());
                }
            }
        }
    }
}

fn read_printed(segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut printed = Printed::default();
    let mut last = segment.first;
    let text = segment.bytes.strip_suffix(b"\n").unwrap_or(segment.bytes);
    for (line, bytes) in (segment.first..).zip(text.split(|byte| *byte == b'\n')) {
        printed.line(line, bytes, reading, sink);
        last = line;
    }
    let begun = printed.plays.all > 0 && !printed.in_recap;
    if printed.recaps == 0 || begun || printed.empty.is_some() {
        sink.record(last).reject("torn: the output ends before the recap of its last run", segment.bytes);
    } else if !segment.bytes.ends_with(b"\n") {
        sink.limit("torn", Some(last), "the last line of the output has no end: the recap may be cut");
    }
}

const DAMAGED: &str = "a line of a recap that is torn or damaged";

/// The line of a host in a recap.
struct Row<'a> {
    line: u64,
    bytes: &'a [u8],
    name: &'a str,
    noop: Option<bool>,
}

fn give_printed(row: &Row<'_>, stats: HostStats, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    match bound_time(reading, sink) {
        Some(instant) => {
            run_limits::time_from_path(sink, row.line);
            give(row, stats, instant, reading, sink);
        }
        None => sink.record(row.line).reject(TIME_UNKNOWN, row.bytes),
    }
}

fn give(row: &Row<'_>, stats: HostStats, instant: Micros, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let host = host_of(Some(row.name), reading, sink);
    let mut record = sink.record(row.line);
    match host {
        Some(host) => {
            stats.give(&mut record, row.line, &Playbook { host: &host, occurred_at: instant, noop: row.noop, duration_s: None });
        }
        None => record.reject(HOST_UNKNOWN, row.bytes),
    }
}

/// Stamp and message of a line of the log.
fn stamped(line: &str) -> Option<(&str, &str)> {
    let stamp = line.get(..23)?;
    let shape = stamp.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        10 => byte == b' ',
        13 | 16 => byte == b':',
        19 => byte == b',',
        _ => byte.is_ascii_digit(),
    });
    let rest = line.get(23..)?.strip_prefix(" p=").filter(|_| shape)?;
    let (process, rest) = rest.split_once(" u=")?;
    let (user, message) = rest.split_once("| ")?;
    (process.bytes().all(|byte| byte.is_ascii_digit()) && !user.contains('|')).then_some((stamp, message))
}

enum Recap<'a> {
    Host(&'a str, HostStats),
    Damaged,
    Not,
}

/// Reads `host : ok=1 changed=0 unreachable=0 failed=0 …`.
fn recap(line: &str) -> Recap<'_> {
    let Some((name, numbers)) = line.split_once(": ok=") else { return Recap::Not };
    let name = name.trim();
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Recap::Not;
    }
    let numbers = numbers.split_ascii_whitespace().enumerate().map(|(index, word)| match index {
        0 => ("ok", word),
        _ => word.split_once('=').unwrap_or((word, "")),
    });
    let numbers: Vec<(&str, Option<i64>)> = numbers.map(|(key, value)| (key, value.parse().ok())).collect();
    let number = |wanted: &str| numbers.iter().find(|(key, _)| *key == wanted).and_then(|(_, value)| *value);
    let read = || {
        Some(HostStats {
            ok: number("ok")?,
            changed: number("changed")?,
            unreachable: number("unreachable")?,
            failures: number("failed")?,
            skipped: number("skipped").unwrap_or(0),
            rescued: number("rescued").unwrap_or(0),
        })
    };
    let whole = numbers.iter().all(|(_, value)| value.is_some_and(|value| (0..1_000_000_000).contains(&value)));
    read().filter(|_| whole).map_or(Recap::Damaged, |stats| Recap::Host(name, stats))
}

/// The line without the colours that a terminal, or a build server, asks for.
fn plain(line: &[u8]) -> Cow<'_, str> {
    let text = lossless(line);
    if !text.contains('\u{1b}') {
        return text;
    }
    let mut kept = String::with_capacity(text.len());
    for (index, part) in text.split("\u{1b}[").enumerate() {
        let ends = part.find(|character: char| !character.is_ascii_digit() && character != ';');
        match ends.filter(|at| index > 0 && part.get(*at..).is_some_and(|rest| rest.starts_with('m'))) {
            Some(at) => kept.push_str(part.get(at + 1..).unwrap_or_default()),
            None => kept.push_str(part),
        }
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recap_lines_are_read_and_look_alikes_are_not() {
        let numbers = |line| match recap(line) {
            Recap::Host(name, stats) => Some((name, stats.ok, stats.changed, stats.failures, stats.rescued)),
            Recap::Damaged => Some(("damaged", 0, 0, 0, 0)),
            Recap::Not => None,
        };
        let line = "quill-1  : ok=6    changed=1    unreachable=0    failed=2    skipped=2    rescued=1    ignored=0   ";
        assert_eq!(numbers(line), Some(("quill-1", 6, 1, 2, 1)));
        assert_eq!(numbers("fe80::1 : ok=1 changed=0 unreachable=0 failed=0"), Some(("fe80::1", 1, 0, 0, 0)), "Ansible 1.x");
        assert_eq!(numbers("quill-1 : ok=6 changed=1 unreacha"), Some(("damaged", 0, 0, 0, 0)));
        assert_eq!(numbers("quill-1 : ok=99999999999999999999 changed=1 unreachable=0 failed=0"), Some(("damaged", 0, 0, 0, 0)));
        assert_eq!(numbers("ok: [quill-1] => msg : ok=1 changed=0 unreachable=0 failed=0"), None);
        assert_eq!(plain(b"\x1b[0;33mquill-1\x1b[0m : \x1b[0;32mok=1 \x1b[0m"), "quill-1 : ok=1 ");
    }

    #[test]
    fn every_age_of_the_log_is_read() {
        for line in [
            "2026-08-05 01:49:55,156 p=4548 u=root |  PLAY [x] ***",
            "2026-08-05 01:49:55,156 p=4548 u=root n=ansible | PLAY [x] ***",
            "2026-08-05 01:49:55,156 p=4548 u=root n=ansible INFO| PLAY [x] ***",
        ] {
            assert_eq!(
                stamped(line).map(|(stamp, message)| (stamp, message.trim())),
                Some(("2026-08-05 01:49:55,156", "PLAY [x] ***"))
            );
        }
        assert!(stamped("2026-08-05 01:49:55.156 p=4548 u=root | x").is_none());
        assert!(stamped("2026-08-05 01:49:55,156 p=4548 u=root").is_none());
        assert!(stamped("é".repeat(12).as_str()).is_none());
    }
}
