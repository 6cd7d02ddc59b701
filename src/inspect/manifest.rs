//! The manifest: the login surface of an image as JSON, in the form that [`crate::formats`] reads. Everything in it is
//! sorted, and nothing in it depends on when or where it was made.

use serde::Serialize;

use super::{Answers, Request, Subject};
use crate::facts::Micros;
use crate::redact::{redact, visible};
use crate::surface::Finding;

/// A login-surface manifest of an image.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    format: &'static str,
    format_version: u32,
    pub(super) subject: Named,
    pub(super) observed_at: String,
    observed_by: &'static str,
    pub(super) inspected: Inspected,
    pub(super) limits: Vec<Limit>,
    pub(super) login_paths: Vec<LoginPath>,
    pub(super) privilege: Vec<LoginPath>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Named {
    kind: &'static str,
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

/// What was looked at.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Inspected {
    tool: &'static str,
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<String>,
    pub(super) layers: Vec<Layer>,
    pub(super) entries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exposed_ports: Vec<String>,
}

/// A layer, by the digest of what is stored and of what it unpacks to; both were made from its bytes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Layer {
    digest: String,
    diff_id: String,
    entries: u32,
}

#[derive(Clone, Debug, Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Limit {
    pub(super) code: &'static str,
    pub(super) text: String,
}

/// One way to log in. The order of fields is the order of the list, the worst state of a way first.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub(super) struct LoginPath {
    pub(super) login_path: &'static str,
    pub(super) state: &'static str,
    pub(super) detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) layer: Option<String>,
}

impl Manifest {
    /// The manifest as JSON, with a line end.
    ///
    /// # Errors
    /// Never in practice: it holds nothing that JSON cannot.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }
}

/// Puts the manifest together.
pub(super) fn manifest(request: &Request<'_>, observed_at: Micros, subject: &Subject, answers: &Answers) -> Manifest {
    let image = subject.image.as_ref();
    let digest = image.map(|image| image.manifest.as_ref().unwrap_or(&image.config_digest).to_string());
    let digest = digest.or_else(|| subject.layers.first().map(|layer| layer.digest.to_string()));
    let id = request.id.map(str::to_owned).or(digest).or_else(|| request.name.map(str::to_owned));
    let name = request.name.or_else(|| image.and_then(|image| image.name.as_deref()));
    let run = image.and_then(|image| image.config.config.as_ref());
    let layers: Vec<Layer> = subject
        .layers
        .iter()
        .map(|done| Layer { digest: done.digest.to_string(), diff_id: done.diff_id.to_string(), entries: done.entries })
        .collect();
    let limits = answers.limits.sentences().into_iter().map(|(code, text)| Limit { code, text: clean(&text) }).collect();
    Manifest {
        format: "steadfast-login-surface",
        format_version: 1,
        subject: Named { kind: "image", id: clean(&id.unwrap_or_default()), name: name.map(clean) },
        observed_at: observed_at.iso(),
        observed_by: TOOL,
        inspected: Inspected {
            tool: TOOL,
            kind: subject.kind,
            platform: image.map(|image| clean(&image.config.platform.to_string())),
            index: image.and_then(|image| image.index.as_ref()).map(ToString::to_string),
            manifest: image.and_then(|image| image.manifest.as_ref()).map(ToString::to_string),
            config: image.map(|image| image.config_digest.to_string()),
            entries: subject.tree.entries,
            command: answers.command.as_deref().map(clean),
            user: run.and_then(|run| run.user.as_deref()).filter(|user| !user.is_empty()).map(clean),
            exposed_ports: run
                .and_then(|run| run.exposed_ports.as_ref())
                .map(|ports| ports.keys().map(|port| clean(port)).collect())
                .unwrap_or_default(),
            layers: layers.clone(),
        },
        limits,
        login_paths: listed(&answers.login_paths, subject, &layers),
        privilege: listed(&answers.privilege, subject, &layers),
    }
}

const TOOL: &str = concat!("steadfast inspect ", env!("CARGO_PKG_VERSION"));

/// Findings sorted and fit to be shown, each once, with the layer that its path came from.
fn listed(findings: &[Finding], subject: &Subject, layers: &[Layer]) -> Vec<LoginPath> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.login_path, std::cmp::Reverse(finding.state));
        key(a).cmp(&key(b)).then_with(|| a.origin.cmp(&b.origin)).then_with(|| a.detail.cmp(&b.detail))
    });
    let mut listed: Vec<LoginPath> = sorted.into_iter().map(|finding| login_path(finding, subject, layers)).collect();
    listed.dedup();
    listed
}

fn login_path(finding: &Finding, subject: &Subject, layers: &[Layer]) -> LoginPath {
    let origin = finding.origin.as_ref().filter(|origin| !origin.path.is_empty());
    let layer = origin.and_then(|origin| subject.tree.find_name(&origin.path)).and_then(|found| layers.get(found.layer as usize));
    LoginPath {
        login_path: finding.login_path,
        state: finding.state.as_str(),
        detail: clean(&finding.detail),
        path: origin.map(|origin| clean(&origin.path)),
        line: origin.map(|origin| origin.line).filter(|line| *line > 0),
        layer: layer.map(|layer| layer.digest.clone()),
    }
}

/// Text out of an image: secrets taken out, what a reader cannot see made visible.
fn clean(text: &str) -> String {
    redact(&visible(text)).0.into_owned()
}
