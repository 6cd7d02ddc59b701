//! What was concluded, by the requirements of frameworks. Nothing is rolled up: a requirement lists its controls.

use std::collections::{BTreeMap, BTreeSet};

use super::build::Input;
use super::model::{Control, Framework, Map, MatrixGroup, MatrixRow, NoDirect, Requirement, RequirementCounts, Support};
use crate::catalogue::{self, Catalogue};

/// What is said of a title that is only believed to be right.
const NOT_VERIFIED: &str = "not verified against the publisher's text";

/// The requirements that a control is mapped to, by framework and in the framework's order.
pub(super) fn maps(catalogue: &Catalogue, control_id: &str) -> Vec<Map> {
    let mut maps = Vec::new();
    for framework in &catalogue.frameworks {
        for requirement in &framework.requirements {
            let of = requirement.supported_by.iter().filter(|support| support.control.get_ref() == control_id);
            maps.extend(of.map(|support| Map {
                framework: framework.id.clone(),
                id: requirement.id.get_ref().clone(),
                title: requirement.title.clone(),
                verified: requirement.verified,
                relation: support.relation.word().to_owned(),
                rationale: support.rationale.clone(),
                claim_limit: support.claim_limit.clone(),
            }));
        }
    }
    maps
}

/// The same in short.
pub(super) fn criteria(maps: &[Map]) -> Vec<(String, String)> {
    let mut criteria: Vec<(String, String)> = Vec::new();
    for map in maps {
        match criteria.last_mut() {
            Some((framework, ids)) if *framework == map.framework => {
                ids.push_str(", ");
                ids.push_str(&map.id);
            }
            _ => criteria.push((map.framework.clone(), map.id.clone())),
        }
    }
    criteria
}

/// Every framework; the one that the report is grouped by comes first.
pub(super) fn frameworks(input: &Input<'_>, controls: &[Control]) -> Vec<Framework> {
    let by = input.config.report.by.as_deref();
    let mut frameworks: Vec<Framework> = input.catalogue.frameworks.iter().map(|framework| one(framework, controls)).collect();
    frameworks.sort_by_key(|framework| Some(framework.id.as_str()) != by);
    frameworks
}

fn one(framework: &catalogue::Framework, controls: &[Control]) -> Framework {
    let known: BTreeMap<&str, &Control> = controls.iter().map(|control| (control.id.as_str(), control)).collect();
    let mut looked_at: BTreeSet<&str> = BTreeSet::new();
    let mut requirements = Vec::new();
    let mut without_control = Vec::new();
    for requirement in &framework.requirements {
        let mut support = Vec::new();
        for map in &requirement.supported_by {
            if let Some(control) = known.get(map.control.get_ref().as_str()) {
                looked_at.insert(&control.id);
                support.push(Support {
                    control_id: control.id.clone(),
                    title: control.title.clone(),
                    conclusion: control.conclusion,
                    relation: map.relation.word().to_owned(),
                    rationale: map.rationale.clone(),
                    claim_limit: map.claim_limit.clone(),
                });
            }
        }
        let id = requirement.id.get_ref().clone();
        if support.is_empty() {
            without_control.push(id);
        } else {
            let (title, verified) = (requirement.title.clone(), requirement.verified);
            requirements.push(Requirement { id, title, verified, controls: support });
        }
    }
    let mut no_direct_requirement = Vec::new();
    for topic in &framework.no_direct_requirement {
        let controls: Vec<String> = topic.controls.iter().map(|control| control.get_ref().clone()).collect();
        looked_at.extend(topic.controls.iter().map(|control| control.get_ref().as_str()));
        no_direct_requirement.push(NoDirect { topic: topic.topic.clone(), controls, why: topic.why.clone() });
    }
    let not_mapped = controls.iter().filter(|control| !looked_at.contains(control.id.as_str()));
    Framework {
        id: framework.id.clone(),
        name: framework.name.clone(),
        version: framework.version.clone(),
        publisher: framework.publisher.clone(),
        quoting: framework.quoting.clone(),
        counts: RequirementCounts {
            listed: framework.requirements.len() as u64,
            mapped: requirements.len() as u64,
            unverified: framework.unverified() as u64,
        },
        requirements,
        without_control,
        no_direct_requirement,
        not_mapped: not_mapped.map(|control| control.id.clone()).collect(),
    }
}

/// The rows of the matrix: every control once, or, grouped by a framework, under each requirement that it is mapped to.
pub(super) fn matrix(by: Option<&str>, frameworks: &[Framework], controls: &[Control]) -> Vec<MatrixGroup> {
    let Some(framework) = frameworks.iter().find(|framework| Some(framework.id.as_str()) == by) else {
        let rows = controls.iter().map(|control| MatrixRow { control_id: control.id.clone(), above: None });
        return vec![MatrixGroup { heading: None, note: None, rows: rows.collect() }];
    };
    let mut groups: Vec<(String, Option<String>, Vec<&str>)> = Vec::new();
    for requirement in &framework.requirements {
        let note = (!requirement.verified).then(|| NOT_VERIFIED.to_owned());
        let rows = requirement.controls.iter().map(|support| support.control_id.as_str()).collect();
        groups.push((format!("{} {}", requirement.id, requirement.title), note, rows));
    }
    for topic in &framework.no_direct_requirement {
        let heading = format!("No direct requirement in {}: {}", framework.id, topic.topic);
        groups.push((heading, topic.why.clone(), topic.controls.iter().map(String::as_str).collect()));
    }
    if !framework.not_mapped.is_empty() {
        let heading = format!("Not mapped to {}", framework.id);
        groups.push((heading, None, framework.not_mapped.iter().map(String::as_str).collect()));
    }
    let mut full: BTreeMap<&str, String> = BTreeMap::new();
    let mut matrix = Vec::with_capacity(groups.len());
    for (heading, note, ids) in groups {
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            let above = full.get(id).cloned();
            if above.is_none() {
                full.insert(id, heading.clone());
            }
            rows.push(MatrixRow { control_id: id.to_owned(), above });
        }
        matrix.push(MatrixGroup { heading: Some(heading), note, rows });
    }
    matrix
}
