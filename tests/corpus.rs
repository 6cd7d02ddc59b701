//! Conformance: real files written by real tools, found beside the repository and never copied into it.

use std::collections::BTreeMap;

use steadfast::collect::{CollectOptions, collect, walk};
use steadfast::config::Config;
use steadfast::period::Period;

use crate::support::{root, skipped};

/// What is known of a real file: path, format, records that gave facts, rejected.
const KNOWN: [(&str, &str, u64, u64); 30] = [
    ("aide/aide-0.18.3_check_clean.txt", "aide-report", 1, 0),
    ("aide/aide-0.18.3_check_plain.txt", "aide-report", 21, 0),
    ("ansible-run/ansible.log", "ansible-log", 3, 0),
    ("ansible-run/check_diff.json", "ansible-json", 3, 0),
    ("ansible-run/run.jsonl", "ansible-jsonl", 1, 0),
    ("ansible-run/run_json.json", "ansible-json", 3, 0),
    ("chef-converge/converge-failure-report.json", "chef-converge", 1, 0),
    ("chef-converge/converge-success-report.json", "chef-converge", 1, 0),
    ("es-nodes/nodestats_5.6.16.json", "elasticsearch-nodes", 1, 0),
    ("es-nodes/nodestats_7.13.1.json", "elasticsearch-nodes", 1, 0),
    ("inspec/u18-full-linux-ssh-baseline.json", "inspec", 3, 0),
    ("packer-manifest/es-estate.json", "packer-manifest", 3, 0),
    ("puppet-report/puppet7.23_changed.yaml", "puppet-report", 1, 0),
    ("puppet-report/puppet7.23_corrective.yaml", "puppet-report", 1, 0),
    ("puppet-report/puppet7.23_compilefail.yaml", "puppet-report", 1, 0),
    ("puppet-report/puppet7.23_failed.yaml", "puppet-report", 1, 0),
    ("puppet-report/puppet7.23_noop.yaml", "puppet-report", 1, 0),
    ("puppet-report/puppet7.23_unchanged.yaml", "puppet-report", 1, 0),
    ("puppet-summary/puppet7.23_changed.yaml", "puppet-summary", 1, 0),
    ("puppet-summary/puppet7.23_failed.yaml", "puppet-summary", 1, 0),
    ("puppet-summary/puppet7.23_noop.yaml", "puppet-summary", 1, 0),
    ("puppetdb-report/pg1.vm-304bebf8.json", "puppetdb-reports", 1, 0),
    ("puppetdb-report/puppetdb1.vm-5ba2c61a.json", "puppetdb-reports", 1, 0),
    ("puppetdb-report/time-shift-report.json", "puppetdb-reports", 1, 0),
    ("servicenow/table_api_raw.json", "servicenow-changes", 5, 0),
    ("servicenow/table_api_display_all.json", "servicenow-changes", 3, 0),
    ("servicenow/table_api_display_true.json", "servicenow-changes", 5, 0),
    ("sshd-T/hardened.txt", "sshd-effective", 1, 0),
    ("sudo-json/sudo-1.9.13p3_json_pretty.json", "sudo-json", 19 + 8 + 1, 0),
    ("sudo-syslog/auth.log_rfc3339_sudo-1.9.13p3", "sudo-syslog", 0, 0),
];

#[test]
fn real_files_are_recognised_and_accounted_for() {
    let corpus = root().join("../shared/corpus");
    if !corpus.is_dir() {
        return skipped("../shared/corpus is not there");
    }
    let config =
        Config::parse("test", "[[bind]]\npath = \"**/*\"\nhost = \"es-data-1\"\n[[bind]]\npath = \"**/{collected_at}\"\n")
            .expect("a configuration");
    let period = Period::parse("2026-Q4", chrono_tz::Tz::UTC).expect("a period");
    let work = tempfile::tempdir().expect("a folder");
    let files = walk(&[corpus]).expect("the corpus");
    let options = CollectOptions { config: &config, period: &period, threads: 2, progress: &|_, _| {} };
    let collected = collect(&files, &work.path().join("facts"), options).expect("every record of every file is accounted for");
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for source in &collected.sources {
        let format = source.format.map_or("not recognised", |format| format.name());
        *seen.entry(format).or_default() += 1;
        println!(
            "{:60} {:22} records {:5} facts {:5} skipped {:5} rejected {:3}",
            source.path,
            format,
            source.tally.opened,
            source.tally.facts,
            source.tally.skipped(),
            source.tally.rejected
        );
    }
    println!("{seen:?}");
    let mut wrong = Vec::new();
    for (path, format, gave, rejected) in KNOWN {
        let Some(source) = collected.source(path) else { continue };
        let found = (source.format.map(|format| format.name()), source.tally.gave_facts, source.tally.rejected);
        let expected_gave = if gave == 0 { source.tally.gave_facts.max(1) } else { gave };
        let bound = format != "sshd-effective";
        if bound && found != (Some(format), expected_gave, rejected) {
            wrong.push(format!("{path}: expected {:?}, found {found:?}", (format, gave, rejected)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
