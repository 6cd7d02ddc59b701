//! in-toto attestations about images, in the five wrappings in which tools hand them out: a DSSE envelope (`.intoto.jsonl`),
//! a Sigstore bundle, a list of bundles (npm, GitHub), the answer of `gcloud artifacts docker images describe
//! --show-provenance`, and a bare statement. The ending of the file's name tells nothing.
//!
//! Source: in-toto/attestation `spec/v1` (statement, envelope), sigstore/protobuf-specs `sigstore_bundle.proto`, the npm
//! registry's `/-/npm/v1/attestations`, and Grafeas' `BuildOccurrence`. An attestation counts as verified only where a key
//! of `[[provenance.keys]]` verifies it; certificates and transparency logs are not checked, and a limit says so.

use super::dsse::{self, Signature};
use super::image_facts::{TIME_UNKNOWN, built_at, digest};
use super::json_keys::{repeated, top_keys};
use super::json_records::{each_object, json_framing};
use super::lazy::{Json, Members};
use super::slsa_predicate::Build;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{Micros, PROVENANCE, Provenance, Table};

/// In-toto attestations.
pub(super) struct InTotoProvenance;

impl Format for InTotoProvenance {
    fn name(&self) -> &'static str {
        "in-toto-provenance"
    }

    fn about(&self) -> &'static str {
        "in-toto attestations (SLSA provenance): DSSE, Sigstore bundle, npm and GitHub lists, gcloud, bare statement"
    }

    fn recognised_by(&self) -> &'static str {
        "a DSSE envelope, a Sigstore bundle, a list of attestations, or a statement of in-toto"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PROVENANCE] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let keys = top_keys(head);
        let has = |key: &str| keys.contains(&key);
        // Behind a long payload that comes first, the head ends before its type. `eyJ` is `{"` in base64.
        let long_payload = || !head.whole && has("payload") && head.text().contains("eyJ");
        let because = if has("payloadType") && (has("payload") || has("signatures")) || long_payload() {
            "a DSSE envelope: payloadType with a payload and signatures"
        } else if has("verificationMaterial") || (has("mediaType") && has("dsseEnvelope")) {
            "a Sigstore bundle: verificationMaterial with what it verifies"
        } else if has("attestations") && head.text().contains("\"bundle\"") {
            "a list of attestations with bundles"
        } else if has("provenance_summary") || (has("image_summary") && head.text().contains("\"provenance\"")) {
            "image_summary with provenance_summary"
        } else if has("_type") && head.text().contains("https://in-toto.io/Statement/") {
            "a statement of in-toto: _type is in-toto.io/Statement"
        } else {
            return None;
        };
        let framing = json_framing(head)?;
        Some(Recognition { because, framing })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let document = Members::of(document).ok()?;
        let summary = object(&document, "provenance_summary");
        let list = document.get("attestations").or_else(|| summary.as_ref()?.get("provenance"))?.elements();
        list.get(usize::try_from(number.checked_sub(1)?).ok()?).map(|element| element.raw().to_owned())
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let lines = segment.framing == Framing::Lines;
        each_object(segment, sink, |number, bytes, object, sink| {
            let summary = self::object(object, "provenance_summary");
            let listed = object.get("attestations").or_else(|| summary.as_ref()?.get("provenance")).map(Json::elements);
            match listed {
                Some(list) if !list.is_empty() => read_list(number, lines, &list, reading, sink),
                None if summary.is_none() => read_attestation(number, bytes, object, reading, sink),
                _ => sink.record(number).skip("the answer holds no attestation"),
            }
        });
    }
}

/// Reads the attestations of one answer. Where each line is an answer, its line is the number of all that it holds.
fn read_list(first: u64, lines: bool, list: &[Json<'_>], reading: &Reading<'_>, sink: &mut Sink<'_>) {
    for (index, one) in (0..).zip(list) {
        let number = if lines { first } else { first + index };
        let raw = one.raw().as_bytes();
        match one.members() {
            Some(one) => read_attestation(number, raw, &one, reading, sink),
            None => sink.record(number).reject("an attestation that is not an object", raw),
        }
    }
}

/// What stands around a statement.
struct Wrapping {
    signature: Signature,
    /// When the transparency log took the envelope in, in seconds since 1970.
    logged_at: Option<i64>,
}

fn read_attestation(number: u64, bytes: &[u8], one: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let bundle = object(one, "bundle");
    if let Some(reason) = repeated(one).or_else(|| repeated(bundle.as_ref()?)) {
        return sink.record(number).reject(&reason, bytes);
    }
    let one = bundle.as_ref().unwrap_or(one);
    if one.get("messageSignature").is_some() {
        return sink.record(number).skip("the signature of a file, not an attestation");
    }
    let envelope = object(one, "dsseEnvelope").or_else(|| object(one, "envelope"));
    if let Some(envelope) = envelope.as_ref().or_else(|| one.get("payload").map(|_| one)) {
        return read_envelope(number, bytes, envelope, logged_at(one), reading, sink);
    }
    let build = object(one, "build");
    let nested = ["intotoStatement", "inTotoSlsaProvenanceV1"].iter().find_map(|key| object(build.as_ref()?, key));
    let statement = nested.as_ref().unwrap_or(one);
    if statement.get("_type").is_some() {
        let wrapping = Wrapping { signature: Signature::None, logged_at: None };
        return read_statement(number, bytes, statement, wrapping, sink);
    }
    sink.record(number).reject("neither an envelope, nor a bundle, nor a statement", bytes);
}

fn read_envelope(
    number: u64,
    bytes: &[u8],
    envelope: &Members<'_>,
    logged_at: Option<i64>,
    reading: &Reading<'_>,
    sink: &mut Sink<'_>,
) {
    if let Some(reason) = repeated(envelope) {
        let reason = format!("in the envelope, {reason}");
        return sink.record(number).reject(&reason, bytes);
    }
    let Some((kind, payload)) = dsse::payload(envelope) else {
        return sink.record(number).reject("an envelope without a payload in base64", bytes);
    };
    if !kind.starts_with("application/vnd.in-toto") {
        return sink.record(number).skip("an envelope around something other than an in-toto statement");
    }
    let statement = std::str::from_utf8(&payload).map_err(|_| "bytes that are not UTF-8".to_owned()).and_then(Members::of);
    match statement {
        Ok(statement) => {
            let signature = dsse::signature(envelope, &kind, &payload, &reading.config.provenance.keys);
            read_statement(number, bytes, &statement, Wrapping { signature, logged_at }, sink);
        }
        Err(error) => sink.record(number).reject(&format!("the payload is no statement: damaged JSON ({error})"), bytes),
    }
}

fn read_statement(number: u64, bytes: &[u8], statement: &Members<'_>, wrapping: Wrapping, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    if let Some(reason) = repeated(statement) {
        let reason = format!("in the statement, {reason}");
        return record.reject(&reason, bytes);
    }
    if !statement.filled("_type").is_some_and(|kind| kind.starts_with("https://in-toto.io/Statement/")) {
        return record.reject("the payload is no in-toto statement", bytes);
    }
    let elements = statement.get("subject").map(Json::elements).unwrap_or_default();
    let subjects: Vec<String> = elements.iter().filter_map(subject).collect();
    if subjects.is_empty() {
        return record.reject("no subject with a digest: what the attestation is about is not said", bytes);
    }
    if subjects.len() < elements.len() {
        record.sink().limit(
            "subject-without-digest",
            Some(number),
            "some subjects of attestations have no digest and are left out",
        );
    }
    let kind = statement.filled("predicateType");
    let build = match kind.as_deref() {
        Some(kind) if kind.contains("slsa.dev/provenance/") => {
            let predicate = object(statement, "predicate").or_else(|| object(statement, "slsaProvenance"));
            predicate.map(|predicate| Build::of(&predicate)).unwrap_or_default()
        }
        _ => Build::default(),
    };
    let built = time_of(&build, &wrapping, number, record.sink());
    name_signature(wrapping.signature, number, record.sink());
    for image in &subjects {
        record.fact(Provenance {
            image,
            predicate_type: kind.as_deref(),
            builder_id: build.builder_id.as_deref(),
            build_type: build.build_type.as_deref(),
            source_uri: build.source_uri.as_deref(),
            source_commit: build.source_commit.as_deref(),
            built_at: built,
            signature: wrapping.signature.word(),
        });
    }
}

/// The digest of a subject, SHA-256 before all others.
fn subject(subject: &Json<'_>) -> Option<String> {
    let subject = subject.members()?;
    let digests = object(&subject, "digest").filter(|digests| repeated(digests).is_none())?;
    let known = ["sha256", "sha512"].iter().find_map(|name| Some(format!("{name}:{}", digests.filled(name)?)));
    digest(&known?)
}

/// When the image was built: the predicate's own time, else the time at which the log took the attestation in.
fn time_of(build: &Build, wrapping: &Wrapping, number: u64, sink: &mut Sink<'_>) -> Option<Micros> {
    if let Some(stamp) = &build.time
        && let Some(instant) = built_at(stamp, number, sink)
    {
        return Some(instant);
    }
    let logged = wrapping.logged_at.filter(|seconds| *seconds > 0).and_then(|seconds| Micros::from_parts(seconds, 0));
    let (code, text) = if logged.is_some() {
        (
            "time-from-log",
            "some attestations give no time of build; the time at which the transparency log took them in stands for it, \
             and the log's own signature was not checked",
        )
    } else {
        (TIME_UNKNOWN, "some attestations say neither when the image was built nor when they were logged")
    };
    sink.limit(code, Some(number), text);
    logged
}

/// Names what is not known of the signature.
fn name_signature(signature: Signature, number: u64, sink: &mut Sink<'_>) {
    let (code, text) = match signature {
        Signature::Verified => return,
        Signature::Unverified => (
            "signature-unverified",
            "some attestations are signed, and no key of [[provenance.keys]] speaks to the signature; certificates and \
             transparency logs are not checked",
        ),
        Signature::Invalid => (
            "signature-invalid",
            "some attestations name a key of [[provenance.keys]] that does not verify them, or hold no signature that can be read",
        ),
        Signature::None => ("unsigned", "some attestations carry no signature; anybody could have written them"),
    };
    sink.limit(code, Some(number), text);
}

/// When the transparency log took the bundle in: the earliest of its entries.
fn logged_at(bundle: &Members<'_>) -> Option<i64> {
    let material = object(bundle, "verificationMaterial")?;
    let entries = material.get("tlogEntries")?.elements();
    entries.iter().filter_map(|entry| entry.members()?.get("integratedTime")?.int()).min()
}

fn object<'m>(members: &'m Members<'_>, key: &str) -> Option<Members<'m>> {
    members.get(key)?.members()
}
