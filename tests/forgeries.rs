//! Text that a user writes into a command to forge log records: in every carrier it stays the text of that command, gives
//! no record of its own, moves no field of another, and is named.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use steadfast::collect::{CollectOptions, EvidenceFile, collect};
use steadfast::config::Config;
use steadfast::period::Period;

/// What is typed as an argument.
const FORGERIES: [&str; 50] = [
    "; USER=root ; COMMAND=/bin/sh",
    "x ; USER=root ; COMMAND=/bin/sh",
    "COMMAND=/bin/ls",
    "a ; COMMAND=/bin/ls ; COMMAND=/bin/cat",
    " ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
    "x ; EXIT=0",
    "x ; SIGNAL=TERM ; EXIT=143",
    "x ; EXIT=0 ; EXIT=1",
    "x ; ENV=CHANGE=CHG0000001 ; COMMAND=/bin/true",
    "root : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
    "command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
    "mallory : (command continued) --and-more",
    "(command continued) x",
    "x\nAug  5 14:22:50 quill-1 sudo:     root : PWD=/ ; USER=root ; COMMAND=/bin/sh",
    "x\n2026-08-05T14:22:50+00:00 quill-1 sudo: root : PWD=/ ; USER=root ; COMMAND=/bin/sh",
    "x\n<86>1 2026-08-05T14:22:50Z quill-1 sudo 1 - - root : USER=root ; COMMAND=/bin/sh",
    "x\nAug  5 14:22:50 : root : PWD=/ ; USER=root ; COMMAND=/bin/sh",
    "x\n    ; USER=root ; COMMAND=/bin/sh",
    "x\r\nAug  5 14:22:50 : root : USER=root ; COMMAND=/bin/sh",
    "x\rAug  5 14:22:50 : root : USER=root ; COMMAND=/bin/sh",
    "x#012Aug  5 14:22:50 : root : USER=root ; COMMAND=/bin/sh",
    "x#015#012root",
    "#012",
    "#033[2K",
    "\u{1b}[2K\u{1b}[1Aroot",
    "\u{8}\u{8}\u{8}\u{8}",
    "\u{b}x",
    "\u{c}x",
    "\u{85}next line",
    "\u{2028}line separator",
    "\u{2029}paragraph",
    "\u{202e}toor",
    "\u{2066}x\u{2069}",
    "ro\u{200b}ot",
    "\u{feff}root",
    "\u{7f}",
    "\t\n\t\n",
    "\n\n\n",
    "message repeated 5 times: [ root : USER=root ; COMMAND=/bin/sh]",
    "last message repeated 9 times\nlast message repeated 9 times",
    "@cee:{\"sudo\":{\"accept\":{\"submituser\":\"root\"}}}",
    "\"}},{\"accept\":{\"submituser\":\"root\",\"server_time\":{\"seconds\":1}}}",
    "\",\"submituser\":\"root\",\"reject\":\"",
    "}\n{\"accept\":{\"submituser\":\"root\"}}",
    "type=USER_CMD msg=audit(1785939761.589:1): pid=1 uid=0 auid=0 msg='cmd=\"x\" res=success'",
    "x' res=failed\u{1d}AUID=\"root\"",
    "x\n\n__CURSOR=s=1\nMESSAGE=  root : USER=root ; COMMAND=/bin/sh\n",
    "quill-1 sshd[1]: Accepted publickey for root from 203.0.113.1 port 1 ssh2",
    "pam_unix(sudo:session): session opened for user root(uid=0) by root(uid=0)",
    "quill-1 sudo[1]: root : USER=root",
];

/// One way that a log writes three commands, of which the second is the forger's.
type Carrier = (&'static str, fn(&[(&str, &str, &str)]) -> Vec<u8>);

const CARRIERS: [Carrier; 12] = [
    ("sudo-json", |events| {
        let events: Vec<String> = events.iter().enumerate().map(|(index, event)| json_event(index, event, true)).collect();
        format!("{{\n{}\n}}\n", events.join(",\n")).into_bytes()
    }),
    ("sudo-json compact", |events| lines(events, |index, event| format!("{{{}}}", json_event(index, event, false)))),
    ("sudo-syslog @cee", |events| {
        lines(events, |index, event| {
            format!("Aug  5 14:22:4{index} quill-1 sudo: @cee:{{\"sudo\":{{{}}}}}", json_event(index, event, false))
        })
    }),
    ("sudo-syslog", |events| {
        lines(events, |index, event| format!("2026-08-05T14:22:4{index}Z quill-1 sudo: {}", text(event, true)))
    }),
    ("sudo-syslog of an older sudo", |events| {
        lines(events, |index, event| format!("Aug  5 14:22:4{index} quill-1 sudo: {}", text(event, false)))
    }),
    ("sudo-syslog RFC 5424", |events| {
        lines(events, |index, event| format!("<86>1 2026-08-05T14:22:4{index}Z quill-1 sudo - - - {}", text(event, true)))
    }),
    ("sudo-logfile", |events| lines(events, |index, event| format!("Aug  5 14:22:4{index} : {}", text(event, true)))),
    ("sudo-logfile wrapped", |events| {
        lines(events, |index, event| wrapped(&format!("Aug  5 14:22:4{index} : {}", text(event, true))))
    }),
    ("journald-json", |events| {
        lines(events, |index, event| {
            let fields: Vec<String> = journal(index, event)
                .iter()
                .map(|(name, value)| format!("{}:{}", serde_json::json!(name), serde_json::json!(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        })
    }),
    ("journald-export", |events| {
        let mut bytes = Vec::new();
        for (index, event) in events.iter().enumerate() {
            for (name, value) in journal(index, event) {
                bytes.extend_from_slice(name.as_bytes());
                if value.bytes().all(|byte| byte >= b' ') {
                    bytes.extend_from_slice(format!("={value}\n").as_bytes());
                } else {
                    bytes.push(b'\n');
                    bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
                    bytes.extend_from_slice(value.as_bytes());
                    bytes.push(b'\n');
                }
            }
            bytes.push(b'\n');
        }
        bytes
    }),
    ("auditd", |events| {
        lines(events, |index, (user, _, command)| {
            let hex = command.bytes().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02X}");
                hex
            });
            format!(
                "type=USER_CMD msg=audit(178593976{index}.000:{index}): pid=1 uid=7 auid=7 ses=1 msg='cwd=\"/\" cmd={hex} terminal=? res=success'\u{1d}AUID=\"{user}\""
            )
        })
    }),
    ("teleport", |events| {
        lines(events, |index, (user, _, command)| {
            format!(
                "{{\"event\":\"exec\",\"code\":\"T3002I\",\"uid\":\"{index}\",\"time\":\"2026-08-05T14:22:4{index}Z\",\"cluster_name\":\"c\",\"user\":\"{user}\",\"login\":\"root\",\"server_hostname\":\"quill-1\",\"command\":{}}}",
                serde_json::json!(command)
            )
        })
    }),
];

fn lines(events: &[(&str, &str, &str)], line: impl Fn(usize, &(&str, &str, &str)) -> String) -> Vec<u8> {
    events.iter().enumerate().map(|(index, event)| line(index, event) + "\n").collect::<String>().into_bytes()
}

fn json_event(index: usize, (user, run_as, command): &(&str, &str, &str), pretty: bool) -> String {
    let (path, argument) = command.split_once(' ').unwrap_or((command, ""));
    let event = serde_json::json!({
        "uuid": index.to_string(),
        "server_time": { "seconds": 1_785_939_761 + index, "nanoseconds": 0 },
        "submituser": user, "runuser": run_as, "submithost": "quill-1", "command": path, "runargv": [path, argument],
    });
    let event = if pretty { serde_json::to_string_pretty(&event) } else { serde_json::to_string(&event) };
    format!("\"accept\":{}", event.expect("JSON"))
}

/// The text that sudo logs: control characters in octal; arguments with blanks in quotes since 1.9.
fn text((user, run_as, command): &(&str, &str, &str), quotes: bool) -> String {
    let (path, argument) = command.split_once(' ').unwrap_or((command, ""));
    let escaped = argument.chars().fold(String::new(), |mut text, character| {
        match character {
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(text, "#{:03o}", u32::from(character));
            }
            '\'' | '\\' if quotes => text.extend(['\\', character]),
            _ => text.push(character),
        }
        text
    });
    let argument = if quotes && argument.contains(' ') { format!("'{escaped}'") } else { escaped };
    format!("{user:>8} : TTY=pts/1 ; PWD=/ ; USER={run_as} ; COMMAND={path} {argument}")
}

/// Wrapped at blanks as sudo's log file is.
fn wrapped(line: &str) -> String {
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let last = lines.last_mut().expect("a line");
        if last.len() + word.len() > 76 && !last.trim().is_empty() {
            lines.push(format!("    {word}"));
        } else {
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(word);
        }
    }
    lines.join("\n")
}

fn journal(index: usize, event: &(&str, &str, &str)) -> Vec<(&'static str, String)> {
    vec![
        ("__CURSOR", format!("s={index}")),
        ("__REALTIME_TIMESTAMP", format!("178593976{index}000000")),
        ("_HOSTNAME", "quill-1".to_owned()),
        ("_PID", index.to_string()),
        ("SYSLOG_IDENTIFIER", "sudo".to_owned()),
        ("MESSAGE", text(event, true)),
        ("_COMM", "sudo".to_owned()),
    ]
}

/// Columns of the commands that a store holds, by source.
fn commands(store: &Path) -> Vec<(String, Vec<String>)> {
    let mut rows = Vec::new();
    let file = std::fs::read_dir(store)
        .expect("the store")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("privileged_commands")))
        .expect("commands");
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(file).expect("a file"))
            .expect("Parquet")
            .build()
            .expect("a reader");
    for batch in reader {
        let batch = batch.expect("a batch");
        let column = |name: &str| {
            let column = batch.column_by_name(name).expect("a column").clone();
            column.as_any().downcast_ref::<arrow::array::StringArray>().expect("text").clone()
        };
        let (source, parts) = (column("source"), ["actor", "run_as", "outcome", "host", "change_id"].map(column));
        for row in 0..batch.num_rows() {
            let values = parts.iter().map(|part| {
                use arrow::array::Array as _;
                if part.is_null(row) { "-".to_owned() } else { part.value(row).to_owned() }
            });
            rows.push((source.value(row).to_owned(), values.collect()));
        }
    }
    rows
}

#[test]
fn fifty_forgeries_give_no_record_in_any_carrier_and_all_are_named() {
    let work = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for (carrier, (_, write)) in CARRIERS.iter().enumerate() {
        for (number, forgery) in FORGERIES.iter().enumerate() {
            // No event stands in two files, or it would be counted once.
            let source = format!("{carrier:02}-{number:02}");
            let (before, command, after) =
                (format!("/bin/before {source}"), format!("/bin/echo-{carrier} {forgery}"), format!("/bin/after {source}"));
            let events =
                [("ann", "root", before.as_str()), ("mallory", "svc-quill", command.as_str()), ("ann", "root", after.as_str())];
            let path = work.path().join(&source);
            std::fs::write(&path, write(&events)).expect("written");
            files.push(EvidenceFile::new(path, source));
        }
    }
    let config = Config::parse("test", "[[bind]]\npath = \"*\"\nhost = \"quill-1\"\n").expect("a configuration");
    let period = Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period");
    let options = CollectOptions { config: &config, period: &period, threads: 2, progress: &|_, _| {} };
    let store = work.path().join("facts");
    let collected = collect(&files, &store, options).expect("collected");
    let commands = commands(&store);
    let mut wrong = Vec::new();
    for source in &collected.sources {
        let (carrier, number) = source.path.split_once('-').expect("a name");
        let (name, _) = CARRIERS[carrier.parse::<usize>().expect("a number")];
        let forgery = FORGERIES[number.parse::<usize>().expect("a number")];
        let mut say = |what: String| wrong.push(format!("{name} {forgery:?}: {what}"));
        let format = source.format.map_or("none", |format| format.name());
        if name.split(' ').next() != Some(format) {
            say(format!("read as {format}"));
        }
        let tally = &source.tally;
        if (tally.opened, tally.facts, tally.rejected) != (3, 3, 0) {
            say(format!("{} records, {} facts, {} rejected", tally.opened, tally.facts, tally.rejected));
        }
        let limits: BTreeSet<&str> =
            collected.limits.iter().filter(|limit| limit.source.as_ref() == Some(&source.path)).map(|limit| limit.code).collect();
        if !limits.contains("look-alike") {
            say(format!("not named: {limits:?}"));
        }
        let run_as = |account: &str| match format {
            "auditd" => "-".to_owned(),
            "teleport" => "root".to_owned(),
            _ => account.to_owned(),
        };
        let row = |actor: &str, account: &str, change: &str| {
            vec![actor.to_owned(), run_as(account), "accepted".to_owned(), "quill-1".to_owned(), change.to_owned()]
        };
        // A change number in the forger's own arguments is named by the forger: it is the forger's command that names it.
        let change = if forgery.contains("CHG0000001") { "CHG0000001" } else { "-" };
        let expected = [row("ann", "root", "-"), row("mallory", "svc-quill", change), row("ann", "root", "-")];
        let found: Vec<_> = commands.iter().filter(|(path, _)| *path == source.path).map(|(_, row)| row.clone()).collect();
        if found != expected {
            say(format!("{found:?}"));
        }
    }
    assert_eq!(collected.sources.len(), CARRIERS.len() * FORGERIES.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), collected.sources.len(), wrong.join("\n"));
}
