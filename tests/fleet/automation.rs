//! The account with which Ansible works on its hosts: in its runs, beside them, and borrowed by somebody.

use super::story::{AGENTS, ANSIBLE, Command, DAYS, Fleet, GROUPS, HOUR, MEMBERS, agent, db};
use super::work::ORDINARY;

/// Seconds that a run of the playbook takes.
pub(super) const TOOK: i64 = 600;
/// Seconds before and after a run that belong to it, as the configuration says.
const WITHIN: i64 = 120;
/// Why what the account did is not explained.
pub(super) const VERDICTS: [&str; 3] = ["no_run", "borrowed_account", "no_change"];
/// The first member whose runs are never left out.
const FIRST: usize = 6;

/// Whether what tells of the runs of a group tells of their end only.
pub(super) fn ends_only(group: usize) -> bool {
    agent(group) == ANSIBLE && group >= 18
}

/// Beginning and end of the run that begins at a moment, as far as they are told.
fn told(group: usize, from: i64) -> (i64, i64) {
    (if ends_only(group) { from + TOOK } else { from }, from + TOOK)
}

impl Fleet {
    fn automated(&mut self, at: i64, group: usize, member: usize, terminal: bool) {
        let (host, actor, argv) = (db(group, member), "ansible".to_owned(), ORDINARY[0].to_owned());
        self.commands.push(Command { at, host, group, actor, argv, accepted: true, terminal, event: String::new() });
    }

    pub(super) fn automate(&mut self) {
        assert_eq!(AGENTS - 1, ANSIBLE);
        let groups: Vec<usize> = (0..GROUPS).filter(|group| agent(*group) == ANSIBLE).collect();
        let begins: Vec<i64> = (0..2 * DAYS).map(|place| self.start + place * 12 * HOUR + 3 * HOUR).collect();
        for group in groups.clone() {
            for from in begins.clone() {
                let (from, to) = told(group, from);
                for member in FIRST..MEMBERS {
                    let at = match self.random.below(6) {
                        0 => from - WITHIN,
                        1 => to + WITHIN,
                        2 => from,
                        3 => to,
                        _ => from + self.random.seconds(to - from + 1),
                    };
                    self.automated(at, group, member, false);
                }
            }
        }
        for number in 0..24 {
            // Each of them happens to each group.
            let group = groups[number / 4 % groups.len()];
            let (from, to) = told(group, *self.random.of(&begins));
            let member = FIRST + self.random.below(MEMBERS - FIRST);
            let (at, verdict) = match number % 4 {
                0 => (from - WITHIN - 1, "no_run"),
                1 => (to + WITHIN + 1, "no_run"),
                2 => (from + 2 * HOUR + self.random.seconds(HOUR), "no_run"),
                _ => (from + self.random.seconds(to - from + 1), "borrowed_account"),
            };
            self.automated(at, group, member, verdict == "borrowed_account");
            self.unexplained(at, group, member, verdict);
        }
        // The account is declared for other hosts.
        for group in [0, 13] {
            let at = begins[1] + 60;
            self.automated(at, group, FIRST, false);
            self.unexplained(at, group, FIRST, "no_change");
        }
    }
}
