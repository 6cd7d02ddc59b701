//! A generated fleet: a thousand hosts whose evidence is spread over the formats, with planted violations and an answer key.
//! Every planted violation is found, and nothing else is.

mod agents;
mod commands;
mod estate;
mod inventory;
mod machines;
mod random;
mod story;
mod tickets;
mod work;
mod write;

use std::collections::BTreeMap;

use steadfast::config::Config;
use steadfast::pipeline::Judged;

use self::story::{DAY, DAYS, Fleet};
use crate::support::judged;

/// 2026-08-03T00:00:00Z
const MONDAY: i64 = 1_785_715_200;

fn period(start: i64) -> String {
    let day = |at: i64| random::utc(at).format("%Y-%m-%d").to_string();
    format!("{}..{}", day(start), day(start + DAYS * DAY))
}

fn config() -> Config {
    Config::parse("steadfast.toml", write::CONFIG).unwrap_or_else(|error| panic!("{error}"))
}

/// How many seeds: `STEADFAST_SEEDS`, else three.
fn seeds() -> u64 {
    std::env::var("STEADFAST_SEEDS").ok().and_then(|number| number.parse().ok()).unwrap_or(3)
}

/// Exceptions of every control: resource and second.
fn found(judged: &Judged) -> BTreeMap<&str, Vec<(String, Option<i64>)>> {
    let controls = judged.assessment.controls.iter();
    controls
        .map(|judged| {
            let items = judged.population.exceptions.iter();
            let items = items.map(|item| (item.resource.clone(), item.occurred_at.map(|at| at.0.div_euclid(1_000_000))));
            (judged.control.id.as_str(), items.collect())
        })
        .collect()
}

/// What was planted and not found, and what was found and not planted, for one control.
fn compare(planted: &[(String, Option<i64>)], found: &[(String, Option<i64>)]) -> (Vec<String>, Vec<String>) {
    let mut left = found.to_vec();
    let mut missed = Vec::new();
    // Those whose time the story knows first, so that they do not lose their match to one whose time it does not.
    let mut planted = planted.to_vec();
    planted.sort_by_key(|(_, at)| at.is_none());
    for (resource, at) in planted {
        match left.iter().position(|(other, when)| *other == resource && (at.is_none() || *when == at)) {
            Some(place) => drop(left.swap_remove(place)),
            None => missed.push(format!("{resource} {}", at.map(random::iso).unwrap_or_default())),
        }
    }
    (missed, left.into_iter().map(|(resource, at)| format!("{resource} {}", at.map(random::iso).unwrap_or_default())).collect())
}

#[test]
fn every_planted_violation_of_a_thousand_hosts_is_found_and_nothing_else() {
    let mut wrong = Vec::new();
    let mut exact: BTreeMap<&'static str, usize> = BTreeMap::new();
    for seed in 1..=seeds() {
        let fleet = Fleet::new(seed, MONDAY);
        assert!(fleet.hosts.len() >= 1000 && fleet.commands.len() + fleet.runs.len() + fleet.scans.len() >= 5000);
        let folder = tempfile::tempdir().expect("a folder");
        write::write(&fleet, folder.path());
        let judged = judged(folder.path(), &config(), &period(MONDAY));
        for (control, planted) in &fleet.key.0 {
            *exact.entry(control).or_default() += planted.len();
        }
        let none = Vec::new();
        for (control, items) in found(&judged) {
            let planted = fleet.key.0.get(control).unwrap_or(&none);
            let (missed, alarms) = compare(planted, &items);
            if !missed.is_empty() || !alarms.is_empty() {
                let few = |list: &[String]| list.iter().take(8).cloned().collect::<Vec<_>>();
                wrong.push(format!(
                    "seed {seed} {control}: planted {}, found {}; {} missed {:?}; {} false {:?}",
                    planted.len(),
                    items.len(),
                    missed.len(),
                    few(&missed),
                    alarms.len(),
                    few(&alarms)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("planted and found: {exact:?}");
}
