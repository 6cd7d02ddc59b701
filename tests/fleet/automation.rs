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
                for member in FIRST..MEMBERS {
                    let at = match self.random.below(6) {
                        0 => from - WITHIN,
                        1 => from + TOOK + WITHIN,
                        2 => from,
                        3 => from + TOOK,
                        _ => from + self.random.seconds(TOOK),
                    };
                    self.automated(at, group, member, false);
                }
            }
        }
        for number in 0..24 {
            let (group, from) = (*self.random.of(&groups), *self.random.of(&begins));
            let member = FIRST + self.random.below(MEMBERS - FIRST);
            let (at, verdict) = match number % 4 {
                0 => (from - WITHIN - 1, "no_run"),
                1 => (from + TOOK + WITHIN + 1, "no_run"),
                2 => (from + 2 * HOUR + self.random.seconds(HOUR), "no_run"),
                _ => (from + self.random.seconds(TOOK), "borrowed_account"),
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
