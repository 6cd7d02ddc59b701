//! `docker save`: the members of its archive, unpacked. `manifest.json` lists the images by their config, whose name is the
//! image's id. The older members `repositories` and `<id>/json` say nothing that `manifest.json` does not: they are
//! recognised and skipped.
//!
//! Source: moby `image/tarexport/save.go` (`manifestItem`, `repositories`), moby `image/spec/v1.2.md` for the older members,
//! and go-containerregistry `pkg/v1/tarball`, which writes the config's name as `sha256:<hex>`.

use super::image_facts::{Labels, TIME_UNKNOWN, digest};
use super::json_keys::{keys, top_keys, whole_object};
use super::json_records::each_object;
use super::lazy::Members;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, Table};

/// Members of a `docker save` archive.
pub(super) struct DockerSave;

impl Format for DockerSave {
    fn name(&self) -> &'static str {
        "docker-save-manifest"
    }

    fn about(&self) -> &'static str {
        "docker save: manifest.json of the archive (its older members are skipped)"
    }

    fn recognised_by(&self) -> &'static str {
        "a list with RepoTags and Layers, or the members that docker save writes beside it"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        // The answer of docker inspect has the same words, but its layers stand deeper.
        let lists_images = || {
            let first = keys(head.text().trim_start().trim_start_matches('['), 1);
            ["RepoTags", "Layers"].iter().all(|key| first.contains(key))
        };
        let (because, framing) = match head.first_byte()? {
            b'[' if lists_images() => ("a list of objects with RepoTags and Layers", Framing::JsonRecords { depth: 1 }),
            b'{' if is_layer_json(head) => ("the json of one layer: an id of 64 digits, created and no rootfs", Framing::Whole),
            b'{' if is_repositories(head) => ("repositories: names and tags with the id of a layer", Framing::Whole),
            _ => return None,
        };
        Some(Recognition { because, framing })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        if segment.framing == Framing::Whole {
            if whole_object(segment, sink).is_some() {
                sink.record(1).skip("an older member of a docker save archive; manifest.json names the image");
            }
            return;
        }
        each_object(segment, sink, read_image);
    }
}

fn read_image(number: u64, bytes: &[u8], image: &Members<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    let Some(config) = image.filled("Config") else { return record.reject("an image without Config", bytes) };
    let Some(id) = config_digest(&config) else {
        return record.reject("the name of the config is no SHA-256, so it does not name the image", bytes);
    };
    let text = "docker save does not say when an image was built; the time stands in its config";
    record.sink().limit(TIME_UNKNOWN, Some(number), text);
    let tags = image.get("RepoTags").map(|tags| tags.elements()).unwrap_or_default();
    let names: Vec<String> = tags.iter().filter_map(|tag| tag.filled().map(std::borrow::Cow::into_owned)).collect();
    let name = Some(names.join(", ")).filter(|name| !name.is_empty());
    record.fact(Labels::default().image(&id, name.as_deref(), "docker-save", None));
}

/// The digest in the path of a config: `<hex>.json`, `blobs/sha256/<hex>`, or `sha256:<hex>`.
fn config_digest(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.strip_suffix(".json").unwrap_or(name);
    digest(&format!("sha256:{}", name.strip_prefix("sha256:").unwrap_or(name)))
}

/// `<id>/json` of an archive before Docker 25: an image of version 1, which has an id and no `rootfs`.
fn is_layer_json(head: &Head<'_>) -> bool {
    let keys = top_keys(head);
    let has = |key: &str| keys.contains(&key);
    let id = head.text().split_once("\"id\"").and_then(|(_, rest)| rest.trim_start().strip_prefix(':'));
    let id = id.and_then(|rest| rest.trim_start().strip_prefix('"')).and_then(|rest| rest.split('"').next());
    has("id") && has("created") && !has("rootfs") && id.is_some_and(is_hex_of_sha256)
}

fn is_hex_of_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `repositories`: `{"name": {"tag": "<id of a layer>"}}` and nothing else.
fn is_repositories(head: &Head<'_>) -> bool {
    let Ok(names) = Members::of(head.text().trim()) else { return false };
    let mut names = names.iter().peekable();
    head.whole
        && names.peek().is_some()
        && names.all(|(_, tags)| {
            tags.members().is_some_and(|tags| {
                let mut tags = tags.iter().peekable();
                tags.peek().is_some() && tags.all(|(_, id)| id.text().is_some_and(|id| is_hex_of_sha256(&id)))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_inspect_is_another_format() {
        let recognised = |text: &str| DockerSave.recognise(&Head { bytes: text.as_bytes(), whole: true }).is_some();
        assert!(recognised(r#"[ {"Config":"x","RepoTags":null,"Layers":[]}]"#));
        assert!(!recognised(r#"[{"Id":"sha256:1","RepoTags":[],"Config":{},"RootFS":{"Type":"layers","Layers":[]}}]"#));
    }

    #[test]
    fn the_config_names_the_image_in_three_ways() {
        let hex = "5c".repeat(32);
        let expected = Some(format!("sha256:{hex}"));
        for path in [format!("{hex}.json"), format!("blobs/sha256/{hex}"), format!("sha256:{hex}")] {
            assert_eq!(config_digest(&path), expected, "{path}");
        }
        assert_eq!(config_digest("config.json"), None);
    }
}
