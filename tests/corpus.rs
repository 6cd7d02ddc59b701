//! Conformance: real files written by real tools, found beside the repository and never copied into it.

use std::collections::BTreeMap;

use steadfast::collect::{CollectOptions, EvidenceFile, collect, walk};
use steadfast::config::Config;
use steadfast::period::Period;

use crate::fixtures::texts;
use crate::support::{root, skipped};

/// What is known of a real file: path, format, records that gave facts, rejected.
const KNOWN: &[(&str, &str, u64, u64)] = &[
    ("aide/aide-0.18.3_check_clean.txt", "aide-report", 1, 0),
    ("aide/aide-0.18.3_check_plain.txt", "aide-report", 21, 0),
    ("aide/aide-0.18.3_check.json", "aide-json", 20, 0),
    ("aide/aide-0.18.3_check_all.json", "aide-json", 20, 0),
    ("aide/aide-0.18.3_check_summary.json", "aide-json", 1, 0),
    ("ansible-inventory/inv.ini", "ansible-inventory-ini", 4, 0),
    ("ansible-inventory/inv.yml", "ansible-inventory-yaml", 3, 0),
    ("ansible-inventory/inventory_list.json", "ansible-inventory-json", 6, 0),
    ("ansible-inventory/inventory_list.yml", "ansible-inventory-yaml", 3, 0),
    ("aws-ec2/describe-instances.json", "aws-ec2-instances", 5, 0),
    ("es-config/elasticsearch_client.yml", "elasticsearch-config", 1, 0),
    ("es-config/elasticsearch_default.yml", "elasticsearch-config", 1, 0),
    ("es-config/elasticsearch_legacy.yml", "elasticsearch-config", 1, 0),
    ("es-config/elasticsearch_new.yml", "elasticsearch-config", 1, 0),
    ("es-nodes/cat_nodes.json", "elasticsearch-cat-nodes", 4, 0),
    ("falco/falco_sample.jsonl", "falco-events", 2, 0),
    ("k8s-nodes/nodes.json", "kubernetes-nodes", 3, 0),
    // 222 file events, whatever their counter, and one user added and one removed after the first run.
    ("osquery/osqueryd.results.log", "osquery-results", 222 + 2, 0),
    ("terraform-state/terraform.tfstate", "terraform-state", 3, 0),
    ("wazuh/alerts.json", "wazuh-alerts", 1, 0),
    ("es-nodes/nodestats_5.6.16.json", "elasticsearch-nodes", 1, 0),
    ("es-nodes/nodestats_7.13.1.json", "elasticsearch-nodes", 1, 0),
    ("github-pr/PullRequest_pull_reviews_0.json", "github-pull-requests", 1, 0),
    ("github-pr/PullRequest_single_0.json", "github-pull-requests", 1, 0),
    ("github-pr/gh_pr_list.json", "github-pull-requests", 3, 0),
    ("gitlab-mr/approvals.json", "gitlab-approvals", 1, 0),
    ("gitlab-mr/merge_requests.json", "gitlab-merge-requests", 1, 0),
    ("jira/export.csv", "jira-csv", 2, 0),
    ("jira/search.json", "jira-search", 3, 0),
    ("buildx-metadata/metadata.json", "buildx-metadata", 1, 0),
    // The image, openssh-server and sudo.
    ("mkosi-manifest/es-ingest.manifest", "mkosi-manifest", 3, 0),
    ("oci-layout/slsa-v1.4.0/index.json", "oci-index", 1, 0),
    ("oci-layout/slsa-v1.4.0/blobs/sha256/3095c5371ce925576abaf92fc06d25607b415984d886c1b8eb43cc26536036b9", "oci-config", 1, 0),
    (
        "oci-layout/slsa-v1.4.0/blobs/sha256/784c5bd14237b9a979fd0251f01dcc7956f06da243ca1e9c52470c410e53c654",
        "in-toto-provenance",
        1,
        0,
    ),
    (
        "oci-layout/slsa-v1.4.0/blobs/sha256/a74d89d8dd863ca5dae4a29e0feede81ddf59197849a80784af5a02ab7786925",
        "oci-manifest",
        1,
        0,
    ),
    ("ansible-run/ansible.log", "ansible-log", 3, 0),
    ("ansible-run/check_diff.json", "ansible-json", 3, 0),
    ("ansible-run/run.jsonl", "ansible-jsonl", 1, 0),
    ("ansible-run/run_json.json", "ansible-json", 3, 0),
    ("chef-converge/converge-failure-report.json", "chef-converge", 1, 0),
    ("chef-converge/converge-success-report.json", "chef-converge", 1, 0),
    ("inspec/u18-full-linux-ssh-baseline.json", "inspec", 3, 0),
    ("packer-manifest/es-estate.json", "packer-manifest", 3, 0),
    ("packer-manifest/minimal-old.json", "packer-manifest", 1, 0),
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
    ("servicenow/label_header_from_xlsx.csv", "servicenow-csv", 5, 0),
    ("servicenow/list_export_cp1252.csv", "servicenow-csv", 5, 0),
    ("servicenow/table_api_raw.json", "servicenow-changes", 5, 0),
    ("servicenow/table_api_display_all.json", "servicenow-changes", 3, 0),
    ("servicenow/table_api_display_true.json", "servicenow-changes", 5, 0),
    ("servicenow/unload.xml", "servicenow-xml", 5, 0),
    // The image, openssh-server and sudo among 315 packages; then lists of 88 without either.
    ("sbom-cyclonedx/syft1.18_estate_with-openssh.cdx.json", "cyclonedx", 3, 0),
    ("sbom-cyclonedx/syft1.18_minbase_no-openssh.cdx.json", "cyclonedx", 1, 0),
    ("sbom-spdx/syft1.18_minbase_no-openssh.spdx.json", "spdx", 1, 0),
    ("slsa/gcb-container-v0.1.json", "in-toto-provenance", 1, 0),
    ("slsa/gha_container-v1.intoto.sigstore", "in-toto-provenance", 1, 0),
    ("slsa/gha_go-v0.2.intoto.jsonl", "in-toto-provenance", 1, 0),
    ("slsa/npm-attestations-v1.json", "in-toto-provenance", 2, 0),
    ("sshd-T/hardened.txt", "sshd-effective", 1, 0),
    ("sudo-json/sudo-1.9.13p3_json_pretty.json", "sudo-json", 19 + 8 + 1, 0),
    // Events of sudo, then logins over ssh, then su: counted with a script that reads the same files.
    ("auditd/audit-rhel7.log", "auditd", 2, 5),
    ("auditd/audit-ubuntu16.log", "auditd", 2, 0),
    ("auditd/audit_enriched_user_cmd.log", "auditd", 3, 0),
    ("cloudtrail/ssm_sample.json", "cloudtrail", 2, 0),
    ("journald/short-iso.txt", "sudo-syslog", 25 + 35, 0),
    ("journald/short.txt", "sudo-syslog", 25 + 35, 0),
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
    ("sudo-iolog-json/id.json", "sudo-iolog", 1, 0),
    ("sudo-iolog-json/ls.json", "sudo-iolog", 1, 0),
    ("sudo-iolog-json/mailq.json", "sudo-iolog", 1, 0),
    ("sudo-iolog-json/make.json", "sudo-iolog", 1, 0),
    ("sudo-iolog-json/printenv.json", "sudo-iolog", 1, 0),
    ("sudo-logfile/sudo-1.9.13p3_wrapped_log_year_log_host.log", "sudo-logfile", 19 + 8 + 1, 0),
    ("sudo-syslog/auth.log_rfc3339_sudo-1.9.13p3", "sudo-syslog", 25 + 35 + 1, 0),
    ("sudo-syslog/auth_rfc3164_json_cee_1.9.13p3.log", "sudo-syslog", 25, 0),
    ("sudo-syslog/sshd_rfc3164.log", "sudo-syslog", 35, 0),
    ("teleport/events.jsonl", "teleport", 2, 0),
    ("authorized_keys/mixed.txt", "authorized-keys", 3, 1),
    ("cloud-init/debian12_cloud.cfg", "cloud-init", 1, 0),
    ("cloud-init/user-data-open.yaml", "cloud-init", 1, 0),
    ("cloud-init/user-data.yaml", "cloud-init", 1, 0),
    ("passwd/debian12_estate.passwd", "passwd", 29, 0),
    ("passwd/debian12_estate.shadow", "shadow", 29, 0),
    ("passwd/debian12_minbase.passwd", "passwd", 18, 0),
    ("passwd/debian12_minbase.shadow", "shadow", 18, 0),
    ("sshd-T/debian12_default.txt", "sshd-effective", 1, 0),
    ("sshd-T/hardened_match_backup.txt", "sshd-effective", 1, 0),
    ("sshd-T/nologin.txt", "sshd-effective", 1, 0),
    ("sshd_config/debian12_default_sshd_config", "sshd-config", 1, 0),
    ("sshd_config/hardened.conf", "sshd-config", 1, 0),
    ("sshd_config/nologin.conf", "sshd-config", 1, 0),
    ("unit-files/debian12_is-enabled.txt", "unit-files", 8, 0),
    ("unit-files/debian12_list-unit-files.json", "unit-files", 10, 0),
    ("unit-files/debian12_list-unit-files.txt", "unit-files", 10, 0),
    ("unit-files/debian12_list-unit-files_plain.txt", "unit-files", 10, 0),
];

/// Folder that stands for the time at which the corpus was taken.
const TAKEN: &str = "2026-11-23T00:00:00Z/";

#[test]
fn real_files_are_recognised_and_accounted_for() {
    let corpus = root().join("../shared/corpus");
    if !corpus.is_dir() {
        return skipped("../shared/corpus is not there");
    }
    let config =
        Config::parse("test", "[[bind]]\npath = \"{collected_at}/**\"\nhost = \"es-data-1\"\n").expect("a configuration");
    let period = Period::parse("2026-Q4", chrono_tz::Tz::UTC).expect("a period");
    let work = tempfile::tempdir().expect("a folder");
    let mut files = walk(&[corpus]).expect("the corpus");
    // What names no time is bound to one by its path.
    files.iter_mut().for_each(|file| file.bound_as.insert_str(0, TAKEN));
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
        let Some(source) = collected.source(path) else {
            wrong.push(format!("{path}: not there"));
            continue;
        };
        let found = (source.format.map(|format| format.name()), source.tally.gave_facts, source.tally.rejected);
        let expected_gave = if *gave == 0 { source.tally.gave_facts.max(1) } else { *gave };
        if found != (Some(*format), expected_gave, *rejected) {
            wrong.push(format!("{path}: expected {:?}, found {found:?}", (format, gave, rejected)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The key with which npm signed publish attestations until January 2025, as it hands it out.
const NPM_KEY: &str = "[[provenance.keys]]\nid = \"SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA\"\npem = \"\"\"
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i
6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==
-----END PUBLIC KEY-----
\"\"\"\n";

#[test]
fn a_real_signature_is_verified_by_the_key_of_its_signer_and_by_no_other() {
    let path = root().join("../shared/corpus/slsa/npm-attestations-v1.json");
    if !path.is_file() {
        return skipped("../shared/corpus is not there");
    }
    // Another key on the same curve, under the same name.
    let other = NPM_KEY.replace("1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i\n6UPp", "Y6Ya7W++7aUPzvMTrezH6Ycx3c+H\nOKYC");
    let work = tempfile::tempdir().expect("a folder");
    let period = Period::parse("2026-Q4", chrono_tz::Tz::UTC).expect("a period");
    for (name, text, expected) in [
        // Its provenance is signed by a certificate, to which no key of ours speaks.
        ("key", NPM_KEY, ["verified", "unverified"]),
        ("other", &other, ["invalid", "unverified"]),
        ("none", "", ["unverified", "unverified"]),
    ] {
        let config = Config::parse("test", text).expect("a configuration");
        let files = [EvidenceFile::new(path.clone(), "npm.json".to_owned())];
        let options = CollectOptions { config: &config, period: &period, threads: 1, progress: &|_, _| {} };
        let store = work.path().join(name);
        collect(&files, &store, options).expect("collected");
        let words = ["verified", "unverified", "invalid", "none"];
        let found: Vec<String> = texts(&store).lines().filter(|line| words.contains(line)).map(str::to_owned).collect();
        assert_eq!(found, expected, "{name}");
    }
}
