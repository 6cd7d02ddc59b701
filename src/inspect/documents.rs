//! The documents of an image: index, manifest and configuration of OCI, and the list of `docker save`.
//!
//! Sources: the OCI image specification (`image-index.md`, `manifest.md`, `config.md`, `descriptor.md`), and Docker's
//! `image/tarexport/tarexport.go` (`manifest.json`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::digest::Digest;
use super::error::InspectError;
use super::store::Store;

/// An index or a manifest: which one shows by what it has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    #[serde(default)]
    pub(super) manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    pub(super) config: Option<Descriptor>,
    #[serde(default)]
    pub(super) layers: Vec<Descriptor>,
    /// What an attached document is about: only signatures and the like have it.
    #[serde(default)]
    pub(super) subject: Option<Descriptor>,
    #[serde(default)]
    pub(super) artifact_type: Option<String>,
}

/// A blob by its digest.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: String,
    #[serde(default)]
    pub(super) annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) platform: Option<Platform>,
    #[serde(default)]
    pub(super) artifact_type: Option<String>,
}

/// What an image runs on.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Platform {
    #[serde(default)]
    pub(super) os: String,
    #[serde(default)]
    pub(super) architecture: String,
    #[serde(default)]
    pub(super) variant: Option<String>,
}

impl std::fmt::Display for Platform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(formatter, "/{variant}"))
    }
}

impl Platform {
    /// Whether `wanted` (`os/architecture`, or with a variant) means this platform.
    pub(super) fn is(&self, wanted: &str) -> bool {
        let own = format!("{}/{}", self.os, self.architecture);
        wanted == own || self.variant.as_ref().is_some_and(|variant| wanted == format!("{own}/{variant}"))
    }
}

/// The configuration of an image.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Configuration {
    #[serde(flatten)]
    pub(super) platform: Platform,
    #[serde(default)]
    pub(super) created: Option<String>,
    #[serde(default)]
    pub(super) config: Option<Run>,
    #[serde(default)]
    pub(super) rootfs: Option<RootFs>,
}

/// How a container of an image is started.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Run {
    #[serde(default)]
    pub(super) user: Option<String>,
    #[serde(default)]
    pub(super) entrypoint: Option<Vec<String>>,
    #[serde(default)]
    pub(super) cmd: Option<Vec<String>>,
    #[serde(default)]
    pub(super) exposed_ports: Option<BTreeMap<String, serde::de::IgnoredAny>>,
    #[serde(default)]
    pub(super) labels: Option<BTreeMap<String, String>>,
}

/// Digests of the layers when unpacked.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct RootFs {
    #[serde(default)]
    pub(super) diff_ids: Vec<String>,
}

/// One image of `docker save`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Saved {
    pub(super) config: String,
    #[serde(default)]
    pub(super) repo_tags: Option<Vec<String>>,
    #[serde(default)]
    pub(super) layers: Vec<String>,
}

/// The document `bytes` as `T`.
pub(super) fn parse<T: for<'d> Deserialize<'d>>(store: &Store, part: &str, bytes: &[u8]) -> Result<T, InspectError> {
    serde_json::from_slice(bytes).map_err(|error| InspectError::Document {
        path: store.path().to_owned(),
        part: part.to_owned(),
        what: format!("cannot be understood ({error}); the image is damaged or made by an unknown tool: export it again"),
    })
}

/// The blob that `digest` names, whose bytes were found to have that digest; nothing where it is not there.
pub(super) fn blob(store: &Store, digest: &str, by: &str) -> Result<Option<Vec<u8>>, InspectError> {
    let digest = named(store, digest, by)?;
    let place = digest.place();
    let Some(bytes) = store.document(&place)? else { return Ok(None) };
    let found = digest.of_same_kind(&bytes);
    if found != digest {
        return Err(InspectError::Digest {
            path: store.path().to_owned(),
            part: place,
            found: found.to_string(),
            by: by.to_owned(),
            expected: digest.to_string(),
        });
    }
    Ok(Some(bytes))
}

/// The same, where the blob must be there.
pub(super) fn needed_blob(store: &Store, digest: &str, by: &str) -> Result<Vec<u8>, InspectError> {
    blob(store, digest, by)?.ok_or_else(|| InspectError::Missing {
        path: store.path().to_owned(),
        part: format!("the blob {digest}"),
        by: by.to_owned(),
    })
}

/// A digest as a document writes it.
pub(super) fn named(store: &Store, digest: &str, by: &str) -> Result<Digest, InspectError> {
    Digest::parse(digest).ok_or_else(|| InspectError::Document {
        path: store.path().to_owned(),
        part: by.to_owned(),
        what: format!("names `{}`, which is no sha256 or sha512 digest", crate::redact::visible(digest)),
    })
}
