//! The picture of a host by day matrix: one row a host, a glyph a day. Kinds of days differ in outline, never in colour alone.

use super::streams::{date, key};
use crate::assess::{DayKind, StreamHost};
use crate::facts::Micros;
use crate::redact::visible;

/// Width of a day, in the picture's units.
const CELL: usize = 7;
/// Height of a row.
const ROW: usize = 16;
/// Height of the names of months.
const TOP: usize = 18;
/// Width of a character of a name, and how many fit.
const CHARACTER: usize = 7;
const NAME: usize = 28;
/// Months that one picture shows.
const MONTHS: usize = 3;

/// A picture of at most three months.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// What it shows, with counts.
    pub title: String,
    /// Width in units.
    pub width: usize,
    /// Height in units.
    pub height: usize,
    /// Where the names of hosts end and the days begin.
    pub left: usize,
    /// Where each month begins: position, name.
    pub months: Vec<(usize, String)>,
    /// Hosts.
    pub rows: Vec<Row>,
}

/// A host in a picture.
#[derive(Clone, Debug)]
pub struct Row {
    /// Name, cut where it is too long for the picture.
    pub label: String,
    /// Base line of the name.
    pub y: usize,
    /// Paths: key of the kind, commands.
    pub paths: Vec<(String, String)>,
}

/// Draws the rows, one picture for each three months.
pub(super) fn draw(days: &[Micros], hosts: &[(&str, &StreamHost)], title: &str) -> Vec<Matrix> {
    let months: Vec<String> = days.iter().map(|day| date(*day).get(..7).unwrap_or_default().to_owned()).collect();
    let mut starts: Vec<usize> =
        (0..days.len()).filter(|index| *index == 0 || months.get(*index) != months.get(index - 1)).collect();
    starts.push(days.len());
    let labels: Vec<String> = hosts.iter().map(|(name, _)| label(name)).collect();
    let left = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0) * CHARACTER + CHARACTER;
    let mut matrices = Vec::new();
    for panel in (0..starts.len().saturating_sub(1)).step_by(MONTHS) {
        let edges = starts.get(panel..(panel + MONTHS + 1).min(starts.len())).unwrap_or_default();
        let (Some(first), Some(end)) = (edges.first().copied(), edges.last().copied()) else { continue };
        let named = edges.iter().take(edges.len().saturating_sub(1));
        let span = match (days.get(first), days.get(end.saturating_sub(1))) {
            (Some(from), Some(to)) if starts.len() > MONTHS + 1 => format!(" This part: {} to {}.", date(*from), date(*to)),
            _ => String::new(),
        };
        matrices.push(Matrix {
            title: format!("{title}{span}"),
            width: left + (end - first) * CELL + 1,
            height: TOP + hosts.len() * ROW + 2,
            left,
            months: named.filter_map(|start| Some((left + (start - first) * CELL, months.get(*start)?.clone()))).collect(),
            rows: labels
                .iter()
                .zip(hosts)
                .enumerate()
                .map(|(place, (label, (_, host)))| Row {
                    label: label.clone(),
                    y: TOP + place * ROW + ROW / 2 + 4,
                    paths: paths(TOP + place * ROW + ROW / 2, left, host, first, end),
                })
                .collect(),
        });
    }
    matrices
}

/// A name, cut where it is too long for the picture.
fn label(name: &str) -> String {
    let shown = visible(name);
    if shown.chars().count() > NAME { shown.chars().take(NAME - 1).chain(['…']).collect() } else { shown.into_owned() }
}

/// The days of a host from `first` until before `end`: a path for each kind.
fn paths(middle: usize, left: usize, host: &StreamHost, first: usize, end: usize) -> Vec<(String, String)> {
    let mut paths: Vec<(String, String)> = Vec::new();
    for kind in DayKind::ALL {
        let runs = host.runs.iter().filter(|run| run.kind == kind);
        let drawn: String = runs
            .filter_map(|run| {
                let (from, to) = (run.first.max(first), (run.first + run.days).min(end));
                (from < to).then(|| path(kind, left + (from - first) * CELL, middle, to - from))
            })
            .collect();
        if !drawn.is_empty() {
            paths.push((key(kind), drawn));
        }
    }
    paths
}

/// The glyph of a kind, alone.
pub(super) fn sample(kind: DayKind) -> String {
    path(kind, 1, ROW / 2, if matches!(kind, DayKind::Silent | DayKind::PartlySilent) { 1 } else { 3 })
}

/// A run of days: a bar of records, boxes with a stroke or a cross, a thin line, a dotted one, a hollow bar.
fn path(kind: DayKind, x: usize, y: usize, days: usize) -> String {
    let width = days * CELL;
    let side = CELL - 1;
    let boxes = |inside: &str| -> String {
        (0..days).map(|day| format!("M{} {}h{side}v10h-{side}z{inside}", x + day * CELL, y - 5)).collect()
    };
    match kind {
        DayKind::Records | DayKind::NoRecord | DayKind::NotAlive => format!("M{x} {y}h{width}"),
        DayKind::PartlySilent => boxes(&format!("m0 10l{side} -10")),
        DayKind::Silent => boxes(&format!("m0 10l{side} -10m-{side} 0l{side} 10")),
        DayKind::Outside => format!("M{x} {}h{}v6h-{}z", y - 3, width - 1, width - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::Run;

    fn host(runs: &[(DayKind, usize, usize)]) -> StreamHost {
        StreamHost {
            host: "db-1".to_owned(),
            class: None,
            alive_from: None,
            alive_to: None,
            first_at: None,
            last_at: None,
            records: 0,
            longest: None,
            silences: 0,
            runs: runs.iter().map(|(kind, first, days)| Run { kind: *kind, first: *first, days: *days }).collect(),
        }
    }

    #[test]
    fn one_silent_day_is_one_crossed_box() {
        let days: Vec<Micros> = (0..31).map(|day| Micros((20_635 + day) * 86_400_000_000)).collect();
        let host = host(&[(DayKind::Records, 0, 10), (DayKind::Silent, 10, 1), (DayKind::Records, 11, 20)]);
        let drawn = draw(&days, &[("db-1", &host)], "t");
        let silent: Vec<&str> =
            drawn[0].rows[0].paths.iter().filter(|(key, _)| key == "silent").map(|(_, path)| path.as_str()).collect();
        assert_eq!(silent, ["M105 21h6v10h-6zm0 10l6 -10m-6 0l6 10"]);
        assert_eq!(drawn[0].rows[0].paths[0].1, "M35 26h70M112 26h140", "a run of days is one bar");
    }

    #[test]
    fn a_year_is_drawn_in_four_pictures_and_no_day_is_lost() {
        let days: Vec<Micros> = (0..365).map(|day| Micros((20_454 + day) * 86_400_000_000)).collect();
        let host = host(&[(DayKind::Silent, 0, 365)]);
        let drawn = draw(&days, &[("a-host-with-a-name-that-is-too-long", &host)], "t");
        let boxes: Vec<usize> = drawn.iter().map(|matrix| matrix.rows[0].paths[0].1.matches('M').count()).collect();
        assert_eq!(boxes, [90, 91, 92, 92]);
        assert!(drawn[0].title.ends_with("This part: 2026-01-01 to 2026-03-31."), "{}", drawn[0].title);
        assert_eq!(drawn[0].rows[0].label, "a-host-with-a-name-that-is-…");
    }
}
