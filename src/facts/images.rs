//! Built images and attestations about them.

use super::rows::fact_table;
use super::time::Micros;

fact_table! {
    /// One built image.
    IMAGES ("images"): Image<'a> {
        /// Digest or id, for example `ami-0a1b2c3d4e5f60718`.
        image: &'a str as Text,
        /// Name of the build.
        name: Option<&'a str> as Prose,
        /// Kind of builder or artefact, for example `amazon-ebs`.
        kind: Option<&'a str> as Text,
        /// When it was built.
        built_at: Option<Micros> as Time,
        /// The build run that made it.
        builder: Option<&'a str> as Prose,
        /// Source repository.
        source_uri: Option<&'a str> as Prose,
        /// Source commit.
        source_commit: Option<&'a str> as Prose,
        /// Change that the build names.
        change_id: Option<&'a str> as Text,
        /// Image that it was built from.
        base_image: Option<&'a str> as Text,
    }
    instant: |fact| fact.built_at
}

fact_table! {
    /// One attestation about an image.
    PROVENANCE ("provenance"): Provenance<'a> {
        /// Image that it is about.
        image: &'a str as Text,
        /// Type of the predicate.
        predicate_type: Option<&'a str> as Text,
        /// Builder that it names.
        builder_id: Option<&'a str> as Text,
        /// Type of the build.
        build_type: Option<&'a str> as Text,
        /// Source repository.
        source_uri: Option<&'a str> as Prose,
        /// Source commit.
        source_commit: Option<&'a str> as Prose,
        /// When it was built.
        built_at: Option<Micros> as Time,
        /// `verified`, `unverified`, `invalid` or `none`.
        signature: &'a str as Text,
    }
    instant: |fact| fact.built_at
}
