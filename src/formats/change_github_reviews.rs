//! Reviews of GitHub pull requests, from the REST API (`/repos/{owner}/{repo}/pulls/{number}/reviews`).
//!
//! Source: the REST reference "Pull request reviews": each review names its pull request (`pull_request_url`), the commit
//! that it saw (`commit_id`) and its state; the latest one that is not a comment is the decision of its author, and
//! dismissing one changes its state in place. The list does not name the head of the request. A later review that saw
//! another commit shows that commits came after an approval; that there were none cannot be shown.

use std::collections::BTreeMap;

use super::change_github::{decision, from_address};
use super::code_review::{by_machine, each_of_page, person, time};
use super::json_records::{each_object, json_framing};
use super::lazy::{Members, record_text};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{APPROVALS, Approval, Micros, Table};

/// GitHub reviews.
pub(super) struct GitHubReviews;

/// How the list is cut once it is in memory.
const LIST: Framing = Framing::JsonRecords { depth: 1 };

impl Format for GitHubReviews {
    fn name(&self) -> &'static str {
        "github-reviews"
    }

    fn about(&self) -> &'static str {
        "reviews of GitHub pull requests, REST API"
    }

    fn recognised_by(&self) -> &'static str {
        "a list with pull_request_url, commit_id and state"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&APPROVALS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let has = |key: &str| text.contains(key);
        // Comments on lines also name the request, and the review that they belong to.
        let reviews =
            has("\"pull_request_url\"") && has("\"commit_id\"") && has("\"state\"") && !has("\"pull_request_review_id\"");
        (json_framing(head)? == LIST && reviews).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let list = whole(document.as_bytes());
        let records = list.json_records();
        let found = records.iter().find(|record| record.number == number)?;
        std::str::from_utf8(found.bytes).ok().map(str::to_owned)
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let list = whole(segment.bytes);
        let seen = last_seen(&list);
        each_of_page(&list, &[30, 100], sink, |number, bytes, review, sink| {
            read_review(number, bytes, review, &seen, reading, sink);
        });
    }
}

fn whole(bytes: &[u8]) -> Segment<'_> {
    Segment { bytes, first: 1, begins: true, ends: true, framing: LIST }
}

/// The commit that the last review of each request saw, and when.
fn last_seen(list: &Segment<'_>) -> BTreeMap<String, (Micros, String)> {
    let mut seen: BTreeMap<String, (Micros, String)> = BTreeMap::new();
    for record in list.json_records() {
        let (text, _) = record_text(record.bytes);
        let Ok(review) = Members::of(&text) else { continue };
        let (Some(request), Some(commit)) = (review.filled("pull_request_url"), review.filled("commit_id")) else { continue };
        let Ok(Some(instant)) = time(&review, "submitted_at") else { continue };
        if seen.get(&*request).is_none_or(|(known, _)| *known < instant) {
            seen.insert(request.into_owned(), (instant, commit.into_owned()));
        }
    }
    seen
}

fn read_review(
    number: u64,
    bytes: &[u8],
    review: &Members<'_>,
    seen: &BTreeMap<String, (Micros, String)>,
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
) {
    let mut open = sink.record(number);
    let address = review.filled("pull_request_url");
    let Some((repository, pull)) = address.as_deref().and_then(from_address) else {
        return open.reject("a review that names no pull request", bytes);
    };
    let decided_at = match time(review, "submitted_at") {
        Ok(instant) => instant,
        Err(reason) => return open.reject(&reason, bytes),
    };
    let commit = review.filled("commit_id");
    let later = address.as_deref().and_then(|address| seen.get(address));
    let overtaken = matches!((later, &commit, decided_at), (Some((instant, other)), Some(commit), Some(at))
        if *instant > at && *other != **commit);
    let decision = decision(review.text("state").as_deref(), overtaken.then_some(true), number, reading, open.sink());
    let Some(decision) = decision else { return open.skip("a comment, or a review that was not sent: it decides nothing") };
    let approver = person(review, "user");
    if decision == "approved" {
        by_machine(approver.as_deref(), number, open.sink());
    }
    let change_id = format!("{repository}#{pull}");
    open.fact(Approval { change_id: &change_id, approver: approver.as_deref(), decision, decided_at });
}
