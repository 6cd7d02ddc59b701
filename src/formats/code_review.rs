//! What pull requests of GitHub and merge requests of GitLab have in common as change records.
//!
//! A request has no planned window: merging begins the work (`work_start`), and nothing in it says when what was merged had
//! reached the hosts. Who asks for the change and who carries it out are both its author, whose work it is. The person who
//! merges is neither: reviewers commonly merge what they have approved, and bots merge for everybody; taking them for the
//! one who carried it out would make every such review look like approving one's own work.

use std::collections::BTreeSet;

use super::json_records::each_object;
use super::lazy::{Json, Members};
use super::{Framing, Reading, Record, Segment, Sink};
use crate::config::{ChangeKind, Repository, Words};
use crate::facts::{ChangeTarget, Micros, parse_rfc3339};

/// A time of a request: nothing where it is missing or null, an error where it cannot be read.
pub(super) fn time(request: &Members<'_>, field: &str) -> Result<Option<Micros>, String> {
    let Some(text) = request.filled(field) else { return Ok(None) };
    // Zero is how gh writes a time that is not there.
    if text.starts_with("0001-01-01") {
        return Ok(None);
    }
    parse_rfc3339(&text).map(Some).ok_or_else(|| format!("{field} `{text}` is not a time in RFC 3339"))
}

/// The person in a field, by the name they log in with.
pub(super) fn person(request: &Members<'_>, field: &str) -> Option<String> {
    let person = request.get(field)?.members()?;
    ["login", "username"].iter().find_map(|name| person.filled(name)).map(std::borrow::Cow::into_owned)
}

/// The labels: texts, or objects with a name.
pub(super) fn labels(request: &Members<'_>) -> BTreeSet<String> {
    let elements = request.get("labels").map(Json::elements).unwrap_or_default();
    let name = |label: &Json<'_>| {
        let text = label.filled().map(std::borrow::Cow::into_owned);
        text.or_else(|| label.members()?.filled("name").map(std::borrow::Cow::into_owned))
    };
    elements.iter().filter_map(name).collect()
}

/// The kind that the labels say. Where they disagree, the kind that needs most answers counts.
pub(super) fn kind(labels: &BTreeSet<String>, kinds: &Words<ChangeKind>) -> Option<ChangeKind> {
    labels.iter().filter_map(|label| kinds.get(label).or_else(|| ChangeKind::of(label))).min()
}

/// Gives the targets that labels name, and the limits of what no request says.
pub(super) fn targets(
    change_id: &str,
    labels: &BTreeSet<String>,
    beginnings: &[String],
    number: u64,
    reading: &Reading<'_>,
    open: &mut Record<'_, '_>,
) {
    let mut any = false;
    for name in labels.iter().filter_map(|label| beginnings.iter().find_map(|beginning| label.strip_prefix(beginning.as_str()))) {
        let target = reading.config.host(name.trim());
        if !target.is_empty() {
            open.fact(ChangeTarget { change_id, target: &target });
            any = true;
        }
    }
    if !any {
        open.sink().limit(
            "targets-unknown",
            Some(number),
            "some requests do not say which hosts, groups or services they change, and explain no work there; labels can \
             ([github] or [gitlab] target_labels)",
        );
    }
    open.sink().limit(
        "window-unknown",
        Some(number),
        "pull and merge requests have no planned window; the time of merging is taken as the start of the work, and its end is \
         not known",
    );
}

/// The number of a change: repository and number, or the number alone with its limit where nothing names the repository.
pub(super) fn change_id(
    repository: Option<&str>,
    fallback: Option<&Repository>,
    mark: char,
    request: i64,
    number: u64,
    sink: &mut Sink<'_>,
) -> String {
    if let Some(repository) = repository.or(fallback.map(|repository| repository.0.as_str())) {
        return format!("{repository}{mark}{request}");
    }
    sink.limit(
        "repository-unknown",
        Some(number),
        "some records do not name their repository, and requests of several can share a number; name it ([github] repository, \
         [gitlab] repository or projects)",
    );
    format!("{mark}{request}")
}

/// Names the limit where a machine approved, as far as its name shows. GitHub's REST API ends the names of apps with `[bot]`
/// and gh begins them with `app/`; GitLab begins those of project and group tokens with `project_` or `group_` and puts
/// `_bot` into them.
pub(super) fn by_machine(approver: Option<&str>, number: u64, sink: &mut Sink<'_>) {
    let token = |name: &str| (name.starts_with("project_") || name.starts_with("group_")) && name.contains("_bot");
    if approver.is_some_and(|name| name.ends_with("[bot]") || name.starts_with("app/") || token(name)) {
        sink.limit(
            "approval-by-machine",
            Some(number),
            "some approvals were given by bots or access tokens; no person is known to have decided",
        );
    }
}

/// What is said of an approval that does not stand alone.
pub(super) fn incomplete(number: u64, sink: &mut Sink<'_>) {
    sink.limit(
        "approval-incomplete",
        Some(number),
        "some requests have approvals though further ones are required; what was approved is given as requested, not as approved",
    );
}

/// Gives every object of a list to `read`, and names the limit of a list as long as one of the `pages`.
pub(super) fn each_of_page<'a>(
    segment: &Segment<'_>,
    pages: &[u64],
    sink: &mut Sink<'a>,
    mut read: impl FnMut(u64, &[u8], &Members<'_>, &mut Sink<'a>),
) {
    let mut last = 0;
    each_object(segment, sink, |number, bytes, request, sink| {
        last = number;
        read(number, bytes, request, sink);
    });
    if segment.ends && matches!(segment.framing, Framing::JsonRecords { .. }) {
        page_limit(last, pages, sink);
    }
}

/// Names the limit of a list as long as a page.
fn page_limit(records: u64, pages: &[u64], sink: &mut Sink<'_>) {
    if pages.contains(&records) {
        sink.limit(
            "export-limit",
            Some(records),
            format!("exactly {records} records: the length of a page; more may be missing"),
        );
    }
}
