//! Frameworks and controls brought together: every mapping leads to a requirement that is in force and to a control that
//! is there, once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;

use super::control::{Control, Map};
use super::framework::{Framework, Support};
use super::load::CatalogueError;
use crate::diag::{Diagnostic, nearest};

/// Path and text of the file of each control and framework, by id.
pub(super) type Texts<'a> = BTreeMap<String, (&'a str, &'a str)>;

/// Reads the framework of the file `name`.
pub(super) fn read(path: &str, name: &str, text: &str) -> Result<Framework, CatalogueError> {
    let mistake = |diagnostic: Diagnostic| CatalogueError::Mistake(Box::new(diagnostic));
    let mut framework: Framework =
        toml::from_str(text).map_err(|error| mistake(Diagnostic::toml("framework-unreadable", path, text, &error)))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if name.strip_suffix(".toml") != Some(framework.id.as_str()) || !framework.id.bytes().all(plain) {
        let at = text.find(&framework.id).map_or(0..0, |start| start..start + framework.id.len());
        let message = format!("the id `{}` is not the name of the file, or not of letters, digits, - and .", framework.id);
        return Err(mistake(Diagnostic::new("framework-id", path, text, at, message).help("rename the file, or the id")));
    }
    let mut seen = BTreeSet::new();
    for requirement in &framework.requirements {
        let id = requirement.id.get_ref();
        let message = if framework.withdrawn.iter().any(|withdrawn| withdrawn.id == *id) {
            format!("`{id}` is a requirement here, and withdrawn as well")
        } else if !seen.insert(id) {
            format!("the requirement `{id}` stands here twice")
        } else {
            continue;
        };
        let mistaken = Diagnostic::new("framework-requirement", path, text, requirement.id.span(), message);
        return Err(mistake(mistaken.help("keep one of the two")));
    }
    text.clone_into(&mut framework.text);
    Ok(framework)
}

/// Checks every mapping, and brings those that controls carry themselves to their frameworks.
///
/// # Errors
/// A mapping to a framework, requirement or control that is not there, to a requirement that was withdrawn, or made twice;
/// a control that is mapped to a framework and is said to have no requirement in it.
pub(super) fn relate(controls: &[Control], frameworks: &mut [Framework], texts: &Texts<'_>) -> Result<(), CatalogueError> {
    let order: BTreeMap<&str, usize> = controls.iter().enumerate().map(|(index, control)| (control.id.as_str(), index)).collect();
    for framework in frameworks.iter() {
        own(framework, &order, texts)?;
    }
    for control in controls {
        for map in &control.maps {
            let support = Support {
                control: Spanned::new(0..0, control.id.clone()),
                relation: map.relation,
                rationale: map.rationale.clone(),
                claim_limit: map.claim_limit.clone(),
            };
            let (framework, requirement) = place(control, map, frameworks, texts)?;
            let of = frameworks.get_mut(framework).and_then(|framework| framework.requirements.get_mut(requirement));
            if let Some(requirement) = of {
                requirement.supported_by.push(support);
            }
        }
    }
    for requirement in frameworks.iter_mut().flat_map(|framework| &mut framework.requirements) {
        requirement.supported_by.sort_by_key(|support| order.get(support.control.get_ref().as_str()).copied());
    }
    Ok(())
}

/// Checks the mappings in a framework's own file.
fn own(framework: &Framework, order: &BTreeMap<&str, usize>, texts: &Texts<'_>) -> Result<(), CatalogueError> {
    let wrong = |code, span, message, help| mistake(texts, &framework.id, code, span, message, help);
    let known = |control: &Spanned<String>| {
        let id = control.get_ref().as_str();
        if let Some((id, _)) = order.get_key_value(id) {
            return Ok(*id);
        }
        let help = match nearest(id, order.keys().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "`steadfast controls list` shows all".to_owned(),
        };
        Err(wrong("map-control", control.span(), format!("there is no control `{id}`"), help))
    };
    let mut mapped = BTreeSet::new();
    for requirement in &framework.requirements {
        let mut seen = BTreeSet::new();
        for support in &requirement.supported_by {
            let id = known(&support.control)?;
            mapped.insert(id);
            if !seen.insert(id) {
                let message = format!("`{id}` is mapped to `{}` twice", requirement.id.get_ref());
                return Err(wrong("map-twice", support.control.span(), message, "keep one of the two".to_owned()));
            }
        }
    }
    let mut none = BTreeSet::new();
    for control in framework.no_direct_requirement.iter().flat_map(|topic| &topic.controls) {
        let id = known(control)?;
        if mapped.contains(id) || !none.insert(id) {
            let message = format!("`{id}` is said to have no direct requirement, and is mapped to one or said so twice");
            return Err(wrong("map-none", control.span(), message, "keep one of the two".to_owned()));
        }
    }
    Ok(())
}

/// The framework and the requirement in it that a control's own mapping leads to, by position.
fn place(control: &Control, map: &Map, frameworks: &[Framework], texts: &Texts<'_>) -> Result<(usize, usize), CatalogueError> {
    let wrong = |code, span, message, help| mistake(texts, &control.id, code, span, message, help);
    let (name, id) = (map.framework.get_ref().as_str(), map.id.get_ref().as_str());
    let Some((at, framework)) = frameworks.iter().enumerate().find(|(_, framework)| framework.id == name) else {
        let help = match nearest(name, frameworks.iter().map(|framework| framework.id.as_str())) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("`steadfast controls frameworks` shows all; a new one is a file frameworks/{name}.toml"),
        };
        return Err(wrong("map-framework", map.framework.span(), format!("there is no framework `{name}`"), help));
    };
    if let Some(withdrawn) = framework.withdrawn.iter().find(|withdrawn| withdrawn.id == id) {
        let help = match withdrawn.went_to.as_slice() {
            [] => "map to a requirement that is in force".to_owned(),
            went => format!("its content went to {}", went.join(" and ")),
        };
        return Err(wrong("map-withdrawn", map.id.span(), format!("`{id}` was withdrawn from {name}"), help));
    }
    if framework.no_direct_requirement.iter().flat_map(|topic| &topic.controls).any(|none| *none.get_ref() == control.id) {
        let message = format!("{name} is said to have no direct requirement for `{}`", control.id);
        let help = format!("take it out there: {}", path(texts, name));
        return Err(wrong("map-none", map.id.span(), message, help));
    }
    let mut requirements = framework.requirements.iter().enumerate();
    let Some((within, requirement)) = requirements.find(|(_, requirement)| requirement.id.get_ref() == id) else {
        let help = match nearest(id, framework.requirements.iter().map(|requirement| requirement.id.get_ref().as_str())) {
            Some(nearest) => format!("did you mean `{nearest}`? A requirement that is missing is added to {}", path(texts, name)),
            None => format!("a requirement that is missing is added to {}", path(texts, name)),
        };
        return Err(wrong("map-requirement", map.id.span(), format!("{name} has no requirement `{id}`"), help));
    };
    if requirement.supported_by.iter().any(|support| *support.control.get_ref() == control.id) {
        let message = format!("`{}` is mapped to `{id}` of {name} twice", control.id);
        let help = format!("keep one of the two; the other is here or in {}", path(texts, name));
        return Err(wrong("map-twice", map.id.span(), message, help));
    }
    Ok((at, within))
}

fn path<'a>(texts: &Texts<'a>, id: &str) -> &'a str {
    texts.get(id).map_or("", |(path, _)| path)
}

fn mistake(texts: &Texts<'_>, id: &str, code: &'static str, span: Range<usize>, message: String, help: String) -> CatalogueError {
    let (path, text) = texts.get(id).copied().unwrap_or_default();
    CatalogueError::Mistake(Box::new(Diagnostic::new(code, path, text, span, message).help(help)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMEWORK: &str = r#"id = "OWN-1"
name = "Own rules"
version = "1"
publisher = "Ourselves"
quoting = "Ours."
withdrawn = [{ id = "R-3", went_to = ["R-1", "R-2"] }, { id = "R-4" }]
[[requirement]]
id = "R-1"
title = "Changes are approved"
verified = true
supported_by = [{ control = "TEST-01", relation = "supports", rationale = "They are." }]
[[requirement]]
id = "R-2"
title = "Changes are reviewed"
verified = false
"#;

    const CONTROL: &str = r#"id = "TEST-02"
title = "A test"
kind = "detective"
applies_to = "all"
statement = "s"
procedure = "p"
claim_limit = "c"
say = "{resource}"
[population]
item = "host"
empty = "inconclusive"
empty_reason = "no host"
[test]
sql = "select 1"
"#;

    fn map(framework: &str, id: &str) -> String {
        format!("[[maps]]\nframework = \"{framework}\"\nid = \"{id}\"\nrelation = \"supports\"\nrationale = \"It does.\"\n")
    }

    /// Relates `TEST-01`, which maps nothing, and `TEST-02` with these mappings to a framework.
    fn related(framework: &str, maps: &str) -> Result<Vec<Framework>, Box<Diagnostic>> {
        let of = |error: CatalogueError| match error {
            CatalogueError::Mistake(mistake) => mistake,
            other => panic!("{other}"),
        };
        let mut frameworks = vec![read("frameworks/OWN-1.toml", "OWN-1.toml", framework).map_err(of)?];
        let (first, second) = (CONTROL.replace("TEST-02", "TEST-01"), format!("{CONTROL}{maps}"));
        let controls: Vec<Control> = [&first, &second].iter().map(|text| toml::from_str(text).expect("a control")).collect();
        let texts = Texts::from([
            ("OWN-1".to_owned(), ("frameworks/OWN-1.toml", framework)),
            ("TEST-01".to_owned(), ("TEST-01.toml", first.as_str())),
            ("TEST-02".to_owned(), ("TEST-02.toml", second.as_str())),
        ]);
        relate(&controls, &mut frameworks, &texts).map_err(of)?;
        Ok(frameworks)
    }

    #[track_caller]
    fn refused(framework: &str, maps: &str, code: &str, line: usize, help: &str) {
        let mistake = related(framework, maps).expect_err("a mistake");
        assert_eq!((mistake.code, mistake.location.line), (code, line), "{mistake}");
        assert!(mistake.help.as_deref().is_some_and(|text| text.contains(help)), "{mistake}");
    }

    #[test]
    fn mappings_of_frameworks_and_of_controls_come_together_in_order() {
        let frameworks = related(FRAMEWORK, &map("OWN-1", "R-1")).expect("sound");
        let first = frameworks.first().and_then(|framework| framework.requirements.first()).expect("a requirement");
        let controls: Vec<&str> = first.supported_by.iter().map(|support| support.control.get_ref().as_str()).collect();
        assert_eq!(controls, ["TEST-01", "TEST-02"]);
        assert_eq!(frameworks.first().map(|framework| (framework.mapped(), framework.unverified())), Some((1, 1)));
    }

    #[test]
    fn a_mapping_that_leads_nowhere_names_its_place_and_the_nearest() {
        refused(FRAMEWORK, &map("OWN1", "R-1"), "map-framework", 16, "did you mean `OWN-1`?");
        refused(FRAMEWORK, &map("ISO", "R-1"), "map-framework", 16, "frameworks/ISO.toml");
        refused(FRAMEWORK, &map("OWN-1", "R-11"), "map-requirement", 17, "did you mean `R-1`?");
        refused(
            &FRAMEWORK.replace("control = \"TEST-01\"", "control = \"TEST-10\""),
            "",
            "map-control",
            11,
            "did you mean `TEST-01`?",
        );
    }

    #[test]
    fn a_withdrawn_requirement_names_where_it_went() {
        refused(FRAMEWORK, &map("OWN-1", "R-3"), "map-withdrawn", 17, "its content went to R-1 and R-2");
        refused(FRAMEWORK, &map("OWN-1", "R-4"), "map-withdrawn", 17, "in force");
        refused(&FRAMEWORK.replace("\"R-2\"\ntitle", "\"R-3\"\ntitle"), "", "framework-requirement", 13, "keep one");
    }

    #[test]
    fn nothing_is_mapped_twice() {
        let twice = map("OWN-1", "R-2").repeat(2);
        refused(FRAMEWORK, &twice, "map-twice", 22, "frameworks/OWN-1.toml");
        let support = "{ control = \"TEST-01\", relation = \"supports\", rationale = \"They are.\" }";
        let twice = FRAMEWORK.replace(support, &format!("{support}, {support}"));
        refused(&twice, "", "map-twice", 11, "keep one");
        refused(&FRAMEWORK.replace("\"R-2\"\ntitle", "\"R-1\"\ntitle"), "", "framework-requirement", 13, "keep one");
    }

    #[test]
    fn no_direct_requirement_and_a_mapping_exclude_each_other() {
        let none = |control: &str| {
            FRAMEWORK.replace(
                "[[requirement]]\nid = \"R-1\"",
                &format!("[[no_direct_requirement]]\ntopic = \"t\"\ncontrols = [\"{control}\"]\n[[requirement]]\nid = \"R-1\""),
            )
        };
        assert!(related(&none("TEST-02"), "").is_ok());
        refused(&none("TEST-01"), "", "map-none", 9, "keep one");
        refused(&none("TEST-02"), &map("OWN-1", "R-2"), "map-none", 17, "frameworks/OWN-1.toml");
        refused(&none("TEST-20"), "", "map-control", 9, "did you mean `TEST-02`?");
    }

    #[test]
    fn the_id_is_the_name_of_the_file() {
        let refusal = read("frameworks/OTHER.toml", "OTHER.toml", FRAMEWORK).expect_err("another name").to_string();
        assert!(refusal.contains("OWN-1") && refusal.contains("rename"), "{refusal}");
        let unknown = FRAMEWORK.replace("title = \"Changes are reviewed\"", "titel = \"x\"");
        let refusal = read("frameworks/OWN-1.toml", "OWN-1.toml", &unknown).expect_err("an unknown key").to_string();
        assert!(refusal.contains("OWN-1.toml:14:1") && refusal.contains("did you mean `title`?"), "{refusal}");
    }
}
