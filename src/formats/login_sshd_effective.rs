//! `sshd -T`: the effective configuration of an OpenSSH server. It names neither host nor time, so both come from the
//! path (`[[bind]]`); it does not say whether sshd runs, so the server itself is recorded as `unknown`.
//!
//! Source: OpenSSH's `servconf.c` (`dump_config`), which prints lower-case keywords, one setting a line.

use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, LoginPath, Table};

/// Output of `sshd -T`.
pub(super) struct SshdEffective;

impl Format for SshdEffective {
    fn name(&self) -> &'static str {
        "sshd-effective"
    }

    fn about(&self) -> &'static str {
        "sshd -T: effective settings of an OpenSSH server (host and time from the path)"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let has = |keyword: &str| head.lines().any(|line| line.starts_with(keyword.as_bytes()));
        (has("port ") && has("permitrootlogin ") && has("passwordauthentication ")).then_some(Recognition {
            because: "settings port, permitrootlogin and passwordauthentication, one a line",
            framing: Framing::Whole,
        })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = crate::redact::lossless(segment.bytes);
        let setting = |keyword: &str| {
            text.lines().enumerate().find_map(|(index, line)| {
                let value = line.strip_prefix(keyword)?.strip_prefix(' ')?;
                Some((u64::try_from(index).unwrap_or(0) + 1, value.trim()))
            })
        };
        let (Some(host), Some(observed_at)) = (reading.host, reading.collected_at) else {
            sink.limit(
                "unbound",
                None,
                "sshd -T names neither host nor time; bind both by the path ([[bind]] in steadfast.toml)",
            );
            return sink
                .record(1)
                .reject("host or time unknown: bind the file by its path ([[bind]] in steadfast.toml)", segment.bytes);
        };
        let needed =
            ["permitrootlogin", "passwordauthentication", "pubkeyauthentication", "kbdinteractiveauthentication", "usepam"];
        if needed.iter().any(|keyword| setting(keyword).is_none()) || !segment.bytes.ends_with(b"\n") {
            sink.limit("torn", None, "the output of sshd -T ends early; settings that are not shown are unknown");
        }
        sink.limit("match-not-evaluated", None, "sshd -T without -C leaves Match blocks out; settings for some users may differ");
        sink.taken_at(observed_at);
        let said = |keyword: &str| setting(keyword).map_or("not shown", |(_, value)| value);
        // A setting that is not shown is unknown: the output may be cut.
        let is = |keyword: &str, value: &str| setting(keyword).map(|(_, found)| found == value);
        let keyboard = is("kbdinteractiveauthentication", "yes").zip(is("usepam", "yes")).map(|(keyboard, pam)| keyboard && pam);
        let password = match (is("passwordauthentication", "yes"), keyboard) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        let state = |open: Option<bool>| match open {
            Some(true) => "enabled",
            Some(false) => "disabled",
            None => "unknown",
        };
        let server = format!(
            "sshd -T: permitrootlogin {}, passwordauthentication {}, pubkeyauthentication {}; it does not say whether sshd runs",
            said("permitrootlogin"),
            said("passwordauthentication"),
            said("pubkeyauthentication")
        );
        let fact = |login_path, state, detail| LoginPath {
            subject_kind: "host",
            subject: host,
            login_path,
            state,
            detail: Some(detail),
            observed_at: Some(observed_at),
        };
        let mut record = sink.record(1);
        record.fact(fact("sshd", "unknown", &server));
        let line = |keyword: &str| setting(keyword).map_or(1, |(line, _)| line);
        record.fact_at(line("passwordauthentication"), fact("ssh_password", state(password), "sshd -T, if sshd runs"));
        record.fact_at(
            line("permitrootlogin"),
            fact("ssh_root", state(is("permitrootlogin", "no").map(|no| !no)), "sshd -T, if sshd runs"),
        );
        record.fact_at(
            line("pubkeyauthentication"),
            fact("ssh_public_key", state(is("pubkeyauthentication", "yes")), "sshd -T, if sshd runs"),
        );
    }
}
