//! The drill: what is planted is found, what is weakened misses, and no planted row gets near the evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use steadfast::catalogue::{Catalogue, CatalogueError};
use steadfast::config::Config;
use steadfast::period::Period;
use steadfast::pipeline::{DrillOptions, Job, drill, lint};
use steadfast::report::{DrillPlant, DrillReport};

use crate::support::{command, copy, printed, root, sample_pack, steadfast};

fn sample_config() -> Config {
    let path = root().join("samples/search-cluster/steadfast.toml");
    Config::parse("steadfast.toml", &std::fs::read_to_string(path).expect("the configuration")).expect("sound")
}

/// Drills on `evidence` with the controls `only` and their drills, some of them overridden by `folder`.
fn drilled(evidence: &Path, config: &Config, folder: Option<&Path>, only: &[&str], seed: &str, threads: usize) -> DrillReport {
    let work = tempfile::tempdir().expect("a folder");
    let mut catalogue = Catalogue::load(folder, config).expect("the controls");
    catalogue.controls.retain(|control| only.contains(&control.id.as_str()));
    catalogue.drills.retain(|drill| only.contains(&drill.control.as_str()));
    let period = Period::parse("2026-Q3", config.system.time_zone.0).expect("a period");
    let job = Job {
        evidence: &[evidence.to_owned()],
        not_evidence: &[],
        config,
        catalogue: &catalogue,
        period: &period,
        work: work.path(),
        threads,
        memory: 256 << 20,
        progress: &|_, _, _| {},
    };
    drill(&job, &DrillOptions { seed: Some(seed.to_owned()), per_kind: 2 }).expect("a drill")
}

fn sample(folder: Option<&Path>, only: &[&str], seed: &str, threads: usize) -> DrillReport {
    drilled(&root().join("samples/search-cluster/evidence"), &sample_config(), folder, only, seed, threads)
}

fn planted(report: &DrillReport) -> Vec<(String, Option<String>, String)> {
    let place = |plant: &DrillPlant| (plant.resource.clone(), plant.planted_at.clone(), plant.planted.clone());
    report.plants.iter().map(place).collect()
}

/// A folder that overrides one control, its test changed by `change`.
fn weakened(id: &str, change: impl FnOnce(String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let family = id.split('-').next().expect("a family").to_lowercase();
    let file = root().join("controls").join(family).join(format!("{id}.toml"));
    let text = std::fs::read_to_string(file).expect("the control");
    let weak = change(text.clone());
    assert_ne!(weak, text, "nothing was weakened");
    std::fs::write(folder.path().join(format!("{id}.toml")), weak).expect("written");
    folder
}

#[test]
fn every_control_has_a_kind_of_violation_that_it_must_find() {
    let catalogue = Catalogue::load(None, &Config::default()).expect("the embedded controls and drills");
    for control in &catalogue.controls {
        assert!(catalogue.drills.iter().any(|drill| drill.control == control.id), "no drill is about {}", control.id);
    }
    for drill in &catalogue.drills {
        let lines = catalogue.texts[&format!("drills/{}", drill.name)].lines().count();
        assert!(lines <= 100, "{} has {lines} lines", drill.name);
        assert!(!drill.also.contains(&drill.control), "{} names its own control twice", drill.name);
    }
    let titles: BTreeSet<&str> = catalogue.drills.iter().map(|drill| drill.title.as_str()).collect();
    assert_eq!(titles.len(), catalogue.drills.len(), "two kinds share a title");
}

/// The pack with a drill against the pack without one: its own files, and the pages that show it, are all that differs.
#[test]
fn everything_is_detected_and_no_planted_row_is_in_the_pack_but_in_the_drill() {
    let folder = tempfile::tempdir().expect("a folder");
    let pack = folder.path().join("pack");
    let output = command()
        .args(["pack", "samples/search-cluster", "--period", "2026-Q3", "--drill", "--out"])
        .arg(&pack)
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{}", printed(&output));
    let files = |pack: &Path| -> BTreeMap<String, Vec<u8>> {
        let entries = walkdir::WalkDir::new(pack).into_iter().map(|entry| entry.expect("an entry"));
        let name = |path: &Path| path.strip_prefix(pack).expect("below").to_str().expect("UTF-8").to_owned();
        let files = entries.filter(|entry| entry.file_type().is_file());
        files.map(|entry| (name(entry.path()), std::fs::read(entry.path()).expect("a file"))).collect()
    };
    let (plain, drilled) = (files(sample_pack()), files(&pack));
    let shows = ["data/index.html", "data/report.md", "data/report.json"];
    let seals = ["bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"];
    for (name, bytes) in &plain {
        let other = drilled.get(name).unwrap_or_else(|| panic!("{name} is not in the pack with a drill"));
        assert_eq!(bytes != other, shows.contains(&name.as_str()) || seals.contains(&name.as_str()), "{name}");
    }
    for name in drilled.keys().filter(|name| !plain.contains_key(*name)) {
        assert!(name == "data/drill.json" || name.starts_with("data/controls/drills/"), "{name}");
    }
    for (name, bytes) in
        drilled.iter().filter(|(name, _)| name.starts_with("data/populations/") || name.starts_with("data/facts/"))
    {
        assert!(!bytes.windows(7).any(|window| window == b"drill//"), "{name} has a planted row");
    }
    let document: Value = serde_json::from_slice(&drilled["data/drill.json"]).expect("JSON");
    let report: Value = serde_json::from_slice(&drilled["data/report.json"]).expect("JSON");
    assert_eq!(report["drill"], document);
    let plain_report: Value = serde_json::from_slice(&plain["data/report.json"]).expect("JSON");
    for part in ["controls", "exceptions", "limits", "sources", "conclusion_counts"] {
        assert_eq!(report[part], plain_report[part], "{part}");
    }
    assert_eq!(plain_report.get("drill"), None);
    all_found(&document);
    let page = String::from_utf8(drilled["data/index.html"].clone()).expect("UTF-8");
    let twin = String::from_utf8(drilled["data/report.md"].clone()).expect("UTF-8");
    for plant in document["plants"].as_array().expect("a list") {
        let id = plant["id"].as_str().expect("an id");
        assert!(page.contains(&format!(">{id}</th>")) && twin.contains(&format!("| {id} |")), "{id} is not shown");
    }
    for id in ["drill", "SUDO-02"] {
        assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
    }
    let output = steadfast(&["verify", pack.to_str().expect("UTF-8")]);
    assert!(output.status.success(), "{}", printed(&output));
}

/// Of the sample: everything but the two kinds that have no place in it.
fn all_found(document: &Value) {
    assert_eq!((&document["missed"], &document["false_alarms"]), (&Value::from(0), &Value::from(0)), "{document:#}");
    assert_eq!(document["planted"], document["detected"]);
    let no_place: Vec<&str> =
        document["no_place"].as_array().expect("a list").iter().filter_map(|kind| kind["control_id"].as_str()).collect();
    assert_eq!(no_place, ["IMAGE-02", "CHANGE-05"]);
    let controls = document["controls"].as_array().expect("a list");
    assert_eq!(controls.len(), 31);
    for control in controls.iter().filter(|control| control["planted"] == 0) {
        assert!(no_place.contains(&control["id"].as_str().expect("an id")), "{control}");
    }
}

#[test]
fn other_seeds_plant_elsewhere_and_everything_is_detected() {
    let mut places = Vec::new();
    for seed in ["first", "second"] {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("drill.json");
        let output = command()
            .args(["drill", "samples/search-cluster", "--period", "2026-Q3", "--seed", seed, "--out"])
            .arg(&out)
            .output()
            .expect("the command runs");
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.starts_with(&format!("Seed {seed} ")) && text.contains("no place in this evidence"), "{text}");
        let document: Value = serde_json::from_slice(&std::fs::read(&out).expect("the result")).expect("JSON");
        all_found(&document);
        places.push(document["plants"].clone());
    }
    assert_ne!(places[0], places[1]);
}

#[test]
fn the_same_seed_gives_the_same_drill_with_any_number_of_threads() {
    let only = ["FLEET-01", "SUDO-02", "CONFIG-01", "IMAGE-01"];
    let (one, four) = (sample(None, &only, "same", 1), sample(None, &only, "same", 4));
    let json = |report: &DrillReport| serde_json::to_string(report).expect("JSON");
    assert_eq!(json(&one), json(&four));
    assert_eq!((one.missed, one.false_alarms), (0, 0));
    assert_ne!(planted(&one), planted(&sample(None, &only, "another", 2)));
}

#[test]
fn a_weakened_control_misses_and_the_miss_is_explained() {
    let weak = weakened("SUDO-02", |text| {
        text.replace("when w.verdict = 'explained' then 'met'", "when w.verdict in ('explained', 'wrong_person') then 'met'")
    });
    let report = sample(Some(weak.path()), &["SUDO-02"], "weak", 2);
    assert_eq!((report.planted, report.detected, report.missed, report.false_alarms), (10, 8, 2, 0));
    for plant in &report.plants {
        assert_eq!(plant.detected, plant.kind != "command-by-another-person", "{plant:?}");
        assert_eq!(plant.detected, !plant.said.starts_with("Missed: SUDO-02 looked at it, and found it met: "), "{plant:?}");
    }
    // A control that leaves out what it should look at has no item about it.
    let blind = weakened("LOGIN-02", |text| {
        text.replace("l.login_path = q.login_path\n", "l.login_path = q.login_path and l.state <> 'enabled'\n")
    });
    let report = sample(Some(blind.path()), &["LOGIN-02"], "blind", 2);
    assert_eq!((report.planted, report.missed), (2, 2));
    assert!(report.plants.iter().all(|plant| plant.said.starts_with("Missed: ")), "{:?}", report.plants);
}

#[test]
fn a_new_exception_that_follows_from_no_plant_is_a_false_alarm() {
    let nervous = weakened("LOGIN-02", |text| {
        text.replace(
            "where f.class = 'immutable'\n\"\"\"",
            "where f.class = 'immutable'
union all
select f.host as resource, 'exception' as status, 'a neighbour was open' as reason, f.source, f.line,
       'sshd' as login_path, 'neighbour' as detail, cast(null as timestamp) as occurred_at
from fleet f
cross join (select count(*) as planted from login_paths where detail = 'planted by the drill') as n
where f.class = 'stateful' and n.planted > 0
\"\"\"",
        )
    });
    let report = sample(Some(nervous.path()), &["LOGIN-02"], "nervous", 2);
    assert_eq!((report.planted, report.missed, report.false_alarms), (2, 0, 6));
    assert!(report.alarms.iter().all(|alarm| alarm.reason == "a neighbour was open"), "{:?}", report.alarms);
}

#[test]
fn the_kinds_without_a_place_in_the_sample_are_detected_where_they_have_one() {
    let evidence = tempfile::tempdir().expect("a folder");
    copy(&root().join("samples/search-cluster/evidence"), evidence.path());
    std::fs::copy(root().join("tests/fixtures/in-toto-provenance/good.json"), evidence.path().join("provenance.json"))
        .expect("copied");
    let mut config = sample_config();
    let numbered = BTreeMap::from([("prefixes".to_owned(), toml::Value::from("CHG"))]);
    config.params.insert("CHANGE-05".to_owned(), numbered.into_iter().collect());
    config.params.retain(|id, _| id == "CHANGE-05");
    let report = drilled(evidence.path(), &config, None, &["IMAGE-02", "CHANGE-05"], "rare", 2);
    assert_eq!((report.detected, report.missed, report.false_alarms), (3, 0, 0), "{report:#?}");
}

#[test]
fn evidence_without_any_place_is_neither_detected_nor_missed() {
    let empty = tempfile::tempdir().expect("a folder");
    let output = steadfast(&["drill", empty.path().to_str().expect("UTF-8"), "--period", "2026-Q3"]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("0 violations planted") && text.contains("0 of 31 controls were tried"), "{text}");
    let output = steadfast(&["drill", "samples/search-cluster", "--period", "2026-Q3", "--per-kind", "0"]);
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
}

#[test]
fn a_mistake_in_a_drill_is_told_with_its_place() {
    let kind = std::fs::read_to_string(root().join("controls/drills/host-ssh-enabled.toml")).expect("the drill");
    let load = |text: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("drills")).expect("a folder");
        std::fs::write(folder.path().join("drills/own.toml"), text).expect("written");
        Catalogue::load(Some(folder.path()), &Config::default())
    };
    for (from, to, says) in [
        ("LOGIN-02", "LOGIN-99", "there is no control `LOGIN-99`"),
        ("login_paths = ", "logins = ", "`logins` is no fact table"),
        ("planted = true", "plants = true", "unknown field `plants`"),
        ("resource = ", "host = ", "say of which resource"),
    ] {
        match load(&kind.replace(from, to)) {
            Err(CatalogueError::Mistake(mistake)) => {
                assert!(mistake.to_string().contains(says) && mistake.to_string().contains("own.toml:"), "{mistake}");
            }
            other => panic!("{to}: {other:?}"),
        }
    }
    for (from, to, says) in [
        ("{planted_at}", "{seen_at}", "`seen_at` is no column of its places"),
        ("as state", "as condition", "`condition`, which is no column of it"),
        ("'enabled' as state, ", "", "lack `state`"),
    ] {
        let catalogue = load(&kind.replace(from, to)).expect("readable");
        let work = tempfile::tempdir().expect("a folder");
        let period = Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period");
        let error = lint(&catalogue, &Config::default(), &period, work.path()).expect_err(to);
        assert!(error.to_string().contains(says) && error.to_string().contains("drills/own"), "{error}");
    }
}
