//! Falco's events in JSON (`json_output: true`): one object a line.
//!
//! Source: Falco's `userspace/engine/formats.cpp`, `userspace/falco/falco_outputs.cpp` (the shape; rules whose name begins
//! with `Falco internal:` are about Falco itself) and `userspace/falco/event_drops.cpp`. `hostname` came in 0.32: older
//! events name no host and take it from the path. Times count in nanoseconds, beyond what a floating-point number holds.

use super::json_records::{each_object, json_framing};
use super::lazy::{Json, Members};
use super::{Format, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{ALARMS, Alarm, LOG_ACTIVITY, Micros, Table, parse_rfc3339};

/// Falco's events.
pub(super) struct FalcoEvents;

const PRIORITIES: &[&str] = &["Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Info", "Debug"];
/// Fields that name what an event is about, the plainest first.
const SUBJECTS: &[&str] = &["fd.name", "fs.path.name", "k8s.pod.name", "container.name", "proc.exepath", "proc.name"];

impl Format for FalcoEvents {
    fn name(&self) -> &'static str {
        "falco-events"
    }

    fn about(&self) -> &'static str {
        "Falco events, JSON: every detection becomes an alarm"
    }

    fn recognised_by(&self) -> &'static str {
        "events with rule, priority, time and output"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&ALARMS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let has = |key: &str| text.contains(key);
        let framing = json_framing(head)?;
        let known = has("\"rule\"") && has("\"priority\"") && has("\"time\"") && (has("\"output_fields\"") || has("\"output\""));
        (known && PRIORITIES.iter().any(|name| text.contains(&format!("\"{name}\""))))
            .then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_object(segment, sink, |number, bytes, event, sink| read_event(number, bytes, event, reading, sink));
        sink.limit(
            "runs-not-shown",
            None,
            "Falco writes detections: that it ran and saw nothing, or that it did not run, is not shown",
        );
    }
}

fn read_event(number: u64, bytes: &[u8], event: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let fields = event.get("output_fields").and_then(Json::members);
    let field = |name: &str| fields.as_ref().and_then(|fields| fields.filled(name).map(|text| text.into_owned()));
    let stamp = event.filled("time").and_then(|stamp| parse_rfc3339(&stamp));
    let Some(occurred_at) = stamp.or_else(|| ["evt.time", "evt.time.iso8601"].iter().find_map(|name| nanoseconds(&field(name)?)))
    else {
        return sink.record(number).reject("no time that is one", bytes);
    };
    let Some(rule) = event.filled("rule") else { return sink.record(number).reject("an event without its rule", bytes) };
    let name = event.filled("hostname").map(|name| name.into_owned()).or_else(|| reading.bound_host(sink).map(str::to_owned));
    let Some(name) = name else { return sink.record(number).reject(HOST_UNKNOWN, bytes) };
    let host = reading.config.host(&name);
    sink.active("alarm", &host, occurred_at, number);
    if let Some(message) = rule.strip_prefix("Falco internal:") {
        if message.contains("drop") || message.contains("timeouts") {
            sink.limit(
                "events-lost",
                Some(number),
                "Falco says that it lost events of the kernel: what happened then may not be seen",
            );
        }
        return sink.record(number).skip("a message of Falco about itself");
    }
    let output = event.filled("output").unwrap_or_default();
    let subject = SUBJECTS.iter().find_map(|name| field(name).filter(|text| text != "<NA>" && text != "host"));
    let target = subject.or_else(|| Some(output.to_string()).filter(|output| !output.is_empty()));
    sink.record(number).fact(Alarm {
        occurred_at,
        host: &host,
        tool: "falco",
        rule: Some(&rule),
        action: "detected",
        target: target.as_deref().unwrap_or(&rule),
        severity: event.text("priority").as_deref(),
        acknowledged_by: None,
        acknowledged_at: None,
        change_id: reading.config.change_id(&output),
    });
}

/// Nanoseconds since 1970 as an instant.
fn nanoseconds(text: &str) -> Option<Micros> {
    let nanoseconds: i64 = text.trim().parse().ok()?;
    Micros::from_parts(nanoseconds.div_euclid(1_000_000_000), nanoseconds.rem_euclid(1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_digit_of_a_time_is_lost() {
        assert_eq!(nanoseconds("1795332060123456789").map(|instant| instant.0), Some(1_795_332_060_123_456));
        assert_eq!(nanoseconds("1.795332060123456789e18"), None);
    }
}
