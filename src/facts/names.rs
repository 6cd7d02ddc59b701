//! Names of persons and accounts: which columns hold them, and what a team writes around them.

/// What is taken off names of persons and accounts as they become facts, so that they join. Case does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameRules {
    /// What a name may begin with: the domain of a Windows account, for example `CORP\`.
    pub prefixes: Vec<String>,
    /// Domains of e-mail addresses whose part before the `@` is the name of the account.
    pub domains: Vec<String>,
}

impl NameRules {
    /// The name without the first prefix and the first domain that it has; a name that would be nothing stays whole.
    #[must_use]
    pub fn plain<'n>(&self, name: &'n str) -> &'n str {
        let name = self.prefixes.iter().find_map(|prefix| without_start(name, prefix)).unwrap_or(name);
        self.domains.iter().find_map(|domain| local_part(name, domain)).unwrap_or(name)
    }
}

fn without_start<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    let (start, rest) = (name.get(..prefix.len())?, name.get(prefix.len()..)?);
    (start.eq_ignore_ascii_case(prefix) && !rest.is_empty()).then_some(rest)
}

fn local_part<'n>(name: &'n str, domain: &str) -> Option<&'n str> {
    let (local, found) = name.rsplit_once('@')?;
    (found.eq_ignore_ascii_case(domain) && !local.is_empty()).then_some(local)
}

/// Whether a column holds the name of a person or account that is held against others.
pub(super) fn names_somebody(table: &str, column: &str) -> bool {
    matches!(
        (table, column),
        ("privileged_commands" | "sessions", "actor")
            | ("changes", "requested_by" | "assigned_to")
            | ("approvals", "approver")
            | ("incidents", "opened_by" | "assigned_to")
            | ("alarms" | "alarm_acks", "acknowledged_by")
            | ("people", "person" | "alias")
    )
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;

    use super::*;
    use crate::facts::{Micros, Pointer, Rows, SESSIONS, Session, TABLES};

    #[test]
    fn names_go_through_the_rules_as_they_become_facts_and_nothing_else_does() {
        let rules = NameRules { prefixes: vec!["CORP\\".to_owned()], domains: Vec::new() };
        let mut rows = Rows::naming(&SESSIONS, &rules, 1);
        let pointer = Pointer { source: "auth.log", line: 1 };
        let (occurred_at, host, actor) = (Micros(0), "CORP\\db-1", "CORP\\aklein");
        let session = Session {
            occurred_at,
            host,
            actor,
            method: None,
            origin: Some(actor),
            outcome: "accepted",
            key_fingerprint: None,
            run_as: None,
            change_id: None,
            ended_at: None,
        };
        rows.push(pointer, &session);
        let batch = rows.take().expect("a batch");
        let cell = |name: &str| batch.column_by_name(name).expect("a column").as_string::<i32>().value(0).to_owned();
        assert_eq!((cell("actor").as_str(), cell("host").as_str(), cell("origin").as_str()), ("aklein", host, actor));
    }

    #[test]
    fn only_what_the_rules_name_is_taken_off() {
        let rules = NameRules { prefixes: vec!["CORP\\".to_owned()], domains: vec!["example.net".to_owned()] };
        for (name, plain) in [
            ("aklein", "aklein"),
            ("corp\\AKlein", "AKlein"),
            ("OTHER\\aklein", "OTHER\\aklein"),
            ("A.Klein@Example.NET", "A.Klein"),
            ("CORP\\aklein@example.net", "aklein"),
            ("aklein@mail.example.net", "aklein@mail.example.net"),
            ("aklein@example.net.evil.example", "aklein@example.net.evil.example"),
            ("CORP\\", "CORP\\"),
            ("@example.net", "@example.net"),
            ("ü", "ü"),
        ] {
            assert_eq!(rules.plain(name), plain);
        }
        assert_eq!(NameRules::default().plain("aklein@example.net"), "aklein@example.net");
    }

    #[test]
    fn every_column_that_names_somebody_exists() {
        let named = TABLES.iter().flat_map(|table| table.columns.iter().map(|column| (table.name, column.name)));
        assert_eq!(named.filter(|(table, column)| names_somebody(table, column)).count(), 11);
    }
}
