//! ServiceNow lists exported as CSV: change requests, their approvals, or the items that they affect.
//!
//! Source: ServiceNow's "Export lists" and "Default values, headers and values" pages: the header holds field names, the
//! cells display values (unless `glide.export.csv.raw.value`), and the export ends at 10,000 rows without a word. A list
//! exported to Excel and saved as CSV holds labels in its header.

use std::borrow::Cow;

use super::export_csv::{Row, column, each_row, header};
use super::servicenow_record::{Clock, Field, Fields, export_limit, read_affected_item, read_approval, read_change};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{APPROVALS, CHANGE_TARGETS, CHANGES, Table};

/// ServiceNow lists as CSV.
pub(super) struct ServiceNowCsv;

/// The labels that ServiceNow gives to fields, as columns.
const LABELS: &[(&str, &[&str])] = &[
    ("start_date", &["planned_start_date", "planned_start"]),
    ("end_date", &["planned_end_date", "planned_end"]),
    ("work_start", &["actual_start", "actual_start_date"]),
    ("work_end", &["actual_end", "actual_end_date"]),
    ("cmdb_ci", &["configuration_item"]),
    ("business_service", &["service", "business_service"]),
    ("opened_at", &["opened"]),
    ("closed_at", &["closed"]),
    ("sys_created_on", &["created"]),
    ("sys_updated_on", &["updated"]),
    ("sysapproval", &["approval_for", "approving"]),
    ("ci_item", &["configuration_item"]),
];

/// Which table the rows are of.
#[derive(Clone, Copy)]
enum Rows {
    Changes,
    Approvals,
    AffectedItems,
}

fn rows_of(columns: &[String]) -> Option<Rows> {
    let has = |name: &str| position(columns, name).is_some();
    if has("sysapproval") && has("approver") && has("state") {
        return Some(Rows::Approvals);
    }
    let planned = has("start_date") || has("end_date") || has("work_start");
    if has("number") && (has("state") || has("type")) && (planned || has("type")) && has("short_description") {
        return Some(Rows::Changes);
    }
    (has("task") && has("ci_item") && !has("number")).then_some(Rows::AffectedItems)
}

/// The column of a field, by its name or its label.
fn position(columns: &[String], field: &str) -> Option<usize> {
    let named = |wanted: &str| columns.iter().position(|column| column == wanted);
    named(field).or_else(|| {
        let (_, labels) = LABELS.iter().find(|(name, _)| *name == field)?;
        labels.iter().find_map(|label| named(label))
    })
}

impl Format for ServiceNowCsv {
    fn name(&self) -> &'static str {
        "servicenow-csv"
    }

    fn about(&self) -> &'static str {
        "ServiceNow lists exported as CSV (or Excel saved as CSV): change requests, approvals, affected items"
    }

    fn recognised_by(&self) -> &'static str {
        "a CSV header with the fields or labels of ServiceNow's changes, approvals or affected items"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CHANGES, &APPROVALS, &CHANGE_TARGETS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        header(head, |columns| rows_of(columns).is_some())
            .map(|_| Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let read = |line: u64, row: &Row<'_>, sink: &mut Sink<'_>| {
            let record = CsvRecord(row);
            match rows_of(row.columns()) {
                Some(Rows::Approvals) => read_approval(line, &record, reading, sink),
                Some(Rows::AffectedItems) => read_affected_item(line, &record, reading, sink),
                _ => read_change(line, &record, reading, sink),
            }
        };
        let rows = each_row(segment, sink, |columns| rows_of(columns).is_some(), read);
        export_limit(rows, sink);
    }
}

/// A row as a record.
struct CsvRecord<'r>(&'r Row<'r>);

impl Fields for CsvRecord<'_> {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        self.0.at(position(self.0.columns(), &column(name))?).map(|text| Field::bare(Cow::Borrowed(text)))
    }

    fn clock(&self) -> Clock {
        Clock::WallUnlessNumbered
    }

    fn bytes(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.0.bytes())
    }
}
