//! Writes the sudo logs: JSON over many lines and in one, syslog old and new (some of it compressed or in an archive), the
//! journal, the audit daemon; other carriers beside.

use serde_json::{Value, json};

use super::carriers;
use super::random::utc;
use super::story::{Command, Fleet, GROUPS};
use super::write::Folder;
use crate::support::images::{Layer, gzip};

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let mut archive = Layer::new();
    for group in 0..GROUPS {
        let commands: Vec<&Command> = fleet.commands.iter().filter(|command| command.group == group).collect();
        let lines = |line: fn(&Command, usize) -> String| -> String {
            commands.iter().enumerate().map(|(number, command)| line(command, number) + "\n").collect()
        };
        // The second group of six writes it otherwise.
        let other = group / 6 % 2 == 1;
        let (ending, text) = match group % 6 {
            0 if other => {
                carriers::iologs(&commands, group == 18, folder);
                let refused: String =
                    commands.iter().filter(|command| !command.accepted).map(|command| syslog(command, 0) + "\n").collect();
                ("log", refused)
            }
            0 => ("json", pretty(&commands)),
            1 => ("jsonl", lines(|command, number| event(command, number).to_string())),
            2 if group == 20 => {
                carriers::logfiles(&commands, folder);
                continue;
            }
            2 if other => ("log", carriers::logfile(commands.iter().copied(), true)),
            2 => ("log", lines(syslog)),
            3 => ("log", lines(new_syslog)),
            4 if other => ("export", lines(|command, number| carriers::entry(command, number, &sentence(command)))),
            4 => ("jsonl", lines(|command, number| journal(command, number).to_string())),
            _ if group == 23 => ("jsonl", lines(|command, _| carriers::jump(command))),
            _ => ("log", lines(audit)),
        };
        let torn = if fleet.torn.contains(&group) { "{\"accept\":{\"uuid\":\"93a2681949-e9\n" } else { "" };
        let (name, text) = (format!("sudo/grp-{group:02}.{ending}"), text + torn);
        match group {
            _ if text.is_empty() => {}
            3 => folder.bytes(&format!("{name}.gz"), &gzip(text.as_bytes())),
            15 | 21 => archive = archive.file(&name, &text),
            _ => folder.text(&name, &text),
        }
    }
    folder.bytes("sudo/archive.tar", &archive.bytes());
    let copies = fleet.copies.iter().enumerate().map(|(number, command)| event(command, number).to_string() + "\n");
    folder.text("sudo/central.jsonl", &copies.collect::<String>());
}

fn syslog(command: &Command, _: usize) -> String {
    format!("{} {} sudo: {}", utc(command.at).format("%b %e %H:%M:%S"), command.host, sentence(command))
}

fn new_syslog(command: &Command, number: usize) -> String {
    let at = utc(command.at).format("%Y-%m-%dT%H:%M:%S.000Z");
    format!("<86>1 {at} {} sudo {} - - {}", command.host, 900 + number, sentence(command))
}

/// An event of sudo's own log.
fn event(command: &Command, number: usize) -> Value {
    let at = utc(command.at);
    let time = json!({ "seconds": command.at, "nanoseconds": 0, "iso8601": at.format("%Y%m%d%H%M%SZ").to_string(),
                       "localtime": at.format("%b %e %H:%M:%S %Y").to_string() });
    let argv: Vec<&str> = command.argv.split(' ').collect();
    let uuid = match command.event.as_str() {
        "" => format!("{:010x}-{:04x}-4a1e-9c7e-{number:010x}", command.at, command.group),
        known => known.to_owned(),
    };
    let mut event = json!({
        "uuid": uuid, "server_time": time, "submit_time": time,
        "submituser": command.actor, "command": argv[0], "runuser": "root", "runcwd": "/root", "ttyname": "/dev/pts/1",
        "submithost": format!("{}.corp.example", command.host), "submitcwd": "/home/x", "runuid": 0, "columns": 80, "lines": 24,
        "runargv": argv,
    });
    if !command.terminal {
        event.as_object_mut().expect("an object").remove("ttyname");
    }
    if command.accepted {
        return json!({ "accept": event });
    }
    event["reason"] = json!("command not allowed");
    json!({ "reject": event })
}

/// One object over many lines, with the same keys again and again.
fn pretty(commands: &[&Command]) -> String {
    let events = commands.iter().enumerate().map(|(number, command)| {
        let event = serde_json::to_string_pretty(&event(command, number)).expect("JSON");
        event.trim_start_matches('{').trim_end_matches('}').trim_end().to_owned()
    });
    format!("{{{}\n}}\n", events.collect::<Vec<_>>().join(","))
}

fn sentence(command: &Command) -> String {
    let refused = if command.accepted { "" } else { "command not allowed ; " };
    let terminal = if command.terminal { "pts/1" } else { "unknown" };
    format!("{:>8} : {refused}TTY={terminal} ; PWD=/home/x ; USER=root ; COMMAND={}", command.actor, command.argv)
}

fn journal(command: &Command, number: usize) -> Value {
    let at = format!("{}000000", command.at);
    json!({
        "__CURSOR": format!("s=aa;i={number}"), "__REALTIME_TIMESTAMP": at, "_BOOT_ID": "b1", "_HOSTNAME": command.host,
        "SYSLOG_IDENTIFIER": "sudo", "_COMM": "sudo", "_UID": "1001", "_AUDIT_LOGINUID": "1001", "_CAP_EFFECTIVE": "1ffffffffff",
        "_SOURCE_REALTIME_TIMESTAMP": at, "MESSAGE": sentence(command),
    })
}

fn audit(command: &Command, number: usize) -> String {
    let words: String = command.argv.bytes().map(|byte| format!("{byte:02X}")).collect();
    let terminal = if command.terminal { "pts/3" } else { "?" };
    let result = if command.accepted { "success" } else { "failed" };
    format!(
        "node={} type=USER_CMD msg=audit({}.000:{}): pid=27466 uid=1001 auid=1001 ses=78 msg='cwd=\"/home/x\" cmd={words} \
         exe=\"/usr/bin/sudo\" terminal={terminal} res={result}'\u{1d}UID=\"{}\" AUID=\"{}\"",
        command.host,
        command.at,
        1000 + number,
        command.actor,
        command.actor
    )
}
