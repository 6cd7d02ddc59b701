//! Inspect: an image, or the root filesystem of a machine, to a manifest of every way to log in.
//!
//! Parts are found where they lie (`store`), one image is chosen (`documents`, `choice`), its layers are put over each other
//! in memory (`layers`, `folder`, `archive` into `tree`), and each question is answered from the tree by a file of its own
//! (`ssh_servers`, `units`, `accounts` …). Layers are never written out; of content only what `interest` names is kept.
//! What a setting means is known to [`crate::surface`].
//!
//! A state says what the files say. Nobody started the image: `absent` means that nothing was found where it was looked,
//! and where not all could be looked at, what seems absent or closed is `unknown` instead.
//!
//! To add a question: a file here with `findings(&Facts) -> Vec<Finding>`, its `mod` line, its line in `answers`, and its
//! files in `interest`.

#![warn(clippy::indexing_slicing)]

mod accounts;
mod agents;
mod archive;
mod authorized_keys;
mod boot;
mod choice;
mod cloud_init;
mod consoles;
mod decoded;
mod digest;
mod documents;
mod error;
mod facts;
mod folder;
mod interest;
mod layers;
mod limits;
mod lookup;
mod manifest;
mod privilege;
mod services;
mod shells;
mod ssh_servers;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod unit_files;
mod units;

use std::collections::BTreeSet;
use std::path::Path;

pub use error::InspectError;
pub use manifest::Manifest;

use boot::Boot;
use choice::{Image, Wish};
use facts::Facts;
use interest::Interest;
use layers::Done;
use limits::Limits;
use store::{Opened, Store};
use tree::{Place, Tree};

use crate::facts::{Micros, parse_rfc3339};
use crate::surface::{Finding, State};

/// Rounds of reading: one, and more where files point at others in places that nobody expects.
const MOST_ROUNDS: usize = 4;

/// What is to be inspected, and what the image itself cannot say.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// OCI layout, output of `docker save`, or root filesystem: a folder or a tar archive, packed or not.
    pub image: &'a Path,
    /// Id by which inventories name the image; its digest where nothing is given.
    pub id: Option<&'a str>,
    /// Name for people.
    pub name: Option<&'a str>,
    /// Which image, where there are several: a tag or a digest.
    pub reference: Option<&'a str>,
    /// Which platform, where there are several: `os/architecture`, or with a variant.
    pub platform: Option<&'a str>,
    /// When the image was as it is, in RFC 3339; the time of its making where nothing is given and the image says it.
    pub observed_at: Option<&'a str>,
}

/// What was read, however it was stored.
struct Subject {
    kind: &'static str,
    image: Option<Image>,
    layers: Vec<Done>,
    tree: Tree,
}

/// What the questions gave.
struct Answers {
    login_paths: Vec<Finding>,
    privilege: Vec<Finding>,
    limits: Limits,
    command: Option<String>,
}

/// Inspects an image.
///
/// # Errors
/// Where it cannot be read, is damaged, is not clear which one is meant, or where it does not say what must be said.
pub fn inspect(request: &Request<'_>) -> Result<Manifest, InspectError> {
    let given = request.observed_at.map(observed).transpose()?;
    let opened = store::open(request.image)?;
    if matches!(opened, Opened::Folder) && request.id.or(request.name).is_none() {
        return Err(InspectError::unsaid(request.image, NO_ID));
    }
    let wish = Wish { reference: request.reference, platform: request.platform };
    let chosen = match &opened {
        Opened::Parts(store) => Some(choice::choose(store, wish)?),
        Opened::Archive | Opened::Folder => None,
    };
    let observed_at = match given.or_else(|| chosen.as_ref().and_then(made_at)) {
        Some(instant) => instant,
        None => return Err(InspectError::unsaid(request.image, NO_TIME)),
    };
    let day = observed_at.0.div_euclid(86_400_000_000);
    let mut also = BTreeSet::new();
    let mut round = 1;
    let (subject, answers) = loop {
        let subject = read(&opened, request.image, chosen.as_ref(), &also)?;
        let mut answers = answers(&subject, day);
        let wanted: BTreeSet<Place> = subject.tree.wanted.take().difference(&also).copied().collect();
        if wanted.is_empty() {
            break (subject, answers);
        }
        if round == MOST_ROUNDS {
            answers.limits.note("content-not-reached", format!("{} file(s)", wanted.len()));
            break (subject, answers);
        }
        also.extend(wanted);
        round += 1;
    };
    Ok(manifest::manifest(request, observed_at, &subject, &answers))
}

/// What to say where nothing names the image.
const NO_ID: &str = "a folder has no digest to be named by: give --id with the id by which the inventory names the image (for example \
                     ami-0a1b2c3d), or --name";
/// What to say where no time is known.
const NO_TIME: &str = "the image does not say when it was made (or says a time that no image was made at, as reproducible builds do): give \
                       --observed-at with the time at which it was built or fetched, for example 2026-08-14T09:40:00Z";
/// 2000-01-01: nobody made an image before; builds that are to be the same each time say 1970 or 1980.
const FIRST_IMAGE: Micros = Micros(946_684_800_000_000);

fn observed(stamp: &str) -> Result<Micros, InspectError> {
    let wrong =
        || InspectError::Option(format!("--observed-at {stamp}: give a time with its offset, for example 2026-08-14T09:40:00Z"));
    parse_rfc3339(stamp).ok_or_else(wrong)
}

fn made_at(image: &Image) -> Option<Micros> {
    parse_rfc3339(image.config.created.as_deref()?).filter(|instant| *instant >= FIRST_IMAGE)
}

/// Reads every layer once.
fn read(opened: &Opened, path: &Path, image: Option<&Image>, also: &BTreeSet<Place>) -> Result<Subject, InspectError> {
    let mut interest = Interest::new(also, image.map(commands).unwrap_or_default());
    Ok(match (opened, image) {
        (Opened::Parts(store), Some(image)) => {
            let (tree, layers) = layers::image(store, image, &mut interest)?;
            Subject { kind: kind_of(store)?, image: Some(image.clone()), layers, tree }
        }
        (Opened::Folder, _) => {
            let tree = folder::read(path, &mut interest)?;
            Subject { kind: "root filesystem in a folder", image: None, layers: Vec::new(), tree }
        }
        _ => {
            let (tree, layer) = layers::archive(path, &mut interest)?;
            Subject { kind: "root filesystem in an archive", image: None, layers: vec![layer], tree }
        }
    })
}

fn kind_of(store: &Store) -> Result<&'static str, InspectError> {
    Ok(if store.has("index.json")? { "OCI layout" } else { "docker save" })
}

/// The words of a container's command that are paths: scripts among them are read.
fn commands(image: &Image) -> BTreeSet<Vec<u8>> {
    let run = image.config.config.as_ref();
    let words = [run.and_then(|run| run.entrypoint.as_ref()), run.and_then(|run| run.cmd.as_ref())];
    let words = words.into_iter().flatten().flatten();
    words.filter_map(|word| word.strip_prefix('/')).map(|path| path.as_bytes().to_vec()).collect()
}

/// Asks every question.
fn answers(subject: &Subject, day: i64) -> Answers {
    let tree = &subject.tree;
    let run = subject.image.as_ref().map(|image| image.config.config.as_ref());
    let boot = match run {
        Some(run) => Boot::of_container(tree, run),
        None => Boot::of_machine(tree),
    };
    let facts = Facts::gather(tree, &boot, Some(day));
    let all_accounts = accounts::AllAccounts::read(&facts);
    let (settings, _) = ssh_servers::settings(&facts);
    let keys = authorized_keys::Keys::read(&facts, &settings, &all_accounts);

    let units = units::findings(&facts);
    let mut login_paths = ssh_servers::findings(&facts, &units);
    login_paths.extend(agents::findings(&facts, &units));
    login_paths.extend(units.into_iter().map(|finding| rescue(finding, &all_accounts)));
    login_paths.extend(units::openings(&facts));
    login_paths.extend(consoles::findings(&facts));
    login_paths.extend(accounts::findings(&facts, &all_accounts, &keys));
    login_paths.extend(keys.findings());
    login_paths.extend(cloud_init::findings(&facts));
    login_paths.extend(shells::findings(&facts));
    complete(&mut login_paths, &keys);
    doubt_what_is_closed(&mut login_paths, tree);

    let mut limits = tree.limits.clone();
    limits.add(&tree.notes.borrow());
    if let Some(image) = subject.image.as_ref().filter(|image| !image.others.is_empty()) {
        limits.note("platform-chosen", format!("{} of {}", image.config.platform, image.others.join(", ")));
    }
    if boot.boots != crate::surface::Tri::No {
        limits.note("command-line-not-seen", "only files of the image were looked at");
    }
    let command = boot.container.then(|| boot.words());
    Answers { login_paths, privilege: privilege::findings(&facts), limits, command }
}

/// The rescue shell asks for root's password: without one it refuses.
fn rescue(mut finding: Finding, accounts: &accounts::AllAccounts) -> Finding {
    let asks = finding.login_path == "rescue_shell" && finding.state == State::Unknown;
    if asks && accounts.root_has_password() == Some(false) {
        finding.state = State::Disabled;
        finding.detail.push_str("; it asks for root's password, and root has none");
    }
    finding
}

/// Makes a statement on every way to log in that must be spoken of, and where it was looked.
fn complete(findings: &mut Vec<Finding>, keys: &authorized_keys::Keys) {
    let looked: [(&'static str, String); 8] = [
        ("sshd", "no program of an SSH server (sshd, dropbear, tinysshd, lshd, wolfsshd) lies anywhere in the image".to_owned()),
        (
            "ssh_socket",
            "no unit for an SSH socket, no systemd-ssh-generator beside a server, no SSH server under inetd".to_owned(),
        ),
        ("getty", "no unit, inittab or service of the image starts a login on a virtual console".to_owned()),
        ("serial_getty", "no unit, inittab or service of the image starts a login on a serial console".to_owned()),
        ("account", "no file of accounts: /etc/passwd, /usr/lib/passwd and /usr/etc/passwd are not there".to_owned()),
        ("authorized_key", keys.words()),
        ("agent", agents::words()),
        (
            "debug_shell",
            "no debug-shell.service; neither inittab nor a kernel command line in the image opens a shell".to_owned(),
        ),
    ];
    for (login_path, words) in looked {
        if findings.iter().all(|finding| finding.login_path != login_path) {
            findings.push(Finding { login_path, state: State::Absent, detail: words, origin: None });
        }
    }
}

/// Where something of the image was not looked at, nothing counts as closed: what opens it may be just there.
fn doubt_what_is_closed(findings: &mut [Finding], tree: &Tree) {
    if !tree.limits.hide_something() {
        return;
    }
    for finding in findings.iter_mut().filter(|finding| finding.state <= State::Disabled) {
        finding.state = State::Unknown;
        finding.detail.push_str("; but not all of the image could be looked at (see the limits)");
    }
}
