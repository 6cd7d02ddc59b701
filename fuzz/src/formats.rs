//! One fuzz target for every input format; the variable `STEADFAST_FORMAT` names the one to feed. A format that is added to
//! the registry has its target at once. `README.md` says how to build and run it.
//!
//! Whatever the bytes are: nothing panics, every record has exactly one outcome, and a record that gave facts can be quoted.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use steadfast::config::Config;
use steadfast::formats::{FORMATS, Format, Framing, Head, Reading, Segment, Sink};
use steadfast::period::Period;

static FORMAT: LazyLock<&'static dyn Format> = LazyLock::new(|| {
    let name = std::env::var("STEADFAST_FORMAT").unwrap_or_default();
    let names = || FORMATS.iter().map(|format| format.name()).collect::<Vec<_>>().join(" ");
    *FORMATS.iter().find(|format| format.name() == name).unwrap_or_else(|| panic!("set STEADFAST_FORMAT to one of: {}", names()))
});
static CONFIG: LazyLock<Config> = LazyLock::new(Config::default);
static PERIOD: LazyLock<Period> = LazyLock::new(|| Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period"));

fuzz_target!(|bytes: &[u8]| {
    let format = *FORMAT;
    let head = Head { bytes: bytes.get(..64 << 10).unwrap_or(bytes), whole: bytes.len() < 64 << 10 };
    let recognised = format.recognise(&head).map(|recognition| recognition.framing);
    // What is not recognised is read all the same, so that the reader is reached: as lines and as one piece.
    let framings = recognised.map_or_else(|| vec![Framing::Lines, Framing::Whole], |framing| vec![framing]);
    for framing in framings {
        let segment = Segment { bytes, first: 1, begins: true, ends: true, framing };
        let bound = PERIOD.starts_at;
        let reading = Reading {
            source: "fuzzed",
            host: Some("es-data-1"),
            collected_at: Some(bound),
            zone: None,
            period: &PERIOD,
            config: &CONFIG,
            mapping: None,
        };
        let mut sink = Sink::new("fuzzed");
        format.read(&segment, &reading, &mut sink);
        let gathered = sink.finish();
        assert!(gathered.tally.adds_up(), "{:?}", gathered.tally);
        if let Ok(text) = std::str::from_utf8(bytes) {
            for number in [0, 1, 2, u64::MAX] {
                let _ = format.record(text, number);
            }
        }
    }
});
