//! What gives somebody who is in more power: sudo, doas, programs that run as root. It is no way to log in, so it stands
//! beside the ways to log in and not among them.
//!
//! Sources: sudoers(5), doas.conf(5).

use super::facts::Facts;
use super::lookup::Text;
use crate::redact::visible_bytes;
use crate::surface::{Finding, Origin, State};

/// Where sudo has its rules, as patterns; in the folders, names with a dot or a tilde at the end are left out by sudo.
const SUDOERS: [&str; 6] = [
    "/etc/sudoers",
    "/usr/etc/sudoers",
    "/usr/local/etc/sudoers",
    "/etc/sudoers.d/*",
    "/usr/etc/sudoers.d/*",
    "/usr/local/etc/sudoers.d/*",
];

/// Where doas has its rules.
const DOAS: [&str; 4] = ["/etc/doas.conf", "/etc/opendoas.conf", "/usr/local/etc/doas.conf", "/etc/doas.d/*.conf"];

/// The ways to more power.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (path, uid) in &facts.survey.setuid {
        let owner = if *uid == 0 { "root".to_owned() } else { format!("uid {uid}") };
        findings.push(finding(
            State::Enabled,
            path,
            0,
            format!("the program runs as its owner, {owner}, whoever starts it (setuid)"),
        ));
    }
    let sudo = facts.tree.program(["/usr/bin/sudo", "/bin/sudo", "/usr/local/bin/sudo"]).is_some();
    if sudo {
        rules(facts, &SUDOERS, "sudo", &mut findings);
    }
    if facts.tree.program(["/usr/bin/doas", "/bin/doas", "/usr/local/bin/doas"]).is_some() {
        rules(facts, &DOAS, "doas", &mut findings);
    }
    findings
}

fn finding(state: State, path: &str, line: u64, detail: String) -> Finding {
    Finding { login_path: "privilege", state, detail, origin: Some(Origin::new(path, line)) }
}

fn rules(facts: &Facts<'_>, patterns: &[&str], tool: &str, findings: &mut Vec<Finding>) {
    for path in patterns.iter().flat_map(|pattern| facts.tree.glob(pattern)) {
        let name = super::lookup::last_name(&path);
        let folder = path.ends_with([b".d/", name].concat().as_slice());
        if tool == "sudo" && folder && (name.contains(&b'.') || name.ends_with(b"~")) {
            continue;
        }
        match facts.tree.text(&path) {
            Text::Known(found, text) => {
                let lines = logical_lines(&text);
                let open = lines.iter().filter_map(|(number, line)| Some((number, without_password(line, tool)?)));
                findings.extend(open.map(|(number, who)| {
                    finding(State::Enabled, &found.path, *number, format!("{tool} asks {who} for no password"))
                }));
            }
            Text::Unknown(_, why) => {
                findings.push(finding(
                    State::Unknown,
                    &visible_bytes(&path),
                    0,
                    format!("rules of {tool} that are not known: {why}"),
                ));
            }
            Text::Absent => {}
        }
    }
}

/// Lines without comments; a backslash at the end joins the next one.
fn logical_lines(text: &str) -> Vec<(u64, String)> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.lines()) {
        let (part, goes_on) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        match lines.last_mut().filter(|_| open) {
            Some((_, joined)) => joined.push_str(part),
            None => lines.push((number, part.to_owned())),
        }
        open = goes_on;
    }
    lines.retain(|(_, line)| !line.trim_start().starts_with('#') && !line.trim().is_empty());
    lines
}

/// Who needs no password by a line of rules.
fn without_password<'l>(line: &'l str, tool: &str) -> Option<&'l str> {
    let words = line.split_ascii_whitespace().collect::<Vec<_>>();
    if tool == "doas" {
        let permits = words.first() == Some(&"permit") && words.contains(&"nopass");
        return permits
            .then(|| words.iter().skip(1).find(|word| !matches!(**word, "nopass" | "persist" | "keepenv")).copied())?;
    }
    let tagged = line.contains("NOPASSWD:") || line.contains("NOPASSWD :");
    let everybody = words.first().is_some_and(|word| word.starts_with("Defaults")) && words.contains(&"!authenticate");
    match (tagged, everybody) {
        (true, _) => words.first().copied(),
        (_, true) => words
            .first()
            .copied()
            .map(|word| word.strip_prefix("Defaults").filter(|rest| !rest.is_empty()).unwrap_or("everybody")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_without_a_password_are_seen() {
        let text = "# x ALL=NOPASSWD: ALL\nann ALL=(ALL) \\\n  NOPASSWD: ALL\nDefaults !authenticate\nDefaults:bob !authenticate\n%wheel ALL=ALL\n";
        let open: Vec<(u64, String)> = logical_lines(text)
            .iter()
            .filter_map(|(number, line)| without_password(line, "sudo").map(|who| (*number, who.to_owned())))
            .collect();
        assert_eq!(open, [(2, "ann".to_owned()), (4, "everybody".to_owned()), (5, ":bob".to_owned())]);
        assert_eq!(without_password("permit nopass keepenv :wheel", "doas"), Some(":wheel"));
        assert_eq!(without_password("permit persist :wheel", "doas"), None);
    }
}
