//! What an inspection could not know, by name.

use std::collections::BTreeMap;

/// Name and meaning. The first place that it was met at follows in the manifest.
const CODES: [(&str, &str); 17] = [
    ("path-outside-root", "names that begin with / or lead out of the root; they were taken as inside it"),
    ("damaged-entry", "entries of a layer that make no sense and were left out"),
    ("through-symlink", "entries below a symbolic link of a lower layer; the link was followed, and some runtimes replace it"),
    ("file-over-cap", "files that matter here and are larger than 1 MiB; what they say is unknown"),
    ("content-over-cap", "files that matter here beyond 64 MiB of them together; what they say is unknown"),
    ("entries-over-cap", "entries beyond the two millionth; they were not looked at, so nothing counts as closed"),
    ("nesting-over-cap", "entries more than 256 folders deep; they were not looked at, so nothing counts as closed"),
    ("not-readable", "files or folders that could not be read; nothing counts as closed"),
    ("content-not-readable", "files that matter here and whose content could not be read; what they say is unknown"),
    ("content-not-reached", "files that others point at through too many others; what they say is unknown"),
    ("mount-not-read", "folders on another file system; they were not entered, so nothing counts as closed"),
    ("torn", "archives without their end mark; they may have been cut, so nothing counts as closed"),
    ("data-after-end", "archives with data after their end mark, which some tools would read; it was not looked at"),
    (
        "single-layer",
        "whiteouts in what should be a whole root filesystem; it may be one layer of an image, so nothing counts as closed",
    ),
    ("platform-chosen", "the file holds the image for several platforms, and only one was looked at"),
    ("link-not-followed", "lookups that ended in too many symbolic links"),
    ("command-line-not-seen", "what the kernel's command line and the boot loader add at boot is not in the image"),
];

/// Limits met, with how often and where first.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits(BTreeMap<&'static str, (u64, String)>);

impl Limits {
    /// Notes that `code` was met at `place`.
    pub(super) fn note(&mut self, code: &'static str, place: impl Into<String>) {
        debug_assert!(CODES.iter().any(|(known, _)| *known == code), "{code} has no meaning");
        self.0.entry(code).and_modify(|(count, _)| *count += 1).or_insert_with(|| (1, place.into()));
    }

    /// Adds the limits that another part met.
    pub(super) fn add(&mut self, other: &Self) {
        for (code, (count, place)) in &other.0 {
            self.0.entry(code).and_modify(|(known, _)| *known += count).or_insert_with(|| (*count, place.clone()));
        }
    }

    /// Whether something of the image was not looked at.
    pub(super) fn hide_something(&self) -> bool {
        ["entries-over-cap", "nesting-over-cap", "not-readable", "mount-not-read", "torn", "single-layer"]
            .iter()
            .any(|code| self.0.contains_key(code))
    }

    /// Code and sentence of each, in the order of codes.
    pub(super) fn sentences(&self) -> Vec<(&'static str, String)> {
        let sentence = |code: &str, count: u64, place: &str| {
            let meaning = CODES.iter().find(|(known, _)| *known == code).map_or("", |(_, meaning)| *meaning);
            match count {
                1 => format!("{meaning}: {place}"),
                _ => format!("{meaning}: {count}, first {place}"),
            }
        };
        self.0.iter().map(|(code, (count, place))| (*code, sentence(code, *count, place))).collect()
    }
}
