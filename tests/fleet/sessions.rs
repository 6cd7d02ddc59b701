//! Writes the logins: a central syslog, and from the hosts dumps of wtmp, what `last` prints, and wtmp itself.

use super::random::{compact, utc};
use super::story::{Fleet, Login};
use super::write::Folder;

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let mut log = String::new();
    for login in &fleet.logins {
        let place = format!("{}/{}", login.host, compact(login.filed));
        match login.format {
            0 => {
                log += &format!(
                    "{} {} sshd[611]: Accepted publickey for {} from 198.51.100.24 port 50112 ssh2: ED25519 SHA256:mYd3p0\n",
                    utc(login.at).format("%Y-%m-%dT%H:%M:%S.000000+00:00"),
                    login.host,
                    login.actor
                );
            }
            1 => folder.text(&format!("wtmp/{place}.txt"), &dump(login)),
            2 => folder.text(&format!("last/{place}.txt"), &last(login)),
            3 => folder.bytes(&format!("wtmp/{place}.wtmp"), &records(login)),
            // What gateways saw is written beside.
            _ => {}
        }
    }
    folder.text("auth/central.log", &log);
}

fn dump(login: &Login) -> String {
    format!(
        "Utmp dump of /var/log/wtmp\n[7] [00053] [ts/1] [{:<8}] [pts/1       ] [203.0.113.9         ] [203.0.113.9    ] [{}]\n",
        login.actor,
        utc(login.at).format("%Y-%m-%dT%H:%M:%S,000000+00:00")
    )
}

/// `last -F`, the latest first.
fn last(login: &Login) -> String {
    let stamp = |at: i64| utc(at).format("%a %b %e %H:%M:%S %Y").to_string();
    let boot = stamp(login.at - 3600);
    format!(
        "{:<8} pts/1        203.0.113.9      {} - {}  (00:05)\nreboot   system boot  6.12.9-quill     {boot}   still running\n\n\
         wtmp begins {boot}\n",
        login.actor,
        stamp(login.at),
        stamp(login.at + 300)
    )
}

/// A start, the login and its end.
fn records(login: &Login) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, terminal, user, host, at) in [
        (2_u8, "~", "reboot", "6.12.9-quill", login.at - 3600),
        (7, "pts/1", login.actor.as_str(), "203.0.113.9", login.at),
        (8, "pts/1", "", "", login.at + 300),
    ] {
        let mut record = [0_u8; 384];
        record[0] = kind;
        record[4] = 53;
        for (from, text) in [(8, terminal), (44, user), (76, host)] {
            record[from..from + text.len()].copy_from_slice(text.as_bytes());
        }
        record[340..344].copy_from_slice(&i32::try_from(at).expect("before 2038").to_le_bytes());
        if kind == 7 {
            record[348..352].copy_from_slice(&[203, 0, 113, 9]);
        }
        bytes.extend_from_slice(&record);
    }
    bytes
}
