//! Coverage: which part of the period the streams speak for that a control needs, and the silences longer than allowed.

use super::AssessError;
use super::engine::{Engine, Parameters};
use super::judge::period_parameters;
use crate::catalogue::{Control, Parameter};
use crate::facts::Micros;
use crate::period::Period;

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
where a.stream = $stream and ($class = 'all' or f.class = $class)
  and a.last_at >= cast($period_start as timestamp) and a.first_at < cast($period_end as timestamp)";

const LONGEST: &str = "
with stretches as (
  select s.gap_s from silences s join fleet f on f.host = s.host
  where s.stream = $stream and ($class = 'all' or f.class = $class)
  union all
  select extract(epoch from f.alive_to) - extract(epoch from f.alive_from) as gap_s
  from fleet f
  left join heard h on h.host = f.host and h.stream = $stream
  where h.host is null and ($class = 'all' or f.class = $class)
)
select max(gap_s) as longest_s from stretches";

const GAPS: &str =
    "select host, stream, from_at, to_at from gaps where control_id = $control order by gap_s desc, host, stream, from_at";

/// Measures what `control` needs.
pub(super) fn measure(engine: &Engine, control: &Control, period: &Period) -> Result<Coverage, AssessError> {
    let mut coverage = Coverage::default();
    let name = format!("{} coverage", control.id);
    for need in &control.coverage.needs {
        coverage.needs.push(format!("{} log of every host it applies to, no silence longer than {}", need.stream, need.max_gap));
        let class = control.applies_to.hosts();
        let mut parameters = period_parameters(period);
        parameters.insert("stream".to_owned(), Parameter::Text(need.stream.clone()));
        parameters.insert("class".to_owned(), Parameter::Text(class.to_owned()));
        engine.query(&name, EXTENT, &parameters, |frame| {
            if frame.rows() > 0 {
                coverage.first_at = [coverage.first_at, frame.time("first_at", 0)].into_iter().flatten().min();
                coverage.last_at = [coverage.last_at, frame.time("last_at", 0)].into_iter().flatten().max();
            }
            Ok(())
        })?;
        engine.query(&name, LONGEST, &parameters, |frame| {
            if let Some(seconds) = frame.real("longest_s", 0) {
                coverage.longest_s = Some(coverage.longest_s.map_or(seconds, |known| known.max(seconds)));
            }
            Ok(())
        })?;
    }
    if control.coverage.needs.is_empty() {
        return Ok(coverage);
    }
    let parameters = Parameters::from([("control".to_owned(), Parameter::Text(control.id.clone()))]);
    engine.query(&name, GAPS, &parameters, |frame| {
        coverage.total += frame.rows() as u64;
        for row in 0..frame.rows() {
            if coverage.gaps.len() == MOST_GAPS {
                break;
            }
            let (host, stream) = (frame.text("host", row), frame.text("stream", row));
            if let (Some(host), Some(stream), Some(from), Some(to)) =
                (host, stream, frame.time("from_at", row), frame.time("to_at", row))
            {
                coverage.gaps.push(Gap { host: host.into_owned(), stream: stream.into_owned(), from, to });
            }
        }
        Ok(())
    })?;
    Ok(coverage)
}
