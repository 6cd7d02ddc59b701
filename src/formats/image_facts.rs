//! What the image formats share: digests, the time of build and the labels that name where an image comes from.
//!
//! Source: the OCI image specification (`descriptor.md` for digests, `annotations.md` for the keys).

use std::borrow::Cow;

use super::Sink;
use super::lazy::Members;
use crate::facts::{Image, Micros, parse_rfc3339};

/// The limit where an image has no time of build.
pub(super) const TIME_UNKNOWN: &str = "build-time-unknown";

/// 2000-01-01T00:00:00Z. Reproducible builds write stand-ins before it: 1970 (bazel, ko), a second later (Nix), 1980
/// (buildpacks), year 1 (an empty Go time). No image of these formats is so old.
const STAND_INS_END: Micros = Micros(946_684_800_000_000);

/// A digest `algorithm:hex` in lower case, or nothing where the text is none.
pub(super) fn digest(text: &str) -> Option<String> {
    let (algorithm, hex) = text.trim().split_once(':')?;
    let digits = match algorithm {
        "sha256" => 64..=64,
        "sha512" => 128..=128,
        _ => 32..=256,
    };
    let named = !algorithm.is_empty() && algorithm.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    (named && digits.contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| format!("{algorithm}:{}", hex.to_ascii_lowercase()))
}

/// The digest of a blob, which is the SHA-256 of its bytes and stands nowhere in it.
pub(super) fn sha256_of(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// The time of build that a stamp gives; where it is a stand-in or no time, a limit says so.
pub(super) fn built_at(stamp: &str, line: u64, sink: &mut Sink<'_>) -> Option<Micros> {
    let instant = parse_rfc3339(stamp);
    if instant.is_some_and(|instant| instant >= STAND_INS_END) {
        return instant;
    }
    let text = if instant.is_some() || stamp.trim_start().starts_with("0001-") {
        "the time of build is a stand-in from before 2000, as reproducible builds write it; when the image was built is unknown"
    } else {
        "the time of build cannot be read; when the image was built is unknown"
    };
    sink.limit(TIME_UNKNOWN, Some(line), text);
    None
}

/// What annotations (of an index or manifest) or labels (of a config) say of an image.
#[derive(Default)]
pub(super) struct Labels {
    source: Option<String>,
    revision: Option<String>,
    base: Option<String>,
    /// `org.opencontainers.image.created`, as written.
    pub(super) created: Option<String>,
}

impl Labels {
    /// Reads the known keys; all others may hold anything and are left alone.
    pub(super) fn of(labels: Option<&Members<'_>>) -> Self {
        let text = |key: &str| labels?.filled(&format!("org.opencontainers.image.{key}")).map(|text| text.trim().to_owned());
        Self {
            source: text("source"),
            revision: text("revision"),
            base: text("base.digest").or_else(|| text("base.name")),
            created: text("created"),
        }
    }

    /// The fact about the image of that digest.
    pub(super) fn image<'a>(
        &'a self,
        image: &'a str,
        name: Option<&'a str>,
        kind: &'a str,
        built_at: Option<Micros>,
    ) -> Image<'a> {
        Image {
            image,
            name,
            kind: Some(kind),
            built_at,
            builder: None,
            source_uri: self.source.as_deref(),
            source_commit: self.revision.as_deref(),
            change_id: None,
            base_image: self.base.as_deref(),
        }
    }
}

/// The name of the image that annotations give: containerd's full one, else the tag or reference of the layout.
pub(super) fn reference_name<'m>(annotations: Option<&'m Members<'_>>) -> Option<Cow<'m, str>> {
    let annotations = annotations?;
    annotations.filled("io.containerd.image.name").or_else(|| annotations.filled("org.opencontainers.image.ref.name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_have_an_algorithm_and_its_length() {
        let sha256 = format!("sha256:{}", "aB".repeat(32));
        assert_eq!(digest(&sha256), Some(sha256.to_ascii_lowercase()));
        for wrong in ["sha256:abcd", "latest", "sha256:", "", ":00000000000000000000000000000000"] {
            assert_eq!(digest(wrong), None, "{wrong}");
        }
        assert_eq!(digest(&format!("sha256:{}", "g".repeat(64))), None);
        assert_eq!(digest(&format!("sha512:{}", "0".repeat(64))), None, "cut");
    }

    #[test]
    fn the_digest_of_a_blob_is_that_of_its_bytes() {
        assert_eq!(sha256_of(b"{}"), "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }

    #[test]
    fn stand_ins_are_no_time_of_build() {
        let mut sink = Sink::new("config");
        for stamp in ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z", "1980-01-01T00:00:01Z", "0001-01-01T00:00:00Z", "yesterday"]
        {
            assert_eq!(built_at(stamp, 1, &mut sink), None, "{stamp}");
        }
        let instant = built_at("2026-08-05T14:22:41.123456789Z", 1, &mut sink);
        assert_eq!(instant.map(Micros::iso).as_deref(), Some("2026-08-05T14:22:41.123456Z"));
        assert_eq!(sink.finish().limits.len(), 2, "one for stand-ins, one for what is no time");
    }
}
