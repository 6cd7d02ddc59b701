//! Exceptions: grouped where they are alike, numbered in the order of controls and time, each with its deciding record.

use super::build::Input;
use super::cite::cite;
use super::model::{ExceptionGroup, ExceptionLine, Member, QuoteLine};
use crate::assess::{Assessed, Item, thousands};
use crate::facts::Micros;
use crate::redact::visible;

/// Further exceptions of a group that a page shows.
const MOST_OTHERS: usize = 50;
/// Columns that the article says elsewhere.
const SAID: [&str; 3] = ["occurred_at", "actor", "verdict"];

/// All groups of all controls.
pub(super) fn groups(input: &Input<'_>) -> Vec<ExceptionGroup> {
    let mut number = 0;
    let mut groups = Vec::new();
    for assessed in &input.assessment.controls {
        let mut gathered: Vec<Vec<(usize, &Item)>> = Vec::new();
        for (index, item) in assessed.population.exceptions.iter().enumerate() {
            let key = |other: &Item, waived: usize| {
                (other.resource.clone(), other.cell("actor").map(str::to_owned), kind(other), assessed.waived.get(waived).copied().flatten())
            };
            match gathered.iter_mut().find(|group| group.first().is_some_and(|(at, first)| key(first, *at) == key(item, index))) {
                Some(group) => group.push((index, item)),
                None => gathered.push(vec![(index, item)]),
            }
        }
        for group in &mut gathered {
            group.sort_by_key(|(_, item)| (item.occurred_at, item.number));
        }
        gathered.sort_by_key(|group| group.first().map(|(_, item)| (item.occurred_at, item.number)));
        for group in gathered {
            if let Some(built) = one(input, assessed, &group, &mut number) {
                groups.push(built);
            }
        }
    }
    groups
}

/// What kind of exception it is, so that only those alike are grouped.
fn kind(item: &Item) -> String {
    let named = item.cell("nearest_change").unwrap_or_default();
    format!("{} {named}", item.cell("verdict").unwrap_or(if named.is_empty() { "" } else { &item.reason }))
}

fn one(input: &Input<'_>, assessed: &Assessed, group: &[(usize, &Item)], number: &mut u64) -> Option<ExceptionGroup> {
    let (first_index, first) = group.first().copied()?;
    let control = &assessed.control;
    let waiver = |index: usize| {
        let waived = assessed.waived.get(index).copied().flatten();
        waived.and_then(|waived| input.assessment.waivers.get(waived))
    };
    let mut members = Vec::with_capacity(group.len());
    for (index, item) in group {
        *number += 1;
        members.push(Member {
            id: format!("X-{number}"),
            reason: visible(&item.reason).into_owned(),
            sentence: visible(&item.sentence).into_owned(),
            occurred_at: item.occurred_at.map(Micros::to_the_second),
            citation: item.source.as_ref().and_then(|source| cite(input.collected, source, item.line)),
            accepted_by: waiver(*index).map(|waiver| waiver.approver.clone()),
        });
    }
    let lead = members.first()?.clone();
    let (quote, quote_note) = quoted(input, first);
    let details = first
        .cells
        .iter()
        .filter(|(name, text)| !text.is_empty() && !SAID.contains(&name.as_str()))
        .map(|(name, text)| (label(name), visible(text).into_owned()))
        .collect();
    Some(ExceptionGroup {
        id: lead.id,
        control_id: control.id.clone(),
        control_title: control.title.clone(),
        resource: visible(&first.resource).into_owned(),
        actor: first.cell("actor").map(|actor| visible(actor).into_owned()),
        sentence: lead.sentence,
        expected: control.statement.clone(),
        observed: capitalised(&lead.reason),
        count: members.len() as u64,
        first_at: lead.occurred_at,
        last_at: members.last().and_then(|member| member.occurred_at.clone()),
        details,
        others: members
            .iter()
            .skip(1)
            .take(MOST_OTHERS)
            .map(|member| ExceptionLine {
                id: member.id.clone(),
                sentence: member.sentence.clone(),
                citation: member.citation.clone(),
            })
            .collect(),
        citation: lead.citation,
        quote,
        quote_note,
        searched: Some(searched(input, assessed)),
        accepted: waiver(first_index).map(|waiver| visible(&waiver.words()).into_owned()),
        response: None,
        members,
    })
}

/// The deciding record, or why it is not shown.
fn quoted(input: &Input<'_>, item: &Item) -> (Vec<QuoteLine>, Option<String>) {
    let (Some(source), Some(line)) = (&item.source, item.line) else {
        return (Vec::new(), Some("There is no single deciding record: the exception is one of absence.".to_owned()));
    };
    match input.collected.quote(source, line) {
        Ok(quote) => {
            let lines = quote.lines.into_iter().map(|line| QuoteLine { number: line.number, marked: line.marked, text: line.text });
            (lines.collect(), quote.left_out)
        }
        Err(reason) => (Vec::new(), Some(format!("The record is not quoted: {reason}."))),
    }
}

/// What was looked through before the item was called an exception.
fn searched(input: &Input<'_>, assessed: &Assessed) -> String {
    let feeding = input.collected.sources.iter().filter(|source| {
        source.format.is_some_and(|format| format.feeds().iter().any(|table| assessed.draws_on.contains(table.name)))
    });
    let (files, records) = feeding.fold((0, 0), |(files, records), source| (files + 1, records + source.tally.opened));
    format!(
        "Looked through {} records of {} sources, from {} up to {}.",
        thousands(records),
        thousands(files),
        input.period.starts_at.iso(),
        input.period.ends_at.iso()
    )
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
