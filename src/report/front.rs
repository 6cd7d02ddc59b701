//! The first page: the summary, the question answered, the limits.

use std::collections::BTreeSet;

use super::build::Input;
use super::model::{Answer, Conclusion, Control, ControlLine, Hosts, Limit, LimitKind, LimitsAlike};
use super::{cite, decisions};
use crate::assess::thousands;
use crate::redact::visible;

/// What was looked for to find limits.
pub(super) const LOOKED_FOR: &str = "files that could not be read, are empty, changed while read, could not be opened to \
their end, or that no format recognises; records that could not be read; events that several sources have; torn ends; stamps \
without year or zone; evidence bound to no host or time; lists that say they are partial or end at an export limit; waivers \
that cover nothing, have ended or were given by the person they are about; exemptions of no host, or that ended; responses to \
no exception; times in registers without zone; targets of changes that the inventory does not know";

/// What the words mean.
pub(super) const GLOSSARY: &[(&str, &str)] = &[
    ("Source", "One evidence file, with its path, SHA-256, size and recognised format."),
    ("Fact", "One normalised row read from a source; it always points to its source and line or record."),
    ("Reject", "A record of a source that could not be read, listed with its reason."),
    ("Control", "A statement by management, the test of it, and the requirements that it supports."),
    (
        "Relation",
        "How a control relates to a requirement of a framework: it supports it, or intersects with it. No relation says that the requirement is met.",
    ),
    ("Population", "Every item that the test looked at, one row each."),
    (
        "Exception",
        "An item that does not meet the control. An accepted exception is covered by a waiver with approver, reason and expiry; it stays an exception.",
    ),
    ("Inconclusive", "An item that the evidence does not allow a judgement on."),
    ("Coverage", "Which part of the period the evidence speaks for, and the gaps."),
    ("No exceptions noted", "A population that is not empty, complete coverage, and no exception."),
    ("Exceptions noted", "At least one item is an exception."),
    ("Could not conclude", "The evidence does not carry a conclusion; this is the default."),
    ("Not applicable", "There is nothing to which the control applies, and the reason is stated."),
    ("Immutable host", "A host without state: nobody can log in, and it is replaced and not repaired."),
    ("Stateful host", "A host that carries state: changed in place, under change management and detective controls."),
    ("Exemption", "A registered, approved, expiring decision that a host is stateful."),
    (
        "Attestation",
        "A dated, expiring statement by management about what no log can show; its words are not tested, and no other conclusion rests on it.",
    ),
    ("Quorum", "More than half of the master-eligible nodes of a cluster, up and joined."),
    (
        "Standing change",
        "A change with a window of more than seven days; it explains its own assignee's commands and nothing else.",
    ),
    ("Pack", "The sealed output folder."),
];

/// "2 exceptions in 1 of 24 controls; 3 controls could not be concluded."
pub(super) fn summary(controls: &[Control]) -> String {
    let exceptions: u64 = controls.iter().map(|control| control.counts.exception).sum();
    let accepted: u64 = controls.iter().map(|control| control.counts.accepted).sum();
    let of = |conclusion: Conclusion| controls.iter().filter(|control| control.conclusion == conclusion).count();
    let noun = |number: u64, noun: &str| if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", thousands(number)) };
    let accepted = if accepted > 0 { format!(" ({} accepted)", thousands(accepted)) } else { String::new() };
    let open = of(Conclusion::CouldNotConclude) as u64;
    let found = if exceptions == 0 {
        format!("No exceptions in {}", noun(controls.len() as u64, "control"))
    } else {
        format!(
            "{}{accepted} in {} of {}",
            noun(exceptions, "exception"),
            of(Conclusion::Exceptions),
            noun(controls.len() as u64, "control")
        )
    };
    let unjudged: u64 = controls.iter().map(|control| control.counts.inconclusive).sum();
    let of_unjudged = controls.iter().filter(|control| control.counts.inconclusive > 0).count() as u64;
    let concluded = match open {
        0 => "every control could be concluded".to_owned(),
        open => format!("{} could not be concluded", noun(open, "control")),
    };
    match unjudged {
        0 => format!("{found}; {concluded}."),
        unjudged => {
            format!("{found}; {concluded}; {} in {} could not be judged.", noun(unjudged, "item"), noun(of_unjudged, "control"))
        }
    }
}

/// How many hosts of each class.
pub(super) fn hosts(input: &Input<'_>) -> Hosts {
    let of = |class: &str| input.assessment.fleet.iter().filter(|host| host.class == class).count() as u64;
    Hosts { immutable: of("immutable"), stateful: of("stateful"), unclassified: of("unclassified") }
}

/// Hosts of neither class.
pub(super) fn unclassified(input: &Input<'_>) -> Vec<String> {
    let hosts = input.assessment.fleet.iter().filter(|host| host.class == "unclassified");
    hosts.map(|host| visible(&host.host).into_owned()).collect()
}

/// The question answered: a column a class of hosts, then what belongs to both.
pub(super) fn answers(input: &Input<'_>, controls: &[Control]) -> Vec<Answer> {
    let hosts = hosts(input);
    let lines = |wanted: &[&str]| -> Vec<ControlLine> {
        let chosen = controls.iter().filter(|control| wanted.contains(&control.applies_to.as_str()));
        chosen
            .map(|control| ControlLine {
                id: control.id.clone(),
                title: control.title.clone(),
                conclusion: control.conclusion,
                outcome: outcome(control),
            })
            .collect()
    };
    vec![
        Answer {
            title: "Immutable hosts".to_owned(),
            how: "By management's design nobody can log in, the image comes from a known build, and hosts are replaced and not repaired, so that an unapproved change cannot be pushed to them. What the tests found:".to_owned(),
            hosts: Some(hosts.immutable),
            controls: lines(&["immutable"]),
        },
        Answer {
            title: "Stateful hosts".to_owned(),
            how: "By management's design configuration management runs on its interval, every privileged command is logged and traced to an approved change, and alarms fire on changes that nobody approved, so that an unapproved change is put back or found. What the tests found:".to_owned(),
            hosts: Some(hosts.stateful),
            controls: lines(&["stateful"]),
        },
        Answer {
            title: "Both: the fleet and its changes".to_owned(),
            how: "By management's design every host is known and belongs to one of the two classes, and every change is approved by somebody else. What the tests found:".to_owned(),
            hosts: None,
            controls: lines(&["all", "changes"]),
        },
    ]
}

fn outcome(control: &Control) -> String {
    let counts = control.counts;
    match control.conclusion {
        Conclusion::Exceptions => {
            let accepted =
                if counts.accepted > 0 { format!(" ({} accepted)", thousands(counts.accepted)) } else { String::new() };
            let unjudged =
                if counts.inconclusive > 0 { format!("; {} not judged", thousands(counts.inconclusive)) } else { String::new() };
            format!("{} of {}{accepted}{unjudged}", thousands(counts.exception), thousands(counts.population))
        }
        Conclusion::CouldNotConclude if counts.inconclusive == 0 => {
            format!("{} tested, but the evidence is not whole", thousands(counts.tested()))
        }
        Conclusion::CouldNotConclude => {
            format!("{} of {} not judged", thousands(counts.inconclusive), thousands(counts.population))
        }
        Conclusion::NoExceptions => format!("{} tested", thousands(counts.tested())),
        Conclusion::NotApplicable => "no items".to_owned(),
    }
}

/// What the evidence cannot tell: those met while reading, then those of registers and changes.
pub(super) fn limits(input: &Input<'_>, not_shown: &[(String, u64)]) -> Vec<Limit> {
    let mut limits: Vec<Limit> = input
        .collected
        .limits
        .iter()
        .map(|limit| Limit {
            code: limit.code.to_owned(),
            text: visible(&limit.text).into_owned(),
            citation: limit.source.as_ref().and_then(|source| cite::cite(input.collected, source, limit.line)),
        })
        .collect();
    limits.extend(decisions::limits(input));
    for (target, changes) in &input.assessment.unknown_targets {
        let text = format!(
            "{} changes or incidents name the target `{target}`, which is no host, group, cluster, role or image of the evidence",
            thousands(*changes)
        );
        limits.push(Limit { code: "target-unknown".to_owned(), text: visible(&text).into_owned(), citation: None });
    }
    for assessed in &input.assessment.controls {
        let (id, counted) = (&assessed.control.id, &assessed.population.counted);
        if assessed.coverage.total > 0 {
            let noun = if assessed.coverage.total == 1 { "silence" } else { "silences" };
            let text =
                format!("{id}: {} {noun} longer than allowed in the streams that it needs", thousands(assessed.coverage.total));
            limits.push(Limit { code: "coverage-gap".to_owned(), text, citation: None });
        }
        if counted.inconclusive > 0 {
            let resources: BTreeSet<&str> = assessed.population.inconclusive.iter().map(|item| item.resource.as_str()).collect();
            let named: Vec<&str> = resources.into_iter().take(5).collect();
            let noun = if counted.inconclusive == 1 { "item" } else { "items" };
            let text = format!("{id}: {} {noun} could not be judged ({})", thousands(counted.inconclusive), named.join(", "));
            limits.push(Limit { code: "not-judged".to_owned(), text: visible(&text).into_owned(), citation: None });
        }
    }
    for (control, number) in not_shown {
        let text = format!(
            "{} exceptions of {control} are not on the pages; they are in report.json and in its population's CSV",
            thousands(*number)
        );
        limits.push(Limit { code: "exceptions-not-shown".to_owned(), text, citation: None });
    }
    for assessed in &input.assessment.controls {
        let kept = assessed.population.exceptions.len() as u64;
        if kept < assessed.population.counted.exception {
            let text = format!(
                "{} of the {} exceptions of {} are in report.json; all of them are in its population's CSV",
                thousands(kept),
                thousands(assessed.population.counted.exception),
                assessed.control.id
            );
            limits.push(Limit { code: "exceptions-capped".to_owned(), text, citation: None });
        }
    }
    limits
}

/// Limits by kind, those of one text together, in the order of the first of each.
pub(super) fn kinds(limits: &[Limit]) -> Vec<LimitKind> {
    let mut kinds: Vec<LimitKind> = Vec::new();
    for limit in limits {
        let alike = || LimitsAlike { text: limit.text.clone(), citation: limit.citation.clone(), also: Vec::new() };
        let Some(kind) = kinds.iter_mut().find(|kind| kind.code == limit.code) else {
            kinds.push(LimitKind { code: limit.code.clone(), first: alike(), others: Vec::new(), more: 0 });
            continue;
        };
        match std::iter::once(&mut kind.first).chain(&mut kind.others).find(|known| known.text == limit.text) {
            Some(known) => known.also.extend(limit.citation.iter().map(|citation| citation.source_id.clone())),
            None => {
                kind.others.push(alike());
                kind.more += 1;
            }
        }
    }
    kinds
}
