//! cloud-init: what it is told by files of the image, and that it may be told more by the cloud.
//!
//! Sources: cloud-init's documentation (`/etc/cloud/cloud.cfg`, `cloud.cfg.d`, seeds of the NoCloud data source, the file
//! `cloud-init.disabled`). What settings mean is known to [`crate::surface::cloud_init`].

use std::borrow::Cow;

use super::facts::Facts;
use super::lookup::Text;
use crate::surface::{Finding, Origin, State, cloud_init};

/// Files of settings, then seeds, as patterns.
const FILES: [&str; 6] = [
    "/etc/cloud/cloud.cfg",
    "/etc/cloud/cloud.cfg.d/*.cfg",
    "/var/lib/cloud/seed/*/user-data",
    "/var/lib/cloud/seed/*/vendor-data",
    "/var/lib/cloud/data/*user-data*",
    "/var/lib/cloud/data/*vendor-data*",
];

/// What cloud-init would do, where it is in the image.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(program) =
        facts.tree.program(["/usr/bin/cloud-init", "/usr/local/bin/cloud-init", "/opt/cloud-init/bin/cloud-init"])
    else {
        return Vec::new();
    };
    let disabled = facts.tree.find("/etc/cloud/cloud-init.disabled").is_some();
    let masked =
        ["cloud-init.service", "cloud-init-local.service", "cloud-init.target"].iter().any(|unit| facts.units.is_masked(unit));
    let detail =
        "cloud-init is in the image: the cloud or a drive may tell it to make accounts and to authorise keys at the first boot";
    let mut findings = vec![Finding {
        login_path: "account",
        state: State::Unknown,
        detail: detail.to_owned(),
        origin: Some(Origin::new(&program.path, 0)),
    }];
    for path in FILES.iter().flat_map(|pattern| facts.tree.glob(pattern)) {
        match facts.tree.text(&path) {
            Text::Known(found, text) => findings.extend(of_file(&found.path, &text, path.ends_with(b".cfg"))),
            Text::Unknown(found, why) => findings.push(Finding {
                login_path: "account",
                state: State::Unknown,
                detail: format!("settings of cloud-init that are not known: {why}"),
                origin: Some(Origin::new(&found.path, 0)),
            }),
            Text::Absent => {}
        }
    }
    if disabled || masked {
        let why = if disabled { "/etc/cloud/cloud-init.disabled is there" } else { "its units are masked" };
        for finding in findings.iter_mut().filter(|finding| finding.state > State::Disabled) {
            finding.state = State::Disabled;
            finding.detail = format!("{}; but cloud-init is turned off: {why}", finding.detail);
        }
    }
    findings.into_iter().map(|finding| facts.boot.temper(finding)).collect()
}

/// What one file says. Files of settings are YAML without the first line that tells user data from other things.
fn of_file(path: &str, text: &str, settings: bool) -> Vec<Finding> {
    let (text, shift) = match settings && !text.starts_with("#cloud-config") {
        true if text.starts_with('#') => (Cow::Owned(format!("#cloud-config {text}")), 0),
        true => (Cow::Owned(format!("#cloud-config\n{text}")), 1),
        false => (Cow::Borrowed(text), 0),
    };
    let config = cloud_init::parse(&text);
    let mut findings = cloud_init::findings(path, &config);
    findings.extend(config.problems.iter().map(|(line, problem)| Finding {
        login_path: "account",
        state: State::Unknown,
        detail: format!("settings of cloud-init that are not known: {problem}"),
        origin: Some(Origin::new(path, *line)),
    }));
    if !config.other_parts.is_empty() {
        findings.push(Finding {
            login_path: "account",
            state: State::Unknown,
            detail: format!("cloud-init is told to run parts that are not evaluated: {}", config.other_parts.join(", ")),
            origin: Some(Origin::new(path, 1)),
        });
    }
    for origin in findings.iter_mut().filter_map(|finding| finding.origin.as_mut()) {
        origin.line = origin.line.saturating_sub(shift).max(1);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_without_the_mark_keep_their_lines() {
        let line = |text: &str| {
            let findings = of_file("/etc/cloud/cloud.cfg", text, true);
            let found = findings.into_iter().find(|finding| finding.login_path == "ssh_password").expect("a finding");
            found.origin.expect("a place").line
        };
        assert_eq!(line("users: []\nssh_pwauth: true\n"), 2);
        assert_eq!(line("# settings\nssh_pwauth: true\n"), 2);
    }
}
