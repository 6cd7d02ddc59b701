//! The description of one session in sudo's I/O log: `log.json` (sudo 1.9), or the older `log` of three lines. One file is
//! one command that was let through. The older one names no host, so it comes from the path (`[[bind]]`).
//!
//! Source: sudo's `lib/iolog/iolog_json.c` and `lib/iolog/iolog_legacy.c`: `stamp:user:runas:group:tty[:lines:columns]`,
//! the working directory, the command.

use super::json_records::object;
use super::lazy::Members;
use super::sudo_text::name_limits;
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOG_ACTIVITY, Micros, PRIVILEGED_COMMANDS, PrivilegedCommand, Table};
use crate::redact::lossless;

/// sudo's I/O log.
pub(super) struct SudoIolog;

impl Format for SudoIolog {
    fn name(&self) -> &'static str {
        "sudo-iolog"
    }

    fn about(&self) -> &'static str {
        "sudo I/O log: log.json, or the older log of three lines, of one session"
    }

    fn recognised_by(&self) -> &'static str {
        "an object with timestamp, submituser and runargv and no event around it, or the three lines of a log"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PRIVILEGED_COMMANDS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        // Raw bytes may stand in any argument, before the keys that are looked for.
        let text = lossless(head.bytes);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let json = || {
            let has = |key: &str| text.contains(key);
            text.starts_with('{')
                && has("\"timestamp\"")
                && has("\"runargv\"")
                && has("\"submituser\"")
                && !has("\"accept\"")
                && !has("\"server_time\"")
        };
        let because = if json() {
            "an object with timestamp, submituser and runargv, and no event around it"
        } else if head.whole && legacy(text).is_some() {
            "three lines: time, accounts and terminal between colons; a folder; a command"
        } else {
            return None;
        };
        Some(Recognition { because, framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = lossless(segment.bytes);
        if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
            return object(1, segment.bytes, sink, |_, bytes, session, sink| json_session(bytes, session, reading, sink));
        }
        let Some(session) = legacy(&text) else {
            return sink.record(1).reject("not the three lines of a session", segment.bytes);
        };
        let Some(host) = reading.bound_host(sink) else { return sink.record(1).reject(HOST_UNKNOWN, segment.bytes) };
        give(&session, host, 3, reading, sink);
    }
}

/// One session, whichever file described it.
struct Session<'a> {
    at: Micros,
    user: &'a str,
    run_as: Option<&'a str>,
    tty: Option<&'a str>,
    cwd: Option<&'a str>,
    command: &'a str,
    environment: &'a str,
    uuid: Option<&'a str>,
}

fn give(session: &Session<'_>, host: &str, line: u64, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let host = reading.config.host(host);
    sink.active("sudo", &host, session.at, line);
    name_limits(session.command, false, line, sink);
    let config = reading.config;
    sink.record(1).fact_at(
        line,
        PrivilegedCommand {
            occurred_at: session.at,
            host: &host,
            actor: session.user,
            run_as: session.run_as,
            tty: session.tty,
            cwd: session.cwd,
            command: session.command,
            outcome: "accepted",
            event_id: session.uuid,
            change_id: config.change_id(session.environment).or_else(|| config.change_id(session.command)),
        },
    );
}

fn json_session(bytes: &[u8], session: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let part = |name: &str| session.get("timestamp")?.members()?.get(name)?.int();
    let Some(at) = part("seconds").and_then(|seconds| Micros::from_parts(seconds, part("nanoseconds").unwrap_or(0))) else {
        return sink.record(1).reject("no timestamp.seconds that is a time", bytes);
    };
    let host = session.filled("submithost");
    let Some(host) = host.as_deref().or_else(|| reading.bound_host(sink)) else {
        return sink.record(1).reject(HOST_UNKNOWN, bytes);
    };
    let (Some(user), Some(mut command)) = (session.filled("submituser"), session.filled("command")) else {
        return sink.record(1).reject("no submituser or no command", bytes);
    };
    for argument in session.get("runargv").map(|arguments| arguments.elements()).unwrap_or_default().iter().skip(1) {
        command.to_mut().push(' ');
        command.to_mut().push_str(argument.text().as_deref().unwrap_or_default());
    }
    let line = line_of(bytes, b"\"command\"");
    let cwd = session.text("runcwd").or_else(|| session.text("submitcwd"));
    let (run_as, tty, uuid) = (session.text("runuser"), session.text("ttyname"), session.text("uuid"));
    let session = Session {
        at,
        user: &user,
        run_as: run_as.as_deref(),
        tty: tty.as_deref(),
        cwd: cwd.as_deref(),
        command: &command,
        environment: session.get("runenv").map_or("", |environment| environment.raw()),
        uuid: uuid.as_deref(),
    };
    give(&session, host, line, reading, sink);
}

/// The number of the line that `part` stands in.
fn line_of(bytes: &[u8], part: &[u8]) -> u64 {
    let before = memchr::memmem::find(bytes, part).and_then(|at| bytes.get(..at)).unwrap_or_default();
    1 + memchr::memchr_iter(b'\n', before).count() as u64
}

/// The three lines of an older session.
fn legacy(text: &str) -> Option<Session<'_>> {
    let mut lines = text.lines();
    let (first, cwd, command) = (lines.next()?, lines.next()?, lines.next()?);
    let mut parts = first.split(':');
    let seconds = parts.next().filter(|seconds| seconds.len() >= 9 && seconds.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (user, run_as, _group, tty) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let screen = parts.all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    let whole = screen && !user.is_empty() && cwd.starts_with('/') && !command.is_empty() && lines.next().is_none();
    whole.then_some(Session {
        at: Micros::from_parts(seconds.parse().ok()?, 0)?,
        user,
        run_as: Some(run_as).filter(|run_as| !run_as.is_empty()),
        tty: Some(tty).filter(|tty| !tty.is_empty()),
        cwd: Some(cwd),
        command,
        environment: "",
        uuid: None,
    })
}
