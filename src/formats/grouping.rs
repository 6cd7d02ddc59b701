//! Records of several lines: where one may begin, so that a piece of a file never begins inside one.

use hashbrown::HashMap;
use memchr::{memchr, memmem, memrchr_iter};

/// How lines make up records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// A line that begins with a blank continues the record before it (sudo's log file).
    Indented,
    /// A record begins with a line that opens a JSON object (`journalctl -o json-pretty`).
    Objects,
    /// A line that sudo continues (`(command continued)`) stays with the line before it.
    Continued,
    /// Lines of one audit event stay together; events may interleave.
    AuditEvents,
    /// An entry ends at an empty line that stands outside of binary fields (`journalctl -o export`).
    JournalExport,
}

/// What sudo writes before the rest of a line that it had to split.
const CONTINUED: &[u8] = b" : (command continued) ";
/// Lines that are looked at for a place where no audit event is open, and how many of them must follow it: the records of
/// one event stand less than that apart.
const AUDIT_WINDOW: usize = 512;
const AUDIT_MARGIN: usize = 64;
/// A binary field of a journal entry may not be larger; a greater length is damage.
const LARGEST_FIELD: usize = 256 << 20;

impl Grouping {
    /// Whether `line` begins a record, as far as the line alone can tell.
    #[must_use]
    pub fn begins(self, line: &[u8]) -> bool {
        match self {
            Self::Indented => !matches!(line.first(), Some(b' ' | b'\t')),
            Self::Objects => line.strip_prefix(b"\x1e").unwrap_or(line).starts_with(b"{"),
            Self::Continued => !continues(line),
            Self::AuditEvents | Self::JournalExport => true,
        }
    }

    /// The last offset in `bytes`, which begin with a record, at which another one begins.
    #[must_use]
    pub fn boundary(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::AuditEvents => between_audit_events(bytes),
            Self::JournalExport => after_entries(bytes),
            // A line whose end is not in sight yet is not judged.
            _ => lines_backwards(bytes).find(|(start, line)| *start > 0 && self.begins(line)).map(|(start, _)| start),
        }
    }
}

impl Grouping {
    /// The first offset in `bytes`, which begin inside a record, at which another one begins. Inside a binary field of a
    /// journal entry an empty line may be taken for the end of the entry.
    #[must_use]
    pub fn resumes(self, bytes: &[u8]) -> Option<usize> {
        let mut starts = memchr::memchr_iter(b'\n', bytes).map(|end| end + 1);
        match self {
            Self::AuditEvents => starts.next(),
            Self::JournalExport => memmem::find(bytes, b"\n\n").map(|at| at + 2),
            _ => {
                let mut start = starts.next()?;
                // A line whose end is not in sight yet is not judged.
                for next in starts {
                    if self.begins(bytes.get(start..next - 1)?) && next > start + 1 {
                        return Some(start);
                    }
                    start = next;
                }
                None
            }
        }
    }
}

/// Whether sudo continues an earlier line here: in a syslog line right after the first ` : `, because what follows is the
/// user's own text; in a journal entry, whose fields have no order, anywhere.
fn continues(line: &[u8]) -> bool {
    let Some(at) = memmem::find(line, CONTINUED) else { return false };
    line.starts_with(b"{") || memmem::find(line, b" : ") == Some(at)
}

/// The complete lines of `bytes` with their offsets, the last one first.
fn lines_backwards(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut ends = memrchr_iter(b'\n', bytes);
    let mut end = ends.next();
    std::iter::from_fn(move || {
        let line_end = end?;
        end = ends.next();
        let start = end.map_or(0, |before| before + 1);
        Some((start, bytes.get(start..line_end).unwrap_or_default()))
    })
}

/// The last place near the end that no audit event reaches across.
fn between_audit_events(bytes: &[u8]) -> Option<usize> {
    let mut lines: Vec<(usize, &[u8])> = lines_backwards(bytes).take(AUDIT_WINDOW).filter(|(start, _)| *start > 0).collect();
    lines.reverse();
    let mut first_of: HashMap<&[u8], usize> = HashMap::new();
    let firsts: Vec<usize> = lines
        .iter()
        .enumerate()
        .map(|(index, (_, line))| audit_event(line).map_or(index, |event| *first_of.entry(event).or_insert(index)))
        .collect();
    let mut earliest = usize::MAX;
    let mut near_end = None;
    for (index, ((start, _), first)) in lines.iter().zip(&firsts).enumerate().rev() {
        earliest = earliest.min(*first);
        if earliest == index {
            if lines.len() - index > AUDIT_MARGIN {
                return Some(*start);
            }
            near_end = near_end.or(Some(*start));
        }
    }
    near_end.or(lines.last().map(|(start, _)| *start))
}

/// Stamp and serial number of an audit record: `1795332045.589:414`.
fn audit_event(line: &[u8]) -> Option<&[u8]> {
    let at = memmem::find(line, b"msg=audit(")? + "msg=audit(".len();
    let rest = line.get(at..)?;
    rest.get(..memchr(b')', rest)?)
}

/// One field of a journal entry in export format, or the empty line that ends the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ExportField<'a> {
    /// Empty where the entry ends.
    pub(super) name: &'a [u8],
    /// Absent where the field is damaged.
    pub(super) value: Option<&'a [u8]>,
    /// How far the field reaches.
    pub(super) length: usize,
}

/// The field that `bytes` begin with; nothing where it is not complete.
///
/// Source: systemd's documentation, "Journal Export Formats": `NAME=text`, or `NAME`, a length of 64 bits (little
/// endian), that many bytes and a line end.
pub(super) fn export_field(bytes: &[u8]) -> Option<ExportField<'_>> {
    let end = memchr(b'\n', bytes)?;
    let line = bytes.get(..end)?;
    if let Some(at) = memchr(b'=', line) {
        return Some(ExportField { name: line.get(..at)?, value: line.get(at + 1..), length: end + 1 });
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Some(ExportField { name: b"", value: Some(b""), length: end + 1 });
    }
    let damaged = Some(ExportField { name: line, value: None, length: end + 1 });
    let rest = bytes.get(end + 1..)?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let Some(length) = usize::try_from(u64::from_le_bytes(*length)).ok().filter(|length| *length <= LARGEST_FIELD) else {
        return damaged;
    };
    match rest.get(length) {
        None => None,
        Some(b'\n') => Some(ExportField { name: line, value: rest.get(..length), length: end + 1 + 8 + length + 1 }),
        Some(_) => damaged,
    }
}

/// The offset after the last entry that is complete.
fn after_entries(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut last) = (0, None);
    while let Some(field) = export_field(bytes.get(at..)?) {
        at += field.length;
        if field.name.is_empty() && field.value == Some(b"") {
            last = Some(at);
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continuation_begins_no_piece() {
        let text = b"Aug  5 14:22:41 : a : x\n    y\n    z\nAug  5 : b : x\n    y\n  cut";
        let at = Grouping::Indented.boundary(text).expect("a boundary");
        assert!(text[at..].starts_with(b"Aug  5 : b"));
        assert_eq!(Grouping::Indented.boundary(b"one\n two\n"), None, "one record, and what follows it is not in sight");
        let text = b"h sudo: a : 1\nh sudo: b : 2\nh sudo: b : (command continued) 3\nh sudo: c";
        let at = Grouping::Continued.boundary(text).expect("a boundary");
        assert!(text[at..].starts_with(b"h sudo: b : 2"));
        assert!(Grouping::Continued.begins(b"h sudo: b : COMMAND=x b : (command continued) y"), "typed by the user");
    }

    #[test]
    fn pretty_objects_are_cut_between_objects() {
        let text = b"{\n\t\"a\" : \"1\"\n}\n{\n\t\"b\" : \"2\"\n}\n{\n";
        let at = Grouping::Objects.boundary(text).expect("a boundary");
        assert_eq!(&text[at..], b"{\n");
    }

    #[test]
    fn audit_events_that_interleave_stay_together() {
        let record = |serial: u32| format!("type=PATH msg=audit(1.000:{serial}): x\n");
        let text: String = [1, 1, 2, 3, 2, 3, 4].iter().map(|serial| record(*serial)).collect();
        let at = Grouping::AuditEvents.boundary(text.as_bytes()).expect("a boundary");
        assert!(text[at..].starts_with("type=PATH msg=audit(1.000:4)"), "{}", &text[at..]);
        let text: String = [1, 2, 3, 2, 3].iter().map(|serial| record(*serial)).collect();
        let at = Grouping::AuditEvents.boundary(text.as_bytes()).expect("a boundary");
        assert_eq!(text[at..].lines().count(), 4, "2 and 3 are woven into each other");
    }

    #[test]
    fn an_empty_line_inside_a_binary_field_ends_no_entry() {
        let mut text = b"A=1\n\nB\n".to_vec();
        text.extend_from_slice(&4_u64.to_le_bytes());
        text.extend_from_slice(b"x\n\ny\nC=2\n\nD=cut");
        let at = Grouping::JournalExport.boundary(&text).expect("a boundary");
        assert_eq!(&text[at..], b"D=cut");
        assert_eq!(export_field(b"garbage\nABCDEFGHIJ\n").map(|field| (field.value, field.length)), Some((None, 8)));
        assert_eq!(export_field(b"B\n\x05\0\0\0\0\0\0\0abc"), None, "not complete");
    }
}
