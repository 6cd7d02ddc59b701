//! SPDX 2 as tags and values, one a line. Facts point at the line on which a package begins.
//!
//! Source: the SPDX specification 2.2 and 2.3, tag-value format: sections begin with their first tag, and texts between
//! `<text>` and `</text>` may hold lines that look like tags. Nothing marks the end of such a document, so that a list
//! without an SSH server may have been cut: it never says `absent`.

use std::collections::BTreeSet;

use super::package_list::Package;
use super::sbom::{Bill, Entry, Purpose, Subject};
use super::sbom_spdx::{only, purpose};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, LOGIN_PATHS, Table};

/// SPDX 2 in tag-value.
pub(super) struct SpdxTagValue;

impl Format for SpdxTagValue {
    fn name(&self) -> &'static str {
        "spdx-tag-value"
    }

    fn about(&self) -> &'static str {
        "SPDX 2 SBOM as tags and values: the image and the packages that open a way to log in"
    }

    fn recognised_by(&self) -> &'static str {
        "the tag SPDXVersion: on its first line"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES, &LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let first = head.lines().map(|line| line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line));
        let mut first = first.filter(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"));
        first
            .next()
            .is_some_and(|line| line.starts_with(b"SPDXVersion:"))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = match segment.text() {
            Ok(text) => text,
            Err(line) => return sink.record(line).reject("byte that is not UTF-8", segment.bytes),
        };
        let document = Document::read(text);
        if !document.version.starts_with("SPDX-2.") {
            return sink.record(document.number).reject("SPDXVersion is not SPDX-2: a bill of another version", segment.bytes);
        }
        if document.in_text || !text.ends_with('\n') {
            sink.limit("torn", None, "the document ends inside a text or a line; packages that are not shown are unknown");
        }
        document.bill().give(reading, sink);
    }
}

/// One package section.
#[derive(Default)]
struct Section {
    line: u64,
    id: String,
    name: String,
    version: Option<String>,
    purl: Option<String>,
    purpose: Purpose,
}

/// The document as far as it matters.
#[derive(Default)]
struct Document {
    version: String,
    /// Line of the version.
    number: u64,
    created: Option<String>,
    packages: Vec<Section>,
    described: BTreeSet<String>,
    files_hold_sshd: Option<String>,
    /// Whether the tags that follow are those of a package.
    in_package: bool,
    /// Whether a `<text>` is open.
    in_text: bool,
}

impl Document {
    fn read(text: &str) -> Self {
        let mut document = Self { number: 1, ..Self::default() };
        for (line, text) in (1..).zip(text.lines()) {
            if document.in_text {
                document.in_text = !text.contains("</text>");
                continue;
            }
            let Some((tag, value)) = text.split_once(':') else { continue };
            document.in_text = value.contains("<text>") && !value.contains("</text>");
            document.tag(tag.trim(), value.trim(), line);
        }
        document
    }

    fn tag(&mut self, tag: &str, value: &str, line: u64) {
        match tag {
            "SPDXVersion" if self.version.is_empty() => (self.version, self.number) = (value.to_owned(), line),
            "Created" => self.created = Some(value.to_owned()),
            "PackageName" => {
                self.in_package = true;
                self.packages.push(Section { line, name: value.to_owned(), ..Section::default() });
            }
            "FileName" => {
                self.in_package = false;
                if ["/sshd", "/dropbear", "/tinysshd"].iter().any(|end| value.ends_with(end)) {
                    self.files_hold_sshd.get_or_insert_with(|| value.to_owned());
                }
            }
            "SnippetSPDXID" | "LicenseID" => self.in_package = false,
            "Relationship" => {
                let mut words = value.split_whitespace();
                self.described.extend(match (words.next(), words.next(), words.next()) {
                    (Some("SPDXRef-DOCUMENT"), Some("DESCRIBES"), Some(id))
                    | (Some(id), Some("DESCRIBED_BY"), Some("SPDXRef-DOCUMENT")) => Some(id.to_owned()),
                    _ => None,
                });
            }
            _ if self.in_package => self.package_tag(tag, value),
            _ => {}
        }
    }

    fn package_tag(&mut self, tag: &str, value: &str) {
        let Some(package) = self.packages.last_mut() else { return };
        match tag {
            "SPDXID" => package.id = value.to_owned(),
            "PackageVersion" => package.version = Some(value.to_owned()),
            "PrimaryPackagePurpose" => package.purpose = purpose(value),
            "ExternalRef" => {
                let mut words = value.split_whitespace();
                if let (Some(_), Some("purl"), Some(purl)) = (words.next(), words.next(), words.next()) {
                    package.purl.get_or_insert_with(|| purl.to_owned());
                }
            }
            _ => {}
        }
    }

    fn bill(self) -> Bill {
        let mut bill = Bill { number: self.number, made_at: self.created, ..Bill::default() };
        bill.list.has_gap("a document of this format may have been cut without a trace");
        if let Some(path) = &self.files_hold_sshd {
            bill.list.note_file(path);
        }
        let mut subjects = Vec::new();
        for package in self.packages {
            let entry = if self.described.contains(&package.id) {
                subjects.push(Subject {
                    purpose: package.purpose,
                    name: Some(package.name),
                    version: package.version,
                    purl: package.purl,
                    image_id: None,
                });
                Entry::Other("what the SBOM is about")
            } else if package.name.is_empty() {
                Entry::Unreadable("a package without a name", package.id)
            } else {
                Entry::Package(Package::of(&package.name, package.version.as_deref(), package.purl.as_deref()))
            };
            bill.entries.push((package.line, entry));
        }
        bill.subject = only(subjects);
        bill
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_inside_texts_are_text() {
        let document = Document::read(
            "SPDXVersion: SPDX-2.3\nPackageName: a\nPackageComment: <text>one\nPackageName: openssh-server\n</text>\nPackageVersion: 1\n\
             PackageDescription: <text>short</text>\nPackageName: b\n",
        );
        let names: Vec<(u64, &str, Option<&str>)> =
            document.packages.iter().map(|package| (package.line, package.name.as_str(), package.version.as_deref())).collect();
        assert_eq!(names, [(2, "a", Some("1")), (8, "b", None)]);
        assert!(!document.in_text);
    }

    #[test]
    fn tags_of_files_are_not_those_of_the_package_before() {
        let document =
            Document::read("SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: SPDXRef-a\nFileName: ./x\nSPDXID: SPDXRef-x\n");
        assert_eq!(document.packages[0].id, "SPDXRef-a");
    }
}
