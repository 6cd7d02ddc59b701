//! What records of ServiceNow say, whatever they were exported as: one mapping for JSON, CSV and XML.
//!
//! Source: the dictionaries of `change_request`, `sysapproval_approver` and `task_ci`, and the Table API reference. Values
//! for machines are numbers, sys_ids and UTC; values for people (display values) are labels, names and wall-clock times
//! of whoever exported. No time carries a zone.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::{Reading, Record, Sink};
use crate::config::{ChangeKind, ServiceNow};
use crate::facts::{Approval, Change, ChangeTarget, Micros, parse_stamp};

/// What is said of display values.
const ZONE_UNKNOWN: &str =
    "times are display values, in the zone of whoever exported; name it ([[bind]] time_zone), or they are read as UTC";

/// What is said of references without a name.
pub(super) const UNNAMED: &str = "people or items are given by sys_id only, which matches no name elsewhere; export display values, or \
                       dot-walked fields such as requested_by.user_name and cmdb_ci.name";

/// Records after which ServiceNow's exports stop by default, without a word.
const EXPORT_LIMIT: u64 = 10_000;

/// What one field holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Field<'r> {
    /// For machines: number, sys_id, UTC.
    pub(super) value: Option<Cow<'r, str>>,
    /// For people: label, name, time in their zone.
    pub(super) display: Option<Cow<'r, str>>,
    /// The export writes one text and does not say which of the two it is; it stands in `value`.
    pub(super) bare: bool,
}

impl<'r> Field<'r> {
    /// A text that may be for machines or for people.
    pub(super) fn bare(text: Cow<'r, str>) -> Self {
        Self { value: Some(text), display: None, bare: true }
    }

    fn code(self) -> Option<Cow<'r, str>> {
        filled(self.value).or(filled(self.display))
    }

    fn name(self) -> Option<Cow<'r, str>> {
        filled(self.display).or(filled(self.value))
    }
}

pub(super) fn filled(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.trim().is_empty())
}

/// What is known of bare times before a record is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// They are UTC.
    Utc,
    /// They are UTC, unless the record's state is a label.
    UtcUnlessLabelled,
    /// They are in the zone of whoever exported, unless the record's state is a number.
    WallUnlessNumbered,
}

/// One record, as its export gives it.
pub(super) trait Fields {
    /// The field of that name, if the record has it.
    fn field(&self, name: &str) -> Option<Field<'_>>;
    /// Which clock bare times follow.
    fn clock(&self) -> Clock;
    /// The record as it is written, for rejects.
    fn bytes(&self) -> Cow<'_, [u8]>;
}

/// Names the limit of an export that ends where ServiceNow stops by default.
pub(super) fn export_limit(records: u64, sink: &mut Sink<'_>) {
    if records == EXPORT_LIMIT {
        sink.limit("export-limit", Some(records), "exactly 10,000 records: the default limit of an export; more may be missing");
    }
}

/// The text for machines, else the one for people.
pub(super) fn code<'r>(record: &'r impl Fields, field: &str) -> Option<Cow<'r, str>> {
    record.field(field)?.code()
}

/// The name behind a reference: the dot-walked field, else the display value, else what there is.
pub(super) fn name(record: &impl Fields, field: &str, walk: &str) -> Option<String> {
    code(record, &format!("{field}.{walk}")).or_else(|| record.field(field)?.name()).map(Cow::into_owned)
}

/// Whether the text is a sys_id, which names nothing outside its table.
pub(super) fn is_sys_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A time: `value` is UTC, a display value or a bare one follows `zone`.
pub(super) fn time(record: &impl Fields, field: &str, zone: Tz) -> Result<Option<Micros>, String> {
    let Some(found) = record.field(field) else { return Ok(None) };
    let zone = if found.value.is_some() && !found.bare { Tz::UTC } else { zone };
    // sn_chg_rest shows times that were never set as UNKNOWN. Where both are given, the display value is never a time.
    let Some(text) = filled(found.value.or(found.display)).filter(|text| text != "UNKNOWN") else { return Ok(None) };
    parse_stamp(&text, zone).map(Some).ok_or_else(|| format!("{field} `{text}` is not a time in the form YYYY-MM-DD HH:MM:SS"))
}

/// The zone of bare times, with the limit where nobody names it.
pub(super) fn zone(wall: bool, number: u64, reading: &Reading<'_>, sink: &mut Sink<'_>) -> Tz {
    if !wall {
        return Tz::UTC;
    }
    reading.zone.unwrap_or_else(|| {
        sink.limit("zone-unknown", Some(number), ZONE_UNKNOWN);
        Tz::UTC
    })
}

/// Whether bare times of a record are wall-clock times: told from ServiceNow's own state field, whose values for machines
/// are numbers.
pub(super) fn wall_clock(record: &impl Fields, own: &str) -> bool {
    let state = code(record, "state").or_else(|| code(record, own));
    let numbered = state.map(|state| state.trim().parse::<f64>().is_ok());
    match record.clock() {
        Clock::Utc => false,
        Clock::UtcUnlessLabelled => numbered == Some(false),
        Clock::WallUnlessNumbered => numbered != Some(true),
    }
}

/// The times of a change, read before anything is said of it.
struct Times {
    opened: Option<Micros>,
    planned_start: Option<Micros>,
    planned_end: Option<Micros>,
    work_start: Option<Micros>,
    work_end: Option<Micros>,
    closed: Option<Micros>,
    approved: Option<Micros>,
    updated: Option<Micros>,
}

impl Times {
    fn of(record: &impl Fields, config: &ServiceNow, zone: Tz) -> Result<Self, String> {
        let time = |standard: &str| time(record, config.field(standard), zone);
        let mut approved = None;
        for field in &config.approved_at {
            let at = self::time(record, field, zone)?;
            approved = approved.or(at);
        }
        let (opened, created, set) = (time("opened_at")?, time("sys_created_on")?, time("approval_set")?);
        Ok(Self {
            opened: opened.or(created),
            planned_start: time("start_date")?,
            planned_end: time("end_date")?,
            work_start: time("work_start")?,
            work_end: time("work_end")?,
            closed: time("closed_at")?,
            approved: approved.or(set),
            updated: time("sys_updated_on")?,
        })
    }
}

/// Reads one record of `change_request`.
pub(super) fn read_change(number: u64, record: &impl Fields, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut open = sink.record(number);
    let config = &reading.config.servicenow;
    let Some(change_id) = code(record, config.field("number")) else {
        return open.reject("a record without number", &record.bytes());
    };
    if code(record, "sys_class_name").is_some_and(|class| class.eq_ignore_ascii_case("incident")) {
        return open.reject("an incident among changes: export the table incident into a file of its own", &record.bytes());
    }
    let zone = zone(wall_clock(record, config.field("state")), number, reading, open.sink());
    let times = match Times::of(record, config, zone) {
        Ok(times) => times,
        Err(reason) => return open.reject(&reason, &record.bytes()),
    };
    if let Some(instant) = times.updated {
        open.sink().taken_at(instant);
    }
    let state = state(record, config, number, open.sink());
    let kind = kind(record, config, number, open.sink());
    let person = |standard: &str| name(record, config.field(standard), "user_name");
    let (requested_by, assigned_to) = (person("requested_by").or_else(|| person("opened_by")), person("assigned_to"));
    open.fact(Change {
        change_id: &change_id,
        kind: kind.as_deref(),
        state: state.as_deref(),
        title: code(record, config.field("short_description")).as_deref(),
        requested_by: requested_by.as_deref(),
        assigned_to: assigned_to.as_deref(),
        opened_at: times.opened,
        planned_start: times.planned_start,
        planned_end: times.planned_end,
        work_start: times.work_start,
        work_end: times.work_end,
        closed_at: times.closed,
    });
    let approver = config.approver.iter().find_map(|field| name(record, field, "user_name"));
    if let Some(text) = code(record, config.field("approval")) {
        let decision = decision(&text, number, open.sink());
        let decision = if is_unneeded(&decision) { Cow::Borrowed("not_requested") } else { decision };
        let decided_at = times.approved;
        open.fact(Approval { change_id: &change_id, approver: approver.as_deref(), decision: &decision, decided_at });
    }
    let targets = targets(&change_id, record, reading, &mut open);
    let names = [&requested_by, &assigned_to, &approver].into_iter().flatten();
    if names.chain(&targets).any(|name| is_sys_id(name)) {
        open.sink().limit("reference-unnamed", Some(number), UNNAMED);
    }
}

/// Gives what a change may touch; returns the names.
fn targets(change_id: &str, record: &impl Fields, reading: &Reading<'_>, open: &mut Record<'_, '_>) -> Vec<String> {
    let config = &reading.config.servicenow;
    let own = ["cmdb_ci", "business_service", "service_offering"].into_iter().map(|standard| config.field(standard));
    let mut names = Vec::new();
    for field in own.chain(config.targets.iter().map(String::as_str)) {
        // A list of references holds its names, and its sys_ids, in one text.
        for target in name(record, field, "name").iter().flat_map(|names| names.split(',')) {
            let target = reading.config.host(target.trim());
            if !target.is_empty() {
                open.fact(ChangeTarget { change_id, target: &target });
                names.push(target.into_owned());
            }
        }
    }
    names
}

/// The state: as the site says, else by ServiceNow's numbers and default labels; another label is kept, in lower case.
fn state(record: &impl Fields, config: &ServiceNow, number: u64, sink: &mut Sink<'_>) -> Option<String> {
    let found = record.field(config.field("state"))?;
    let texts: Vec<Cow<'_, str>> = [found.value, found.display].into_iter().filter_map(filled).collect();
    let own = |text: &Cow<'_, str>| config.states.get(text.trim().trim_end_matches(".0")).map(|state| state.word());
    let known = texts.iter().find_map(own).or_else(|| texts.iter().find_map(|text| standard_state(text)));
    if let Some(word) = known {
        return Some(word.to_owned());
    }
    let label = texts.last()?.trim().to_lowercase();
    sink.limit(
        "status-unknown",
        Some(number),
        "some states are not ServiceNow's own and are kept as written; say what they stand for ([servicenow] states)",
    );
    Some(label)
}

fn standard_state(state: &str) -> Option<&'static str> {
    Some(match state.trim().trim_end_matches(".0").to_lowercase().as_str() {
        "-5" | "new" => "draft",
        "-4" | "-3" | "assess" | "authorize" => "awaiting_approval",
        "-2" | "scheduled" => "approved",
        "-1" | "implement" => "in_progress",
        "0" | "3" | "review" | "closed" => "done",
        "4" | "canceled" | "cancelled" => "cancelled",
        _ => return None,
    })
}

/// The kind: as the site says, else by ServiceNow's own values; another one is kept, in lower case.
fn kind(record: &impl Fields, config: &ServiceNow, number: u64, sink: &mut Sink<'_>) -> Option<String> {
    let found = record.field(config.field("type"))?;
    let texts: Vec<Cow<'_, str>> = [found.value, found.display].into_iter().filter_map(filled).collect();
    let known = texts.iter().find_map(|text| config.kinds.get(text));
    if let Some(kind) = known.or_else(|| texts.iter().find_map(|text| ChangeKind::of(text))) {
        return Some(kind.word().to_owned());
    }
    let label = texts.last()?.trim().to_lowercase();
    sink.limit(
        "kind-unknown",
        Some(number),
        "some types are not ServiceNow's own and are kept as written; say what they stand for ([servicenow] kinds)",
    );
    Some(label)
}

/// A decision in the words of the table; one that ServiceNow does not have is kept, in lower case.
fn decision(text: &str, number: u64, sink: &mut Sink<'_>) -> Cow<'static, str> {
    let word = text.trim().to_lowercase().replace(' ', "_");
    Cow::Borrowed(match word.as_str() {
        "approved" => "approved",
        "rejected" => "rejected",
        "requested" => "requested",
        "not_requested" | "not_yet_requested" => "not_requested",
        "cancelled" | "canceled" => "cancelled",
        "not_required" | "no_longer_required" => "not_required",
        _ => {
            sink.limit(
                "decision-unknown",
                Some(number),
                "some approvals hold a word that ServiceNow does not have; it is kept as written and counts as no decision",
            );
            return Cow::Owned(word);
        }
    })
}

fn is_unneeded(decision: &str) -> bool {
    decision == "not_required"
}

/// Reads one record of `sysapproval_approver`.
///
/// The time of a decision is `sys_updated_on`, which later edits of the record move: so it can only make an approval look
/// late, never early.
pub(super) fn read_approval(number: u64, record: &impl Fields, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut open = sink.record(number);
    let (change, state) = (name(record, "sysapproval", "number"), record.field("state"));
    let bare = state.as_ref().is_some_and(|state| state.bare);
    let (Some(change), Some(state)) = (change, state.and_then(Field::code)) else {
        return open.reject("a record without sysapproval or state", &record.bytes());
    };
    if is_sys_id(&change) {
        return open.reject(BY_SYS_ID, &record.bytes());
    }
    // Values for machines are lower case (`approved`); display values are labels, and their times are in a zone of their own.
    let labelled = bare && state.chars().next().is_some_and(char::is_uppercase);
    let zone = zone(labelled && record.clock() != Clock::Utc, number, reading, open.sink());
    let updated = match time(record, "sys_updated_on", zone) {
        Ok(instant) => instant,
        Err(reason) => return open.reject(&reason, &record.bytes()),
    };
    let decision = decision(&state, number, open.sink());
    if is_unneeded(&decision) {
        return open.skip("an approval that was no longer needed");
    }
    let approver = name(record, "approver", "user_name");
    if approver.as_deref().is_some_and(is_sys_id) {
        open.sink().limit("reference-unnamed", Some(number), UNNAMED);
    }
    let decided_at = updated.filter(|_| matches!(&*decision, "approved" | "rejected" | "cancelled"));
    open.fact(Approval { change_id: &change, approver: approver.as_deref(), decision: &decision, decided_at });
}

const BY_SYS_ID: &str = "the change is given by sys_id only: export display values, or its dot-walked number";

/// Reads one record of `task_ci`: an item that a change affects beside its own `cmdb_ci`.
pub(super) fn read_affected_item(number: u64, record: &impl Fields, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut open = sink.record(number);
    let (Some(change), Some(item)) = (name(record, "task", "number"), name(record, "ci_item", "name")) else {
        return open.reject("a record without task or ci_item", &record.bytes());
    };
    if is_sys_id(&change) {
        return open.reject(BY_SYS_ID, &record.bytes());
    }
    if is_sys_id(&item) {
        return open.reject("the item is given by sys_id only: export display values, or ci_item.name", &record.bytes());
    }
    open.fact(ChangeTarget { change_id: &change, target: &reading.config.host(&item) });
}
