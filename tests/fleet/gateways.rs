//! Writes the logins that gateways and collectors saw: lastlog, Teleport, the journal, the jump host, CloudTrail; and commands
//! that came through Teleport.

use serde_json::{Value, json};

use super::random::{compact, iso, utc};
use super::story::{Command, Fleet, HOUR, Login, MEMBERS, db};
use super::work::ORDINARY;
use super::write::Folder;

impl Fleet {
    /// Commands without a shell of their own, inside a window and after it.
    pub(super) fn send_commands(&mut self) {
        let slots = self.clean_slots();
        for number in 0..10 {
            let slot = self.random.of(&slots).clone();
            let member = 2 + self.random.below(MEMBERS - 2);
            let late = number % 2 == 1;
            let at = slot.starts + self.random.seconds(HOUR / 2) + if late { 3 * HOUR + HOUR / 2 } else { 0 };
            let (host, argv) = (db(slot.group, member), ORDINARY[number % ORDINARY.len()].to_owned());
            if late {
                self.key.add("SUDO-02", &host, at);
            }
            let event = format!("exec-{number}");
            self.sent.push(Command {
                at,
                host,
                group: slot.group,
                actor: slot.assignee,
                argv,
                accepted: true,
                terminal: false,
                event,
            });
        }
    }
}

pub(super) fn write(fleet: &Fleet, folder: &Folder) {
    let of = |format: usize| fleet.logins.iter().enumerate().filter(move |(_, login)| login.format == format);
    for (_, login) in of(4) {
        folder.text(&format!("lastlog/{}/{}.txt", login.host, compact(login.filed)), &lastlog(login));
    }
    let mut events: Vec<(i64, String)> = Vec::new();
    for (number, login) in of(5) {
        let ended = login.at + 300;
        events.push((login.at, teleport("session.start", "T2000I", login.at, &session(number, login)).to_string()));
        events.push((ended, teleport("session.end", "T2004I", ended, &session(number, login)).to_string()));
    }
    for command in &fleet.sent {
        let more = json!({ "uid": command.event, "user": command.actor, "login": "root", "server_hostname": command.host,
                           "command": command.argv, "exitCode": "0", "proto": "ssh" });
        events.push((command.at, teleport("exec", "T3002I", command.at, &more).to_string()));
    }
    events.sort();
    folder.text("auth/teleport.jsonl", &events.into_iter().map(|(_, line)| line + "\n").collect::<String>());
    folder
        .text("auth/journal.jsonl", &of(6).map(|(number, login)| journal(number, login).to_string() + "\n").collect::<String>());
    let opened = |login: &Login| json!({ "jump_event": "open", "at": iso(login.at), "target": { "name": login.host }, "person": login.actor });
    // Its last line is cut.
    let lines =
        of(7).map(|(_, login)| opened(login).to_string() + "\n").chain(["{\"jump_event\":\"open\",\"at\":\"20\n".to_owned()]);
    folder.text("auth/jump-host.jsonl", &lines.collect::<String>());
    folder.json(
        "auth/cloudtrail.json",
        &json!({ "Records": of(8).map(|(number, login)| call(number, login)).collect::<Vec<_>>() }),
    );
}

fn lastlog(login: &Login) -> String {
    format!(
        "Username         Port     From                                       Latest\n\
         root                                                                **Never logged in**\n\
         {:<16} pts/1    203.0.113.9                               {}\n",
        login.actor,
        utc(login.at).format("%a %b %e %H:%M:%S +0000 %Y")
    )
}

/// An event with what is said of the session.
fn teleport(event: &str, code: &str, at: i64, more: &Value) -> Value {
    let mut line = json!({ "ei": 1, "event": event, "uid": format!("{event}-{at}"), "code": code, "time": iso(at),
                           "cluster_name": "corp.example" });
    for (key, value) in more.as_object().expect("an object") {
        line[key] = value.clone();
    }
    line
}

fn session(number: usize, login: &Login) -> Value {
    json!({ "user": login.actor, "login": "root", "sid": format!("s-{number}"), "server_hostname": login.host,
            "addr.remote": "203.0.113.9:56544", "proto": "ssh" })
}

fn journal(number: usize, login: &Login) -> Value {
    let at = format!("{}000000", login.at);
    json!({
        "__CURSOR": format!("s=cc;i={number}"), "__REALTIME_TIMESTAMP": at, "_BOOT_ID": "b1", "_HOSTNAME": login.host,
        "SYSLOG_IDENTIFIER": "sshd-session", "_COMM": "sshd-session", "_UID": "0", "_AUDIT_LOGINUID": "4294967295",
        "_CAP_EFFECTIVE": "1ffffffffff", "_SOURCE_REALTIME_TIMESTAMP": at,
        "MESSAGE": format!("Accepted publickey for {} from 198.51.100.24 port 50112 ssh2: ED25519 SHA256:mYd3p0", login.actor),
    })
}

/// Somebody has a session started on an instance, which is known by its id.
fn call(number: usize, login: &Login) -> Value {
    json!({
        "eventVersion": "1.08", "eventTime": iso(login.at), "eventSource": "ssm.amazonaws.com", "eventName": "StartSession",
        "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.10", "eventID": format!("ev-{number}"), "eventType": "AwsApiCall",
        "userIdentity": { "type": "AssumedRole", "principalId": format!("AROAX:{}", login.actor), "accountId": "111122223333",
                          "arn": format!("arn:aws:sts::111122223333:assumed-role/Oncall/{}", login.actor) },
        "requestParameters": { "target": login.host }, "responseElements": null,
    })
}
