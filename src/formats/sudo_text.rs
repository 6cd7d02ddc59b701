//! The text of one sudo event, as sudo writes it to syslog and to its log file.
//!
//! Source: sudo's `lib/eventlog/eventlog.c` (`new_logline`): `user : [reason ; ]HOST= ; TTY= ; CHROOT= ; PWD= ; USER= ;
//! GROUP= ; TSID= ; ENV= ; COMMAND=`, every field optional, in this order, with COMMAND last.

use std::sync::LazyLock;

use regex::Regex;

use super::Sink;
use crate::redact::is_hidden;

/// One sudo event in text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SudoText<'a> {
    pub(super) user: &'a str,
    /// Why it was refused; absent for accepted commands.
    pub(super) reason: Option<&'a str>,
    /// Only where sudo is told to log it (`log_host`).
    pub(super) host: Option<&'a str>,
    pub(super) tty: Option<&'a str>,
    pub(super) cwd: Option<&'a str>,
    pub(super) run_as: Option<&'a str>,
    pub(super) env: Option<&'a str>,
    /// Everything after the first `COMMAND=`.
    pub(super) command: &'a str,
}

/// Splits the text after `sudo: `; nothing where it is not an event (PAM lines carry the same tag).
pub(super) fn parse(text: &str) -> Option<SudoText<'_>> {
    let (user, body) = text.split_once(" : ")?;
    let user = user.trim();
    // A name may hold a blank (`EXAMPLE\\ann lee`); PAM's lines have no COMMAND=.
    if user.is_empty() || user.contains('(') {
        return None;
    }
    let at = if body.starts_with("COMMAND=") { 0 } else { body.find(" ; COMMAND=")? + 3 };
    let (fields, command) = (body.get(..at)?, body.get(at + "COMMAND=".len()..)?);
    let mut event = SudoText { user, reason: None, host: None, tty: None, cwd: None, run_as: None, env: None, command };
    let mut rest = fields.strip_suffix(" ; ").unwrap_or(fields);
    while !rest.is_empty() {
        // The environment is the user's own text and comes last: it takes all that is left before COMMAND=.
        if let Some(env) = rest.strip_prefix("ENV=") {
            event.env = Some(env);
            break;
        }
        let (field, after) = rest.split_once(" ; ").unwrap_or((rest, ""));
        rest = after;
        match field.split_once('=') {
            Some(("HOST", value)) => event.host = Some(value),
            Some(("TTY", value)) => event.tty = Some(value),
            Some(("PWD", value)) => event.cwd = Some(value),
            Some(("USER", value)) => event.run_as = Some(value),
            Some(("CHROOT" | "GROUP" | "TSID", _)) => {}
            _ if event.reason.is_none() => event.reason = Some(field.trim()),
            _ => {}
        }
    }
    Some(event)
}

/// A continuation of a long event: `user : (command continued) rest`. Only what follows the first ` : ` is sudo's own.
pub(super) fn continuation(text: &str) -> Option<(&str, &str)> {
    let (user, rest) = text.split_once(" : ")?;
    Some((user.trim(), rest.strip_prefix("(command continued) ")?))
}

/// The command without the exit status that sudo appends with `log_exit_status`.
pub(super) fn without_exit(command: &str) -> Option<&str> {
    let (before, last) = command.rsplit_once(" ; ")?;
    let code = last.strip_prefix("EXIT=")?;
    (!code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| {
        let signal = before.rsplit_once(" ; SIGNAL=").filter(|(_, signal)| !signal.contains(char::is_whitespace));
        signal.map_or(before, |(command, _)| command)
    })
}

/// What stands in logs and seldom in commands: fields and exit statuses of sudo, and the beginnings of other records.
static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"COMMAND=| ; (?:USER|TTY|PWD|ENV|EXIT|SIGNAL)=|\(command continued\)|@cee:|msg=audit\(|message repeated ",
        r#"| sudo(?:\[\d+\])?: | sshd[a-z-]*\[|pam_unix\(|"(?:accept|reject|alert)"\s*:|__CURSOR"#,
    ))
    .ok()
});

/// Whether the text of a command imitates what logs are made of, or holds characters that a reader does not see. Such text
/// stays text; that it is there is worth a word.
pub(super) fn imitates(command: &str) -> bool {
    // Every mark holds one of these characters and most commands none: one pass without branches tells.
    let odd = command
        .bytes()
        .fold(false, |odd, byte| odd | !(b' '..0x7f).contains(&byte) | matches!(byte, b';' | b'#' | b'(' | b'[' | b':' | b'C'));
    odd && (MARKS.as_ref().is_none_or(|marks| marks.is_match(command))
        || command.chars().any(is_hidden)
        || ambiguous_escape(command))
}

/// Whether the text log writes a control character here (`#012`), or the user typed those four characters: the log writes
/// both the same way.
pub(super) fn ambiguous_escape(command: &str) -> bool {
    memchr::memchr_iter(b'#', command.as_bytes()).any(|at| {
        command.as_bytes().get(at + 1..at + 4).is_some_and(|octal| {
            octal.iter().all(|digit| (b'0'..=b'7').contains(digit)) && matches!(octal.first(), Some(b'0' | b'1'))
        })
    })
}

/// Names the limits that the text of a command brings with it.
pub(super) fn name_limits(command: &str, escaped: bool, line: u64, sink: &mut Sink<'_>) {
    if !imitates(command) {
        return;
    }
    if escaped && ambiguous_escape(command) {
        sink.limit(
            "ambiguous-escape",
            Some(line),
            "`#012` and the like in sudo's text log are a control character or the typed characters; the log does not tell which",
        );
    }
    sink.limit(
        "look-alike",
        Some(line),
        "some commands hold text that imitates fields or lines of a log, or hidden characters; it was read as their text only",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_command_field_is_the_command() {
        let event =
            parse("  deploy : TTY=pts/1 ; PWD=/home/deploy ; USER=root ; COMMAND=/bin/echo ; USER=alice ; COMMAND=/bin/ls")
                .expect("an event");
        assert_eq!((event.user, event.run_as), ("deploy", Some("root")));
        assert_eq!(event.command, "/bin/echo ; USER=alice ; COMMAND=/bin/ls");
    }

    #[test]
    fn refusals_carry_their_reason() {
        let event = parse("mallory : command not allowed ; TTY=pts/2 ; PWD=/ ; USER=root ; COMMAND=/bin/cat /etc/shadow")
            .expect("an event");
        assert_eq!(event.reason, Some("command not allowed"));
    }

    #[test]
    fn text_that_imitates_a_log_is_told_from_plain_text() {
        for command in [
            "/bin/echo x ; USER=root ; COMMAND=/bin/sh",
            "/bin/echo a#012b",
            "/bin/echo a\nb",
            "/bin/echo \u{202e}x",
            "/bin/echo y ; EXIT=0",
        ] {
            assert!(imitates(command), "{command}");
        }
        for command in
            ["/bin/echo a;b", "/usr/bin/sh -c 'kill $$; x' #1", "/bin/echo #999", "/bin/echo é", "/bin/x a=b", "/bin/chown a:b x"]
        {
            assert!(!imitates(command), "{command}");
        }
    }

    #[test]
    fn pam_lines_are_not_events() {
        assert_eq!(parse("pam_unix(sudo:session): session opened for user root(uid=0) by deploy(uid=1001)"), None);
    }

    #[test]
    fn exit_status_is_told_from_arguments() {
        assert_eq!(without_exit("/bin/true ; EXIT=0"), Some("/bin/true"));
        assert_eq!(without_exit("/bin/sleep 9 ; SIGNAL=TERM ; EXIT=143"), Some("/bin/sleep 9"));
        assert_eq!(without_exit("/bin/echo ; EXIT=zero"), None);
    }
}
