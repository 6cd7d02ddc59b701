//! Loading: embedded files, then a folder that adds or overrides, then the parameters of the configuration.

use std::collections::BTreeMap;
use std::path::Path;

use thiserror::Error;
use walkdir::WalkDir;

use super::control::{Control, Parameter, parse_duration, placeholders};
use super::drill::{Drill, read_drill};
use super::framework::Framework;
use super::relate::{self, Texts};
use super::sampling::{FILE as SAMPLING, SamplingTable};
use crate::collect::Sha256;
use crate::config::{Config, ParamPart};
use crate::diag::{Diagnostic, nearest};

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

/// All controls, views and frameworks of a run.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Controls in the order of families and numbers.
    pub controls: Vec<Control>,
    /// Views by name.
    pub views: Vec<View>,
    /// Frameworks by id, the mappings of controls that carry their own among theirs.
    pub frameworks: Vec<Framework>,
    /// Kinds of violations that the drill plants, by name.
    pub drills: Vec<Drill>,
    /// Views that only the drill reads.
    pub drill_views: Vec<View>,
    /// SHA-256 over every control, view, framework and drill as used, and the parameters of the configuration.
    pub sha256: String,
    /// The text of each control file, by id; of each drill, by `drills/` and its name.
    pub texts: BTreeMap<String, String>,
    /// How many items to draw for re-performance.
    pub sampling: SamplingTable,
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
    /// The report is to be grouped by a framework that is not there.
    #[error("there is no framework `{name}` to group the report by; {help}")]
    By {
        /// As written.
        name: String,
        /// The nearest, or all.
        help: String,
    },
    /// The table of sample sizes lacks what a control or the configuration asks for.
    #[error("{what}: {why}")]
    Sampling {
        /// Control, or section of the configuration.
        what: String,
        /// What is wrong, and the remedy.
        why: String,
    },
}

/// The order of families in lists and pages.
const FAMILIES: [&str; 9] = ["FLEET", "LOGIN", "IMAGE", "QUORUM", "SUDO", "CONFIG", "ALARM", "CHANGE", "EVIDENCE"];

impl Catalogue {
    /// What the table `coverage_needs` holds: control, stream, class of hosts, longest silence allowed in seconds.
    #[must_use]
    pub fn coverage_needs(&self) -> Vec<Vec<String>> {
        let needs = self.controls.iter().flat_map(|control| control.coverage.needs.iter().map(move |need| (control, need)));
        needs
            .filter_map(|(control, need)| {
                let seconds = parse_duration(&need.max_gap)?;
                let cells = [&control.id, &need.stream, control.applies_to.hosts(), &seconds.to_string()];
                Some(cells.map(str::to_owned).to_vec())
            })
            .collect()
    }

    /// Embedded controls and frameworks, those of `folder` added or overriding, with the parameters of `config`.
    ///
    /// # Errors
    /// A mistake in any file, with place and remedy, a mapping that leads nowhere among them; a parameter that no control
    /// has; a framework to group by that is not there.
    pub fn load(folder: Option<&Path>, config: &Config) -> Result<Self, CatalogueError> {
        let files = files(folder)?;
        let mut catalogue = Self {
            controls: Vec::new(),
            views: Vec::new(),
            frameworks: Vec::new(),
            drills: Vec::new(),
            drill_views: Vec::new(),
            sha256: String::new(),
            texts: BTreeMap::new(),
            sampling: SamplingTable::default(),
        };
        let mut places = Texts::new();
        let mut hash = Sha256::new();
        for (name, (path, text)) in &files {
            hash.update(format!("{name} {}\n", text.len()).as_bytes());
            hash.update(text.as_bytes());
            if let Some(name) = name.strip_prefix(DRILLS) {
                catalogue.take_drill(path, name, text)?;
            } else if let Some(view) = name.strip_suffix(".sql") {
                catalogue.views.push(View { name: view.to_owned(), sql: text.clone() });
            } else if let Some(name) = name.strip_prefix(FRAMEWORKS) {
                let framework = relate::read(path, name, text)?;
                places.insert(framework.id.clone(), (path, text));
                catalogue.frameworks.push(framework);
            } else if name.strip_suffix(".toml").is_some_and(is_control) {
                let control = read(path, name, text)?;
                places.insert(control.id.clone(), (path, text));
                catalogue.texts.insert(control.id.clone(), text.clone());
                catalogue.controls.push(control);
            } else if name == SAMPLING {
                catalogue.sampling = SamplingTable::read(path, text)?;
            }
        }
        catalogue.sampling.check(&catalogue.controls, &config.sampling)?;
        hash.update(format!("{:?}", config.params).as_bytes());
        catalogue.sha256 = hash.finish();
        catalogue.controls.sort_by_key(|control| order(&control.id));
        relate::relate(&catalogue.controls, &mut catalogue.frameworks, &places)?;
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
        let known = || self.frameworks.iter().map(|framework| framework.id.as_str());
        if let Some(name) = &config.report.by
            && !known().any(|id| id == name)
        {
            let help = match nearest(name, known()) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("there are: {}", known().collect::<Vec<_>>().join(", ")),
            };
            return Err(CatalogueError::By { name: name.clone(), help });
        }
        for (id, params) in &config.params {
            let mistake = |part: ParamPart<'_>, message: String, help: String| {
                CatalogueError::Mistake(config.param_places.mistake(id, part, message, help))
            };
            let near = nearest(id, self.controls.iter().map(|control| control.id.as_str())).map(str::to_owned);
            let Some(control) = self.controls.iter_mut().find(|control| control.id == *id) else {
                let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
                let help = format!("{near}`steadfast controls list` shows all");
                return Err(mistake(ParamPart::Control, format!("there is no control `{id}`"), help));
            };
            for (name, value) in params {
                let Some(default) = control.params.get(name) else {
                    let known: Vec<&str> = control.params.keys().map(String::as_str).collect();
                    let help = match (nearest(name, known.iter().copied()), known.is_empty()) {
                        (Some(near), _) => format!("did you mean `{near}`?"),
                        (None, false) => format!("it has: {}", known.join(", ")),
                        (None, true) => "it has none; take the line out".to_owned(),
                    };
                    return Err(mistake(ParamPart::Name(name), format!("{id} has no parameter `{name}`"), help));
                };
                let same = match (Parameter::from_toml(default), Parameter::from_toml(value)) {
                    // A duration is a text in the file and a number of seconds when bound: both must agree.
                    (Some(a), Some(b)) => {
                        std::mem::discriminant(&a) == std::mem::discriminant(&b) && default.is_str() == value.is_str()
                    }
                    _ => false,
                };
                if !same {
                    let message = format!("{value} is no value of the parameter `{name}` of {id}");
                    return Err(mistake(ParamPart::Value(name), message, format!("write it like its default, {default}")));
                }
                control.params.insert(name.clone(), value.clone());
            }
        }
        Ok(())
    }
}

/// Folder of the frameworks: what lies in it is no control, whatever its name.
const FRAMEWORKS: &str = "frameworks/";

/// Files by name: path and text, the embedded ones and those of `folder` over them.
fn files(folder: Option<&Path>) -> Result<BTreeMap<String, (String, String)>, CatalogueError> {
    let mut files = BTreeMap::new();
    for (path, text) in EMBEDDED {
        files.insert(file_name(path), (format!("controls/{path}"), (*text).to_owned()));
    }
    let Some(folder) = folder else { return Ok(files) };
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| CatalogueError::Io { path: folder.display().to_string(), error: error.into() })?;
        let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let name = file_name(&below.iter().filter_map(|part| part.to_str()).collect::<Vec<_>>().join("/"));
        if entry.file_type().is_file() && (name.ends_with(".toml") || name.ends_with(".sql")) {
            let path = entry.path().display().to_string();
            let text = std::fs::read_to_string(entry.path()).map_err(|error| CatalogueError::Io { path: path.clone(), error })?;
            if name.strip_suffix(".toml").is_some_and(|stem| {
                !stem.starts_with(FRAMEWORKS) && !stem.starts_with(DRILLS) && !is_control(stem) && name != SAMPLING
            }) {
                let message = "the file is no control, because its name is not like `SUDO-02.toml`, and no framework";
                let mistake = Diagnostic::new("catalogue-file", &path, &text, 0..0, message);
                let help = "name it like its control, or move it into a folder `frameworks`";
                return Err(CatalogueError::Mistake(Box::new(mistake.help(help))));
            }
            files.insert(name, (path, text));
        }
    }
    Ok(files)
}

/// The folder of drills, in keys of files.
const DRILLS: &str = "drills/";

/// The last part of a path; of a framework or drill the last two.
fn file_name(path: &str) -> String {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or(path);
    match parts.next() {
        Some("frameworks") if name.ends_with(".toml") => format!("{FRAMEWORKS}{name}"),
        Some("drills") => format!("{DRILLS}{name}"),
        _ => name.to_owned(),
    }
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
