//! Putting literals, or other parameters, in the place of a query's parameters.

/// Replaces every `$name` outside quotes and comments by its literal.
pub(crate) fn bind(sql: &str, values: &[(String, String)]) -> String {
    let mut bound = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(['\'', '$', '-']) {
        let (before, from) = rest.split_at(at);
        bound.push_str(before);
        let taken = match from.as_bytes() {
            [b'\'', ..] => from.get(1..).and_then(|inner| inner.find('\'')).map_or(from.len(), |end| end + 2),
            [b'-', b'-', ..] => from.find('\n').unwrap_or(from.len()),
            [b'$', ..] => {
                let name: String =
                    from.chars().skip(1).take_while(|character| character.is_ascii_alphanumeric() || *character == '_').collect();
                if let Some((_, literal)) = values.iter().find(|(known, _)| *known == name) {
                    bound.push_str(literal);
                    rest = from.get(name.len() + 1..).unwrap_or_default();
                    continue;
                }
                1
            }
            _ => 1,
        };
        bound.push_str(from.get(..taken).unwrap_or(from));
        rest = from.get(taken..).unwrap_or_default();
    }
    bound.push_str(rest);
    bound
}

#[cfg(test)]
mod tests {
    use super::bind;

    #[test]
    fn parameters_are_bound_outside_quotes_and_comments() {
        let values = [("grace".to_owned(), "900".to_owned())];
        let sql = "-- $grace isn't bound here\nselect '$grace', '$', 5 - $grace, $graceful";
        assert_eq!(bind(sql, &values), "-- $grace isn't bound here\nselect '$grace', '$', 5 - 900, $graceful");
    }
}
