//! What machines did: configuration runs, integrity scans, detectors.

use super::automation::{TOOK, ends_only};
use super::story::{ANSIBLE, Ack, DAY, DAYS, Fleet, GROUPS, HOUR, Kind, MEMBERS, QUIET, Run, Scan, agent, db};

/// The group whose scans run twice a day, before and after its only window.
const SCANNED_TWICE: usize = 26;
/// Groups whose scans also run between the windows of a day: one of AIDE, one of Tripwire.
const SCANNED_THRICE: [usize; 2] = [10, 15];

/// How the detector of a group is called, as the register of acknowledgements has it.
pub(super) fn detector(group: usize) -> &'static str {
    match group % 5 {
        0 if TRIPWIRE.contains(&group) => "tripwire",
        0 | 1 => "aide",
        2 => "wazuh",
        3 => "falco",
        _ => "osquery",
    }
}

/// Whether the scans of a group are reports of AIDE in text.
pub(super) fn in_text(group: usize) -> bool {
    group.is_multiple_of(5) && detector(group) == "aide"
}

/// Groups that Tripwire scans.
const TRIPWIRE: [usize; 2] = [10, 20];
/// Groups of which the same kind of file tells how their runs went.
const CARRIERS: [&[usize]; 8] = [
    &[0, 1, 10, 11, 20, 21],
    &[2, 3, 22, 23],
    &[12, 13],
    &[4, 5, 14, 15, 25],
    &[6, 7, 16, 17, 27],
    &[8, 9],
    &[18, 19],
    &[28, 29],
];
/// Groups of whose runs Puppet's summary is kept, which counts what was put back.
pub(super) const SUMMARISED: [usize; 2] = [12, 13];

impl Fleet {
    /// Whether something that was found at `to`, and was not there at `from`, is explained by a change of the group.
    fn explained(&self, group: usize, from: i64, to: i64) -> Option<bool> {
        let slots = self.slots_between(group, from, to);
        if slots.iter().any(|slot| slot.kind == Kind::Clean) {
            return Some(true);
        }
        // Changes with a flaw of their own are left to the tests of the controls.
        slots.is_empty().then_some(false)
    }

    pub(super) fn configure(&mut self) {
        // A host of each of some groups that no run reaches, and one of a group of each carrier that a run leaves out.
        let uncovered = self.random.several(&(0..GROUPS).filter(|group| !QUIET.contains(group)).collect::<Vec<_>>(), 4);
        let left_out = CARRIERS.map(|groups| *self.random.of(groups));
        for group in 0..GROUPS {
            for member in 0..MEMBERS {
                if member == 3 && uncovered.contains(&group) {
                    self.key.add("CONFIG-02", &db(group, member), None);
                    continue;
                }
                let skipped = (member == 4 && left_out.contains(&group)).then(|| 1 + self.random.below(6) as i64);
                let mut before = None;
                for place in 0..2 * DAYS {
                    // A playbook reaches all hosts of its group in one run.
                    let turn = match agent(group) {
                        ANSIBLE if ends_only(group) => TOOK,
                        ANSIBLE => 0,
                        _ => 120 * member as i64,
                    };
                    let at = self.start + place * 12 * HOUR + 3 * HOUR + turn;
                    if skipped == Some(place) {
                        self.key.add("CONFIG-01", &db(group, member), before);
                        continue;
                    }
                    let mut drift = Vec::new();
                    if let (Some(from), 0 | 1) = (before, agent(group))
                        && self.random.below(12) == 0
                        && let Some(explained) = self.explained(group, from, at)
                        && (explained || !SUMMARISED.contains(&group))
                    {
                        drift.push(format!("/etc/quill/{place}.conf"));
                        if !explained {
                            self.key.add("CONFIG-03", &db(group, member), at);
                        }
                    }
                    self.runs.push(Run { at, host: db(group, member), group, drift });
                    before = Some(at);
                }
            }
        }
    }

    pub(super) fn watch(&mut self) {
        let scanned: Vec<usize> = (0..GROUPS).filter(|group| group % 5 < 2).collect();
        let others: Vec<usize> =
            scanned.iter().copied().filter(|group| !QUIET.contains(group) && !TRIPWIRE.contains(group)).collect();
        let mut late = self.random.several(&others, 3);
        late.push(TRIPWIRE[0]);
        for group in scanned {
            let hours: &[i64] = match group {
                SCANNED_TWICE => &[6, 12],
                _ if SCANNED_THRICE.contains(&group) => &[6, 12, 18],
                _ => &[6],
            };
            for member in 0..MEMBERS {
                let mut before = None;
                for (day, hour) in (0..DAYS).flat_map(|day| hours.iter().map(move |hour| (day, *hour))) {
                    let at = self.start + day * DAY + hour * HOUR + 60 * member as i64;
                    let host = db(group, member);
                    if member == 5 && late.contains(&group) && day == 1 {
                        if hour == 6 {
                            self.key.add("ALARM-01", &host, before);
                        }
                        continue;
                    }
                    let mut changed = Vec::new();
                    if let Some(from) = before
                        && day < 3
                        && self.random.below(6) == 0
                        && let Some(explained) = self.explained(group, from, at)
                    {
                        let target = format!("/etc/quill/{day}-{hour}.yml");
                        self.raise(&host, group, &target, at, explained);
                        changed.push(target);
                    }
                    self.scans.push(Scan { at, host, group, changed, filed: at });
                    before = Some(at);
                }
            }
        }
        for group in (0..GROUPS).filter(|group| group % 5 >= 2) {
            for number in 0..8 {
                let host = db(group, self.random.below(MEMBERS));
                let hour = if number < 3 { 8 } else { 12 };
                let at = self.start + (number % 3) * DAY + hour * HOUR + 60 + self.random.seconds(HOUR);
                let explained = match self.slot_at(group, at) {
                    Some(slot) if slot.kind == Kind::Clean => true,
                    Some(_) => continue,
                    None => false,
                };
                let target = format!("/etc/quill/live-{number}.yml");
                self.raise(&host, group, &target, at, explained);
                self.scans.push(Scan { at, host, group, changed: vec![target], filed: at });
            }
        }
    }

    /// An alarm: explained by a change, or acknowledged in time, late, or never.
    fn raise(&mut self, host: &str, group: usize, target: &str, at: i64, explained: bool) {
        if explained {
            return;
        }
        let ack = |at_ack| Ack {
            host: host.to_owned(),
            tool: detector(group),
            target: target.to_owned(),
            alarmed: Some(at),
            at: at_ack,
        };
        match self.random.below(3) {
            0 => self.acks.push(ack(at + 5 * HOUR)),
            1 => {
                self.acks.push(ack(at + 20 * HOUR));
                self.key.add("ALARM-03", host, at);
            }
            _ => {
                self.key.add("ALARM-02", host, at);
                self.key.add("ALARM-03", host, at);
            }
        }
    }
}
