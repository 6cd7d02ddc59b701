//! Every format's good file cut at every byte: nothing panics, every record has an outcome, and what is left says that it
//! is cut, or is a strict prefix of the whole.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use steadfast::config::Config;
use steadfast::facts::{Micros, TABLES, parse_stamp};
use steadfast::formats::{FORMATS, Framing, Head, Limit, Reading, Recognised, Segment, Sink, Tally, recognise};
use steadfast::mapping::Mapping;
use steadfast::period::Period;

use crate::support::root;

/// Files are taken to the last line end before this: the time that cutting takes grows with the square of the length, and
/// what follows in the long ones are more records of the same kinds.
const LONGEST: usize = 3_000;

/// Formats without an end mark that may be cut between two lines without a trace, because what is left is a sound file:
/// settings and inventories whose later lines change what the earlier ones say, registers and directories whose entries have
/// optional keys, and logs whose last event goes on in further lines, or whose sessions end there. Only cuts behind a line or
/// record are let pass, and only for these.
const ENDLESS: &[&str] = &[
    "ansible-inventory-ini",
    "ansible-inventory-yaml",
    "attestations-toml",
    "auditd",
    "cloud-init",
    "exemptions-toml",
    "people-ldif",
    "responses-toml",
    "sshd-config",
    "sshd-effective",
    "sudo-logfile",
    "sudo-syslog",
    "teleport",
    "utmpdump",
    "waivers-toml",
    "wtmp",
];

/// What reading gave.
struct Found {
    format: &'static str,
    tally: Tally,
    limits: BTreeSet<Limit>,
    rows: Vec<Option<RecordBatch>>,
    framing: Framing,
}

struct Fixture {
    name: &'static str,
    bytes: Vec<u8>,
    host: Option<String>,
    collected_at: Option<Micros>,
    config: Config,
}

fn fixtures() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for format in FORMATS {
        let folder = root().join("tests/fixtures").join(format.name());
        let table: toml::Table =
            toml::from_str(&std::fs::read_to_string(folder.join("expected.toml")).expect("expectations")).expect("TOML");
        let text = |value: &toml::Value| value.as_str().expect("a text").to_owned();
        let mut config = Config::default();
        for name in table.get("mappings").and_then(toml::Value::as_array).into_iter().flatten() {
            let mapping = std::fs::read_to_string(folder.join(text(name))).expect("the mapping");
            config.mapped.push(Mapping::parse(&text(name), &mapping).unwrap_or_else(|error| panic!("{error}")));
        }
        let mut bytes = std::fs::read(folder.join(text(&table["good"]["file"]))).expect("the good file");
        if bytes.len() > LONGEST && bytes.first() != Some(&b'{') && bytes.first() != Some(&b'[') {
            bytes.truncate(bytes[..LONGEST].iter().rposition(|byte| *byte == b'\n').expect("a line end") + 1);
        }
        fixtures.push(Fixture {
            name: format.name(),
            bytes,
            host: table.get("host").map(text).or_else(|| Some("quill-1".to_owned())),
            collected_at: table.get("collected_at").and_then(|at| parse_stamp(&text(at), chrono_tz::Tz::UTC)),
            config,
        });
    }
    fixtures
}

fn read(fixture: &Fixture, length: usize, period: &Period) -> Option<Found> {
    let bytes = &fixture.bytes[..length];
    let head = Head { bytes, whole: true };
    let own = FORMATS.iter().find(|format| format.name() == fixture.name)?;
    // Asking every format takes ten times as long as reading; whether another one takes a cut file is asked now and then.
    let Recognised { format, recognition, mapping } = match own.recognise(&head).filter(|_| !length.is_multiple_of(16)) {
        Some(recognition) => Recognised { format: *own, recognition, mapping: None },
        None => recognise(fixture.name, &head, &fixture.config)?,
    };
    let reading = Reading {
        source: "cut",
        host: fixture.host.as_deref(),
        collected_at: fixture.collected_at,
        zone: None,
        period,
        config: &fixture.config,
        mapping: mapping.and_then(|index| fixture.config.mapped.get(index)),
    };
    let mut sink = Sink::new("cut");
    let segment = Segment { bytes, first: 1, begins: true, ends: true, framing: recognition.framing };
    if !bytes.trim_ascii().is_empty() {
        format.read(&segment, &reading, &mut sink);
    }
    let gathered = sink.finish();
    let rows = gathered.rows.into_iter().map(|rows| rows.map(|mut rows| rows.take().expect("a batch"))).collect();
    Some(Found { format: format.name(), tally: gathered.tally, limits: gathered.limits, rows, framing: recognition.framing })
}

/// The table whose rows in `cut` are not the first ones of those in `whole`.
fn differs(cut: &Found, whole: &Found) -> Option<&'static str> {
    TABLES.iter().zip(cut.rows.iter().zip(&whole.rows)).find_map(|(table, rows)| match rows {
        (None, _) => None,
        (Some(cut), _) if cut.num_rows() == 0 => None,
        (Some(cut), Some(whole)) if cut.num_rows() <= whole.num_rows() && *cut == whole.slice(0, cut.num_rows()) => None,
        _ => Some(table.name),
    })
}

#[test]
fn a_file_cut_at_any_byte_says_so_or_is_a_strict_prefix() {
    let period = Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period");
    let (mut wrong, mut cuts, mut endless) = (Vec::new(), 0, BTreeSet::new());
    for fixture in fixtures() {
        let name = fixture.name;
        let whole = read(&fixture, fixture.bytes.len(), &period).expect("recognised");
        let mut silent = Vec::new();
        for length in 1..fixture.bytes.len() {
            if fixture.bytes[length..].trim_ascii().is_empty() {
                // Nothing but white space is gone.
                continue;
            }
            cuts += 1;
            let Some(cut) = read(&fixture, length, &period) else { continue };
            assert!(cut.tally.adds_up(), "{name} cut at {length}: a record has no outcome: {:?}", cut.tally);
            let line_end = fixture.bytes[length - 1] == b'\n' || name == "wtmp" && length % 384 == 0;
            let head = Head { bytes: &fixture.bytes[..length], whole: true };
            let open_end = steadfast::formats::open_end(cut.framing, &head, &fixture.bytes[..length]);
            let said = cut.tally.rejected > 0 || open_end || cut.limits.difference(&whole.limits).next().is_some();
            let Some(table) = differs(&cut, &whole).filter(|_| !said) else { continue };
            if ENDLESS.contains(&name) && line_end {
                endless.insert(name);
            } else {
                silent.push(format!("{length} ({}: {table})", cut.format));
            }
        }
        if !silent.is_empty() {
            wrong.push(format!(
                "{name}: {} cuts of {}: {}",
                silent.len(),
                fixture.bytes.len(),
                silent[..silent.len().min(12)].join(", ")
            ));
        }
    }
    println!("{cuts} cuts");
    assert!(wrong.is_empty(), "cut without a word, and no prefix:\n{}", wrong.join("\n"));
    assert_eq!(endless.into_iter().collect::<Vec<_>>(), ENDLESS, "formats that need no exception");
}
