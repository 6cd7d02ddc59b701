//! Samples that an auditor can choose again with stock tools: the seed is the SHA-256 of the population's CSV, the order is
//! that of SHA-256 of seed, line feed and row number, and the first rows are taken. All items are tested; the sample is
//! for re-performance.
//!
//! ```sh
//! seed=$(sha256sum SUDO-02.csv | cut -c1-64)
//! for n in $(seq 1 $(($(wc -l < SUDO-02.csv) - 1))); do
//!   printf '%s %s\n' "$(printf '%s\n%s' "$seed" "$n" | sha256sum | cut -c1-64)" "$n"
//! done | sort | head -25
//! ```

use std::collections::BinaryHeap;
use std::fmt::Write as _;

use crate::collect::Sha256;

/// Items to look at again.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Seed, hex.
    pub seed: String,
    /// Row numbers in the order in which they were drawn.
    pub rows: Vec<u64>,
    /// Why so many.
    pub why: &'static str,
}

/// How many of a population, and why.
fn size(population: u64) -> (u64, &'static str) {
    match population {
        0..=5 => (population, "all: the population is small"),
        6..=250 => {
            ((population.div_ceil(10)).clamp(5, 25), "one in ten, at least 5 and at most 25: usual practice up to 250 items")
        }
        _ => (25, "25: usual practice for more than 250 items"),
    }
}

/// Chooses from a population of `count` rows whose CSV has the hash `seed`.
pub(super) fn choose(seed: &str, count: u64) -> Sample {
    let (size, why) = size(count);
    let wanted = usize::try_from(size).unwrap_or(usize::MAX);
    let mut heap: BinaryHeap<([u8; 32], u64)> = BinaryHeap::with_capacity(wanted + 1);
    if wanted > 0 {
        let mut text = format!("{seed}\n");
        for number in 1..=count {
            text.truncate(seed.len() + 1);
            let _ = write!(text, "{number}");
            let key = Sha256::raw(text.as_bytes());
            if heap.len() < wanted {
                heap.push((key, number));
            } else if heap.peek().is_some_and(|(largest, _)| key < *largest) {
                heap.pop();
                heap.push((key, number));
            }
        }
    }
    Sample { seed: seed.to_owned(), rows: heap.into_sorted_vec().into_iter().map(|(_, number)| number).collect(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_rows_and_another_draws_others() {
        let seed = Sha256::of(b"population");
        let drawn = choose(&seed, 1000);
        assert_eq!(drawn.rows.len(), 25);
        assert_eq!(drawn.rows, choose(&seed, 1000).rows);
        assert_ne!(drawn.rows, choose(&Sha256::of(b"other"), 1000).rows);
        assert_eq!(choose(&seed, 3).rows.len(), 3);
    }
}
