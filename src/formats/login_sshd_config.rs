//! `sshd_config` as a lone file: what it says about logging in, as far as one file can. Files that it includes are not
//! here, and since the first value wins, everything after an `Include` may be otherwise. Host and time come from the path.
//!
//! Source: OpenSSH's `servconf.c` and sshd_config(5); the rules are in `src/surface/sshd.rs`.

use super::login_subject::{Subject, UNBOUND, line_of};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, Table};
use crate::redact::lossless;
use crate::surface::sshd::{SshdSettings, findings};
use crate::surface::sshd_config::{is_sshd_config, parse_alone};
use crate::surface::{Finding, State};

/// A configuration file of OpenSSH's server.
pub(super) struct SshdConfig;

impl Format for SshdConfig {
    fn name(&self) -> &'static str {
        "sshd-config"
    }

    fn about(&self) -> &'static str {
        "sshd_config: configuration of an OpenSSH server, one file of it (host and time from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "keywords of sshd_config at the beginning of lines, one of them a server's"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        is_sshd_config(&lossless(head.bytes)).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(subject) = Subject::of("sshd_config", reading, sink) else {
            return sink.record(1).reject(UNBOUND, segment.bytes);
        };
        let settings = parse_alone(reading.source, &lossless(segment.bytes));
        limits(&settings, segment.bytes.ends_with(b"\n"), sink);
        let detail = "sshd_config is there; it does not say whether sshd runs".to_owned();
        let mut record = sink.record(1);
        record.fact(subject.fact(&Finding { login_path: "sshd", state: State::Unknown, detail, origin: None }));
        for finding in findings(&settings) {
            record.fact_at(line_of(&finding), subject.fact(&finding));
        }
    }
}

/// Names what one file cannot tell.
fn limits(settings: &SshdSettings, ends: bool, sink: &mut Sink<'_>) {
    if let Some(include) = settings.includes.first() {
        let text = format!(
            "Include {}: the files are not here; the first value wins, so settings after this line may be otherwise",
            include.pattern
        );
        sink.limit("include-not-followed", Some(include.origin.line), text);
    }
    if let Some(block) = settings.matches.iter().find(|block| !block.unconditional) {
        let text = "Match blocks are looked at one by one; which connections they match, and what two of them open together, is not evaluated";
        sink.limit("match-not-evaluated", Some(block.origin.line), text);
    }
    for problem in &settings.problems {
        let text = format!("sshd does not start with this line ({}); what it runs with is another configuration", problem.text);
        sink.limit("setting-refused", Some(problem.origin.line), text);
    }
    if !ends {
        sink.limit("torn", None, "the file does not end with a line end; settings may be missing");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_or_prose_is_no_server_configuration() {
        let recognised = |text: &str| SshdConfig.recognise(&Head { bytes: text.as_bytes(), whole: true }).is_some();
        assert!(recognised("# ours\nPermitRootLogin no\n\tusepam=yes\nMatch User ann\n  PermitTTY no\n"));
        assert!(!recognised("Host *\n  Port 22\n  PasswordAuthentication no\n  ForwardAgent no\n"));
        assert!(!recognised("To harden a server write\nPermitRootLogin no\nand restart it.\n"));
        assert!(!recognised("PasswordAuthentication no\n"), "a client may have it too");
    }
}
