//! Writes bills of materials in the five formats. A bill says that an image is there and what is in it, and neither that a
//! build made it nor that anything runs.

use serde_json::{Value, json};

use super::images::{STRAYS, image, packages};
use super::random::iso;
use super::story::{DAY, Fleet};
use super::write::Folder;

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let at = iso(fleet.start - 13 * DAY);
    let server = [("openssh-server".to_owned(), "1:9.2p1-2"), ("sudo".to_owned(), "1.9.13p3-1")];
    let with_server: Vec<(String, &str)> = packages().chain(server).collect();
    let without: Vec<(String, &str)> = packages().collect();
    folder.json("images/bills/stray.cdx.json", &cyclonedx(&image(STRAYS[1]), &at, &without));
    folder.json("images/bills/00.cdx.json", &cyclonedx(&image(0), &at, &with_server));
    folder.text("images/bills/04.cdx.xml", &xml(&image(4), &at, &without));
    folder.json("images/bills/08.spdx.json", &spdx(&image(8), &at, &with_server));
    folder.text("images/bills/12.spdx", &tag_value(&image(12), &at, &with_server));
    folder.json("images/bills/16.spdx3.json", &spdx3(&image(16), &at, &without));
}

type Packages<'p> = [(String, &'p str)];

fn purl(name: &str, version: &str) -> String {
    format!("pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12")
}

fn image_purl(image: &str) -> String {
    format!("pkg:oci/quill@{}?arch=amd64", image.replace(':', "%3A"))
}

fn cyclonedx(image: &str, at: &str, packages: &Packages<'_>) -> Value {
    let components: Vec<Value> = packages
        .iter()
        .map(|(name, version)| json!({ "type": "library", "name": name, "version": version, "purl": purl(name, version) }))
        .collect();
    json!({ "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components,
            "metadata": { "timestamp": at, "component": { "type": "container", "name": "quill", "version": image } } })
}

fn xml(image: &str, at: &str, packages: &Packages<'_>) -> String {
    let components: String = packages
        .iter()
        .map(|(name, version)| {
            let purl = purl(name, version).replace('&', "&amp;");
            format!(
                "<component type=\"library\"><name>{name}</name><version>{version}</version><purl>{purl}</purl></component>\n"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\" version=\"1\">\n<metadata>\n\
         <timestamp>{at}</timestamp>\n<component type=\"container\"><name>quill</name><version>{image}</version></component>\n\
         </metadata>\n<components>\n{components}</components>\n</bom>\n"
    )
}

fn spdx(image: &str, at: &str, packages: &Packages<'_>) -> Value {
    let reference =
        |purl: String| json!([{ "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl }]);
    let mut listed: Vec<Value> = packages
        .iter()
        .map(|(name, version)| {
            json!({ "name": name, "SPDXID": format!("SPDXRef-{name}"), "versionInfo": version, "downloadLocation": "NOASSERTION",
                    "externalRefs": reference(purl(name, version)) })
        })
        .collect();
    listed.push(json!({ "name": "quill", "SPDXID": "SPDXRef-root", "versionInfo": "8", "downloadLocation": "NOASSERTION",
                        "externalRefs": reference(image_purl(image)), "primaryPackagePurpose": "CONTAINER" }));
    json!({ "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "quill",
            "documentNamespace": "https://spdx.corp.example/quill", "packages": listed, "files": [],
            "creationInfo": { "creators": ["Tool: quill-scan-1"], "created": at },
            "relationships": [{ "spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-root",
                                "relationshipType": "DESCRIBES" }] })
}

fn tag_value(image: &str, at: &str, packages: &Packages<'_>) -> String {
    let mut text = format!(
        "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: quill\nCreated: {at}\n\n\
         PackageName: quill\nSPDXID: SPDXRef-root\nPackageVersion: {image}\nPrimaryPackagePurpose: CONTAINER\n\n"
    );
    for (name, version) in packages {
        text += &format!(
            "PackageName: {name}\nSPDXID: SPDXRef-{name}\nPackageVersion: {version}\nExternalRef: PACKAGE-MANAGER purl {}\n\n",
            purl(name, version)
        );
    }
    text + "Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-root\n"
}

fn spdx3(image: &str, at: &str, packages: &Packages<'_>) -> Value {
    let mut graph = vec![
        json!({ "type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": at }),
        json!({ "type": "SpdxDocument", "spdxId": "urn:d", "creationInfo": "_:c", "rootElement": ["urn:s"] }),
        json!({ "type": "software_Sbom", "spdxId": "urn:s", "rootElement": ["urn:i"] }),
        json!({ "type": "software_Package", "spdxId": "urn:i", "name": "quill", "software_primaryPurpose": "container",
                "software_packageUrl": image_purl(image) }),
    ];
    graph.extend(packages.iter().map(|(name, version)| {
        json!({ "type": "software_Package", "spdxId": format!("urn:{name}"), "name": name, "software_packageVersion": version,
                "software_packageUrl": purl(name, version) })
    }));
    json!({ "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph })
}
