//! What each log has of each host: a row a host, and a picture of a cell a day. Drawn here, so that pages only write.

use serde::Serialize;

use super::build::Input;
use super::control::whole;
use super::matrix::{Matrix, draw, sample};
use crate::assess::{self, DayKind, span_words, thousands};
use crate::facts::Micros;
use crate::redact::visible;

/// Hosts of a stream that pages show.
const MOST_HOSTS: usize = 40;
/// Ranges of days that a cell names.
const MOST_RANGES: usize = 6;

/// A log of all hosts: a stream of records, and which days each host is heard of.
#[derive(Clone, Debug)]
pub struct Stream {
    /// `sudo`, `auth`, `config` or `alarm`.
    pub name: String,
    /// What was found, in a sentence with counts; also the title of the pictures.
    pub summary: String,
    /// What controls need of it, in words.
    pub needs: Vec<String>,
    /// Every host, by name.
    pub hosts: Vec<StreamHost>,
    /// Those that pages show: with silences first, then those with the most days without records, then by name.
    pub shown: Vec<StreamHost>,
    /// Those of the shown that have a silence longer than allowed, or records while they did not live.
    pub marked: Vec<StreamHost>,
    /// What is shown of how many, and where the rest is.
    pub caption: String,
    /// The hosts that are not marked, in a sentence.
    pub others: String,
    /// One picture for each three months.
    pub matrices: Vec<Matrix>,
    /// Kinds of days that the pictures show: key, path of a sample, meaning.
    pub legend: Vec<(String, String, String)>,
    /// Path in the pack.
    pub csv_path: String,
    /// SHA-256 of that file.
    pub csv_sha256: String,
}

/// A host in a stream.
#[derive(Clone, Debug, Serialize)]
pub struct StreamHost {
    /// Host.
    pub host: String,
    /// Class; none where no inventory lists it.
    pub class: Option<String>,
    /// From when it lived within the period, ISO 8601 UTC.
    pub alive_from: Option<String>,
    /// Until when.
    pub alive_to: Option<String>,
    /// The same in words: "throughout", "until …", "not known to the inventory".
    #[serde(skip)]
    pub lived: String,
    /// First record.
    pub first_at: Option<String>,
    /// Last record.
    pub last_at: Option<String>,
    /// Records.
    pub records: u64,
    /// Longest silence while it lived, in seconds.
    pub longest_silence_s: Option<u64>,
    /// The same in words.
    #[serde(skip)]
    pub longest_silence: Option<String>,
    /// When the longest silence began, ISO 8601 UTC.
    pub longest_silence_from: Option<String>,
    /// Silences longer than allowed.
    pub silences: u64,
    /// Days without a record while it lived.
    pub days_without_records: u64,
    /// Those of them that lie in a silence longer than allowed, as ranges of days, both ends included.
    pub silent_days: Vec<Range>,
    /// Days with records, part of which lies in a silence longer than allowed.
    pub partly_silent_days: Vec<Range>,
    /// Days with records while it did not live by the inventory.
    pub outside_days: Vec<Range>,
    /// The days in words.
    #[serde(skip)]
    pub days: String,
    #[serde(skip)]
    pub(super) place: usize,
}

/// Days that follow each other, both ends included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Range {
    /// `2026-08-11`
    pub from: String,
    /// `2026-08-12`
    pub to: String,
}

/// The day of an instant, `2026-08-11`.
pub(super) fn date(day: Micros) -> String {
    day.iso().get(..10).unwrap_or_default().to_owned()
}

/// Every stream.
pub(super) fn streams(input: &Input<'_>) -> Vec<Stream> {
    input.assessment.streams.iter().map(|stream| built(input, stream)).collect()
}

fn built(input: &Input<'_>, stream: &assess::Stream) -> Stream {
    let hosts: Vec<StreamHost> = stream.hosts.iter().enumerate().map(|(place, host)| row(input, stream, place, host)).collect();
    let mut order: Vec<&StreamHost> = hosts.iter().collect();
    order.sort_by_key(|host| {
        let marked = std::cmp::Reverse(is_marked(host));
        (marked, std::cmp::Reverse((host.silences, host.days_without_records)), host.place)
    });
    let shown: Vec<StreamHost> = order.into_iter().take(MOST_HOSTS).cloned().collect();
    let marked: Vec<StreamHost> = shown.iter().filter(|host| is_marked(host)).cloned().collect();
    let summary = summary(stream, &hosts);
    let rows: Vec<(&str, &assess::StreamHost)> =
        shown.iter().filter_map(|host| Some((host.host.as_str(), stream.hosts.get(host.place)?))).collect();
    let kinds = DayKind::ALL.into_iter().filter(|kind| rows.iter().any(|(_, host)| count(host, *kind) > 0));
    let total = thousands(hosts.len() as u64);
    let csv_path = format!("data/coverage/{}.csv", stream.name);
    let rest = hosts.len().saturating_sub(marked.len());
    Stream {
        name: stream.name.clone(),
        needs: needs(stream),
        caption: if shown.len() == hosts.len() {
            format!("The {} log by host, {total} of {total} hosts", stream.name)
        } else {
            format!(
                "The {} log by host, {} of {total} hosts: those with silences first, then those with the most days without records; all are in {csv_path}",
                stream.name,
                thousands(shown.len() as u64)
            )
        },
        others: match rest {
            0 => "no other host".to_owned(),
            rest => format!(
                "{}: each day is in {csv_path}, each host in report.json",
                counted(rest as u64, "other host", "other hosts")
            ),
        },
        legend: kinds.map(|kind| (key(kind), sample(kind), meaning(kind).to_owned())).collect(),
        matrices: draw(&stream.days, &rows, &summary),
        summary,
        shown,
        marked,
        hosts,
        csv_path,
        csv_sha256: stream.csv.sha256.clone(),
    }
}

/// Whether a host has something that an auditor should look at.
fn is_marked(host: &StreamHost) -> bool {
    host.silences > 0 || !host.outside_days.is_empty()
}

/// The key of a kind of day in styles: `partly-silent`.
pub(super) fn key(kind: DayKind) -> String {
    kind.word().replace('_', "-")
}

fn meaning(kind: DayKind) -> &'static str {
    match kind {
        DayKind::Records => "records",
        DayKind::PartlySilent => "records, but part of the day lies in a silence longer than allowed",
        DayKind::Silent => "no record, in a silence longer than allowed",
        DayKind::NoRecord => "no record, in no silence longer than allowed",
        DayKind::NotAlive => "the host did not live",
        DayKind::Outside => "records, though the host did not live by the inventory",
    }
}

/// How many days of a kind a host has.
fn count(host: &assess::StreamHost, kind: DayKind) -> u64 {
    host.runs.iter().filter(|run| run.kind == kind).map(|run| run.days as u64).sum()
}

/// A number with its noun.
fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

fn needs(stream: &assess::Stream) -> Vec<String> {
    let mut alike: Vec<((&str, &str), Vec<&str>)> = Vec::new();
    for (control, class, max_gap) in &stream.needed_by {
        match alike.iter_mut().find(|(need, _)| *need == (class.as_str(), max_gap.as_str())) {
            Some((_, controls)) => controls.push(control),
            None => alike.push(((class, max_gap), vec![control])),
        }
    }
    let needs = alike.into_iter().map(|((class, max_gap), controls)| {
        let of = if class == "all" { "every host".to_owned() } else { format!("every {class} host") };
        let verb = if controls.len() == 1 { "needs" } else { "need" };
        format!("{} {verb} it of {of}, with no silence longer than {max_gap}", controls.join(", "))
    });
    needs.collect()
}

fn summary(stream: &assess::Stream, hosts: &[StreamHost]) -> String {
    let sum = |kind: DayKind| stream.hosts.iter().map(|host| count(host, kind)).sum::<u64>();
    let (silent, partly, outside) = (sum(DayKind::Silent), sum(DayKind::PartlySilent), sum(DayKind::Outside));
    let silences: u64 = hosts.iter().map(|host| host.silences).sum();
    let never = hosts.iter().filter(|host| host.first_at.is_none()).count() as u64;
    let days = stream.days.first().zip(stream.days.last()).map_or_else(String::new, |(first, last)| {
        let days = counted(stream.days.len() as u64, "day", "days");
        format!("{days} (UTC) from {} to {}", date(*first), date(*last))
    });
    let mut said = vec![if stream.needed_by.is_empty() {
        "no control says how long a silence may be".to_owned()
    } else {
        let on = hosts.iter().filter(|host| host.silences > 0).count() as u64;
        format!(
            "{} longer than allowed on {}, with {} without any record and {} partly silent",
            counted(silences, "silence", "silences"),
            counted(on, "host", "hosts"),
            counted(silent, "host-day", "host-days"),
            thousands(partly)
        )
    }];
    said.push(format!("{} without a record in no such silence", counted(sum(DayKind::NoRecord), "host-day", "host-days")));
    if never > 0 {
        said.push(format!("{} without any record", counted(never, "host", "hosts")));
    }
    if outside > 0 {
        said.push(format!(
            "{} with records though the host did not live by the inventory",
            counted(outside, "host-day", "host-days")
        ));
    }
    let part = sum(DayKind::NotAlive);
    if part > 0 {
        said.push(format!("{} on which the host did not live", counted(part, "host-day", "host-days")));
    }
    format!("The {} log, {}, {days}: {}.", stream.name, counted(hosts.len() as u64, "host", "hosts"), said.join("; "))
}

fn row(input: &Input<'_>, stream: &assess::Stream, place: usize, host: &assess::StreamHost) -> StreamHost {
    let ranges = |kind: DayKind| -> Vec<Range> {
        let runs = host.runs.iter().filter(|run| run.kind == kind);
        runs.filter_map(|run| {
            let (from, to) = (stream.days.get(run.first)?, stream.days.get(run.first + run.days - 1)?);
            Some(Range { from: date(*from), to: date(*to) })
        })
        .collect()
    };
    let silent_days = ranges(DayKind::Silent);
    let partly_silent_days = ranges(DayKind::PartlySilent);
    let outside_days = ranges(DayKind::Outside);
    let without = count(host, DayKind::Silent) + count(host, DayKind::NoRecord);
    let mut words = vec![thousands(without)];
    for (ranges, label) in
        [(&silent_days, "silent"), (&partly_silent_days, "partly silent"), (&outside_days, "not alive, but heard")]
    {
        if !ranges.is_empty() {
            words.push(format!("{label}: {}", range_words(ranges)));
        }
    }
    let length = host.longest.map(|(from, to)| to.seconds_since(from));
    StreamHost {
        host: visible(&host.host).into_owned(),
        class: host.class.clone(),
        alive_from: host.alive_from.map(Micros::iso),
        alive_to: host.alive_to.map(Micros::iso),
        lived: lived(input, host.alive_from, host.alive_to),
        first_at: host.first_at.map(Micros::to_the_second),
        last_at: host.last_at.map(Micros::to_the_second),
        records: host.records,
        longest_silence_s: length.map(whole),
        longest_silence: length.map(span_words),
        longest_silence_from: host.longest.map(|(from, _)| from.to_the_second()),
        silences: host.silences,
        days_without_records: without,
        silent_days,
        partly_silent_days,
        outside_days,
        days: words.join("; "),
        place,
    }
}

/// When a host lived, in words.
pub(super) fn lived(input: &Input<'_>, from: Option<Micros>, to: Option<Micros>) -> String {
    let from_later = from.filter(|from| *from > input.period.starts_at).map(Micros::to_the_second);
    let to_earlier = to.filter(|to| *to < input.period.ends_at).map(Micros::to_the_second);
    match (from, from_later, to_earlier) {
        (None, ..) => "not known to the inventory".to_owned(),
        (_, None, None) => "throughout".to_owned(),
        (_, Some(from), None) => format!("from {from}"),
        (_, None, Some(to)) => format!("until {to}"),
        (_, Some(from), Some(to)) => format!("from {from} until {to}"),
    }
}

/// "2026-08-11 to 2026-08-12, 2026-09-01"
fn range_words(ranges: &[Range]) -> String {
    let said = ranges.iter().take(MOST_RANGES);
    let mut said: Vec<String> = said
        .map(|range| if range.from == range.to { range.from.clone() } else { format!("{} to {}", range.from, range.to) })
        .collect();
    if let Some(more) = ranges.len().checked_sub(MOST_RANGES).filter(|more| *more > 0) {
        said.push(format!("and {} more ranges", thousands(more as u64)));
    }
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_said_and_those_left_out_are_counted() {
        let day = |day: usize| Range { from: format!("2026-08-{day:02}"), to: format!("2026-08-{day:02}") };
        let two = Range { to: "2026-08-12".to_owned(), ..day(11) };
        assert_eq!(range_words(&[two, day(20)]), "2026-08-11 to 2026-08-12, 2026-08-20");
        let many: Vec<Range> = (1..=8).map(|place| day(place * 2)).collect();
        assert!(range_words(&many).ends_with("2026-08-12, and 2 more ranges"), "{}", range_words(&many));
    }
}
