//! `docker buildx build --metadata-file`, and `docker buildx bake --metadata-file`, which nests the same by target. Keys
//! are dotted literals.
//!
//! Source: buildkit `exporter/containerimage/exptypes` (the keys) and buildx `build/provenance.go`: the provenance is a bare
//! predicate, not signed, and by default without its times; one key a platform where there are several.

use super::image_facts::{Labels, TIME_UNKNOWN, built_at, digest};
use super::json_keys::{keys, repeated, top_keys, whole_object};
use super::lazy::{Json, Members};
use super::slsa_predicate::Build;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, Image, PROVENANCE, Provenance, Table};

/// Metadata of buildx.
pub(super) struct BuildxMetadata;

/// Provenance predicate of one platform, or of the only one.
const PREDICATE: &str = "buildx.build.provenance";

impl Format for BuildxMetadata {
    fn name(&self) -> &'static str {
        "buildx-metadata"
    }

    fn about(&self) -> &'static str {
        "docker buildx build or bake --metadata-file: built images and their unsigned provenance"
    }

    fn recognised_by(&self) -> &'static str {
        "keys containerimage.… and buildx.build.…, on top or in each target"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES, &PROVENANCE] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        if !text.contains("\"containerimage.") && !text.contains("\"buildx.build.") {
            return None;
        }
        let nested = || is_target(keys(text, 2));
        (is_target(top_keys(head)) || nested()).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let document = Members::of(document).ok()?;
        if is_target(document.iter().map(|(key, _)| key)) {
            return Some(without_predicates(&document));
        }
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        Some(without_predicates(&document.iter().nth(index)?.1.members()?))
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = whole_object(segment, sink) else { return };
        if is_target(document.iter().map(|(key, _)| key)) {
            return read_target(1, &document, sink);
        }
        for (number, (_, value)) in (1..).zip(document.iter()) {
            match value.members() {
                Some(target) if is_target(target.iter().map(|(key, _)| key)) => read_target(number, &target, sink),
                _ => sink.record(number).skip("no target of a bake"),
            }
        }
    }
}

/// Whether the keys are those of one build. Bake puts `buildx.build.warnings` beside its targets.
fn is_target<'k>(keys: impl IntoIterator<Item = &'k str>) -> bool {
    keys.into_iter().any(|key| {
        key.starts_with("containerimage.") || key == "image.name" || key == "buildx.build.ref" || key.starts_with(PREDICATE)
    })
}

/// The members of a target for a quote. A predicate holds the arguments of the build, and those may be secrets.
fn without_predicates(target: &Members<'_>) -> String {
    let shown = target.iter().filter(|(key, _)| !key.starts_with(PREDICATE));
    shown.map(|(key, value)| format!("\"{key}\": {}", value.raw())).collect::<Vec<_>>().join("\n")
}

fn read_target(number: u64, target: &Members<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    if let Some(reason) = repeated(target) {
        return record.reject(&reason, b"");
    }
    let named = |key: &str| target.filled(key).map(|text| digest(&text).ok_or_else(|| text.into_owned()));
    let descriptor = target.get("containerimage.descriptor").and_then(Json::members);
    let described = descriptor.as_ref().and_then(|descriptor| descriptor.filled("digest")).and_then(|text| digest(&text));
    let (image, config) = (named("containerimage.digest"), named("containerimage.config.digest"));
    if let Some(wrong) = [&image, &config].into_iter().flatten().find_map(|named| named.as_ref().err()) {
        return record.reject("a digest of the image is none", wrong.as_bytes());
    }
    let images: Vec<String> =
        [image.and_then(Result::ok).or(described), config.and_then(Result::ok)].into_iter().flatten().collect();
    let Some(subject) = images.first() else {
        return record.skip("the build made no image");
    };
    let annotations = descriptor.as_ref().and_then(|descriptor| descriptor.get("annotations")).and_then(Json::members);
    let labels = Labels::of(annotations.as_ref());
    let builds: Vec<Build> = predicates(target).map(|predicate| Build::of(&predicate)).collect();
    let first = builds.first();
    let built = match builds.iter().find_map(|build| build.time.as_deref()).or(labels.created.as_deref()) {
        Some(stamp) => built_at(stamp, number, record.sink()),
        None => {
            let text = "the metadata does not say when the image was built: by default buildx leaves the times out";
            record.sink().limit(TIME_UNKNOWN, Some(number), text);
            None
        }
    };
    if let Some(instant) = built {
        record.sink().taken_at(instant);
    }
    let (name, run) = (target.filled("image.name"), target.filled("buildx.build.ref"));
    for image in &images {
        let known = labels.image(image, name.as_deref(), "buildx", built);
        record.fact(Image {
            builder: run.as_deref(),
            source_uri: first.and_then(|build| build.source_uri.as_deref()).or(known.source_uri),
            source_commit: first.and_then(|build| build.source_commit.as_deref()).or(known.source_commit),
            ..known
        });
    }
    for build in &builds {
        let text = "some attestations carry no signature; anybody could have written them";
        record.sink().limit("unsigned", Some(number), text);
        record.fact(Provenance {
            image: subject,
            predicate_type: None,
            builder_id: build.builder_id.as_deref(),
            build_type: build.build_type.as_deref(),
            source_uri: build.source_uri.as_deref(),
            source_commit: build.source_commit.as_deref(),
            built_at: built,
            signature: "none",
        });
    }
}

/// The predicates of all platforms.
fn predicates<'m>(target: &'m Members<'_>) -> impl Iterator<Item = Members<'m>> {
    let is_predicate = |key: &str| key == PREDICATE || key.strip_prefix(PREDICATE).is_some_and(|rest| rest.starts_with('/'));
    target.iter().filter(move |(key, _)| is_predicate(key)).filter_map(|(_, value)| value.members())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_leaves_the_arguments_of_the_build_out() {
        let text = r#"{"image.name":"a:1","buildx.build.provenance/linux/amd64":{"invocation":{"parameters":{"args":{"X":"open sesame"}}}}}"#;
        let quote = BuildxMetadata.record(text, 1).expect("a quote");
        assert_eq!(quote, "\"image.name\": \"a:1\"");
    }

    #[test]
    fn warnings_beside_targets_make_no_target() {
        assert!(is_target(["containerimage.digest"]));
        assert!(!is_target(["buildx.build.warnings", "es-ingest"]));
    }
}
