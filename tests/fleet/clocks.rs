//! Clocks that disagree: files that speak of what came after they were collected, and events that two logs date apart.

use super::machines::in_text;
use super::random::compact;
use super::story::{Command, Fleet, HOUR, MEMBERS, db};
use super::work::ORDINARY;

impl Fleet {
    pub(super) fn set_clocks(&mut self) {
        // Scans that ended after their file was collected: some by more than is tolerated.
        let texts: Vec<usize> = (0..self.scans.len()).filter(|at| in_text(self.scans[*at].group)).collect();
        for (number, at) in self.random.several(&texts, 6).into_iter().enumerate() {
            let scan = &mut self.scans[at];
            scan.filed = scan.at - if number.is_multiple_of(2) { 900 } else { 200 };
            if number.is_multiple_of(2) {
                self.key.add("EVIDENCE-02", &format!("aide/{}/{}.txt", scan.host, compact(scan.filed)), None);
            }
        }
        let dumps: Vec<usize> = (0..self.logins.len()).filter(|at| (1..=4).contains(&self.logins[*at].format)).collect();
        for at in self.random.several(&dumps, 3) {
            let login = &mut self.logins[at];
            login.filed = login.at - HOUR;
            let (folder, ending) = [("wtmp", "txt"), ("last", "txt"), ("wtmp", "wtmp"), ("lastlog", "txt")][login.format - 1];
            let path = format!("{folder}/{}/{}.{ending}", login.host, compact(login.filed));
            self.key.add("EVIDENCE-02", &path, None);
        }
        self.copy_events();
    }

    /// Events that the host and the central log have both: at the same second, some seconds apart, ten minutes apart.
    fn copy_events(&mut self) {
        let slots: Vec<_> = self.clean_slots().into_iter().filter(|slot| slot.group % 6 == 1).collect();
        let mut used = Vec::new();
        for (number, slot) in self.random.several(&slots, 9).into_iter().enumerate() {
            let (group, member) = (slot.group, 1 + self.random.below(MEMBERS - 1));
            if used.contains(&(group, member)) {
                continue;
            }
            used.push((group, member));
            let (at, host) = (slot.starts + 300, db(group, member));
            let apart = [0, 20, 600][number % 3];
            if apart > 300 {
                self.key.add("EVIDENCE-02", &host, at + apart);
            }
            let command = Command {
                at,
                host,
                group,
                actor: slot.assignee.clone(),
                argv: ORDINARY[number % ORDINARY.len()].to_owned(),
                accepted: true,
                terminal: true,
                event: format!("00c0ffee{number:02}-0001-4a1e-9c7e-{group:010x}"),
            };
            self.copies.push(Command { at: at + apart, ..command.clone() });
            self.commands.push(command);
        }
    }
}
