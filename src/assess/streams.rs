//! Streams: for each host, from when to when a log speaks of it, its longest silence, and a cell for each day of the period.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hashbrown::HashMap;

use super::AssessError;
use super::engine::{Engine, Parameters};
use super::fleet::FleetHost;
use super::judge::period_parameters;
use super::population::PackedFile;
use super::table::CsvFile;
use crate::catalogue::{Catalogue, Parameter, parse_duration};
use crate::facts::Micros;
use crate::period::Period;

/// Streams in the order in which they are shown.
const STREAMS: [&str; 4] = ["sudo", "auth", "config", "alarm"];
/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// What a day says of a host and stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayKind {
    /// It has records.
    Records,
    /// It has records, and part of it lies in a silence longer than allowed.
    PartlySilent,
    /// It has no record, and lies in a silence longer than allowed.
    Silent,
    /// It has no record, and the silence around it is not longer than allowed, or nothing says how long it may be.
    NoRecord,
    /// The host did not live.
    NotAlive,
    /// It has records, though the host did not live by the inventory.
    Outside,
}

impl DayKind {
    /// All kinds in the order in which they are explained.
    pub const ALL: [Self; 6] = [Self::Records, Self::PartlySilent, Self::Silent, Self::NoRecord, Self::NotAlive, Self::Outside];

    /// The word in the CSV.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::PartlySilent => "partly_silent",
            Self::Silent => "silent",
            Self::NoRecord => "no_record",
            Self::NotAlive => "not_alive",
            Self::Outside => "outside",
        }
    }
}

/// Days of one kind that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// What they are.
    pub kind: DayKind,
    /// Index of the first one.
    pub first: usize,
    /// How many.
    pub days: usize,
}

/// One host in a stream.
#[derive(Clone, Debug)]
pub struct StreamHost {
    /// Host.
    pub host: String,
    /// Class; none where no inventory lists the host.
    pub class: Option<String>,
    /// From when it lived, within the period.
    pub alive_from: Option<Micros>,
    /// Until when.
    pub alive_to: Option<Micros>,
    /// First record.
    pub first_at: Option<Micros>,
    /// Last record.
    pub last_at: Option<Micros>,
    /// Records, those of days at the edges of the period whole.
    pub records: u64,
    /// Longest silence while it lived.
    pub longest: Option<(Micros, Micros)>,
    /// Silences longer than allowed.
    pub silences: u64,
    /// The days of the period.
    pub runs: Vec<Run>,
}

/// One stream, with every host that has to have it or has it.
#[derive(Clone, Debug)]
pub struct Stream {
    /// `sudo`, `auth`, `config` or `alarm`.
    pub name: String,
    /// Controls that need it: id, class of hosts, longest silence allowed as written.
    pub needed_by: Vec<(String, String, String)>,
    /// Midnights (UTC) that the days of the period began with.
    pub days: Vec<Micros>,
    /// Hosts, by name.
    pub hosts: Vec<StreamHost>,
    /// Host, day, records, alive and cell as CSV.
    pub csv: PackedFile,
}

/// What the log has of a host.
#[derive(Default)]
struct Heard {
    first_at: Option<Micros>,
    last_at: Option<Micros>,
    days: BTreeMap<usize, u64>,
}

const ACTIVITY: &str = "
select host, day, records, first_at, last_at
from log_activity
where stream = $stream and last_at >= cast($period_start as timestamp) and first_at < cast($period_end as timestamp)";

const SILENCES: &str = "select stream, host, from_at, to_at from silences";

const GAPS: &str = "select stream, host, from_at, to_at from gaps";

/// Looks at every stream that a control needs or a log has; writes a CSV of each to `folder`.
pub(super) fn streams(
    engine: &Engine,
    catalogue: &Catalogue,
    period: &Period,
    fleet: &[FleetHost],
    folder: &Path,
) -> Result<Vec<Stream>, AssessError> {
    let days = days_of(period);
    let written: Vec<String> = days.iter().map(|day| day.iso().get(..10).unwrap_or_default().to_owned()).collect();
    let there = there(engine)?;
    let (longest, gaps) = (longest(engine)?, gaps(engine)?);
    let mut streams = Vec::new();
    for name in STREAMS {
        let needed_by: Vec<(String, String, String)> = catalogue
            .controls
            .iter()
            .flat_map(|control| control.coverage.needs.iter().map(move |need| (control, need)))
            .filter(|(_, need)| need.stream == name && parse_duration(&need.max_gap).is_some())
            .map(|(control, need)| (control.id.clone(), control.applies_to.hosts().to_owned(), need.max_gap.clone()))
            .collect();
        let heard = if there.contains(name) { heard(engine, name, period, &days)? } else { HashMap::new() };
        if needed_by.is_empty() && heard.is_empty() {
            continue;
        }
        let mut hosts = expected(fleet, &needed_by, &heard);
        let (longest, gaps) = (longest.get(name), gaps.get(name));
        let path = folder.join(format!("coverage-{name}.csv"));
        let failed = |error: std::io::Error| AssessError::Io { path: path.clone(), message: error.to_string() };
        let mut csv = CsvFile::begin(&path).map_err(failed)?;
        ["host", "day", "records", "alive", "cell"].iter().for_each(|column| csv.text(column));
        csv.end_row().map_err(failed)?;
        for host in &mut hosts {
            let gaps = gaps.and_then(|gaps| gaps.get(&host.host)).map(Vec::as_slice).unwrap_or_default();
            host.silences = gaps.len() as u64;
            host.longest = longest.and_then(|longest| longest.get(&host.host).copied());
            let silent_life = host.alive_from.zip(host.alive_to).filter(|_| !heard.contains_key(&host.host));
            host.longest = host.longest.or(silent_life);
            let log = heard.get(&host.host);
            for (index, (day, written)) in days.iter().zip(&written).enumerate() {
                let records = log.and_then(|log| log.days.get(&index)).copied().unwrap_or(0);
                let alive = alive(host, *day, period);
                let kind = kind(records, alive, gaps.iter().any(|gap| overlaps(*gap, *day)));
                match host.runs.last_mut().filter(|run| run.kind == kind) {
                    Some(run) => run.days += 1,
                    None => host.runs.push(Run { kind, first: index, days: 1 }),
                }
                csv.text(&host.host);
                csv.word(written);
                csv.whole(records);
                csv.word(alive);
                csv.word(kind.word());
                csv.end_row().map_err(failed)?;
            }
        }
        let csv = csv.finish(&path).map_err(failed)?.packed;
        streams.push(Stream { name: name.to_owned(), needed_by, days: days.clone(), hosts, csv });
    }
    Ok(streams)
}

/// The days (UTC) that a period touches.
fn days_of(period: &Period) -> Vec<Micros> {
    let first = period.starts_at.day().0;
    (0..).map(|index: i64| Micros(first + index * DAY)).take_while(|day| *day < period.ends_at).collect()
}

/// The streams that any log has.
fn there(engine: &Engine) -> Result<BTreeSet<String>, AssessError> {
    let mut there = BTreeSet::new();
    engine.query("streams", "select distinct stream from log_activity", &Parameters::new(), |frame| {
        there.extend((0..frame.rows()).filter_map(|row| frame.text("stream", row)).map(|name| name.into_owned()));
        Ok(())
    })?;
    Ok(there)
}

/// What a stream has of each host. Several sources may have records of one day.
fn heard(engine: &Engine, stream: &str, period: &Period, days: &[Micros]) -> Result<HashMap<String, Heard>, AssessError> {
    let mut heard: HashMap<String, Heard> = HashMap::new();
    let mut parameters = period_parameters(period);
    parameters.insert("stream".to_owned(), Parameter::Text(stream.to_owned()));
    engine.query(&format!("stream {stream}"), ACTIVITY, &parameters, |frame| {
        for row in 0..frame.rows() {
            let (Some(host), Some(day)) = (frame.text("host", row), frame.time("day", row)) else { continue };
            let log = heard.entry_ref(host.as_ref()).or_default();
            log.first_at = [log.first_at, frame.time("first_at", row)].into_iter().flatten().min();
            log.last_at = [log.last_at, frame.time("last_at", row)].into_iter().flatten().max();
            if let Ok(index) = days.binary_search(&day.day()) {
                *log.days.entry(index).or_default() += frame.int("records", row).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
            }
        }
        Ok(())
    })?;
    Ok(heard)
}

type Span = (Micros, Micros);

/// The longest silence of each stream and host; the first one where several are as long.
fn longest(engine: &Engine) -> Result<HashMap<String, HashMap<String, Span>>, AssessError> {
    let mut longest: HashMap<String, HashMap<String, Span>> = HashMap::new();
    spans(engine, SILENCES, |stream, host, span| {
        let rank = |(from, to): Span| (to.0 - from.0, std::cmp::Reverse(from));
        let of_stream = longest.entry_ref(stream).or_default();
        match of_stream.get_mut(host) {
            Some(known) if rank(*known) >= rank(span) => {}
            Some(known) => *known = span,
            None => drop(of_stream.insert(host.to_owned(), span)),
        }
    })?;
    Ok(longest)
}

/// The silences of each stream and host that are longer than some control allows, each once.
fn gaps(engine: &Engine) -> Result<HashMap<String, HashMap<String, Vec<Span>>>, AssessError> {
    let mut gaps: HashMap<String, HashMap<String, Vec<Span>>> = HashMap::new();
    spans(engine, GAPS, |stream, host, span| gaps.entry_ref(stream).or_default().entry_ref(host).or_default().push(span))?;
    for spans in gaps.values_mut().flat_map(HashMap::values_mut) {
        spans.sort_unstable();
        spans.dedup();
    }
    Ok(gaps)
}

/// Hands over spans of time with their stream and host.
fn spans(engine: &Engine, sql: &str, mut each: impl FnMut(&str, &str, Span)) -> Result<(), AssessError> {
    engine.query("streams", sql, &Parameters::new(), |frame| {
        for row in 0..frame.rows() {
            let (stream, host) = (frame.text("stream", row), frame.text("host", row));
            if let (Some(stream), Some(host), Some(from), Some(to)) =
                (stream, host, frame.time("from_at", row), frame.time("to_at", row))
            {
                each(&stream, &host, (from, to));
            }
        }
        Ok(())
    })
}

/// The hosts that must have the stream, and those that have it, by name.
fn expected(fleet: &[FleetHost], needed_by: &[(String, String, String)], heard: &HashMap<String, Heard>) -> Vec<StreamHost> {
    let mut hosts: BTreeMap<&str, Option<&FleetHost>> = heard.keys().map(|host| (host.as_str(), None)).collect();
    for host in fleet {
        let needed = needed_by.iter().any(|(_, class, _)| class == "all" || *class == host.class);
        if needed || heard.contains_key(&host.host) {
            hosts.insert(&host.host, Some(host));
        }
    }
    hosts
        .into_iter()
        .map(|(name, listed)| {
            let log = heard.get(name);
            StreamHost {
                host: name.to_owned(),
                class: listed.map(|host| host.class.clone()),
                alive_from: listed.and_then(|host| host.alive_from),
                alive_to: listed.and_then(|host| host.alive_to),
                first_at: log.and_then(|log| log.first_at),
                last_at: log.and_then(|log| log.last_at),
                records: log.map_or(0, |log| log.days.values().sum()),
                longest: None,
                silences: 0,
                runs: Vec::new(),
            }
        })
        .collect()
}

/// Whether a host lived that day, as far as it lies in the period: `yes`, `part`, `no`, or `unknown` to the inventory.
fn alive(host: &StreamHost, day: Micros, period: &Period) -> &'static str {
    let (Some(from), Some(to)) = (host.alive_from, host.alive_to) else { return "unknown" };
    let end = Micros(day.0 + DAY);
    if to <= day || from >= end {
        return "no";
    }
    let whole = from <= day.max(period.starts_at) && to >= end.min(period.ends_at);
    if whole { "yes" } else { "part" }
}

fn overlaps((from, to): (Micros, Micros), day: Micros) -> bool {
    from.0 < day.0 + DAY && to > day
}

fn kind(records: u64, alive: &str, silent: bool) -> DayKind {
    match (records > 0, alive, silent) {
        (true, "no", _) => DayKind::Outside,
        (true, _, true) => DayKind::PartlySilent,
        (true, _, false) => DayKind::Records,
        (false, "no", _) => DayKind::NotAlive,
        (false, _, true) => DayKind::Silent,
        (false, _, false) => DayKind::NoRecord,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::parse_rfc3339;

    fn at(text: &str) -> Micros {
        parse_rfc3339(text).expect("a time")
    }

    #[test]
    fn a_day_without_records_is_silent_only_within_a_silence_longer_than_allowed() {
        let gap = (at("2026-08-11T05:30:00Z"), at("2026-08-13T00:00:00Z"));
        let silent: Vec<bool> = ["2026-08-10", "2026-08-11", "2026-08-12", "2026-08-13"]
            .iter()
            .map(|day| overlaps(gap, at(&format!("{day}T00:00:00Z"))))
            .collect();
        assert_eq!(silent, [false, true, true, false], "the end of a silence is its first record");
        assert_eq!(kind(0, "yes", true), DayKind::Silent);
        assert_eq!(kind(0, "yes", false), DayKind::NoRecord);
        assert_eq!(kind(3, "yes", true), DayKind::PartlySilent);
        assert_eq!(kind(3, "yes", false), DayKind::Records);
        assert_eq!(kind(0, "no", false), DayKind::NotAlive);
        assert_eq!(kind(1, "no", false), DayKind::Outside, "records of a host that did not live are shown, not dropped");
        assert_eq!(kind(0, "unknown", false), DayKind::NoRecord, "nobody knows whether it lived");
    }

    #[test]
    fn days_are_those_of_utc_and_lives_are_held_against_the_period() {
        let period = Period::parse("2026-07-02..2026-07-04", chrono_tz::Tz::Europe__Berlin).expect("a period");
        let days = days_of(&period);
        assert_eq!(days, [at("2026-07-01T00:00:00Z"), at("2026-07-02T00:00:00Z"), at("2026-07-03T00:00:00Z")]);
        let mut host = expected(&[], &[], &HashMap::from([("db-1".to_owned(), Heard::default())])).remove(0);
        let lived = |host: &StreamHost| days.iter().map(|day| alive(host, *day, &period)).collect::<Vec<_>>();
        assert_eq!(lived(&host), ["unknown"; 3]);
        (host.alive_from, host.alive_to) = (Some(period.starts_at), Some(period.ends_at));
        assert_eq!(lived(&host), ["yes"; 3]);
        (host.alive_from, host.alive_to) = (Some(at("2026-07-02T06:00:00Z")), Some(at("2026-07-03T00:00:00Z")));
        assert_eq!(lived(&host), ["no", "part", "no"]);
    }
}
