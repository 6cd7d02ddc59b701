//! A generated fleet: over two thousand hosts whose evidence is spread over all formats, with planted violations and an answer
//! key. Every planted violation is found, and nothing else is.

mod agents;
mod attested;
mod automation;
mod bills;
mod carriers;
mod clocks;
mod clouds;
mod commands;
mod decisions;
mod desk;
mod estate;
mod formats;
mod gateways;
mod images;
mod incidents;
mod inventory;
mod machines;
mod merges;
mod numbers;
mod people;
mod playbook_hosts;
mod playbooks;
mod provenance;
mod random;
mod requests;
mod scanners;
mod sessions;
mod story;
mod tickets;
mod tripwire;
mod work;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use steadfast::config::Config;
use steadfast::facts::parse_rfc3339;
use steadfast::mapping::Mapping;
use steadfast::pipeline::Judged;

use self::provenance::Attested;
use self::story::{DAY, DAYS, Fleet, GROUPS, WEB_GROUPS};
use crate::support::{have_duckdb, packed, reperformed};

/// 2026-08-03T00:00:00Z
const MONDAY: i64 = 1_785_715_200;

fn period(start: i64) -> String {
    let day = |at: i64| random::utc(at).format("%Y-%m-%d").to_string();
    format!("{}..{}", day(start), day(start + DAYS * DAY))
}

fn config() -> Config {
    let text = write::CONFIG.to_owned() + &provenance::key();
    let mut config = Config::parse("steadfast.toml", &text).unwrap_or_else(|error| panic!("{error}"));
    let mapping = Mapping::parse("jump-host.toml", carriers::JUMP_HOST).unwrap_or_else(|error| panic!("{error}"));
    config.mapped.push(mapping);
    config
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

/// A fleet that was written, judged and packed.
struct Ran {
    fleet: Fleet,
    judged: Judged,
    folder: tempfile::TempDir,
}

fn ran(seed: u64, start: i64) -> Ran {
    let fleet = Fleet::new(seed, start);
    let folder = tempfile::tempdir().expect("a folder");
    let evidence = folder.path().join("evidence");
    write::write(&fleet, &evidence);
    let judged = packed(&evidence, &config(), &period(start), &folder.path().join("pack"));
    Ran { fleet, judged, folder }
}

/// The first seed, for all tests that look at it.
fn first() -> &'static Ran {
    static FIRST: OnceLock<Ran> = OnceLock::new();
    FIRST.get_or_init(|| ran(1, MONDAY))
}

/// Where findings and the answer key differ, and where the second engine judges otherwise.
fn differences(seed: u64, ran: &Ran) -> Vec<String> {
    let mut wrong = Vec::new();
    let none = Vec::new();
    for (control, items) in found(&ran.judged) {
        let planted = ran.fleet.key.0.get(control).unwrap_or(&none);
        let (missed, alarms) = compare(planted, &items);
        if !missed.is_empty() || !alarms.is_empty() {
            wrong.push(format!(
                "seed {seed} {control}: planted {}, found {}; {} missed {:?}; {} false {:?}",
                planted.len(),
                items.len(),
                missed.len(),
                missed.iter().take(8).collect::<Vec<_>>(),
                alarms.len(),
                alarms.iter().take(8).collect::<Vec<_>>()
            ));
        }
    }
    let sudo = ran.judged.assessment.controls.iter().find(|judged| judged.control.id == "SUDO-02").expect("the control");
    for (host, at, verdict) in &ran.fleet.verdicts {
        let when = Some(at * 1_000_000);
        let items =
            sudo.population.exceptions.iter().filter(|item| item.resource == *host && item.occurred_at.map(|at| at.0) == when);
        let said: Vec<_> = items.map(|item| item.cell("verdict").unwrap_or_default()).collect();
        if !said.contains(verdict) {
            wrong.push(format!("seed {seed} SUDO-02: {host} {}: not {verdict}, but {said:?}", random::iso(*at)));
        }
    }
    if have_duckdb() {
        let answers = reperformed(&ran.folder.path().join("pack"));
        assert_eq!(answers.lines().count(), ran.judged.assessment.controls.len(), "{answers}");
        wrong.extend(answers.lines().filter(|line| !line.ends_with(" 0")).map(|line| format!("seed {seed}: DuckDB: {line}")));
    }
    wrong
}

#[test]
fn every_planted_violation_of_two_thousand_hosts_is_found_and_nothing_else() {
    let mut wrong = Vec::new();
    let mut planted: BTreeMap<&'static str, usize> = BTreeMap::new();
    for seed in 1..=seeds() {
        let other = (seed > 1).then(|| ran(seed, MONDAY));
        let ran = match &other {
            Some(ran) => ran,
            None => first(),
        };
        let fleet = &ran.fleet;
        assert!(fleet.hosts.len() > 2000 && fleet.events() > 5000);
        println!("seed {seed}: {}", formats::figures(fleet, &ran.judged));
        for (control, items) in &fleet.key.0 {
            *planted.entry(control).or_default() += items.len();
        }
        wrong.extend(differences(seed, ran));
        wrong.extend(formats::missing(&ran.judged).into_iter().map(|missing| format!("seed {seed}: {missing}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("planted and found: {planted:?}");
}

/// Items of a population with this status: the resource and a column.
fn items(ran: &Ran, control: &str, status: &str, column: &str) -> Vec<(String, String)> {
    let path = ran.folder.path().join(format!("pack/data/populations/{control}.csv"));
    let mut reader = csv::Reader::from_path(&path).expect("the population");
    let at = reader.headers().expect("names").iter().position(|name| name == column).expect("the column");
    let records = reader.records().map(|record| record.expect("a row")).filter(|record| &record[1] == status);
    records.map(|record| (record[0].to_owned(), record[at].to_owned())).collect()
}

/// What is not planted must be met for the reason of its story, and not be left open.
#[test]
fn what_is_sound_in_the_fleet_is_met() {
    let ran = first();
    let resources = |control: &str, status: &str| -> BTreeSet<String> {
        items(ran, control, status, "reason").into_iter().map(|(resource, _)| resource).collect()
    };
    let attested = |of: &[Attested]| -> BTreeSet<String> {
        ran.fleet.attested.iter().filter(|(_, how)| of.contains(how)).map(|(image, _)| image.clone()).collect()
    };
    assert_eq!(resources("IMAGE-02", "met"), attested(&[Attested::Verified, Attested::Twice]));
    assert_eq!(resources("IMAGE-02", "inconclusive"), attested(&[Attested::Stranger]));
    assert_eq!(resources("EVIDENCE-03", "met"), BTreeSet::from(["rooms".to_owned()]));
    assert_eq!(resources("EVIDENCE-03", "not_applicable"), BTreeSet::from(["lifts".to_owned()]));
    let rules = items(ran, "SUDO-02", "met", "rule");
    let by = |rule: &str| rules.iter().filter(|(_, other)| other == rule).count();
    let commands = ran.fleet.commands.iter().filter(|command| command.actor == "ansible").count();
    let planted = ran.fleet.verdicts.iter().filter(|(_, _, word)| automation::VERDICTS.contains(word)).count();
    assert_eq!(by("declared automation, traced to its run"), commands - planted);
    assert!(by("named, and its host, person and window") > 3);
    // Images whose builds index, buildx and Packer tell of; mkosi's and those known by their configs are Packer's as well.
    let built: BTreeSet<String> = items(ran, "IMAGE-01", "met", "image").into_iter().map(|(_, image)| image).collect();
    assert_eq!(built, (0..WEB_GROUPS / 2).map(images::image).collect());
    // Work under the other name of a person, whom the LDIF, Entra or the CSV knows.
    let actors = items(ran, "SUDO-02", "met", "actor");
    for third in 0..3 {
        let people = third * GROUPS / 3..(third + 1) * GROUPS / 3;
        let names: Vec<String> = people.map(people::other_account).collect();
        assert!(actors.iter().filter(|(_, actor)| names.contains(actor)).count() > 10, "{names:?}");
    }
    assert_eq!(resources("LOGIN-04", "met"), ran.fleet.tied.iter().cloned().collect());
    let closed = ran.fleet.surfaces.iter().filter(|surface| surface.kind == "host" && !surface.open);
    let met = resources("LOGIN-02", "met");
    let left: Vec<&str> = closed.map(|surface| surface.subject.as_str()).filter(|host| !met.contains(*host)).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Conclusions, and every item with its time from the start, of a pack. Items of the evidence itself are files, whose names
/// hold times: of them the statuses are counted.
fn told(ran: &Ran) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut told = BTreeMap::new();
    for judged in &ran.judged.assessment.controls {
        let path = ran.folder.path().join(format!("pack/data/populations/{}.csv", judged.control.id));
        let mut items = BTreeMap::from([(format!("{:?}", judged.conclusion), 1)]);
        let mut reader = csv::Reader::from_path(&path).expect("the population");
        let column = reader.headers().expect("names").iter().position(|name| name == "occurred_at");
        for record in reader.records() {
            let record = record.expect("a row");
            let at = column.and_then(|column| parse_rfc3339(&record[column])).map(|at| at.0 - ran.fleet.start * 1_000_000);
            let words = if judged.control.id.starts_with("EVIDENCE") {
                record[1].to_owned()
            } else {
                format!("{} {} {at:?}", &record[0], &record[1])
            };
            *items.entry(words).or_default() += 1;
        }
        told.insert(judged.control.id.clone(), items);
    }
    told
}

/// Periods begin at midnight, so whole days are what everything can be moved by: into another month, and over the end of a
/// leap year's February.
#[test]
fn the_same_story_at_another_time_gives_the_same_items_and_conclusions() {
    let later = ran(1, MONDAY + 571 * DAY);
    let (then, now) = (told(first()), told(&later));
    for (control, items) in &then {
        let other = &now[control];
        let gone: Vec<_> = items.iter().filter(|(item, count)| other.get(*item) != Some(count)).take(5).collect();
        let come: Vec<_> = other.iter().filter(|(item, count)| items.get(*item) != Some(count)).take(5).collect();
        assert!(gone.is_empty() && come.is_empty(), "{control}: {gone:?} became {come:?}");
    }
}
