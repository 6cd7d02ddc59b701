//! What management attests because no log can show it: throughout, with a gap, in other words, not at all.

use super::random::iso;
use super::story::{DAY, Fleet};
use super::write::Folder;

/// Id, statement, and for each time that it was attested: days from the start, and for how many days.
type Entry = (&'static str, &'static str, &'static [(i64, i64)]);

/// Those that the configuration asks for, in its words but for one, and one that nobody asks for.
const MADE: [Entry; 5] = [
    ("rooms", "Only persons on the access list\nhave entered the machine rooms.", &[(-10, 90)]),
    ("keys", "Nobody but the two custodians has held the keys of the backup tapes.", &[(-10, 11), (2, 30)]),
    ("backups", "A restore of most clusters was tried.", &[(-1, 30)]),
    ("contracts", "Every contractor has signed.", &[(-2, 4), (1, 2)]),
    ("lifts", "The goods lift was inspected.", &[(-1, 30)]),
];

impl Fleet {
    pub(super) fn leave_unattested(&mut self) {
        self.key.add("EVIDENCE-03", "keys", self.start + DAY);
        self.key.add("EVIDENCE-03", "network", self.start);
        self.key.add("EVIDENCE-03", "backups", self.start);
        self.key.add("EVIDENCE-03", "contracts", self.start + 3 * DAY);
    }
}

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let mut register = String::new();
    for (id, statement, times) in MADE {
        for (at, days) in times {
            register += &format!(
                "[[attestation]]\nid = \"{id}\"\nstatement = \"\"\"{statement}\"\"\"\nattested_by = \"bweiss\"\n\
                 attested_at = \"{}\"\nvalid_for = \"{days}d\"\n\n",
                iso(fleet.start + at * DAY)
            );
        }
    }
    folder.text("registers/attestations.toml", &register);
}
