//! Numbers that look random and are the same for a seed on every machine (splitmix64), and times as text.

use chrono::{DateTime, Utc};

/// A source of numbers.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x9E37_79B9_7F4A_7C15)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Seconds below `bound`.
    pub(super) fn seconds(&mut self, bound: i64) -> i64 {
        (self.next() % bound as u64) as i64
    }

    /// One of several.
    pub(super) fn of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len())]
    }

    /// `number` different ones of several, in a random order.
    pub(super) fn several<T: Clone>(&mut self, all: &[T], number: usize) -> Vec<T> {
        let mut left = all.to_vec();
        (0..number.min(all.len())).map(|_| left.swap_remove(self.below(left.len()))).collect()
    }
}

pub(super) fn utc(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).expect("a time")
}

/// `2026-08-03T10:00:00Z`
pub(super) fn iso(at: i64) -> String {
    utc(at).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-08-03 10:00:00`, as ServiceNow writes UTC.
pub(super) fn plain(at: i64) -> String {
    utc(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// `20260803T100000Z`, as paths have it.
pub(super) fn compact(at: i64) -> String {
    utc(at).format("%Y%m%dT%H%M%SZ").to_string()
}
