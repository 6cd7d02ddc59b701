//! The Linux audit log (`audit.log`, `ausearch --raw`), plain or ENRICHED. sudo's own USER_CMD records and logins
//! (USER_LOGIN) are facts by themselves. Programs (EXECVE) are facts where the SYSCALL record of their event says that they
//! ran as root (`uid=0`) in the session of somebody who logged in: `auid` set, and with a terminal where the login itself
//! was root's, because jobs of cron have no other mark. A setuid program that somebody starts (`uid` is not 0, only `euid`
//! is) is none: sudo writes what it runs itself. What a USER_CMD record just named is not counted again.
//!
//! Source: the audit project's `audit_logging.c` and "audit-events" list; sudo's `plugins/sudoers/linux_audit.c`; OpenSSH's
//! `audit-linux.c`; the kernel's `auditsc.c` (`audit_log_execve_info`).

use std::borrow::Cow;

use super::audit_events::{Events, Place};
use super::audit_record::AuditRecord;
use super::{Format, Framing, Grouping, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink, sudo_text};
use crate::facts::{LOG_ACTIVITY, PRIVILEGED_COMMANDS, PrivilegedCommand, SESSIONS, Session, Table};
use crate::redact::lossless;

/// The audit log.
pub(super) struct Auditd;

impl Format for Auditd {
    fn name(&self) -> &'static str {
        "auditd"
    }

    fn about(&self) -> &'static str {
        "Linux audit log, raw or enriched (audit.log, ausearch --raw)"
    }

    fn recognised_by(&self) -> &'static str {
        "records type=… msg=audit(seconds:serial)"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PRIVILEGED_COMMANDS, &SESSIONS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let lines = head.lines().filter(|line| !line.trim_ascii().is_empty());
        let mut lines = lines.filter(|line| !is_frame(line)).take(5).map(lossless).peekable();
        (lines.peek().is_some() && lines.any(|line| AuditRecord::of(&line).is_ok()))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Groups(Grouping::AuditEvents) })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let mut events = Events::default();
        for (line, bytes) in segment.lines() {
            if is_frame(bytes) {
                sink.record(line).skip("a line that ausearch writes between events");
                continue;
            }
            let text = lossless(bytes);
            let record = match AuditRecord::of(&text) {
                Ok(record) => record,
                Err(reason) => {
                    sink.record(line).reject(reason, bytes);
                    continue;
                }
            };
            let Some(host) = record.node.or_else(|| reading.bound_host(sink)) else {
                sink.record(line).reject(HOST_UNKNOWN, bytes);
                continue;
            };
            let host = reading.config.host(host);
            sink.active("sudo", &host, record.instant, line);
            let at = Place { line, bytes, host: &host };
            match record.kind {
                "USER_CMD" => user_command(&at, &record, reading, sink, &mut events),
                "USER_LOGIN" => login(&at, &record, sink),
                "USER_START" => account_change(&at, &record, sink),
                "SYSCALL" => events.syscall(&at, &record, reading, sink),
                "EXECVE" => events.execve(&at, &record, reading, sink),
                "CWD" => events.cwd(&at, &record, reading, sink),
                _ => sink.record(line).skip("an audit record of another kind (counts as activity of the host's log)"),
            }
        }
        events.finish(reading, sink);
    }
}

/// What `ausearch` writes around events when it is not told `--raw`.
fn is_frame(line: &[u8]) -> bool {
    line == b"----" || line.starts_with(b"time->")
}

fn outcome(record: &AuditRecord<'_>) -> Option<&'static str> {
    match record.said("res")? {
        "success" | "1" | "yes" => Some("accepted"),
        "failed" | "0" | "no" => Some("rejected"),
        _ => None,
    }
}

/// Who asked: the account that logged in, which outlives sudo and su; where none is set, the account of the process.
fn actor(record: &AuditRecord<'_>) -> Option<String> {
    let account = |key: &str, name: &str| record.account(name, record.raw(key)?).map(Cow::into_owned);
    account("auid", "AUID").or_else(|| account("uid", "UID"))
}

/// sudo's own record: `cwd="…" cmd=… exe="/usr/bin/sudo" terminal=… res=success`.
fn user_command(at: &Place<'_>, record: &AuditRecord<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>, events: &mut Events) {
    let (Some(command), Some(outcome), Some(actor)) = (record.said_text("cmd"), outcome(record), actor(record)) else {
        return sink.record(at.line).reject("USER_CMD without cmd, res or an account: torn, or not sudo's", at.bytes);
    };
    sink.limit("run-as-unknown", Some(at.line), "sudo's audit records do not say as which account the command ran");
    sudo_text::name_limits(&command, false, at.line, sink);
    if outcome == "accepted" {
        events.sudo_named(record, &command);
    }
    sink.record(at.line).fact(PrivilegedCommand {
        occurred_at: record.instant,
        host: at.host,
        actor: &actor,
        run_as: None,
        tty: record.said_text("terminal").as_deref(),
        cwd: record.said_text("cwd").as_deref(),
        command: &command,
        outcome,
        event_id: Some(&format!("{}:{}", at.host, record.event)),
        change_id: reading.config.change_id(&command),
    });
}

/// `op=login acct="…"` or `id=1001`, `exe="/usr/sbin/sshd" hostname=… addr=… terminal=… res=success`.
fn login(at: &Place<'_>, record: &AuditRecord<'_>, sink: &mut Sink<'_>) {
    let by_number = || record.account("ID", record.said("id")?);
    let actor = record.said_text("acct").or_else(by_number).or_else(|| record.account("AUID", record.raw("auid")?));
    let (Some(actor), Some(outcome)) = (actor, outcome(record)) else {
        return sink.record(at.line).reject("USER_LOGIN without an account or res: torn", at.bytes);
    };
    let program = record.said_text("exe");
    let program = program.as_deref().map(|exe| exe.rsplit('/').next().unwrap_or(exe));
    let method = match program {
        Some(program) if program.starts_with("sshd") => Some("ssh"),
        Some("login" | "gdm-session-worker" | "lightdm" | "sddm-helper") => Some("console"),
        other => other,
    };
    sink.record(at.line).fact(Session {
        occurred_at: record.instant,
        host: at.host,
        actor: &actor,
        method,
        origin: record.said_text("addr").or_else(|| record.said_text("hostname")).as_deref(),
        outcome,
        key_fingerprint: None,
        run_as: None,
        change_id: None,
        ended_at: None,
    });
}

/// A PAM session: su's is a change of account, to `acct`; those of other programs are steps of a login or a command.
fn account_change(at: &Place<'_>, record: &AuditRecord<'_>, sink: &mut Sink<'_>) {
    let by_su = record.said_text("exe").is_some_and(|exe| exe.ends_with("/su"));
    let Some((actor, outcome)) = by_su.then(|| actor(record).zip(outcome(record))).flatten() else {
        return sink.record(at.line).skip("a step of a login or of a command that has a record of its own");
    };
    sink.record(at.line).fact(Session {
        occurred_at: record.instant,
        host: at.host,
        actor: &actor,
        method: Some("su"),
        origin: None,
        outcome,
        key_fingerprint: None,
        run_as: record.said_text("acct").as_deref(),
        change_id: None,
        ended_at: None,
    });
}
