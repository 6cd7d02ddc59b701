//! People and their accounts.

use super::rows::fact_table;

fact_table! {
    /// One alias of a person.
    PEOPLE ("people"): Person<'a> {
        /// The name that all aliases stand for.
        person: &'a str as Prose,
        /// Account name, e-mail address or display name, lower-cased.
        alias: &'a str as Prose,
    }
    instant: |_| None
}
