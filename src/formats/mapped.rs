//! Formats of the team's own, read by their mapping files ([`crate::mapping`]).

use std::borrow::Cow;

use chrono::NaiveDateTime;
use chrono_tz::Tz;

use super::delimited::{Cells, each_row_of};
use super::json_records::{document, each_object};
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{AnyCell, AnyFact, Kind, Micros, TABLES, Table, in_zone, parse_rfc3339, parse_stamp, words};
use crate::mapping::{Clock, ColumnRule, FactRule, Layout, Make, Mapping, Origin};
use crate::redact::lossless;

/// Files that a mapping recognises. The configuration decides, so no head is recognised without it.
pub(super) struct Mapped;

/// How a file of a mapping is cut.
pub(super) fn recognition(mapping: &Mapping) -> Recognition {
    let framing = match mapping.layout {
        Layout::JsonLines | Layout::Lines(_) => Framing::Lines,
        Layout::JsonArray => Framing::JsonRecords { depth: 1 },
        Layout::JsonDocument(_) | Layout::Csv(_) => Framing::Whole,
    };
    Recognition { because: "a mapping file of the team recognises it", framing }
}

impl Format for Mapped {
    fn name(&self) -> &'static str {
        "mapped"
    }

    fn about(&self) -> &'static str {
        "formats of your own, by mapping files (mappings in steadfast.toml)"
    }

    fn recognised_by(&self) -> &'static str {
        "what the mapping file says"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        TABLES
    }

    fn recognise(&self, _: &Head<'_>) -> Option<Recognition> {
        None
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(mapping) = reading.mapping else { return };
        match &mapping.layout {
            Layout::JsonLines | Layout::JsonArray => each_object(segment, sink, |number, bytes, members, sink| {
                record(number, bytes, &|field| pointer(members, field), mapping, reading, sink);
            }),
            Layout::JsonDocument(list) => read_document(segment, list, mapping, reading, sink),
            Layout::Csv(delimiter) => each_row_of(segment, *delimiter, sink, |line, cells, sink| {
                for field in missing(mapping, cells) {
                    let text = format!("the mapping names the column `{field}`, and the header has no such column");
                    sink.limit("column-missing", Some(1), text);
                }
                let excerpt = cells.excerpt();
                let get = |field: &str| cells.get(&[column_of(field).as_str()]).map(str::to_owned);
                record(line, excerpt.as_bytes(), &get, mapping, reading, sink);
            }),
            Layout::Lines(pattern) => {
                for (line, bytes) in segment.lines() {
                    let text = lossless(bytes);
                    if mapping.skip.as_ref().is_some_and(|skip| skip.is_match(&text)) {
                        sink.record(line).skip("a line that the mapping skips");
                    } else if let Some(groups) = pattern.captures(&text) {
                        let get = |field: &str| groups.name(field).map(|group| group.as_str().to_owned());
                        record(line, bytes, &get, mapping, reading, sink);
                    } else {
                        sink.record(line).reject("the line does not look as the mapping's pattern says", bytes);
                    }
                }
            }
        }
    }
}

/// Fields that the mapping names and the header of a table lacks.
fn missing<'m>(mapping: &'m Mapping, cells: &Cells<'_>) -> Vec<&'m str> {
    let named = mapping.facts.iter().flat_map(|fact| {
        let when = fact.when.iter().map(|(field, _)| field.as_str());
        when.chain(fact.columns.iter().flatten().filter_map(|rule| match &rule.from {
            Origin::Field(field) => Some(field.as_str()),
            Origin::Text(_) => None,
        }))
    });
    named.filter(|field| !cells.has(&column_of(field))).collect()
}

/// A column's name as tables are read: lower case, blanks as underscores.
fn column_of(field: &str) -> String {
    field.to_lowercase().replace([' ', '-'], "_")
}

fn read_document(segment: &Segment<'_>, list: &str, mapping: &Mapping, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let Some(members) = document(segment, sink) else { return };
    let Some(found) = find(&members, list).filter(|found| found.starts_with('[')) else {
        let reason = format!("no list at {list}: torn, or another document");
        return sink.record(1).reject(&reason, segment.bytes);
    };
    for (number, element) in (1..).zip(Json::borrowed(&found).elements()) {
        match element.members() {
            Some(members) => {
                record(number, element.raw().as_bytes(), &|field| pointer(&members, field), mapping, reading, sink);
            }
            None => sink.record(number).reject("an element that is no object", element.raw().as_bytes()),
        }
    }
}

/// What a JSON pointer leads to, as its text; nothing for null, objects and arrays.
fn pointer(members: &Members<'_>, pointer: &str) -> Option<String> {
    Json::borrowed(&find(members, pointer)?).text().map(Cow::into_owned)
}

/// The raw text that a JSON pointer leads to.
fn find(members: &Members<'_>, pointer: &str) -> Option<String> {
    let mut parts = pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
    let mut raw = members.get(&parts.next()?)?.raw().to_owned();
    for part in parts {
        let json = Json::borrowed(&raw);
        let next = match json.members() {
            Some(members) => members.get(&part)?.raw().to_owned(),
            None => json.elements().get(part.parse::<usize>().ok()?)?.raw().to_owned(),
        };
        raw = next;
    }
    Some(raw)
}

/// Gives the facts of one record, all or none.
fn record(
    number: u64,
    bytes: &[u8],
    get: &dyn Fn(&str) -> Option<String>,
    mapping: &Mapping,
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
) {
    let applies =
        |rule: &&FactRule| rule.when.as_ref().is_none_or(|(field, texts)| get(field).is_some_and(|found| texts.contains(&found)));
    let rules: Vec<&FactRule> = mapping.facts.iter().filter(applies).collect();
    let mut open = sink.record(number);
    if rules.is_empty() {
        return open.skip("no fact of the mapping is about it");
    }
    let mut facts = Vec::with_capacity(rules.len());
    for rule in rules {
        match fact(rule, get, reading, &mut |code, text| open.sink().limit(code, Some(number), text)) {
            Ok(fact) => facts.push(fact),
            Err(reason) => return open.reject(&reason, bytes),
        }
    }
    for fact in facts {
        if let (Some(stream), Some(host), Some(instant)) = (stream(fact.table), fact.text("host"), fact.instant()) {
            open.sink().active(stream, host, instant, number);
        }
        open.any_fact(&fact);
    }
}

/// The stream whose arrival a fact proves.
fn stream(table: &Table) -> Option<&'static str> {
    match table.name {
        "privileged_commands" | "sessions" => Some("sudo"),
        "config_runs" => Some("config"),
        "alarm_runs" | "alarms" => Some("alarm"),
        _ => None,
    }
}

fn fact(
    rule: &FactRule,
    get: &dyn Fn(&str) -> Option<String>,
    reading: &Reading<'_>,
    limit: &mut dyn FnMut(&'static str, &'static str),
) -> Result<AnyFact, String> {
    let mut cells = Vec::with_capacity(rule.columns.len());
    for (column, how) in rule.table.columns.iter().zip(&rule.columns) {
        let text = match how {
            Some(how) => text_of(column.name, how, get, reading)?,
            None => None,
        };
        // A host that the record lacks may be bound to the file.
        let text = text.or_else(|| (column.name == "host").then(|| reading.host.map(str::to_owned)).flatten());
        if text.is_none() && column.required {
            return Err(format!("no {}: the field that feeds it is missing or empty", column.name));
        }
        let make = how.as_ref().map_or(&Make::Plain, |how| &how.make);
        cells.push(cell(rule.table.name, column.name, column.kind, make, text, reading, limit)?);
    }
    Ok(AnyFact { table: rule.table, cells })
}

fn text_of(
    column: &str,
    how: &ColumnRule,
    get: &dyn Fn(&str) -> Option<String>,
    reading: &Reading<'_>,
) -> Result<Option<String>, String> {
    let found = match &how.from {
        Origin::Field(field) => get(field).filter(|text| !text.trim().is_empty()),
        Origin::Text(text) => Some(text.clone()),
    };
    let Some(found) = found else { return Ok(None) };
    let found = if how.map.is_empty() {
        found
    } else {
        let mapped = how.map.get(&found).cloned();
        mapped.ok_or_else(|| format!("`{found}` is not in the map of {column}: add it to the mapping file"))?
    };
    Ok(match how.make {
        Make::Host => Some(reading.config.host(&found).into_owned()),
        Make::Change => reading.config.change_id(&found).map(str::to_owned),
        Make::Lower => Some(found.to_lowercase()),
        Make::Plain | Make::Time(_) => Some(found),
    })
}

fn cell(
    table: &str,
    column: &str,
    kind: Kind,
    make: &Make,
    text: Option<String>,
    reading: &Reading<'_>,
    limit: &mut dyn FnMut(&'static str, &'static str),
) -> Result<AnyCell, String> {
    let Some(text) = text else { return Ok(AnyCell::Empty) };
    let no = |what: &str| format!("{column} `{text}` is no {what}");
    Ok(match (kind, make) {
        (Kind::Text | Kind::Prose, _) => match words(table, column).filter(|words| !words.contains(&text.as_str())) {
            Some(words) => return Err(format!("{column} `{text}` is none of {}: give the column a map", words.join(", "))),
            None => AnyCell::Text(text),
        },
        (Kind::Time, Make::Time(clock)) => {
            AnyCell::Time(time(clock, &text, reading, limit).ok_or_else(|| no("time of the form that the mapping names"))?)
        }
        (Kind::Time, _) => AnyCell::Time(parse_rfc3339(&text).ok_or_else(|| no("RFC 3339 time"))?),
        (Kind::Int, _) => AnyCell::Int(text.trim().parse().map_err(|_| no("whole number"))?),
        (Kind::Real, _) => AnyCell::Real(text.trim().parse().map_err(|_| no("number"))?),
        (Kind::Flag, _) => AnyCell::Flag(text.trim().parse().map_err(|_| no("true or false"))?),
    })
}

fn time(clock: &Clock, text: &str, reading: &Reading<'_>, limit: &mut dyn FnMut(&'static str, &'static str)) -> Option<Micros> {
    let zone = reading.zone.unwrap_or(Tz::UTC);
    match clock {
        Clock::Rfc3339 => parse_rfc3339(text).or_else(|| {
            let instant = parse_stamp(text, zone)?;
            without_zone(reading, limit);
            Some(instant)
        }),
        Clock::EpochSeconds => {
            let (seconds, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
            let nanoseconds = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
            Micros::from_parts(seconds.parse().ok()?, nanoseconds)
        }
        Clock::EpochMillis => Micros::from_millis(text.trim().parse().ok()?),
        Clock::Pattern(pattern) => {
            if let Ok(instant) = chrono::DateTime::parse_from_str(text.trim(), pattern) {
                return Some(instant.to_utc().into());
            }
            let naive = NaiveDateTime::parse_from_str(text.trim(), pattern).ok()?;
            without_zone(reading, limit);
            Some(in_zone(naive, zone).0)
        }
    }
}

fn without_zone(reading: &Reading<'_>, limit: &mut dyn FnMut(&'static str, &'static str)) {
    if reading.zone.is_none() {
        limit("zone-unknown", "stamps carry no zone and the configuration names none; they were read as UTC");
    }
}
