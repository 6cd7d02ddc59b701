//! `[[bind]]`: what the path of a file says about it, for evidence that names neither host nor time.

use std::sync::OnceLock;

use chrono_tz::Tz;
use regex::Regex;
use serde::Deserialize;

use super::{Config, Zone};
use crate::facts::{Micros, parse_stamp};

/// What the path of a file says about it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    /// Path relative to the evidence root: `{host}` and `{collected_at}` are read out of it, `*` is one part, `**` any.
    pub path: String,
    /// Host of all matching files, where the path does not hold it.
    pub host: Option<String>,
    /// Zone of stamps without one.
    pub time_zone: Option<Zone>,
    /// `path` as an expression, made when it is first asked for: every file of the evidence is held against it.
    #[serde(skip)]
    pattern: OnceLock<Option<Regex>>,
}

impl Bind {
    fn pattern(&self) -> Option<&Regex> {
        self.pattern.get_or_init(|| bind_pattern(&self.path)).as_ref()
    }
}

/// What was bound to one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Host, in its normal form.
    pub host: Option<String>,
    /// When the evidence was taken.
    pub collected_at: Option<Micros>,
    /// Zone of stamps without one.
    pub zone: Option<Tz>,
}

impl Config {
    /// The patterns of `[[bind]]` that none of `paths` matches.
    #[must_use]
    pub fn idle_binds<'p>(&self, paths: impl Iterator<Item = &'p str> + Clone) -> Vec<String> {
        let idle = |bind: &&Bind| bind.pattern().is_some_and(|pattern| !paths.clone().any(|path| pattern.is_match(path)));
        self.bind.iter().filter(idle).map(|bind| bind.path.clone()).collect()
    }

    /// What the configuration binds to the file at `path` (relative to the evidence root): the first match of each.
    #[must_use]
    pub fn bound(&self, path: &str) -> Bound {
        let mut bound = Bound::default();
        for bind in &self.bind {
            let Some(found) = bind.pattern().and_then(|pattern| pattern.captures(path)) else { continue };
            let captured = |name: &str| found.name(name).map(|part| part.as_str());
            if bound.host.is_none() {
                bound.host = captured("host").or(bind.host.as_deref()).map(|host| self.host(host).into_owned());
            }
            if bound.collected_at.is_none() {
                bound.collected_at = captured("collected_at").and_then(|stamp| parse_stamp(stamp, Tz::UTC));
            }
            bound.zone = bound.zone.or(bind.time_zone.map(|zone| zone.0));
        }
        bound
    }
}

/// A path of `[[bind]]` or of a mapping as a regular expression; it may begin anywhere at a folder.
pub(crate) fn bind_pattern(path: &str) -> Option<Regex> {
    let mut expression = String::from("(?:^|/)");
    let mut rest = path;
    while let Some(character) = rest.chars().next() {
        let (token, written) = if rest.starts_with("{host}") {
            ("{host}", "(?P<host>[^/]+?)".to_owned())
        } else if rest.starts_with("{collected_at}") {
            ("{collected_at}", "(?P<collected_at>[^/]+?)".to_owned())
        } else if rest.starts_with('{') {
            return None;
        } else if rest.starts_with("**") {
            ("**", ".*".to_owned())
        } else if rest.starts_with('*') {
            ("*", "[^/]*".to_owned())
        } else {
            let text = rest.get(..character.len_utf8())?;
            (text, regex::escape(text))
        };
        expression.push_str(&written);
        rest = rest.get(token.len()..)?;
    }
    expression.push('$');
    Regex::new(&expression).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_bind_host_and_time() {
        let config =
            Config::parse("steadfast.toml", "[[bind]]\npath = \"aide/{host}/{collected_at}.txt\"\ntime_zone = \"Europe/Berlin\"")
                .expect("a configuration");
        let bound = config.bound("q3/aide/ES-1/20260705T021500Z.txt");
        assert_eq!(bound.host.as_deref(), Some("es-1"));
        assert_eq!(bound.collected_at.map(Micros::iso).as_deref(), Some("2026-07-05T02:15:00Z"));
        assert_eq!(config.bound("aide/x.txt"), Bound::default());
    }
}
