//! OCI image config (and Docker's): a blob of an image layout, or `<hex>.json` of a `docker save` archive. Its digest,
//! which Docker calls the image's id, is the SHA-256 of its bytes.
//!
//! Source: the OCI image specification (`config.md`). The environment, the command and the history may hold secrets: they
//! are never read, and a reject of this format shows no excerpt. `ExposedPorts` is what the author declared, not what
//! listens: port 22 is recorded as an SSH server of unknown state.

use super::image_facts::{Labels, TIME_UNKNOWN, built_at, sha256_of};
use super::json_keys::{repeated, top_keys};
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, LOGIN_PATHS, LoginPath, Table};

/// An image config.
pub(super) struct OciConfig;

impl Format for OciConfig {
    fn name(&self) -> &'static str {
        "oci-config"
    }

    fn about(&self) -> &'static str {
        "OCI image config (a blob of an image layout): one image, when it was built, and whether it declares port 22"
    }

    fn recognised_by(&self) -> &'static str {
        "architecture with a rootfs or a history"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES, &LOGIN_PATHS] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let keys = top_keys(head);
        let has = |key: &str| keys.contains(&key);
        // Docker's oldest manifests have architecture and history too, with a schemaVersion.
        (has("architecture") && (has("rootfs") || has("history")) && !has("schemaVersion"))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, _: u64) -> Option<String> {
        let config = Members::of(document).ok()?;
        let inner = config.get("config").and_then(|inner| inner.members());
        let outer = ["created", "architecture", "os"].into_iter().filter_map(|key| Some((key, config.get(key)?)));
        let shown = ["ExposedPorts", "Labels"].into_iter().filter_map(|key| Some((key, inner.as_ref()?.get(key)?)));
        let lines: Vec<String> = outer.chain(shown).map(|(key, value)| format!("\"{key}\": {}", value.raw())).collect();
        Some(lines.join("\n"))
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = segment.text().map_err(|line| format!("byte that is not UTF-8 at line {line}"));
        match text.and_then(Members::of) {
            Ok(config) => read_config(&sha256_of(segment.bytes), &config, sink),
            Err(error) => sink.record(1).reject(&format!("damaged JSON ({error}); not shown, it may hold secrets"), b""),
        }
    }
}

fn read_config(image: &str, config: &Members<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(1);
    if let Some(reason) = repeated(config) {
        return record.reject(&reason, b"");
    }
    let given = |key: &str| config.filled(key).is_some_and(|text| text != "unknown");
    if !given("os") && !given("architecture") {
        return record.skip("a config of attestations or another artefact, not of an image");
    }
    let inner = config.get("config").and_then(|inner| inner.members());
    let labels = inner.as_ref().and_then(|inner| inner.get("Labels")).and_then(|labels| labels.members());
    let labels = Labels::of(labels.as_ref());
    let built_at = match config.filled("created") {
        Some(stamp) => built_at(&stamp, 1, record.sink()),
        None => {
            record.sink().limit(TIME_UNKNOWN, Some(1), "the config of the image does not say when it was built");
            None
        }
    };
    if let Some(instant) = built_at {
        record.sink().taken_at(instant);
    }
    record.fact(labels.image(image, None, "oci", built_at));
    if inner.as_ref().and_then(|inner| inner.get("ExposedPorts")).is_some_and(exposes_ssh) {
        record.fact(LoginPath {
            subject_kind: "image",
            subject: image,
            login_path: "sshd",
            state: "unknown",
            detail: Some("the config of the image declares port 22; what listens there is not said"),
            observed_at: built_at,
        });
    }
}

/// Whether `{"22/tcp": {}}` is among the declared ports; a port without a protocol is TCP.
fn exposes_ssh(ports: &Json<'_>) -> bool {
    ports.members().is_some_and(|ports| ports.get("22/tcp").is_some() || ports.get("22").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_shows_neither_environment_nor_history() {
        let text = r#"{"created":"2026-07-01T00:00:00Z","os":"linux","architecture":"amd64","history":[{"created_by":"TOP"}],
            "config":{"Env":["SESAME=open"],"Cmd":["--hidden"],"ExposedPorts":{"22/tcp":{}}},"rootfs":{}}"#;
        let quote = OciConfig.record(text, 1).expect("a quote");
        assert!(quote.contains("22/tcp") && quote.contains("2026-07-01"));
        assert!(!quote.contains("SESAME") && !quote.contains("TOP") && !quote.contains("--hidden"));
    }

    #[test]
    fn only_port_22_over_tcp_is_ssh() {
        for (ports, ssh) in
            [(r#"{"22/tcp":{}}"#, true), (r#"{"22":{}}"#, true), (r#"{"22/udp":{}}"#, false), (r#"{"2222/tcp":{}}"#, false)]
        {
            assert_eq!(exposes_ssh(&Json::borrowed(ports)), ssh, "{ports}");
        }
    }
}
