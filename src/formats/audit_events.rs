//! Audit events of several records: the SYSCALL record says who, EXECVE what, CWD where. They share stamp and serial number,
//! and may be woven into those of other events; a bounded number of events is under way at once.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use super::audit_record::{AuditRecord, decode, unhex};
use super::{Reading, Sink, sudo_text};
use crate::facts::{Micros, PrivilegedCommand};
use crate::redact::lossless;

/// Events that may be under way at once: the records of an event stand near each other.
const WINDOW: usize = 64;
/// System calls that start a program: x86-64, 64-bit ARM, 32-bit x86.
const STARTS: [(&str, &str); 6] =
    [("c000003e", "59"), ("c000003e", "322"), ("c00000b7", "221"), ("c00000b7", "281"), ("40000003", "11"), ("40000003", "358")];

/// Where a record stands.
pub(super) struct Place<'a> {
    pub(super) line: u64,
    pub(super) bytes: &'a [u8],
    pub(super) host: &'a str,
}

/// Login and session that a record belongs to.
fn session_of(record: &AuditRecord<'_>) -> (String, String) {
    let part = |key: &str| record.raw(key).unwrap_or_default().to_owned();
    (part("auid"), part("ses"))
}

/// Events whose records are being gathered.
#[derive(Default)]
pub(super) struct Events {
    under_way: VecDeque<Event>,
    /// Commands that sudo named: session, text, when.
    named: VecDeque<((String, String), String, Micros)>,
}

struct Event {
    host: String,
    id: String,
    instant: Micros,
    /// What the SYSCALL record says, once it was seen.
    program: Option<Program>,
    execve: Option<Execve>,
    cwd: Option<String>,
}

/// A program as the SYSCALL record sees it.
enum Program {
    /// Not a privileged command, for this reason.
    Other(&'static str),
    /// Somebody's, as root; the line of the record waits for its EXECVE.
    Privileged { line: u64, bytes: Vec<u8>, starts: bool, actor: String, tty: Option<String>, session: (String, String) },
}

struct Execve {
    line: u64,
    bytes: Vec<u8>,
    expected: usize,
    arguments: BTreeMap<u32, Vec<u8>>,
}

impl Events {
    /// Notes the command of a USER_CMD record, so that its program is not counted again.
    pub(super) fn sudo_named(&mut self, record: &AuditRecord<'_>, command: &str) {
        self.named.push_back((session_of(record), command.to_owned(), record.instant));
        if self.named.len() > WINDOW {
            self.named.pop_front();
        }
    }

    /// Closes the events that are still under way.
    pub(super) fn finish(mut self, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        while let Some(event) = self.under_way.pop_front() {
            self.close(&event, reading, sink);
        }
    }

    /// The CWD record of an event.
    pub(super) fn cwd(&mut self, at: &Place<'_>, record: &AuditRecord<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        self.open(at, record, reading, sink).cwd = record.text("cwd").map(Cow::into_owned);
        sink.record(at.line).skip("a detail of an event");
    }

    /// The event of `record`, which is opened where it is new; the oldest one is closed where too many are under way.
    fn open(&mut self, at: &Place<'_>, record: &AuditRecord<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) -> &mut Event {
        let same = |event: &Event| event.id == record.event && event.host == at.host;
        let index = match self.under_way.iter().rposition(same) {
            Some(index) => index,
            None => {
                if self.under_way.len() >= WINDOW
                    && let Some(oldest) = self.under_way.pop_front()
                {
                    self.close(&oldest, reading, sink);
                }
                self.under_way.push_back(Event {
                    host: at.host.to_owned(),
                    id: record.event.to_owned(),
                    instant: record.instant,
                    program: None,
                    execve: None,
                    cwd: None,
                });
                self.under_way.len() - 1
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the index was found, or is that of the event just pushed")]
        &mut self.under_way[index]
    }

    /// The SYSCALL record of an event.
    pub(super) fn syscall(&mut self, at: &Place<'_>, record: &AuditRecord<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let is = |key: &str, value: &str| record.raw(key) == Some(value);
        let tty = record.text("tty").filter(|tty| !matches!(tty.as_ref(), "(none)" | "?"));
        let other = if !is("success", "yes") {
            Some("a program that did not start")
        } else if !is("uid", "0") {
            Some("a program that did not run as root")
        } else if is("auid", "0") && tty.is_none() {
            sink.limit(
                "root-jobs",
                Some(at.line),
                "programs that ran as root without a terminal under root's own login (auid 0) are taken for jobs and are not \
                 counted as commands of a person",
            );
            Some("a program of root's own jobs (auid 0, no terminal)")
        } else {
            None
        };
        let actor = record.raw("auid").and_then(|auid| record.account("AUID", auid));
        let program = match (other, actor) {
            (Some(reason), _) => Program::Other(reason),
            (None, None) => Program::Other("a program of the system itself (no login behind it)"),
            (None, Some(actor)) => Program::Privileged {
                line: at.line,
                bytes: at.bytes.to_vec(),
                starts: STARTS.iter().any(|(arch, call)| is("arch", arch) && is("syscall", call)),
                actor: actor.into_owned(),
                tty: tty.map(Cow::into_owned),
                session: session_of(record),
            },
        };
        let event = self.open(at, record, reading, sink);
        let again = event.program.is_some();
        let waits = matches!(program, Program::Privileged { .. }) && !again;
        if !again {
            event.program = Some(program);
        }
        if !waits {
            sink.record(at.line).skip("the part of an event that says who; programs count with their EXECVE record");
        }
    }

    /// An EXECVE record of an event.
    pub(super) fn execve(&mut self, at: &Place<'_>, record: &AuditRecord<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let event = self.open(at, record, reading, sink);
        let again = event.execve.is_some();
        let execve = event.execve.get_or_insert_with(|| Execve {
            line: at.line,
            bytes: at.bytes.to_vec(),
            expected: record.raw("argc").and_then(|argc| argc.parse().ok()).unwrap_or(0),
            arguments: BTreeMap::new(),
        });
        for (number, raw) in record.arguments() {
            // Arguments in pieces are hex in each piece, and a character may be cut between two.
            let bytes = unhex(raw).unwrap_or_else(|| decode(raw).into_owned().into_bytes());
            execve.arguments.entry(number).or_default().extend_from_slice(&bytes);
        }
        if again {
            sink.record(at.line).skip("more arguments of an EXECVE record");
        }
    }

    /// Gives the lines of an event that wait for its end their outcome.
    fn close(&self, event: &Event, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        match (&event.program, &event.execve) {
            (None, None) | (Some(Program::Other(_)), None) => {}
            (None, Some(execve)) => sink
                .record(execve.line)
                .reject("EXECVE without the SYSCALL record of its event: who ran the program is not known", &execve.bytes),
            (Some(Program::Other(reason)), Some(execve)) => sink.record(execve.line).skip(reason),
            (Some(Program::Privileged { line, bytes, starts: true, .. }), None) => sink
                .record(*line)
                .reject("a program started as root without the EXECVE record of its event: which one is not known", bytes),
            (Some(Program::Privileged { line, .. }), None) => {
                sink.record(*line).skip("a system call that starts no program");
            }
            (Some(Program::Privileged { line, actor, tty, session, .. }), Some(execve)) => {
                sink.record(*line).skip("the part of an event that says who; programs count with their EXECVE record");
                self.command(event, actor, tty.as_deref(), session, execve, reading, sink);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one event, taken apart by its caller")]
    fn command(
        &self,
        event: &Event,
        actor: &str,
        tty: Option<&str>,
        session: &(String, String),
        execve: &Execve,
        reading: &Reading<'_>,
        sink: &mut Sink<'_>,
    ) {
        let mut command = execve.arguments.values().map(|bytes| lossless(bytes)).collect::<Vec<_>>().join(" ");
        let named = self
            .named
            .iter()
            .any(|(known, text, at)| known == session && *text == command && (0..60_000_000).contains(&(event.instant.0 - at.0)));
        if named {
            return sink.record(execve.line).skip("the program of a command that sudo's USER_CMD record names");
        }
        if execve.arguments.len() < execve.expected {
            sink.limit("arguments-missing", Some(execve.line), "some EXECVE records hold fewer arguments than they count");
            command.push_str(" …");
        }
        sudo_text::name_limits(&command, false, execve.line, sink);
        sink.record(execve.line).fact(PrivilegedCommand {
            occurred_at: event.instant,
            host: &event.host,
            actor,
            run_as: Some("root"),
            tty,
            cwd: event.cwd.as_deref(),
            command: &command,
            outcome: "accepted",
            event_id: Some(&format!("{}:{}", event.host, event.id)),
            change_id: reading.config.change_id(&command),
        });
    }
}
