//! Management's registers, each entry with what it covers; and the limits that lie in entries which cover nothing.

use std::collections::BTreeMap;

use super::build::Input;
use super::cite::cite;
use super::management::{Attestation, Decision, Registers, Response, ResponseLine};
use super::model::{Control, Limit};
use crate::assess::{self, Exemption, Waiver, required_attestations, thousands};
use crate::facts::Micros;
use crate::redact::visible;

/// Groups of exceptions on the pages, by the entry of a register that speaks of them.
#[derive(Default)]
pub(super) struct Spoken {
    pub(super) waived: BTreeMap<usize, Vec<String>>,
    pub(super) answered: BTreeMap<usize, Vec<String>>,
}

/// All registers.
pub(super) fn registers(input: &Input<'_>, spoken: &Spoken, controls: &[Control]) -> Registers {
    let shown = |known: &BTreeMap<usize, Vec<String>>, index: usize| known.get(&index).cloned().unwrap_or_default();
    let judged = input.assessment;
    let waivers = judged.waivers.iter().enumerate().map(|(index, waiver)| Decision {
        control_id: Some(seen(&waiver.control_id)),
        resource: seen(&waiver.resource),
        reason: seen(&waiver.reason),
        ticket: waiver.ticket.as_deref().map(seen),
        approver: seen(&waiver.approver),
        approved_at: waiver.approved_at.iso(),
        expires_at: waiver.expires_at.iso(),
        standing: waived(waiver).0,
        exceptions: shown(&spoken.waived, index),
        citation: cite(input.collected, &waiver.source, Some(waiver.line)),
    });
    let exemptions = judged.exemptions.iter().map(|exemption| Decision {
        control_id: exemption.control_id.as_deref().map(seen),
        resource: seen(&exemption.resource),
        reason: seen(&exemption.reason),
        ticket: exemption.ticket.as_deref().map(seen),
        approver: seen(&exemption.approver),
        approved_at: exemption.approved_at.iso(),
        expires_at: exemption.expires_at.iso(),
        standing: exempted(input, exemption).0,
        exceptions: Vec::new(),
        citation: cite(input.collected, &exemption.source, Some(exemption.line)),
    });
    let responses = judged.responses.iter().enumerate().map(|(index, answer)| ResponseLine {
        control_id: seen(&answer.control_id),
        resource: seen(&answer.resource),
        standing: match answer.answers {
            0 => "answers no exception".to_owned(),
            1 => "answers 1 exception".to_owned(),
            more => format!("answers {} exceptions", thousands(more)),
        },
        exceptions: shown(&spoken.answered, index),
        response: response(input, answer),
    });
    Registers {
        waivers: waivers.collect(),
        exemptions: exemptions.collect(),
        attestations: judged.attestations.iter().map(|attestation| attested(input, attestation, controls)).collect(),
        not_attested: not_attested(input),
        responses: responses.collect(),
    }
}

/// A text of a register, hidden characters shown.
fn seen(text: &str) -> String {
    visible(text).into_owned()
}

/// A response as pages show it.
pub(super) fn response(input: &Input<'_>, answer: &assess::Response) -> Response {
    // Its line ends belong to its Markdown; everything else that hides is shown.
    let lines: Vec<_> = answer.text.lines().map(|line| visible(line).into_owned()).collect();
    Response {
        text: lines.join("\n"),
        by: seen(&answer.by),
        at: answer.at.iso(),
        due: answer.due.map(Micros::iso),
        citation: cite(input.collected, &answer.source, Some(answer.line)),
    }
}

/// What a waiver covers, in words, and the code and text of the limit that lies in it.
fn waived(waiver: &Waiver) -> (String, Option<(&'static str, String)>) {
    let of = format!("the waiver for {} / {}", waiver.control_id, waiver.resource);
    let covers = match waiver.covers {
        0 => "covers no exception".to_owned(),
        1 => "covers 1 exception, which stays one".to_owned(),
        more => format!("covers {} exceptions, which stay exceptions", thousands(more)),
    };
    let until = waiver.expires_at.iso();
    if !waiver.ever_in_force() {
        return (
            format!("{covers}: it ends before it begins"),
            Some(("waiver-never-in-force", format!("{of} ends at {until}, before it was approved, and covers nothing"))),
        );
    }
    if waiver.own > 0 {
        let own = thousands(waiver.own);
        return (
            format!("{covers}; refused for {own} that are about its approver"),
            Some((
                "waiver-self-approved",
                format!(
                    "{of} was approved by {}, whom {own} of the exceptions it names are about; it does not accept these",
                    waiver.approver
                ),
            )),
        );
    }
    if waiver.expired > 0 {
        let expired = thousands(waiver.expired);
        return (
            format!("{covers}; it had ended before {expired}"),
            Some(("waiver-expired", format!("{of} ended at {until}, before {expired} of the exceptions it names"))),
        );
    }
    let limit = (waiver.covers == 0).then(|| ("waiver-unmatched", format!("{of} covers no exception")));
    (covers, limit)
}

/// How an exemption stands to the fleet and the period, and the limit that lies in it.
fn exempted(input: &Input<'_>, exemption: &Exemption) -> (String, Option<(&'static str, String)>) {
    let of = format!("the exemption of {}", exemption.resource);
    let host = input.assessment.fleet.iter().find(|host| host.host == exemption.resource);
    let unmatched = |why: String| (why.clone(), Some(("exemption-unmatched", format!("{of} exempts nothing: {why}"))));
    let ends_at = host.and_then(|host| host.alive_to).unwrap_or(input.period.ends_at).min(input.period.ends_at);
    let until = exemption.expires_at.iso();
    let followed = || {
        let mut others = input.assessment.exemptions.iter().filter(|other| other.resource == exemption.resource);
        others.any(|other| other.control_id == exemption.control_id && other.expires_at > exemption.expires_at)
    };
    match host {
        None => unmatched("no host of the inventory that lived in the period has this name".to_owned()),
        Some(host) if host.class != "stateful" => unmatched(format!("the host is {}", host.class)),
        Some(_) if exemption.expires_at <= exemption.approved_at => (
            "it ends before it begins".to_owned(),
            Some(("exemption-never-in-force", format!("{of} ends at {until}, before it was approved, and exempts nothing"))),
        ),
        Some(_) if exemption.approved_at >= input.period.ends_at => ("approved after the period".to_owned(), None),
        Some(_) if exemption.expires_at < ends_at && followed() => ("ended; a later entry follows".to_owned(), None),
        Some(_) if exemption.expires_at < ends_at => (
            "ended while the host lived".to_owned(),
            Some(("exemption-expired", format!("{of} ended at {until}, while the host lived"))),
        ),
        Some(_) if exemption.approved_at > input.period.starts_at => ("in force from its approval on".to_owned(), None),
        Some(_) => ("in force".to_owned(), None),
    }
}

fn attested(input: &Input<'_>, attestation: &assess::Attestation, controls: &[Control]) -> Attestation {
    let (starts_at, ends_at) = (input.period.starts_at, input.period.ends_at);
    let (from, to) = (attestation.attested_at, attestation.expires_at);
    let held = if from >= ends_at {
        "made after the period".to_owned()
    } else if to <= starts_at {
        "ended before the period".to_owned()
    } else if from <= starts_at && to >= ends_at {
        "held throughout the period".to_owned()
    } else {
        format!("held from {} to {}", from.max(starts_at).iso(), to.min(ends_at).iso())
    };
    let required = required_attestations(input.config);
    let asked = required.iter().find(|row| row.first() == Some(&attestation.id)).and_then(|row| row.get(1));
    let asked = match asked {
        None => "required by nothing",
        Some(statement) if *statement == attestation.statement => "required",
        Some(_) => "required, but in other words",
    };
    let known = attestation.control_ids.iter().filter(|id| controls.iter().any(|control| control.id == **id));
    Attestation {
        id: seen(&attestation.id),
        statement: seen(&attestation.statement),
        attested_by: seen(&attestation.attested_by),
        attested_at: from.iso(),
        expires_at: to.iso(),
        validity: seen(&attestation.validity),
        evidence: attestation.evidence.as_deref().map(seen),
        control_ids: known.cloned().collect(),
        standing: format!("{held}; {asked}"),
        citation: cite(input.collected, &attestation.source, Some(attestation.line)),
    }
}

/// What is required and stands in no register.
fn not_attested(input: &Input<'_>) -> Vec<(String, String)> {
    let required = required_attestations(input.config).into_iter();
    let missing = required.filter(|row| !input.assessment.attestations.iter().any(|made| Some(&made.id) == row.first()));
    missing.filter_map(|row| Some((seen(row.first()?), seen(row.get(1)?)))).collect()
}

/// The limits that lie in the registers.
pub(super) fn limits(input: &Input<'_>) -> Vec<Limit> {
    let judged = input.assessment;
    let mut limits = Vec::new();
    let mut limit = |code: &str, text: &str, source: &str, line: u64| {
        limits.push(Limit { code: code.to_owned(), text: seen(text), citation: cite(input.collected, source, Some(line)) });
    };
    for waiver in &judged.waivers {
        if let (_, Some((code, text))) = waived(waiver) {
            limit(code, &text, &waiver.source, waiver.line);
        }
    }
    for exemption in &judged.exemptions {
        if let (_, Some((code, text))) = exempted(input, exemption) {
            limit(code, &text, &exemption.source, exemption.line);
        }
    }
    for response in judged.responses.iter().filter(|response| response.answers == 0) {
        let text = format!("the response for {} / {} answers no exception", response.control_id, response.resource);
        limit("response-unmatched", &text, &response.source, response.line);
    }
    for attestation in &judged.attestations {
        for id in attestation.control_ids.iter().filter(|id| !judged.controls.iter().any(|known| known.control.id == **id)) {
            let text = format!("the attestation {} names the control {id}, which this report does not have", attestation.id);
            limit("attestation-control", &text, &attestation.source, attestation.line);
        }
    }
    limits
}
