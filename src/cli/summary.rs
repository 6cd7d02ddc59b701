//! The summary on the terminal: hosts, conclusions, exceptions, limits.

use std::fmt::Write as _;

use steadfast::report::{Conclusion, Report};

/// Further exceptions of a group, and limits of one kind, that are spelt out.
const MOST: usize = 5;

/// The summary as text.
pub(crate) fn summary(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}, {} ({} to {}, end not included)",
        report.system, report.period.name, report.period.starts_at, report.period.ends_at
    );
    let _ = writeln!(text, "{}", report.summary);
    let hosts = report.hosts;
    let _ = writeln!(
        text,
        "\nHosts: {} immutable, {} stateful, {} unclassified",
        hosts.immutable, hosts.stateful, hosts.unclassified
    );
    let _ = writeln!(text, "\nControls");
    for control in &report.controls {
        let mark = match control.conclusion {
            Conclusion::Exceptions => "x",
            Conclusion::CouldNotConclude => "?",
            Conclusion::NoExceptions => "o",
            Conclusion::NotApplicable => "-",
        };
        let _ = writeln!(text, "  {mark} {:<10} {:<20} {}", control.id, control.conclusion.words(), control.title);
        let _ = writeln!(text, "    {:<10} {}", "", control.why);
    }
    if !report.exceptions.is_empty() {
        let _ = writeln!(text, "\nExceptions");
    }
    for group in &report.exceptions {
        let _ = writeln!(text, "  {:<5} {}  {}", group.id, group.control_id, group.sentence);
        for other in group.others.iter().take(MOST) {
            let _ = writeln!(text, "  {:<5} {}  {}", other.id, group.control_id, other.sentence);
        }
        if let Some(rest) = (group.count as usize).checked_sub(MOST + 1).filter(|rest| *rest > 0) {
            let _ =
                writeln!(text, "        and {rest} more alike, until {}", group.last_at.as_deref().unwrap_or("an unknown time"));
        }
        if let Some(citation) = &group.citation {
            let _ = writeln!(text, "        {citation}");
        }
        if let Some(accepted) = &group.accepted {
            let _ = writeln!(text, "        {accepted}");
        }
    }
    let _ = writeln!(text, "\nLimits of the evidence");
    if report.limits.is_empty() {
        let _ = writeln!(text, "  none found; looked for {}", report.limits_looked_for);
    }
    let mut shown: Vec<(&str, usize)> = Vec::new();
    for limit in &report.limits {
        let count = match shown.iter_mut().find(|(code, _)| *code == limit.code) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                shown.push((&limit.code, 1));
                1
            }
        };
        if count <= MOST {
            let place = limit.citation.as_ref().map_or_else(String::new, |citation| format!(" ({citation})"));
            let _ = writeln!(text, "  {}: {}{place}", limit.code, limit.text);
        }
    }
    for (code, count) in shown.iter().filter(|(_, count)| *count > MOST) {
        let _ = writeln!(text, "  {code}: {} more, in the report", count - MOST);
    }
    text
}
