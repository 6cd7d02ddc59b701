//! What the configuration says, as small tables for SQL: of the run, and of whoever performs it again.

use super::Config;

/// A small table of texts and flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigTable {
    /// SQL name.
    pub name: &'static str,
    /// Columns, and whether each is a flag.
    pub columns: &'static [(&'static str, bool)],
    /// Cells of each row; flags are `true` or `false`.
    pub rows: Vec<Vec<String>>,
}

impl Config {
    /// Every table that views may read besides the facts: `class_rules` (role, is_prefix, class) and `automation_rules`
    /// (account, tool, host, is_prefix, within_s, terminals).
    #[must_use]
    pub fn tables(&self) -> Vec<ConfigTable> {
        vec![self.class_rules(), self.automation_rules()]
    }

    fn class_rules(&self) -> ConfigTable {
        let mut rows = Vec::new();
        for (class, roles) in [("stateful", &self.classes.stateful), ("immutable", &self.classes.immutable)] {
            for role in roles {
                let (role, prefix) = pattern(role);
                rows.push(vec![role.to_owned(), prefix.to_string(), class.to_owned()]);
            }
        }
        ConfigTable { name: "class_rules", columns: &[("role", false), ("is_prefix", true), ("class", false)], rows }
    }

    fn automation_rules(&self) -> ConfigTable {
        let mut rows = Vec::new();
        for declared in &self.automation {
            let everywhere = ["*".to_owned()];
            let hosts = if declared.hosts.is_empty() { &everywhere[..] } else { &declared.hosts };
            for host in hosts {
                let (host, prefix) = pattern(host);
                rows.push(vec![
                    self.people.rules.plain(&declared.account).to_lowercase(),
                    declared.tool.to_lowercase(),
                    if prefix { host.to_lowercase() } else { self.host(host).into_owned() },
                    prefix.to_string(),
                    declared.within.0.to_string(),
                    declared.terminals.to_string(),
                ]);
            }
        }
        const COLUMNS: &[(&str, bool)] = &[
            ("account", false),
            ("tool", false),
            ("host", false),
            ("is_prefix", true),
            ("within_s", false),
            ("terminals", true),
        ];
        ConfigTable { name: "automation_rules", columns: COLUMNS, rows }
    }
}

/// A name, and whether `*` stood at its end.
fn pattern(text: &str) -> (&str, bool) {
    text.strip_suffix('*').map_or((text, false), |start| (start, true))
}
