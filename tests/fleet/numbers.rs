//! Commands that name the number of a change themselves: of their own, of another person's, at another time, elsewhere.

use super::story::{Fleet, HOUR, MEMBERS, Slot};

impl Fleet {
    pub(super) fn name_numbers(&mut self) {
        // The desk whose numbers the configuration knows by their beginning.
        let slots: Vec<Slot> = self.clean_slots().into_iter().filter(|slot| slot.format != 3).collect();
        let chosen = self.random.several(&slots, 48);
        let pairs = chosen.chunks_exact(2).filter(|pair| pair[0].group != pair[1].group);
        for (number, pair) in pairs.enumerate() {
            let (mine, other) = (&pair[0], &pair[1]);
            let member = 2 + self.random.below(MEMBERS - 2);
            let own = format!("/usr/bin/logger {}", mine.change);
            let inside = mine.starts + self.random.seconds(2 * HOUR);
            match number % 4 {
                0 => self.command(inside, mine.group, member, &mine.assignee, &own),
                1 => {
                    let theirs = format!("/usr/bin/logger {}", other.change);
                    self.command(inside, mine.group, member, &mine.assignee, &theirs);
                    self.unexplained(inside, mine.group, member, "wrong_person");
                }
                2 => {
                    let late = mine.ends + 90 * 60 + self.random.seconds(HOUR / 2);
                    self.command(late, mine.group, member, &mine.assignee, &own);
                    self.unexplained(late, mine.group, member, "outside_window");
                }
                _ => {
                    self.command(inside, other.group, member, &mine.assignee, &own);
                    self.unexplained(inside, other.group, member, "wrong_host");
                }
            }
        }
    }
}
