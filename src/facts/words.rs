//! The words of columns that hold one of a few: tests compare with them, so that any other word would be passed over.

/// The words that a column may hold; nothing where it holds any text.
#[must_use]
pub fn words(table: &str, column: &str) -> Option<&'static [&'static str]> {
    Some(match (table, column) {
        ("sessions", "outcome") => &["accepted", "rejected"],
        ("privileged_commands", "outcome") => &["accepted", "rejected", "alert"],
        ("changes", "kind") => &["standard", "normal", "emergency"],
        ("changes", "state") => &["draft", "awaiting_approval", "approved", "in_progress", "done", "cancelled", "rejected"],
        ("approvals", "decision") => &["approved", "rejected", "requested", "not_requested", "cancelled"],
        ("incidents", "state") => &["new", "in_progress", "on_hold", "resolved", "closed", "cancelled"],
        ("config_runs", "outcome") => &["unchanged", "changed", "failed"],
        ("alarms", "action") => &["added", "removed", "changed", "detected"],
        ("alarm_runs", "outcome") => &["clean", "findings", "failed"],
        ("login_paths", "subject_kind") => &["image", "host"],
        ("login_paths", "state") => &["absent", "disabled", "enabled", "unknown"],
        ("hosts", "class") => &["immutable", "stateful"],
        ("provenance", "signature") => &["verified", "unverified", "invalid", "none"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::facts::TABLES;

    #[test]
    fn columns_that_say_their_words_are_among_them() {
        let listed: Vec<(&str, &str)> = TABLES
            .iter()
            .flat_map(|table| table.columns.iter().map(|column| (table.name, column.name)))
            .filter(|(table, column)| words(table, column).is_some())
            .collect();
        assert_eq!(listed.len(), 13, "a column was renamed: {listed:?}");
        for (table, column) in listed {
            let doc = TABLES
                .iter()
                .find(|known| known.name == table)
                .and_then(|known| known.columns.iter().find(|known| known.name == column).map(|known| known.doc));
            for word in words(table, column).unwrap_or_default() {
                assert!(doc.is_some_and(|doc| doc.contains(&format!("`{word}`"))), "{table}.{column} does not tell of `{word}`");
            }
        }
    }
}
