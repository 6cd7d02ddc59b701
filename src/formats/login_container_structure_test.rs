//! Results of container-structure-test in JSON. They are recognised so that the register can say what they are, and give no
//! facts: neither the image nor the time is in them, and of a test there is its free name and whether it held, not what it
//! looked at.
//!
//! Source: `pkg/types/unversioned/types.go` (`SummaryObject`, `TestResult`) and `pkg/output/output.go`: fields have Go's
//! names, and paths and commands only show in the messages of tests that did not hold.

use super::json_stream::{has_keys, json_objects, stream_text};
use super::lazy::Members;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, Table};

/// container-structure-test results.
pub(super) struct ContainerStructureTest;

/// Why a test gives no fact.
const NAME_ONLY: &str = "a test of which only its name and outcome are written, not what it looked at";

impl Format for ContainerStructureTest {
    fn name(&self) -> &'static str {
        "container-structure-test"
    }

    fn about(&self) -> &'static str {
        "container-structure-test results in JSON (recognised; they do not say what was tested)"
    }

    fn recognised_by(&self) -> &'static str {
        "an object with Pass, Fail, Total, Duration and Results"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let tests = has_keys(head, &["Results", "Name"]) || head.bytes.len() < 200;
        (has_keys(head, &["Pass", "Fail", "Total", "Duration"]) && tests)
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        json_objects(document).iter().flat_map(|object| tests(object.text)).nth(index)
    }

    fn read(&self, segment: &Segment<'_>, _reading: &Reading<'_>, sink: &mut Sink<'_>) {
        sink.limit(
            "tests-without-subject",
            None,
            "container-structure-test writes neither the image nor what its tests looked at; what they found is not known from its results",
        );
        let text = stream_text(segment, sink);
        let mut number = 0;
        for object in json_objects(&text) {
            if let Err(error) = Members::of(object.text) {
                number += 1;
                sink.record(number).reject(&format!("torn or damaged JSON ({error})"), object.text.as_bytes());
                continue;
            }
            for test in tests(object.text) {
                number += 1;
                let named = Members::of(&test).is_ok_and(|test| test.get("Name").is_some() && test.get("Pass").is_some());
                let record = sink.record(number);
                match named {
                    _ if test.is_empty() => record.skip("a summary without tests"),
                    true => record.skip(NAME_ONLY),
                    false => record.reject("a test without Name or Pass", test.as_bytes()),
                }
            }
        }
    }
}

/// The tests of a summary as they are written; a summary without any counts as one empty record.
fn tests(summary: &str) -> Vec<String> {
    let Ok(summary_of) = Members::of(summary) else { return vec![summary.to_owned()] };
    let tests = summary_of.get("Results").map(|list| list.elements()).unwrap_or_default();
    if tests.is_empty() { vec![String::new()] } else { tests.iter().map(|test| test.raw().to_owned()).collect() }
}
