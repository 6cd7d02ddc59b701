//! Coverage: which part of the period the streams speak for that a control needs, and the silences longer than allowed.

use super::AssessError;
use super::engine::{Engine, Parameters};
use crate::catalogue::{Control, Parameter, parse_duration};
use crate::facts::Micros;

/// Silences that are kept; more are counted.
const MOST_GAPS: usize = 50;

/// What a control's streams cover.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// What had to be covered, in words.
    pub needs: Vec<String>,
    /// First record.
    pub first_at: Option<Micros>,
    /// Last record.
    pub last_at: Option<Micros>,
    /// Longest silence, in seconds.
    pub longest_s: Option<f64>,
    /// Silences longer than allowed: the longest ones.
    pub gaps: Vec<Gap>,
    /// How many there are.
    pub total: u64,
}

/// A silence longer than allowed.
#[derive(Clone, Debug)]
pub struct Gap {
    /// Host.
    pub host: String,
    /// Stream.
    pub stream: String,
    /// From.
    pub from: Micros,
    /// To.
    pub to: Micros,
}

const EXTENT: &str = "
select min(a.first_at) as first_at, max(a.last_at) as last_at
from log_activity a
join fleet f on f.host = a.host
cross join period p
where a.stream = $stream and ($class = 'all' or f.class = $class) and a.last_at >= p.starts_at and a.first_at < p.ends_at";

const SILENCES: &str = "
with needed as (
  select host, alive_from, alive_to from fleet where $class = 'all' or class = $class
),
stretches as (
  select s.host, s.from_at, s.to_at, s.gap_s from silences s join needed n on n.host = s.host where s.stream = $stream
  union all
  select n.host, n.alive_from, n.alive_to, extract(epoch from n.alive_to) - extract(epoch from n.alive_from) as gap_s
  from needed n
  left join (select distinct a.host from log_activity a cross join period p
             where a.stream = $stream and a.last_at >= p.starts_at and a.first_at < p.ends_at) as heard on heard.host = n.host
  where heard.host is null
)";

/// Measures what `control` needs.
pub(super) fn measure(engine: &Engine, control: &Control) -> Result<Coverage, AssessError> {
    let mut coverage = Coverage::default();
    let name = format!("{} coverage", control.id);
    for need in &control.coverage.needs {
        let Some(max_gap) = parse_duration(&need.max_gap) else { continue };
        coverage.needs.push(format!("{} log of every host it applies to, no silence longer than {}", need.stream, need.max_gap));
        let class = control.applies_to.word();
        let class = if class == "changes" { "all" } else { class };
        let mut parameters = Parameters::from([
            ("stream".to_owned(), Parameter::Text(need.stream.clone())),
            ("class".to_owned(), Parameter::Text(class.to_owned())),
        ]);
        engine.query(&name, EXTENT, &parameters, |frame| {
            if frame.rows() > 0 {
                coverage.first_at = [coverage.first_at, frame.time("first_at", 0)].into_iter().flatten().min();
                coverage.last_at = [coverage.last_at, frame.time("last_at", 0)].into_iter().flatten().max();
            }
            Ok(())
        })?;
        let longest = format!("{SILENCES} select max(gap_s) as longest_s from stretches");
        engine.query(&name, &longest, &parameters, |frame| {
            if let Some(seconds) = frame.real("longest_s", 0) {
                coverage.longest_s = Some(coverage.longest_s.map_or(seconds, |known| known.max(seconds)));
            }
            Ok(())
        })?;
        parameters.insert("max_gap".to_owned(), Parameter::Int(max_gap));
        let long = format!(
            "{SILENCES} select host, from_at, to_at, gap_s from stretches where gap_s > $max_gap order by gap_s desc, host, from_at"
        );
        engine.query(&name, &long, &parameters, |frame| {
            coverage.total += frame.rows() as u64;
            for row in 0..frame.rows() {
                if coverage.gaps.len() == MOST_GAPS {
                    break;
                }
                if let (Some(host), Some(from), Some(to)) =
                    (frame.text("host", row), frame.time("from_at", row), frame.time("to_at", row))
                {
                    coverage.gaps.push(Gap { host: host.into_owned(), stream: need.stream.clone(), from, to });
                }
            }
            Ok(())
        })?;
    }
    Ok(coverage)
}
