//! Ways into images and hosts, as manifests and scanners tell of them, and the files of hosts that say more.

use serde_json::{Value, json};

use super::random::{compact, iso};
use super::story::Fleet;
use super::write::Folder;

/// What tells of the ways in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scanner {
    Manifest,
    UnitFiles,
    OpenScap,
    InSpec,
    Goss,
}

/// All of them, for hosts.
pub(super) const SCANNERS: [Scanner; 5] =
    [Scanner::Manifest, Scanner::UnitFiles, Scanner::OpenScap, Scanner::InSpec, Scanner::Goss];

pub(super) struct Surface {
    /// `host` or `image`
    pub(super) kind: &'static str,
    pub(super) subject: String,
    /// When it was seen.
    pub(super) at: i64,
    /// Whether the SSH server is open.
    pub(super) open: bool,
    pub(super) by: Scanner,
}

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    for surface in &fleet.surfaces {
        let place = format!("{}/{}", surface.subject.replace(':', "-"), compact(surface.at));
        match surface.by {
            Scanner::Manifest => {
                folder.json(&format!("surfaces/{}/{}.json", surface.kind, surface.subject.replace(':', "-")), &manifest(surface));
            }
            Scanner::UnitFiles => folder.text(&format!("units/{place}.txt"), &units(surface.open)),
            Scanner::OpenScap => folder.text(&format!("openscap/{place}.xml"), &openscap(surface)),
            Scanner::InSpec => folder.json(&format!("inspec/{place}.json"), &inspec(surface)),
            Scanner::Goss => folder.json(&format!("goss/{place}.json"), &goss(surface)),
        }
    }
    let test = |name: &str| json!({ "Name": name, "Pass": true, "Stdout": "", "Duration": 1_000_000 });
    folder.json(
        "images/structure-tests.json",
        &json!({ "Pass": 2, "Fail": 0, "Total": 2, "Duration": 1_500_000,
                 "Results": [test("Command Test: no shell"), test("File Existence Test: no sshd")] }),
    );
    let hosts =
        fleet.surfaces.iter().filter(|surface| surface.kind == "host" && surface.by == Scanner::Manifest && !surface.open);
    for surface in hosts {
        for (name, text) in FILES {
            folder.text(&format!("etc/{}/{}/{name}", surface.subject, compact(surface.at + 60)), text);
        }
    }
}

fn manifest(surface: &Surface) -> Value {
    let mut paths = Vec::new();
    for path in ["sshd", "ssh_socket", "getty", "serial_getty", "account", "authorized_key", "agent", "debug_shell"] {
        let state = if path == "sshd" && surface.open { "enabled" } else { "disabled" };
        paths.push(json!({ "login_path": path, "state": state, "detail": "as found" }));
    }
    json!({ "format": "steadfast-login-surface", "format_version": 1,
            "subject": { "kind": surface.kind, "id": surface.subject }, "observed_at": iso(surface.at),
            "observed_by": "image pipeline", "login_paths": paths })
}

fn units(open: bool) -> String {
    let server = if open { "enabled" } else { "masked " };
    format!(
        "UNIT FILE                       STATE           PRESET\ngetty@.service                  masked          enabled\n\
         serial-getty@.service           masked          enabled\ndebug-shell.service             masked          disabled\n\
         ssh.service                     {server}         enabled\nssh.socket                      disabled        enabled\n\
         cron.service                    enabled         enabled\n\n6 unit files listed.\n"
    )
}

/// A scan of a host, or of an image on the machine that builds it.
fn openscap(surface: &Surface) -> String {
    let at = iso(surface.at);
    let rule = |name: &str, result: &str| {
        format!(
            "<rule-result idref=\"xccdf_org.ssgproject.content_rule_{name}\" time=\"{at}\" severity=\"high\">\
             <result>{result}</result></rule-result>\n"
        )
    };
    let (target, scanned) = match surface.kind {
        "host" => (surface.subject.as_str(), String::new()),
        _ => {
            let identifier = format!("podman-image://{} [registry.corp.example/quill:1]", surface.subject);
            let fact = format!("<fact name=\"urn:xccdf:fact:identifier\" type=\"string\">{identifier}</fact>");
            ("builder-3", format!("<target-facts>{fact}</target-facts>\n"))
        }
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <TestResult xmlns=\"http://checklists.nist.gov/xccdf/1.2\" id=\"xccdf_org.open-scap_testresult_a\" end-time=\"{at}\">\n\
         <benchmark href=\"ssg-rhel9-ds.xml\" id=\"xccdf_org.ssgproject.content_benchmark_RHEL-9\"/>\n\
         <target>{target}</target>\n{scanned}{}{}</TestResult>\n",
        rule("service_sshd_disabled", if surface.open { "fail" } else { "pass" }),
        rule("banner_etc_issue", "fail")
    )
}

fn inspec(surface: &Surface) -> Value {
    let result = |sentence: &str, holds: bool| {
        let status = if holds { "passed" } else { "failed" };
        json!({ "status": status, "code_desc": sentence, "run_time": 0.1, "start_time": iso(surface.at) })
    };
    let results =
        [result("Service sshd should not be running", !surface.open), result("Service sshd should not be enabled", true)];
    let control = json!({ "id": "units", "title": "nothing runs", "impact": 0.7, "results": results });
    json!({ "platform": { "name": "debian", "release": "12.5" }, "version": "5.22.3", "statistics": { "duration": 0.7 },
            "profiles": [{ "name": "quill-ssh", "version": "1.0.0", "sha256": "ab", "title": "Ours", "supports": [],
                           "attributes": [], "controls": [control] }] })
}

fn goss(surface: &Surface) -> Value {
    let result = |property: &str, actual: bool| {
        json!({ "successful": !actual, "skipped": false, "resource-id": "sshd", "resource-type": "Service", "property": property,
                "title": "", "meta": null, "result": i32::from(actual), "err": null,
                "matcher-result": { "actual": actual, "message": "", "expected": false }, "start-time": iso(surface.at),
                "end-time": iso(surface.at), "duration": 10 })
    };
    json!({ "results": [result("running", surface.open), result("enabled", false)],
            "summary": { "failed-count": i32::from(surface.open), "test-count": 2 } })
}

/// Files that say how somebody could log in if a server ran, and not whether one does.
const FILES: [(&str, &str); 6] = [
    (
        "sshd_config",
        "# Ours.\nPort 22\nPermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM yes\n\
         AllowGroups ops\n",
    ),
    (
        "sshd-T.txt",
        "port 22\naddressfamily any\nusepam yes\nlogingracetime 60\npermitrootlogin no\npubkeyauthentication yes\n\
         passwordauthentication no\nkbdinteractiveauthentication no\npermitemptypasswords no\n\
         authorizedkeysfile .ssh/authorized_keys\n",
    ),
    (
        "passwd",
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nann:x:1000:1000:Ann,,,:/home/ann:\n",
    ),
    (
        "shadow",
        "root:*:20500:0:99999:7:::\ndaemon:!*:20500::::::\nann:$y$j9T$c2FsdHNhbHQ$SECRETHASHofAnn0123456789:20500:0:99999:7:::\n",
    ),
    (
        "authorized_keys",
        "# Keys of the deployment account.\n\
         ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g ann@laptop\n",
    ),
    ("user-data", "#cloud-config\nssh_pwauth: true\nusers:\n  - name: batch\n    shell: /usr/sbin/nologin\n"),
];
