//! Other carriers of what was done with sudo: its own log file, its I/O logs, the journal for export, and the jump host whose
//! log only a mapping reads.

use serde_json::json;

use super::random::{iso, utc};
use super::story::{Command, db};
use super::write::Folder;

/// The mapping that reads the log of the jump host, for its logins as well.
pub(super) const JUMP_HOST: &str = r#"
format_version = 1
name = "jump-host"
about = "sessions and commands of a jump host, one JSON object a line"
[recognise]
contains = ["\"jump_event\""]
[records]
layout = "json-lines"
[[fact]]
table = "sessions"
when = { field = "/jump_event", is = ["open"] }
[fact.columns]
occurred_at = { field = "/at", time = "rfc3339" }
host = { field = "/target/name", make = "host" }
actor = { field = "/person" }
method = { text = "jump host" }
outcome = { text = "accepted" }
[[fact]]
table = "privileged_commands"
when = { field = "/jump_event", is = ["run"] }
[fact.columns]
occurred_at = { field = "/at", time = "rfc3339" }
host = { field = "/target/name", make = "host" }
actor = { field = "/person" }
tty = { field = "/terminal" }
command = { field = "/argv" }
outcome = { field = "/ok", map = { true = "accepted", false = "rejected" } }
change_id = { field = "/argv", make = "change" }
"#;

/// sudo's own log file, wrapped at 80 columns; `log_host` says whether the lines name their host.
pub(super) fn logfile<'c>(commands: impl Iterator<Item = &'c Command>, log_host: bool) -> String {
    let mut log = String::new();
    for command in commands {
        let refused = if command.accepted { "" } else { "command not allowed ; " };
        let host = if log_host { format!("HOST={}.corp.example ; ", command.host) } else { String::new() };
        let terminal = if command.terminal { "TTY=pts/1 ; " } else { "" };
        let event = format!(
            "{} : {} : {refused}{host}{terminal}PWD=/home/x ; USER=root ; COMMAND={}",
            utc(command.at).format("%b %e %H:%M:%S"),
            command.actor,
            command.argv
        );
        log += &(wrapped(&event) + "\n");
    }
    log
}

fn wrapped(event: &str) -> String {
    let (mut text, mut column) = (String::new(), 0);
    for (place, word) in event.split(' ').enumerate() {
        if place > 0 && column + 1 + word.len() > 80 {
            text += "\n    ";
            column = 4;
        } else if place > 0 {
            text.push(' ');
            column += 1;
        }
        text += word;
        column += word.len();
    }
    text
}

/// One log file a host, which does not name it.
pub(super) fn logfiles(commands: &[&Command], folder: &Folder) {
    for member in 0..super::story::MEMBERS {
        let Some(group) = commands.first().map(|command| command.group) else { continue };
        let host = db(group, member);
        let own = commands.iter().copied().filter(|command| command.host == host);
        folder.text(&format!("sudo/hosts/{host}/sudo.log"), &logfile(own, false));
    }
}

/// I/O logs, which sudo keeps of what it lets through: what it refuses is in syslog. The older ones do not name their host.
pub(super) fn iologs(commands: &[&Command], older: bool, folder: &Folder) {
    for (number, command) in commands.iter().enumerate().filter(|(_, command)| command.accepted) {
        let place = format!("sudo/io/{}/{number:06}", command.host);
        if older {
            let terminal = if command.terminal { "/dev/pts/4" } else { "" };
            let log = format!("{}:{}:root::{terminal}:24:80\n/home/x\n{}\n", command.at, command.actor, command.argv);
            folder.text(&format!("{place}/log"), &log);
            continue;
        }
        let argv: Vec<&str> = command.argv.split(' ').collect();
        let mut session = json!({
            "timestamp": { "seconds": command.at, "nanoseconds": 0 }, "columns": 80, "command": argv[0], "lines": 24,
            "runargv": argv, "runenv": ["PATH=/usr/bin"], "runuid": 0, "runcwd": "/root", "runuser": "root", "submitcwd": "/home/x",
            "submithost": format!("{}.corp.example", command.host), "submituser": command.actor, "ttyname": "/dev/pts/4",
        });
        if !command.terminal {
            session.as_object_mut().expect("an object").remove("ttyname");
        }
        folder.text(&format!("{place}/log.json"), &serde_json::to_string_pretty(&session).expect("JSON"));
    }
}

/// An entry of the journal as `journalctl -o export` writes it.
pub(super) fn entry(command: &Command, number: usize, sentence: &str) -> String {
    let at = command.at;
    format!(
        "__CURSOR=s=aa;i={number}\n__REALTIME_TIMESTAMP={at}000000\n_BOOT_ID=b1\n_HOSTNAME={}\nSYSLOG_IDENTIFIER=sudo\n_COMM=sudo\n\
         _UID=1001\n_AUDIT_LOGINUID=1001\n_CAP_EFFECTIVE=1ffffffffff\n_SOURCE_REALTIME_TIMESTAMP={at}000000\nMESSAGE={sentence}\n",
        command.host
    )
}

/// A line of the jump host's log.
pub(super) fn jump(command: &Command) -> String {
    let mut line = json!({ "jump_event": "run", "at": iso(command.at), "target": { "name": command.host.to_uppercase() },
                           "person": command.actor, "argv": command.argv, "ok": command.accepted });
    if command.terminal {
        line["terminal"] = json!("pts/9");
    }
    line.to_string()
}
