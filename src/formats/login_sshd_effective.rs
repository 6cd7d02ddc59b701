//! `sshd -T`: the effective configuration of an OpenSSH server. It names neither host nor time, so both come from the
//! path (`[[bind]]`); it does not say whether sshd runs, so the server itself is recorded as `unknown`. Dumps for several
//! connections (`-C`) may stand one after another in a file: each is a record.
//!
//! Source: OpenSSH's `servconf.c` (`dump_config`), which prints lower-case keywords, one setting a line, ports first.

use super::login_subject::{Subject, UNBOUND, line_of};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, Table};
use crate::surface::sshd::{SshdSettings, findings};
use crate::surface::{Finding, State};

/// Output of `sshd -T`.
pub(super) struct SshdEffective;

impl Format for SshdEffective {
    fn name(&self) -> &'static str {
        "sshd-effective"
    }

    fn about(&self) -> &'static str {
        "sshd -T: effective settings of an OpenSSH server (host and time from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "settings port, permitrootlogin and passwordauthentication, one a line, and no comment or block"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let has = |keyword: &str| head.lines().any(|line| line.starts_with(keyword.as_bytes()));
        // A configuration written in lower case has comments, blocks or included files; a dump has none of them.
        let written = ["#", "match ", "Match ", "include ", "Include "].iter().any(|beginning| has(beginning));
        let dumped = has("port ") && has("permitrootlogin ") && has("passwordauthentication ");
        (dumped && !written).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = crate::redact::lossless(segment.bytes);
        let Some(subject) = Subject::of("sshd -T", reading, sink) else {
            return sink.record(1).reject(UNBOUND, segment.bytes);
        };
        sink.limit(
            "match-not-evaluated",
            None,
            "sshd -T without -C leaves Match blocks out, and a dump does not say which -C it was made for; settings for some users may differ",
        );
        for (line, dump) in dumps(&text) {
            one(line, &dump, &subject, reading.source, sink);
        }
    }
}

/// The dumps of a file with their first lines: ports stand first, so a port after another setting begins the next.
fn dumps(text: &str) -> Vec<(u64, String)> {
    let mut dumps: Vec<(u64, String)> = Vec::new();
    let mut in_ports = false;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let port = line.starts_with("port ");
        if dumps.is_empty() || (port && !in_ports && dumps.last().is_some_and(|(_, dump)| dump.contains("port "))) {
            dumps.push((number, String::new()));
        }
        if let Some((_, dump)) = dumps.last_mut() {
            dump.push_str(line);
        }
        in_ports = port;
    }
    dumps
}

fn one(line: u64, dump: &str, subject: &Subject<'_>, source: &str, sink: &mut Sink<'_>) {
    let settings = SshdSettings::from_effective(source, dump, line);
    let needed = ["permitrootlogin", "passwordauthentication", "pubkeyauthentication", "kbdinteractiveauthentication", "usepam"];
    if needed.iter().any(|keyword| settings.get(keyword).is_none()) || !dump.ends_with('\n') {
        sink.limit("torn", Some(line), "the output of sshd -T ends early; settings that are not shown are unknown");
    }
    let said = |keyword: &str| settings.get(keyword).map_or("not shown".to_owned(), crate::surface::sshd::Setting::text);
    let detail = format!(
        "sshd -T: permitrootlogin {}, passwordauthentication {}, pubkeyauthentication {}; it does not say whether sshd runs",
        said("permitrootlogin"),
        said("passwordauthentication"),
        said("pubkeyauthentication")
    );
    let mut record = sink.record(line);
    record.fact(subject.fact(&Finding { login_path: "sshd", state: State::Unknown, detail, origin: None }));
    for finding in findings(&settings) {
        let at = finding.origin.as_ref().map_or(line, |_| line_of(&finding));
        record.fact_at(at, subject.fact(&finding));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumps_are_told_apart_by_their_ports() {
        let text = "port 22\nport 2222\nusepam yes\n== backup ==\nport 22\nusepam no\n";
        let found: Vec<(u64, usize)> = dumps(text).iter().map(|(line, dump)| (*line, dump.lines().count())).collect();
        assert_eq!(found, [(1, 4), (5, 2)]);
    }

    #[test]
    fn a_configuration_in_lower_case_is_no_dump() {
        let recognised = |text: &str| SshdEffective.recognise(&Head { bytes: text.as_bytes(), whole: true }).is_some();
        let dump = "port 22\npermitrootlogin no\npasswordauthentication no\n";
        assert!(recognised(dump));
        assert!(!recognised(&format!("{dump}match user ann\npasswordauthentication yes\n")));
        assert!(!recognised(&format!("# ours\n{dump}")));
    }
}
