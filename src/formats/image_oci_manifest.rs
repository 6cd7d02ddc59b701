//! OCI image manifest (and Docker's, version 2): a blob of an image layout, or the answer of a registry. Its digest, by
//! which hosts and indexes name the image, is the SHA-256 of its bytes.
//!
//! Source: the OCI image specification (`manifest.md`, "Guidelines for Artifact Usage") and Docker's
//! `manifest-v2-2.md` for the media types.

use super::image_facts::{Labels, TIME_UNKNOWN, built_at, reference_name, sha256_of};
use super::json_keys::{top_keys, whole_object};
use super::lazy::Members;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, Table};

/// An image manifest.
pub(super) struct OciManifest;

/// Media types of a config that an image has; every other one belongs to an artefact.
const IMAGE_CONFIGS: [&str; 2] = ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

impl Format for OciManifest {
    fn name(&self) -> &'static str {
        "oci-manifest"
    }

    fn about(&self) -> &'static str {
        "OCI image manifest (a blob of an image layout): one image, by the digest of the manifest"
    }

    fn recognised_by(&self) -> &'static str {
        "schemaVersion with config and layers"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let keys = top_keys(head);
        let has = |key: &str| keys.contains(&key);
        (has("schemaVersion") && has("config") && has("layers"))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(manifest) = whole_object(segment, sink) else { return };
        let mut record = sink.record(1);
        if !is_image(&manifest) {
            return record.skip("a manifest of attestations, signatures or another artefact, not of an image");
        }
        let annotations = manifest.get("annotations").and_then(|annotations| annotations.members());
        let labels = Labels::of(annotations.as_ref());
        let built_at = match &labels.created {
            Some(stamp) => built_at(stamp, 1, record.sink()),
            None => {
                let text = "an image manifest does not say when the image was built; the time stands in its config";
                record.sink().limit(TIME_UNKNOWN, Some(1), text);
                None
            }
        };
        let image = sha256_of(segment.bytes);
        record.fact(labels.image(&image, reference_name(annotations.as_ref()).as_deref(), "oci", built_at));
    }
}

/// Whether the manifest is of an image: its config is one of an image, nothing says that it is an artefact or refers to
/// another manifest, and its layers, if it has any, hold files.
fn is_image(manifest: &Members<'_>) -> bool {
    let config = manifest.get("config").and_then(|config| config.members());
    let media_type = config.as_ref().and_then(|config| config.filled("mediaType"));
    let layers = manifest.get("layers").map(|layers| layers.elements()).unwrap_or_default();
    let holds_files = |media_type: &str| media_type.contains("image.layer") || media_type.contains("image.rootfs");
    media_type.is_some_and(|media_type| IMAGE_CONFIGS.contains(&media_type.as_ref()))
        && manifest.get("artifactType").is_none()
        && manifest.get("subject").is_none()
        && (layers.is_empty()
            || layers.iter().any(|layer| {
                layer.members().and_then(|layer| layer.filled("mediaType").map(|kind| holds_files(&kind))).unwrap_or(false)
            }))
}
