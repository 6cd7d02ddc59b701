//! Pull requests that change images, and the builds of what was merged: as `gh --json` and as the REST API give them.

use serde_json::{Value, json};

use super::images::image;
use super::random::iso;
use super::story::{Build, DAY, Fleet, HOUR};
use super::write::Folder;

/// What is wrong with a pull request, if anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flaw {
    /// Approved before it was merged.
    Clean,
    /// Refused first, and approved by the same person in the end.
    Persuaded,
    Emergency,
    /// Closed without being merged.
    Dropped,
    SelfApproved,
    /// Approved after it was merged.
    Late,
    Unapproved,
    /// Approved, and pushed to after that.
    Stale,
    /// Another approval was asked for.
    OneOfTwo,
    /// Somebody still refuses.
    Refused,
    /// The approval was withdrawn.
    Dismissed,
    EmergencyTooLate,
}

const FLAWS: [Flaw; 12] = [
    Flaw::Clean,
    Flaw::EmergencyTooLate,
    Flaw::Emergency,
    Flaw::SelfApproved,
    Flaw::Late,
    Flaw::Persuaded,
    Flaw::Unapproved,
    Flaw::Stale,
    Flaw::OneOfTwo,
    Flaw::Refused,
    Flaw::Dismissed,
    Flaw::Dropped,
];

pub(super) struct Request {
    number: usize,
    flaw: Flaw,
    author: String,
    merged: i64,
    /// Who said what when, of the latest commit or of the one before.
    reviews: Vec<(String, &'static str, i64, bool)>,
}

const HEAD: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const BEFORE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

impl Request {
    fn id(&self) -> String {
        format!("quill/images#{}", self.number)
    }

    fn emergency(&self) -> bool {
        matches!(self.flaw, Flaw::Emergency | Flaw::EmergencyTooLate)
    }

    /// Whether the REST API tells as much of it as gh does.
    fn rest(&self) -> bool {
        self.number.is_multiple_of(2) && !matches!(self.flaw, Flaw::Stale | Flaw::OneOfTwo)
    }

    fn labels(&self) -> Value {
        json!([{ "name": if self.emergency() { "hotfix" } else { "normal" } }, { "name": "service:images" }])
    }
}

impl Fleet {
    pub(super) fn review(&mut self) {
        for number in 0..36 {
            // The first dozen within a day, so that what comes too late comes within the period.
            let merged = self.start + 2 * HOUR + number as i64 * 5_400 + self.random.seconds(HOUR);
            let (flaw, author) = (FLAWS[number % FLAWS.len()], format!("dev{:02}", self.random.below(6)));
            let reviewer = format!("apr{:02}", self.random.below(10));
            let before = merged - 600 - self.random.seconds(4 * HOUR);
            let other = "apr99".to_owned();
            let reviews = match flaw {
                Flaw::Clean | Flaw::Dropped | Flaw::OneOfTwo => vec![(reviewer, "APPROVED", before, true)],
                Flaw::Persuaded => {
                    vec![(reviewer.clone(), "CHANGES_REQUESTED", before - HOUR, false), (reviewer, "APPROVED", before, true)]
                }
                Flaw::Emergency => vec![(reviewer, "APPROVED", merged + 10 * HOUR, true)],
                Flaw::EmergencyTooLate => vec![(reviewer, "APPROVED", merged + 50 * HOUR, true)],
                Flaw::SelfApproved => vec![(author.clone(), "APPROVED", before, true)],
                Flaw::Late => vec![(reviewer, "APPROVED", merged + 900, true)],
                Flaw::Unapproved => vec![(reviewer, "COMMENTED", before, true)],
                Flaw::Stale => vec![(reviewer, "APPROVED", before, false)],
                Flaw::Refused => vec![(reviewer, "APPROVED", before, true), (other, "CHANGES_REQUESTED", before + 60, true)],
                Flaw::Dismissed => vec![(reviewer, "DISMISSED", before, true)],
            };
            let request = Request { number: 100 + number, flaw, author, merged, reviews };
            self.key_of_request(&request);
            self.build_of_request(number, &request);
            self.requests.push(request);
        }
        // A build that names a request which nobody exported.
        let build = Build { image: image(950), at: self.start + 2 * DAY, change: Some("quill/images#9999".to_owned()) };
        self.key.add("IMAGE-03", &build.image, build.at);
        self.key.add("CHANGE-06", "quill/images#9999", build.at);
        self.builds.push(build);
    }

    fn key_of_request(&mut self, request: &Request) {
        match request.flaw {
            Flaw::Clean | Flaw::Persuaded | Flaw::Emergency | Flaw::Dropped => {}
            Flaw::SelfApproved => self.key.add("CHANGE-02", &request.id(), request.merged),
            Flaw::EmergencyTooLate => {
                self.key.add("CHANGE-01", &request.id(), request.merged);
                self.key.add("CHANGE-04", &request.id(), request.merged);
            }
            _ => self.key.add("CHANGE-01", &request.id(), request.merged),
        }
    }

    /// Most of what was merged is built; an approval that comes before any host runs the image is in time for it.
    fn build_of_request(&mut self, number: usize, request: &Request) {
        if request.flaw == Flaw::Dropped || number % 3 == 2 {
            return;
        }
        let build = Build { image: image(1000 + number), at: request.merged + 600, change: Some(request.id()) };
        if !matches!(request.flaw, Flaw::Clean | Flaw::Persuaded | Flaw::Emergency | Flaw::EmergencyTooLate | Flaw::Late) {
            self.key.add("IMAGE-03", &build.image, build.at);
        }
        self.builds.push(build);
    }
}

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let exported = fleet.end();
    let of = |rest: bool| fleet.requests.iter().filter(move |request| request.rest() == rest);
    folder.json("changes/gh.json", &of(false).map(|request| gh(request, exported)).collect());
    folder.json("changes/pulls.json", &of(true).map(|request| pull(request, exported)).collect());
    for request in of(true).filter(|request| !request.reviews.is_empty()) {
        let reviews: Value = request.reviews.iter().map(|review| rest_review(request.number, review)).collect();
        folder.json(&format!("changes/reviews-{}.json", request.number), &reviews);
    }
}

fn gh(request: &Request, exported: i64) -> Value {
    let dropped = request.flaw == Flaw::Dropped;
    let reviews = request.reviews.iter().map(|(who, state, at, latest)| {
        json!({ "id": "R", "author": { "login": who }, "authorAssociation": "MEMBER", "body": "", "submittedAt": iso(*at),
                "state": state, "commit": { "oid": if *latest { HEAD } else { BEFORE } } })
    });
    json!({
        "number": request.number, "title": "Bump the base", "state": if dropped { "CLOSED" } else { "MERGED" }, "isDraft": false,
        "author": { "login": request.author, "is_bot": false }, "baseRefName": "main", "headRefName": "f", "headRefOid": HEAD,
        "createdAt": iso(request.merged - 8 * HOUR), "updatedAt": iso(exported), "closedAt": iso(request.merged),
        "mergedAt": if dropped { Value::Null } else { json!(iso(request.merged)) }, "mergedBy": { "login": "merge-bot" },
        "reviewDecision": if request.flaw == Flaw::OneOfTwo { "REVIEW_REQUIRED" } else { "APPROVED" },
        "reviews": reviews.collect::<Vec<_>>(), "labels": request.labels(),
        "url": format!("https://github.com/quill/images/pull/{}", request.number),
    })
}

fn pull(request: &Request, exported: i64) -> Value {
    let (dropped, api) = (request.flaw == Flaw::Dropped, "https://api.github.com/repos/quill/images");
    json!({
        "url": format!("{api}/pulls/{}", request.number), "issue_url": format!("{api}/issues/{}", request.number),
        "html_url": format!("https://github.com/quill/images/pull/{}", request.number),
        "diff_url": format!("https://github.com/quill/images/pull/{}.diff", request.number),
        "number": request.number, "state": "closed", "locked": false, "title": "Bump the base", "draft": false,
        "user": { "login": request.author, "type": "User" }, "labels": request.labels(),
        "created_at": iso(request.merged - 8 * HOUR), "updated_at": iso(exported), "closed_at": iso(request.merged),
        "merged_at": if dropped { Value::Null } else { json!(iso(request.merged)) },
        "base": { "ref": "main", "repo": { "full_name": "quill/images" } }, "head": { "sha": HEAD },
    })
}

fn rest_review(number: usize, (who, state, at, latest): &(String, &'static str, i64, bool)) -> Value {
    json!({
        "id": 1, "user": { "login": who }, "body": "", "state": state, "author_association": "MEMBER", "submitted_at": iso(*at),
        "html_url": format!("https://github.com/quill/images/pull/{number}#r"),
        "pull_request_url": format!("https://api.github.com/repos/quill/images/pulls/{number}"),
        "commit_id": if *latest { HEAD } else { BEFORE },
    })
}
