//! Exceptions: grouped where they are alike, numbered in the order of controls and time, each with its deciding record.

use super::build::Input;
use super::cite::cite;
use super::decisions::{Spoken, response};
use super::management::Response;
use super::model::{ExceptionGroup, ExceptionLine, Member, QuoteLine};
use super::sessions::{Kept, groups, reasons, session};
use crate::assess::{Assessed, Item, Waiver, thousands};
use crate::facts::Micros;
use crate::redact::visible;

/// Further exceptions of a group that a page shows.
const MOST_OTHERS: usize = 50;
/// Columns that the article says elsewhere.
const SAID: [&str; 3] = ["occurred_at", "actor", "verdict"];

/// Groups of a control that pages show; further ones are in `report.json` and in the population's CSV, and said to be.
const MOST_GROUPS: usize = 50;

/// What pages show, everything that was kept, and how many exceptions of each control are kept but not shown.
pub(super) struct Exceptions {
    pub(super) shown: Vec<ExceptionGroup>,
    pub(super) every: Vec<Member>,
    pub(super) not_shown: Vec<(String, u64)>,
    /// Which groups the entries of registers speak of.
    pub(super) spoken: Spoken,
}

/// All exceptions of all controls.
pub(super) fn gather(input: &Input<'_>) -> Exceptions {
    let mut exceptions = Exceptions { shown: Vec::new(), every: Vec::new(), not_shown: Vec::new(), spoken: Spoken::default() };
    for assessed in &input.assessment.controls {
        let groups = groups(assessed);
        let mut not_shown = 0;
        for (place, group) in groups.iter().enumerate() {
            let mut members = members(input, assessed, group, exceptions.every.len());
            if let Some(session) = session(assessed, group, &members) {
                members.iter_mut().for_each(|member| member.session = Some(session.place()));
            }
            if place < MOST_GROUPS {
                if let (Some((index, _)), Some(lead)) = (group.first(), members.first()) {
                    if let Some(waiver) = assessed.waived.get(*index).copied().flatten() {
                        exceptions.spoken.waived.entry(waiver).or_default().push(lead.id.clone());
                    }
                    for answer in answers(assessed, *index) {
                        exceptions.spoken.answered.entry(*answer).or_default().push(lead.id.clone());
                    }
                }
                exceptions.shown.extend(article(input, assessed, group, &members));
            } else {
                not_shown += members.len() as u64;
            }
            exceptions.every.extend(members);
        }
        if not_shown > 0 {
            exceptions.not_shown.push((assessed.control.id.clone(), not_shown));
        }
    }
    exceptions
}

/// The waiver that covers a kept exception.
fn waiver<'a>(input: &Input<'a>, assessed: &Assessed, index: usize) -> Option<&'a Waiver> {
    let waived = assessed.waived.get(index).copied().flatten();
    waived.and_then(|waived| input.assessment.waivers.get(waived))
}

/// The responses that answer a kept exception.
pub(super) fn answers(assessed: &Assessed, index: usize) -> &[usize] {
    assessed.answered.get(index).map(Vec::as_slice).unwrap_or_default()
}

fn responses(input: &Input<'_>, assessed: &Assessed, index: usize) -> Vec<Response> {
    let answering = answers(assessed, index).iter().filter_map(|answer| input.assessment.responses.get(*answer));
    answering.map(|answer| response(input, answer)).collect()
}

fn members(input: &Input<'_>, assessed: &Assessed, group: &[Kept<'_>], before: usize) -> Vec<Member> {
    let first = format!("X-{}", before + 1);
    let numbered = (before + 1..).zip(group);
    numbered
        .map(|(number, (index, item))| Member {
            id: format!("X-{number}"),
            group: first.clone(),
            control_id: assessed.control.id.clone(),
            resource: visible(&item.resource).into_owned(),
            reason: visible(&item.reason).into_owned(),
            sentence: visible(&item.sentence).into_owned(),
            occurred_at: item.occurred_at.map(Micros::to_the_second),
            citation: item.source.as_ref().and_then(|source| cite(input.collected, source, item.line)),
            accepted_by: waiver(input, assessed, *index).map(|waiver| waiver.approver.clone()),
            responses: responses(input, assessed, *index),
            session: None,
        })
        .collect()
}

fn article(input: &Input<'_>, assessed: &Assessed, group: &[Kept<'_>], members: &[Member]) -> Option<ExceptionGroup> {
    let (first_index, first) = group.first().copied()?;
    let control = &assessed.control;
    let lead = members.first()?.clone();
    let (quote, quote_note) = quoted(input, first);
    let session = session(assessed, group, members);
    // Commands of a session are listed; what is said of the first holds for all or is left to the list.
    let holds = |name: &str, text: &str| session.is_none() || group.iter().all(|(_, item)| item.cell(name) == Some(text));
    let details = first
        .cells
        .iter()
        .filter(|(name, text)| !text.is_empty() && !SAID.contains(&name.as_str()) && holds(name, text))
        .map(|(name, text)| (label(name), visible(text).into_owned()))
        .collect();
    let others = members.iter().skip(1).take(MOST_OTHERS);
    Some(ExceptionGroup {
        id: lead.id,
        control_id: control.id.clone(),
        control_title: control.title.clone(),
        resource: lead.resource,
        actor: first.cell("actor").map(|actor| visible(actor).into_owned()),
        sentence: lead.sentence,
        expected: control.statement.clone(),
        observed: reasons(group, members),
        count: members.len() as u64,
        first_at: lead.occurred_at,
        last_at: members.last().and_then(|member| member.occurred_at.clone()),
        details,
        session,
        others: others
            .map(|member| ExceptionLine {
                id: member.id.clone(),
                sentence: member.sentence.clone(),
                citation: member.citation.clone(),
            })
            .collect(),
        citation: lead.citation,
        quote,
        quote_note,
        searched: searched(input, assessed, first),
        accepted: waiver(input, assessed, first_index).map(|waiver| visible(&waiver.words()).into_owned()),
        responses: responses(input, assessed, first_index),
    })
}

/// The deciding record, or why it is not shown.
fn quoted(input: &Input<'_>, item: &Item) -> (Vec<QuoteLine>, Option<String>) {
    let (Some(source), Some(line)) = (&item.source, item.line) else {
        return (
            Vec::new(),
            Some("There is no single deciding record: the source as a whole decides, or nothing was there.".to_owned()),
        );
    };
    match input.collected.quote(source, line) {
        Ok(quote) => {
            let lines =
                quote.lines.into_iter().map(|line| QuoteLine { number: line.number, marked: line.marked, text: line.text });
            (lines.collect(), quote.left_out)
        }
        Err(reason) => (Vec::new(), Some(format!("The record is not quoted: {reason}."))),
    }
}

/// For an exception of absence, what was looked through before it was called one: the sources that the test draws on, from
/// the item's own beginning to its end, or the whole period.
fn searched(input: &Input<'_>, assessed: &Assessed, item: &Item) -> Option<String> {
    let absent = item.source.is_none() || item.cell("gap_s").is_some() || item.cell("verdict") == Some("no_change");
    if !absent {
        return None;
    }
    let feeding = input.collected.sources.iter().filter(|source| {
        source.format.is_some_and(|format| format.feeds().iter().any(|table| assessed.draws_on.contains(table.name)))
    });
    let feeding: Vec<_> = feeding.collect();
    let records: u64 = feeding.iter().map(|source| source.tally.opened).sum();
    let mut formats: Vec<&str> = feeding.iter().filter_map(|source| source.format.map(|format| format.name())).collect();
    formats.sort_unstable();
    formats.dedup();
    let (starts_at, ends_at) = (input.period.starts_at.iso(), input.period.ends_at.iso());
    let (from, to) = (item.cell("from_at").unwrap_or(&starts_at), item.cell("to_at").unwrap_or(&ends_at));
    Some(format!(
        "Nothing was found from {from} to {to} in the {} records of the {} sources that the test draws on ({}).",
        thousands(records),
        thousands(feeding.len() as u64),
        formats.join(", ")
    ))
}

/// A column's name as a label: `from_at` → "From", `nearest_change` → "Nearest change".
fn label(column: &str) -> String {
    let stem = column.strip_suffix("_at").or_else(|| column.strip_suffix("_s")).unwrap_or(column);
    capitalised(&stem.replace('_', " "))
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
