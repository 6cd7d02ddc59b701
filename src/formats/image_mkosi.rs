//! mkosi's manifest: the packages of an image that mkosi built. Record 1 is the image (`config`), record n + 1 its n-th
//! package.
//!
//! Source: systemd/mkosi `mkosi/manifest.py` (fields; of an overlay only the packages that it adds are listed) and
//! `mkosi/config.py` (an image without `ImageId=` is called `image`, and its file `name_version`).

use super::image_facts::TIME_UNKNOWN;
use super::json_keys::{repeated, top_keys, whole_object};
use super::lazy::{Json, Members};
use super::package_list::{Ecosystem, Package, PackageList};
use super::sbom::{Entry, give_packages};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, Image, LOGIN_PATHS, Table};

/// mkosi's manifest.
pub(super) struct MkosiManifest;

impl Format for MkosiManifest {
    fn name(&self) -> &'static str {
        "mkosi-manifest"
    }

    fn about(&self) -> &'static str {
        "mkosi manifest: an image and the packages that open a way to log in"
    }

    fn recognised_by(&self) -> &'static str {
        "manifest_version with config"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES, &LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let keys = top_keys(head);
        ["manifest_version", "config"]
            .iter()
            .all(|key| keys.contains(key))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let document = Members::of(document).ok()?;
        match number.checked_sub(2) {
            None => document.get("config").map(|config| config.raw().to_owned()),
            Some(index) => {
                let packages = document.get("packages")?.elements();
                packages.get(usize::try_from(index).ok()?).map(|package| package.raw().to_owned())
            }
        }
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = whole_object(segment, sink) else { return };
        if document.text("manifest_version").as_deref() != Some("1") {
            return sink.record(1).reject("manifest_version is not 1: a manifest of another version", segment.bytes);
        }
        let config = document.get("config").and_then(Json::members);
        let text = |key: &str| config.as_ref().and_then(|config| config.filled(key));
        let (name, version) = (text("name"), text("version"));
        // `image` is what mkosi calls an image that nobody named.
        let Some(name) = name.filter(|name| name != "image" || version.is_some()) else {
            let text = "the manifest does not name its image (ImageId= of mkosi); nothing is known from it";
            sink.limit("unbound", Some(1), text);
            return sink.record(1).reject("no name of the image: set ImageId= and ImageVersion= in mkosi", segment.bytes);
        };
        let image = version.map_or_else(|| name.to_string(), |version| format!("{name}_{version}"));
        sink.limit("image-by-name", Some(1), "mkosi names an image by name and version; another image may bear the same");
        sink.limit(TIME_UNKNOWN, Some(1), "mkosi's manifest does not say when the image was built");
        let about = Image {
            image: &image,
            name: Some(&name),
            kind: Some("mkosi"),
            built_at: None,
            builder: None,
            source_uri: None,
            source_commit: None,
            change_id: None,
            base_image: None,
        };
        let distribution = text("distribution");
        let packages = document.get("packages").map(Json::elements).unwrap_or_default();
        let entries = (2..).zip(packages.iter().map(|package| entry(package, distribution.as_deref()))).collect();
        give_packages(1, &[about], entries, PackageList::default(), None, reading, sink);
    }
}

fn entry(package: &Json<'_>, distribution: Option<&str>) -> Entry {
    let members = package.members().filter(|members| repeated(members).is_none());
    let Some(name) = members.as_ref().and_then(|members| members.filled("name")) else {
        return Entry::Unreadable("a package without a name, or with a key that is written twice", package.raw().to_owned());
    };
    let field = |key: &str| members.as_ref().and_then(|members| members.filled(key));
    let ecosystem = match field("type").as_deref() {
        Some("deb") => Ecosystem::Deb,
        Some("rpm") => Ecosystem::Rpm,
        Some("pkg") => Ecosystem::Arch,
        Some("apk") => Ecosystem::Apk,
        _ => Ecosystem::Other,
    };
    Entry::Package(Package {
        ecosystem,
        namespace: distribution.map(str::to_owned),
        name: name.trim().to_owned(),
        version: field("version").map(|version| version.into_owned()),
    })
}
