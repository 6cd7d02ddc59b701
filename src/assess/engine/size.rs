//! How large tables are, and so whether a query over them is worth dividing: parts have to be planned, exchanged and put
//! together again, which costs more than it gains where rows are few.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

/// Rows of tables and views, by name.
pub(super) struct Sizes {
    parts_from: u64,
    rows: Mutex<HashMap<String, u64>>,
}

impl Sizes {
    /// Nothing yet; queries are divided where a table has `parts_from` rows or more.
    pub(super) fn new(parts_from: u64) -> Self {
        Self { parts_from, rows: Mutex::default() }
    }

    /// Notes how many rows a table has.
    pub(super) fn note(&self, table: &str, rows: u64) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).insert(table.to_owned(), rows);
    }

    /// Notes a view that is opened up where it is used: it is as large as the largest table in it.
    pub(super) fn note_inline(&self, view: &str, tables: &BTreeSet<String>) {
        self.note(view, self.largest(tables));
    }

    /// Whether a query over these tables is worth dividing.
    pub(super) fn in_parts(&self, tables: &BTreeSet<String>) -> bool {
        self.largest(tables) >= self.parts_from
    }

    fn largest(&self, tables: &BTreeSet<String>) -> u64 {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        tables.iter().filter_map(|table| rows.get(table)).copied().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_divided_where_one_of_its_tables_is_large() {
        let sizes = Sizes::new(100);
        sizes.note("few", 99);
        sizes.note("many", 100);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        sizes.note_inline("view", &names(&["few", "many"]));
        assert!(!sizes.in_parts(&names(&["few", "unknown"])));
        assert!(sizes.in_parts(&names(&["few", "many"])));
        assert!(sizes.in_parts(&names(&["view"])));
        assert!(Sizes::new(0).in_parts(&names(&["few"])), "whoever wants parts gets them");
    }
}
