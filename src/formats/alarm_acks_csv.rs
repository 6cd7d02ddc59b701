//! Acknowledgements of alarms: CSV with `host`, `target`, `acknowledged_by`, `acknowledged_at`; `tool`, `alarmed_at`,
//! `change_id` and `note` where known. For detectors that keep no acknowledgement of their own (AIDE, Tripwire).

use super::delimited::{each_row, header};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{ALARM_ACKS, AlarmAck, Table, parse_stamp};

/// Acknowledgements of alarms.
pub(super) struct AlarmAcks;

impl Format for AlarmAcks {
    fn name(&self) -> &'static str {
        "alarm-acks-csv"
    }

    fn about(&self) -> &'static str {
        "acknowledgements of alarms as CSV: host, target, acknowledged_by, acknowledged_at …"
    }

    fn recognised_by(&self) -> &'static str {
        "a CSV header with host, target, acknowledged_by and acknowledged_at"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&ALARM_ACKS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let columns = header(head);
        ["host", "target", "acknowledged_by", "acknowledged_at"]
            .iter()
            .all(|name| columns.iter().any(|column| column == name))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let zone = reading.zone.unwrap_or(chrono_tz::Tz::UTC);
        each_row(segment, sink, |line, cells, sink| {
            let instant = cells.get(&["acknowledged_at"]).and_then(|text| parse_stamp(text, zone));
            let (Some(host), Some(target), Some(by), Some(acknowledged_at)) =
                (cells.get(&["host"]), cells.get(&["target"]), cells.get(&["acknowledged_by"]), instant)
            else {
                sink.record(line).reject(
                    "host, target, acknowledged_by and acknowledged_at (RFC 3339) are all needed",
                    cells.excerpt().as_bytes(),
                );
                return;
            };
            let alarmed_at = cells.get(&["alarmed_at"]).map(|text| parse_stamp(text, zone));
            if alarmed_at == Some(None) {
                // Without its time the acknowledgement would cover more than it says.
                return sink
                    .record(line)
                    .reject("alarmed_at is not a time; write RFC 3339, or leave it empty", cells.excerpt().as_bytes());
            }
            let host = reading.config.host(host);
            sink.record(line).fact(AlarmAck {
                host: &host,
                tool: cells.get(&["tool"]),
                target,
                alarmed_at: alarmed_at.flatten(),
                acknowledged_by: by,
                acknowledged_at,
                change_id: cells.get(&["change_id"]),
                note: cells.get(&["note"]),
            });
        });
    }
}
