//! Images, and what says that they were built: manifests and configs of container images, whose digests name them, indexes,
//! `docker save`, metadata of buildx, Packer's manifest, mkosi's; and EC2's list of images, which says nothing of the kind.

use serde_json::{Value, json};

use super::random::iso;
use super::story::{DAY, Fleet, WEB_GROUPS};
use super::write::Folder;
use crate::support::images::sha256;

/// The pool whose image mkosi makes, known by its name and version.
const APPLIANCE: usize = 28;
/// A machine image, and a container image, that no build made.
pub(super) const STRAYS: [usize; 2] = [999, 998];

/// Container images that were built in the period for no change: by the index, and by buildx.
pub(super) const UNTRACED: [usize; 2] = [996, 997];

/// Whether an image is known by the digest of its manifest, which index and buildx name, or of its config.
fn by_manifest(number: usize) -> bool {
    number < WEB_GROUPS / 2 && number.is_multiple_of(4) && number != APPLIANCE
}

fn by_config(number: usize) -> bool {
    number < WEB_GROUPS / 2 && number % 4 == 2
}

/// Pools with an even number run containers, those with an odd one machine images.
pub(super) fn image(number: usize) -> String {
    match number {
        APPLIANCE => format!("quill-appliance_{number}"),
        _ if by_manifest(number) => digest(&manifest(number)),
        _ if by_config(number) => digest(&config(number)),
        996..=998 => format!("sha256:{:064x}", 0x57a1_usize + number),
        _ => format!("ami-0{:016x}", 0x00c0_ffee_0000_usize + number),
    }
}

/// Whether Packer says that the image of a pool was built. Of the others index or buildx does.
pub(super) fn by_packer(number: usize) -> bool {
    !by_manifest(number)
}

fn digest(text: &str) -> String {
    format!("sha256:{}", sha256(text.as_bytes()))
}

fn manifest(number: usize) -> String {
    let digest = |what: usize| format!("sha256:{:064x}", what * 1000 + number);
    json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(7), "size": 2931 },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(8), "size": 30_457_821 }],
        "annotations": { "org.opencontainers.image.base.name": "registry.corp.example/debian:12" },
    })
    .to_string()
}

/// A reproducible build, which writes a stand-in for its time.
fn config(number: usize) -> String {
    json!({
        "architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:01Z",
        "config": { "Env": ["PATH=/usr/bin"], "Labels": { "org.opencontainers.image.revision": "9e41d07" } },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{:064x}", 9000 + number)] },
    })
    .to_string()
}

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let built = iso(fleet.start - 14 * DAY);
    let pools = || 0..WEB_GROUPS / 2;
    let (mut index, mut saved) = (Vec::new(), Vec::new());
    for number in pools().filter(|number| by_manifest(*number)) {
        folder.text(&format!("images/oci/manifest-{number:02}.json"), &manifest(number));
        if number.is_multiple_of(8) {
            index.push(descriptor(number, &built));
        } else {
            folder.json(&format!("images/buildx-{number:02}.json"), &metadata(number, &built));
        }
    }
    let untraced = |place: i64| iso(fleet.start + 2 * DAY + 60 * place);
    index.push(descriptor(UNTRACED[0], &untraced(0)));
    folder.json("images/buildx-untraced.json", &metadata(UNTRACED[1], &untraced(1)));
    for number in pools().filter(|number| by_config(*number)) {
        folder.text(&format!("images/oci/config-{number:02}.json"), &config(number));
        let hex = image(number).replace("sha256:", "");
        saved
            .push(json!({ "Config": format!("{hex}.json"), "RepoTags": [format!("quill:{number}")], "Layers": ["1/layer.tar"] }));
    }
    folder.json("images/oci/oci-layout", &json!({ "imageLayoutVersion": "1.0.0" }));
    folder.json(
        "images/oci/index.json",
        &json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": index }),
    );
    folder.json("images/docker/manifest.json", &Value::Array(saved));
    let packages: Vec<Value> =
        packages().map(|(name, version)| json!({ "type": "deb", "name": name, "version": version })).collect();
    let made =
        json!({ "name": "quill-appliance", "version": APPLIANCE.to_string(), "distribution": "debian", "release": "bookworm" });
    folder.json("images/mkosi.json", &json!({ "manifest_version": 1, "config": made, "packages": packages }));
    let registered: Vec<Value> = pools()
        .filter(|number| !number.is_multiple_of(2))
        .chain([STRAYS[0]])
        .map(|number| {
            json!({ "ImageId": image(number), "Name": format!("quill-{number}"), "CreationDate": built, "OwnerId": "1",
                              "ImageLocation": format!("1/quill-{number}"),
                              "State": "available", "Public": false })
        })
        .collect();
    folder.json("images/ec2-images.json", &json!({ "Images": registered }));
    packer(fleet, folder);
}

fn descriptor(number: usize, built: &str) -> Value {
    json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": image(number), "size": 1811,
            "platform": { "architecture": "amd64", "os": "linux" }, "annotations": { "org.opencontainers.image.created": built } })
}

/// Packages of a whole system without an SSH server.
pub(super) fn packages() -> impl Iterator<Item = (String, &'static str)> {
    let own = (1..24).map(|number| (format!("libquill{number}"), "1.0-1"));
    [("base-files".to_owned(), "12.4")].into_iter().chain(own)
}

/// What `docker buildx build --metadata-file` writes, with a provenance that nobody signed.
fn metadata(number: usize, built: &str) -> Value {
    json!({
        "buildx.build.provenance": {
            "builder": { "id": "https://laptop.example/pnovak" }, "buildType": "https://mobyproject.org/buildkit@v1",
            "metadata": { "buildInvocationID": "x", "buildStartedOn": built, "buildFinishedOn": built },
        },
        "buildx.build.ref": format!("builder/builder0/{number}"), "containerimage.digest": image(number),
        "containerimage.descriptor": { "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": image(number),
                                       "size": 856 },
        "image.name": format!("registry.corp.example/quill:{number}"),
    })
}

fn packer(fleet: &Fleet, folder: &Folder) {
    let build = |build: &super::story::Build| {
        let mut custom = json!({ "git_commit": "9e41d07" });
        if let Some(change) = &build.change {
            custom["change_id"] = json!(change);
        }
        let machine = build.image.starts_with("ami-");
        let artifact = if machine { format!("eu-west-1:{}", build.image) } else { build.image.clone() };
        json!({ "name": format!("quill-{}", build.image), "builder_type": if machine { "amazon-ebs" } else { "docker" },
                "build_time": build.at, "files": null, "artifact_id": artifact, "packer_run_uuid": format!("run-{}", build.image),
                "custom_data": custom })
    };
    let builds: Vec<Value> = fleet.builds.iter().map(build).collect();
    folder.json("images/packer-manifest.json", &json!({ "builds": builds, "last_run_uuid": "run" }));
}
