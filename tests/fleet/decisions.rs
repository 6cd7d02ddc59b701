//! What management says of exceptions: waivers and responses. Neither turns one.

use super::random::iso;
use super::story::{DAY, Fleet};
use super::write::Folder;

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    folder.text(
        "registers/waivers.toml",
        &format!(
            "[[waiver]]\ncontrol_id = \"CONFIG-02\"\nresource = \"ledger-0\"\nreason = \"It is taken over in autumn.\"\n\
             approver = \"hlind\"\napproved_at = \"{}\"\nexpires_at = \"{}\"\n",
            iso(fleet.start - 30 * DAY),
            iso(fleet.start + 60 * DAY)
        ),
    );
    folder.text(
        "registers/responses.toml",
        &format!(
            "[[response]]\ncontrol_id = \"FLEET-01\"\nresource = \"rogue-1\"\ntext = \"\"\"\nIt was left over from a trial.\n\
             - It is gone.\n\"\"\"\nby = \"mokafor\"\nat = \"{}\"\n",
            iso(fleet.end() + 2 * DAY)
        ),
    );
}
