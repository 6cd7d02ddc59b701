//! Agents that let somebody in from outside: of clouds, of configuration management, of access gateways. Units that start
//! them are known to [`crate::surface::units`]; here are the programs, and what else starts them.
//!
//! Sources: each agent's own documentation on where it is installed.

use super::facts::Facts;
use crate::surface::{Finding, Origin, State, Tri};

/// An agent: what it is, where its program lies, names of services that start it.
struct Agent {
    what: &'static str,
    programs: &'static [&'static str],
    services: &'static [&'static str],
}

const AGENTS: [Agent; 18] = [
    agent(
        "the SSM agent of AWS",
        &["/usr/bin/amazon-ssm-agent", "/snap/bin/amazon-ssm-agent", "/usr/sbin/amazon-ssm-agent"],
        &["amazon-ssm-agent"],
    ),
    agent(
        "EC2 Instance Connect",
        &["/opt/aws/bin/eic_run_authorized_keys", "/usr/share/ec2-instance-connect/eic_run_authorized_keys"],
        &[],
    ),
    agent(
        "the guest agent of Google Cloud",
        &["/usr/bin/google_guest_agent", "/usr/bin/google_guest_agent_manager"],
        &["google-guest-agent", "google-guest-agent-manager"],
    ),
    agent("OS Login of Google Cloud", &["/usr/bin/google_authorized_keys", "/usr/bin/google_oslogin_nss_cache"], &[]),
    agent("the agent of Azure", &["/usr/sbin/waagent", "/usr/bin/waagent"], &["waagent", "walinuxagent"]),
    agent("the agent of Oracle Cloud", &["/usr/libexec/oracle-cloud-agent/agent"], &["oracle-cloud-agent"]),
    agent("the guest agent of QEMU", &["/usr/sbin/qemu-ga", "/usr/bin/qemu-ga"], &["qemu-guest-agent", "qemu-ga"]),
    agent("VMware Tools", &["/usr/bin/vmtoolsd"], &["open-vm-tools", "vmtoolsd"]),
    agent("Teleport", &["/usr/local/bin/teleport", "/usr/bin/teleport", "/opt/teleport/system/bin/teleport"], &["teleport"]),
    agent(
        "Tailscale, which may serve SSH",
        &["/usr/sbin/tailscaled", "/usr/bin/tailscaled", "/usr/local/bin/tailscaled"],
        &["tailscale", "tailscaled"],
    ),
    agent("the Salt minion", &["/usr/bin/salt-minion", "/opt/saltstack/salt/salt-minion"], &["salt-minion"]),
    agent("the Boundary worker", &["/usr/bin/boundary", "/usr/local/bin/boundary"], &["boundary"]),
    agent("Cockpit", &["/usr/libexec/cockpit-ws", "/usr/lib/cockpit/cockpit-ws", "/usr/lib/cockpit-ws"], &["cockpit"]),
    agent("Webmin", &["/usr/share/webmin/miniserv.pl", "/usr/libexec/webmin/miniserv.pl"], &["webmin"]),
    agent("Shell In A Box", &["/usr/bin/shellinaboxd", "/usr/sbin/shellinaboxd"], &["shellinabox"]),
    agent("ttyd, a terminal over HTTP", &["/usr/bin/ttyd", "/usr/local/bin/ttyd"], &["ttyd"]),
    agent("Afterburn, which authorises the keys of the cloud", &["/usr/bin/afterburn"], &[]),
    agent(
        "Ignition, which makes accounts at the first boot",
        &["/usr/lib/dracut/modules.d/30ignition/ignition", "/usr/bin/ignition"],
        &[],
    ),
];

const fn agent(what: &'static str, programs: &'static [&'static str], services: &'static [&'static str]) -> Agent {
    Agent { what, programs, services }
}

/// Everything about agents but what `units` already say.
pub(super) fn findings(facts: &Facts<'_>, units: &[Finding]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for agent in &AGENTS {
        for service in facts.services.iter().filter(|service| agent.services.contains(&service.name.as_str())) {
            findings.push(service.finding(facts, "agent", agent.what));
        }
        // A name like `agent` would be anybody's.
        let own = |name: &&str| *name != "agent";
        let names: Vec<&str> = agent.programs.iter().map(|path| super::boot::name_of(path)).filter(own).collect();
        if facts.boot.starts(&names) != Tri::No {
            let state = facts.boot.starts(&names).state();
            let detail = format!("the command of the image starts {}", agent.what);
            findings.push(Finding { login_path: "agent", state, detail, origin: None });
        }
        let told = |finding: &Finding| finding.login_path == "agent" && finding.detail.contains(agent.what);
        if units.iter().chain(&findings).any(told) {
            continue;
        }
        if let Some(program) = facts.tree.program(agent.programs.iter().copied()) {
            findings.push(Finding {
                login_path: "agent",
                state: if agent.services.is_empty() { State::Unknown } else { State::Disabled },
                detail: match agent.services.is_empty() {
                    true => format!("{} is in the image; what uses it was not followed", agent.what),
                    false => format!("the program of {} is there; nothing that was looked at starts it", agent.what),
                },
                origin: Some(Origin::new(&program.path, 0)),
            });
        }
    }
    findings
}

/// The agents that were looked for, in words.
pub(super) fn words() -> String {
    let names: Vec<&str> = AGENTS.iter().map(|agent| agent.what).collect();
    format!("none of the agents that were looked for is in the image, neither program nor unit: {}", names.join("; "))
}
