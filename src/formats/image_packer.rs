//! Packer's manifest post-processor: builds, each with its artefact and custom data.
//!
//! Source: hashicorp/packer `post-processor/manifest`. The file accumulates runs; every build in it is a fact, also those of
//! earlier runs, because hosts may still run what they made. Files of 2017 have no `custom_data`.
//! `custom_data` holds what the team put there; its SSH flag is a claim, recorded as a login path with that origin.

use super::json_records::{document, element};
use super::lazy::Members;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, Image, LOGIN_PATHS, LoginPath, Micros, Table};

/// Packer's manifest.
pub(super) struct PackerManifest;

/// Custom data that says whether SSH is on, and whether a true value means "on".
const SSH_FLAGS: [(&str, bool); 4] =
    [("ssh_enabled", true), ("ssh-enabled", true), ("ssh_disabled", false), ("ssh-disabled", false)];

impl Format for PackerManifest {
    fn name(&self) -> &'static str {
        "packer-manifest"
    }

    fn about(&self) -> &'static str {
        "Packer manifest post-processor: image builds"
    }

    fn recognised_by(&self) -> &'static str {
        "an object with builds that carry packer_run_uuid"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES, &LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        (head.first_byte() == Some(b'{') && text.contains("\"builds\"") && text.contains("\"packer_run_uuid\""))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        element(document, "builds", number)
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = document(segment, sink) else { return };
        let builds = document.get("builds").map(|builds| builds.elements()).unwrap_or_default();
        if builds.is_empty() {
            sink.record(1).reject("no builds: torn, or an empty manifest", segment.bytes);
        }
        for (number, build) in (1..).zip(&builds) {
            let Some(build) = build.members() else {
                sink.record(number).reject("a build that is not an object", build.raw().as_bytes());
                continue;
            };
            read_build(number, &build, reading, sink);
        }
    }
}

fn read_build(number: u64, build: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    let Some(artifact) = build.filled("artifact_id") else {
        return record.reject("a build without artifact_id names no image", b"");
    };
    let built_at = build
        .get("build_time")
        .filter(|time| time.raw() != "null")
        .map(|time| time.int().and_then(|seconds| Micros::from_parts(seconds, 0)));
    if built_at == Some(None) {
        return record.reject("build_time is not a time in seconds since 1970", artifact.as_bytes());
    }
    let built_at = built_at.flatten();
    if let Some(instant) = built_at {
        record.sink().taken_at(instant);
    }
    let custom = build.get("custom_data").and_then(|custom| custom.members());
    let custom_text = |names: &[&str]| {
        let custom = custom.as_ref()?;
        names.iter().find_map(|name| custom.filled(name)).map(std::borrow::Cow::into_owned)
    };
    let commit = custom_text(&["git_commit", "source_commit", "commit"]);
    let uri = custom_text(&["source_uri", "git_url", "repository"]);
    let change = custom_text(&["change_id", "change", "change_request"]);
    let base = custom_text(&["base_image", "source_ami"]);
    let run = build.filled("packer_run_uuid");
    let kind = build.filled("builder_type");
    if artifact.trim() == "VM" {
        let text = "some builders call all their artefacts alike (VM): such a build names no image that a host could be known by";
        record.sink().limit("image-by-name", Some(number), text);
    }
    for image in artifacts(&artifact).into_iter().map(image_id).filter(|image| !image.is_empty()) {
        record.fact(Image {
            image,
            name: build.filled("name").as_deref(),
            kind: kind.as_deref(),
            built_at,
            builder: run.as_deref(),
            source_uri: uri.as_deref(),
            source_commit: commit.as_deref(),
            change_id: change.as_deref().and_then(|change| reading.config.change_id(change).or(Some(change))),
            base_image: base.as_deref(),
        });
        for (flag, on) in SSH_FLAGS {
            let Some(value) = custom_text(&[flag]) else { continue };
            // Packer turns every value into a string, in the spelling of whoever set it.
            let state = match (value.trim().to_ascii_lowercase().as_str(), on) {
                ("true" | "yes" | "on" | "1", true) | ("false" | "no" | "off" | "0", false) => "enabled",
                ("false" | "no" | "off" | "0", true) | ("true" | "yes" | "on" | "1", false) => "disabled",
                _ => "unknown",
            };
            let detail = format!("claimed by the build: custom_data {flag} = {value}");
            record.fact(LoginPath {
                subject_kind: "image",
                subject: image,
                login_path: "sshd",
                state,
                detail: Some(&detail),
                observed_at: built_at,
            });
        }
    }
}

/// The artefacts of one build: builders for several regions write `region:id,region:id`. A comma in anything else, such as
/// the path of a file, is part of its name.
fn artifacts(id: &str) -> Vec<&str> {
    let parts: Vec<&str> = id.split(',').collect();
    let is_regional = |part: &&str| part.trim().is_empty() || part.split_once(':').is_some_and(|(_, id)| !id.contains('/'));
    if parts.iter().all(is_regional) { parts } else { vec![id] }
}

/// `eu-west-1:ami-0a…` without its region; every other artefact id as it is.
fn image_id(artifact: &str) -> &str {
    let artifact = artifact.trim();
    match artifact.split_once(':') {
        Some((_, id)) if id.starts_with("ami-") => id,
        _ => artifact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regions_are_listed_with_commas() {
        assert_eq!(artifacts("us-east-1:ami-1,eu-west-1:ami-2"), ["us-east-1:ami-1", "eu-west-1:ami-2"]);
        assert_eq!(artifacts("us-east-1:ami-1,"), ["us-east-1:ami-1", ""]);
        assert_eq!(artifacts("out/web, final.qcow2"), ["out/web, final.qcow2"]);
        assert_eq!(artifacts("900"), ["900"]);
    }
}
