//! Teleport's audit log: one JSON event a line, or an array of them. A session on a host is a login of the person (`user`),
//! not of the account on the host (`login`), which it enters; a command that runs as root is a privileged command. Its end is
//! that of the `session.end` with the same `sid`; the change that it names stands in its own reason, or in that of the access
//! request (`access_request.create`) that let it in.
//!
//! Source: gravitational/teleport `lib/events/api.go`, `codes.go` and `events.proto` (`SessionStart`, `SessionEnd`,
//! `UserMetadata`, `AccessRequestCreate`); enhanced session recording (`lib/bpf`) writes the
//! program's path and the arguments after it; `exec` events hold the command line of a session without a shell.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::json_records::{each_object, json_framing};
use super::lazy::Members;
use super::sudo_text::name_limits;
use super::{Format, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOG_ACTIVITY, Micros, PRIVILEGED_COMMANDS, PrivilegedCommand, SESSIONS, Session, Table, parse_rfc3339};

/// Teleport's audit log.
pub(super) struct Teleport;

impl Format for Teleport {
    fn name(&self) -> &'static str {
        "teleport"
    }

    fn about(&self) -> &'static str {
        "Teleport audit log: sessions on hosts and commands run as root"
    }

    fn recognised_by(&self) -> &'static str {
        "objects with event, uid, cluster_name and a code T…"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&SESSIONS, &PRIVILEGED_COMMANDS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let first = text.split_inclusive('\n').find(|line| line.contains('{'))?;
        let coded = ["\"code\":\"T", "\"code\": \"T"].iter().any(|code| text.contains(code));
        let fields = ["\"event\"", "\"uid\"", "\"time\"", "\"cluster_name\""];
        (coded && fields.iter().all(|field| first.contains(field) || text.starts_with('[') && text.contains(field)))
            .then(|| json_framing(head))
            .flatten()
            .map(|framing| Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let mut seen = Seen::default();
        each_object(segment, sink, |line, bytes, event, sink| read_event(line, bytes, event, &mut seen, reading, sink));
        for session in seen.open.into_values() {
            session.give(None, sink);
        }
    }
}

/// What the events of one piece have told so far.
#[derive(Default)]
struct Seen {
    /// Sessions whose end was not seen yet, by `sid`.
    open: BTreeMap<String, Started>,
    /// Changes that the reasons of access requests name, by the id of the request.
    requests: BTreeMap<String, String>,
}

/// A session that began.
struct Started {
    line: u64,
    at: Micros,
    host: String,
    user: String,
    login: Option<String>,
    origin: Option<String>,
    change: Option<String>,
}

impl Started {
    /// Gives the session its fact, with its end where that is known.
    fn give(&self, ended_at: Option<Micros>, sink: &mut Sink<'_>) {
        sink.record(self.line).fact(Session {
            occurred_at: self.at,
            host: &self.host,
            actor: &self.user,
            method: Some("teleport"),
            origin: self.origin.as_deref(),
            outcome: "accepted",
            key_fingerprint: None,
            run_as: self.login.as_deref(),
            change_id: self.change.as_deref(),
            ended_at: ended_at.filter(|ended| *ended >= self.at),
        });
    }
}

impl Seen {
    fn end(&mut self, line: u64, event: &Members<'_>, sink: &mut Sink<'_>) {
        let session = event.filled("sid").and_then(|sid| self.open.remove(sid.as_ref()));
        if let Some(session) = session {
            let at = event.text("session_stop").or_else(|| event.text("time")).and_then(|time| parse_rfc3339(&time));
            session.give(at, sink);
        }
        sink.record(line).skip("the end of a session, which counts with its beginning");
    }

    fn request(&mut self, line: u64, event: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let reason = event.text("reason").unwrap_or_default();
        if let (Some(id), Some(change)) = (event.filled("id"), reading.config.change_id(&reason)) {
            self.requests.insert(id.into_owned(), change.to_owned());
        }
        sink.record(line).skip("an access request: the change that it names counts with the sessions that it let in");
    }

    /// The change that a session names itself, or that its access requests name.
    fn change(&self, line: u64, event: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) -> Option<String> {
        let reason = event.text("reason").unwrap_or_default();
        if let Some(change) = reading.config.change_id(&reason) {
            return Some(change.to_owned());
        }
        let requests = event.get("access_requests").map(|requests| requests.elements()).unwrap_or_default();
        let change = requests.iter().find_map(|id| self.requests.get(id.text()?.as_ref()).cloned());
        if change.is_none() && !requests.is_empty() {
            sink.limit(
                "access-request-unread",
                Some(line),
                "some sessions came by an access request that names no change, or does not stand shortly before them in the same file: \
                 which change they were for is not known",
            );
        }
        change
    }
}

fn read_event(line: u64, bytes: &[u8], event: &Members<'_>, seen: &mut Seen, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let Some(kind) = event.filled("event") else { return sink.record(line).reject("no event that says its kind", bytes) };
    let command = match kind.as_ref() {
        "session.start" | "session.rejected" | "auth" => false,
        "session.command" | "exec" => true,
        "session.end" => return seen.end(line, event, sink),
        "access_request.create" => return seen.request(line, event, reading, sink),
        _ => return sink.record(line).skip("an event of another kind (files, networks, logins to Teleport itself)"),
    };
    if event.filled("kubernetes_cluster").is_some() || event.text("proto").as_deref() == Some("kube") {
        return sink.record(line).skip("a session in Kubernetes, on no host of its own");
    }
    let (Some(instant), Some(user)) = (event.text("time").and_then(|time| parse_rfc3339(&time)), event.filled("user")) else {
        return sink.record(line).reject("no time that is one, or no user", bytes);
    };
    let named = event
        .filled("server_hostname")
        .or_else(|| event.filled("server_addr").map(|address| Cow::Owned(without_port(&address).to_owned())));
    let Some(host) = named.as_deref().map(|host| reading.config.host(host)) else {
        return sink.record(line).reject("no server_hostname: on which host is not known", bytes);
    };
    sink.active("auth", &host, instant, line);
    if command {
        return privileged(line, bytes, event, &kind, (instant, &host, &user), reading, sink);
    }
    let (origin, login) = (event.filled("addr.remote"), event.filled("login"));
    if kind != "session.start" {
        return sink.record(line).fact(Session {
            occurred_at: instant,
            host: &host,
            actor: &user,
            method: Some("teleport"),
            origin: origin.as_deref().map(without_port),
            outcome: "rejected",
            key_fingerprint: None,
            run_as: login.as_deref(),
            change_id: None,
            ended_at: None,
        });
    }
    let session = Started {
        line,
        at: instant,
        host: host.into_owned(),
        user: user.into_owned(),
        login: login.map(Cow::into_owned),
        origin: origin.as_deref().map(|origin| without_port(origin).to_owned()),
        change: seen.change(line, event, reading, sink),
    };
    match event.filled("sid") {
        Some(sid) => {
            if let Some(before) = seen.open.insert(sid.into_owned(), session) {
                before.give(None, sink);
            }
        }
        None => session.give(None, sink),
    }
}

fn privileged(
    line: u64,
    bytes: &[u8],
    event: &Members<'_>,
    kind: &str,
    (instant, host, user): (Micros, &str, &str),
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
) {
    let Some(login) = event.filled("login") else {
        return sink.record(line).reject("a command without login: as which account it ran is not known", bytes);
    };
    if login != "root" {
        return sink.record(line).skip("a command that did not run as root");
    }
    let command = match kind {
        "exec" => event.filled("command").map(Cow::into_owned),
        _ => event.filled("path").or_else(|| event.filled("program")).map(|path| {
            let arguments = event.get("argv").map(|arguments| arguments.elements()).unwrap_or_default();
            arguments.iter().fold(path.into_owned(), |line, argument| line + " " + &argument.text().unwrap_or_default())
        }),
    };
    let Some(command) = command else { return sink.record(line).reject("a command event without its command", bytes) };
    name_limits(&command, false, line, sink);
    let event_id = event.filled("uid");
    sink.record(line).fact(PrivilegedCommand {
        occurred_at: instant,
        host,
        actor: user,
        run_as: Some(&login),
        tty: None,
        cwd: None,
        command: &command,
        outcome: "accepted",
        event_id: event_id.as_deref(),
        change_id: reading.config.change_id(&command),
    });
}

/// `203.0.113.9:56544` and `[2001:db8::9]:56544` without the port.
fn without_port(address: &str) -> &str {
    match address.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && (!host.contains(':') || host.ends_with(']')) => {
            host.trim_start_matches('[').trim_end_matches(']')
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_port() {
        for (address, host) in [
            ("203.0.113.9:56544", "203.0.113.9"),
            ("[2001:db8::9]:1", "2001:db8::9"),
            ("2001:db8::9", "2001:db8::9"),
            ("quill-1", "quill-1"),
        ] {
            assert_eq!(without_port(address), host);
        }
    }
}
