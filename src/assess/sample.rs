//! Samples that an auditor can draw again with stock tools. All items are tested; the sample is for re-performance.
//!
//! A draw is a number of a row in the population's CSV: the first 15 hex digits of SHA-256 of seed, line feed and the number of
//! the draw, modulo the rows there are, plus 1 (60 bits, so that no row is favoured by more than one in 10^12 of a million).
//! Rows that were drawn before are left out. Row numbers are unique, where resources and even pointers are not (one record
//! may give several items); they need no parser of CSV in a shell; and the CSV's own hash, which the report prints, fixes
//! what each stands for. That hash is the seed where the auditor gives none. A seed that the auditor gives is followed by the
//! control's id, so that no two populations are drawn at the same rows. It takes as many hashes as there are draws, so that a
//! sample from a million rows is drawn again in a moment.
//!
//! ```sh
//! seed=$(sha256sum SUDO-02.csv | cut -c1-64)   # or the seed that the report prints
//! rows=$(($(wc -l < SUDO-02.csv) - 1))
//! wanted=25 draw=0 drawn=
//! if [ "$rows" -le "$wanted" ]; then seq 1 "$rows"; wanted=0; fi
//! while [ "$wanted" -gt 0 ]; do
//!   draw=$((draw + 1))
//!   row=$((0x$(printf '%s\n%s' "$seed" "$draw" | sha256sum | cut -c1-15) % rows + 1))
//!   case "$drawn " in *" $row "*) continue ;; esac
//!   drawn="$drawn $row" wanted=$((wanted - 1))
//!   echo "$row"
//! done
//! ```
//!
//! Where a sample has items of each variant, the rows of a variant are counted by themselves, and the variant and a line feed
//! stand before the number of the draw.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};

use super::population::PackedFile;
use super::table::WrittenCsv;
use super::thousands;
use crate::catalogue::{Control, Per, SamplingTable};
use crate::collect::Sha256;
use crate::config::{Basis, Risk, Sampling};

/// Items to look at again.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Seed: hex, or the auditor's own with the control's id.
    pub seed: String,
    /// The population's column heads, as its CSV has them, with the line end.
    pub head: Vec<u8>,
    /// The items in the order in which they were drawn.
    pub rows: Vec<Drawn>,
    /// Why so many, and where the number comes from.
    pub why: String,
    /// The column that tells variants apart, where there are items of each.
    pub variant: Option<String>,
}

/// An item that was drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// 1-based row in the population.
    pub row: u64,
    /// Its line in the CSV, with the line end.
    pub line: Vec<u8>,
}

impl Drawn {
    /// The cells of the line: resource, status, reason, source, line, and what the test says further.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(self.line.as_slice());
        let row = reader.records().next().and_then(Result::ok).unwrap_or_default();
        row.iter().map(str::to_owned).collect()
    }
}

/// How samples are sized and drawn.
#[derive(Clone, Copy)]
pub(super) struct Drawing<'a> {
    /// The table of sizes.
    pub(super) table: &'a SamplingTable,
    /// What the configuration chooses of it.
    pub(super) chosen: &'a Sampling,
}

/// A size, whether it is taken of each variant, and why it is so.
struct Size {
    number: u64,
    per: Per,
    why: String,
}

impl Drawing<'_> {
    /// How many of a population of `count` items.
    fn size(&self, control: &Control, count: u64) -> Size {
        let Sampling { basis, risk, .. } = self.chosen;
        let (number, per, rule, source) = match (basis, self.table.attribute(self.chosen), self.table.row(control, count)) {
            (Basis::Attribute, Some(row), _) => {
                let number = row.sizes.get(self.chosen.expected()).copied().unwrap_or(count);
                let rule = format!(
                    "with {} deviations among them they support, at a confidence of {} in 100, that no more than {} in 100 items deviate",
                    self.chosen.expected(),
                    row.confidence,
                    row.tolerable_rate
                );
                (number, Per::Population, rule, &row.source)
            }
            (_, _, Some(row)) => {
                let most = if *risk == Risk::High { row.high } else { row.low };
                let derived = if control.frequency.is_some() { "stated by the control" } else { "derived from the population" };
                let (number, rule) = match (row.one_in, row.at_least) {
                    (Some(one_in), Some(least)) => (
                        count.div_ceil(one_in).clamp(least, most),
                        format!("one in {one_in}, at least {least} and at most {most}, "),
                    ),
                    _ => (most, String::new()),
                };
                let rule = format!("{rule}for the frequency “{}” ({derived}) at {} risk", row.frequency, risk.word());
                (number, row.per, rule, &row.source)
            }
            _ => return Size { number: count, per: Per::Population, why: "all items".to_owned() },
        };
        let law = if *basis == Basis::Practice { "; practice, not law" } else { "" };
        let why = match per {
            Per::Variant => {
                let column = control.variant.as_deref().unwrap_or_default();
                format!("{number} of each variant, told apart by {column}: {rule} ({source}{law})")
            }
            Per::Population if number >= count => {
                format!("all: there are no more items than the {} that would be drawn: {rule} ({source}{law})", thousands(number))
            }
            Per::Population => format!("{}: {rule} ({source}{law})", thousands(number)),
        };
        Size { number, per, why }
    }

    /// Draws from a population of `count` rows.
    pub(super) fn draw(&self, control: &Control, csv: &WrittenCsv, count: u64) -> std::io::Result<Sample> {
        let seed = self.chosen.seed.as_ref().map_or_else(|| csv.packed.sha256.clone(), |seed| format!("{seed} {}", control.id));
        let size = self.size(control, count);
        let numbers = match (size.per, &control.variant) {
            (Per::Variant, Some(variant)) => of_each(&seed, &csv.packed, variant, size.number)?,
            _ => draws(&seed, count, size.number),
        };
        let (head, rows) = lines(csv, &numbers)?;
        let variant = control.variant.clone().filter(|_| matches!(size.per, Per::Variant));
        Ok(Sample { seed, head, rows, why: size.why, variant })
    }
}

/// The first `wanted` of `count` numbers from 1 on, in the order in which the seed draws them; all in their order where there
/// are no more.
fn draws(seed: &str, count: u64, wanted: u64) -> Vec<u64> {
    if wanted >= count {
        return (1..=count).collect();
    }
    // What all draws begin with is hashed once.
    let mut begun = Sha256::new();
    begun.update(seed.as_bytes());
    begun.update(b"\n");
    let mut drawn = HashSet::new();
    let numbers = (1_u64..).map(|draw| {
        let mut hash = begun.clone();
        hash.update(draw.to_string().as_bytes());
        let [a, b, c, d, e, f, g, h, ..] = hash.digest();
        (u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 4) % count + 1
    });
    let fresh = numbers.filter(|number| drawn.insert(*number));
    fresh.take(usize::try_from(wanted).unwrap_or(usize::MAX)).collect()
}

/// The same among the rows of each variant, whose name stands in a column, in the order of the variants.
fn of_each(seed: &str, csv: &PackedFile, variant: &str, wanted: u64) -> std::io::Result<Vec<u64>> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    variants(csv, variant, |_, name| *counts.entry(name.to_owned()).or_default() += 1)?;
    // Of each variant, which of its rows are drawn, and as which item of the sample.
    let mut places: BTreeMap<&str, BTreeMap<u64, usize>> = BTreeMap::new();
    let mut items = 0;
    for (name, count) in &counts {
        for number in draws(&format!("{seed}\n{name}"), *count, wanted) {
            places.entry(name).or_default().insert(number, items);
            items += 1;
        }
    }
    let mut rows = vec![0; items];
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    variants(csv, variant, |row, name| {
        let Some((name, places)) = places.get_key_value(name) else { return };
        let number = seen.entry(name).or_default();
        *number += 1;
        if let Some(slot) = places.get(number).and_then(|item| rows.get_mut(*item)) {
            *slot = row;
        }
    })?;
    Ok(rows)
}

/// Hands over each row's number and variant.
fn variants(csv: &PackedFile, variant: &str, mut each: impl FnMut(u64, &str)) -> std::io::Result<()> {
    let mut reader = csv::Reader::from_path(&csv.file)?;
    let column = reader.headers()?.iter().position(|name| name == variant).unwrap_or(0);
    for (row, record) in (1..).zip(reader.records()) {
        each(row, record?.get(column).unwrap_or_default());
    }
    Ok(())
}

/// The head of a population's file, and its rows of these numbers in their order. A row is a line: populations are written
/// without line ends in their cells.
fn lines(csv: &WrittenCsv, numbers: &[u64]) -> std::io::Result<(Vec<u8>, Vec<Drawn>)> {
    let mut wanted: Vec<(u64, usize)> = numbers.iter().enumerate().map(|(order, row)| (*row, order)).collect();
    wanted.sort_unstable();
    let mut reader = BufReader::with_capacity(64 << 10, File::open(&csv.packed.file)?);
    let mut head = Vec::new();
    reader.read_until(b'\n', &mut head)?;
    let mut drawn: Vec<(usize, Drawn)> = Vec::with_capacity(wanted.len());
    // The line that is read next; the head is line 0.
    let mut next = 1;
    for (row, order) in wanted {
        let (line, place) = csv.known_before(row);
        if line > next {
            reader.seek(SeekFrom::Start(place))?;
            next = line;
        }
        while next < row {
            reader.skip_until(b'\n')?;
            next += 1;
        }
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        next += 1;
        drawn.push((order, Drawn { row, line }));
    }
    drawn.sort_unstable_by_key(|(order, _)| *order);
    Ok((head, drawn.into_iter().map(|(_, drawn)| drawn).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::table::CsvFile;
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::config::Config;

    /// A population of `count` rows of two tools, and what is drawn of it.
    fn drawn(count: u64, chosen: Sampling, frequency: Option<&str>) -> Sample {
        let config = Config { sampling: chosen, ..Config::default() };
        let catalogue = Catalogue::load(None, &config).expect("the embedded controls");
        let mut control = catalogue.controls.iter().find(|control| control.id == "SUDO-02").expect("the control").clone();
        control.frequency = frequency.map(str::to_owned);
        control.variant = frequency.filter(|frequency| *frequency == "automated").map(|_| "tool".to_owned());
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        let mut file = CsvFile::begin(&path).expect("a file");
        ["resource", "status", "reason", "source", "line", "tool"].iter().for_each(|cell| file.text(cell));
        file.end_row().expect("written");
        for row in 1..=count {
            let cells = [format!("r{row}"), "met".to_owned(), String::new(), "a.json".to_owned(), row.to_string()];
            cells.iter().for_each(|cell| file.text(cell));
            file.text(if row % 2 == 0 { "a" } else { "b" });
            file.end_row().expect("written");
        }
        let csv = file.finish(&path).expect("closed");
        let drawing = Drawing { table: &catalogue.sampling, chosen: &config.sampling };
        drawing.draw(&control, &csv, count).expect("a sample")
    }

    fn rows(sample: &Sample) -> Vec<u64> {
        sample.rows.iter().map(|drawn| drawn.row).collect()
    }

    #[test]
    fn sizes_are_those_of_the_table_and_say_where_they_come_from() {
        let high = || Sampling { risk: Risk::High, ..Sampling::default() };
        let attribute =
            || Sampling { basis: Basis::Attribute, confidence: Some(95), expected_deviations: Some(1), ..Sampling::default() };
        for (count, chosen, frequency, size, part) in [
            (3, Sampling::default(), None, 3, "all: there are no more items than the 5"),
            (52, Sampling::default(), None, 6, "one in 10, at least 5 and at most 25, for the frequency “on demand” (derived"),
            (249, Sampling::default(), None, 25, "“on demand”"),
            (250, Sampling::default(), None, 25, "“daily”"),
            (366, high(), None, 60, "60: for the frequency “many a day” (derived from the population) at high risk"),
            (400, high(), Some("weekly"), 10, "“weekly” (stated by the control)"),
            (400, Sampling::default(), Some("automated"), 2, "1 of each variant, told apart by tool"),
            (400, attribute(), Some("weekly"), 93, "confidence of 95 in 100, that no more than 5 in 100 items deviate"),
            (0, Sampling::default(), None, 0, "all"),
        ] {
            let sample = drawn(count, chosen, frequency);
            assert_eq!(sample.rows.len(), size, "{count}: {}", sample.why);
            assert!(sample.why.contains(part), "{}", sample.why);
        }
    }

    #[test]
    fn a_drawn_item_is_its_line_and_every_variant_has_one() {
        let sample = drawn(400, Sampling::default(), Some("automated"));
        let tools: Vec<String> = sample.rows.iter().map(|drawn| drawn.cells()[5].clone()).collect();
        assert_eq!(tools, ["a", "b"]);
        assert_eq!(sample.variant.as_deref(), Some("tool"));
        // Rows of `a` are the even ones: the first draw among its two hundred rows, by hand.
        let hash = Sha256::of(format!("{}\na\n1", sample.seed).as_bytes());
        let number = u64::from_str_radix(hash.get(..15).expect("hex"), 16).expect("hex") % 200 + 1;
        assert_eq!(sample.rows.first().map(|drawn| drawn.row), Some(2 * number));
        for drawn in &drawn(40_000, Sampling { risk: Risk::High, ..Sampling::default() }, None).rows {
            assert_eq!(drawn.cells()[0], format!("r{}", drawn.row));
        }
    }

    #[test]
    fn draws_are_those_of_the_shell_and_none_comes_twice() {
        // The test of the sample story runs the shell itself.
        let hash = Sha256::of(b"seed\n1");
        let first = u64::from_str_radix(hash.get(..15).expect("hex"), 16).expect("hex") % 1000 + 1;
        assert_eq!(draws("seed", 1000, 3).first(), Some(&first));
        for (count, wanted) in [(0, 5), (1, 1), (5, 5), (5, 9), (26, 25), (251, 250), (1_000_000, 60)] {
            let drawn = draws("seed", count, wanted);
            let distinct: HashSet<u64> = drawn.iter().copied().collect();
            assert_eq!((drawn.len() as u64, distinct.len()), (wanted.min(count), drawn.len()), "{wanted} of {count}");
            assert!(drawn.iter().all(|number| (1..=count).contains(number)));
        }
        // Nothing favours a part of the population: of 6,000 draws, each tenth has its tenth within five standard deviations.
        let mut tenths = [0; 10];
        for seed in 0..100 {
            draws(&seed.to_string(), 1_000_000, 60).iter().for_each(|row| tenths[(row - 1) as usize / 100_000] += 1);
        }
        assert!(tenths.iter().all(|tenth| (484..=716).contains(tenth)), "{tenths:?}");
    }

    #[test]
    fn the_same_seed_draws_the_same_rows_and_another_draws_others() {
        let seeded = |seed: &str| drawn(1000, Sampling { seed: Some(seed.to_owned()), ..Sampling::default() }, None);
        assert_eq!(rows(&seeded("7f3a")), rows(&seeded("7f3a")));
        assert_ne!(rows(&seeded("7f3a")), rows(&seeded("7f3b")));
        assert_eq!(seeded("7f3a").seed, "7f3a SUDO-02");
        assert_eq!(drawn(1000, Sampling::default(), None).seed.len(), 64);
    }
}
