//! The login-surface manifest: our own documented JSON for "SSH-disabled flags". It says, for one image or one running
//! host, the state of every way to log in.
//!
//! ```json
//! { "format": "steadfast-login-surface", "format_version": 1,
//!   "subject": { "kind": "image", "id": "ami-0a1b2c3d", "name": "es-ingest" },
//!   "observed_at": "2026-08-14T09:40:00Z", "observed_by": "image pipeline",
//!   "login_paths": [ { "login_path": "sshd", "state": "disabled", "detail": "ssh.service is masked" } ] }
//! ```
//! `kind` is `image` or `host`; `state` is `absent`, `disabled`, `enabled` or `unknown`.
//!
//! `steadfast inspect` writes more, all of it optional: `path`, `line` and `layer` of a way to log in, which go into the
//! detail; `limits` with `code` and `text`, which are the report's limits too; `inspected` (what was looked at) and
//! `privilege` (more power for who is in), which no control uses.

use super::json_records::{document, element};
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOGIN_PATHS, LoginPath, Table, parse_rfc3339};
use crate::redact::{redact, visible};

/// The login-surface manifest.
pub(super) struct LoginSurface;

impl Format for LoginSurface {
    fn name(&self) -> &'static str {
        "login-surface"
    }

    fn about(&self) -> &'static str {
        "login-surface manifest (ours): every way to log in to an image or a running host, and its state"
    }

    fn recognised_by(&self) -> &'static str {
        "format is steadfast-login-surface"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        (head.first_byte() == Some(b'{') && head.text().contains("\"steadfast-login-surface\""))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        element(document, "login_paths", number)
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = document(segment, sink) else { return };
        if document.text("format_version").as_deref() != Some("1") {
            return sink.record(1).reject("format_version is not 1: this manifest is of another version", segment.bytes);
        }
        let subject = document.get("subject").and_then(|subject| subject.members());
        let kind = subject.as_ref().and_then(|subject| subject.filled("kind"));
        let id = subject.as_ref().and_then(|subject| subject.filled("id"));
        let (Some(kind @ ("image" | "host")), Some(id)) = (kind.as_deref(), id) else {
            return sink.record(1).reject("subject.kind must be image or host, and subject.id must be given", segment.bytes);
        };
        let id = if kind == "host" { reading.config.host(&id).into_owned() } else { id.into_owned() };
        let observed_at = document.text("observed_at").and_then(|stamp| parse_rfc3339(&stamp)).or(reading.collected_at);
        let Some(observed_at) = observed_at else {
            return sink.record(1).reject("observed_at is missing or no RFC 3339 time", segment.bytes);
        };
        sink.taken_at(observed_at);
        for limit in document.get("limits").map(|limits| limits.elements()).unwrap_or_default() {
            let members = limit.members();
            let text = |key: &str| members.as_ref().and_then(|limit| limit.filled(key)).unwrap_or_default().into_owned();
            let sentence = format!("the manifest names a limit of its own, {}: {}", text("code"), text("text"));
            sink.limit("inspection-limit", None, redact(&visible(&sentence)).0.into_owned());
        }
        let paths = document.get("login_paths").map(|paths| paths.elements()).unwrap_or_default();
        if paths.is_empty() {
            sink.record(1).reject("no login_paths: the manifest says nothing", segment.bytes);
        }
        for (number, path) in (1..).zip(&paths) {
            let members = path.members();
            let name = members.as_ref().and_then(|path| path.filled("login_path"));
            let state = members.as_ref().and_then(|path| path.filled("state"));
            let detail = members.as_ref().and_then(detail);
            let mut record = sink.record(number);
            let (Some(name), Some(state @ ("absent" | "disabled" | "enabled" | "unknown"))) = (name, state.as_deref()) else {
                record
                    .reject("login_path is missing, or state is not absent, disabled, enabled or unknown", path.raw().as_bytes());
                continue;
            };
            record.fact(LoginPath {
                subject_kind: kind,
                subject: &id,
                login_path: &name,
                state,
                detail: detail.as_deref(),
                observed_at: Some(observed_at),
            });
        }
    }
}

/// What was seen, and where: path, line and layer follow the detail in brackets.
fn detail(path: &Members<'_>) -> Option<String> {
    let mut place: Vec<String> = path.filled("path").map(|path| path.into_owned()).into_iter().collect();
    place.extend(path.get("line").and_then(Json::int).map(|line| format!("line {line}")));
    place.extend(path.filled("layer").map(|layer| format!("layer {layer}")));
    let place = if place.is_empty() { String::new() } else { format!("[{}]", place.join(", ")) };
    let said = path.filled("detail").unwrap_or_default();
    let words: Vec<&str> = [said.as_ref(), place.as_str()].into_iter().filter(|words| !words.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
