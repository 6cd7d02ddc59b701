//! sudo's event log in JSON: one object with repeated keys (`log_format=json` to a file), or one object a line
//! (`json_compact`, sudo 1.9.16 and later).
//!
//! Source: sudo's `lib/eventlog/eventlog.c` and the sudoers manual, section "EVENT LOGGING"; `exit` records carry no user
//! and no command and are joined to their `accept` by `uuid`, which no control needs. A command that an intercepted one
//! starts (`log_subcmds`) is an accept with a uuid of its own, and a fact of its own. One refused try may be two rejects
//! ("a password is required", then "command not allowed"): two events, two facts. `sudo_logsrvd` writes the same events.
//! Environments (`runenv`, `submitenv`) hold secrets: only a change number is taken from them.

use std::borrow::Cow;

use super::json_scan::{Items, WHITE, name};
use super::lazy::{Json, record_text, unquote};
use super::sudo_text::name_limits;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOG_ACTIVITY, Micros, PRIVILEGED_COMMANDS, PrivilegedCommand, Table};

/// sudo's JSON event log.
pub(super) struct SudoJson;

const KEYS: [&str; 4] = ["accept", "reject", "alert", "exit"];

impl Format for SudoJson {
    fn name(&self) -> &'static str {
        "sudo-json"
    }

    fn about(&self) -> &'static str {
        "sudo event log in JSON: one object with repeated keys, or one object a line"
    }

    fn recognised_by(&self) -> &'static str {
        "one object with repeated keys accept, reject, alert or exit, or one object a line, with uuid"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PRIVILEGED_COMMANDS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text().trim_start_matches('\u{feff}').trim_start();
        let inner = text.strip_prefix('{')?;
        let key = inner.trim_start().strip_prefix('"')?.split('"').next()?;
        if !KEYS.contains(&key) || !text.contains("\"uuid\"") || !text.contains("_time\"") {
            return None;
        }
        let compact = text.lines().next().is_some_and(|line| line.len() > 20);
        Some(if compact {
            Recognition {
                because: "one object a line whose key is accept, reject, alert or exit, with uuid",
                framing: Framing::Lines,
            }
        } else {
            Recognition {
                because: "one object with repeated keys accept, reject, alert or exit, with uuid",
                framing: Framing::JsonRecords { depth: 1 },
            }
        })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        if segment.framing == Framing::Lines {
            for (line, bytes) in segment.lines() {
                event(line, bytes, reading, sink);
            }
            return;
        }
        let mut wrapped = Vec::new();
        for record in segment.json_records() {
            if !record.closed {
                sink.record(record.number).reject("torn: the file ends inside the event", record.bytes);
                continue;
            }
            wrapped.clear();
            wrapped.push(b'{');
            wrapped.extend_from_slice(record.bytes);
            wrapped.push(b'}');
            event(record.number, &wrapped, reading, sink);
        }
    }
}

#[derive(Default)]
struct Event<'a> {
    seconds: Option<i64>,
    nanoseconds: i64,
    uuid: Option<Cow<'a, str>>,
    user: Option<Cow<'a, str>>,
    host: Option<Cow<'a, str>>,
    run_as: Option<Cow<'a, str>>,
    tty: Option<Cow<'a, str>>,
    cwd: Option<Cow<'a, str>>,
    command: Option<Cow<'a, str>>,
    arguments: Option<&'a str>,
    environment: Option<&'a str>,
}

/// Reads the events of one line or member; the first is its record, further ones are records of their own.
pub(super) fn event(line: u64, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let (text, stray) = record_text(bytes);
    if stray {
        sink.limit("not-utf-8", Some(line), "some records hold bytes that are not UTF-8; they are shown as \\xNN");
    }
    let trimmed = text.trim();
    for kind in KEYS {
        // sudo writes nothing around an event, so that its braces are cut off and it is parsed once.
        let inner =
            trimmed.strip_prefix("{\"").and_then(|rest| rest.strip_prefix(kind)).and_then(|rest| rest.strip_prefix("\":"));
        if let Some(Ok((event, true))) = inner.and_then(|rest| rest.strip_suffix('}')).map(fields) {
            return judge(kind, Ok(&event), line, bytes, reading, sink);
        }
    }
    several(trimmed, line, bytes, reading, sink);
}

/// Whatever is written otherwise goes through the parser as a whole.
fn several(text: &str, line: u64, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let Some(mut members) = Items::of_object(text) else {
        return sink.record(line).reject("not a JSON object: torn or damaged", bytes);
    };
    let mut any = false;
    while let Some(member) = members.next_item() {
        any = true;
        match member {
            Ok((kind, raw)) => {
                let event = fields(raw);
                judge(&name(kind), event.as_ref().map(|(event, _)| event).map_err(String::as_str), line, bytes, reading, sink);
            }
            Err(fault) => {
                let reason = format!("not a JSON object ({fault}): torn or damaged");
                return sink.record(line).reject(&reason, bytes);
            }
        }
    }
    if !any {
        sink.record(line).reject("an empty object where an event was expected", bytes);
    } else if !members.rest().trim_matches(WHITE).is_empty() {
        sink.record(line)
            .reject("something follows the event on the same line: a line end is lost, or it was written into", bytes);
    }
}

fn judge(kind: &str, event: Result<&Event<'_>, &str>, line: u64, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(line);
    let outcome = match kind {
        "exit" => return record.skip("exit status of a command that its accept event records"),
        "accept" => "accepted",
        "reject" => "rejected",
        "alert" => "alert",
        _ => return record.reject("not one of accept, reject, alert, exit", bytes),
    };
    let event = match event {
        Ok(event) => event,
        Err(reason) => return record.reject(reason, bytes),
    };
    let instant = event.seconds.and_then(|seconds| Micros::from_parts(seconds, event.nanoseconds));
    let Some(instant) = instant else { return record.reject("no server_time.seconds that is a time", bytes) };
    let host = event.host.as_deref().or(reading.host);
    let (Some(host), Some(user)) = (host, event.user.as_deref()) else {
        return record.reject("no submithost or no submituser", bytes);
    };
    let host = reading.config.host(host);
    record.sink().active("sudo", &host, instant, line);
    let command = command_line(event);
    name_limits(&command, false, line, record.sink());
    let change = reading.config.change_id(event.environment.unwrap_or_default()).or_else(|| reading.config.change_id(&command));
    record.fact(PrivilegedCommand {
        occurred_at: instant,
        host: &host,
        actor: user,
        run_as: event.run_as.as_deref(),
        tty: event.tty.as_deref(),
        cwd: event.cwd.as_deref(),
        command: &command,
        outcome,
        event_id: event.uuid.as_deref(),
        change_id: change,
    });
}

/// The fields of an event, and whether the event is all of `text`.
fn fields(text: &str) -> Result<(Event<'_>, bool), String> {
    let mut event = Event::default();
    let mut members = Items::of_object(text).ok_or("the event is not an object")?;
    while let Some(member) = members.next_item() {
        let (key, raw) = member.map_err(|fault| format!("damaged event ({fault})"))?;
        match key {
            "\"server_time\"" | "\"alert_time\"" if event.seconds.is_none() => {
                let mut parts = Items::of_object(raw);
                while let Some(Ok((part, value))) = parts.as_mut().and_then(Items::next_item) {
                    match part {
                        "\"seconds\"" => event.seconds = Json::borrowed(value).int(),
                        "\"nanoseconds\"" => event.nanoseconds = Json::borrowed(value).int().unwrap_or(-1),
                        _ => {}
                    }
                }
            }
            "\"uuid\"" => event.uuid = unquote(raw),
            "\"submituser\"" => event.user = unquote(raw),
            "\"submithost\"" => event.host = unquote(raw),
            "\"runuser\"" => event.run_as = unquote(raw),
            "\"ttyname\"" => event.tty = unquote(raw),
            "\"runcwd\"" => event.cwd = unquote(raw),
            "\"command\"" => event.command = unquote(raw),
            "\"runargv\"" => event.arguments = Some(raw),
            "\"runenv\"" => event.environment = Some(raw),
            _ => {}
        }
    }
    Ok((event, members.rest().trim_matches(WHITE).is_empty()))
}

/// The command as sudo's text log writes it: the path, then the arguments after the first.
fn command_line(event: &Event<'_>) -> String {
    let command = event.command.as_deref().unwrap_or("(no command recorded)");
    let mut line = String::with_capacity(command.len() + event.arguments.map_or(0, str::len));
    line.push_str(command);
    let mut arguments = event.arguments.and_then(Items::of_array);
    // The first argument is the command's own name.
    arguments.as_mut().and_then(Items::next_item);
    while let Some(Ok((_, argument))) = arguments.as_mut().and_then(Items::next_item) {
        line.push(' ');
        if let Some(text) = unquote(argument) {
            line.push_str(&text);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_known_to_be_all_of_its_text() {
        for (text, whole) in [
            (r#"{"uuid":"a","runargv":["/bin/ls"]}"#, true),
            (r#"{"uuid":"a"} "#, true),
            (r#"{"uuid":"a"}}"#, false),
            ("{\"uuid\":\"a\"}\u{a0}", false),
            (r#"{"uuid":"a"},"accept":{"uuid":"b"}"#, false),
        ] {
            let (event, all) = fields(text).expect("an event");
            assert_eq!((event.uuid.as_deref(), all), (Some("a"), whole), "{text}");
        }
    }
}
