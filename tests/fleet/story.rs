//! What happened: hosts, changes, commands, runs, scans, logins. It is made before a file is written, and whatever breaks a
//! control is written into the answer key in the same breath.

use std::collections::BTreeMap;

use super::incidents::Incident;
use super::merges::Merge;
use super::provenance::Attested;
use super::random::Random;
use super::requests::Request;
use super::scanners::Surface;

pub(super) const DAY: i64 = 86_400;
pub(super) const HOUR: i64 = 3_600;
/// Days of the period.
pub(super) const DAYS: i64 = 4;
/// Groups of stateful hosts, and hosts in each.
pub(super) const GROUPS: usize = 30;
pub(super) const MEMBERS: usize = 12;
/// Groups of immutable hosts, and hosts in each.
pub(super) const WEB_GROUPS: usize = 64;
pub(super) const WEB_MEMBERS: usize = 26;
/// Groups of immutable hosts whose hosts have names.
pub(super) const NAMED_GROUPS: usize = 62;
/// Groups with one change window a day; all others have two.
pub(super) const QUIET: [usize; 2] = [24, 26];

/// Which exceptions each control has to find: the resource and the second, where the story knows it.
#[derive(Default)]
pub(super) struct Key(pub(super) BTreeMap<&'static str, Vec<(String, Option<i64>)>>);

impl Key {
    pub(super) fn add(&mut self, control: &'static str, resource: &str, at: impl Into<Option<i64>>) {
        self.0.entry(control).or_default().push((resource.to_owned(), at.into()));
    }
}

pub(super) struct Host {
    pub(super) name: String,
    pub(super) group: usize,
    pub(super) stateful: bool,
    pub(super) class: &'static str,
    pub(super) roles: &'static str,
    pub(super) image: String,
    pub(super) launched: i64,
}

impl Host {
    /// Whether it is one of the immutable ones.
    pub(super) fn is_web(&self) -> bool {
        !self.stateful && self.class == "immutable"
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Clean,
    SelfApproved,
    Late,
    Unapproved,
    /// An emergency, approved within the limit, after its work.
    Emergency,
    /// An emergency, approved after the limit.
    EmergencyTooLate,
    Overrun,
    Early,
}

pub(super) struct Change {
    pub(super) id: String,
    /// 0 ServiceNow JSON (half of it with tables beside), 1 CSV, 2 XML, 3 Jira (half of it as CSV).
    pub(super) format: usize,
    pub(super) target: String,
    pub(super) kind: Kind,
    pub(super) starts: i64,
    pub(super) ends: i64,
    pub(super) opened: i64,
    pub(super) work: (i64, i64),
    pub(super) approved: Option<(String, i64)>,
    pub(super) requester: String,
    pub(super) assignee: String,
}

impl Change {
    pub(super) fn emergency(&self) -> bool {
        matches!(self.kind, Kind::Emergency | Kind::EmergencyTooLate)
    }
}

/// A window of a group: its change, and whether whatever happens in it is explained.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) group: usize,
    pub(super) day: i64,
    pub(super) evening: bool,
    pub(super) starts: i64,
    pub(super) ends: i64,
    pub(super) kind: Kind,
    pub(super) format: usize,
    pub(super) assignee: String,
    /// The number of its change.
    pub(super) change: String,
}

#[derive(Clone)]
pub(super) struct Command {
    pub(super) at: i64,
    pub(super) host: String,
    /// Of the file that it stands in.
    pub(super) group: usize,
    pub(super) actor: String,
    pub(super) argv: String,
    pub(super) accepted: bool,
    /// Whether it was typed at one.
    pub(super) terminal: bool,
    /// What sudo calls the event; made up where it is empty.
    pub(super) event: String,
}

pub(super) struct Run {
    pub(super) at: i64,
    pub(super) host: String,
    pub(super) group: usize,
    pub(super) drift: Vec<String>,
}

pub(super) struct Scan {
    pub(super) at: i64,
    pub(super) host: String,
    pub(super) group: usize,
    pub(super) changed: Vec<String>,
    /// When its file says that it was collected.
    pub(super) filed: i64,
}

pub(super) struct Ack {
    pub(super) host: String,
    pub(super) tool: &'static str,
    pub(super) target: String,
    pub(super) alarmed: Option<i64>,
    pub(super) at: i64,
}

pub(super) struct Login {
    pub(super) at: i64,
    pub(super) host: String,
    pub(super) actor: String,
    /// 0 syslog, 1 a dump of wtmp, 2 last, 3 wtmp itself, 4 lastlog, 5 Teleport, 6 the journal, 7 the jump host, 8 CloudTrail.
    pub(super) format: usize,
    /// When its file says that it was collected.
    pub(super) filed: i64,
}

pub(super) struct Build {
    pub(super) image: String,
    pub(super) at: i64,
    pub(super) change: Option<String>,
}

/// Kinds of agents that configure groups of hosts.
pub(super) const AGENTS: usize = 5;
/// The one that nobody runs on the host itself: Ansible, whose account works there.
pub(super) const ANSIBLE: usize = 4;

/// Which agent configures a group: 0 Puppet with PuppetDB, 1 Puppet with its own reports, 2 Chef, 3 Salt, 4 Ansible.
pub(super) fn agent(group: usize) -> usize {
    (group / 2) % AGENTS
}

/// A fleet over some days, and the answers.
pub(super) struct Fleet {
    pub(super) start: i64,
    pub(super) random: Random,
    pub(super) hosts: Vec<Host>,
    pub(super) slots: Vec<Slot>,
    pub(super) changes: Vec<Change>,
    pub(super) commands: Vec<Command>,
    pub(super) runs: Vec<Run>,
    pub(super) scans: Vec<Scan>,
    pub(super) acks: Vec<Ack>,
    pub(super) logins: Vec<Login>,
    pub(super) builds: Vec<Build>,
    /// Ways into images and hosts.
    pub(super) surfaces: Vec<Surface>,
    pub(super) incidents: Vec<Incident>,
    /// Hosts with a login that its incident explains.
    pub(super) tied: Vec<String>,
    pub(super) exempt: Vec<String>,
    /// Hosts whose exemption runs out after two days.
    pub(super) lapsed: Vec<String>,
    /// Groups of Elasticsearch that lose two of three masters before the second snapshot.
    pub(super) lost_quorum: Vec<usize>,
    /// Sudo files of groups that end in the middle of a record.
    pub(super) torn: Vec<usize>,
    pub(super) requests: Vec<Request>,
    pub(super) merges: Vec<Merge>,
    /// Images and what vouches for them.
    pub(super) attested: Vec<(String, Attested)>,
    /// What a second log says of events that the first one has, too.
    pub(super) copies: Vec<Command>,
    /// Commands that came through a gateway.
    pub(super) sent: Vec<Command>,
    /// Host and second of commands, and the word for why nothing explains them.
    pub(super) verdicts: Vec<(String, i64, &'static str)>,
    pub(super) key: Key,
}

/// The name of a stateful host.
pub(super) fn db(group: usize, member: usize) -> String {
    format!("db-{group:02}-{member:02}")
}

/// The name of an immutable host. The last groups scale by themselves, and nobody names their instances.
pub(super) fn web(group: usize, member: usize) -> String {
    if group < NAMED_GROUPS {
        format!("web-{group:02}-{member:02}")
    } else {
        format!("i-0{:016x}", 0x5eed_0000 + group * 100 + member)
    }
}

/// Whether a host is known by the id of its instance.
pub(super) fn is_instance_id(name: &str) -> bool {
    name.starts_with("i-0")
}

impl Fleet {
    /// The fleet of a seed, in days that begin at `start`.
    pub(super) fn new(seed: u64, start: i64) -> Self {
        let mut fleet = Self {
            start,
            random: Random::new(seed),
            hosts: Vec::new(),
            slots: Vec::new(),
            changes: Vec::new(),
            commands: Vec::new(),
            runs: Vec::new(),
            scans: Vec::new(),
            acks: Vec::new(),
            logins: Vec::new(),
            builds: Vec::new(),
            surfaces: Vec::new(),
            incidents: Vec::new(),
            tied: Vec::new(),
            sent: Vec::new(),
            exempt: Vec::new(),
            lapsed: Vec::new(),
            lost_quorum: Vec::new(),
            torn: Vec::new(),
            requests: Vec::new(),
            merges: Vec::new(),
            attested: Vec::new(),
            copies: Vec::new(),
            verdicts: Vec::new(),
            key: Key::default(),
        };
        fleet.people_and_hosts();
        fleet.images_and_logins();
        fleet.review();
        fleet.merge();
        fleet.attest();
        fleet.plan_changes();
        fleet.work();
        fleet.send_commands();
        fleet.configure();
        fleet.automate();
        fleet.watch();
        fleet.set_clocks();
        fleet.leave_unattested();
        fleet.commands.sort_by(|a, b| (a.group, a.at, &a.host).cmp(&(b.group, b.at, &b.host)));
        fleet
    }

    pub(super) fn end(&self) -> i64 {
        self.start + DAYS * DAY
    }

    /// What happened: commands, configuration runs, scans, logins, changes, builds, incidents.
    pub(super) fn events(&self) -> usize {
        let work = self.commands.len() + self.sent.len() + self.runs.len() + self.scans.len() + self.logins.len();
        work + self.changes.len() + self.requests.len() + self.merges.len() + self.builds.len() + self.incidents.len()
    }

    /// The slot of a group whose window holds a moment.
    pub(super) fn slot_at(&self, group: usize, at: i64) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.group == group && slot.starts <= at && at <= slot.ends)
    }

    /// Slots of groups with two windows a day, in which everything is as it should be.
    pub(super) fn clean_slots(&self) -> Vec<Slot> {
        self.slots.iter().filter(|slot| slot.kind == Kind::Clean && !QUIET.contains(&slot.group)).cloned().collect()
    }

    /// Slots of a group between two moments.
    pub(super) fn slots_between(&self, group: usize, from: i64, to: i64) -> Vec<&Slot> {
        self.slots.iter().filter(|slot| slot.group == group && slot.ends >= from && slot.starts <= to).collect()
    }
}
