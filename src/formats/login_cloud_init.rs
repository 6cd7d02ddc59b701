//! cloud-init: `#cloud-config` user data, MIME messages of several parts, and `cloud.cfg`. Host and time come from the path.
//!
//! It says what a machine is told at its first boot, not what it is. What it opens is `enabled`; what it leaves alone or
//! closes is `unknown`, because the image, the vendor's data and the cloud have a say as well.
//!
//! Source: cloud-init's documentation and modules; the rules are in `src/surface/cloud_init.rs`.

use super::login_subject::{Subject, UNBOUND, line_of};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, Table};
use crate::redact::lossless;
use crate::surface::cloud_init::{findings, is_user_data, parse};

/// User data of cloud-init.
pub(super) struct CloudInit;

/// What stands for a part that may hold a password.
const NOT_SHOWN: &[u8] = b"(not shown: user data may hold passwords)";

impl Format for CloudInit {
    fn name(&self) -> &'static str {
        "cloud-init"
    }

    fn about(&self) -> &'static str {
        "cloud-init user data and cloud.cfg: accounts, passwords and keys that a machine is told to open (host and time from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "#cloud-config on the first line, a MIME message with such a part, or the modules of cloud.cfg"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        is_user_data(head.text()).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let line = document.lines().nth(usize::try_from(number.checked_sub(1)?).ok()?).unwrap_or_default();
        // A mapping written on one line may hold passwords that no pattern tells.
        let plain = !line.contains(['{', '[']) && !line.contains("passw");
        Some(if plain { line.to_owned() } else { "(not shown: the line may hold a password)".to_owned() })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(subject) = Subject::of("cloud-init user data", reading, sink) else {
            return sink.record(1).reject(UNBOUND, NOT_SHOWN);
        };
        let config = parse(&lossless(segment.bytes));
        sink.limit(
            "partial-config",
            None,
            "user data is one of several inputs of cloud-init (image, vendor data, metadata of the cloud), and says what a machine is told at its first boot, not what it is",
        );
        if !config.other_parts.is_empty() {
            let text = format!("parts that are not evaluated may open a way to log in: {}", config.other_parts.join(", "));
            sink.limit("part-not-evaluated", None, text);
        }
        for (line, problem) in &config.problems {
            sink.record(*line).reject(problem, NOT_SHOWN);
        }
        if !segment.bytes.ends_with(b"\n") {
            sink.limit("torn", None, "the file ends inside a line; what follows is missing");
        }
        let findings = findings(reading.source, &config);
        if config.parts > 0 || config.problems.is_empty() {
            let mut record = sink.record(1);
            if findings.is_empty() {
                return record.skip("says nothing about logging in");
            }
            findings.iter().for_each(|finding| record.fact_at(line_of(finding), subject.fact(finding)));
        }
    }
}
