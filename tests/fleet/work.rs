//! Changes, and what people did with sudo.

use std::collections::BTreeSet;

use super::people::{engineer, other_account};
use super::story::{Ack, Change, Command, DAY, DAYS, Fleet, GROUPS, HOUR, Kind, MEMBERS, QUIET, Slot, db};

pub(super) const ORDINARY: [&str; 5] = [
    "/usr/bin/systemctl restart quill",
    "/usr/bin/apt-get -y install jq",
    "/usr/sbin/reboot",
    "/usr/bin/cat /etc/shadow",
    "/usr/bin/chmod 0640 /etc/quill.yml",
];

/// The host of each group on which the person goes by another name.
const OTHER_NAME: usize = 7;

impl Fleet {
    pub(super) fn plan_changes(&mut self) {
        let mut number = 30_000;
        for day in 0..DAYS {
            for evening in [false, true] {
                for group in (0..GROUPS).filter(|group| !(evening && QUIET.contains(group))) {
                    let starts = self.start + day * DAY + if evening { 20 } else { 8 } * HOUR;
                    let format = (group / 4) % 4;
                    let kind = self.kind(group, day, format);
                    number += 1;
                    let assignee = engineer(group);
                    let (ends, change) = (starts + 2 * HOUR, String::new());
                    let mut slot = Slot { group, day, evening, starts, ends, kind, format, assignee, change };
                    slot.change = self.change(number, &slot);
                    self.slots.push(slot);
                }
            }
        }
        // Carried out by their records, though nothing on their hosts shows it.
        for group in self.random.several(&[1, 2, 5, 9, 17, 18], 3) {
            number += 1;
            let starts = self.start + DAY + 16 * HOUR;
            let (assignee, kind) = ("ghost".to_owned(), Kind::Clean);
            let (ends, change) = (starts + HOUR, String::new());
            let slot = Slot { group, day: 1, evening: false, starts, ends, kind, format: 0, assignee, change };
            let id = self.change(number, &slot);
            self.key.add("CHANGE-06", &id, starts);
        }
        self.gaps_in_the_numbers();
    }

    fn kind(&mut self, group: usize, day: i64, format: usize) -> Kind {
        let kind = match self.random.below(40) {
            0 => Kind::SelfApproved,
            1 => Kind::Late,
            2 if format != 3 => Kind::Unapproved,
            3 if day < DAYS - 1 => Kind::Emergency,
            4 | 5 if day == 0 => Kind::EmergencyTooLate,
            6 if format != 3 => Kind::Overrun,
            7 if format != 3 => Kind::Early,
            _ => Kind::Clean,
        };
        // At least these, whose numbers are odd and even by turns, so that each carrier has some.
        match group {
            _ if QUIET.contains(&group) => Kind::Clean,
            0 | 1 | 4 | 8 | 12 | 13 if day == 1 => Kind::Late,
            // By people of each of the registers.
            2 | 3 | 10 | 20 if day == 1 => Kind::SelfApproved,
            _ => kind,
        }
    }

    fn change(&mut self, number: usize, slot: &Slot) -> String {
        let id = if slot.format == 3 { format!("OPS-{number}") } else { format!("CHG{number:07}") };
        let other = format!("apr{:02}", self.random.below(10));
        let before = slot.starts - HOUR - self.random.seconds(4 * HOUR);
        let approved = match slot.kind {
            Kind::SelfApproved => Some((other_account(slot.group), before)),
            Kind::Late => Some((other, slot.ends - 600)),
            Kind::Unapproved => None,
            Kind::Emergency => Some((other, slot.starts + 10 * HOUR)),
            Kind::EmergencyTooLate => Some((other, slot.starts + 60 * HOUR)),
            _ => Some((other, before)),
        };
        let work = match slot.kind {
            Kind::Overrun => (slot.starts, slot.ends + HOUR),
            Kind::Early => (slot.starts - 1800, slot.ends),
            _ => (slot.starts, slot.ends),
        };
        match slot.kind {
            Kind::SelfApproved => self.key.add("CHANGE-02", &id, None),
            Kind::Late | Kind::Unapproved => self.key.add("CHANGE-01", &id, None),
            Kind::EmergencyTooLate => {
                self.key.add("CHANGE-01", &id, None);
                self.key.add("CHANGE-04", &id, None);
            }
            Kind::Overrun | Kind::Early => self.key.add("CHANGE-03", &id, None),
            Kind::Clean | Kind::Emergency => {}
        }
        self.changes.push(Change {
            id: id.clone(),
            format: slot.format,
            target: format!("grp-{:02}", slot.group),
            kind: slot.kind,
            starts: slot.starts,
            ends: slot.ends,
            opened: slot.starts - 6 * HOUR,
            work,
            approved,
            requester: format!("req{:02}", self.random.below(10)),
            assignee: slot.assignee.clone(),
        });
        id
    }

    /// Numbers that the desk gave out and nobody exported. Those of Jira are of another sequence.
    fn gaps_in_the_numbers(&mut self) {
        let numbers: Vec<(usize, i64)> = self
            .changes
            .iter()
            .filter_map(|change| Some((change.id.strip_prefix("CHG")?.parse().ok()?, change.opened)))
            .collect();
        for pair in numbers.windows(2) {
            let [(before, _), (number, opened)] = pair else { continue };
            if number - before > 1 && *opened >= self.start {
                self.key.add("CHANGE-05", &format!("CHG{number:07}"), *opened);
            }
        }
    }

    pub(super) fn command(&mut self, at: i64, group: usize, member: usize, actor: &str, argv: &str) {
        let (host, actor, argv) = (db(group, member), actor.to_owned(), argv.to_owned());
        self.commands.push(Command { at, host, group, actor, argv, accepted: true, terminal: true, event: String::new() });
    }

    /// A command that nothing explains, with the word for why.
    pub(super) fn unexplained(&mut self, at: i64, group: usize, member: usize, verdict: &'static str) {
        self.key.add("SUDO-02", &db(group, member), at);
        self.verdicts.push((db(group, member), at, verdict));
    }

    fn violation(&mut self, at: i64, group: usize, member: usize, actor: &str) {
        let shell = self.random.below(4) == 0;
        let argv = if shell { "/bin/bash" } else { *self.random.of(&ORDINARY) };
        self.command(at, group, member, actor, argv);
        self.key.add("SUDO-02", &db(group, member), at);
        if shell {
            self.key.add("SUDO-04", &db(group, member), at);
        }
    }

    pub(super) fn work(&mut self) {
        let silent = self.silent_hosts();
        for slot in self.slots.clone() {
            for member in 0..MEMBERS {
                let place = slot.day * 2 + i64::from(slot.evening);
                if silent.contains(&(slot.group, member)) && (2..5).contains(&place) {
                    continue;
                }
                // Where there is one window a day, the moment is the same each day, so that no silence is longer than one.
                let at = slot.starts
                    + if QUIET.contains(&slot.group) { 60 * member as i64 + 300 } else { self.random.seconds(100 * 60) };
                // One host of each group is worked on under the person's other name.
                let actor = if member == OTHER_NAME { other_account(slot.group) } else { slot.assignee.clone() };
                let unexplained = matches!(slot.kind, Kind::SelfApproved | Kind::Late | Kind::Unapproved);
                if unexplained {
                    self.violation(at, slot.group, member, &actor);
                } else {
                    let argv =
                        if self.random.below(20) == 0 { "/usr/bin/vim /etc/quill.yml" } else { *self.random.of(&ORDINARY) };
                    self.command(at, slot.group, member, &actor, argv);
                }
                if silent.contains(&(slot.group, member)) && place == 1 {
                    self.key.add("SUDO-01", &db(slot.group, member), at);
                }
            }
        }
        self.strays(&silent);
        self.name_numbers();
        self.refusals(&silent);
        self.torn = self.random.several(&(0..GROUPS).filter(|group| group % 6 == 1).collect::<Vec<_>>(), 2);
        self.key.add("EVIDENCE-01", "auth/jump-host.jsonl", None);
        for group in self.torn.clone() {
            self.key.add("EVIDENCE-01", &format!("sudo/grp-{group:02}.jsonl"), None);
        }
    }

    /// Hosts whose log is silent for three windows.
    fn silent_hosts(&mut self) -> BTreeSet<(usize, usize)> {
        let groups: Vec<usize> = (0..GROUPS).filter(|group| !QUIET.contains(group)).collect();
        self.random.several(&groups, 8).into_iter().map(|group| (group, 0)).collect()
    }

    /// Commands that no change explains, and some at the edges of a window.
    fn strays(&mut self, silent: &BTreeSet<(usize, usize)>) {
        let slots = self.clean_slots();
        let free = |group: usize, member: usize| !silent.contains(&(group, member));
        for number in 0..60 {
            let slot = self.random.of(&slots).clone();
            let (group, member) = (slot.group, 1 + self.random.below(MEMBERS - 1));
            if !free(group, member) {
                continue;
            }
            match number % 3 {
                0 => {
                    let at = slot.starts + self.random.seconds(HOUR);
                    self.violation(at, group, member, &format!("wrg{number:02}"));
                }
                1 => {
                    let at = slot.ends + 90 * 60 + self.random.seconds(HOUR / 2);
                    self.violation(at, group, member, &slot.assignee);
                }
                _ => {
                    let stranger = engineer((group + 1) % GROUPS);
                    let at = slot.starts + self.random.seconds(HOUR);
                    self.violation(at, group, member, &stranger);
                }
            }
        }
        // Somebody else within a window of each group, so that each carrier has one.
        for group in 0..GROUPS {
            let slot = self.slots.iter().find(|slot| slot.group == group && slot.day > 1 && slot.kind == Kind::Clean).cloned();
            let Some(slot) = slot else { continue };
            let at = slot.starts + self.random.seconds(HOUR);
            self.violation(at, group, 9, "visitor");
        }
        for slot in self.random.several(&slots, 12) {
            let assignee = slot.assignee.clone();
            self.command(slot.starts, slot.group, 1, &assignee, ORDINARY[0]);
            self.command(slot.ends, slot.group, 1, &assignee, ORDINARY[0]);
            self.violation(slot.starts - 1, slot.group, 1, &assignee);
            self.violation(slot.ends + 1, slot.group, 1, &assignee);
        }
        // A number that no record has.
        for (number, slot) in self.random.several(&slots, 3).into_iter().enumerate() {
            let (id, at) = (format!("CHG0999{number:03}"), slot.starts + 77);
            self.command(at, slot.group, 2, &slot.assignee, &format!("/usr/bin/logger {id}"));
            self.key.add("CHANGE-06", &id, at);
            self.unexplained(at, slot.group, 2, "unknown_change");
        }
        // A host that no inventory knows.
        let (at, host) = (self.start + DAY + 12 * HOUR, "rogue-1".to_owned());
        let (actor, argv) = ("eng03".to_owned(), ORDINARY[0].to_owned());
        let event = String::new();
        self.commands.push(Command { at, host, group: 3, actor, argv, accepted: true, terminal: true, event });
        self.key.add("FLEET-01", "rogue-1", None);
    }

    /// Refused attempts, some followed up in time, some late, some never.
    fn refusals(&mut self, silent: &BTreeSet<(usize, usize)>) {
        for number in 0..45 {
            let (group, member) = (self.random.below(GROUPS), 1 + self.random.below(MEMBERS - 1));
            if silent.contains(&(group, member)) {
                continue;
            }
            let at = self.start + HOUR + self.random.seconds(2 * DAY);
            let (host, actor) = (db(group, member), format!("rej{number:02}"));
            let ack = |at| Ack { host: host.clone(), tool: "sudo", target: actor.clone(), alarmed: None, at };
            match number % 3 {
                0 => self.acks.push(ack(at + 20 * HOUR)),
                1 => {
                    self.acks.push(ack(at + 30 * HOUR));
                    self.key.add("SUDO-03", &host, at);
                }
                _ => self.key.add("SUDO-03", &host, at),
            }
            let argv = ORDINARY[3].to_owned();
            let event = String::new();
            self.commands.push(Command { at, host, group, actor, argv, accepted: false, terminal: true, event });
        }
    }
}
