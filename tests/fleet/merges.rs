//! Merge requests of GitLab that change images, their approvals, which are documents of their own, and the builds of what
//! was merged.

use serde_json::{Value, json};

use super::images::image;
use super::random::iso;
use super::requests::Flaw;
use super::story::{Build, Fleet, HOUR};
use super::write::Folder;

/// What GitLab's records can show.
const FLAWS: [Flaw; 8] = [
    Flaw::Clean,
    Flaw::EmergencyTooLate,
    Flaw::Emergency,
    Flaw::SelfApproved,
    Flaw::Late,
    Flaw::Unapproved,
    Flaw::OneOfTwo,
    Flaw::Dropped,
];

pub(super) struct Merge {
    number: usize,
    flaw: Flaw,
    author: String,
    merged: i64,
    approved: Option<(String, i64)>,
}

impl Merge {
    fn id(&self) -> String {
        format!("quill/infra!{}", self.number)
    }
}

impl Fleet {
    pub(super) fn merge(&mut self) {
        for number in 0..24 {
            let merged = self.start + 2 * HOUR + number as i64 * 5_400 + self.random.seconds(HOUR);
            let (flaw, author) = (FLAWS[number % FLAWS.len()], format!("dev{:02}", self.random.below(6)));
            let reviewer = format!("apr{:02}", self.random.below(10));
            let before = merged - 600 - self.random.seconds(4 * HOUR);
            let approved = match flaw {
                Flaw::Emergency => Some((reviewer, merged + 10 * HOUR)),
                Flaw::EmergencyTooLate => Some((reviewer, merged + 50 * HOUR)),
                Flaw::SelfApproved => Some((author.clone(), before)),
                Flaw::Late => Some((reviewer, merged + 900)),
                Flaw::Unapproved => None,
                _ => Some((reviewer, before)),
            };
            let merge = Merge { number: 400 + number, flaw, author, merged, approved };
            match flaw {
                Flaw::Clean | Flaw::Emergency | Flaw::Dropped => {}
                Flaw::SelfApproved => self.key.add("CHANGE-02", &merge.id(), merged),
                Flaw::EmergencyTooLate => {
                    self.key.add("CHANGE-01", &merge.id(), merged);
                    self.key.add("CHANGE-04", &merge.id(), merged);
                }
                _ => self.key.add("CHANGE-01", &merge.id(), merged),
            }
            if flaw != Flaw::Dropped && number % 3 != 2 {
                let build = Build { image: image(1100 + number), at: merged + 600, change: Some(merge.id()) };
                if matches!(flaw, Flaw::SelfApproved | Flaw::Unapproved | Flaw::OneOfTwo) {
                    self.key.add("IMAGE-03", &build.image, build.at);
                }
                self.builds.push(build);
            }
            self.merges.push(merge);
        }
    }
}

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let exported = fleet.end();
    folder.json("changes/merge_requests.json", &fleet.merges.iter().map(|merge| request(merge, exported)).collect());
    folder.json("changes/merge_approvals.json", &fleet.merges.iter().map(approvals).collect());
}

fn request(merge: &Merge, exported: i64) -> Value {
    let dropped = merge.flaw == Flaw::Dropped;
    let emergency = matches!(merge.flaw, Flaw::Emergency | Flaw::EmergencyTooLate);
    let merged = if dropped { Value::Null } else { json!(iso(merge.merged)) };
    json!({
        "id": 9000 + merge.number, "iid": merge.number, "project_id": 7, "title": "Close port 22", "description": "",
        "state": if dropped { "closed" } else { "merged" }, "created_at": iso(merge.merged - 8 * HOUR), "updated_at": iso(exported),
        "merge_user": { "username": "merge-bot" }, "merged_by": null, "merged_at": merged,
        "closed_at": if dropped { json!(iso(merge.merged)) } else { Value::Null }, "target_branch": "main", "source_branch": "f",
        "author": { "id": 3, "username": merge.author }, "assignees": [], "draft": false, "merge_commit_sha": null,
        "labels": [if emergency { "hotfix" } else { "normal" }, "service:images"],
        "web_url": format!("https://gitlab.corp.example/quill/infra/-/merge_requests/{}", merge.number),
        "references": { "short": format!("!{}", merge.number), "relative": format!("!{}", merge.number), "full": merge.id() },
    })
}

/// GitLab names the project by its number here, and by its path there.
fn approvals(merge: &Merge) -> Value {
    let given: Vec<Value> = merge
        .approved
        .iter()
        .map(|(who, at)| json!({ "user": { "id": 2, "username": who, "name": who }, "approved_at": iso(*at) }))
        .collect();
    let left = usize::from(merge.flaw == Flaw::OneOfTwo || given.is_empty());
    json!({ "id": 9000 + merge.number, "iid": merge.number, "project_id": 7, "title": "Close port 22", "state": "merged",
            "approvals_required": given.len() + left, "approvals_left": left, "approved": left == 0, "approved_by": given })
}
