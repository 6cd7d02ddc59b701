//! Pull requests of GitHub: the REST API (`/repos/{owner}/{repo}/pulls`, list or single), or `gh pr list --json …` and
//! `gh pr view --json …` (camelCase, with reviews).
//!
//! Source: the REST reference "Pulls", and `api/query_builder.go`, `api/export_pr.go` and `api/queries_pr_review.go` of
//! github.com/cli/cli. Lists of the REST API have no `merged` and no `merged_by`: `merged_at` tells. Reviews of the REST API
//! are another document (`github-reviews`). gh gives at most 100 reviews a request; only newer versions give the commit that
//! a review saw.
//!
//! An approval of an older commit than the head did not see what was merged. It is given as `cancelled`, which is what
//! GitHub itself makes of it where stale approvals are dismissed, unless `[github] count_reviews_of_older_commits` says that
//! the team counts it. Where GitHub says that its review rule is not satisfied (`REVIEW_REQUIRED`), an approval is given as
//! `requested`: some further one is missing.

use super::code_review::{by_machine, change_id, each_of_page, incomplete, kind, labels, person, targets, time};
use super::json_records::{each_object, json_framing};
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Record, Segment, Sink};
use crate::facts::{APPROVALS, Approval, CHANGE_TARGETS, CHANGES, Change, Table};

/// GitHub pull requests.
pub(super) struct GitHubPullRequests;

/// Reviews that gh gives of one request.
const MOST_REVIEWS: usize = 100;

impl Format for GitHubPullRequests {
    fn name(&self) -> &'static str {
        "github-pull-requests"
    }

    fn about(&self) -> &'static str {
        "pull requests of GitHub: REST API (list or single) or gh pr list/view --json, with reviews where gh gives them"
    }

    fn recognised_by(&self) -> &'static str {
        "pull requests with number, state and the fields of GitHub's REST API or of gh --json"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&CHANGES, &APPROVALS, &CHANGE_TARGETS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let framing = json_framing(head)?;
        let text = head.text();
        let has = |key: &str| text.contains(key);
        let rest = has("\"diff_url\"") && has("\"issue_url\"") && !has("\"repository_url\"");
        let gh = ["\"mergedAt\"", "\"isDraft\"", "\"reviewDecision\"", "\"headRefName\"", "\"baseRefName\""];
        (has("\"number\"") && has("\"state\"") && (rest || gh.iter().any(|key| has(key))))
            .then_some(Recognition { because: self.recognised_by(), framing })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_of_page(segment, &[30, 100], sink, |number, bytes, request, sink| {
            read_request(number, bytes, request, reading, sink);
        });
    }
}

/// `owner/name` and number out of an address of a pull request, of the site or of the API.
pub(super) fn from_address(address: &str) -> Option<(String, i64)> {
    let (_, path) = address.split_once("://")?;
    let (before, number) = path.rsplit_once('/')?;
    let before = before.strip_suffix("/pulls").or_else(|| before.strip_suffix("/pull"))?;
    let (owner, name) = before.rsplit_once('/').and_then(|(before, name)| Some((before.rsplit_once('/')?.1, name)))?;
    (!owner.is_empty() && !name.is_empty()).then_some((format!("{owner}/{name}"), number.parse().ok()?))
}

fn repository(request: &Members<'_>) -> Option<String> {
    let base = request.get("base").and_then(|base| base.members());
    let repository =
        base.as_ref().and_then(|base| base.get("repo")?.members()?.filled("full_name").map(|name| name.into_owned()));
    repository.or_else(|| ["html_url", "url"].iter().find_map(|field| Some(from_address(&request.filled(field)?)?.0)))
}

/// The state in the table's words. A closed request that was not merged was dropped.
fn state(request: &Members<'_>, merged: bool) -> Option<&'static str> {
    let draft = ["draft", "isDraft"].iter().any(|field| request.get(field).and_then(|flag| flag.flag()) == Some(true));
    match request.text("state")?.to_lowercase().as_str() {
        "merged" => Some("done"),
        "closed" => Some(if merged { "done" } else { "cancelled" }),
        "open" if draft => Some("draft"),
        "open" if request.text("reviewDecision").as_deref() == Some("APPROVED") => Some("approved"),
        "open" => Some("awaiting_approval"),
        _ => None,
    }
}

fn read_request(number: u64, bytes: &[u8], request: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut open = sink.record(number);
    let Some(pull) = request.get("number").and_then(|number| number.int()) else {
        return open.reject("a pull request without number", bytes);
    };
    // REST and gh name the same times differently.
    let either = |rest: &str, gh: &str| Ok::<_, String>(time(request, rest)?.or(time(request, gh)?));
    let times = || {
        let closed = either("closed_at", "closedAt")?;
        Ok::<_, String>((
            either("created_at", "createdAt")?,
            either("merged_at", "mergedAt")?,
            closed,
            either("updated_at", "updatedAt")?,
        ))
    };
    let (opened_at, merged_at, closed_at, updated) = match times() {
        Ok(times) => times,
        Err(reason) => return open.reject(&reason, bytes),
    };
    if let Some(instant) = updated {
        open.sink().taken_at(instant);
    }
    let config = &reading.config.github;
    let change_id = change_id(repository(request).as_deref(), config.repository.as_ref(), '#', pull, number, open.sink());
    let author = person(request, "user").or_else(|| person(request, "author"));
    let labels = labels(request);
    open.fact(Change {
        change_id: &change_id,
        kind: kind(&labels, &config.kinds).map(|kind| kind.word()),
        state: state(request, merged_at.is_some()),
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
    if let Some(reason) = reviews(&change_id, request, number, reading, &mut open) {
        open.sink().limit("review-unread", Some(number), reason);
    }
    targets(&change_id, &labels, &config.target_labels, number, reading, &mut open);
}

/// Gives the decisions of the reviews that gh put into the request; returns what could not be read of them.
fn reviews(
    change_id: &str,
    request: &Members<'_>,
    number: u64,
    reading: &Reading<'_>,
    open: &mut Record<'_, '_>,
) -> Option<String> {
    let list = request.get("reviews").or_else(|| request.get("latestReviews"))?.elements();
    if list.len() == MOST_REVIEWS {
        open.sink().limit(
            "partial-list",
            Some(number),
            "some requests have 100 reviews, which is all that gh gives; more may be missing",
        );
    }
    let head = request.filled("headRefOid");
    let unsatisfied = request.text("reviewDecision").as_deref() == Some("REVIEW_REQUIRED");
    let mut unread = None;
    for review in &list {
        let Some(review) = review.members() else { continue };
        let commit = review.get("commit").and_then(|commit| commit.members()?.filled("oid").map(|oid| oid.into_owned()));
        let overtaken = match (&head, &commit) {
            (Some(head), Some(commit)) => Some(**head != **commit),
            _ => None,
        };
        let Some(decision) = decision(review.text("state").as_deref(), overtaken, number, reading, open.sink()) else { continue };
        let decided_at = time(&review, "submittedAt").unwrap_or_else(|reason| {
            unread = Some(format!("some reviews have a time that cannot be read, and are given without one ({reason})"));
            None
        });
        let approver = person(&review, "author");
        if decision == "approved" {
            by_machine(approver.as_deref(), number, open.sink());
        }
        if decision == "approved" && unsatisfied {
            incomplete(number, open.sink());
            open.fact(Approval { change_id, approver: approver.as_deref(), decision: "requested", decided_at: None });
        } else {
            open.fact(Approval { change_id, approver: approver.as_deref(), decision, decided_at });
        }
    }
    unread
}

/// The decision of a review; nothing where it decides nothing. `overtaken` says whether commits came after it, if known.
pub(super) fn decision(
    state: Option<&str>,
    overtaken: Option<bool>,
    number: u64,
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
) -> Option<&'static str> {
    match state? {
        "APPROVED" => {}
        "CHANGES_REQUESTED" => return Some("rejected"),
        "DISMISSED" => return Some("cancelled"),
        _ => return None,
    }
    match overtaken {
        Some(false) => Some("approved"),
        None => {
            sink.limit(
                "head-unknown",
                Some(number),
                "some approvals cannot be compared with the last commit of their request, which the file does not name; commits \
                 pushed after them would not show (gh: ask for headRefOid)",
            );
            Some("approved")
        }
        Some(true) => {
            let counts = reading.config.github.count_reviews_of_older_commits;
            let text = if counts {
                "some approvals are of an older commit than the last one, and count because steadfast.toml says so ([github] \
                 count_reviews_of_older_commits)"
            } else {
                "some approvals are of an older commit than the last one; they did not see what was merged, and are given as \
                 cancelled"
            };
            sink.limit("review-of-older-commit", Some(number), text);
            Some(if counts { "approved" } else { "cancelled" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_site_and_of_the_api_name_the_repository() {
        for address in [
            "https://github.com/acme/images/pull/7",
            "https://api.github.com/repos/acme/images/pulls/7",
            "https://git.corp.example/api/v3/repos/acme/images/pulls/7",
        ] {
            assert_eq!(from_address(address), Some(("acme/images".to_owned(), 7)), "{address}");
        }
        for address in ["acme/images#7", "https://github.com/pull/7", "https://github.com/acme/images/issues/7", ""] {
            assert_eq!(from_address(address), None, "{address}");
        }
    }

    #[test]
    fn a_closed_request_is_done_only_if_it_was_merged() {
        let state = |text: &str, merged| {
            let text = text.to_owned();
            Members::of(&text).ok().and_then(|request| state(&request, merged))
        };
        assert_eq!(state(r#"{"state": "closed"}"#, true), Some("done"));
        assert_eq!(state(r#"{"state": "closed", "merge_commit_sha": "a test merge"}"#, false), Some("cancelled"));
        assert_eq!(state(r#"{"state": "OPEN", "isDraft": true}"#, false), Some("draft"));
        assert_eq!(state(r#"{"state": "OPEN", "reviewDecision": ""}"#, false), Some("awaiting_approval"));
    }
}
