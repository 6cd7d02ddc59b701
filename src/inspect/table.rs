//! The manifest for a terminal.

use std::fmt::Write as _;

use super::manifest::{LoginPath, Manifest};

/// Closed ways of one kind that are shown one by one.
const SHOWN: usize = 3;

impl Manifest {
    /// The manifest as text: what was looked at, every way to log in with its state, path and layer, and the limits.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        let named = self.subject.name.as_ref().map(|name| format!("{name}  ")).unwrap_or_default();
        let platform = self.inspected.platform.as_ref().map(|platform| format!(" for {platform}")).unwrap_or_default();
        let _ = writeln!(text, "Image     {named}{}", self.subject.id);
        let _ = writeln!(
            text,
            "Looked at {}{platform}, {}{} entries, as of {}",
            self.inspected.kind,
            if self.inspected.layers.len() > 1 { format!("{} layers, ", self.inspected.layers.len()) } else { String::new() },
            self.inspected.entries,
            self.observed_at
        );
        if let Some(command) = &self.inspected.command {
            let _ = writeln!(text, "Command   {command}");
        }
        text.push_str("\nWays to log in, by the files of the image; it was not started\n");
        rows(&mut text, &self.login_paths);
        if !self.privilege.is_empty() {
            text.push_str("\nMore power for who is in (no way to log in)\n");
            rows(&mut text, &self.privilege);
        }
        if !self.limits.is_empty() {
            text.push_str("\nLimits\n");
            for limit in &self.limits {
                let _ = writeln!(text, "  {}: {}", limit.code, limit.text);
            }
        }
        text
    }
}

/// One row a way, and closed ones beyond a few as a number.
fn rows(text: &mut String, ways: &[LoginPath]) {
    let alike =
        |way: &LoginPath| ways.iter().filter(|other| other.login_path == way.login_path && other.state == way.state).count();
    let mut before = ("", "");
    let mut shown = 0;
    for way in ways {
        if (way.login_path, way.state) != before {
            before = (way.login_path, way.state);
            shown = 0;
        }
        shown += 1;
        let closed = matches!(way.state, "absent" | "disabled");
        if closed && shown > SHOWN && alike(way) > SHOWN + 1 {
            if shown == SHOWN + 1 {
                let _ = writeln!(text, "  {:<16} {:<9} … and {} more", way.login_path, way.state, alike(way) - SHOWN);
            }
            continue;
        }
        let line = way.line.map(|line| format!(":{line}")).unwrap_or_default();
        let layer = way.layer.as_deref().map(|layer| format!("  layer {}", short(layer))).unwrap_or_default();
        let place = way.path.as_ref().map(|path| format!("{path}{line}{layer}")).unwrap_or_default();
        let _ = writeln!(text, "  {:<16} {:<9} {}", way.login_path, way.state, way.detail);
        if !place.is_empty() {
            let _ = writeln!(text, "  {:<26} {place}", "");
        }
    }
}

/// The first twelve digits of a digest, as registries' tools show it.
fn short(digest: &str) -> &str {
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    hex.get(..12).unwrap_or(hex)
}
