//! CycloneDX in JSON: the software bill of materials of an image. Record 1 is what the bill is about
//! (`metadata.component`), record n + 1 its n-th component, nested ones counted where they stand.
//!
//! Source: cyclonedx.org, JSON schemas 1.2 to 1.6. Components under tools, pedigree or formulation are not parts of the
//! image and are not read; `compositions` may say that the list is incomplete.

use super::json_keys::{repeated, top_keys, whole_object};
use super::lazy::{Json, Members};
use super::package_list::Package;
use super::sbom::{Bill, Entry, Purpose, Subject};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, LOGIN_PATHS, Table};

/// CycloneDX in JSON.
pub(super) struct CycloneDx;

impl Format for CycloneDx {
    fn name(&self) -> &'static str {
        "cyclonedx"
    }

    fn about(&self) -> &'static str {
        "CycloneDX SBOM in JSON: the image and the packages that open a way to log in"
    }

    fn recognised_by(&self) -> &'static str {
        "bomFormat is CycloneDX"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES, &LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let names_itself = head.text().contains("\"CycloneDX\"") && top_keys(head).contains(&"bomFormat");
        names_itself.then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let document = Members::of(document).ok()?;
        if number == 1 {
            return Some(document.get("metadata")?.members()?.get("component")?.raw().to_owned());
        }
        let mut found = None;
        let mut at = 1;
        each_component(&document, &mut |component| {
            at += 1;
            if at == number {
                found = Some(component.raw().to_owned());
            }
        });
        found
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = whole_object(segment, sink) else { return };
        bill(&document).give(reading, sink);
    }
}

fn bill(document: &Members<'_>) -> Bill {
    let metadata = document.get("metadata").and_then(Json::members);
    let component = metadata.as_ref().and_then(|metadata| metadata.get("component")).and_then(Json::members);
    let mut bill = Bill {
        subject: component.as_ref().map(subject).unwrap_or_default(),
        number: 1,
        made_at: metadata.as_ref().and_then(|metadata| metadata.text("timestamp")).map(|text| text.into_owned()),
        ..Bill::default()
    };
    let mut number = 1;
    each_component(document, &mut |component| {
        number += 1;
        let entry = entry(component);
        if let Some(path) =
            component.members().as_ref().filter(|_| matches!(entry, Entry::Other(_))).and_then(|it| it.text("name"))
        {
            bill.list.note_file(&path);
        }
        bill.entries.push((number, entry));
    });
    let compositions = document.get("compositions").map(Json::elements).unwrap_or_default();
    let incomplete = |composition: &Json<'_>| {
        composition.members().and_then(|it| it.text("aggregate").map(|text| text.starts_with("incomplete"))).unwrap_or(false)
    };
    if compositions.iter().any(incomplete) {
        bill.list.has_gap("the SBOM itself says that it is incomplete");
    }
    bill
}

/// Gives every component below `parent` to `visit`, parents before their children. How deep they go is bounded by what
/// `json_keys::members` reads.
fn each_component(parent: &Members<'_>, visit: &mut impl FnMut(&Json<'_>)) {
    for component in parent.get("components").map(Json::elements).unwrap_or_default() {
        visit(&component);
        if let Some(members) = component.members() {
            each_component(&members, visit);
        }
    }
}

fn subject(component: &Members<'_>) -> Subject {
    let text = |key: &str| component.filled(key).map(|text| text.into_owned());
    let properties = component.get("properties").map(Json::elements).unwrap_or_default();
    let image_id = properties.iter().filter_map(Json::members).find_map(|property| {
        (property.text("name").as_deref() == Some("aquasecurity:trivy:ImageID"))
            .then(|| property.filled("value"))?
            .map(|id| id.into_owned())
    });
    Subject {
        purpose: purpose(component.text("type").as_deref().unwrap_or_default()),
        name: text("name"),
        version: text("version"),
        purl: text("purl"),
        image_id,
    }
}

/// What a component type says about the subject of a bill.
pub(super) fn purpose(kind: &str) -> Purpose {
    match kind {
        "container" => Purpose::Container,
        "file" | "operating-system" | "platform" | "device" | "firmware" => Purpose::System,
        "application" | "library" | "framework" | "data" | "device-driver" | "machine-learning-model" | "cryptographic-asset" => {
            Purpose::Software
        }
        _ => Purpose::Unsaid,
    }
}

/// Why a component is not a package of the image; nothing where it is one.
pub(super) fn no_package(kind: &str) -> Option<&'static str> {
    match kind {
        "file" => Some("a file, not a package"),
        "operating-system" => Some("the operating system itself, not a package"),
        "data" | "cryptographic-asset" | "machine-learning-model" => Some("data, not a package"),
        _ => None,
    }
}

fn entry(component: &Json<'_>) -> Entry {
    let Some(members) = component.members() else {
        return Entry::Unreadable("a component that is not an object", component.raw().to_owned());
    };
    if repeated(&members).is_some() {
        return Entry::Unreadable("a component with a key that is written twice", component.raw().to_owned());
    }
    if let Some(reason) = no_package(members.text("type").as_deref().unwrap_or_default()) {
        return Entry::Other(reason);
    }
    match members.filled("name") {
        Some(name) => Entry::Package(Package::of(&name, members.filled("version").as_deref(), members.filled("purl").as_deref())),
        None => Entry::Unreadable("a component without a name", component.raw().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_components_count_where_they_stand() {
        let text =
            r#"{"components":[{"name":"a","components":[{"name":"b"}]},{"name":"c"}],"metadata":{"component":{"name":"s"}}}"#;
        let names: Vec<Option<String>> = (1..=5).map(|number| CycloneDx.record(text, number)).collect();
        let starts = |index: usize, text: &str| names[index].as_deref().is_some_and(|record| record.starts_with(text));
        assert!(
            starts(0, r#"{"name":"s""#)
                && starts(1, r#"{"name":"a""#)
                && starts(2, r#"{"name":"b""#)
                && starts(3, r#"{"name":"c""#)
        );
        assert_eq!(names[4], None);
    }

    #[test]
    fn components_are_read_as_deep_as_documents_may_be() {
        let text = format!("{}{}", r#"{"name":"a","components":["#.repeat(16), "]}".repeat(16));
        assert_eq!(bill(&Members::of(&text).expect("an object")).entries.len(), 15);
    }

    #[test]
    fn tools_of_both_shapes_are_no_components() {
        for tools in [r#"[{"name":"dropbear"}]"#, r#"{"components":[{"name":"dropbear","type":"application"}]}"#] {
            let text = format!(r#"{{"metadata":{{"tools":{tools}}},"components":[]}}"#);
            assert!(bill(&Members::of(&text).expect("an object")).entries.is_empty());
        }
    }
}
