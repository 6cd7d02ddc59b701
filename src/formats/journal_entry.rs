//! One entry of systemd's journal, whichever export carries it. Fields that begin with an underscore are the journal's own
//! and cannot be forged by the program that logs; MESSAGE and SYSLOG_IDENTIFIER can.
//!
//! Source: systemd's `systemd.journal-fields` manual.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use super::auth_text::{Message, Seen};
use super::{HOST_UNKNOWN, Reading, Sink, sudo_text};
use crate::facts::Micros;

/// The fields that are read, in the order of [`Entry`]'s slots.
const FIELDS: [&str; 11] = [
    "MESSAGE",
    "SYSLOG_IDENTIFIER",
    "_HOSTNAME",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
    "_COMM",
    "_CAP_EFFECTIVE",
    "_PID",
    "_UID",
    "_AUDIT_LOGINUID",
    "__CURSOR",
];

/// One entry.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    slots: [Option<Cow<'a, str>>; FIELDS.len()],
    /// A field that the journal writes once stands twice.
    repeated: bool,
    /// The export left MESSAGE out because of its size.
    pub(super) withheld: bool,
    /// Line of MESSAGE, where it is not that of the entry.
    pub(super) message_line: Option<u64>,
}

/// Whether `field` is one of those that are read.
pub(super) fn is_read(field: &str) -> bool {
    FIELDS.contains(&field)
}

impl<'a> Entry<'a> {
    /// Takes a field.
    pub(super) fn put(&mut self, field: &str, value: Cow<'a, str>) {
        let Some(slot) = FIELDS.iter().position(|known| *known == field).and_then(|index| self.slots.get_mut(index)) else {
            return;
        };
        self.repeated |= slot.is_some();
        slot.get_or_insert(value);
    }

    /// Notes that a field stands more than once.
    pub(super) fn repeats(&mut self) {
        self.repeated = true;
    }

    fn get(&self, field: &str) -> Option<&str> {
        let index = FIELDS.iter().position(|known| *known == field)?;
        self.slots.get(index)?.as_deref()
    }

    fn instant(&self) -> Option<Micros> {
        let micros = |field: &str| {
            let micros: i64 = self.get(field)?.parse().ok()?;
            Micros::from_parts(micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000) * 1000)
        };
        micros("_SOURCE_REALTIME_TIMESTAMP").or_else(|| micros("__REALTIME_TIMESTAMP"))
    }
}

/// Programs that are read, and what the names of the processes that write as them begin with (`sudoedit` is sudo, too).
const WRITERS: [(&str, &str); 8] = [
    ("sudo", "sudo"),
    ("sshd", "sshd"),
    ("sshd-session", "sshd"),
    ("sshd-auth", "sshd"),
    ("su", "su"),
    ("runuser", "runuser"),
    ("systemd-logind", "systemd-logind"),
    ("login", "login"),
];

/// Processes whose sudo events may wait for a continuation at once.
const WAITING: usize = 16;

/// Reads the entries of one segment.
#[derive(Debug, Default)]
pub(super) struct Journal {
    seen: Seen,
    /// Names of accounts by login uid, as sudo itself wrote them.
    names: BTreeMap<String, String>,
    /// Events of sudo, the latest of each process: a long one goes on in the next entries of the same process.
    waiting: VecDeque<Waiting>,
}

/// An event of sudo that may go on.
#[derive(Debug)]
struct Waiting {
    line: u64,
    instant: Micros,
    host: String,
    process: Option<String>,
    text: String,
    /// Whether the piece before the next one holds a blank, at which sudo broke it.
    blank: bool,
    bytes: Vec<u8>,
    uid: Option<String>,
    login: Option<String>,
    cursor: Option<String>,
}

impl Journal {
    /// Gives the entry that begins at `line` its outcome.
    pub(super) fn entry(&mut self, line: u64, entry: &Entry<'_>, bytes: &[u8], reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(instant) = entry.instant() else {
            return sink.record(line).reject("no __REALTIME_TIMESTAMP that is a time", bytes);
        };
        let Some(host) = entry.get("_HOSTNAME").or_else(|| reading.bound_host(sink)) else {
            return sink.record(line).reject(HOST_UNKNOWN, bytes);
        };
        let host = reading.config.host(host);
        sink.active("sudo", &host, instant, line);
        let program = entry.get("SYSLOG_IDENTIFIER").unwrap_or_default();
        let Some((_, writer)) = WRITERS.iter().find(|(known, _)| *known == program) else {
            return sink.record(line).skip("an entry of another program (counts as activity of the host's log)");
        };
        let text = match text(entry, writer, line, sink) {
            Ok(text) => text,
            Err(reason) => return sink.record(line).reject(reason, bytes),
        };
        let message_line = entry.message_line.unwrap_or(line);
        let message = Message {
            line: message_line,
            instant,
            host: &host,
            program,
            text,
            bytes,
            login: None,
            event_id: entry.get("__CURSOR"),
        };
        if program == "sudo" {
            if sudo_text::continuation(text).is_some() && self.goes_on(entry.get("_PID"), &message, sink) {
                return;
            }
            if sudo_text::parse(text).is_some() || text.contains(" ; ENV=") {
                return self.wait(entry, &message, reading, sink);
            }
        }
        let login = (program == "su").then(|| self.logged_in(entry.get("_AUDIT_LOGINUID"))).flatten();
        self.seen.message(&Message { login: login.as_deref(), ..message }, reading, sink);
    }

    /// Joins a continuation to the event that it continues, where that waits.
    fn goes_on(&mut self, process: Option<&str>, message: &Message<'_>, sink: &mut Sink<'_>) -> bool {
        let Some((user, rest)) = sudo_text::continuation(message.text) else { return false };
        let event = self.waiting.iter_mut().find(|event| {
            process.is_some()
                && event.process.as_deref() == process
                && event.host == message.host
                && event.text.trim_start().strip_prefix(user).is_some_and(|rest| rest.starts_with(" : "))
        });
        let Some(event) = event else { return false };
        if event.blank {
            event.text.push(' ');
        }
        event.text.push_str(rest);
        event.blank = rest.trim_start().contains(' ');
        sink.record(message.line).skip("continuation of the sudo entry before it");
        true
    }

    /// Holds an event of sudo back until its process writes another one.
    fn wait(&mut self, entry: &Entry<'_>, message: &Message<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let owned = |field: &str| entry.get(field).map(str::to_owned);
        let event = Waiting {
            line: message.line,
            instant: message.instant,
            host: message.host.to_owned(),
            process: owned("_PID"),
            text: message.text.to_owned(),
            blank: true,
            bytes: message.bytes.to_vec(),
            uid: owned("_UID"),
            login: owned("_AUDIT_LOGINUID"),
            cursor: owned("__CURSOR"),
        };
        let same = self.waiting.iter().position(|earlier| earlier.host == event.host && earlier.process == event.process);
        let done = match same {
            Some(index) => self.waiting.remove(index),
            None if self.waiting.len() >= WAITING => self.waiting.pop_front(),
            None => None,
        };
        self.waiting.push_back(event);
        if let Some(done) = done {
            self.settle(&done, reading, sink);
        }
    }

    fn settle(&mut self, event: &Waiting, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let login = self.login(event);
        let message = Message {
            line: event.line,
            instant: event.instant,
            host: &event.host,
            program: "sudo",
            text: &event.text,
            bytes: &event.bytes,
            login: login.as_deref(),
            event_id: event.cursor.as_deref(),
        };
        self.seen.message(&message, reading, sink);
    }

    /// The account behind an event of sudo. Where the one who logged in asked sudo, its name is learnt from that.
    fn login(&mut self, event: &Waiting) -> Option<String> {
        let user = sudo_text::parse(&event.text)?.user;
        let uid = event.login.as_deref()?;
        if user != "root" && event.uid.as_deref() == Some(uid) {
            self.names.entry(uid.to_owned()).or_insert_with(|| user.to_owned());
        }
        self.logged_in(Some(uid))
    }

    /// The account that the kernel knows to have logged in: by the name that sudo gave it before, else by its number.
    fn logged_in(&self, uid: Option<&str>) -> Option<String> {
        let uid = uid.filter(|uid| !matches!(*uid, "4294967295" | "0"))?;
        Some(self.names.get(uid).cloned().unwrap_or_else(|| format!("uid:{uid}")))
    }

    /// Settles what waits, and names what the segment as a whole leaves open.
    pub(super) fn close(mut self, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        while let Some(event) = self.waiting.pop_front() {
            self.settle(&event, reading, sink);
        }
        sink.limit(
            "partial-list",
            None,
            "an export of the journal does not say by what filter it was taken; other entries of the host may be left out",
        );
        self.seen.close(sink);
    }
}

/// The message of an entry, where the program that it names wrote it.
fn text<'e>(entry: &'e Entry<'_>, writer: &str, line: u64, sink: &mut Sink<'_>) -> Result<&'e str, &'static str> {
    if entry.repeated {
        return Err("a field that the program writes once stands twice: not its own entry");
    }
    let Some(text) = entry.get("MESSAGE") else {
        if !entry.withheld {
            return Err("an entry without MESSAGE");
        }
        sink.limit(
            "export-limit",
            Some(line),
            "journalctl leaves out fields of more than 4096 bytes unless it is told --all; what they said is not known",
        );
        return Err("the export left the message out (journalctl --all keeps it)");
    };
    forged(entry, writer, text).map_or(Ok(text), Err)
}

/// Why an entry is not of the program that it names: another process wrote it, or one without privileges, which the
/// programs that change accounts never are.
fn forged(entry: &Entry<'_>, writer: &str, text: &str) -> Option<&'static str> {
    let wrote = entry.get("_COMM").is_none_or(|comm| match writer {
        "sshd" | "sudo" => comm.starts_with(writer),
        _ => comm == writer,
    });
    if !wrote {
        return Some("names a program, but the journal saw another one write it (_COMM): not that program's entry");
    }
    let privileged = writer != "sshd" || text.starts_with("Accepted ");
    (privileged && entry.get("_CAP_EFFECTIVE") == Some("0"))
        .then_some("names a privileged program, but a process without privileges wrote it (_CAP_EFFECTIVE): not that program's")
}
