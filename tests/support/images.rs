//! Images for tests, made in memory: layers as tar archives, OCI layouts and the output of `docker save`.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

/// A layer under construction.
pub(crate) struct Layer(Builder<Vec<u8>>);

impl Layer {
    /// An empty layer.
    pub(crate) fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    /// A file with mode 644.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(name, EntryType::Regular, 0o644, "", content.as_ref())
    }

    /// A program: a file with this mode and a content that is none.
    pub(crate) fn program(self, name: &str, mode: u32) -> Self {
        self.entry(name, EntryType::Regular, mode, "", b"\x7fELF")
    }

    /// A folder.
    pub(crate) fn folder(self, name: &str) -> Self {
        self.entry(name, EntryType::Directory, 0o755, "", b"")
    }

    /// A symbolic link.
    pub(crate) fn link(self, name: &str, target: &str) -> Self {
        self.entry(name, EntryType::Symlink, 0o777, target, b"")
    }

    /// Any entry, with its name as it is: absolute names and `..` too.
    pub(crate) fn entry(mut self, name: &str, kind: EntryType, mode: u32, target: &str, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_size(content.len() as u64);
        if name.len() < 100 && target.len() < 100 {
            let old = header.as_old_mut();
            old.name[..name.len()].copy_from_slice(name.as_bytes());
            old.linkname[..target.len()].copy_from_slice(target.as_bytes());
            header.set_cksum();
            self.0.append(&header, content).expect("room");
        } else if target.is_empty() {
            self.0.append_data(&mut header, name, content).expect("room");
        } else {
            self.0.append_link(&mut header, name, target).expect("room");
        }
        self
    }

    /// The archive.
    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("room")
    }
}

/// Packs with gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).expect("room");
    writer.finish().expect("room")
}

/// Packs with zstd.
pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("room")
}

/// SHA-256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parts of an image: name and bytes, in the order in which they are stored.
pub(crate) type Parts = Vec<(String, Vec<u8>)>;

/// A configuration for layers (unpacked), with the command and the time of its making.
pub(crate) fn configuration(layers: &[Vec<u8>], architecture: &str, run: Value, created: &str) -> Value {
    let diff_ids: Vec<String> = layers.iter().map(|layer| format!("sha256:{}", sha256(layer))).collect();
    json!({
        "created": created, "os": "linux", "architecture": architecture,
        "config": run, "rootfs": { "type": "layers", "diff_ids": diff_ids }
    })
}

/// Adds a blob; returns its descriptor.
pub(crate) fn blob(parts: &mut Parts, media_type: &str, bytes: Vec<u8>) -> Value {
    let hex = sha256(&bytes);
    let descriptor = json!({ "mediaType": media_type, "digest": format!("sha256:{hex}"), "size": bytes.len() });
    parts.push((format!("blobs/sha256/{hex}"), bytes));
    descriptor
}

/// Adds the blobs of an image; returns the descriptor of its manifest.
pub(crate) fn manifest(parts: &mut Parts, layers: &[Vec<u8>], pack: fn(&[u8]) -> Vec<u8>, config: &Value) -> Value {
    let layers: Vec<Value> =
        layers.iter().map(|layer| blob(parts, "application/vnd.oci.image.layer.v1.tar+gzip", pack(layer))).collect();
    let config = blob(parts, "application/vnd.oci.image.config.v1+json", config.to_string().into_bytes());
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": layers });
    blob(parts, "application/vnd.oci.image.manifest.v1+json", manifest.to_string().into_bytes())
}

/// Ends a layout with its index.
pub(crate) fn layout(mut parts: Parts, manifests: Vec<Value>) -> Parts {
    parts.push(("index.json".to_owned(), json!({ "schemaVersion": 2, "manifests": manifests }).to_string().into_bytes()));
    parts.push(("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()));
    parts
}

/// A layout of one image.
pub(crate) fn oci(layers: &[Vec<u8>], pack: fn(&[u8]) -> Vec<u8>, run: Value) -> Parts {
    let mut parts = Parts::new();
    let config = configuration(layers, "amd64", run, "2026-07-01T10:00:00.5Z");
    let manifest = manifest(&mut parts, layers, pack, &config);
    layout(parts, vec![manifest])
}

/// The older output of `docker save`: a folder for each layer, the last layer first in the archive.
pub(crate) fn docker(layers: &[Vec<u8>], run: Value) -> Parts {
    let config = configuration(layers, "amd64", run, "2026-07-01T10:00:00.5Z").to_string().into_bytes();
    let names: Vec<String> =
        layers.iter().map(|layer| format!("{}/layer.tar", sha256(&[b"id", layer.as_slice()].concat()))).collect();
    let mut parts: Parts = names.iter().cloned().zip(layers.iter().cloned()).rev().collect();
    let config_name = format!("{}.json", sha256(&config));
    let list = json!([{ "Config": config_name, "RepoTags": ["quill/indexer:4.2"], "Layers": names }]);
    parts.push((config_name, config));
    parts.push(("manifest.json".to_owned(), list.to_string().into_bytes()));
    parts
}

/// Writes parts as files of a folder.
pub(crate) fn write(folder: &Path, parts: &Parts) {
    for (name, bytes) in parts {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
}

/// Parts as a tar archive.
pub(crate) fn archive(parts: &Parts) -> Vec<u8> {
    parts.iter().fold(Layer::new(), |layer, (name, bytes)| layer.file(name, bytes)).bytes()
}
