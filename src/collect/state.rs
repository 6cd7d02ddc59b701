//! The state of a file: what tells one state from another without reading it, so that a change under our hands is named.

use std::fs::{File, Metadata};
use std::path::Path;

/// What the file system says of a file at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    length: u64,
    modified: Option<std::time::SystemTime>,
    /// Device and inode, and when either content or attributes last changed: no program can set that back.
    node: Option<(u64, u64)>,
    changed: Option<Instant>,
}

/// Seconds and nanoseconds as the file system counts them. Only compared with others of its kind.
pub(super) type Instant = (i64, i64);

impl State {
    fn of(data: &Metadata) -> Self {
        #[cfg(unix)]
        let (node, changed) = {
            use std::os::unix::fs::MetadataExt as _;
            (Some((data.dev(), data.ino())), Some((data.ctime(), data.ctime_nsec())))
        };
        #[cfg(not(unix))]
        let (node, changed) = (None, None);
        Self { length: data.len(), modified: data.modified().ok(), node, changed }
    }

    /// The state of an open file.
    pub(super) fn of_open(file: &File) -> std::io::Result<Self> {
        Ok(Self::of(&file.metadata()?))
    }

    /// The state of what stands at `path` now; nothing where it is gone.
    pub(super) fn at(path: &Path) -> Option<Self> {
        path.symlink_metadata().ok().as_ref().map(Self::of)
    }

    /// When the file system last changed the file.
    pub(super) fn changed(&self) -> Option<Instant> {
        self.changed
    }

    /// Whether the file was changed after `began`. A clock of the file system ticks only every few milliseconds, so that two
    /// writes may carry one stamp; a later stamp than that of a file made before anything was read is proof all the same.
    pub(super) fn later_than(&self, began: Option<Instant>) -> bool {
        matches!((self.changed, began), (Some(changed), Some(began)) if changed > began)
    }
}
