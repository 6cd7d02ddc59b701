//! JSON of ServiceNow: `{"result": …}` of the Table API and of `/api/sn_chg_rest/change`, and `{"records": […]}` of lists
//! exported as JSON.
//!
//! Source: the Table API and Change Management API references. A field is a bare text (`sysparm_display_value` false or
//! true), `{link, value}` or `{link, display_value}` where it is a reference, `{display_value, value}` where both were
//! asked for; sn_chg_rest adds `display_value_internal`, types its values (`-5.0`, `true`), and ends a list with an element
//! that holds `__meta` alone. A single record has `__meta` among its fields.

use std::borrow::Cow;

use super::json_records::{each_object, object};
use super::lazy::Members;
use super::servicenow_record::{Clock, Field, Fields, export_limit};
use super::{Framing, Head, Segment, Sink};

/// How such a document is cut, or nothing where the head is not one.
pub(super) fn framing(head: &Head<'_>) -> Option<Framing> {
    let text = head.text().trim_start_matches('\u{feff}').trim_start().strip_prefix('{')?.trim_start();
    let key = ["\"result\"", "\"records\""].into_iter().find(|key| text.starts_with(key))?;
    match text.strip_prefix(key)?.trim_start().strip_prefix(':')?.trim_start().as_bytes().first()? {
        b'[' => Some(Framing::JsonRecords { depth: 2 }),
        b'{' => Some(Framing::Whole),
        _ => None,
    }
}

/// One record with its bytes.
pub(super) struct JsonRecord<'r> {
    members: &'r Members<'r>,
    bytes: &'r [u8],
}

impl Fields for JsonRecord<'_> {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        let field = self.members.get(name)?;
        if let Some(text) = field.text() {
            return Some(Field::bare(text));
        }
        let parts = field.members()?;
        let part = |name: &str| parts.text(name).map(|text| Cow::Owned(text.into_owned()));
        Some(Field { value: part("value"), display: part("display_value"), bare: false })
    }

    fn clock(&self) -> Clock {
        Clock::UtcUnlessLabelled
    }

    fn bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.bytes)
    }
}

/// Gives every record of such a document to `read`; those that are cut or damaged are rejected.
pub(super) fn each_record<'a>(
    segment: &Segment<'_>,
    sink: &mut Sink<'a>,
    mut read: impl FnMut(u64, &JsonRecord<'_>, &mut Sink<'a>),
) {
    let mut last = 0;
    let mut unless_meta = |number: u64, bytes: &[u8], members: &Members<'_>, sink: &mut Sink<'a>| {
        if members.get("__meta").is_some() && members.get("number").is_none() {
            last = number.saturating_sub(1);
            sink.record(number).skip("the export's own description");
        } else {
            last = number;
            read(number, &JsonRecord { members, bytes }, sink);
        }
    };
    if segment.framing == Framing::Whole {
        return each_object(segment, sink, |_, bytes, document, sink| {
            match document.get("result").or_else(|| document.get("records")) {
                Some(result) => object(1, result.raw().as_bytes(), sink, &mut unless_meta),
                None => sink.record(1).reject("no result", bytes),
            }
        });
    }
    each_object(segment, sink, unless_meta);
    if segment.ends {
        export_limit(last, sink);
    }
}
