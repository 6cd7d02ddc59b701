//! Images however they are stored: the same manifest, or an error that says what to do.

use std::path::Path;

use serde_json::{Value, json};
use steadfast::collect::{CollectOptions, EvidenceFile, collect};
use steadfast::config::Config;
use steadfast::inspect::{Request, inspect};
use steadfast::period::Period;
use tar::EntryType;

use crate::support::images::{
    Layer, Parts, archive, blob, configuration, docker, gzip, layout, manifest, oci, sha256, write, zstd,
};

/// A request that leaves everything to the image.
pub(crate) fn request(image: &Path) -> Request<'_> {
    Request { image, id: None, name: None, reference: None, platform: None, observed_at: None }
}

/// The manifest as JSON.
pub(crate) fn inspected(request: &Request<'_>) -> Value {
    let manifest = inspect(request).unwrap_or_else(|error| panic!("{}: {error}", request.image.display()));
    serde_json::from_str(&manifest.json().expect("JSON")).expect("JSON")
}

fn error(request: &Request<'_>) -> String {
    inspect(request).expect_err("an error").to_string()
}

fn layers() -> Vec<Vec<u8>> {
    let lower = Layer::new()
        .folder("etc/")
        .file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        .file("etc/shadow", "root:*:19000:0:99999:7:::\n")
        .program("usr/sbin/sshd", 0o755)
        .program("bin/sh", 0o755)
        .file("root/.ssh/authorized_keys", "")
        .bytes();
    let upper = Layer::new()
        .file("usr/sbin/.wh.sshd", "")
        .file("home/ann/.ssh/authorized_keys", KEY)
        .file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n")
        .bytes();
    vec![lower, upper]
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ann@quill\n";

/// Name, state and path of every way to log in.
fn login_paths(found: &Value) -> Vec<[&str; 3]> {
    let ways = found["login_paths"].as_array().expect("a list").iter();
    ways.map(|way| ["login_path", "state", "path"].map(|key| way[key].as_str().unwrap_or_default())).collect()
}

#[test]
fn an_image_is_the_same_however_it_is_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let image = oci(&layers(), gzip, json!({}));
    write(&at("oci"), &image);
    write(&at("zstd"), &oci(&layers(), zstd, json!({})));
    write(&at("plain"), &oci(&layers(), <[u8]>::to_vec, json!({})));
    write(&at("saved"), &docker(&layers(), json!({})));
    let reversed: Parts = image.iter().rev().cloned().collect();
    let archives: [(&str, Vec<u8>); 6] = [
        ("oci.tar", archive(&image)),
        ("oci.tar.gz", gzip(&archive(&image))),
        ("reversed.tar.zst", zstd(&archive(&reversed))),
        ("docker.tar", archive(&docker(&layers(), json!({})))),
        ("docker.tar.gz", gzip(&archive(&docker(&layers(), json!({}))))),
        ("both.tar", archive(&[image.clone(), docker(&layers(), json!({}))].concat())),
    ];
    for (name, bytes) in &archives {
        std::fs::write(at(name), bytes).expect("a file");
    }
    let first = inspected(&request(&at("oci")));
    assert_eq!(first["subject"]["id"], first["inspected"]["manifest"]);
    assert_eq!(first["observed_at"], "2026-07-01T10:00:00.500000Z", "when the image says that it was made");
    assert_eq!(first["inspected"]["layers"].as_array().map(Vec::len), Some(2));
    for name in ["zstd", "plain", "saved"].into_iter().chain(archives.iter().map(|(name, _)| *name)) {
        let found = inspected(&request(&at(name)));
        assert_eq!(login_paths(&found), login_paths(&first), "{name}");
        assert_eq!(found["inspected"]["layers"][1]["diff_id"], first["inspected"]["layers"][1]["diff_id"], "{name}");
    }
    let json = || inspect(&request(&at("oci"))).expect("a manifest").json().expect("JSON");
    assert_eq!(json(), json());
}

#[test]
fn whiteouts_and_layers_show_in_the_manifest() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &oci(&layers(), gzip, json!({})));
    let found = inspected(&request(folder.path()));
    let layers: Vec<&str> =
        found["inspected"]["layers"].as_array().expect("a list").iter().filter_map(|layer| layer["digest"].as_str()).collect();
    let ways = found["login_paths"].as_array().expect("a list");
    let way = |name: &str| ways.iter().find(|way| way["login_path"] == name).expect("a statement");
    assert_eq!(way("sshd")["state"], "absent", "the second layer takes the server away");
    assert_eq!(way("authorized_key")["path"], "/home/ann/.ssh/authorized_keys");
    assert_eq!(way("authorized_key")["layer"], layers[1]);
    assert_eq!(way("authorized_key")["line"], 1);
    assert_eq!(way("container_shell")["layer"], layers[0]);
    let table = inspect(&request(folder.path())).expect("a manifest").table();
    assert!(table.contains(&format!("/home/ann/.ssh/authorized_keys:1  layer {}", &layers[1][7..19])), "{table}");
}

#[test]
fn the_manifest_is_evidence_that_is_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("oci"), &oci(&layers(), gzip, json!({})));
    let manifest = inspect(&request(&folder.path().join("oci"))).expect("a manifest");
    let path = folder.path().join("surface.json");
    std::fs::write(&path, manifest.json().expect("JSON")).expect("a file");
    let count =
        serde_json::from_str::<Value>(&manifest.json().expect("JSON")).expect("JSON")["login_paths"].as_array().map(Vec::len);
    let (config, period) = (Config::default(), Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period"));
    let options = CollectOptions { config: &config, period: &period, threads: 1, progress: &|_, _| {} };
    let files = [EvidenceFile::new(path, "surface.json".to_owned())];
    let collected = collect(&files, &folder.path().join("store"), options).expect("collected");
    let source = &collected.sources[0];
    assert_eq!(source.format.map(|format| format.name()), Some("login-surface"));
    assert_eq!((Some(source.tally.facts), source.tally.rejected), (count.map(|count| count as u64), 0));
}

#[test]
fn every_digest_is_made_again() {
    let image = oci(&layers(), gzip, json!({}));
    for (number, (name, _)) in image.iter().enumerate().filter(|(_, (name, _))| name.starts_with("blobs/")) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut damaged = image.clone();
        let bytes = &mut damaged[number].1;
        // A byte of the time in the head of gzip, or a blank behind JSON: what is read stays sound.
        if bytes.starts_with(&[0x1f, 0x8b]) {
            bytes[4] ^= 1
        } else {
            bytes.push(b' ')
        }
        write(folder.path(), &damaged);
        let error = error(&request(folder.path()));
        assert!(error.contains("has the digest sha256:") && error.contains("fetch it again"), "{name}: {error}");
    }
    // The digest of the layer unpacked, which the configuration names.
    let mut parts = Parts::new();
    let config = configuration(&[b"another".to_vec(), b"layer".to_vec()], "amd64", json!({}), "2026-07-01T10:00:00Z");
    let manifest = manifest(&mut parts, &layers(), gzip, &config);
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &layout(parts, vec![manifest]));
    assert!(error(&request(folder.path())).contains("the configuration says sha256:"));
}

/// A layout with images for several platforms, an attestation, and everything in an index of its own.
fn several() -> Parts {
    let mut parts = Parts::new();
    let mut manifests = Vec::new();
    for architecture in ["arm64", "amd64"] {
        let layer = vec![Layer::new().file(&format!("etc/{architecture}"), "").bytes()];
        let config = configuration(&layer, architecture, json!({}), "2026-07-01T10:00:00Z");
        let mut one = manifest(&mut parts, &layer, gzip, &config);
        one["platform"] = json!({ "os": "linux", "architecture": architecture });
        manifests.push(one);
    }
    let mut attestation = blob(&mut parts, "application/vnd.oci.image.manifest.v1+json", b"{}".to_vec());
    attestation["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
    attestation["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
    manifests.push(attestation);
    let index = json!({ "schemaVersion": 2, "manifests": manifests }).to_string().into_bytes();
    let mut index = blob(&mut parts, "application/vnd.oci.image.index.v1+json", index);
    index["annotations"] = json!({ "org.opencontainers.image.ref.name": "quill:4" });
    layout(parts, vec![index])
}

#[test]
fn the_platform_is_chosen_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &several());
    let usual = inspected(&request(folder.path()));
    assert_eq!(usual["inspected"]["platform"], "linux/amd64");
    assert_eq!(usual["subject"]["name"], "quill:4");
    assert!(usual["inspected"]["index"].as_str().is_some_and(|digest| digest.starts_with("sha256:")));
    let limits = usual["limits"].to_string();
    assert!(limits.contains("platform-chosen") && limits.contains("linux/amd64 of linux/arm64, linux/amd64"), "{limits}");
    let asked = inspected(&Request { platform: Some("linux/arm64"), ..request(folder.path()) });
    assert_eq!(asked["inspected"]["platform"], "linux/arm64");
    let none = error(&Request { platform: Some("linux/s390x"), ..request(folder.path()) });
    assert!(
        none.contains("no image for linux/s390x") && none.contains("for linux/arm64") && none.contains("--platform"),
        "{none}"
    );
}

#[test]
fn one_of_several_images_must_be_named() {
    let mut parts = Parts::new();
    let mut manifests = Vec::new();
    for tag in ["one", "two"] {
        let layer = vec![Layer::new().file(&format!("etc/{tag}"), "").bytes()];
        let config = configuration(&layer, "amd64", json!({}), "2026-07-01T10:00:00Z");
        let mut one = manifest(&mut parts, &layer, gzip, &config);
        one["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        manifests.push(one);
    }
    let digest = manifests[1]["digest"].as_str().expect("a digest").to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &layout(parts, manifests));
    let message = error(&request(folder.path()));
    assert!(message.contains("several images: one (sha256:") && message.contains("--reference"), "{message}");
    for reference in ["two", &digest] {
        let found = inspected(&Request { reference: Some(reference), ..request(folder.path()) });
        assert_eq!(found["subject"]["id"], digest.as_str());
    }
    assert!(error(&Request { reference: Some("three"), ..request(folder.path()) }).contains("called `three`"));
}

#[test]
fn what_is_missing_is_said_with_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    assert!(error(&request(&at("none"))).contains("cannot read it"));
    std::fs::write(at("text"), "hello").expect("a file");
    assert!(error(&request(&at("text"))).contains("no tar archive; give an OCI layout"));
    std::fs::create_dir(at("empty")).expect("a folder");
    assert!(error(&request(&at("empty"))).contains("give an OCI layout"));
    let image = oci(&layers(), gzip, json!({}));
    write(&at("missing"), &image[1..].to_vec());
    assert!(error(&request(&at("missing"))).contains("export the image again, with all its layers"));
    std::fs::create_dir_all(at("root/etc")).expect("a folder");
    assert!(error(&Request { name: Some("r"), ..request(&at("root")) }).contains("--observed-at"));
    let root = at("root");
    let timed = Request { observed_at: Some("2026-07-01T10:00:00Z"), ..request(&root) };
    assert!(error(&timed).contains("--id"));
    let named = inspected(&Request { id: Some("ami-1"), ..timed });
    assert_eq!(named["subject"]["id"], "ami-1");
    assert!(error(&Request { observed_at: Some("yesterday"), ..request(&root) }).contains("--observed-at yesterday"));
    // Reproducible builds say 1970 or year 1, which is no time that anything was seen at.
    for created in ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"] {
        let mut parts = Parts::new();
        let manifest = manifest(&mut parts, &layers(), gzip, &configuration(&layers(), "amd64", json!({}), created));
        let place = at(created.get(..4).expect("a year"));
        write(&place, &layout(parts, vec![manifest]));
        assert!(error(&request(&place)).contains("--observed-at"), "{created}");
    }
}

#[test]
fn images_for_other_systems_and_layers_alone_say_nothing_of_absence() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut parts = Parts::new();
    let mut config = configuration(&layers(), "amd64", json!({}), "2026-07-01T10:00:00Z");
    config["os"] = json!("windows");
    let manifest = manifest(&mut parts, &layers(), gzip, &config);
    write(folder.path(), &layout(parts, vec![manifest]));
    assert!(error(&request(folder.path())).contains("only images for Linux"));
    let path = folder.path().join("layer.tar");
    std::fs::write(&path, Layer::new().folder("etc/").file("usr/sbin/.wh.sshd", "").bytes()).expect("a file");
    let found = inspected(&Request { observed_at: Some("2026-07-01T10:00:00Z"), ..request(&path) });
    assert!(found["limits"].to_string().contains("single-layer"));
    assert!(login_paths(&found).iter().all(|[_, state, _]| *state == "unknown"), "{found}");
}

#[test]
fn indexes_that_name_each_other_over_and_over_end() {
    let mut parts = Parts::new();
    let mut one = blob(&mut parts, "application/vnd.oci.image.index.v1+json", br#"{"manifests":[]}"#.to_vec());
    for _ in 0..4 {
        let many: Vec<Value> = std::iter::repeat_n(one.clone(), 200).collect();
        one = blob(&mut parts, "application/vnd.oci.image.index.v1+json", json!({ "manifests": many }).to_string().into_bytes());
    }
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &layout(parts, vec![one]));
    assert!(error(&request(folder.path())).contains("more than 1000 manifests"));
}

#[test]
fn names_of_every_kind_are_read_and_strays_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = format!("etc/ssh/sshd_config.d/{}.conf", "x".repeat(220));
    let layer = Layer::new()
        .program("usr/sbin/sshd", 0o755)
        .file("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n")
        .file(&long, "PasswordAuthentication no\n")
        .entry("../../../etc/passwd", EntryType::Regular, 0o644, "", b"root:x:0:0::/root:/bin/sh\n")
        .entry("/etc/shadow", EntryType::Regular, 0o600, "", b"root::19000::::::\n")
        .program("bin/sh", 0o755)
        .link("etc/escape", "../../../../../etc")
        .entry("etc/ssh/device", EntryType::Char, 0o644, "", b"");
    std::fs::write(folder.path().join("root.tar"), layer.bytes()).expect("a file");
    let root = folder.path().join("root.tar");
    let found = inspected(&Request { observed_at: Some("2026-07-01T10:00:00Z"), ..request(&root) });
    let text = found.to_string();
    assert!(text.contains(&"x".repeat(220)), "long names are whole");
    assert!(text.contains("EMPTY password"), "absolute names and those with .. lie inside the root: {text}");
    assert!(text.contains("path-outside-root"));
    assert_eq!(found["subject"]["id"], format!("sha256:{}", sha256(&std::fs::read(&root).expect("the file"))));
}

#[test]
fn nothing_counts_as_absent_in_a_cut_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = Layer::new().folder("etc/").file("etc/hostname", "x").bytes();
    let path = folder.path().join("cut.tar");
    std::fs::write(&path, &whole[..whole.len() - 1024]).expect("a file");
    let found = inspected(&Request { observed_at: Some("2026-07-01T10:00:00Z"), ..request(&path) });
    assert!(found["limits"].to_string().contains("torn"));
    assert!(login_paths(&found).iter().all(|[_, state, _]| *state == "unknown"), "{found}");
    // In the middle of an entry it is an error.
    std::fs::write(&path, &whole[..1100]).expect("a file");
    assert!(error(&Request { observed_at: Some("2026-07-01T10:00:00Z"), ..request(&path) }).contains("cannot read it"));
}

#[test]
fn a_folder_is_not_left_through_its_links() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("outside"), "root::19000::::::\n").expect("a file");
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("etc")).expect("a folder");
    std::fs::write(root.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\n").expect("a file");
    #[cfg(unix)]
    std::os::unix::fs::symlink("../../outside", root.join("etc/shadow")).expect("a link");
    let found = inspected(&Request { observed_at: Some("2026-07-01T10:00:00Z"), id: Some("r"), ..request(&root) });
    assert!(!found.to_string().contains("EMPTY"), "{found}");
}

#[test]
fn archives_that_are_made_to_fill_a_machine_are_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    // A long name of 64 MiB: the name of one entry.
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(EntryType::GNULongName);
    header.set_size(64 << 20);
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, std::io::Read::take(std::io::repeat(b'a'), 64 << 20)).expect("room");
    let named = [Layer::new().folder("etc/").bytes()[..512].to_vec(), builder.into_inner().expect("room")].concat();
    let path = folder.path().join("named.tar.zst");
    std::fs::write(&path, zstd(&named)).expect("a file");
    let message = error(&Request { observed_at: Some("2026-07-01T10:00:00Z"), ..request(&path) });
    assert!(message.contains("more than 2 MiB stands before an entry"), "{message}");
}

#[test]
fn no_secret_is_in_the_manifest() {
    let folder = tempfile::tempdir().expect("a folder");
    let layer = Layer::new()
        .file("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
        .file("etc/shadow", "root:$6$saltsalt$hunter2hash:19000:0:99999:7:::\n")
        .program("bin/sh", 0o755)
        .program("usr/bin/cloud-init", 0o755)
        .file("etc/cloud/cloud.cfg", "password: hunter2\nchpasswd: {list: \"ann:hunter2\"}\n")
        .file("etc/ssh/ssh_host_ed25519_key", "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n")
        .bytes();
    let run = json!({ "Env": ["TOKEN=hunter2"], "Entrypoint": ["/bin/app", "--password", "hunter2"], "Cmd": ["TOKEN=hunter2"] });
    write(folder.path(), &oci(&[layer], gzip, run));
    let manifest = inspect(&request(folder.path())).expect("a manifest");
    for text in [manifest.json().expect("JSON"), manifest.table()] {
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("a usable password") && text.contains("/bin/app"), "{text}");
    }
}
