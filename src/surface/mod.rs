//! The login surface: rules that turn the configuration of a host or an image into ways to log in and their state.
//!
//! Every function here is pure: text or parsed text in, facts out. Nothing opens a file, nothing panics, and no password,
//! hash or key leaves. Formats (`src/formats/login_*.rs`) read one file with them; an inspection of a whole image puts
//! several parts into [`Evidence`] and asks [`summarise`], so that the logic stands once.
//!
//! To add one: a new file here with a parser and a `findings` function, its `pub mod` line, a field in [`Evidence`] and
//! its line in [`summarise`].

#![warn(clippy::indexing_slicing)]

pub mod accounts;
pub mod cloud_init;
pub mod keys;
pub mod sshd;
pub mod sshd_config;
mod summary;
#[cfg(test)]
mod tests;
pub mod units;

pub use summary::{Evidence, KeyFile, summarise, worst};

/// What is known of a yes-or-no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tri {
    /// It is not so.
    No,
    /// The evidence does not say.
    Unknown,
    /// It is so.
    Yes,
}

impl Tri {
    /// Both: no as soon as one is no.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Either: yes as soon as one is yes.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// The state of a way to log in that is open where the answer is yes.
    #[must_use]
    pub fn state(self) -> State {
        match self {
            Self::No => State::Disabled,
            Self::Unknown => State::Unknown,
            Self::Yes => State::Enabled,
        }
    }
}

impl From<bool> for Tri {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// State of a way to log in. A later one outweighs an earlier one: one open way is not closed by another that is shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is not there.
    Absent,
    /// It is there and closed.
    Disabled,
    /// The evidence does not say.
    Unknown,
    /// It is open.
    Enabled,
}

impl State {
    /// The word of the table `login_paths`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Disabled => "disabled",
            Self::Unknown => "unknown",
            Self::Enabled => "enabled",
        }
    }
}

/// Where something was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// File, as the caller named it.
    pub path: String,
    /// 1-based line.
    pub line: u64,
}

impl Origin {
    /// Line `line` of `path`.
    #[must_use]
    pub fn new(path: &str, line: u64) -> Self {
        Self { path: path.to_owned(), line }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "line {} of {}", self.line, self.path)
    }
}

/// One way to log in, its state and what was seen: a row of `login_paths` without its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The word of the table `login_paths`: `sshd`, `ssh_socket`, `account` …
    pub login_path: &'static str,
    /// Its state.
    pub state: State,
    /// What was seen, in words for an auditor. May hold names out of the evidence, never a secret.
    pub detail: String,
    /// Where it was seen; nothing where it is concluded from an absence.
    pub origin: Option<Origin>,
}

/// The lines of a text with their 1-based numbers, without line ends.
fn numbered(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    (1..).zip(text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)))
}
