//! Input formats: what an evidence file is, decided by its content, and the facts that its records give.
//!
//! A reader gets a [`Segment`] of bytes that begins and ends at record boundaries, and a [`Sink`]. It opens each record
//! with [`Sink::record`] and gives it exactly one outcome: facts, a skip with its reason, or a reject with its reason.
//! The sink counts all of it, so that nothing can vanish between the file and the report.
//!
//! To add one: a new file here (named after what it feeds: `sudo_…`, `change_…`, `hosts_…`), its `mod` line, one line in
//! [`FORMATS`], and the fixtures `good`, `torn` and `hostile` in `tests/fixtures/<name>/`.

#![warn(clippy::indexing_slicing)]

mod alarm_acks_csv;
mod alarm_aide;
mod alarm_aide_json;
mod alarm_falco;
mod alarm_osquery;
mod alarm_tripwire;
mod alarm_wazuh;
mod ansible_groups;
mod ansible_stats;
mod attestations_toml;
mod audit_events;
mod audit_record;
mod auth_logins;
mod auth_text;
mod change_github;
mod change_github_reviews;
mod change_gitlab;
mod change_gitlab_approvals;
mod change_jira;
mod change_jira_csv;
mod change_servicenow;
mod change_servicenow_affected;
mod change_servicenow_approval;
mod change_servicenow_csv;
mod change_servicenow_xml;
mod code_review;
mod config_ansible_json;
mod config_ansible_jsonl;
mod config_ansible_log;
mod config_chef;
mod config_puppet_summary;
mod config_puppet_yaml;
mod config_puppetdb;
mod config_salt;
mod container;
mod delimited;
mod dsse;
mod export_csv;
mod grouping;
mod host_and_time;
mod hosts_ansible_ini;
mod hosts_ansible_list;
mod hosts_ansible_yaml;
mod hosts_aws;
mod hosts_csv;
mod hosts_elasticsearch;
mod hosts_elasticsearch_cat;
mod hosts_elasticsearch_config;
mod hosts_kubernetes;
mod hosts_terraform;
mod image_aws;
mod image_buildx;
mod image_docker_save;
mod image_facts;
mod image_mkosi;
mod image_oci_config;
mod image_oci_index;
mod image_oci_manifest;
mod image_packer;
mod image_provenance;
mod incident_servicenow;
mod incidents_csv;
mod inspec_sentences;
mod inventory;
mod jira_issue;
mod journal_entry;
mod json_keys;
mod json_records;
mod json_scan;
mod json_stream;
mod json_strings;
mod lazy;
mod log_stamp;
mod login_authorized_keys;
mod login_cloud_init;
mod login_container_structure_test;
mod login_goss;
mod login_inspec;
mod login_openscap;
mod login_passwd;
mod login_rules;
mod login_shadow;
mod login_sshd_config;
mod login_sshd_effective;
mod login_subject;
mod login_surface;
mod login_unit_files;
mod mapped;
mod package_list;
mod people_csv;
mod people_directory;
mod people_entra;
mod people_ldif;
mod register_entry;
mod registers_toml;
mod responses_toml;
mod run_limits;
mod salt_shapes;
mod sbom;
mod sbom_cyclonedx;
mod sbom_cyclonedx_xml;
mod sbom_spdx;
mod sbom_spdx3;
mod sbom_spdx_tag_value;
mod segment;
mod servicenow_json;
mod servicenow_record;
mod session_cloudtrail;
mod session_last;
mod session_lastlog;
mod session_teleport;
mod session_utmpdump;
mod session_wtmp;
mod sink;
mod slsa_predicate;
mod sudo_auditd;
mod sudo_iolog;
mod sudo_journald_export;
mod sudo_journald_json;
mod sudo_json;
mod sudo_logfile;
mod sudo_syslog;
mod sudo_text;
mod utmp_entry;
mod xccdf_scan;

pub use container::Container;
pub use grouping::Grouping;
pub use segment::{Framing, JsonScanner, Segment};
pub use sink::{Activity, ActivityKey, Limit, Record, Sink, Tally};

use chrono_tz::Tz;

use crate::config::Config;
use crate::facts::{Micros, Table};
use crate::mapping::Mapping;
use crate::period::Period;

/// The beginning of a file, from which its format is recognised.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// At most 64 KiB.
    pub bytes: &'a [u8],
    /// Whether `bytes` is the whole file.
    pub whole: bool,
}

impl<'a> Head<'a> {
    /// The head as text, up to the first byte that is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &'a str {
        match std::str::from_utf8(self.bytes) {
            Ok(text) => text,
            Err(error) => self.bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or(""),
        }
    }

    /// The lines of the head; the last one may be cut.
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> {
        self.bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The first byte that is not white space.
    #[must_use]
    pub fn first_byte(&self) -> Option<u8> {
        self.bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace())
    }
}

/// Whether a file whose last bytes are `tail` may be cut, as far as its end can tell: the last line has no line end. Documents
/// of JSON and XML that are read whole end in a bracket instead.
#[must_use]
pub fn open_end(framing: Framing, head: &Head<'_>, tail: &[u8]) -> bool {
    let whole_text = || {
        let bracketed = matches!(head.first_byte(), Some(b'{' | b'[' | b'<'))
            && matches!(tail.trim_ascii_end().last(), None | Some(b'}' | b']' | b'>'));
        framing == Framing::Whole && !bracketed && memchr::memchr(0, head.bytes).is_none()
    };
    tail.last().is_some_and(|byte| *byte != b'\n') && (framing.by_line() || whole_text())
}

/// Why a file was recognised, and how it is to be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognition {
    /// What in the content says so, in words for the evidence register.
    pub because: &'static str,
    /// Where records begin and end.
    pub framing: Framing,
}

/// What a reader knows of the source besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Path relative to the evidence root.
    pub source: &'a str,
    /// Host that the path says the file is about (`[[bind]]`), in its normal form.
    pub host: Option<&'a str>,
    /// When the path says the evidence was taken.
    pub collected_at: Option<Micros>,
    /// Zone of stamps that carry none, where the configuration names it.
    pub zone: Option<Tz>,
    /// Audit period.
    pub period: &'a Period,
    /// Configuration: names of hosts, change numbers, custom fields.
    pub config: &'a Config,
    /// The mapping file that recognised the source, where one did.
    pub mapping: Option<&'a Mapping>,
}

impl Reading<'_> {
    /// The host that the path binds, for results that name none; where nothing binds it, a limit says so.
    fn bound_host(&self, sink: &mut Sink<'_>) -> Option<&str> {
        if self.host.is_none() {
            sink.limit(
                "unbound",
                None,
                "the file names no host; bind it by its path ([[bind]] with {host} in steadfast.toml), or nothing is known from it",
            );
        }
        self.host
    }
}

/// Why a result that names no host gives no facts.
const HOST_UNKNOWN: &str = "host unknown: bind the file by its path ([[bind]] in steadfast.toml)";

/// One input format.
pub trait Format: Sync {
    /// Stable name, for example `sudo-json`.
    fn name(&self) -> &'static str;
    /// Formats of one family write the same events in the same words, so that an event may be recognised across them.
    fn family(&self) -> &'static str {
        self.name()
    }
    /// One line on what it is and which tool writes it.
    fn about(&self) -> &'static str;
    /// What in the content tells it from other formats, in words for people.
    fn recognised_by(&self) -> &'static str;
    /// Tables that it feeds.
    fn feeds(&self) -> &'static [&'static Table];
    /// Whether the content is of this format.
    fn recognise(&self, head: &Head<'_>) -> Option<Recognition>;
    /// Whether facts point at records by number, and not at lines.
    fn counts_records(&self) -> bool {
        false
    }
    /// The text of record `number` of a document that is read whole, where records are not lines.
    fn record(&self, _document: &str, _number: u64) -> Option<String> {
        None
    }
    /// Reads every record of `segment` into `sink`.
    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>);
}

/// Every input format. The first one that recognises a file reads it.
pub static FORMATS: &[&dyn Format] = &[
    &container::Containers,
    &login_surface::LoginSurface,
    &image_packer::PackerManifest,
    &image_aws::Ec2Images,
    &hosts_aws::Ec2Instances,
    &people_entra::EntraUsers,
    &hosts_kubernetes::KubernetesNodes,
    &hosts_terraform::TerraformState,
    &hosts_ansible_list::AnsibleInventoryList,
    &alarm_aide_json::AideJson,
    &image_oci_index::OciIndex,
    &image_oci_manifest::OciManifest,
    &image_oci_config::OciConfig,
    &image_docker_save::DockerSave,
    &image_buildx::BuildxMetadata,
    &image_provenance::InTotoProvenance,
    &image_mkosi::MkosiManifest,
    &sbom_cyclonedx::CycloneDx,
    &sbom_cyclonedx_xml::CycloneDxXml,
    &sbom_spdx::Spdx,
    &sbom_spdx_tag_value::SpdxTagValue,
    &sbom_spdx3::Spdx3,
    &hosts_elasticsearch::ElasticsearchNodes,
    &hosts_elasticsearch_cat::ElasticsearchCatNodes,
    &change_servicenow::ServiceNowChanges,
    &change_servicenow_approval::ServiceNowApprovals,
    &change_servicenow_affected::ServiceNowAffectedItems,
    &incident_servicenow::ServiceNowIncidents,
    &change_servicenow_csv::ServiceNowCsv,
    &change_servicenow_xml::ServiceNowXml,
    &change_jira::JiraSearch,
    &change_jira_csv::JiraCsv,
    &change_github_reviews::GitHubReviews,
    &change_github::GitHubPullRequests,
    &change_gitlab_approvals::GitLabApprovals,
    &change_gitlab::GitLabMergeRequests,
    &config_puppetdb::PuppetDbReports,
    &config_puppet_yaml::PuppetReport,
    &config_puppet_summary::PuppetSummary,
    &config_chef::ChefConverge,
    &config_ansible_jsonl::AnsibleJsonl,
    &config_ansible_json::AnsibleJson,
    &config_ansible_log::AnsibleLog,
    &config_salt::SaltReturns,
    &login_openscap::OpenScapXccdf,
    &login_inspec::InSpec,
    &login_goss::Goss,
    &login_container_structure_test::ContainerStructureTest,
    &alarm_aide::AideReport,
    &alarm_tripwire::TripwireReport,
    &alarm_osquery::OsqueryResults,
    &alarm_wazuh::WazuhAlerts,
    &alarm_falco::FalcoEvents,
    &sudo_json::SudoJson,
    &sudo_iolog::SudoIolog,
    &sudo_journald_json::JournaldJson,
    &sudo_journald_export::JournaldExport,
    &session_teleport::Teleport,
    &session_cloudtrail::CloudTrail,
    &sudo_auditd::Auditd,
    &sudo_logfile::SudoLogfile,
    &sudo_syslog::SudoSyslog,
    &session_lastlog::Lastlog,
    &session_last::Last,
    &session_utmpdump::Utmpdump,
    &session_wtmp::Wtmp,
    &login_cloud_init::CloudInit,
    &login_sshd_effective::SshdEffective,
    &login_sshd_config::SshdConfig,
    &login_passwd::Passwd,
    &login_shadow::Shadow,
    &login_unit_files::UnitFiles,
    &login_authorized_keys::AuthorizedKeys,
    &hosts_elasticsearch_config::ElasticsearchConfig,
    &hosts_ansible_yaml::AnsibleInventoryYaml,
    &hosts_ansible_ini::AnsibleInventoryIni,
    &registers_toml::WaiverRegister,
    &registers_toml::ExemptionRegister,
    &responses_toml::ResponseRegister,
    &attestations_toml::AttestationRegister,
    &alarm_acks_csv::AlarmAcks,
    &incidents_csv::IncidentsCsv,
    &people_csv::PeopleCsv,
    &people_ldif::Ldif,
    &hosts_csv::HostsCsv,
    &mapped::Mapped,
];

/// A file's format, and how it was told.
#[derive(Clone)]
pub struct Recognised {
    /// The format.
    pub format: &'static dyn Format,
    /// Why, and how the file is cut.
    pub recognition: Recognition,
    /// Position of the mapping among those of the configuration, where a mapping recognised the file.
    pub mapping: Option<usize>,
}

/// The first format that recognises the head of `source`: the team's own mappings, then [`FORMATS`].
#[must_use]
pub fn recognise(source: &str, head: &Head<'_>, config: &Config) -> Option<Recognised> {
    let own = config.mapped.iter().enumerate().find(|(_, mapping)| mapping.recognises(source, head.bytes));
    if let Some((index, mapping)) = own {
        return Some(Recognised { format: &mapped::Mapped, recognition: mapped::recognition(mapping), mapping: Some(index) });
    }
    FORMATS.iter().find_map(|format| {
        let recognition = format.recognise(head)?;
        Some(Recognised { format: *format, recognition, mapping: None })
    })
}
