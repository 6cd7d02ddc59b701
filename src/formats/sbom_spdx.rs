//! SPDX 2 in JSON: the software bill of materials of an image. Record 1 is the package that the document describes, record
//! n + 1 its n-th package.
//!
//! Source: the SPDX specification 2.2 and 2.3 and its JSON schema. Large bills are mostly files and relationships: files are
//! only searched for the binary of an SSH server, relationships only for what the document describes.

use std::borrow::Cow;
use std::collections::BTreeSet;

use memchr::memmem;

use super::json_keys::{keys, repeated, whole_object};
use super::lazy::{Json, Members};
use super::package_list::Package;
use super::sbom::{Bill, Entry, Purpose, Subject};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, LOGIN_PATHS, Table};

/// SPDX 2 in JSON.
pub(super) struct Spdx;

/// How the path of an SSH server's binary ends, with the quote that closes the string.
const SSH_FILES: [&str; 4] = ["sbin/sshd\"", "sbin/dropbear\"", "bin/dropbear\"", "sbin/tinysshd\""];

impl Format for Spdx {
    fn name(&self) -> &'static str {
        "spdx"
    }

    fn about(&self) -> &'static str {
        "SPDX 2 SBOM in JSON: the image and the packages that open a way to log in"
    }

    fn recognised_by(&self) -> &'static str {
        "spdxVersion, packages or files with SPDXRef- identifiers"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES, &LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        if !text.contains("\"SPDXID\"") || !text.contains("\"SPDXRef-") {
            return None;
        }
        // Tools that write the files first have the version far behind the head.
        let known = ["spdxVersion", "SPDXID", "packages", "files"];
        keys(text, 1)
            .iter()
            .any(|key| known.contains(key))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let document = Members::of(document).ok()?;
        let packages = document.get("packages")?.elements();
        if number == 1 {
            let described = described(&document);
            let is_described = |package: &&Json<'_>| {
                package.members().and_then(|it| it.text("SPDXID").map(|id| described.contains(id.as_ref()))).unwrap_or(false)
            };
            return packages.iter().find(is_described).map(|package| package.raw().to_owned());
        }
        packages.get(usize::try_from(number.checked_sub(2)?).ok()?).map(|package| package.raw().to_owned())
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = whole_object(segment, sink) else { return };
        if !document.text("spdxVersion").is_some_and(|version| version.starts_with("SPDX-2.")) {
            return sink.record(1).reject("spdxVersion is not SPDX-2: a bill of another version", segment.bytes);
        }
        bill(&document).give(reading, sink);
    }
}

fn bill(document: &Members<'_>) -> Bill {
    let created = document.get("creationInfo").and_then(Json::members).and_then(|it| it.text("created").map(Cow::into_owned));
    let mut bill = Bill { number: 1, made_at: created, ..Bill::default() };
    let described = described(document);
    let packages = document.get("packages").map(Json::elements).unwrap_or_default();
    let mut subjects = Vec::new();
    for (number, package) in (2..).zip(&packages) {
        let members = package.members();
        let is_subject = members.as_ref().and_then(|it| it.text("SPDXID")).is_some_and(|id| described.contains(id.as_ref()));
        let entry = match members.as_ref().filter(|_| is_subject) {
            Some(members) => {
                subjects.push(subject(members));
                Entry::Other("what the SBOM is about")
            }
            None => entry(package, members.as_ref()),
        };
        bill.entries.push((number, entry));
    }
    bill.subject = only(subjects);
    let files = document.get("files").map(Json::raw).unwrap_or_default();
    if let Some(end) = SSH_FILES.iter().find(|end| memmem::find(files.as_bytes(), end.as_bytes()).is_some()) {
        bill.list.note_file(end.trim_end_matches('"'));
    }
    bill
}

/// The subject of a bill: the only one that is described, or the only container among several. Of two images nobody can say
/// which one holds a package.
pub(super) fn only(mut subjects: Vec<Subject>) -> Subject {
    if subjects.len() > 1 {
        subjects.retain(|subject| subject.purpose == Purpose::Container);
    }
    match (subjects.pop(), subjects.is_empty()) {
        (Some(only), true) => only,
        _ => Subject::default(),
    }
}

/// The identifiers of what the document describes.
fn described(document: &Members<'_>) -> BTreeSet<String> {
    let mut ids: BTreeSet<String> = BTreeSet::new();
    let listed = document.get("documentDescribes").map(Json::elements).unwrap_or_default();
    ids.extend(listed.iter().filter_map(|id| id.text().map(Cow::into_owned)));
    let relationships = document.get("relationships").map(Json::elements).unwrap_or_default();
    for relationship in relationships.iter().filter(|relationship| relationship.raw().contains("DESCRIBE")) {
        let Some(members) = relationship.members() else { continue };
        let (from, to) = (members.text("spdxElementId"), members.text("relatedSpdxElement"));
        let id = match members.text("relationshipType").as_deref() {
            Some("DESCRIBES") if from.as_deref() == Some("SPDXRef-DOCUMENT") => to,
            Some("DESCRIBED_BY") if to.as_deref() == Some("SPDXRef-DOCUMENT") => from,
            _ => None,
        };
        ids.extend(id.map(Cow::into_owned));
    }
    ids
}

fn subject(package: &Members<'_>) -> Subject {
    let text = |key: &str| package.filled(key).map(Cow::into_owned);
    Subject {
        purpose: purpose(package.text("primaryPackagePurpose").as_deref().unwrap_or_default()),
        name: text("name"),
        version: text("versionInfo"),
        purl: purl(package),
        image_id: image_id(package),
    }
}

/// What the primary purpose of a package says about the subject of a bill.
pub(super) fn purpose(purpose: &str) -> Purpose {
    match purpose {
        "CONTAINER" => Purpose::Container,
        "OPERATING-SYSTEM" | "OPERATING_SYSTEM" | "DEVICE" | "FIRMWARE" | "FILE" | "ARCHIVE" | "INSTALL" => Purpose::System,
        "APPLICATION" | "FRAMEWORK" | "LIBRARY" => Purpose::Software,
        _ => Purpose::Unsaid,
    }
}

fn purl(package: &Members<'_>) -> Option<String> {
    let references = package.get("externalRefs")?.elements();
    references.iter().filter_map(Json::members).find_map(|reference| {
        (reference.text("referenceType").as_deref() == Some("purl"))
            .then(|| reference.filled("referenceLocator"))?
            .map(Cow::into_owned)
    })
}

/// Trivy's word for the config of the image: an annotation `aquasecurity:trivy:ImageID: sha256:…`, older ones without prefix.
fn image_id(package: &Members<'_>) -> Option<String> {
    let annotations = package.get("annotations").map(Json::elements).unwrap_or_default();
    let comments = annotations.iter().filter_map(|it| it.members()?.filled("comment").map(Cow::into_owned));
    comments.into_iter().find_map(|comment| {
        comment.trim_start_matches("aquasecurity:trivy:").strip_prefix("ImageID: ").map(|id| id.trim().to_owned())
    })
}

fn entry(package: &Json<'_>, members: Option<&Members<'_>>) -> Entry {
    let Some(members) = members else {
        return Entry::Unreadable("a package that is not an object", package.raw().to_owned());
    };
    if repeated(members).is_some() {
        return Entry::Unreadable("a package with a key that is written twice", package.raw().to_owned());
    }
    if purpose_is_system(members) {
        return Entry::Other("the operating system itself, not a package");
    }
    match members.filled("name") {
        Some(name) => Entry::Package(Package::of(&name, members.filled("versionInfo").as_deref(), purl(members).as_deref())),
        None => Entry::Unreadable("a package without a name", package.raw().to_owned()),
    }
}

fn purpose_is_system(package: &Members<'_>) -> bool {
    matches!(package.text("primaryPackagePurpose").as_deref(), Some("OPERATING-SYSTEM" | "OPERATING_SYSTEM"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hold_a_server_that_no_package_is() {
        let package = |number: u32| {
            format!(
                r#"{{"name":"p{number}","externalRefs":[{{"referenceType":"purl","referenceLocator":"pkg:deb/debian/p{number}@1"}}]}}"#
            )
        };
        let packages = (0..30).map(package).collect::<Vec<_>>().join(",");
        let base =
            r#"{"name":"base-files","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:deb/debian/base-files@1"}]}"#;
        for (file, expected) in [("usr/sbin/sshd", "unknown"), ("usr/sbin/sshd-keygen", "absent")] {
            let text = format!(r#"{{"packages":[{base},{packages}],"files":[{{"fileName":"{file}"}}]}}"#);
            let mut bill = bill(&Members::of(&text).expect("an object"));
            for (_, entry) in &bill.entries {
                if let Entry::Package(package) = entry {
                    bill.list.note(package);
                }
            }
            assert_eq!(bill.list.no_ssh_server().map(|(state, _)| state), Some(expected), "{file}");
        }
    }

    #[test]
    fn of_two_described_images_none_is_taken() {
        let container = || Subject { purpose: Purpose::Container, name: Some("web".to_owned()), ..Subject::default() };
        assert_eq!(only(vec![container()]).name.as_deref(), Some("web"));
        assert_eq!(only(vec![container(), Subject::default()]).name.as_deref(), Some("web"));
        assert_eq!(only(vec![container(), container()]).name, None);
        assert_eq!(only(Vec::new()).name, None);
    }
}
