//! `last` and `lastb`: logins from `wtmp` and refused ones from `btmp`, one a line, in the host's local time. Only the last
//! line (`wtmp begins …`) tells the two apart. They name no host, so it comes from the path (`[[bind]]`).
//!
//! Source: util-linux's `login-utils/last.c` (`list`): columns of 8, 12 and 16 characters, names and hosts cut to them
//! without `-w`; the time without year and seconds unless `-F`, or in ISO form (`--time-format iso`).

use std::borrow::Cow;

use super::log_stamp::LocalStamp;
use super::utmp_entry::is_console;
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOG_ACTIVITY, Micros, SESSIONS, Session, Table, parse_rfc3339};
use crate::redact::lossless;

/// Output of `last` or `lastb`.
pub(super) struct Last;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Widths at which names and hosts are cut.
const NAME: usize = 8;
const ORIGIN: usize = 16;

impl Format for Last {
    fn name(&self) -> &'static str {
        "last"
    }

    fn about(&self) -> &'static str {
        "last or lastb: logins and refused logins (host from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "lines of user, terminal and weekday with the time of a login, as last writes them"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&SESSIONS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let first = lossless(head.lines().find(|line| !line.trim_ascii().is_empty())?);
        let login = || {
            let (_, _, rest) = split(&first)?;
            let ends = [" - ", "still logged in", "still running", "gone - no logout"];
            ends.iter().any(|end| rest.contains(end)).then_some(())
        };
        (footer(&first).is_some() || login().is_some())
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let file = segment.lines().filter_map(|(_, line)| footer(&lossless(line)).map(str::to_owned)).last();
        let outcome = file.as_deref().and_then(|file| match file {
            _ if file.starts_with("btmp") => Some("rejected"),
            _ if file.starts_with("wtmp") || file.starts_with("utmp") => Some("accepted"),
            _ => None,
        });
        if outcome.is_none() {
            sink.limit(
                "torn",
                None,
                "no line `wtmp begins` or `btmp begins`: whether the logins were let in or refused is not known",
            );
        }
        for (number, bytes) in segment.lines() {
            let text = lossless(bytes);
            if footer(&text).is_some() {
                sink.record(number).skip("since when the file goes back");
                continue;
            }
            line(number, &text, bytes, outcome, reading, sink);
        }
    }
}

/// The name of the file in `wtmp begins Sun Nov 22 01:20:30 2026`.
fn footer(line: &str) -> Option<&str> {
    let (file, rest) = line.trim_end().split_once(" begins ")?;
    let stamp = rest.split_once(' ').is_some_and(|(day, stamp)| DAYS.contains(&day) && LocalStamp::read(stamp).is_some());
    (!file.contains(' ') && (stamp || parse_rfc3339(rest).is_some())).then_some(file)
}

/// When a login was.
enum When<'a> {
    Local(LocalStamp<'a>),
    Instant(Micros),
}

impl When<'_> {
    fn instant(&self, number: u64, reading: &Reading<'_>, sink: &mut Sink<'_>) -> Option<Micros> {
        match self {
            Self::Local(stamp) => stamp.instant(number, reading, sink),
            Self::Instant(instant) => Some(*instant),
        }
    }
}

/// What stands before the time of the login, the time, and what stands after it.
fn split(line: &str) -> Option<(&str, When<'_>, &str)> {
    line.match_indices(' ').find_map(|(at, _)| {
        let (before, rest) = (line.get(..at)?, line.get(at + 1..)?);
        if let Some(stamp) = DAYS.iter().find_map(|day| rest.strip_prefix(day)?.strip_prefix(' ')).and_then(LocalStamp::read) {
            return Some((before, When::Local(stamp), stamp.rest));
        }
        let stamp = rest.split(' ').next()?;
        let iso = stamp.len() >= 19 && stamp.contains('T');
        let instant = iso.then(|| parse_rfc3339(stamp)).flatten()?;
        Some((before, When::Instant(instant), rest.get(stamp.len()..)?))
    })
}

fn line(number: u64, text: &str, bytes: &[u8], outcome: Option<&'static str>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let Some((before, when, after)) = split(text) else {
        return sink.record(number).reject("no time of a login: torn, or not last's", bytes);
    };
    let end = End::of(after);
    let Some(host) = reading.bound_host(sink) else { return sink.record(number).reject(HOST_UNKNOWN, bytes) };
    let minute = match &when {
        When::Local(stamp) => Some(stamp.minute),
        When::Instant(_) => None,
    };
    let Some(at) = when.instant(number, reading, sink) else {
        return sink.record(number).reject("the stamp is not a time", bytes);
    };
    let host = reading.config.host(host);
    sink.active("auth", &host, at, number);
    let Some((user, terminal, origin)) = columns(before, after) else {
        return sink.record(number).reject("no user and terminal before the time", bytes);
    };
    if matches!(&*user, "reboot" | "shutdown" | "runlevel") && matches!(terminal, "system" | "(to") {
        return sink.record(number).skip("a start, a stop or a run level of the machine");
    }
    let Some(outcome) = outcome else {
        return sink
            .record(number)
            .reject("whether the login was let in or refused is not known: the last line is missing", bytes);
    };
    if user.len() == NAME {
        sink.limit("truncated", Some(number), "user names of 8 characters may be cut: last writes longer ones only with -w");
    }
    if origin.is_some_and(|origin| origin.len() == ORIGIN && origin.parse::<std::net::IpAddr>().is_err()) {
        sink.limit("truncated", Some(number), "origins of 16 characters may be cut: last writes longer ones only with -w");
    }
    let ended_at = match end.filter(|_| outcome == "accepted") {
        Some(End::At(when)) => when.instant(number, reading, sink),
        Some(End::Minute { minute: ends, lasted }) => minute.and_then(|begins| after_minutes(at, begins, ends, lasted)),
        None => None,
    };
    sink.record(number).fact(Session {
        occurred_at: at,
        host: &host,
        actor: &user,
        method: is_console(terminal).then_some("console"),
        origin,
        outcome,
        key_fingerprint: None,
        run_as: None,
        change_id: None,
        ended_at: ended_at.filter(|ended| *ended >= at),
    });
}

/// What a line says about the end of a login.
enum End<'a> {
    At(When<'a>),
    /// `14:21  (00:01)` or `14:21  (3+00:01)`: the minute of its hour, and how many whole minutes the login lasted.
    Minute {
        minute: u32,
        lasted: i64,
    },
}

impl<'a> End<'a> {
    /// The end in what follows the time of a login; nothing where the machine went down, or the login lasts.
    fn of(after: &'a str) -> Option<Self> {
        let end = after.trim_start().strip_prefix("- ")?;
        if let Some((_, when, _)) = split(after) {
            return Some(Self::At(when));
        }
        let (time, rest) = end.split_at_checked(5)?;
        let (_, minute) = time.split_once(':')?;
        let (lasted, _) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
        let (days, lasted) = lasted.split_once('+').unwrap_or(("0", lasted));
        let (hours, minutes) = lasted.split_once(':')?;
        let number = |digits: &str| digits.trim_start().parse::<u16>().ok().map(i64::from);
        let lasted = (number(days)? * 24 + number(hours)?) * 60 + number(minutes)?;
        Some(Self::Minute { minute: minute.parse().ok()?, lasted })
    }
}

/// The end of a login that began `at`, in the minute `begins` of its hour, and ended in the minute `ends` of another: `last`
/// cuts seconds off the beginning, the end and what lies between, so that the minutes may miss one.
fn after_minutes(at: Micros, begins: u32, ends: u32, lasted: i64) -> Option<Micros> {
    let minute = 60_000_000;
    let lasted =
        [lasted, lasted + 1].into_iter().find(|lasted| (i64::from(begins) + lasted).rem_euclid(60) == i64::from(ends))?;
    Some(Micros(at.0.checked_add(lasted * minute)?))
}

/// User, terminal and origin. The name of a refused login is the caller's own text: it may be empty or hold blanks, and
/// reaches to the first word that can be a terminal.
fn columns<'a>(before: &'a str, after: &'a str) -> Option<(Cow<'a, str>, &'a str, Option<&'a str>)> {
    let words: Vec<&str> = before.split_whitespace().collect();
    let named = usize::from(!before.starts_with(' '));
    let is_terminal = |word: &str| word.starts_with("pts/") || word.contains(":notty") || is_console(word);
    let at = words.iter().enumerate().skip(named).find(|(_, word)| is_terminal(word)).map_or(named, |(at, _)| at);
    let terminal = words.get(at)?;
    let user = words.get(..at)?.join(" ");
    let far = || after.rsplit_once(')').or_else(|| after.split_once("still logged in")).map(|(_, far)| far.trim());
    let origin = words.get(at + 1).copied().or_else(far).filter(|origin| !matches!(*origin, "" | "0.0.0.0"));
    Some((Cow::Owned(user), terminal, origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_without_a_date_lies_as_many_minutes_after_the_beginning() {
        let ended = |after| match End::of(after)? {
            End::Minute { minute, lasted } => after_minutes(Micros(0), 20, minute, lasted).map(Micros::iso),
            End::At(_) => None,
        };
        assert_eq!(ended(" - 14:21  (00:01)     198.51.100.24").as_deref(), Some("1970-01-01T00:01:00Z"));
        assert_eq!(ended(" - 14:22  (00:01)").as_deref(), Some("1970-01-01T00:02:00Z"), "seconds were cut off");
        assert_eq!(ended(" - 14:20 (3+00:00)").as_deref(), Some("1970-01-04T00:00:00Z"));
        for none in [" - 14:40  (00:01)", " - down   (00:01)", " - crash  (00:01)", "   still logged in", " - 14:21", " - 14:é"]
        {
            assert_eq!(ended(none), None, "{none}");
        }
        assert!(matches!(End::of(" - Wed Aug  5 14:21:00 2026  (00:01)"), Some(End::At(When::Local(_)))));
        assert!(matches!(End::of(" - 2026-11-22T01:23:15-06:00  (00:00)"), Some(End::At(When::Instant(_)))));
    }

    #[test]
    fn columns_are_told_apart() {
        let of = |line| {
            let (before, _, after) = split(line).expect("a login");
            columns(before, after).map(|(user, terminal, origin)| (user.into_owned(), terminal, origin))
        };
        let expected = |user: &str, terminal, origin| Some((user.to_owned(), terminal, origin));
        assert_eq!(
            of("ann      pts/2        203.0.113.9      Sun Nov 22 01:23:14 2026 - Sun Nov 22 01:23:14 2026  (00:00)"),
            expected("ann", "pts/2", Some("203.0.113.9"))
        );
        assert_eq!(
            of("ann      tty1                          Sun Nov 22 01:23   still logged in"),
            expected("ann", "tty1", None)
        );
        assert_eq!(
            of("ann      pts/2        Sun Nov 22 01:23 - 01:23  (00:00)     203.0.113.9"),
            expected("ann", "pts/2", Some("203.0.113.9"))
        );
        assert_eq!(
            of("         ssh:notty    203.0.113.9      Sun Nov 22 01:23 - 01:23  (00:00)"),
            expected("", "ssh:notty", Some("203.0.113.9"))
        );
        assert_eq!(
            of("a b c    ssh:notty    203.0.113.9      Sun Nov 22 01:23 - 01:23  (00:00)"),
            expected("a b c", "ssh:notty", Some("203.0.113.9"))
        );
        assert_eq!(
            of("ann      pts/2        203.0.113.9      2026-11-22T01:23:14-06:00 - 2026-11-22T01:23:15-06:00  (00:00)"),
            expected("ann", "pts/2", Some("203.0.113.9"))
        );
        assert!(split("ann pts/2 Sun Nov").is_none());
        assert_eq!(footer("wtmp begins Sun Nov 22 01:20:30 2026"), Some("wtmp"));
        assert_eq!(footer("a file begins today"), None);
    }
}
