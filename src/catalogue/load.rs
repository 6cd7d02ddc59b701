//! Loading: embedded files, then a folder that adds or overrides, then the parameters of the configuration.

use std::collections::BTreeMap;
use std::path::Path;

use thiserror::Error;
use walkdir::WalkDir;

use super::control::{Control, Parameter, parse_duration, placeholders};
use super::drill::{Drill, read_drill};
use crate::collect::Sha256;
use crate::config::Config;
use crate::diag::Diagnostic;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A shared building block of tests: a query that is stored like a table.
#[derive(Clone, Debug)]
pub struct View {
    /// Name of the view, and of its file.
    pub name: String,
    /// The query.
    pub sql: String,
}

impl View {
    /// Whether the view is opened up where it is used, and not stored: its first line is `-- inline`. For views that are
    /// cheap, or that every user reads another part of.
    #[must_use]
    pub fn inline(&self) -> bool {
        self.sql.lines().next().is_some_and(|line| line.trim() == "-- inline")
    }
}

/// All controls and views of a run.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Controls in the order of families and numbers.
    pub controls: Vec<Control>,
    /// Views by name.
    pub views: Vec<View>,
    /// Kinds of violations that the drill plants, by name.
    pub drills: Vec<Drill>,
    /// Views that only the drill reads.
    pub drill_views: Vec<View>,
    /// SHA-256 over every control, view and drill as used, and the parameters of the configuration.
    pub sha256: String,
    /// The text of each control file, by id; of each drill, by `drills/` and its name.
    pub texts: BTreeMap<String, String>,
}

/// A catalogue that cannot be used.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// A file has a mistake.
    #[error("{0}")]
    Mistake(Box<Diagnostic>),
    /// A folder or file cannot be read.
    #[error("{path}: cannot be read: {error}")]
    Io {
        /// Where.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The configuration sets a parameter that no control has.
    #[error("steadfast.toml: [params.{control}] {name}: {why}")]
    Parameter {
        /// Control.
        control: String,
        /// Parameter.
        name: String,
        /// What is wrong, and the remedy.
        why: String,
    },
}

/// The order of families in lists and pages.
const FAMILIES: [&str; 9] = ["FLEET", "LOGIN", "IMAGE", "QUORUM", "SUDO", "CONFIG", "ALARM", "CHANGE", "EVIDENCE"];

impl Catalogue {
    /// Embedded controls, those of `folder` added or overriding, with the parameters of `config`.
    ///
    /// # Errors
    /// A mistake in any file, with place and remedy; a parameter that no control has.
    pub fn load(folder: Option<&Path>, config: &Config) -> Result<Self, CatalogueError> {
        let mut files: BTreeMap<String, (String, String)> = BTreeMap::new();
        for (path, text) in EMBEDDED {
            files.insert(key(path), (format!("controls/{path}"), (*text).to_owned()));
        }
        if let Some(folder) = folder {
            for entry in WalkDir::new(folder).sort_by_file_name() {
                let entry =
                    entry.map_err(|error| CatalogueError::Io { path: folder.display().to_string(), error: error.into() })?;
                let name = entry.file_name().to_str().unwrap_or_default().to_owned();
                if entry.file_type().is_file() && (name.ends_with(".toml") || name.ends_with(".sql")) {
                    let path = entry.path().display().to_string();
                    let text = std::fs::read_to_string(entry.path())
                        .map_err(|error| CatalogueError::Io { path: path.clone(), error })?;
                    let key = if in_drills(entry.path()) { format!("{DRILLS}{name}") } else { name };
                    files.insert(key, (path, text));
                }
            }
        }
        let mut catalogue = Self {
            controls: Vec::new(),
            views: Vec::new(),
            drills: Vec::new(),
            drill_views: Vec::new(),
            sha256: String::new(),
            texts: BTreeMap::new(),
        };
        let mut hash = Sha256::new();
        for (name, (path, text)) in &files {
            hash.update(format!("{name} {}\n", text.len()).as_bytes());
            hash.update(text.as_bytes());
            if let Some(name) = name.strip_prefix(DRILLS) {
                catalogue.take_drill(path, name, text)?;
            } else if let Some(view) = name.strip_suffix(".sql") {
                catalogue.views.push(View { name: view.to_owned(), sql: text.clone() });
            } else if name.strip_suffix(".toml").is_some_and(is_control) {
                let control = read(path, name, text)?;
                catalogue.texts.insert(control.id.clone(), text.clone());
                catalogue.controls.push(control);
            }
        }
        hash.update(format!("{:?}", config.params).as_bytes());
        catalogue.sha256 = hash.finish();
        catalogue.controls.sort_by_key(|control| order(&control.id));
        catalogue.drills.sort_by_key(|drill| (order(&drill.control), drill.name.clone()));
        catalogue.configure(config)?;
        if let Some((drill, control)) = catalogue.drill_of_no_control() {
            let (path, text) = files.get(&format!("{DRILLS}{drill}.toml")).cloned().unwrap_or_default();
            let at = text.find(control).map_or(0..0, |start| start..start + control.len());
            let message = format!("there is no control `{control}`");
            return Err(CatalogueError::Mistake(Box::new(Diagnostic::new("drill-contract", &path, &text, at, message))));
        }
        Ok(catalogue)
    }

    fn take_drill(&mut self, path: &str, name: &str, text: &str) -> Result<(), CatalogueError> {
        if let Some(view) = name.strip_suffix(".sql") {
            self.drill_views.push(View { name: view.to_owned(), sql: text.to_owned() });
        } else if let Some(stem) = name.strip_suffix(".toml") {
            self.drills.push(read_drill(path, stem, text).map_err(CatalogueError::Mistake)?);
            self.texts.insert(format!("{DRILLS}{stem}"), text.to_owned());
        }
        Ok(())
    }

    /// A drill that names a control that there is not.
    fn drill_of_no_control(&self) -> Option<(&str, &str)> {
        let known = |id: &str| self.controls.iter().any(|control| control.id == id);
        let mut named = self.drills.iter().flat_map(|drill| drill.also.iter().chain([&drill.control]).map(move |id| (drill, id)));
        named.find(|(_, id)| !known(id)).map(|(drill, id)| (drill.name.as_str(), id.as_str()))
    }

    fn configure(&mut self, config: &Config) -> Result<(), CatalogueError> {
        for (id, params) in &config.params {
            let unknown = |name: &str, why: String| CatalogueError::Parameter { control: id.clone(), name: name.to_owned(), why };
            let control = self.controls.iter_mut().find(|control| control.id == *id);
            let control = control
                .ok_or_else(|| unknown("*", "there is no such control; `steadfast controls list` shows all".to_owned()))?;
            for (name, value) in params {
                let known: Vec<&str> = control.params.keys().map(String::as_str).collect();
                let Some(default) = control.params.get(name) else {
                    return Err(unknown(name, format!("the control has no such parameter; it has: {}", known.join(", "))));
                };
                let same = match (Parameter::from_toml(default), Parameter::from_toml(value)) {
                    // A duration is a text in the file and a number of seconds when bound: both must agree.
                    (Some(a), Some(b)) => {
                        std::mem::discriminant(&a) == std::mem::discriminant(&b) && default.is_str() == value.is_str()
                    }
                    _ => false,
                };
                if !same {
                    return Err(unknown(name, format!("write it like its default, {default}")));
                }
                control.params.insert(name.clone(), value.clone());
            }
        }
        Ok(())
    }
}

/// The folder of drills, in keys of files.
const DRILLS: &str = "drills/";

/// What a file is known by: its name, and for drills their folder.
fn key(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    if in_drills(Path::new(path)) { format!("{DRILLS}{name}") } else { name.to_owned() }
}

/// Whether a file is in a folder `drills`.
fn in_drills(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "drills")
}

/// Whether a file name without its ending is that of a control: `SUDO-02`.
fn is_control(stem: &str) -> bool {
    stem.split_once('-').is_some_and(|(family, number)| {
        !family.is_empty()
            && family.bytes().all(|byte| byte.is_ascii_uppercase())
            && number.len() == 2
            && number.parse::<u8>().is_ok()
    })
}

/// Families in their order, then by name.
fn order(id: &str) -> (usize, String) {
    let family = id.split('-').next().unwrap_or_default();
    (FAMILIES.iter().position(|known| *known == family).unwrap_or(FAMILIES.len()), id.to_owned())
}

fn read(path: &str, name: &str, text: &str) -> Result<Control, CatalogueError> {
    let mistake = |diagnostic: Diagnostic| CatalogueError::Mistake(Box::new(diagnostic));
    let control: Control =
        toml::from_str(text).map_err(|error| mistake(Diagnostic::toml("control-unreadable", path, text, &error)))?;
    let at = |wanted: &str| text.find(wanted).map_or(0..0, |start| start..start + wanted.len());
    if name.strip_suffix(".toml") != Some(control.id.as_str()) {
        let message = format!("the id `{}` is not the name of the file", control.id);
        return Err(mistake(Diagnostic::new("control-id", path, text, at("id"), message).help("rename the file, or the id")));
    }
    for (parameter, value) in &control.params {
        if Parameter::from_toml(value).is_none() {
            let message = format!("parameter `{parameter}` must be a number, a text, a duration such as \"24h\", true or false");
            return Err(mistake(Diagnostic::new("control-parameter", path, text, at(parameter), message)));
        }
        if !control.test.sql.contains(&format!("${parameter}")) {
            let message = format!("parameter `{parameter}` is not used by the test");
            return Err(mistake(Diagnostic::new("control-parameter", path, text, at(parameter), message)));
        }
    }
    for need in &control.coverage.needs {
        if parse_duration(&need.max_gap).is_none_or(|seconds| seconds < 86_400) {
            let message = "max_gap must be a duration of a day or more (\"24h\"), because activity is kept by day";
            return Err(mistake(Diagnostic::new("control-coverage", path, text, at("max_gap"), message)));
        }
    }
    if placeholders(&control.say).is_empty() {
        return Err(mistake(Diagnostic::new("control-say", path, text, at("say"), "the sentence names no column of the test")));
    }
    Ok(control)
}
