//! A plain inventory: CSV with a header line. `host` is needed; `observed_at`, `class`, `roles`, `cluster`, `environment`,
//! `groups`, `image`, `launched_at` and `terminated_at` are read where present. Lists are separated by `;` or blanks.

use super::delimited::{Cells, each_row, header};
use super::inventory::{self, Found, list, seen_at};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{Table, parse_stamp};

/// A CSV inventory.
pub(super) struct HostsCsv;

const HOST: &[&str] = &["host", "hostname", "fqdn"];

impl Format for HostsCsv {
    fn name(&self) -> &'static str {
        "hosts-csv"
    }

    fn about(&self) -> &'static str {
        "inventory as CSV: host, and class, roles, groups, cluster, image, launched_at … where known"
    }

    fn recognised_by(&self) -> &'static str {
        "a CSV header with host and class, roles, groups, cluster or image"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        inventory::TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let columns = header(head);
        let any = |names: &[&str]| names.iter().any(|name| columns.iter().any(|column| column == name));
        (any(HOST) && any(&["class", "role", "roles", "group", "groups", "image", "cluster"]))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_row(segment, sink, |line, cells, sink| read_host(line, cells, reading, sink));
    }
}

fn read_host(line: u64, cells: &Cells<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(line);
    let Some(name) = cells.get(HOST) else {
        return record.reject("a row without a host", cells.excerpt().as_bytes());
    };
    let zone = reading.zone.unwrap_or(chrono_tz::Tz::UTC);
    let mut unreadable = None;
    let mut time = |names: &[&str]| {
        // Some inventories write the end of the calendar for "still alive".
        let text = cells.get(names).filter(|text| !text.starts_with("9999-12-31"))?;
        let instant = parse_stamp(text, zone);
        if instant.is_none() {
            unreadable = Some(format!("`{text}` is not a time; write RFC 3339, for example 2026-07-01T05:00:00Z"));
        }
        instant
    };
    let observed_at = time(&["observed_at", "snapshot_at"]);
    let (launched_at, terminated_at) = (time(&["launched_at", "launch_time"]), time(&["terminated_at"]));
    if let Some(reason) = unreadable {
        return record.reject(&reason, cells.excerpt().as_bytes());
    }
    let mut found = Found::named(name, seen_at(observed_at, line, reading, record.sink()));
    let set = |names: &[&str]| list(cells.get(names).unwrap_or_default()).map(str::to_owned).collect();
    found.roles = set(&["roles", "role"]);
    found.groups = set(&["groups", "group"]);
    found.class = cells.get(&["class"]).map(str::to_lowercase);
    found.cluster = cells.get(&["cluster"]).map(str::to_owned);
    found.environment = cells.get(&["environment", "env"]).map(str::to_owned);
    found.image = cells.get(&["image", "image_id", "ami"]).map(str::to_owned);
    (found.launched_at, found.terminated_at) = (launched_at, terminated_at);
    found.give(&mut record, reading);
}
