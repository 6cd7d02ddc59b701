//! Writing the pack, into a temporary folder that is renamed when it is whole.

use std::path::{Path, PathBuf};

use super::{Bag, PackError, reperform};
use crate::assess::{Assessment, Sample};
use crate::catalogue::{Catalogue, View};
use crate::config::Config;
use crate::facts::TABLES;
use crate::outputs::{OUTPUTS, drill_json};
use crate::period::Period;
use crate::report::Report;

/// What goes into a pack.
pub struct Parts<'a> {
    /// The report.
    pub report: &'a Report,
    /// What was judged.
    pub assessment: &'a Assessment,
    /// By which controls.
    pub catalogue: &'a Catalogue,
    /// Views in the order in which they need each other.
    pub views: &'a [View],
    /// Configuration.
    pub config: &'a Config,
    /// Audit period.
    pub period: &'a Period,
    /// Folder of the facts; its files are moved.
    pub store: &'a Path,
}

/// A pack that was written.
pub struct Packed {
    /// Where.
    pub folder: PathBuf,
    /// SHA-256 of its tag manifest, which seals everything.
    pub fingerprint: String,
}

const VERIFY: &str = "\
How to check this pack with stock tools, in its folder:

  sha256sum tagmanifest-sha256.txt
      must print the fingerprint that you were given by another way than this pack
  sha256sum -c --strict --quiet tagmanifest-sha256.txt manifest-sha256.txt
      must print nothing: every listed file is as it was sealed
  find . ! -type f ! -type d
      must print nothing: there are no links or special files
  { cut -c67- manifest-sha256.txt tagmanifest-sha256.txt; echo tagmanifest-sha256.txt; } | LC_ALL=C sort \\
    | diff - <(find . -type f | sed 's|^\\./||' | LC_ALL=C sort)
      must print nothing: there is no file that is not listed (bash)
  bagit.py --validate .
      a second opinion (PyPI package bagit)
  cd data && duckdb < reperform.sql
      runs every test again on the facts in this pack; each control must show 0 differing items

On Windows: Get-FileHash -Algorithm SHA256 FILE, against the lines of manifest-sha256.txt.
";

/// Writes the pack of `parts` in `work`, and moves it to `out`.
///
/// # Errors
/// Where `out` is already there, or something cannot be written; then there is no pack.
pub fn write(parts: &Parts<'_>, work: &Path, out: &Path) -> Result<Packed, PackError> {
    if out.exists() {
        return Err(PackError::Exists { path: out.to_owned() });
    }
    let folder = work.join("pack");
    let mut bag = Bag::create(&folder)?;
    for output in OUTPUTS {
        bag.add_with(output.path(), |to| Ok(output.render(parts.report, to)?))?;
    }
    if let Some(drill) = &parts.report.drill {
        bag.add_with("drill.json", |to| Ok(drill_json(drill, to)?))?;
        for (name, text) in parts.catalogue.texts.iter().filter(|(name, _)| name.starts_with("drills/")) {
            bag.add(&format!("controls/{name}.toml"), text.as_bytes())?;
        }
        for view in &parts.catalogue.drill_views {
            bag.add(&format!("controls/drills/{}.sql", view.name), view.sql.as_bytes())?;
        }
    }
    for assessed in &parts.assessment.controls {
        let id = &assessed.control.id;
        bag.add(&format!("controls/{id}.toml"), control_text(parts, id).as_bytes())?;
        let csv = &assessed.population.csv;
        bag.add(&format!("samples/{id}.csv"), &sample_text(&assessed.population.sample))?;
        bag.take(&format!("populations/{id}.csv"), &csv.file, Some((csv.sha256.clone(), csv.bytes)))?;
    }
    for framework in &parts.catalogue.frameworks {
        bag.add(&format!("controls/frameworks/{}.toml", framework.id), framework.text.as_bytes())?;
    }
    bag.add("controls/sampling.toml", parts.catalogue.sampling.text.as_bytes())?;
    for stream in &parts.assessment.streams {
        let csv = &stream.csv;
        bag.take(&format!("coverage/{}.csv", stream.name), &csv.file, Some((csv.sha256.clone(), csv.bytes)))?;
    }
    for view in parts.views {
        bag.add(&format!("controls/views/{}.sql", view.name), view.sql.as_bytes())?;
    }
    for table in TABLES {
        bag.take(&format!("facts/{}.parquet", table.name), &parts.store.join(format!("{}.parquet", table.name)), None)?;
    }
    bag.add("reperform.sql", reperform(parts.catalogue, parts.views, parts.config, parts.period).as_bytes())?;
    let plain = |text: &str| text.replace(['\r', '\n'], " ");
    let information = [
        ("Bag-Software-Agent", parts.report.tool.clone()),
        ("External-Description", format!("Evidence pack: {}", plain(&parts.report.system))),
        ("Source-Organization", plain(&parts.report.prepared_by)),
        ("Period-Start", parts.report.period.starts_at.clone()),
        ("Period-End", parts.report.period.ends_at.clone()),
        ("Control-Set-SHA256", parts.report.control_set_sha256.clone()),
        ("Evidence-Register-SHA256", parts.report.fingerprint.clone()),
    ];
    let fingerprint = bag.seal(&information, VERIFY)?;
    if let Some(parent) = out.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(|error| PackError::io(parent, "make the folder", error))?;
    }
    std::fs::rename(&folder, out).map_err(|error| PackError::io(out, "move the finished pack to its place", error))?;
    Ok(Packed { folder: out.to_owned(), fingerprint })
}

/// The control's file, headed by its parameters as tested and the requirements that it relates to.
fn control_text(parts: &Parts<'_>, id: &str) -> String {
    let mut text = String::from("# As tested. Parameters:\n");
    if let Some(control) = parts.catalogue.controls.iter().find(|control| control.id == *id) {
        for (name, value) in &control.params {
            text.push_str(&format!("#   {name} = {value}\n"));
        }
        if control.params.is_empty() {
            text.push_str("#   none\n");
        }
    }
    text.push_str("# Requirements that it relates to; how and why is in frameworks/:\n");
    if let Some(control) = parts.report.controls.iter().find(|control| control.id == *id) {
        for (framework, ids) in &control.criteria {
            text.push_str(&format!("#   {framework}: {ids}\n"));
        }
        if control.criteria.is_empty() {
            text.push_str("#   none\n");
        }
    }
    text.push_str(parts.catalogue.texts.get(id).map_or("", String::as_str));
    text
}

/// The rows of a population that the sample drew, in the order of the draw, each with its row number.
fn sample_text(sample: &Sample) -> Vec<u8> {
    let mut text = b"drawn,row,".to_vec();
    text.extend_from_slice(&sample.head);
    for (order, drawn) in (1..).zip(&sample.rows) {
        text.extend_from_slice(format!("{order},{},", drawn.row).as_bytes());
        text.extend_from_slice(&drawn.line);
    }
    text
}
