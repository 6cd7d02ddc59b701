//! AWS CloudTrail: sessions and commands that reach machines through Systems Manager and EC2 Instance Connect, in delivered
//! files (`{"Records": […]}`), answers of `lookup-events` (`{"Events": […]}`, each with its event as a string) or one event
//! a line. Machines are named by their instance id.
//!
//! Source: AWS's CloudTrail user guide ("CloudTrail record contents"), and the API references of Systems Manager
//! (StartSession, SendCommand) and EC2 Instance Connect (SendSSHPublicKey). Other services have a StartSession, too, so the
//! event's source counts. Keys and parameters of other kinds are not read.

use std::borrow::Cow;

use super::json_records::each_object;
use super::lazy::Members;
use super::sudo_text::name_limits;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOG_ACTIVITY, Micros, PRIVILEGED_COMMANDS, PrivilegedCommand, SESSIONS, Session, Table, parse_rfc3339};

/// CloudTrail's events.
pub(super) struct CloudTrail;

impl Format for CloudTrail {
    fn name(&self) -> &'static str {
        "cloudtrail"
    }

    fn about(&self) -> &'static str {
        "AWS CloudTrail: Systems Manager sessions and commands, EC2 Instance Connect"
    }

    fn recognised_by(&self) -> &'static str {
        "one object a line with eventSource, eventID and userIdentity"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&SESSIONS, &PRIVILEGED_COMMANDS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let start = text.trim_start_matches('\u{feff}').trim_start().strip_prefix('{')?.trim_start();
        let has = |key: &str| text.contains(key);
        if start.starts_with("\"Records\"") && has("\"eventSource\"") && has("\"eventID\"") {
            let because = "an object with Records that carry eventSource and eventID";
            return Some(Recognition { because, framing: Framing::JsonRecords { depth: 2 } });
        }
        if start.starts_with("\"Events\"") && has("\"CloudTrailEvent\"") {
            let because = "an object with Events that carry CloudTrailEvent";
            return Some(Recognition { because, framing: Framing::JsonRecords { depth: 2 } });
        }
        let first = text.lines().find(|line| !line.trim().is_empty())?;
        let one_a_line = first.contains("\"eventSource\"") && first.contains("\"eventID\"") && first.contains("\"userIdentity\"");
        one_a_line.then_some(Recognition { because: self.recognised_by(), framing: Framing::Lines })
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        each_object(segment, sink, |number, bytes, record, sink| match record.text("CloudTrailEvent") {
            Some(inner) => match Members::of(&inner) {
                Ok(event) => read_event(number, bytes, &event, reading, sink),
                Err(error) => sink.record(number).reject(&format!("damaged CloudTrailEvent ({error})"), bytes),
            },
            None => read_event(number, bytes, record, reading, sink),
        });
    }
}

/// Who did what, when and from where.
struct Call<'a> {
    number: u64,
    bytes: &'a [u8],
    at: Micros,
    actor: &'a str,
    origin: Option<&'a str>,
    refused: bool,
    id: Option<&'a str>,
}

fn read_event(number: u64, bytes: &[u8], event: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let (source, name) = (event.filled("eventSource"), event.filled("eventName"));
    let (Some(source), Some(name)) = (source.as_deref(), name.as_deref()) else {
        return sink.record(number).reject("no eventSource or no eventName", bytes);
    };
    let kind = match (source, name) {
        ("ssm.amazonaws.com", "StartSession" | "SendCommand")
        | ("ec2-instance-connect.amazonaws.com", "SendSSHPublicKey" | "SendSerialConsoleSSHPublicKey") => name,
        ("ssm.amazonaws.com", "ResumeSession" | "TerminateSession") => {
            return sink.record(number).skip("goes on with, or ends, a session that its StartSession records");
        }
        _ => return sink.record(number).skip("a call that opens no way to a machine"),
    };
    let identity = event.get("userIdentity").and_then(|identity| identity.members());
    let actor = identity.as_ref().and_then(who);
    let at = event.text("eventTime").and_then(|time| parse_rfc3339(&time));
    let (Some(actor), Some(at)) = (actor, at) else {
        return sink.record(number).reject("no eventTime that is a time, or nobody that userIdentity names", bytes);
    };
    let (origin, id) = (event.filled("sourceIPAddress"), event.filled("eventID"));
    let call = Call {
        number,
        bytes,
        at,
        actor: &actor,
        origin: origin.as_deref(),
        refused: event.filled("errorCode").is_some(),
        id: id.as_deref(),
    };
    let Some(parameters) = event.get("requestParameters").and_then(|parameters| parameters.members()) else {
        if call.refused {
            return sink.record(number).skip("a call that was refused before it named a machine");
        }
        return sink.record(number).reject("no requestParameters: which machine is not known", bytes);
    };
    sink.limit(
        "host-by-instance-id",
        Some(number),
        "CloudTrail names machines by instance id; the inventory has to name them so, too",
    );
    if kind == "SendCommand" {
        command(&call, &parameters, reading, sink)
    } else {
        session(&call, kind, &parameters, reading, sink)
    }
}

/// The person: the session name of an assumed role, the name of a user, `root`; else the last part of what names the caller.
fn who<'m>(identity: &'m Members<'_>) -> Option<Cow<'m, str>> {
    let last = |text: Cow<'m, str>, mark: char| Cow::Owned(text.rsplit(mark).next().unwrap_or_default().to_owned());
    match identity.text("type").as_deref() {
        Some("Root") => Some(Cow::Borrowed("root")),
        Some("IAMUser" | "IdentityCenterUser") if identity.filled("userName").is_some() => identity.filled("userName"),
        _ => identity
            .filled("arn")
            .map(|arn| last(arn, '/'))
            .or_else(|| identity.filled("principalId").map(|id| last(id, ':')))
            .or_else(|| identity.filled("userName"))
            .or_else(|| identity.filled("invokedBy")),
    }
}

fn session(call: &Call<'_>, kind: &str, parameters: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let machine = parameters.filled("target").or_else(|| parameters.filled("instanceId"));
    let Some(machine) = machine else {
        return sink.record(call.number).reject("no target and no instanceId: which machine is not known", call.bytes);
    };
    let host = reading.config.host(&machine);
    let document = parameters.filled("documentName");
    let method = match (kind, document.as_deref()) {
        ("SendSSHPublicKey", _) => "ec2-instance-connect".to_owned(),
        ("SendSerialConsoleSSHPublicKey", _) => "ec2-serial-console".to_owned(),
        (_, Some(document)) => format!("ssm:{document}"),
        (_, None) => "ssm".to_owned(),
    };
    let (account, reason) = (parameters.filled("instanceOSUser"), parameters.text("reason").unwrap_or_default());
    sink.active("auth", &host, call.at, call.number);
    sink.record(call.number).fact(Session {
        occurred_at: call.at,
        host: &host,
        actor: call.actor,
        method: Some(&method),
        origin: call.origin,
        outcome: if call.refused { "rejected" } else { "accepted" },
        key_fingerprint: None,
        run_as: account.as_deref(),
        change_id: reading.config.change_id(&reason),
        ended_at: None,
    });
}

/// SendCommand: one command on every instance that it names. Where it names tags instead, the machines are not known.
fn command(call: &Call<'_>, parameters: &Members<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let instances: Vec<String> = parameters
        .get("instanceIds")
        .map(|instances| instances.elements())
        .unwrap_or_default()
        .iter()
        .filter_map(|instance| instance.filled().map(Cow::into_owned))
        .collect();
    if instances.is_empty() {
        return sink
            .record(call.number)
            .reject("SendCommand to tags or groups: on which machines it ran is not in the event", call.bytes);
    }
    let document = parameters.filled("documentName").unwrap_or(Cow::Borrowed("(no document)"));
    let said = parameters.get("parameters").and_then(|said| said.members());
    let lines = said.as_ref().and_then(|said| said.get("commands")).map(|lines| lines.elements()).unwrap_or_default();
    let lines: Vec<String> = lines.iter().filter_map(|line| line.text().map(Cow::into_owned)).collect();
    let command = if lines.is_empty() {
        sink.limit(
            "parameters-hidden",
            Some(call.number),
            "CloudTrail hides the parameters of SendCommand: what was run is not known, only by which document",
        );
        format!("SendCommand {document}")
    } else {
        format!("SendCommand {document}: {}", lines.join("; "))
    };
    name_limits(&command, false, call.number, sink);
    let comment = parameters.text("comment").unwrap_or_default();
    for instance in &instances {
        sink.active("auth", &reading.config.host(instance), call.at, call.number);
    }
    let mut record = sink.record(call.number);
    for instance in &instances {
        record.fact(PrivilegedCommand {
            occurred_at: call.at,
            host: &reading.config.host(instance),
            actor: call.actor,
            run_as: None,
            tty: None,
            cwd: None,
            command: &command,
            outcome: if call.refused { "rejected" } else { "accepted" },
            event_id: call.id,
            change_id: reading.config.change_id(&comment).or_else(|| reading.config.change_id(&command)),
        });
    }
}
