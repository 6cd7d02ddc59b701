//! OCI image index (and Docker manifest list): `index.json` of an image layout, and index blobs of multi-platform images.
//! The file `oci-layout`, which only marks a folder as a layout, is recognised here and skipped.
//!
//! Source: the OCI image specification (`image-index.md`, `image-layout.md`, `annotations.md`); buildkit's
//! `docs/attestations/attestation-storage.md` for attestation manifests; cosign's `pkg/oci/layout` for its `kind`s.

use super::image_facts::{Labels, TIME_UNKNOWN, built_at, digest, reference_name};
use super::json_keys::{top_keys, whole_object};
use super::lazy::Members;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, Table};

/// An image index.
pub(super) struct OciIndex;

impl Format for OciIndex {
    fn name(&self) -> &'static str {
        "oci-index"
    }

    fn about(&self) -> &'static str {
        "OCI image index (index.json of an image layout, index blobs): images by the digest of their manifest"
    }

    fn recognised_by(&self) -> &'static str {
        "schemaVersion with manifests, or imageLayoutVersion"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let keys = top_keys(head);
        let has = |key: &str| keys.contains(&key);
        let because = if has("imageLayoutVersion") && keys.len() == 1 {
            "the marker imageLayoutVersion of an OCI image layout"
        } else if has("schemaVersion") && has("manifests") {
            "schemaVersion with a list of manifests"
        } else {
            return None;
        };
        Some(Recognition { because, framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        Members::of(document).ok()?.get("manifests")?.elements().get(index).map(|element| element.raw().to_owned())
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = whole_object(segment, sink) else { return };
        if document.get("imageLayoutVersion").is_some() {
            return sink.record(1).skip("the marker of an OCI image layout names no image");
        }
        let manifests = document.get("manifests").map(|manifests| manifests.elements()).unwrap_or_default();
        if manifests.is_empty() {
            return sink.record(1).skip("an index without manifests names no image");
        }
        for (number, manifest) in (1..).zip(&manifests) {
            match manifest.members() {
                Some(descriptor) => read_descriptor(number, manifest.raw(), &descriptor, sink),
                None => sink.record(number).reject("a manifest that is not an object", manifest.raw().as_bytes()),
            }
        }
    }
}

fn read_descriptor(number: u64, raw: &str, descriptor: &Members<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    let annotations = descriptor.get("annotations").and_then(|annotations| annotations.members());
    if let Some(reason) = no_image(descriptor, annotations.as_ref()) {
        return record.skip(reason);
    }
    let Some(image) = descriptor.filled("digest").and_then(|text| digest(&text)) else {
        return record.reject("a manifest without a digest names no image", raw.as_bytes());
    };
    let labels = Labels::of(annotations.as_ref());
    let built_at = match &labels.created {
        Some(stamp) => built_at(stamp, number, record.sink()),
        None => {
            let text = "an image index names images by the digest of their manifest and does not say when they were built; \
                        the time stands in each image's config";
            record.sink().limit(TIME_UNKNOWN, Some(number), text);
            None
        }
    };
    let name = reference_name(annotations.as_ref());
    record.fact(labels.image(&image, name.as_deref(), "oci", built_at));
}

/// Why a descriptor is no image: attestations of buildkit, and what cosign and other tools store beside images.
fn no_image(descriptor: &Members<'_>, annotations: Option<&Members<'_>>) -> Option<&'static str> {
    const ATTESTATION: &str = "an attestation, a signature or an SBOM beside an image";
    if let Some(annotations) = annotations {
        let kind = annotations.filled("kind").or_else(|| annotations.filled("dev.hauler.kind"));
        let stored_by_cosign = kind.is_some_and(|kind| ["/sigs", "/atts", "/sboms"].iter().any(|end| kind.ends_with(end)));
        let tag = annotations.filled("org.opencontainers.image.ref.name");
        let tagged =
            tag.is_some_and(|tag| tag.contains("sha256-") && [".sig", ".att", ".sbom"].iter().any(|end| tag.ends_with(end)));
        if annotations.get("vnd.docker.reference.type").is_some() || stored_by_cosign || tagged {
            return Some(ATTESTATION);
        }
    }
    if descriptor.filled("artifactType").is_some() {
        return Some("an artefact that is no image");
    }
    let platform = descriptor.get("platform").and_then(|platform| platform.members());
    let unknown = |key: &str| platform.as_ref().and_then(|platform| platform.filled(key)).as_deref() == Some("unknown");
    (unknown("os") && unknown("architecture")).then_some(ATTESTATION)
}
