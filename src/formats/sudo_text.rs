//! The text of one sudo event, as sudo writes it to syslog and to its log file.
//!
//! Source: sudo's `lib/eventlog/eventlog.c` (`new_logline`): `user : [reason ; ]HOST= ; TTY= ; CHROOT= ; PWD= ; USER= ;
//! GROUP= ; TSID= ; ENV= ; COMMAND=`, every field optional, in this order, with COMMAND last.

/// One sudo event in text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SudoText<'a> {
    pub(super) user: &'a str,
    /// Why it was refused; absent for accepted commands.
    pub(super) reason: Option<&'a str>,
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
    let mut event = SudoText { user, reason: None, tty: None, cwd: None, run_as: None, env: None, command };
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
            Some(("TTY", value)) => event.tty = Some(value),
            Some(("PWD", value)) => event.cwd = Some(value),
            Some(("USER", value)) => event.run_as = Some(value),
            Some(("HOST" | "CHROOT" | "GROUP" | "TSID", _)) => {}
            _ if event.reason.is_none() => event.reason = Some(field.trim()),
            _ => {}
        }
    }
    Some(event)
}

/// A continuation of a long event: `user : (command continued) rest`.
pub(super) fn continuation(text: &str) -> Option<(&str, &str)> {
    let (user, rest) = text.split_once(" : (command continued) ")?;
    Some((user.trim(), rest))
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
