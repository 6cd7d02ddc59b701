//! Writes the evidence folder, with the registers of acknowledgements and exemptions.

use std::path::Path;

use serde_json::Value;

use super::random::iso;
use super::story::Fleet;

/// A folder of evidence.
pub(super) struct Folder<'p>(pub(super) &'p Path);

impl Folder<'_> {
    pub(super) fn text(&self, name: &str, text: &str) {
        self.bytes(name, text.as_bytes());
    }

    pub(super) fn bytes(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }

    pub(super) fn json(&self, name: &str, value: &Value) {
        self.text(name, &value.to_string());
    }
}

/// What a folder of the fleet has in its steadfast.toml; the key of the builder is added.
pub(super) const CONFIG: &str = r#"
[system]
name = "Fleet"
[hosts]
strip_domains = ["corp.example"]
[[bind]]
path = "inventory/ec2/{collected_at}.json"
[[bind]]
path = "inventory/ansible/{collected_at}.*"
[[bind]]
path = "inventory/terraform/{collected_at}.tfstate"
[[bind]]
path = "inventory/kubernetes/{collected_at}.json"
[[bind]]
path = "elasticsearch/cat/{collected_at}/*"
[[bind]]
path = "elasticsearch/settings/{collected_at}/{host}.yml"
[[bind]]
path = "changes/jira.csv"
time_zone = "America/Chicago"
[[bind]]
path = "sudo/hosts/{host}/*"
[[bind]]
path = "sudo/io/{host}/*/log"
[[bind]]
path = "aide/{host}/{collected_at}.*"
[[bind]]
path = "wtmp/{host}/{collected_at}.*"
[[bind]]
path = "last/{host}/{collected_at}.txt"
[[bind]]
path = "lastlog/{host}/{collected_at}.txt"
[[bind]]
path = "units/{host}/{collected_at}.txt"
[[bind]]
path = "inspec/{host}/{collected_at}.json"
[[bind]]
path = "goss/{host}/{collected_at}.json"
[[bind]]
path = "etc/{host}/{collected_at}/*"
[[bind]]
path = "summaries/{host}/*"
[[bind]]
path = "config/ansible-*.log"
time_zone = "Europe/Berlin"
[[bind]]
path = "tripwire/*"
time_zone = "America/New_York"
[[automation]]
account = "ansible"
tool = "ansible"
hosts = ["db-08-*", "db-09-*", "db-18-*", "db-19-*", "db-28-*", "db-29-*"]
within = "2m"
[github]
target_labels = ["service:"]
kinds = { hotfix = "emergency" }
[gitlab]
target_labels = ["service:"]
kinds = { hotfix = "emergency" }
projects = { 7 = "quill/infra" }
[jira]
approved_by = ["Approved by"]
approved_at = ["Approved at"]
[attestations.required]
rooms = "Only persons on the access list have entered the machine rooms."
keys = "Nobody but the two custodians has held the keys of the backup tapes."
network = "No line leads out of the cage past the firewall."
backups = "A restore of every cluster was tried."
contracts = "Every contractor has signed."
[params.CONFIG-01]
max_gap = "14h"
[params.ALARM-01]
max_gap = "30h"
[params.ALARM-03]
within = "12h"
[params.SUDO-03]
within = "24h"
[params.CHANGE-05]
prefixes = "CHG"
[params.IMAGE-02]
builder = "https://ci.corp.example/%"
"#;

pub(super) fn write(fleet: &Fleet, path: &Path) {
    let folder = Folder(path);
    super::inventory::write(fleet, &folder);
    super::tickets::write(fleet, &folder);
    super::commands::write(fleet, &folder);
    super::agents::write(fleet, &folder);
    super::requests::write(fleet, &folder);
    super::merges::write(fleet, &folder);
    super::people::write(&folder);
    super::provenance::write(fleet, &folder);
    super::attested::write(fleet, &folder);
    super::sessions::write(fleet, &folder);
    super::gateways::write(fleet, &folder);
    super::incidents::write(fleet, &folder);
    super::images::write(fleet, &folder);
    super::bills::write(fleet, &folder);
    super::scanners::write(fleet, &folder);
    super::decisions::write(fleet, &folder);
    let mut acks = "host,tool,target,alarmed_at,acknowledged_by,acknowledged_at,change_id,note\n".to_owned();
    for ack in &fleet.acks {
        let alarmed = ack.alarmed.map(iso).unwrap_or_default();
        acks += &format!("{},{},{},{alarmed},mokafor,{},,seen\n", ack.host, ack.tool, ack.target, iso(ack.at));
    }
    folder.text("registers/acknowledgements.csv", &acks);
    let mut register = String::new();
    let lapsed = fleet.lapsed.iter().map(|host| (host, 2));
    for (host, days) in fleet.exempt.iter().map(|host| (host, 300)).chain(lapsed) {
        register += &format!(
            "[[exemption]]\nresource = \"{host}\"\nreason = \"It stores data.\"\napprover = \"hlind\"\napproved_at = \"{}\"\nexpires_at = \"{}\"\n\n",
            iso(fleet.start - 86_400 * 30),
            iso(fleet.start + 86_400 * days)
        );
    }
    folder.text("registers/exemptions.toml", &register);
}
