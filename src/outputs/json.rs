//! `report.json`: the results for machines, format version 1. The layout is a stable contract: fields are added, never
//! renamed; a reader may meet unknown fields.

use std::io::Write;

use serde::Serialize;

use super::{Output, OutputError};
use crate::report::{
    Citation, ClassChange, Conclusion, Coverage, DrillReport, Framework, Gap, Hosts, ItemCounts, Map, Member, PartLived, Period,
    Registers, Report, Response, SampledItem, Sampling, SessionPlace, Stream, StreamHost,
};

/// The results for machines.
pub(super) struct Json;

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    tool: &'a str,
    control_set_sha256: &'a str,
    period: &'a Period,
    system: &'a str,
    conclusion_counts: Counts,
    hosts: Hosts,
    fleet: FleetJson<'a>,
    streams: Vec<StreamJson<'a>>,
    controls: Vec<ControlJson<'a>>,
    frameworks: &'a [Framework],
    exceptions: Vec<ExceptionJson<'a>>,
    sources: Vec<SourceJson<'a>>,
    limits: Vec<LimitJson<'a>>,
    registers: &'a Registers,
    sampling: &'a Sampling,
    #[serde(skip_serializing_if = "Option::is_none")]
    drill: Option<&'a DrillReport>,
}

#[derive(Default, Serialize)]
struct Counts {
    no_exceptions: usize,
    exceptions: usize,
    could_not_conclude: usize,
    not_applicable: usize,
}

#[derive(Serialize)]
struct ControlJson<'a> {
    id: &'a str,
    title: &'a str,
    kind: &'a str,
    applies_to: &'a str,
    conclusion: Conclusion,
    why: &'a str,
    counts: ItemCounts,
    coverage: CoverageJson<'a>,
    sample: SampleJson<'a>,
    maps: &'a [Map],
    population_csv: FileJson<'a>,
}

#[derive(Serialize)]
struct CoverageJson<'a> {
    first_at: Option<&'a str>,
    last_at: Option<&'a str>,
    longest_gap_s: Option<u64>,
    gaps: &'a [Gap],
}

#[derive(Serialize)]
struct FleetJson<'a> {
    class_changes: Vec<ClassChangeJson<'a>>,
    part_lived: Vec<PartLivedJson<'a>>,
}

#[derive(Serialize)]
struct ClassChangeJson<'a> {
    #[serde(flatten)]
    change: &'a ClassChange,
    from_source: Option<&'a str>,
    from_line: Option<u64>,
    source: Option<&'a str>,
    line: Option<u64>,
}

#[derive(Serialize)]
struct PartLivedJson<'a> {
    #[serde(flatten)]
    host: &'a PartLived,
    source: Option<&'a str>,
    line: Option<u64>,
}

#[derive(Serialize)]
struct StreamJson<'a> {
    stream: &'a str,
    summary: &'a str,
    csv: FileJson<'a>,
    hosts: &'a [StreamHost],
}

#[derive(Serialize)]
struct SampleJson<'a> {
    method: &'a str,
    seed: &'a str,
    size: u64,
    why: &'a str,
    items: &'a [SampledItem],
}

#[derive(Serialize)]
struct FileJson<'a> {
    path: &'a str,
    sha256: &'a str,
}

#[derive(Serialize)]
struct ExceptionJson<'a> {
    id: &'a str,
    group: &'a str,
    control_id: &'a str,
    resource: &'a str,
    status: &'static str,
    reason: &'a str,
    sentence: &'a str,
    occurred_at: Option<&'a str>,
    source: Option<&'a str>,
    line: Option<u64>,
    source_sha256: Option<&'a str>,
    accepted_by: Option<&'a str>,
    responses: &'a [Response],
    session: Option<&'a SessionPlace>,
}

#[derive(Serialize)]
struct SourceJson<'a> {
    id: &'a str,
    path: &'a str,
    format: &'a str,
    sha256: &'a str,
    bytes: u64,
    records: u64,
    facts: u64,
    skipped: u64,
    rejected: u64,
}

#[derive(Serialize)]
struct LimitJson<'a> {
    code: &'a str,
    text: &'a str,
    source: Option<&'a str>,
    line: Option<u64>,
}

impl Output for Json {
    fn path(&self) -> &'static str {
        "report.json"
    }

    fn about(&self) -> &'static str {
        "the results for machines (format version 1)"
    }

    fn render(&self, report: &Report, to: &mut dyn Write) -> Result<(), OutputError> {
        let document = Document {
            format_version: 1,
            tool: &report.tool,
            control_set_sha256: &report.control_set_sha256,
            period: &report.period,
            system: &report.system,
            conclusion_counts: counts(report),
            hosts: report.hosts,
            fleet: FleetJson {
                class_changes: report.fleet.changes.iter().map(class_change).collect(),
                part_lived: report.fleet.part_lived.iter().map(part_lived).collect(),
            },
            streams: report.streams.iter().map(stream).collect(),
            controls: report.controls.iter().map(control).collect(),
            frameworks: &report.frameworks,
            exceptions: report.every_exception.iter().map(exception).collect(),
            sources: report.sources.iter().map(source).collect(),
            limits: report.limits.iter().map(limit).collect(),
            registers: &report.registers,
            sampling: &report.sampling,
            drill: report.drill.as_ref(),
        };
        pretty(self.path(), &document, to)
    }
}

/// A document on lines of its own.
fn pretty(path: &'static str, document: &impl Serialize, to: &mut dyn Write) -> Result<(), OutputError> {
    serde_json::to_writer_pretty(&mut *to, document).map_err(|error| OutputError::Json { path, error })?;
    to.write_all(b"\n").map_err(|error| OutputError::Write { path, error })
}

/// `drill.json`: what came of a drill, for machines.
///
/// # Errors
/// Where it cannot be written.
pub fn drill_json(drill: &DrillReport, to: &mut dyn Write) -> Result<(), OutputError> {
    pretty("drill.json", drill, to)
}

fn counts(report: &Report) -> Counts {
    let mut counts = Counts::default();
    for count in &report.counts {
        match count.conclusion {
            Conclusion::NoExceptions => counts.no_exceptions = count.number,
            Conclusion::Exceptions => counts.exceptions = count.number,
            Conclusion::CouldNotConclude => counts.could_not_conclude = count.number,
            Conclusion::NotApplicable => counts.not_applicable = count.number,
        }
    }
    counts
}

fn control(control: &crate::report::Control) -> ControlJson<'_> {
    ControlJson {
        id: &control.id,
        title: &control.title,
        kind: &control.kind,
        applies_to: &control.applies_to,
        conclusion: control.conclusion,
        why: &control.why,
        counts: control.counts,
        coverage: coverage(&control.coverage),
        sample: SampleJson {
            method: &control.sample.method,
            seed: &control.sample.seed,
            size: control.sample.size,
            why: &control.sample.why,
            items: &control.sample.items,
        },
        maps: &control.maps,
        population_csv: FileJson { path: &control.population.csv_path, sha256: &control.population.csv_sha256 },
    }
}

fn coverage(coverage: &Coverage) -> CoverageJson<'_> {
    CoverageJson {
        first_at: coverage.first_at.as_deref(),
        last_at: coverage.last_at.as_deref(),
        longest_gap_s: coverage.longest_gap_s,
        gaps: &coverage.gaps,
    }
}

/// The source and line of a citation.
fn place(citation: Option<&Citation>) -> (Option<&str>, Option<u64>) {
    (citation.map(|citation| citation.path.as_str()), citation.and_then(|citation| citation.line))
}

fn class_change(change: &ClassChange) -> ClassChangeJson<'_> {
    let ((from_source, from_line), (source, line)) = (place(change.from.as_ref()), place(change.to.as_ref()));
    ClassChangeJson { change, from_source, from_line, source, line }
}

fn part_lived(host: &PartLived) -> PartLivedJson<'_> {
    let (source, line) = place(host.citation.as_ref());
    PartLivedJson { host, source, line }
}

fn stream(stream: &Stream) -> StreamJson<'_> {
    let csv = FileJson { path: &stream.csv_path, sha256: &stream.csv_sha256 };
    StreamJson { stream: &stream.name, summary: &stream.summary, csv, hosts: &stream.hosts }
}

fn exception(member: &Member) -> ExceptionJson<'_> {
    ExceptionJson {
        id: &member.id,
        group: &member.group,
        control_id: &member.control_id,
        resource: &member.resource,
        status: "exception",
        reason: &member.reason,
        sentence: &member.sentence,
        occurred_at: member.occurred_at.as_deref(),
        source: member.citation.as_ref().map(|citation| citation.path.as_str()),
        line: member.citation.as_ref().and_then(|citation| citation.line),
        source_sha256: member.citation.as_ref().map(|citation| citation.sha256.as_str()),
        accepted_by: member.accepted_by.as_deref(),
        responses: &member.responses,
        session: member.session.as_ref(),
    }
}

fn source(source: &crate::report::Source) -> SourceJson<'_> {
    SourceJson {
        id: &source.id,
        path: &source.path,
        format: &source.format,
        sha256: &source.sha256,
        bytes: source.bytes,
        records: source.records,
        facts: source.facts,
        skipped: source.skipped,
        rejected: source.rejected,
    }
}

fn limit(limit: &crate::report::Limit) -> LimitJson<'_> {
    LimitJson {
        code: &limit.code,
        text: &limit.text,
        source: limit.citation.as_ref().map(|citation| citation.path.as_str()),
        line: limit.citation.as_ref().and_then(|citation| citation.line),
    }
}
