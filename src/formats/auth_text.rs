//! What programs write about privileged commands and logins: the same messages, whatever carries them (syslog, journal).
//!
//! Source: sudo's `lib/eventlog/eventlog.c` (see `sudo_text`); OpenSSH's `auth.c` (`auth_log`, logged as `sshd-session` and
//! `sshd-auth` since 9.8); util-linux's `su-common.c` (`log_syslog`) and `login.c` (`log_syslog`, `log_audit`); shadow's
//! `su.c`; systemd's `logind-session.c`; rsyslog's `ratelimit.c` for `message repeated`.

use std::collections::HashMap;

use super::auth_logins::{Login, console, sshd};
use super::{Reading, Sink, lazy, sudo_json, sudo_text};
use crate::facts::{Micros, PrivilegedCommand, Session};

/// A message of a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    /// Line or record that it stands at.
    pub(super) line: u64,
    pub(super) instant: Micros,
    /// In its normal form.
    pub(super) host: &'a str,
    /// Tag without the process id.
    pub(super) program: &'a str,
    pub(super) text: &'a str,
    /// What a reject shows.
    pub(super) bytes: &'a [u8],
    /// Account that logged in, where the carrier knows it from the kernel.
    pub(super) login: Option<&'a str>,
    /// The carrier's own identifier of the record.
    pub(super) event_id: Option<&'a str>,
}

/// What the messages of one segment have told so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Commands that began and whose exit was not seen yet.
    open: HashMap<String, u32>,
    /// Lines that stand for repeats, the first of them, and how many events they stand for.
    repeating: u64,
    first_repeating: Option<u64>,
    repeats: u64,
}

impl Seen {
    /// Gives the record of `message` its outcome.
    pub(super) fn message(&mut self, message: &Message<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = match repeated(message.text) {
            Some((times, text)) => {
                self.repeating += 1;
                self.repeats = self.repeats.saturating_add(times);
                self.first_repeating = self.first_repeating.or(Some(message.line));
                text
            }
            None => message.text,
        };
        let message = &Message { text, ..*message };
        match message.program {
            "sudo" => self.sudo_message(message, reading, sink),
            "sshd" | "sshd-session" | "sshd-auth" => settle(message, sshd(text), "an sshd line that is no login", sink),
            "su" | "runuser" => su(message, sink),
            "systemd-logind" => logind(message, sink),
            "login" => settle(message, console(text), "a line of login that is no login", sink),
            _ => sink.record(message.line).skip("a line of another program (counts as activity of the host's log)"),
        }
    }

    fn sudo_message(&mut self, message: &Message<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        if let Some(payload) = message.text.trim_start().strip_prefix("@cee:") {
            return cee(message, payload, reading, sink);
        }
        if sudo_text::continuation(message.text).is_some() {
            return sink.record(message.line).reject("continuation of a sudo line that does not stand before it", message.bytes);
        }
        let Some(event) = sudo_text::parse(message.text) else {
            return sink.record(message.line).skip("a sudo line without a command (PAM, messages)");
        };
        self.sudo(message, &event, reading, sink);
    }

    /// Gives a sudo event in text its outcome.
    pub(super) fn sudo(
        &mut self,
        message: &Message<'_>,
        event: &sudo_text::SudoText<'_>,
        reading: &Reading<'_>,
        sink: &mut Sink<'_>,
    ) {
        // Where a long line was broken, runs of blanks are lost: they are no part of what tells commands apart.
        let key = |command: &str| {
            let words: Vec<&str> = command.split(' ').filter(|word| !word.is_empty()).collect();
            format!("{}\0{}\0{}", message.host, event.user, words.join(" "))
        };
        let text = event.command;
        if let Some(bare) = sudo_text::without_exit(text) {
            // Only the exit of a command that was seen to begin: arguments can imitate an exit status.
            if let Some(count) = self.open.get_mut(&key(bare)).filter(|count| **count > 0) {
                *count -= 1;
                return sink.record(message.line).skip("exit status of a command that an earlier line records");
            }
            sink.limit(
                "exit-without-start",
                Some(message.line),
                "some lines end in an exit status and their beginning is not near; they count as commands of their own",
            );
        }
        if event.reason.is_none() {
            *self.open.entry(key(text)).or_default() += 1;
        }
        let actor = person(message, event.user, sink);
        sudo_text::name_limits(text, true, message.line, sink);
        let change = reading.config.change_id(event.env.unwrap_or_default()).or_else(|| reading.config.change_id(text));
        sink.record(message.line).fact(PrivilegedCommand {
            occurred_at: message.instant,
            host: message.host,
            actor,
            run_as: event.run_as,
            tty: event.tty,
            cwd: event.cwd,
            command: text,
            outcome: if event.reason.is_some() { "rejected" } else { "accepted" },
            event_id: message.event_id,
            change_id: change,
        });
    }

    /// Names what the segment as a whole leaves open.
    pub(super) fn close(self, sink: &mut Sink<'_>) {
        if self.repeating > 0 {
            let text = format!(
                "{} lines stand for {} further events of the same text (`message repeated`, whose text may be cut at 800 \
                 characters); each line counts once",
                self.repeating, self.repeats
            );
            sink.limit("repeats-collapsed", self.first_repeating, text);
        }
    }
}

/// Who stands behind `account`: where root asks inside the session of somebody who logged in, that account.
fn person<'m>(message: &Message<'m>, account: &'m str, sink: &mut Sink<'_>) -> &'m str {
    match message.login {
        Some(login) if account == "root" && login != "root" => {
            sink.limit(
                "attributed-by-login",
                Some(message.line),
                "sudo and su that root runs inside somebody's session are attributed to the account that logged in, as the kernel knows it",
            );
            login
        }
        _ => account,
    }
}

/// How many events a line stands for besides the one before it, and their text: `message repeated 3 times: [ … ]`, or
/// `last message repeated 3 times`, which does not say what was repeated.
fn repeated(text: &str) -> Option<(u64, &str)> {
    let text = text.trim_start();
    let rest = text.strip_prefix("last ").unwrap_or(text).strip_prefix("message repeated ")?;
    let (times, rest) = rest.split_once(" times")?;
    let times = times.parse().ok()?;
    match rest.strip_prefix(": [") {
        Some(inner) => Some((times, inner.strip_suffix(']').unwrap_or(inner).trim_start())),
        None => rest.is_empty().then_some((times, "")),
    }
}

fn cee(message: &Message<'_>, payload: &str, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    match lazy::Members::of(payload) {
        Ok(members) => match members.iter().find(|(key, _)| *key == "sudo").map(|(_, value)| value.raw()) {
            Some(inner) => sudo_json::event(message.line, inner.as_bytes(), reading, sink),
            None => sink.record(message.line).skip("a @cee payload of another program"),
        },
        Err(error) => sink.record(message.line).reject(&format!("damaged @cee payload ({error})"), message.bytes),
    }
}

fn settle(message: &Message<'_>, login: Option<Login<'_>>, otherwise: &'static str, sink: &mut Sink<'_>) {
    let Some(login) = login else { return sink.record(message.line).skip(otherwise) };
    sink.record(message.line).fact(Session {
        occurred_at: message.instant,
        host: message.host,
        actor: login.actor,
        method: login.method,
        origin: login.origin,
        outcome: if login.accepted { "accepted" } else { "rejected" },
        key_fingerprint: login.key,
        run_as: login.run_as,
        change_id: None,
        ended_at: None,
    });
}

/// `(to NEW) OLD on TTY`, `FAILED SU (to NEW) OLD on TTY`; shadow's `Successful su for NEW by OLD`, `FAILED su for NEW by OLD`.
fn su(message: &Message<'_>, sink: &mut Sink<'_>) {
    let text = message.text;
    let util_linux = || {
        let failed = text.strip_prefix("FAILED SU ").or_else(|| text.strip_prefix("FAILED RUNUSER "));
        let (new, rest) = failed.unwrap_or(text).strip_prefix("(to ")?.split_once(") ")?;
        let (actor, _) = rest.rsplit_once(" on ").or_else(|| rest.strip_prefix("on ").map(|tty| ("", tty)))?;
        Some((new, actor, failed.is_none()))
    };
    let shadow = || {
        let failed = text.strip_prefix("FAILED su for ");
        let (new, actor) = failed.or_else(|| text.strip_prefix("Successful su for "))?.rsplit_once(" by ")?;
        Some((new, actor, failed.is_none()))
    };
    let Some((new, actor, accepted)) = util_linux().or_else(shadow) else {
        return sink.record(message.line).skip("a line of su that changes no account (PAM, or su's second line)");
    };
    if actor.is_empty() {
        return sink.record(message.line).reject("su does not say who changed account", message.bytes);
    }
    let actor = person(message, actor, sink);
    let run_as = Some(new).filter(|new| !new.is_empty());
    settle(message, Some(Login { actor, method: Some("su"), accepted, run_as, ..Login::default() }), "", sink);
}

/// `New session 118 of user deploy.`, and since systemd 257 `New session '118' of user 'deploy' with class 'user' and type 'tty'.`
fn logind(message: &Message<'_>, sink: &mut Sink<'_>) {
    let parts =
        message.text.strip_prefix("New session ").and_then(|rest| rest.split_once(" of user ")).map(|(_, rest)| {
            match rest.split_once(" with class ") {
                Some((user, class)) => (user.trim_matches('\''), class.split('\'').nth(1)),
                None => (rest.strip_suffix('.').unwrap_or(rest), None),
            }
        });
    let Some((actor, class)) = parts else {
        return sink.record(message.line).skip("a line of systemd-logind that opens no session");
    };
    if class.is_some_and(|class| !class.starts_with("user")) {
        return sink.record(message.line).skip("a session of the system itself (background, manager, greeter)");
    }
    sink.limit(
        "logind-sessions",
        Some(message.line),
        "systemd-logind notes every session, in older versions without saying that cron opened it; a login that sshd or login \
         wrote as well is there twice, here with method `logind`",
    );
    settle(message, Some(Login { actor, method: Some("logind"), accepted: true, ..Login::default() }), "", sink);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_say_how_many_they_stand_for() {
        assert_eq!(repeated("message repeated 3 times: [ Failed x [preauth]]"), Some((3, "Failed x [preauth]")));
        assert_eq!(repeated(" last message repeated 2 times"), Some((2, "")));
        assert_eq!(repeated("message repeated x times: [ y]"), None);
    }
}
