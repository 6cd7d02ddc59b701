//! What every bill of materials gives, whatever its format: the image that it is about, and the ways to log in that its
//! packages open. The formats read names and numbers; this decides.
//!
//! Source for subjects: syft `cyclonedxhelpers` and `spdxhelpers` (a container's digest is the version or in the package
//! URL; a folder is a `file` by its path, or by the name and version given on the command line), trivy `pkg/sbom/io`
//! (`ImageID` beside the digest of the repository).

use super::image_facts::digest;
use super::package_list::{Package, PackageList, Purl};
use super::{Reading, Sink};
use crate::facts::{Image, LoginPath, Micros};

/// What a bill is about, as far as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A container image.
    Container,
    /// A disk, a file system or an operating system, which has no digest of its own in such formats.
    System,
    /// An application or a library.
    Software,
    /// It does not say.
    #[default]
    Unsaid,
}

/// The subject of a bill.
#[derive(Debug, Default)]
pub(super) struct Subject {
    pub(super) purpose: Purpose,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) purl: Option<String>,
    /// Digest of the config, which Docker calls the image's id.
    pub(super) image_id: Option<String>,
}

/// What the subject turns out to be.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    /// The same image under each of these digests.
    ByDigest(Vec<String>),
    /// An image by its name alone.
    ByName(String),
    /// No image.
    Software,
    /// Nothing that names an image.
    Not,
}

impl Subject {
    fn named(&self) -> Named {
        if self.purpose == Purpose::Software {
            return Named::Software;
        }
        let purl = self.purl.as_deref().and_then(Purl::parse).filter(|purl| matches!(purl.kind, "oci" | "docker"));
        let version = self.version.as_deref().map(str::trim).filter(|version| !version.is_empty());
        let name = self.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let exact = [
            purl.as_ref().and_then(|purl| purl.version.as_deref()),
            version,
            name.and_then(|name| name.rsplit_once('@')).map(|(_, end)| end),
        ];
        let exact = exact.into_iter().flatten().find_map(digest);
        let id = self.image_id.as_deref().and_then(digest).filter(|id| exact.as_ref() != Some(id));
        let digests: Vec<String> = exact.into_iter().chain(id).collect();
        if !digests.is_empty() {
            return Named::ByDigest(digests);
        }
        // A path on the machine that scanned names nothing.
        let is_path = |name: &str| name.starts_with(['/', '.', '~']) || name.contains('\\') || name.starts_with("file:");
        match (self.purpose, name.filter(|name| !is_path(name)), version) {
            (Purpose::Container | Purpose::System, Some(name), Some(version)) => Named::ByName(format!("{name}:{version}")),
            (Purpose::Container, Some(name), None) => Named::ByName(name.to_owned()),
            _ => Named::Not,
        }
    }
}

/// One entry of a bill.
#[derive(Debug)]
pub(super) enum Entry {
    /// A package.
    Package(Package),
    /// Something else, with the reason why it says nothing here.
    Other(&'static str),
    /// What cannot be read, with the reason.
    Unreadable(&'static str, String),
}

/// A bill of materials, read.
#[derive(Debug, Default)]
pub(super) struct Bill {
    pub(super) subject: Subject,
    /// Number of the record or line that says what the bill is about.
    pub(super) number: u64,
    /// When the bill was made, as written.
    pub(super) made_at: Option<String>,
    /// Entries with the numbers of their records or lines.
    pub(super) entries: Vec<(u64, Entry)>,
    /// Counts of what is there, gaps and files that the format has seen.
    pub(super) list: PackageList,
}

/// The reason of the reject where no image is named.
const NO_IMAGE: &str = "the SBOM names no image: it gives neither a digest nor a name with a version for what it is about";

impl Bill {
    /// Gives the facts of the bill and an outcome to each of its records.
    pub(super) fn give(self, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let (images, exact) = match self.subject.named() {
            Named::ByDigest(digests) => (digests, true),
            Named::ByName(name) => (vec![name], false),
            Named::Software => return sink.record(self.number).skip("the SBOM of an application or library, not of an image"),
            Named::Not => {
                let text = "the SBOM does not name an image by digest, or by name and version; nothing is known from it";
                sink.limit("unbound", Some(self.number), text);
                return sink.record(self.number).reject(NO_IMAGE, b"");
            }
        };
        if !exact {
            let text = "the SBOM names its image by name only; another image may bear the same name";
            sink.limit("image-by-name", Some(self.number), text);
        }
        let made_at = self.made_at.as_deref().and_then(crate::facts::parse_rfc3339);
        if let Some(instant) = made_at {
            sink.taken_at(instant);
        }
        let about: Vec<Image<'_>> = images
            .iter()
            .map(|image| Image {
                image,
                name: self.subject.name.as_deref(),
                kind: Some("sbom"),
                built_at: None,
                builder: None,
                source_uri: None,
                source_commit: None,
                change_id: None,
                base_image: None,
            })
            .collect();
        give_packages(self.number, &about, self.entries, self.list, made_at, reading, sink);
    }
}

/// Gives the images themselves and what their packages say of logging in.
pub(super) fn give_packages(
    number: u64,
    images: &[Image<'_>],
    entries: Vec<(u64, Entry)>,
    mut list: PackageList,
    made_at: Option<Micros>,
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
) {
    let observed_at = made_at.or(reading.collected_at);
    if observed_at.is_none() {
        let text = "the package list does not say when it was made; bind the time by the path ([[bind]] in steadfast.toml)";
        sink.limit("snapshot-without-time", Some(number), text);
    }
    let text = "a package list shows what its tool saw; what was installed in another way is not in it, and what is not in it \
                may still be there";
    sink.limit("package-list-partial", Some(number), text);
    for (_, entry) in &entries {
        match entry {
            Entry::Package(package) => list.note(package),
            Entry::Unreadable(..) => list.has_gap("some entries of it cannot be read"),
            Entry::Other(_) => {}
        }
    }
    give_images(number, images, &list, observed_at, sink);
    for (number, entry) in entries {
        let mut record = sink.record(number);
        match entry {
            Entry::Other(reason) => record.skip(reason),
            Entry::Unreadable(reason, text) => record.reject(reason, text.as_bytes()),
            Entry::Package(package) => match package.login_path() {
                None => record.skip("a package that is no way to log in"),
                Some(path) => {
                    let detail = package.detail();
                    images.iter().for_each(|image| record.fact(login_path(image.image, path, "unknown", &detail, observed_at)));
                }
            },
        }
    }
}

/// The record that names the images: the images, and what the whole list says of an SSH server.
fn give_images(number: u64, images: &[Image<'_>], list: &PackageList, observed_at: Option<Micros>, sink: &mut Sink<'_>) {
    let missing = list.no_ssh_server();
    let mut record = sink.record(number);
    for image in images {
        record.fact(image.clone());
        if let Some((state, detail)) = &missing {
            record.fact(login_path(image.image, "sshd", state, detail, observed_at));
        }
    }
}

fn login_path<'a>(
    image: &'a str,
    login_path: &'a str,
    state: &'a str,
    detail: &'a str,
    observed_at: Option<Micros>,
) -> LoginPath<'a> {
    LoginPath { subject_kind: "image", subject: image, login_path, state, detail: Some(detail), observed_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(purpose: Purpose, name: &str, version: &str, purl: &str) -> Subject {
        let some = |text: &str| Some(text.to_owned());
        Subject { purpose, name: some(name), version: some(version), purl: some(purl), image_id: None }
    }

    #[test]
    fn the_package_url_names_the_image_before_all_else() {
        let (a, b) = (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
        let purl = format!("pkg:oci/web@{}?arch=amd64", a.replace(':', "%3A"));
        let web = subject(Purpose::Container, "web", &b, &purl);
        assert_eq!(web.named(), Named::ByDigest(vec![a.clone()]));
        assert_eq!(Subject { image_id: Some(b.clone()), ..web }.named(), Named::ByDigest(vec![a.clone(), b.clone()]));
        assert_eq!(subject(Purpose::Unsaid, "web", &b, "").named(), Named::ByDigest(vec![b]));
        assert_eq!(subject(Purpose::Container, &format!("web@{a}"), "1", "").named(), Named::ByDigest(vec![a]));
    }

    #[test]
    fn a_name_names_an_image_where_the_bill_says_that_it_is_one() {
        let named = |purpose, name, version| subject(purpose, name, version, "").named();
        assert_eq!(named(Purpose::Container, "web", "1.2"), Named::ByName("web:1.2".to_owned()));
        assert_eq!(named(Purpose::Container, "web:1.2", ""), Named::ByName("web:1.2".to_owned()));
        assert_eq!(named(Purpose::System, "web-image", "20261122"), Named::ByName("web-image:20261122".to_owned()));
        assert_eq!(named(Purpose::System, "web-image", ""), Named::Not);
        assert_eq!(named(Purpose::System, "/srv/rootfs", "1"), Named::Not, "a path");
        assert_eq!(named(Purpose::Unsaid, "web", "1.2"), Named::Not);
        assert_eq!(named(Purpose::Software, "web", "1.2"), Named::Software);
    }
}
