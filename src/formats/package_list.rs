//! What a list of packages says about logging in to the image that it lists: the one rule behind SBOMs and mkosi manifests.
//!
//! A package that is there is `unknown`: installed is not running. A server that is not there is hardly ever `absent`: a list
//! shows what its tool saw, and an overlay, a static binary or a scan of one folder leaves things out. `absent` is said only
//! of a list that looks like a whole system: the package that lays out its root folder, and at least
//! [`WHOLE_SYSTEM`] packages of the distribution. Every other list that names no SSH server leaves it `unknown`.
//!
//! Source of the names: the package indexes of Debian, Fedora, openSUSE, Alpine and Arch. Where `openssh` is the server
//! differs: on Debian no binary package is called that, on Fedora and its kin it holds shared files only, on openSUSE,
//! Alpine and Arch it is the server or brings it.

use std::borrow::Cow;

/// Packages of the distribution from which on a list may be of a whole system. A minimal Debian has 88, Alpine's base image
/// about 15, distroless images fewer than 10; a public mkosi manifest of an overlay listed 14.
const WHOLE_SYSTEM: u64 = 20;

/// Packages that lay out the root folder of a distribution.
const BASE: [&str; 6] = ["base-files", "filesystem", "setup", "alpine-baselayout", "wolfi-baselayout", "chainguard-baselayout"];

/// Names that are an SSH server wherever they are packaged.
const SSH_SERVERS: [&str; 4] = ["openssh-server", "tinysshd", "tinyssh", "lsh-server"];
/// Names that give one user the rights of another.
const SUDO: [&str; 6] = ["sudo", "sudo-ldap", "sudo-rs", "doas", "opendoas", "doas-sudo-shim"];
/// Agents through which somebody outside gets a shell, runs commands or installs keys.
const AGENTS: [&str; 20] = [
    "amazon-ssm-agent",
    "cockpit",
    "cockpit-bridge",
    "cockpit-ws",
    "ec2-instance-connect",
    "google-guest-agent",
    "google-osconfig-agent",
    "open-vm-tools",
    "python-azure-agent",
    "python3-azure-agent",
    "qemu-ga",
    "qemu-guest-agent",
    "salt-minion",
    "ssm-agent",
    "tailscale",
    "teleport",
    "teleport-ent",
    "teleport-ent-fips",
    "walinuxagent",
    "webmin",
];

/// Where a package comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ecosystem {
    /// dpkg
    Deb,
    /// rpm
    Rpm,
    /// apk
    Apk,
    /// pacman
    Arch,
    /// Go modules: a library by name, but agents written in Go are found as modules of their binary.
    Go,
    /// A library of a programming language. Its names mean other things: `sudo` of npm gives nobody any rights.
    Library,
    /// Another one, or not said: names count, but the package is not one of the distribution.
    Other,
}

impl Ecosystem {
    /// The ecosystem of the type of a package URL (`deb`, `npm` …).
    pub(super) fn of_purl_type(kind: &str) -> Self {
        match kind.to_ascii_lowercase().as_str() {
            "deb" => Self::Deb,
            "rpm" => Self::Rpm,
            "apk" | "alpine" => Self::Apk,
            "alpm" | "arch" => Self::Arch,
            "golang" => Self::Go,
            "bower" | "cargo" | "clojars" | "cocoapods" | "composer" | "conan" | "conda" | "cpan" | "cran" | "gem"
            | "hackage" | "hex" | "huggingface" | "julia" | "luarocks" | "maven" | "mlflow" | "npm" | "nuget" | "opam"
            | "pub" | "pypi" | "swift" => Self::Library,
            _ => Self::Other,
        }
    }

    fn is_distribution(self) -> bool {
        matches!(self, Self::Deb | Self::Rpm | Self::Apk | Self::Arch)
    }
}

/// One package of a list.
#[derive(Clone, Debug)]
pub(super) struct Package {
    pub(super) ecosystem: Ecosystem,
    /// Distribution, vendor or path in front of the name, where the list says it.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    pub(super) version: Option<String>,
}

impl Package {
    /// From a package URL `pkg:type/namespace/name@version?qualifiers#path`; its name and version are those of the list
    /// where it gives them.
    ///
    /// Source: the purl specification (ECMA-427).
    pub(super) fn of(name: &str, version: Option<&str>, purl: Option<&str>) -> Self {
        let version = version.map(str::to_owned);
        let Some(purl) = purl.and_then(Purl::parse) else {
            return Self { ecosystem: Ecosystem::Other, namespace: None, name: name.to_owned(), version };
        };
        let ecosystem = Ecosystem::of_purl_type(purl.kind);
        // Libraries are called by their own names; a distribution's package is what its URL says that it is.
        let by_url = ecosystem.is_distribution() || ecosystem == Ecosystem::Go;
        Self {
            ecosystem,
            namespace: purl.namespace.map(Cow::into_owned),
            name: if by_url { purl.name.into_owned() } else { name.to_owned() },
            version: version.or(purl.version.map(Cow::into_owned)),
        }
    }

    /// The way to log in that the package opens, if any.
    pub(super) fn login_path(&self) -> Option<&'static str> {
        let name = self.name.trim().to_ascii_lowercase();
        let is_one_of = |names: &[&str]| names.contains(&name.as_str());
        match self.ecosystem {
            Ecosystem::Library => None,
            Ecosystem::Go => is_one_of(&AGENTS).then_some("agent"),
            _ if self.is_ssh_server(&name) => Some("sshd"),
            _ if is_one_of(&SUDO) => Some("sudo"),
            _ => is_one_of(&AGENTS).then_some("agent"),
        }
    }

    fn is_ssh_server(&self, name: &str) -> bool {
        let suse = |namespace: &str| namespace.contains("suse") || namespace.starts_with("sle");
        let openssh_serves = match (self.ecosystem, self.namespace.as_deref()) {
            (Ecosystem::Deb, _) => false,
            (Ecosystem::Rpm, Some(namespace)) => suse(&namespace.to_ascii_lowercase()),
            _ => true,
        };
        SSH_SERVERS.contains(&name)
            || name.starts_with("openssh-server-")
            || name.starts_with("dropbear")
            || (name == "openssh" && openssh_serves)
    }

    /// The sentence about a package that is there.
    pub(super) fn detail(&self) -> String {
        let version = self.version.as_deref().filter(|version| !version.trim().is_empty());
        let version = version.map(|version| format!(" {}", version.trim())).unwrap_or_default();
        format!("{}{version} is in the package list; whether it runs is not said", self.name.trim())
    }
}

/// A package URL in its parts, escapes resolved.
pub(super) struct Purl<'a> {
    /// `deb`, `oci` …
    pub(super) kind: &'a str,
    /// What stands between the type and the name.
    pub(super) namespace: Option<Cow<'a, str>>,
    /// The last part of the path.
    pub(super) name: Cow<'a, str>,
    /// Version, for images their digest.
    pub(super) version: Option<Cow<'a, str>>,
}

impl<'a> Purl<'a> {
    /// Reads a package URL; nothing where it is none.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let rest = text.trim().strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split(['?', '#']).next()?;
        let (kind, path) = rest.split_once('/')?;
        // A scope of npm is written `%40scope`, so that the last @ begins the version.
        let (path, version) = path.rsplit_once('@').map_or((path, None), |(path, version)| (path, Some(version)));
        let (namespace, name) = path.rsplit_once('/').map_or((None, path), |(namespace, name)| (Some(namespace), name));
        (!kind.is_empty() && !name.is_empty()).then(|| Self {
            kind,
            namespace: namespace.map(unescape),
            name: unescape(name),
            version: version.filter(|version| !version.is_empty()).map(unescape),
        })
    }
}

/// `%3A` and its like resolved; a text whose escapes give no UTF-8 stays as it is.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// What is known of a list once all of it was seen.
#[derive(Debug, Default)]
pub(super) struct PackageList {
    packages: u64,
    of_the_distribution: u64,
    has_base: bool,
    has_ssh_server: bool,
    /// Why things may be missing from the list, as the list itself or its reading says.
    gap: Option<&'static str>,
    /// A file of an SSH server that no package accounts for.
    ssh_file: bool,
}

impl PackageList {
    /// Counts a package.
    pub(super) fn note(&mut self, package: &Package) {
        self.packages += 1;
        if package.ecosystem.is_distribution() {
            self.of_the_distribution += 1;
            self.has_base |= BASE.contains(&package.name.as_str());
        }
        self.has_ssh_server |= package.login_path() == Some("sshd");
    }

    /// Notes that the list may lack something.
    pub(super) fn has_gap(&mut self, reason: &'static str) {
        self.gap.get_or_insert(reason);
    }

    /// Notes a file of the image.
    pub(super) fn note_file(&mut self, path: &str) {
        self.ssh_file |=
            ["/sshd", "/dropbear", "/tinysshd"].iter().any(|end| format!("/{path}").ends_with(end) && path.contains("bin/"));
    }

    /// State and sentence about an SSH server that no package of the list is. Nothing where one is.
    pub(super) fn no_ssh_server(&self) -> Option<(&'static str, String)> {
        if self.has_ssh_server {
            return None;
        }
        let list =
            format!("no SSH server in the list of {} packages ({} of the distribution)", self.packages, self.of_the_distribution);
        let doubt = if self.ssh_file {
            Some("the files that are listed beside them hold one")
        } else if self.gap.is_some() {
            self.gap
        } else if !self.has_base {
            Some("it names no base package of a distribution, so it is not of a whole system")
        } else if self.of_the_distribution < WHOLE_SYSTEM {
            Some("it is too short for a whole system")
        } else {
            None
        };
        Some(match doubt {
            Some(doubt) => ("unknown", format!("{list}; {doubt}")),
            None => ("absent", format!("{list}; the list may be partial")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, purl: &str) -> Package {
        Package::of(name, None, Some(purl))
    }

    fn system(packages: u64, base: bool) -> PackageList {
        let mut list = PackageList::default();
        if base {
            list.note(&package("base-files", "pkg:deb/debian/base-files@12"));
        }
        for number in u64::from(base)..packages {
            list.note(&package("x", &format!("pkg:deb/debian/lib{number}@1")));
        }
        list
    }

    fn state(list: &PackageList) -> Option<&'static str> {
        list.no_ssh_server().map(|(state, _)| state)
    }

    #[test]
    fn openssh_is_a_server_where_it_brings_one() {
        for (purl, expected) in [
            ("pkg:deb/debian/openssh-server@1%3A9.2p1?arch=amd64", Some("sshd")),
            ("pkg:deb/debian/openssh-client@1:9.2p1", None),
            ("pkg:rpm/fedora/openssh-server@9.9p1-1", Some("sshd")),
            ("pkg:rpm/fedora/openssh@9.9p1-1", None),
            ("pkg:rpm/redhat/openssh-clients@9.9p1-1", None),
            ("pkg:rpm/opensuse.leap/openssh@8.4p1", Some("sshd")),
            ("pkg:rpm/sles/openssh@8.4p1", Some("sshd")),
            ("pkg:rpm/openssh@8.4p1", Some("sshd")),
            ("pkg:apk/alpine/openssh@9.7_p1-r0", Some("sshd")),
            ("pkg:apk/alpine/openssh-server-pam@9.7_p1-r0", Some("sshd")),
            ("pkg:apk/alpine/openssh-client-default@9.7_p1-r0", None),
            ("pkg:alpm/arch/openssh@9.7p1-1", Some("sshd")),
            ("pkg:deb/debian/dropbear-bin@2022.83", Some("sshd")),
            ("pkg:deb/debian/tinysshd@20190101", Some("sshd")),
            ("pkg:npm/openssh@1.0.0", None),
        ] {
            assert_eq!(package("as listed", purl).login_path(), expected, "{purl}");
        }
        assert_eq!(Package::of("openssh", None, None).login_path(), Some("sshd"), "where nothing is said");
    }

    #[test]
    fn sudo_and_agents_count_as_packages_of_a_system_only() {
        for (purl, expected) in [
            ("pkg:deb/debian/sudo@1.9.13p3", Some("sudo")),
            ("pkg:apk/alpine/doas@6.8.2-r7", Some("sudo")),
            ("pkg:npm/sudo@1.0.3", None),
            ("pkg:pypi/salt-minion@1", None),
            ("pkg:golang/github.com/gravitational/teleport@v15", Some("agent")),
            ("pkg:golang/github.com/example/sudo@v1", None),
            ("pkg:rpm/redhat/WALinuxAgent@2.9", Some("agent")),
            ("pkg:deb/ubuntu/snapd@2.63", None),
        ] {
            assert_eq!(package("as listed", purl).login_path(), expected, "{purl}");
        }
    }

    #[test]
    fn only_a_whole_system_says_absent() {
        assert_eq!(state(&system(WHOLE_SYSTEM, true)), Some("absent"));
        assert_eq!(state(&system(WHOLE_SYSTEM - 1, true)), Some("unknown"), "too short");
        assert_eq!(state(&system(500, false)), Some("unknown"), "no base package");
        assert_eq!(state(&PackageList::default()), Some("unknown"), "empty");
    }

    #[test]
    fn libraries_do_not_make_a_system() {
        let mut list = system(1, true);
        (0..500).for_each(|number| list.note(&package("x", &format!("pkg:npm/x{number}@1"))));
        assert_eq!(state(&list), Some("unknown"));
        let (_, detail) = list.no_ssh_server().expect("none");
        assert!(detail.starts_with("no SSH server in the list of 501 packages (1 of the distribution)"), "{detail}");
    }

    #[test]
    fn a_gap_or_a_file_takes_absent_back() {
        let mut gap = system(100, true);
        gap.has_gap("an entry could not be read");
        assert_eq!(state(&gap), Some("unknown"));
        let mut file = system(100, true);
        file.note_file("usr/share/doc/sshd");
        file.note_file("etc/pam.d/sshd");
        assert_eq!(state(&file), Some("absent"));
        file.note_file("/usr/sbin/sshd");
        assert_eq!(state(&file), Some("unknown"));
    }

    #[test]
    fn a_server_that_is_there_is_not_said_to_be_missing() {
        let mut list = system(100, true);
        list.note(&package("openssh-server", "pkg:deb/debian/openssh-server@1"));
        assert_eq!(state(&list), None);
    }

    #[test]
    fn package_urls_are_taken_apart() {
        let purl = Purl::parse("pkg:oci/debian@sha256%3Aabcd?repository_url=ghcr.io/a@b").expect("a purl");
        assert_eq!((purl.kind, purl.name.as_ref(), purl.version.as_deref()), ("oci", "debian", Some("sha256:abcd")));
        let purl = Purl::parse("pkg:npm/%40scope/name@1.0").expect("a purl");
        assert_eq!((purl.namespace.as_deref(), purl.name.as_ref()), (Some("@scope"), "name"));
        let purl = Purl::parse("pkg:deb/debian/libstdc%2B%2B6@12%").expect("a purl");
        assert_eq!((purl.name.as_ref(), purl.version.as_deref()), ("libstdc++6", Some("12%")));
        assert!(Purl::parse("openssh-server").is_none() && Purl::parse("pkg:deb/").is_none() && Purl::parse("pkg:é%").is_none());
    }
}
