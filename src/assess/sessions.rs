//! Where the commands that exceptions are about were given: their terminals, looked up once for all that are kept.

use std::collections::HashMap;

use super::AssessError;
use super::engine::{Engine, Parameters};
use super::item::Item;
use super::run::Assessed;

/// The terminal at which a command was given, `pts/0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Terminal(pub String);

impl Terminal {
    /// From what a log says; nothing where it says that there was none, as for what timers and automation run. One log
    /// writes `/dev/pts/0`, the other `pts/0`.
    #[must_use]
    pub fn named(tty: &str) -> Option<Self> {
        let tty = tty.trim();
        let name = tty.strip_prefix("/dev/").unwrap_or(tty);
        (!matches!(name, "" | "-" | "?" | "unknown" | "none" | "(none)" | "null")).then(|| Self(name.to_owned()))
    }
}

/// The command that an exception is about: its source, its line, its text.
fn command(item: &Item) -> Option<(&str, u64, &str)> {
    item.cell("actor")?;
    Some((item.source.as_deref()?, item.line?, item.cell("command")?))
}

/// Notes for every kept exception about a command at which terminal it was given.
pub(super) fn terminals(engine: &Engine, controls: &mut [Assessed]) -> Result<(), AssessError> {
    let kept = || controls.iter().flat_map(|assessed| assessed.population.exceptions.iter().filter_map(command));
    let mut pointers: Vec<Vec<String>> = kept().map(|(source, line, _)| vec![source.to_owned(), line.to_string()]).collect();
    pointers.sort_unstable();
    pointers.dedup();
    // A record may hold several commands.
    let mut known: HashMap<(String, u64), Vec<(String, Terminal)>> = HashMap::new();
    if !pointers.is_empty() {
        engine.define("kept_commands", &[("source", false), ("line", false)], &pointers)?;
        // Not put in order here: the engine would sort all commands before it looks for the few.
        let sql = "select c.source, c.line, c.command, c.tty
            from (select source, cast(line as bigint) as line from kept_commands) as k
            join privileged_commands c on c.source = k.source and c.line = k.line
            where c.tty is not null";
        engine.query("terminals", sql, &Parameters::new(), |frame| {
            for row in 0..frame.rows() {
                let text = |name: &str| frame.text(name, row).unwrap_or_default().into_owned();
                let line = frame.int("line", row).and_then(|line| u64::try_from(line).ok()).unwrap_or_default();
                let Some(terminal) = Terminal::named(&text("tty")) else { continue };
                known.entry((text("source"), line)).or_default().push((text("command"), terminal));
            }
            Ok(())
        })?;
        known.values_mut().for_each(|found| found.sort_unstable());
    }
    for assessed in controls {
        let exceptions = assessed.population.exceptions.iter();
        assessed.terminals = exceptions
            .map(|item| {
                let (source, line, text) = command(item)?;
                let found = known.get(&(source.to_owned(), line)).map(Vec::as_slice).unwrap_or_default();
                let same = found.iter().find(|(command, _)| command == text).or(found.first());
                same.map(|(_, terminal)| terminal.clone())
            })
            .collect();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Terminal;

    #[test]
    fn one_terminal_has_one_name_and_none_is_none() {
        assert_eq!(Terminal::named("/dev/pts/0"), Terminal::named("pts/0"));
        assert_eq!(Terminal::named("pts/0"), Some(Terminal("pts/0".to_owned())));
        for none in ["unknown", "?", "", "/dev/null", "none"] {
            assert_eq!(Terminal::named(none), None, "{none}");
        }
    }
}
