//! What every directory export gives: a person, named by the account, and the other names of the same entry.

use std::collections::BTreeSet;

use super::Record;
use crate::facts::Person;

/// What stands for an entry that could not be read: directories hold hashes of passwords.
pub(super) const NOT_SHOWN: &[u8] = b"(not shown: an entry of a directory may hold the hash of a password)";

/// Names of one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Names of accounts, the one that names the person first.
    pub(super) accounts: Vec<String>,
    /// Addresses and display names.
    pub(super) others: Vec<String>,
}

impl Names {
    /// Gives one alias a fact, in order; an entry without an account is skipped.
    pub(super) fn give(&self, mut record: Record<'_, '_>, line: u64) {
        let Some(person) = self.accounts.iter().map(|name| clean(name)).find(|name| !name.is_empty()) else {
            return record.skip("an entry without the name of an account");
        };
        let aliases: BTreeSet<String> =
            self.accounts.iter().chain(&self.others).map(|name| clean(name)).filter(|name| !name.is_empty()).collect();
        for alias in &aliases {
            record.fact_at(line, Person { person: &person, alias });
        }
    }
}

fn clean(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The address of an entry of `proxyAddresses`: `SMTP:a@b` and `smtp:a@b` are mail, others (X500, SIP) are not.
pub(super) fn mail_of_proxy(value: &str) -> Option<&str> {
    let (scheme, address) = value.split_once(':')?;
    scheme.eq_ignore_ascii_case("smtp").then_some(address)
}
