//! Merge requests of GitLab (`/projects/:id/merge_requests`, list or single).
//!
//! Source: GitLab's "Merge requests API" reference: `iid` is the number within the project, `references.full` is
//! `group/project!iid`, `merge_user` replaces `merged_by`, `merge_commit_sha` is null after a fast-forward. Approvals are
//! another document (`gitlab-approvals`).

use super::code_review::{change_id, each_of_page, kind, labels, person, targets, time};
use super::json_records::json_framing;
use super::lazy::Members;
use super::{Format, Head, Reading, Recognition, Segment, Sink};
use crate::config::ProjectNumber;
use crate::facts::{CHANGE_TARGETS, CHANGES, Change, Table};

/// GitLab merge requests.
pub(super) struct GitLabMergeRequests;

impl Format for GitLabMergeRequests {
    fn name(&self) -> &'static str {
        "gitlab-merge-requests"
    }

    fn about(&self) -> &'static str {
        "merge requests of GitLab, REST API (list or single); their approvals are gitlab-approvals"
    }

    fn recognised_by(&self) -> &'static str {
        "merge requests with iid, state, source_branch and target_branch"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CHANGES, &CHANGE_TARGETS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let framing = json_framing(head)?;
        let text = head.text();
        ["\"iid\"", "\"source_branch\"", "\"target_branch\"", "\"state\""]
            .iter()
            .all(|key| text.contains(key))
            .then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_of_page(segment, &[20, 100], sink, |number, bytes, request, sink| {
            read_request(number, bytes, request, reading, sink);
        });
    }
}

/// The project's path as the configuration names it by number. It goes before the path in the record, because approvals
/// know the number only, and both must come to the same name.
pub(super) fn configured<'c>(request: &Members<'_>, reading: &Reading<'c>) -> Option<&'c str> {
    let number = ProjectNumber(request.get("project_id")?.int()?);
    reading.config.gitlab.projects.get(&number).map(|path| path.0.as_str())
}

/// The project's path out of `references.full`, else out of the address.
fn project(request: &Members<'_>) -> Option<String> {
    let references = request.get("references").and_then(|references| references.members());
    let full = references.as_ref().and_then(|references| references.filled("full").map(|full| full.into_owned()));
    let path = full.and_then(|full| full.rsplit_once('!').map(|(path, _)| path.to_owned())).filter(|path| !path.is_empty());
    path.or_else(|| {
        let address = request.filled("web_url")?;
        let (before, _) = address.split_once("/-/merge_requests/").or_else(|| address.split_once("/merge_requests/"))?;
        let (_, path) = before.split_once("://")?.1.split_once('/')?;
        Some(path.to_owned())
    })
}

/// The state in the table's words. A closed request that was not merged was dropped.
fn state(request: &Members<'_>) -> Option<&'static str> {
    let draft = ["draft", "work_in_progress"].iter().any(|field| request.get(field).and_then(|flag| flag.flag()) == Some(true));
    match &*request.text("state")? {
        "merged" => Some("done"),
        "closed" => Some("cancelled"),
        "opened" if draft => Some("draft"),
        "opened" => Some("awaiting_approval"),
        "locked" => Some("in_progress"),
        _ => None,
    }
}

fn read_request(number: u64, bytes: &[u8], request: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut open = sink.record(number);
    let Some(iid) = request.get("iid").and_then(|iid| iid.int()) else {
        return open.reject("a merge request without iid", bytes);
    };
    let times = || {
        let (opened, merged) = (time(request, "created_at")?, time(request, "merged_at")?);
        Ok::<_, String>((opened, merged, time(request, "closed_at")?, time(request, "updated_at")?))
    };
    let (opened_at, merged_at, closed_at, updated) = match times() {
        Ok(times) => times,
        Err(reason) => return open.reject(&reason, bytes),
    };
    if let Some(instant) = updated {
        open.sink().taken_at(instant);
    }
    let config = &reading.config.gitlab;
    let path = configured(request, reading).map(str::to_owned).or_else(|| project(request));
    let change_id = change_id(path.as_deref(), config.repository.as_ref(), '!', iid, number, open.sink());
    let author = person(request, "author");
    let labels = labels(request);
    open.fact(Change {
        change_id: &change_id,
        kind: kind(&labels, &config.kinds).map(|kind| kind.word()),
        state: state(request),
        title: request.filled("title").as_deref(),
        requested_by: author.as_deref(),
        assigned_to: author.as_deref(),
        opened_at,
        planned_start: None,
        planned_end: None,
        work_start: merged_at,
        work_end: None,
        closed_at: closed_at.or(merged_at),
    });
    targets(&change_id, &labels, &config.target_labels, number, reading, &mut open);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_named_by_reference_or_address() {
        let project = |text: &str| {
            let text = text.to_owned();
            Members::of(&text).ok().and_then(|request| project(&request))
        };
        assert_eq!(project(r#"{"references": {"full": "infra/es/images!44"}}"#).as_deref(), Some("infra/es/images"));
        assert_eq!(
            project(r#"{"web_url": "https://gitlab.example.net/infra/es/images/-/merge_requests/44"}"#).as_deref(),
            Some("infra/es/images")
        );
        assert_eq!(project(r#"{"references": {"full": "!44"}}"#), None);
    }
}
