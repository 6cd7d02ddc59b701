//! SPDX 3 in JSON-LD with the one context that the specification allows: `@graph` with the elements of the bill. Record n is
//! the n-th element.
//!
//! Source: the SPDX specification 3.0.1 (`serializations.md`, Software profile: `Package`, `SoftwarePurpose`; Core profile:
//! `ElementCollection.rootElement`, `CreationInfo`). A document of another shape, such as a single element without
//! `@graph`, is rejected.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::json_keys::{repeated, top_keys, whole_object};
use super::lazy::{Json, Members};
use super::package_list::Package;
use super::sbom::{Bill, Entry, Purpose, Subject};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, LOGIN_PATHS, Table};

/// SPDX 3 in JSON-LD.
pub(super) struct Spdx3;

impl Format for Spdx3 {
    fn name(&self) -> &'static str {
        "spdx3"
    }

    fn about(&self) -> &'static str {
        "SPDX 3 SBOM in JSON-LD: the image and the packages that open a way to log in"
    }

    fn recognised_by(&self) -> &'static str {
        "the JSON-LD context of SPDX 3"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES, &LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let named = head.text().contains("https://spdx.org/rdf/3.") && top_keys(head).contains(&"@context");
        named.then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        Members::of(document).ok()?.get("@graph")?.elements().get(index).map(|element| element.raw().to_owned())
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = whole_object(segment, sink) else { return };
        let graph = document.get("@graph").map(Json::elements).unwrap_or_default();
        if graph.is_empty() {
            return sink.record(1).reject("no @graph with elements: an SPDX 3 document of another shape", segment.bytes);
        }
        bill(&graph).give(reading, sink);
    }
}

fn bill(graph: &[Json<'_>]) -> Bill {
    let elements: Vec<Option<Members<'_>>> = graph.iter().map(Json::members).collect();
    let roots = roots(&elements);
    let mut bill = Bill { number: 1, ..Bill::default() };
    let mut subjects = Vec::new();
    for (number, (raw, element)) in (1..).zip(graph.iter().zip(&elements)) {
        let Some(element) = element else {
            bill.entries.push((number, Entry::Unreadable("an element that is not an object", raw.raw().to_owned())));
            continue;
        };
        let kind = kind(element);
        let is_root = id(element).is_some_and(|id| roots.contains(id.as_ref()));
        let entry = match kind.as_deref() {
            Some("software_Package") if is_root => {
                bill.number = number;
                subjects.push(subject(element));
                continue;
            }
            Some("software_Package") => package(element, raw),
            Some("software_File") => {
                bill.list.note_file(&element.text("name").unwrap_or_default());
                Entry::Other("a file, not a package")
            }
            Some("CreationInfo") => {
                bill.made_at = bill.made_at.or_else(|| element.text("created").map(Cow::into_owned));
                Entry::Other("no package")
            }
            _ => Entry::Other("no package"),
        };
        bill.entries.push((number, entry));
    }
    if let (Some(only), true) = (subjects.pop(), subjects.is_empty()) {
        bill.subject = only;
    }
    bill
}

/// The packages that the document, or a bill within it, is about.
fn roots(elements: &[Option<Members<'_>>]) -> BTreeSet<String> {
    let collections = elements
        .iter()
        .flatten()
        .filter(|element| matches!(kind(element).as_deref(), Some("SpdxDocument" | "software_Sbom" | "Bom" | "Bundle")));
    collections
        .filter_map(|collection| collection.get("rootElement"))
        .flat_map(|roots| match roots.text() {
            Some(only) => vec![only.into_owned()],
            None => roots.elements().iter().filter_map(|root| root.text().map(Cow::into_owned)).collect(),
        })
        .collect()
}

fn kind<'m>(element: &'m Members<'_>) -> Option<Cow<'m, str>> {
    element.text("type").or_else(|| element.text("@type"))
}

fn id<'m>(element: &'m Members<'_>) -> Option<Cow<'m, str>> {
    element.text("spdxId").or_else(|| element.text("@id"))
}

fn subject(package: &Members<'_>) -> Subject {
    let text = |key: &str| package.filled(key).map(Cow::into_owned);
    Subject {
        purpose: match package.text("software_primaryPurpose").as_deref() {
            Some("container") => Purpose::Container,
            Some(
                "archive" | "device" | "diskImage" | "file" | "filesystemImage" | "firmware" | "install" | "operatingSystem",
            ) => Purpose::System,
            Some("application" | "executable" | "framework" | "library" | "module") => Purpose::Software,
            _ => Purpose::Unsaid,
        },
        name: text("name"),
        version: text("software_packageVersion"),
        purl: purl(package),
        image_id: None,
    }
}

/// `software_packageUrl`, else an external identifier that is a package URL.
fn purl(package: &Members<'_>) -> Option<String> {
    let own = package.filled("software_packageUrl").map(Cow::into_owned);
    own.or_else(|| {
        let identifiers = package.get("externalIdentifier")?.elements();
        identifiers.iter().filter_map(Json::members).find_map(|identifier| {
            let kind = identifier.text("externalIdentifierType");
            let is_purl = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("packageUrl"));
            is_purl.then(|| identifier.filled("identifier"))?.map(Cow::into_owned)
        })
    })
}

fn package(package: &Members<'_>, raw: &Json<'_>) -> Entry {
    if repeated(package).is_some() {
        return Entry::Unreadable("a package with a key that is written twice", raw.raw().to_owned());
    }
    if package.text("software_primaryPurpose").as_deref() == Some("operatingSystem") {
        return Entry::Other("the operating system itself, not a package");
    }
    match package.filled("name") {
        Some(name) => {
            let version = package.filled("software_packageVersion");
            Entry::Package(Package::of(&name, version.as_deref(), purl(package).as_deref()))
        }
        None => Entry::Unreadable("a package without a name", raw.raw().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_of_a_bill_within_the_document_is_its_subject() {
        let text = r#"[{"type":"SpdxDocument","spdxId":"urn:d","rootElement":["urn:s"]},{"type":"software_Sbom","spdxId":"urn:s","rootElement":"urn:i"},
            {"type":"software_Package","spdxId":"urn:p","name":"sudo"},
            {"type":"software_Package","spdxId":"urn:i","name":"web","software_primaryPurpose":"container"}]"#;
        let bill = bill(&Json::borrowed(text).elements());
        assert_eq!((bill.number, bill.subject.name.as_deref(), bill.entries.len()), (4, Some("web"), 3));
    }
}
