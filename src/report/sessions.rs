//! Exceptions about commands, grouped by session: one host, one account, one terminal, no pause of more than half an hour.
//! Commands without a terminal, which timers and automation give, are grouped like all other exceptions.

use std::collections::BTreeMap;

use serde::Serialize;

use super::exceptions::answers;
use super::model::{Citation, Member};
use crate::assess::{Assessed, Item, Terminal};
use crate::facts::Micros;

/// Longest pause within a session, in seconds.
const LONGEST_PAUSE: f64 = 1_800.0;
/// Commands of a session that a page lists; all are in `report.json`.
const MOST_COMMANDS: usize = 50;
/// Reasons that a session names.
const MOST_REASONS: usize = 5;

/// Commands of one account on one host and terminal, without a pause of more than half an hour.
#[derive(Clone, Debug)]
pub struct Session {
    /// `pts/0`
    pub terminal: String,
    /// First command, ISO 8601 UTC.
    pub first_at: String,
    /// Last command.
    pub last_at: String,
    /// How many commands.
    pub count: u64,
    /// "One session at pts/0 from … to …, 3 commands"
    pub words: String,
    /// The commands (at most 50; `count` counts all).
    pub commands: Vec<Command>,
}

impl Session {
    /// What machines read of it with each of its commands.
    #[must_use]
    pub fn place(&self) -> SessionPlace {
        SessionPlace {
            terminal: self.terminal.clone(),
            first_at: self.first_at.clone(),
            last_at: self.last_at.clone(),
            commands: self.count,
        }
    }
}

/// A session as machines read it.
#[derive(Clone, Debug, Serialize)]
pub struct SessionPlace {
    /// `pts/0`
    pub terminal: String,
    /// First command, ISO 8601 UTC.
    pub first_at: String,
    /// Last command.
    pub last_at: String,
    /// How many commands.
    pub commands: u64,
}

/// A command of a session.
#[derive(Clone, Debug)]
pub struct Command {
    /// `X-2`
    pub id: String,
    /// When, ISO 8601 UTC.
    pub occurred_at: String,
    /// The command, secrets redacted.
    pub command: String,
    /// Why it is an exception.
    pub reason: String,
    /// Where.
    pub citation: Option<Citation>,
}

/// An exception with its place among those kept, which is where its waiver is noted.
pub(super) type Kept<'a> = (usize, &'a Item);

/// What makes exceptions alike.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Alike<'a> {
    /// Commands at one terminal.
    Terminal(&'a Terminal),
    /// The same verdict about the same change.
    Kind(&'a str, &'a str),
}

/// The exceptions of a control in groups, each in the order of time, groups by their first.
pub(super) fn groups(assessed: &Assessed) -> Vec<Vec<Kept<'_>>> {
    let mut alike: BTreeMap<_, Vec<Kept<'_>>> = BTreeMap::new();
    for (index, item) in assessed.population.exceptions.iter().enumerate() {
        let waiver = assessed.waived.get(index).copied().flatten();
        let terminal = assessed.terminals.get(index).and_then(Option::as_ref);
        let likeness = terminal.filter(|_| item.occurred_at.is_some()).map_or_else(|| kind(item), Alike::Terminal);
        // What management answered apart stays apart.
        let answers = answers(assessed, index);
        alike.entry((&item.resource, item.cell("actor"), likeness, waiver, answers)).or_default().push((index, item));
    }
    let mut groups: Vec<Vec<Kept<'_>>> = Vec::new();
    for ((_, _, likeness, ..), mut group) in alike {
        group.sort_by_key(|(_, item)| (item.occurred_at, item.number));
        match likeness {
            Alike::Kind(..) => groups.push(group),
            Alike::Terminal(_) => groups.extend(group.chunk_by(|(_, before), (_, item)| !pause(before, item)).map(<[_]>::to_vec)),
        }
    }
    groups.sort_by_key(|group| group.first().map(|(_, item)| (item.occurred_at, item.number)));
    groups
}

/// Whether a session ends between two commands.
fn pause(before: &Item, item: &Item) -> bool {
    before.occurred_at.zip(item.occurred_at).is_none_or(|(before, at)| at.seconds_since(before) > LONGEST_PAUSE)
}

/// What kind of exception it is, so that only those alike are grouped.
fn kind(item: &Item) -> Alike<'_> {
    let named = item.cell("nearest_change").unwrap_or_default();
    Alike::Kind(item.cell("verdict").unwrap_or(if named.is_empty() { "" } else { &item.reason }), named)
}

/// The session of a group, where it is about commands.
pub(super) fn session(assessed: &Assessed, group: &[Kept<'_>], members: &[Member]) -> Option<Session> {
    let (index, first) = group.first()?;
    let terminal = assessed.terminals.get(*index)?.as_ref()?;
    let last = group.last().and_then(|(_, item)| item.occurred_at);
    let (first_at, last_at) = (first.occurred_at.map(Micros::to_the_second)?, last.map(Micros::to_the_second)?);
    let place = format!("at {}", crate::redact::visible(&terminal.0));
    let words = if group.len() == 1 {
        format!("One session {place}, 1 command at {first_at}")
    } else {
        format!("One session {place} from {first_at} to {last_at}, {} commands", crate::assess::thousands(group.len() as u64))
    };
    let commands = group.iter().zip(members).take(MOST_COMMANDS).map(|((_, item), member)| Command {
        id: member.id.clone(),
        occurred_at: member.occurred_at.clone().unwrap_or_default(),
        command: crate::redact::visible(item.cell("command").unwrap_or_default()).into_owned(),
        reason: member.reason.clone(),
        citation: member.citation.clone(),
    });
    Some(Session {
        terminal: crate::redact::visible(&terminal.0).into_owned(),
        first_at,
        last_at,
        count: group.len() as u64,
        words,
        commands: commands.collect(),
    })
}

/// Why the members are exceptions: the reason of the first of each kind.
pub(super) fn reasons(group: &[Kept<'_>], members: &[Member]) -> String {
    let mut kinds = Vec::new();
    let mut reasons: Vec<&str> = Vec::new();
    for ((_, item), member) in group.iter().zip(members) {
        if !kinds.contains(&kind(item)) {
            kinds.push(kind(item));
            reasons.push(&member.reason);
        }
    }
    let more = reasons.len().saturating_sub(MOST_REASONS);
    reasons.truncate(MOST_REASONS);
    let mut said = reasons.join("; also: ");
    if more > 0 {
        said.push_str(&format!("; and {more} more, with the commands below"));
    }
    said
}
