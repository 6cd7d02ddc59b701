//! What starts in an image, and so whether what it holds for its boot counts: an init of a machine, or the command of a
//! container.
//!
//! Sources: bootup(7); the kernel's `init/main.c` (which program is init); the OCI image specification, `config.md`
//! (Entrypoint and Cmd); bootc's documentation (label `containers.bootc`).

use super::documents::Run;
use super::interest::LARGEST_SCRIPT;
use super::lookup::Text;
use super::shells::is_shell;
use super::tree::Tree;
use crate::redact::visible;
use crate::surface::{Finding, State, Tri};

/// Which init an image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Init {
    /// systemd.
    Systemd,
    /// Another one: SysV's, BusyBox's, OpenRC's, runit's, s6's.
    Other,
    /// None.
    None,
}

/// What is known of the start.
#[derive(Clone, Debug)]
pub(super) struct Boot {
    /// The init.
    pub(super) init: Init,
    /// Whether the image is one for containers.
    pub(super) container: bool,
    /// Whether a machine starts from it, as from a container image that is made for bootc.
    pub(super) machine: bool,
    /// Command of a container: entry point and its arguments.
    pub(super) command: Vec<String>,
    /// Path and text of the script that the command runs, where it is one.
    pub(super) script: Option<(String, String)>,
    /// Whether what the image holds for a boot of its init comes into effect.
    pub(super) boots: Tri,
}

/// Programs that only start another one.
const WRAPPERS: [&str; 8] = ["tini", "tini-static", "dumb-init", "catatonit", "gosu", "su-exec", "env", "exec"];

/// Programs that are the init of a machine.
const INITS: [&str; 5] = ["init", "systemd", "openrc-init", "runit", "runit-init"];

impl Boot {
    /// Of a root filesystem that a machine starts from.
    pub(super) fn of_machine(tree: &Tree) -> Self {
        let init = init(tree);
        // Without an init this is a part of something else.
        let boots = if init == Init::None { Tri::Unknown } else { Tri::Yes };
        Self { init, container: false, machine: true, command: Vec::new(), script: None, boots }
    }

    /// Of an image for containers.
    pub(super) fn of_container(tree: &Tree, run: Option<&Run>) -> Self {
        let part = |part: Option<&Vec<String>>| part.cloned().unwrap_or_default();
        let mut command = part(run.and_then(|run| run.entrypoint.as_ref()));
        command.extend(part(run.and_then(|run| run.cmd.as_ref())));
        let script = command.iter().find_map(|word| script(tree, word));
        let bootc = run.and_then(|run| run.labels.as_ref()).is_some_and(|labels| labels.contains_key("containers.bootc"));
        let init = init(tree);
        let first = command.iter().map(|word| name_of(word)).find(|name| !WRAPPERS.contains(name) && !name.starts_with('-'));
        let by_script =
            script.as_ref().is_some_and(|(_, text)| ["/sbin/init", "systemd/systemd"].iter().any(|init| text.contains(init)));
        let boots = match first {
            _ if init == Init::None => Tri::No,
            _ if bootc => Tri::Yes,
            Some(first) if INITS.contains(&first) => Tri::Yes,
            None => Tri::Unknown,
            Some(_) if by_script => Tri::Unknown,
            Some(_) => Tri::No,
        };
        Self { init, container: true, machine: bootc, command, script, boots }
    }

    /// The command in words, for the manifest: never its arguments, which may hold secrets.
    pub(super) fn words(&self) -> String {
        match (self.container, self.command.first()) {
            (false, _) if self.init == Init::None => "no init is in it".to_owned(),
            (false, _) => "its init starts it".to_owned(),
            (true, None) => "the image names no command".to_owned(),
            (true, Some(first)) => format!("the image's command is {}", visible(first)),
        }
    }

    /// A finding from a unit, as it counts here: only systemd reads units.
    pub(super) fn temper_unit(&self, finding: Finding) -> Finding {
        if self.init != Init::Other || finding.state <= State::Disabled {
            return self.temper(finding);
        }
        let detail = format!("{}; but the init of the image is not systemd", finding.detail);
        Finding { state: State::Disabled, detail, ..finding }
    }

    /// A finding from what the image holds for its boot, as it counts here.
    pub(super) fn temper(&self, finding: Finding) -> Finding {
        let (state, words) = match (self.boots, self.init) {
            (Tri::Yes, _) => return finding,
            (Tri::Unknown, Init::None) => {
                (State::Unknown, "the tree has no init, so that it is not known what starts it".to_owned())
            }
            (Tri::Unknown, _) => (State::Unknown, format!("it counts only where an init is started, and {}", self.words())),
            (Tri::No, Init::None) => (State::Disabled, "but the image has no init that would start it".to_owned()),
            (Tri::No, _) => (State::Disabled, format!("but no init starts it: {}", self.words())),
        };
        if finding.state <= State::Disabled {
            return finding;
        }
        Finding { state, detail: format!("{}; {words}", finding.detail), ..finding }
    }

    /// Whether the command names one of `programs`, or the script that it runs does: yes for the command, unknown for a
    /// script, which nobody ran.
    pub(super) fn starts(&self, programs: &[&str]) -> Tri {
        let in_command =
            self.command.iter().flat_map(|word| word.split_ascii_whitespace()).any(|word| programs.contains(&name_of(word)));
        let in_script = self.script.as_ref().is_some_and(|(_, text)| names_program(text, programs));
        match (in_command, in_script) {
            (true, _) => Tri::Yes,
            (false, true) => Tri::Unknown,
            (false, false) => Tri::No,
        }
    }
}

/// Whether a script names a program outside comments.
pub(super) fn names_program(text: &str, programs: &[&str]) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let mut words =
        lines.flat_map(|line| line.split(|character: char| character.is_whitespace() || ";&|()\"'`=$".contains(character)));
    words.any(|word| programs.contains(&name_of(word)))
}

/// The last name of a path in a command, without a dash that asks for a login shell.
pub(super) fn name_of(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

fn init(tree: &Tree) -> Init {
    let systemd = || tree.program(["/usr/lib/systemd/systemd", "/lib/systemd/systemd"]).is_some();
    match ["/sbin/init", "/usr/sbin/init", "/etc/init", "/bin/init", "/init"].iter().find_map(|path| tree.file(path)) {
        Some(found) if found.path.ends_with("/systemd") => Init::Systemd,
        Some(_) => Init::Other,
        None if systemd() => Init::Systemd,
        None => Init::None,
    }
}

/// The script at `word`, where it is an absolute path of one.
fn script(tree: &Tree, word: &str) -> Option<(String, String)> {
    let name = name_of(word);
    if !word.starts_with('/') || is_shell(name) || INITS.contains(&name) || WRAPPERS.contains(&name) {
        return None;
    }
    // Programs of machine code are of no use here, and are larger than scripts.
    tree.file(word).filter(|found| found.inode.size <= LARGEST_SCRIPT)?;
    match tree.text(word) {
        Text::Known(found, text) if text.starts_with("#!") => Some((found.path, text.into_owned())),
        _ => None,
    }
}
