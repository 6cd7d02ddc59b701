//! The shapes in which Salt hands out what minions returned, and the time in a job number.
//!
//! Source: Salt's `salt/runners/jobs.py` (`Result` by minion, `return` of each; `outputter` with `data`), `salt/returners/`
//! (one minion, named inside) and `salt/utils/jid.py`.

use std::borrow::Cow;

use super::lazy::{Json, Members};

/// What one minion returned.
#[derive(Clone, Default)]
pub(super) struct Return {
    pub(super) name: String,
    pub(super) jid: Option<String>,
    pub(super) function: Option<String>,
    /// Whether the arguments say `test=True`.
    pub(super) test: bool,
    pub(super) body: String,
}

/// The returns in one object, whichever of Salt's shapes it has.
pub(super) fn returns(members: &Members<'_>) -> Vec<Return> {
    let text = |name: &str| members.filled(name).map(Cow::into_owned);
    let outer = Return {
        jid: text("jid"),
        function: text("fun").or_else(|| text("Function")),
        test: ["fun_args", "Arguments", "arg"].iter().any(|name| members.get(name).is_some_and(says_test)),
        ..Return::default()
    };
    // A returner, or an event: one minion, named inside.
    if let (Some(name), Some(body)) = (text("id"), members.get("return").or_else(|| members.get("ret"))) {
        return vec![Return { name, body: body.raw().to_owned(), ..outer }];
    }
    // A job of the runner (`Result`), or an outputter with its data: minions below.
    let below = [members.get("Result"), members.get("data").filter(|_| members.get("outputter").is_some())];
    if let Some(minions) = below.into_iter().flatten().find_map(|inner| inner.members()) {
        return minions.iter().flat_map(|(name, value)| minion(name, value, &outer)).collect();
    }
    members.iter().flat_map(|(name, value)| minion(name, value, &Return::default())).collect()
}

/// The return of a minion under its name; under a job number (`jobs.print_job`), those of the job.
fn minion(name: &str, value: &Json<'_>, outer: &Return) -> Vec<Return> {
    let inner = value.members();
    let inner = inner.as_ref();
    if let Some(job) = inner.filter(|inner| inner.get("Result").is_some() && inner.get("Function").is_some()) {
        return returns(job)
            .into_iter()
            .map(|found| Return { jid: found.jid.or_else(|| Some(name.to_owned())), ..found })
            .collect();
    }
    let body = inner.and_then(|inner| inner.get("return").or_else(|| inner.get("ret")));
    let own = |field: &str| inner.filter(|_| body.is_some()).and_then(|inner| inner.filled(field).map(Cow::into_owned));
    vec![Return {
        name: name.to_owned(),
        jid: own("jid").or_else(|| outer.jid.clone()),
        function: own("fun").or_else(|| outer.function.clone()),
        test: outer.test || (body.is_some() && inner.and_then(|inner| inner.get("fun_args")).is_some_and(says_test)),
        body: body.unwrap_or(value).raw().to_owned(),
    }]
}

/// Whether a list of arguments holds `test=True`, as a word or as a keyword.
fn says_test(arguments: &Json<'_>) -> bool {
    arguments.elements().iter().any(|argument| match argument.members() {
        Some(keywords) => keywords.get("test").and_then(|test| test.flag()) == Some(true),
        None => argument.text().is_some_and(|word| word.trim().eq_ignore_ascii_case("test=true")),
    })
}

/// The stamp in a job number: `YYYYMMDDhhmmss` and microseconds, perhaps followed by the number of a process.
pub(super) fn time_of_job(jid: &str) -> Option<String> {
    let digits = jid.get(..20).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let rest = jid.get(20..)?;
    let part = |from: usize, to: usize| digits.get(from..to);
    (rest.is_empty() || rest.starts_with('_')).then_some(())?;
    Some(format!(
        "{}-{}-{} {}:{}:{}.{}",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?,
        part(14, 20)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, Option<String>, bool)> {
        let members = Members::of(text).expect("an object");
        returns(&members).into_iter().map(|minion| (minion.name, minion.jid, minion.test)).collect()
    }

    #[test]
    fn every_shape_names_its_minions() {
        let name = |name: &str, jid: Option<&str>, test| (name.to_owned(), jid.map(str::to_owned), test);
        let state = r#"{"a_|-b_|-c_|-d": {"result": true, "changes": {}}}"#;
        let jid = Some("20260805013000123456");
        assert_eq!(
            found(&format!(r#"{{"quill-1": {state}, "quill-2": {state}}}"#)),
            [name("quill-1", None, false), name("quill-2", None, false)]
        );
        let returner = format!(
            r#"{{"id": "quill-1", "jid": "20260805013000123456", "fun": "state.apply", "fun_args": ["x", {{"test": true}}], "return": {state}}}"#
        );
        assert_eq!(found(&returner), [name("quill-1", jid, true)]);
        let runner = format!(
            r#"{{"jid": "20260805013000123456", "Function": "state.apply", "Arguments": ["test=True"], "Result": {{"quill-1": {{"return": {state}}}}}}}"#
        );
        assert_eq!(found(&runner), [name("quill-1", jid, true)]);
        let printed = format!(
            r#"{{"20260805013000123456": {{"Function": "state.apply", "Result": {{"quill-1": {{"return": {state}}}}}}}}}"#
        );
        assert_eq!(found(&printed), [name("quill-1", jid, false)]);
        let looked_up = format!(r#"{{"outputter": "highstate", "data": {{"quill-1": {state}}}}}"#);
        assert_eq!(found(&looked_up), [name("quill-1", None, false)]);
        let metadata = format!(r#"{{"local": {{"jid": "20260805013000123456", "fun": "state.apply", "return": {state}}}}}"#);
        assert_eq!(found(&metadata), [name("local", jid, false)]);
    }

    #[test]
    fn job_numbers_are_times() {
        assert_eq!(time_of_job("20260805013000123456").as_deref(), Some("2026-08-05 01:30:00.123456"));
        assert_eq!(time_of_job("20260805013000123456_4711").as_deref(), Some("2026-08-05 01:30:00.123456"));
        assert_eq!(time_of_job("202608050130001234567"), None);
        assert_eq!(time_of_job("req"), None);
    }
}
