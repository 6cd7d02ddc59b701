//! Which image of a layout or of `docker save` is meant: by its name or digest, and by its platform.

use super::digest::Digest;
use super::documents::{Configuration, Descriptor, Document, Platform, Saved, blob, named, needed_blob, parse};
use super::error::InspectError;
use super::store::Store;

/// How deep an index may hold indexes.
const DEEPEST: usize = 4;
/// Manifests looked at.
const MOST_MANIFESTS: usize = 1000;
/// Platform that is taken where several are there and none is asked for.
const USUAL_PLATFORM: &str = "linux/amd64";

/// The image to be inspected.
#[derive(Clone, Debug)]
pub(super) struct Image {
    /// Name or tag, where the file gives one.
    pub(super) name: Option<String>,
    /// Digest of the index that held it, where that was not the layout's own.
    pub(super) index: Option<Digest>,
    /// Digest of its manifest; `docker save` has none.
    pub(super) manifest: Option<Digest>,
    /// Digest of its configuration.
    pub(super) config_digest: Digest,
    /// Its configuration.
    pub(super) config: Configuration,
    /// Its layers, lowest first.
    pub(super) layers: Vec<Layer>,
    /// The platforms there are, where there are several and one was taken.
    pub(super) others: Vec<String>,
}

/// A layer that is to be read.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// Name of the part that holds it.
    pub(super) part: String,
    /// Digest of the part as it is stored.
    pub(super) digest: Option<Digest>,
    /// Digest of the layer unpacked.
    pub(super) diff_id: Option<Digest>,
}

/// What the user asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    /// Tag, name or digest.
    pub(super) reference: Option<&'a str>,
    /// `os/architecture`, or with a variant.
    pub(super) platform: Option<&'a str>,
}

/// One image that might be meant.
struct Candidate {
    names: Vec<String>,
    index: Option<Digest>,
    manifest: Option<Digest>,
    config: Digest,
    platform: Platform,
    source: Source,
}

enum Source {
    Oci(Vec<Descriptor>),
    Saved(Box<Configuration>, Vec<String>),
}

/// Chooses the image and reads its configuration.
///
/// # Errors
/// Where none or several fit, or a document is damaged or missing.
pub(super) fn choose(store: &Store, wish: Wish<'_>) -> Result<Image, InspectError> {
    let mut candidates = Vec::new();
    if let Some(bytes) = store.document("index.json")? {
        let index: Document = parse(store, "index.json", &bytes)?;
        let mut gathering = Gathering { store, candidates, left: MOST_MANIFESTS };
        gathering.index(&index, "index.json", None, &[], 0)?;
        candidates = gathering.candidates;
    } else if let Some(bytes) = store.document("manifest.json")? {
        for saved in parse::<Vec<Saved>>(store, "manifest.json", &bytes)? {
            candidates.push(saved_candidate(store, saved)?);
        }
    }
    let all = candidates.len();
    let named: Vec<Candidate> = candidates.into_iter().filter(|candidate| candidate.answers_to(wish.reference)).collect();
    if named.is_empty() {
        return Err(which(
            store,
            match (all, wish.reference) {
                (0, _) => "it holds no image that can be run (signatures and attestations are none)".to_owned(),
                (_, reference) => format!(
                    "it holds no image that is called `{}`; leave out --reference to see what it holds",
                    reference.unwrap_or("")
                ),
            },
        ));
    }
    let (chosen, others) = by_platform(store, named, wish.platform)?;
    chosen.image(store, others)
}

/// The images of a layout, as far as they were gathered.
struct Gathering<'s> {
    store: &'s Store,
    candidates: Vec<Candidate>,
    /// Manifests that may still be looked at: indexes may name each other over and over.
    left: usize,
}

impl Gathering<'_> {
    /// Gathers the images of the index `by` and of the indexes in it; `own` is its digest where it has one.
    fn index(
        &mut self,
        index: &Document,
        by: &str,
        own: Option<&Digest>,
        names: &[String],
        depth: usize,
    ) -> Result<(), InspectError> {
        for descriptor in index.manifests.iter().flatten().filter(|descriptor| !descriptor.is_attached()) {
            self.left = self.left.checked_sub(1).ok_or_else(|| InspectError::Document {
                path: self.store.path().to_owned(),
                part: by.to_owned(),
                what: format!("leads to more than {MOST_MANIFESTS} manifests; export one image by itself"),
            })?;
            let digest = named(self.store, &descriptor.digest, by)?;
            // What is named and not there belongs to a platform that was not exported.
            let Some(bytes) = blob(self.store, &descriptor.digest, by)? else { continue };
            let document: Document = parse(self.store, &digest.place(), &bytes)?;
            let names = descriptor.names(names);
            if document.manifests.is_some() && depth < DEEPEST {
                self.index(&document, &digest.place(), Some(&digest), &names, depth + 1)?;
            } else if let Some(candidate) = oci_candidate(self.store, descriptor, &digest, document)? {
                match self.candidates.iter_mut().find(|known| known.manifest.as_ref() == Some(&digest)) {
                    Some(known) => known.names.extend(names),
                    None => self.candidates.push(Candidate { names, index: own.cloned(), ..candidate }),
                }
            }
        }
        Ok(())
    }
}

impl Descriptor {
    /// Whether it is a signature, an attestation or the like.
    fn is_attached(&self) -> bool {
        let annotation = |key: &str| self.annotations.as_ref().and_then(|all| all.get(key)).map(String::as_str);
        let unknown = self.platform.as_ref().is_some_and(|platform| platform.os == "unknown");
        let cosign = annotation("kind")
            .is_some_and(|kind| kind.starts_with("dev.cosignproject.cosign/") && kind != "dev.cosignproject.cosign/image");
        annotation("vnd.docker.reference.type") == Some("attestation-manifest")
            || unknown
            || cosign
            || self.artifact_type.is_some()
    }

    fn names(&self, outer: &[String]) -> Vec<String> {
        let keys = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
        let own = keys.iter().filter_map(|key| self.annotations.as_ref()?.get(*key).cloned());
        own.chain(outer.iter().cloned()).collect()
    }
}

fn oci_candidate(
    store: &Store,
    descriptor: &Descriptor,
    digest: &Digest,
    document: Document,
) -> Result<Option<Candidate>, InspectError> {
    let layer = |layer: &Descriptor| layer.media_type.contains("tar") || layer.media_type.is_empty();
    let attached = document.subject.is_some() || document.artifact_type.is_some() || !document.layers.iter().all(layer);
    let Some(config) = document.config.filter(|_| !attached) else { return Ok(None) };
    let config = named(store, &config.digest, &digest.place())?;
    let platform = match &descriptor.platform {
        Some(platform) => platform.clone(),
        None => configuration(store, &config, &digest.place())?.platform,
    };
    let source = Source::Oci(document.layers);
    Ok(Some(Candidate { names: Vec::new(), index: None, manifest: Some(digest.clone()), config, platform, source }))
}

fn saved_candidate(store: &Store, saved: Saved) -> Result<Candidate, InspectError> {
    let bytes = store.document(&saved.config)?.ok_or_else(|| InspectError::Missing {
        path: store.path().to_owned(),
        part: format!("the configuration {}", saved.config),
        by: "manifest.json".to_owned(),
    })?;
    // The name of the file is the digest of what is in it: `<hex>.json`, or a blob.
    let hex = saved.config.rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
    let by = format!("the name of {}", saved.config);
    let config = named(store, &format!("sha256:{hex}"), &by)?;
    let found = config.of_same_kind(&bytes);
    if found != config {
        let (part, expected) = (saved.config, config.to_string());
        return Err(InspectError::Digest { path: store.path().to_owned(), part, found: found.to_string(), by, expected });
    }
    let document: Configuration = parse(store, &saved.config, &bytes)?;
    let (names, platform) = (saved.repo_tags.unwrap_or_default(), document.platform.clone());
    Ok(Candidate {
        names,
        index: None,
        manifest: None,
        config,
        platform,
        source: Source::Saved(Box::new(document), saved.layers),
    })
}

fn configuration(store: &Store, digest: &Digest, by: &str) -> Result<Configuration, InspectError> {
    parse(store, &digest.place(), &needed_blob(store, &digest.to_string(), by)?)
}

/// The candidate of the platform asked for, else the only one, else the one of the usual platform; and all platforms where
/// one of several was taken.
fn by_platform(
    store: &Store,
    mut candidates: Vec<Candidate>,
    wanted: Option<&str>,
) -> Result<(Candidate, Vec<String>), InspectError> {
    let platforms: Vec<String> = candidates.iter().map(|candidate| candidate.platform.to_string()).collect();
    let list = candidates.iter().map(Candidate::words).collect::<Vec<_>>().join(", ");
    if candidates.len() > 1 || wanted.is_some() {
        candidates.retain(|candidate| candidate.platform.is(wanted.unwrap_or(USUAL_PLATFORM)));
    }
    if candidates.len() > 1 {
        return Err(which(store, format!("it holds several images: {list}; choose one with --reference")));
    }
    match candidates.pop() {
        Some(chosen) => Ok((chosen, if platforms.len() > 1 { platforms } else { Vec::new() })),
        None => Err(which(
            store,
            format!("it holds no image for {}: {list}; choose with --platform", wanted.unwrap_or(USUAL_PLATFORM)),
        )),
    }
}

fn which(store: &Store, question: String) -> InspectError {
    InspectError::Which { path: store.path().to_owned(), question: crate::redact::visible(&question).into_owned() }
}

impl Candidate {
    fn answers_to(&self, reference: Option<&str>) -> bool {
        let Some(reference) = reference else { return true };
        let digests = [self.index.as_ref(), self.manifest.as_ref(), Some(&self.config)];
        self.names.iter().any(|name| name == reference)
            || digests.into_iter().flatten().any(|digest| digest.to_string() == reference)
    }

    fn words(&self) -> String {
        let digest = self.manifest.as_ref().unwrap_or(&self.config);
        let name = self.names.first().map_or_else(|| digest.to_string(), |name| format!("{name} ({digest})"));
        format!("{name} for {}", self.platform)
    }

    fn image(self, store: &Store, others: Vec<String>) -> Result<Image, InspectError> {
        let config = match &self.source {
            Source::Oci(_) => configuration(store, &self.config, "the manifest")?,
            Source::Saved(config, _) => config.as_ref().clone(),
        };
        if !matches!(config.platform.os.as_str(), "linux" | "") {
            return Err(which(store, format!("the image is for {}, and only images for Linux are read", config.platform)));
        }
        let by = self.manifest.as_ref().map_or_else(|| "manifest.json".to_owned(), Digest::to_string);
        let diff_ids: Vec<&str> = config.rootfs.iter().flat_map(|rootfs| &rootfs.diff_ids).map(String::as_str).collect();
        let count = match &self.source {
            Source::Oci(layers) => layers.len(),
            Source::Saved(_, layers) => layers.len(),
        };
        if count != diff_ids.len() {
            return Err(InspectError::Document {
                path: store.path().to_owned(),
                part: by,
                what: format!("names {count} layers and the configuration {}: fetch the image again", diff_ids.len()),
            });
        }
        let mut layers = Vec::new();
        for (number, diff_id) in diff_ids.iter().enumerate() {
            let diff_id = Some(named(store, diff_id, "the configuration")?);
            layers.push(match &self.source {
                Source::Oci(all) => oci_layer(store, all.get(number), diff_id, &by)?,
                Source::Saved(_, all) => Layer { part: all.get(number).cloned().unwrap_or_default(), digest: None, diff_id },
            });
        }
        let Self { names, index, manifest, config: config_digest, .. } = self;
        Ok(Image { name: names.into_iter().next(), index, manifest, config_digest, config, layers, others })
    }
}

fn oci_layer(store: &Store, layer: Option<&Descriptor>, diff_id: Option<Digest>, by: &str) -> Result<Layer, InspectError> {
    let media_type = layer.map(|layer| layer.media_type.as_str()).unwrap_or_default();
    if media_type.contains("encrypted") {
        return Err(InspectError::Document {
            path: store.path().to_owned(),
            part: by.to_owned(),
            what: "has encrypted layers, which cannot be read: decrypt the image first".to_owned(),
        });
    }
    let digest = named(store, layer.map(|layer| layer.digest.as_str()).unwrap_or_default(), by)?;
    Ok(Layer { part: digest.place(), digest: Some(digest), diff_id })
}
