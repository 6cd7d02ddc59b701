//! Shells in an image for containers: whoever may start a program in a running container gets one. In the root filesystem
//! of a machine a shell is no way in by itself.

use super::facts::Facts;
use crate::surface::{Finding, Origin, State};

/// Names of shells.
const SHELLS: [&str; 16] = [
    "sh", "bash", "ash", "dash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "busybox", "toybox", "pwsh", "nu", "elvish", "hush",
];

/// Where programs usually lie.
const FOLDERS: [&str; 7] = ["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/busybox", "/"];

/// Whether a program of this name is a shell.
pub(super) fn is_shell(name: &str) -> bool {
    SHELLS.contains(&name)
}

/// The shells of an image for containers: one finding for each program, by whatever names.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    if !facts.boot.container {
        return Vec::new();
    }
    let mut found: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for folder in FOLDERS {
        for shell in SHELLS {
            let path = format!("{}/{shell}", folder.trim_end_matches('/'));
            if let Some(program) = facts.tree.program([path.as_str()]) {
                found.entry(program.path).or_default().push(shell.to_owned());
            }
        }
    }
    if found.is_empty() {
        let detail = format!("no program in {} has the name of a shell ({})", FOLDERS.join(", "), SHELLS.join(", "));
        return vec![Finding { login_path: "container_shell", state: State::Absent, detail, origin: None }];
    }
    let finding = |(path, mut names): (String, Vec<String>)| {
        names.sort();
        names.dedup();
        Finding {
            login_path: "container_shell",
            state: State::Enabled,
            detail: format!("the program is a shell ({}) for whoever may start a program in the container", names.join(", ")),
            origin: Some(Origin::new(&path, 0)),
        }
    };
    found.into_iter().map(finding).collect()
}
