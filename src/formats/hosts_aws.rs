//! EC2 instances: `aws ec2 describe-instances` in JSON, also cut down to its instances by `--query`.
//!
//! Source: the EC2 API reference (`DescribeInstances`, `Instance`). The answer carries no time and takes it from the path
//! (`[[bind]]`). A host is named by its tag `Name`, else by its private DNS name, else by its instance id. Tags may hold
//! anything: only those with a meaning are read.

use super::inventory::{self, Found, extract, name_tag, seen_at, tags};
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Record, Segment, Sink};
use crate::facts::{Micros, Table, parse_rfc3339, parse_stamp};

/// EC2 instances.
pub(super) struct Ec2Instances;

/// Lists within lists: reservations, instances, and what `--query` wraps around them.
const DEEPEST: usize = 4;

impl Format for Ec2Instances {
    fn name(&self) -> &'static str {
        "aws-ec2-instances"
    }

    fn about(&self) -> &'static str {
        "EC2 instances (aws ec2 describe-instances), roles and class from their tags"
    }

    fn recognised_by(&self) -> &'static str {
        "instances with InstanceId and ImageId"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        inventory::TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let instances = text.contains("\"InstanceId\"") && text.contains("\"ImageId\"");
        let known = match head.first_byte()? {
            b'{' => text.contains("\"Reservations\"") && (instances || head.whole),
            b'[' => instances,
            _ => false,
        };
        known.then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let wrapped = format!("{{\"Reservations\":[{}]}}", document.trim_start_matches('\u{feff}'));
        let mut found = None;
        each_instance(&Members::of(&wrapped).ok()?, &mut |at, instance| {
            if at == number {
                let names = ["InstanceId", "ImageId", "LaunchTime", "State", "PrivateDnsName", "StateTransitionReason"];
                found = instance.ok().map(|instance| extract(instance, &names));
            }
        });
        found
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = match segment.text() {
            Ok(text) => text,
            Err(line) => return sink.record(line).reject("byte that is not UTF-8", b""),
        };
        // One way through objects and bare lists: what the file holds becomes the one element of a list of reservations.
        let wrapped = format!("{{\"Reservations\":[{text}]}}");
        let document = match Members::of(&wrapped) {
            Ok(document) => document,
            Err(error) => return sink.record(1).reject(&format!("damaged or torn JSON ({error})"), b""),
        };
        let elements = document.get("Reservations").map(Json::elements).unwrap_or_default();
        if elements.len() != 1 || document.iter().count() != 1 {
            return sink.record(1).reject("something follows the document: two answers in one file, or damaged JSON", b"");
        }
        if elements.iter().filter_map(Json::members).any(|answer| answer.filled("NextToken").is_some()) {
            sink.limit(
                "partial-list",
                None,
                "the answer has a NextToken: further instances are on pages that are not in this file",
            );
        }
        each_instance(&document, &mut |number, instance| match instance {
            Ok(instance) => read_instance(number, instance, reading, sink),
            Err(()) => sink.record(number).reject("not an instance: an object with InstanceId is expected", b""),
        });
    }
}

/// Gives every instance with its number; what else stands in its place is an error.
fn each_instance(answer: &Members<'_>, found: &mut dyn FnMut(u64, Result<&Members<'_>, ()>)) {
    let mut number = 0;
    if let Some(reservations) = answer.get("Reservations") {
        walk(reservations, DEEPEST, &mut |instance| {
            number += 1;
            found(number, instance);
        });
    }
}

fn walk(list: &Json<'_>, deeper: usize, found: &mut dyn FnMut(Result<&Members<'_>, ()>)) {
    for element in list.elements() {
        let members = element.members();
        let inner = members.as_ref().and_then(|members| members.get("Reservations").or_else(|| members.get("Instances")));
        match (&members, inner) {
            (_, Some(inner)) if deeper > 0 => walk(inner, deeper - 1, found),
            (Some(members), None) if members.filled("InstanceId").is_some() => found(Ok(members)),
            (None, _) if deeper > 0 && element.raw().starts_with('[') => walk(&element, deeper - 1, found),
            _ => found(Err(())),
        }
    }
}

fn read_instance(number: u64, instance: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    let id = instance.filled("InstanceId").unwrap_or_default().into_owned();
    let launched_at = instance.filled("LaunchTime").map(|stamp| parse_rfc3339(&stamp));
    if launched_at == Some(None) {
        return record.reject("LaunchTime is not a time", id.as_bytes());
    }
    let tags = instance.get("Tags").map(tags).unwrap_or_default();
    let dns = instance.filled("PrivateDnsName").map(|name| name.into_owned());
    let name = name_tag(&tags).or(dns).unwrap_or_else(|| id.clone());
    let mut found = Found::named(name, seen_at(None, number, reading, record.sink()));
    found.image = instance.filled("ImageId").map(|image| image.into_owned());
    found.launched_at = launched_at.flatten();
    found.terminated_at = terminated_at(number, instance, found.observed_at, &mut record);
    for (key, value) in &tags {
        found.learn(key, value);
    }
    found.give(&mut record, reading);
}

/// When an instance that is gone was terminated: as its reason says, else at the latest when the list was taken.
fn terminated_at(number: u64, instance: &Members<'_>, seen_at: Option<Micros>, record: &mut Record<'_, '_>) -> Option<Micros> {
    let state = instance.get("State").and_then(|state| state.members());
    let state = state.as_ref().and_then(|state| state.text("Name"));
    if !matches!(state.as_deref(), Some("terminated" | "shutting-down")) {
        return None;
    }
    let said = instance.text("StateTransitionReason").and_then(|reason| {
        let (_, rest) = reason.split_once('(')?;
        let stamp = rest.split_once(')')?.0.trim();
        let stamp = stamp.strip_suffix("GMT").or_else(|| stamp.strip_suffix("UTC"))?;
        parse_stamp(stamp.trim(), chrono_tz::Tz::UTC)
    });
    if said.is_none() {
        record.sink().limit(
            "terminated-time-unknown",
            Some(number),
            "some terminated instances do not say when they were; the time of the list is taken, where one is known",
        );
    }
    said.or(seen_at)
}
