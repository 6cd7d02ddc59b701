//! Writes the evidence folder, and the small files of it: registers, images and their ways in, logins.

use std::path::Path;

use serde_json::{Value, json};

use super::random::{compact, iso, utc};
use super::story::Fleet;

/// A folder of evidence.
pub(super) struct Folder<'p>(pub(super) &'p Path);

impl Folder<'_> {
    pub(super) fn text(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub(super) fn json(&self, name: &str, value: &Value) {
        self.text(name, &value.to_string());
    }
}

/// What a folder of the fleet has in its steadfast.toml.
pub(super) const CONFIG: &str = r#"
[system]
name = "Fleet"
[hosts]
strip_domains = ["corp.example"]
[[bind]]
path = "inventory/ec2/{collected_at}.json"
[[bind]]
path = "inventory/ansible/{collected_at}.json"
[[bind]]
path = "aide/{host}/{collected_at}.*"
[[bind]]
path = "wtmp/{host}/{collected_at}.txt"
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
"#;

pub(super) fn write(fleet: &Fleet, path: &Path) {
    let folder = Folder(path);
    super::inventory::write(fleet, &folder);
    super::tickets::write(fleet, &folder);
    super::commands::write(fleet, &folder);
    super::agents::write(fleet, &folder);
    let mut acks = "host,tool,target,alarmed_at,acknowledged_by,acknowledged_at,change_id,note\n".to_owned();
    for ack in &fleet.acks {
        let alarmed = ack.alarmed.map(iso).unwrap_or_default();
        acks += &format!("{},{},{},{alarmed},mokafor,{},,seen\n", ack.host, ack.tool, ack.target, iso(ack.at));
    }
    folder.text("registers/acknowledgements.csv", &acks);
    let mut register = String::new();
    for host in &fleet.exempt {
        register += &format!(
            "[[exemption]]\nresource = \"{host}\"\nreason = \"It stores data.\"\napprover = \"hlind\"\napproved_at = \"{}\"\nexpires_at = \"{}\"\n\n",
            iso(fleet.start - 86_400 * 30),
            iso(fleet.start + 86_400 * 300)
        );
    }
    folder.text("registers/exemptions.toml", &register);
    let builds: Vec<Value> = fleet
        .builds
        .iter()
        .map(|build| {
            let mut custom = json!({ "git_commit": "9e41d07" });
            if let Some(change) = &build.change {
                custom["change_id"] = json!(change);
            }
            json!({ "name": format!("quill-{}", build.image), "builder_type": "amazon-ebs", "build_time": build.at, "files": null,
                    "artifact_id": format!("eu-west-1:{}", build.image), "packer_run_uuid": format!("run-{}", build.image),
                    "custom_data": custom })
        })
        .collect();
    folder.json("images/packer-manifest.json", &json!({ "builds": builds, "last_run_uuid": "run" }));
    for (kind, subject, at, open) in &fleet.surfaces {
        folder.json(&format!("surfaces/{kind}/{subject}.json"), &surface(kind, subject, *at, *open));
    }
    let mut log = String::new();
    for login in &fleet.logins {
        if login.format == 0 {
            log += &format!(
                "{} {} sshd[611]: Accepted publickey for {} from 198.51.100.24 port 50112 ssh2: ED25519 SHA256:mYd3p0\n",
                utc(login.at).format("%Y-%m-%dT%H:%M:%S.000000+00:00"),
                login.host,
                login.actor
            );
        } else {
            let dump = format!(
                "Utmp dump of /var/log/wtmp\n[7] [00053] [ts/1] [{:<8}] [pts/1       ] [203.0.113.9         ] [203.0.113.9    ] [{}]\n",
                login.actor,
                utc(login.at).format("%Y-%m-%dT%H:%M:%S,000000+00:00")
            );
            folder.text(&format!("wtmp/{}/{}.txt", login.host, compact(fleet.end())), &dump);
        }
    }
    folder.text("auth/central.log", &log);
}

fn surface(kind: &str, subject: &str, at: i64, open: bool) -> Value {
    let mut paths = Vec::new();
    for path in ["sshd", "ssh_socket", "getty", "serial_getty", "account", "authorized_key", "agent", "debug_shell"] {
        let state = if path == "sshd" && open { "enabled" } else { "disabled" };
        paths.push(json!({ "login_path": path, "state": state, "detail": "as found" }));
    }
    json!({ "format": "steadfast-login-surface", "format_version": 1, "subject": { "kind": kind, "id": subject },
            "observed_at": iso(at), "observed_by": "image pipeline", "login_paths": paths })
}
