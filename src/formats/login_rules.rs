//! Which rules of scanners and checks say that a way in is open or closed, in one place for OpenSCAP, InSpec and Goss.
//!
//! A rule counts only where it is understood what it looks at. Whatever is about logging in but says nothing of a way in
//! (banners, ciphers, password lengths, owners of files) is skipped under [`SAYS_NOTHING`], everything else under
//! [`NOT_LOGIN`]: so the register shows how much of a scan was used.
//!
//! Source: rules and OVAL templates of ComplianceAsCode (`service_disabled`, `package_removed`, `sshd_lineinfile`), the
//! controls of dev-sec's ssh-baseline, OpenSSH's defaults in `servconf.c`.

use std::collections::BTreeSet;

/// Why a rule that is about logging in gives no fact.
pub(super) const SAYS_NOTHING: &str = "a rule about login that says nothing of a way in";
/// Why any other rule gives no fact.
pub(super) const NOT_LOGIN: &str = "a rule that is not about login";
/// Why a rule that was left out by the profile gives no fact.
pub(super) const NOT_SELECTED: &str = "a rule that the profile leaves out";

/// Words in the name or title of a rule that is about logging in.
const WORDS: [&str; 19] = [
    "ssh", "login", "logon", "log on", "log in", "password", "passwd", "account", "sudo", "tty", "console", "root", "shell",
    "nologin", "faillock", "pam_", "telnet", "rlogin", "port 22",
];

/// Whether the name or title of a rule speaks of logging in.
pub(super) fn speaks_of_login(text: &str) -> bool {
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// A rule of ComplianceAsCode (SCAP Security Guide) that says whether a way in is open.
pub(super) struct Rule {
    /// Its name, behind `content_rule_`.
    name: &'static str,
    /// The way in.
    pub(super) login_path: &'static str,
    /// The state where the rule holds; none where that does not tell.
    pub(super) holds: Option<&'static str>,
    /// The state where it does not hold.
    pub(super) broken: Option<&'static str>,
}

const fn rule(name: &'static str, login_path: &'static str, holds: Option<&'static str>, broken: Option<&'static str>) -> Rule {
    Rule { name, login_path, holds, broken }
}

/// The rules that are understood. `service_…_disabled` holds where the unit is masked and does not run, or is not there; an
/// installed package does not say whether anything runs. `sshd_disable_root_password_login` is left out on purpose: root
/// may still log in by key. `sshd_enable_pubkey_auth` too: it also holds where no server is installed.
static RULES: [Rule; 11] = [
    rule("service_sshd_disabled", "sshd", Some("disabled"), Some("enabled")),
    rule("service_sshd_enabled", "sshd", Some("enabled"), Some("unknown")),
    rule("package_openssh-server_removed", "sshd", Some("absent"), None),
    rule("package_openssh_removed", "sshd", Some("absent"), None),
    rule("package_openssh-server_installed", "sshd", None, Some("absent")),
    rule("package_openssh_installed", "sshd", None, Some("absent")),
    rule("sshd_disable_root_login", "ssh_root", Some("disabled"), Some("enabled")),
    rule("sshd_disable_pubkey_auth", "ssh_public_key", Some("disabled"), Some("enabled")),
    rule("service_debug-shell_disabled", "debug_shell", Some("disabled"), Some("enabled")),
    rule("grub2_systemd_debug-shell_argument_absent", "debug_shell", None, Some("enabled")),
    rule("zipl_systemd_debug-shell_argument_absent", "debug_shell", None, Some("enabled")),
];

/// The name of a rule out of its id: `xccdf_org.ssgproject.content_rule_NAME` in XCCDF 1.2, the bare name in 1.1. Nothing
/// for ids of other publishers, who may mean something else by the same name.
pub(super) fn rule_name(id: &str) -> Option<&str> {
    match id.strip_prefix("xccdf_") {
        Some(rest) => rest.strip_prefix("org.ssgproject.content_rule_"),
        None => Some(id),
    }
}

/// The rule of that name, where it is understood.
pub(super) fn understood(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// The way in that a unit of systemd opens.
fn unit_path(unit: &str) -> Option<&'static str> {
    let (name, kind) = match unit.rsplit_once('.') {
        Some((name, kind @ ("service" | "socket"))) => (name, kind),
        _ => (unit, "service"),
    };
    let (template, _) = name.split_once('@').unwrap_or((name, ""));
    match (template, kind) {
        ("ssh" | "sshd", "service") => Some("sshd"),
        ("ssh" | "sshd" | "sshd-unix-local" | "sshd-vsock", "socket") => Some("ssh_socket"),
        ("getty", "service") => Some("getty"),
        ("serial-getty", "service") => Some("serial_getty"),
        ("console-getty", "service") => Some("console_getty"),
        ("debug-shell", "service") => Some("debug_shell"),
        (
            "amazon-ssm-agent" | "snap.amazon-ssm-agent.amazon-ssm-agent" | "qemu-guest-agent" | "google-guest-agent",
            "service",
        ) => Some("agent"),
        _ => None,
    }
}

/// What a check wanted of a setting of sshd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanted {
    /// `no` and nothing else.
    No,
    /// `yes` and nothing else.
    Yes,
    /// One of several, `no` among them: that the check holds does not tell which.
    NoAmongOthers,
}

/// What one check found out about a host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Finding {
    /// A unit runs, or does not.
    Running(String, bool),
    /// A unit starts with the machine, or does not.
    Enabled(String, bool),
    /// A package, or the server's own file, is installed, or is not.
    Installed(String, bool),
    /// Something listens on a port, or nothing does.
    Listening(String, bool),
    /// A setting of sshd, in lower case, is as wanted, or is not.
    Setting(String, Wanted, bool),
}

impl Finding {
    /// The way in that the finding is about.
    pub(super) fn login_path(&self) -> Option<&'static str> {
        match self {
            Self::Running(unit, _) | Self::Enabled(unit, _) => unit_path(unit),
            Self::Installed(name, _) => {
                matches!(name.as_str(), "openssh-server" | "openssh" | "/usr/sbin/sshd").then_some("sshd")
            }
            Self::Listening(port, _) => matches!(port.as_str(), "22" | "tcp:22" | "tcp6:22").then_some("sshd"),
            Self::Setting(keyword, ..) => match keyword.as_str() {
                "permitrootlogin" => Some("ssh_root"),
                "passwordauthentication" => Some("ssh_password"),
                "pubkeyauthentication" => Some("ssh_public_key"),
                _ => None,
            },
        }
    }

    /// The state of that way in, seen together with what else was found on the same host at the same time; nothing where
    /// the finding does not tell.
    pub(super) fn state(&self, together: &BTreeSet<Self>) -> Option<&'static str> {
        self.login_path()?;
        match self {
            Self::Running(_, true) | Self::Enabled(_, true) => Some("enabled"),
            // Half of it: a unit that does not run may start, and one that does not start may run.
            Self::Running(unit, false) => Some(off(together.contains(&Self::Enabled(unit.clone(), false)))),
            Self::Enabled(unit, false) => Some(off(together.contains(&Self::Running(unit.clone(), false)))),
            Self::Installed(_, installed) => (!installed).then_some("absent"),
            // Nothing on port 22 is nothing on one port of many.
            Self::Listening(_, listening) => listening.then_some("enabled"),
            Self::Setting(keyword, wanted, holds) => Some(setting(keyword, *wanted, *holds, together)),
        }
    }
}

fn off(whole: bool) -> &'static str {
    if whole { "disabled" } else { "unknown" }
}

/// The setting by which PAM asks for a password in its own way, under its two names.
const KEYBOARD_INTERACTIVE: [&str; 2] = ["kbdinteractiveauthentication", "challengeresponseauthentication"];

/// OpenSSH's defaults leave all three ways open, so that a setting that is not `no` is open.
fn setting(keyword: &str, wanted: Wanted, holds: bool, together: &BTreeSet<Finding>) -> &'static str {
    match (wanted, holds) {
        // Passwords also go through keyboard-interactive, which must be off as well.
        (Wanted::No, true) if keyword == "passwordauthentication" => off(KEYBOARD_INTERACTIVE
            .iter()
            .any(|other| together.contains(&Finding::Setting((*other).to_owned(), Wanted::No, true)))),
        (Wanted::No, true) => "disabled",
        (Wanted::No | Wanted::NoAmongOthers, false) | (Wanted::Yes, true) => "enabled",
        (Wanted::NoAmongOthers, true) | (Wanted::Yes, false) => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_other_publishers_are_not_understood() {
        let known = |id| rule_name(id).and_then(understood).map(|rule| rule.login_path);
        assert_eq!(known("xccdf_org.ssgproject.content_rule_service_sshd_disabled"), Some("sshd"));
        assert_eq!(known("service_sshd_disabled"), Some("sshd"), "XCCDF 1.1");
        assert_eq!(known("xccdf_com.example_rule_service_sshd_disabled"), None);
        assert_eq!(known("xccdf_org.ssgproject.content_rule_sshd_disable_root_password_login"), None);
    }

    fn set(findings: &[&Finding]) -> BTreeSet<Finding> {
        findings.iter().copied().cloned().collect()
    }

    #[test]
    fn half_a_service_is_unknown() {
        let (running, enabled) = (Finding::Running("sshd".into(), false), Finding::Enabled("sshd".into(), false));
        assert_eq!(running.state(&set(&[&running])), Some("unknown"));
        assert_eq!(running.state(&set(&[&running, &enabled])), Some("disabled"));
        assert_eq!(enabled.state(&set(&[&running, &enabled])), Some("disabled"));
        assert_eq!(Finding::Enabled("ssh.socket".into(), true).login_path(), Some("ssh_socket"));
        assert_eq!(Finding::Running("serial-getty@ttyS0.service".into(), true).login_path(), Some("serial_getty"));
        assert_eq!(Finding::Running("sshd-keygen".into(), true).login_path(), None);
    }

    #[test]
    fn a_password_needs_both_settings_to_be_off() {
        let password = Finding::Setting("passwordauthentication".into(), Wanted::No, true);
        let keyboard = |holds| Finding::Setting("challengeresponseauthentication".into(), Wanted::No, holds);
        assert_eq!(password.state(&set(&[&password, &keyboard(true)])), Some("disabled"));
        assert_eq!(password.state(&set(&[&password, &keyboard(false)])), Some("unknown"));
        assert_eq!(password.state(&BTreeSet::new()), Some("unknown"));
        assert_eq!(keyboard(true).login_path(), None);
    }

    #[test]
    fn root_by_key_is_not_root_disabled() {
        let root = |wanted, holds| Finding::Setting("permitrootlogin".into(), wanted, holds).state(&BTreeSet::new());
        assert_eq!(root(Wanted::No, true), Some("disabled"));
        assert_eq!(root(Wanted::NoAmongOthers, true), Some("unknown"));
        assert_eq!(root(Wanted::NoAmongOthers, false), Some("enabled"));
    }

    #[test]
    fn an_installed_package_opens_nothing() {
        assert_eq!(Finding::Installed("openssh-server".into(), false).state(&BTreeSet::new()), Some("absent"));
        assert_eq!(Finding::Installed("openssh-server".into(), true).state(&BTreeSet::new()), None);
        assert_eq!(Finding::Installed("openssh-client".into(), false).state(&BTreeSet::new()), None);
        assert_eq!(Finding::Listening("tcp:22".into(), false).state(&BTreeSet::new()), None);
        assert_eq!(Finding::Listening("tcp:2222".into(), true).state(&BTreeSet::new()), None);
    }
}
