//! One section a control: what was asserted, tested and concluded, and how it is known.

use super::build::Input;
use super::fleet::lived_part;
use super::frameworks::{criteria, maps};
use super::model::{Control, Coverage, ExceptionGroup, Gap, ItemCounts, Population, Step};
use super::sampling::sample;
use crate::assess::{Assessed, Item, span_words, thousands};
use crate::catalogue::Parameter;
use crate::facts::Micros;
use crate::redact::visible;

/// Sources that a section names; the register names all.
const MOST_CITED: usize = 6;
/// Rows up to which a whole population is shown.
const WHOLE: usize = 200;
/// Rows shown from each end of a larger one.
const EDGE: usize = 25;
/// Exceptions shown in the table of a larger one.
const MOST_EXCEPTIONS: usize = 200;
/// Columns whose text pages leave to the CSV.
const LEFT_OUT: [&str; 2] = ["verdict", "max_gap_s"];

/// The section of one control.
pub(super) fn section(input: &Input<'_>, assessed: &Assessed, exceptions: &[ExceptionGroup]) -> Control {
    let control = &assessed.control;
    let counted = assessed.population.counted;
    let counts = ItemCounts {
        population: counted.all(),
        met: counted.met,
        exception: counted.exception,
        accepted: assessed.waived.iter().flatten().count() as u64,
        inconclusive: counted.inconclusive,
        not_applicable: counted.not_applicable,
    };
    let mut parameters =
        vec![("period_start".to_owned(), input.period.starts_at.iso()), ("period_end".to_owned(), input.period.ends_at.iso())];
    parameters.extend(control.params.iter().map(|(name, value)| (name.clone(), shown_parameter(value))));
    let mut cited: Vec<String> = assessed
        .population
        .cited
        .keys()
        .filter_map(|source| input.collected.source(source).map(|source| source.id.clone()))
        .collect();
    cited.sort_unstable();
    let maps = maps(input.catalogue, &control.id);
    Control {
        id: control.id.clone(),
        title: control.title.clone(),
        kind: control.kind.word().to_owned(),
        applies_to: control.applies_to.word().to_owned(),
        statement: control.statement.clone(),
        procedure: control.procedure.clone(),
        claim_limit: control.claim_limit.clone(),
        conclusion: assessed.conclusion,
        why: assessed.why.clone(),
        counts,
        sql: control.test.sql.trim().to_owned(),
        parameters,
        criteria: criteria(&maps),
        maps,
        reconciliation: reconciliation(input, assessed, counts),
        coverage: coverage(input, assessed),
        population: population(assessed),
        sample: sample(input, assessed),
        exception_ids: exceptions.iter().filter(|group| group.control_id == control.id).map(|group| group.id.clone()).collect(),
        cited: cited.iter().take(MOST_CITED).cloned().collect(),
        cited_more: match cited.len().saturating_sub(MOST_CITED) {
            0 => String::new(),
            more => format!("and {} more", thousands(more as u64)),
        },
        cited_all: cited,
        views: assessed.views.iter().map(|view| format!("data/controls/views/{view}.sql")).collect(),
    }
}

fn shown_parameter(value: &toml::Value) -> String {
    match (value, Parameter::from_toml(value)) {
        (toml::Value::String(text), Some(Parameter::Int(seconds))) => format!("{text} ({seconds} seconds)"),
        (toml::Value::String(text), _) => text.clone(),
        (other, _) => other.to_string(),
    }
}

/// From files to exceptions; each number leads to the next.
fn reconciliation(input: &Input<'_>, assessed: &Assessed, counts: ItemCounts) -> Vec<Step> {
    let mut files = 0;
    let (mut records, mut gave, mut facts, mut skipped, mut rejected) = (0, 0, 0, 0, 0);
    for source in &input.collected.sources {
        let feeds = source.format.is_some_and(|format| format.feeds().iter().any(|table| assessed.draws_on.contains(table.name)));
        if feeds {
            files += 1;
            records += source.tally.opened;
            gave += source.tally.gave_facts;
            facts += source.tally.facts;
            skipped += source.tally.skipped();
            rejected += source.tally.rejected;
        }
    }
    let step =
        |label: &str, number: u64, aside: Option<String>| Step { label: label.to_owned(), number: thousands(number), aside };
    vec![
        step("files that the test draws on", files, None),
        step("records in them", records, None),
        step("records that gave facts", gave, Some(format!("{} skipped, {} rejected", thousands(skipped), thousands(rejected)))),
        step("facts", facts, Some("a record may give several".to_owned())),
        step("items in the population", counts.population, Some("in period and in scope".to_owned())),
        step(
            "items tested",
            counts.tested(),
            Some(format!("{} not applicable, {} not judged", thousands(counts.not_applicable), thousands(counts.inconclusive))),
        ),
        step("met", counts.met, None),
        step("exceptions", counts.exception, Some(format!("{} accepted by waiver", thousands(counts.accepted)))),
    ]
}

fn coverage(input: &Input<'_>, assessed: &Assessed) -> Coverage {
    let measured = &assessed.coverage;
    let class = assessed.control.applies_to.hosts();
    let hosts = input.assessment.fleet.iter().filter(|host| class == "all" || host.class == class);
    let part_lived = hosts.filter(|host| lived_part(input, host)).count() as u64;
    let mut streams: Vec<String> = assessed.control.coverage.needs.iter().map(|need| need.stream.clone()).collect();
    streams.sort_unstable();
    streams.dedup();
    Coverage {
        needs: measured.needs.clone(),
        first_at: measured.first_at.map(Micros::to_the_second),
        last_at: measured.last_at.map(Micros::to_the_second),
        longest_gap_s: measured.longest_s.map(whole),
        longest_gap: measured.longest_s.map(span_words),
        gaps: measured
            .gaps
            .iter()
            .map(|gap| {
                let seconds = gap.to.seconds_since(gap.from);
                Gap {
                    host: visible(&gap.host).into_owned(),
                    stream: gap.stream.clone(),
                    from: gap.from.to_the_second(),
                    to: gap.to.to_the_second(),
                    length_s: whole(seconds),
                    length: span_words(seconds),
                }
            })
            .collect(),
        gaps_total: measured.total,
        part_lived: if measured.needs.is_empty() { 0 } else { part_lived },
        streams,
    }
}

/// Whole seconds of a span.
pub(super) fn whole(seconds: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an absolute span of seconds")]
    let whole = seconds.abs().round() as u64;
    whole
}

fn population(assessed: &Assessed) -> Population {
    let population = &assessed.population;
    let total = population.counted.all();
    let further: Vec<&String> = population
        .columns
        .iter()
        .filter(|column| !LEFT_OUT.contains(&column.as_str()))
        .filter(|column| population.first.iter().chain(&population.exceptions).any(|item| item.cell(column).is_some()))
        .collect();
    let mut columns = vec!["resource".to_owned(), "status".to_owned(), "reason".to_owned()];
    columns.extend(further.iter().map(|column| (*column).clone()));
    columns.extend(["source".to_owned(), "line".to_owned()]);
    let row = |item: &Item| {
        let mut row =
            vec![visible(&item.resource).into_owned(), item.status.word().to_owned(), visible(&item.reason).into_owned()];
        row.extend(further.iter().map(|column| visible(item.cell(column).unwrap_or_default()).into_owned()));
        row.extend([
            visible(item.source.as_deref().unwrap_or_default()).into_owned(),
            item.line.map(|line| line.to_string()).unwrap_or_default(),
        ]);
        row
    };
    let shown: Vec<&Item> = if total <= WHOLE as u64 {
        population.first.iter().collect()
    } else {
        let mut shown: Vec<&Item> =
            population.exceptions.iter().take(MOST_EXCEPTIONS).chain(population.inconclusive.iter().take(EDGE)).collect();
        let last = population.last.iter().rev().take(EDGE);
        shown.extend(population.first.iter().take(EDGE).chain(last));
        shown.sort_by_key(|item| item.number);
        shown.dedup_by_key(|item| item.number);
        shown
    };
    let caption = if shown.len() as u64 == total {
        format!("Population, {} of {}", thousands(total), thousands(total))
    } else {
        let exceptions = population.counted.exception.min(MOST_EXCEPTIONS as u64);
        format!(
            "Population, {} of {}: {} exceptions, those not judged (at most {EDGE}), the first {EDGE} and the last {EDGE}",
            thousands(shown.len() as u64),
            thousands(total),
            if exceptions == population.counted.exception { "all".to_owned() } else { format!("the first {exceptions}") }
        )
    };
    Population {
        item: assessed.control.population.item.clone(),
        caption,
        columns,
        rows: shown.into_iter().map(row).collect(),
        csv_path: format!("data/populations/{}.csv", assessed.control.id),
        csv_sha256: population.csv.sha256.clone(),
    }
}
