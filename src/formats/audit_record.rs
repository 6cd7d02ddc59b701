//! One record of the Linux audit log: `[node=H ]type=T msg=audit(SECONDS.MILLIS:SERIAL): k=v …`, with the names that
//! `log_format = ENRICHED` appends after a group separator (0x1D).
//!
//! Source: the audit project's `lib/audit_logging.c` (`audit_encode_nv_string`): a value that holds blanks, quotes or
//! control characters is written as hex without quotes, any other text in quotes; nothing else tells the two apart.

use std::borrow::Cow;

use crate::facts::Micros;
use crate::redact::lossless;

/// The parts of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct AuditRecord<'a> {
    pub(super) node: Option<&'a str>,
    pub(super) kind: &'a str,
    /// `SECONDS.MILLIS:SERIAL`, which the records of one event share.
    pub(super) event: &'a str,
    pub(super) instant: Micros,
    body: &'a str,
    enriched: &'a str,
}

impl<'a> AuditRecord<'a> {
    /// Splits a line, or says why it is no record.
    pub(super) fn of(line: &'a str) -> Result<Self, &'static str> {
        let parts = || {
            let (node, rest) = match line.strip_prefix("node=") {
                Some(rest) => rest.split_once(' ').map(|(node, rest)| (Some(node), rest))?,
                None => (None, line),
            };
            let (kind, rest) = rest.strip_prefix("type=")?.split_once(" msg=audit(")?;
            let (event, body) = rest.split_once(')')?;
            Some((node, kind, event, body))
        };
        let (node, kind, event, body) = parts().ok_or("not an audit record: no type= and msg=audit(…)")?;
        let instant =
            instant(event).ok_or("the stamp is not SECONDS.MILLIS:SERIAL (interpreted output of ausearch -i is not read)")?;
        let body = body.strip_prefix(':').unwrap_or(body);
        let (body, enriched) = body.split_once('\u{1d}').unwrap_or((body, ""));
        Ok(Self { node, kind, event, instant, body: body.trim(), enriched: enriched.trim() })
    }

    /// A field of the record itself, as written.
    pub(super) fn raw(&self, key: &str) -> Option<&'a str> {
        fields(self.body).find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// A field of the message that a program gave (`msg='…'`), or of the record where it has none.
    pub(super) fn said(&self, key: &str) -> Option<&'a str> {
        let inner = self.raw("msg").and_then(|inner| inner.strip_prefix('\'')).unwrap_or(self.body);
        let inner = inner.strip_suffix('\'').unwrap_or(inner);
        fields(inner).find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// A field of the record itself as text.
    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.raw(key).map(decode)
    }

    /// A field of the program's message as text; nothing for `?` and `(none)`.
    pub(super) fn said_text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.said(key).map(decode).filter(|text| !matches!(text.as_ref(), "" | "?" | "(none)" | "(null)"))
    }

    /// Fields `a0`, `a1`, … of an EXECVE record, with those of `a1[0]`, `a1[1]`: argument and its raw value.
    pub(super) fn arguments(&self) -> impl Iterator<Item = (u32, &'a str)> {
        fields(self.body).filter_map(|(name, value)| {
            let number = name.strip_prefix('a')?;
            let number = number.split_once('[').map_or(number, |(number, _)| number);
            Some((number.parse().ok()?, value))
        })
    }

    /// The account with the number in `key` (`auid`): its name where the record is enriched, else `uid:N`; nothing where
    /// it is unset.
    pub(super) fn account(&self, key: &str, number: &str) -> Option<Cow<'a, str>> {
        if matches!(number, "4294967295" | "-1" | "unset") {
            return None;
        }
        let named = fields(self.enriched).find(|(name, _)| *name == key).map(|(_, value)| decode(value));
        Some(
            named
                .filter(|name| !matches!(name.as_ref(), "" | "unset" | "unknown"))
                .unwrap_or_else(|| format!("uid:{number}").into()),
        )
    }
}

fn instant(event: &str) -> Option<Micros> {
    let (stamp, serial) = event.split_once(':')?;
    serial.parse::<u64>().ok()?;
    let (seconds, millis) = stamp.split_once('.')?;
    let millis: i64 = (millis.len() == 3).then(|| millis.parse().ok())??;
    Micros::from_parts(seconds.parse().ok()?, millis.checked_mul(1_000_000)?)
}

/// The `key=value` pairs of a text; words without `=` are passed over. A value in single quotes reaches to the last quote.
fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches([' ', ',']);
            if rest.is_empty() {
                return None;
            }
            let end = rest.find([' ', '=']).unwrap_or(rest.len());
            let key = rest.get(..end)?;
            let after = rest.get(end..)?;
            let Some(value) = after.strip_prefix('=') else {
                rest = after;
                continue;
            };
            let length = match value.as_bytes().first() {
                Some(b'"') => value.get(1..)?.find('"').map(|at| at + 2),
                Some(b'\'') => value.rfind('\'').filter(|at| *at > 0).map(|at| at + 1),
                _ => value.find(' '),
            };
            let (value, after) = value.split_at_checked(length.unwrap_or(value.len()))?;
            rest = after;
            return Some((key, value));
        }
    })
}

/// A value as text: without its quotes, or out of hex.
pub(super) fn decode(raw: &str) -> Cow<'_, str> {
    if let Some(quoted) = raw.strip_prefix('"') {
        return Cow::Borrowed(quoted.strip_suffix('"').unwrap_or(quoted));
    }
    match unhex(raw) {
        Some(bytes) => Cow::Owned(lossless(&bytes).into_owned()),
        None => Cow::Borrowed(raw),
    }
}

/// The bytes that hex digits stand for; nothing where the text is no hex.
pub(super) fn unhex(raw: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = raw.as_bytes().as_chunks::<2>() else { return None };
    (!pairs.is_empty()).then_some(())?;
    pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAND: &str = "node=quill-1 type=USER_CMD msg=audit(1785939761.589:414): pid=2 uid=1001 auid=1001 ses=7 msg='cwd=\"/home/ann\" cmd=6C73202D6C exe=\"/usr/bin/sudo\" terminal=pts/1 res=success'\u{1d}UID=\"ann\" AUID=\"ann\"";

    #[test]
    fn a_record_gives_its_fields_in_words() {
        let record = AuditRecord::of(COMMAND).expect("a record");
        assert_eq!((record.node, record.kind, record.event), (Some("quill-1"), "USER_CMD", "1785939761.589:414"));
        assert_eq!(record.said_text("cmd").as_deref(), Some("ls -l"));
        assert_eq!(record.said_text("cwd").as_deref(), Some("/home/ann"));
        assert_eq!(record.said("res"), Some("success"));
        assert_eq!(record.account("AUID", "1001").as_deref(), Some("ann"));
        assert_eq!(record.account("EUID", "0").as_deref(), Some("uid:0"));
        assert_eq!(record.account("AUID", "4294967295"), None);
    }

    #[test]
    fn quoted_text_may_hold_what_looks_like_fields() {
        let line = "type=USER_CMD msg=audit(1.000:1): auid=5 msg='cwd=\"/\" cmd=\"x,res=failed,auid=0\" terminal=? res=success'";
        let record = AuditRecord::of(line).expect("a record");
        assert_eq!((record.said("res"), record.raw("auid"), record.said_text("terminal")), (Some("success"), Some("5"), None));
    }

    #[test]
    fn what_is_no_record_says_why() {
        for line in ["", "type=X", "type=X msg=audit(1.2:3): a", "type=X msg=audit(11/22/2026 01:20:45.589:414) : a", "node=x"] {
            assert!(AuditRecord::of(line).is_err(), "{line}");
        }
        assert_eq!(unhex("6"), None);
        assert_eq!(unhex("zz"), None);
        assert_eq!(decode("root"), "root");
    }

    #[test]
    fn damaged_fields_end_and_do_not_hang() {
        for text in ["a=\"", "a='", "=", "a", "a= b", "'", "a='b", "é=ü \"", "a=\"x\"y"] {
            assert!(fields(text).count() <= 2, "{text}");
        }
    }
}
