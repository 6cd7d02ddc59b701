//! `wtmp`, `btmp` and `utmp` as they lie on disk: records of 384 bytes, little endian, as glibc writes them on x86-64 and
//! i386. Times are seconds since 1970. They name no host, so it comes from the path (`[[bind]]`).
//!
//! Source: glibc's `bits/utmp.h` (`struct utmp` with 32-bit times). Records of 64-bit ARM have 400 bytes and are not read.

use super::utmp_entry::{OpenLogins, UtmpEntry};
use super::{Format, Framing, HOST_UNKNOWN, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{LOG_ACTIVITY, Micros, SESSIONS, Table};
use crate::redact::lossless;

/// Binary login records.
pub(super) struct Wtmp;

/// Bytes of a record.
const RECORD: usize = 384;

impl Format for Wtmp {
    fn name(&self) -> &'static str {
        "wtmp"
    }

    fn about(&self) -> &'static str {
        "wtmp, btmp or utmp: binary login records of glibc on x86 (host from the path)"
    }

    fn recognised_by(&self) -> &'static str {
        "records of 384 bytes laid out as struct utmp"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&SESSIONS, &LOG_ACTIVITY] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let mut records = head.bytes.as_chunks::<RECORD>().0.iter().take(8).peekable();
        records.peek()?;
        let mut any = false;
        let sound = records.all(|record| {
            let parts = Parts::of(record);
            any |= parts.kind != 0 && parts.seconds > 0;
            (0..=9).contains(&parts.kind) && parts.sound
        });
        (sound && any).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let bytes = bytes_of(document);
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let parts = Parts::of(bytes.as_chunks::<RECORD>().0.get(index)?);
        let at = Micros::from_parts(parts.seconds, parts.micros.checked_mul(1000)?)?;
        Some(format!(
            "kind {}, process {}, user {}, terminal {}, host {}, address {}, at {}",
            parts.kind,
            parts.process,
            lossless(parts.user),
            lossless(parts.terminal),
            lossless(parts.host),
            parts.address(),
            at.iso()
        ))
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let mut open = OpenLogins::default();
        let (records, rest) = segment.bytes.as_chunks::<RECORD>();
        for (number, record) in (1..).zip(records) {
            let Some(host) = reading.bound_host(sink) else {
                sink.record(number).reject(HOST_UNKNOWN, b"");
                continue;
            };
            let parts = Parts::of(record);
            let at = parts.micros.checked_mul(1000).and_then(|nanos| Micros::from_parts(parts.seconds, nanos));
            let Some(at) = at else {
                sink.record(number).reject("the time of the record is none", record);
                continue;
            };
            let (address, name) = (parts.address(), lossless(parts.host));
            UtmpEntry {
                number,
                kind: parts.kind,
                user: &lossless(parts.user),
                terminal: &lossless(parts.terminal),
                // A kernel release stands in the host of starts; they are no logins.
                origin: if address.is_empty() { &name } else { &address },
                at,
            }
            .settle(host, record, &mut open, reading, sink);
        }
        open.close(sink);
        if !rest.is_empty() {
            sink.record(records.len() as u64 + 1).reject("torn: the file ends inside a record", rest);
        }
    }
}

/// The parts of one record.
struct Parts<'a> {
    kind: i64,
    process: i32,
    terminal: &'a [u8],
    user: &'a [u8],
    host: &'a [u8],
    seconds: i64,
    micros: i64,
    address: [u8; 16],
    /// Whether padding and text look as they have to.
    sound: bool,
}

impl<'a> Parts<'a> {
    fn of(record: &'a [u8; RECORD]) -> Self {
        let part = |from: usize, length: usize| record.get(from..from + length).unwrap_or_default();
        let number = |from: usize| part(from, 4).first_chunk::<4>().map_or(0, |bytes| i32::from_le_bytes(*bytes));
        let text = |from: usize, length: usize| {
            let field = part(from, length);
            field.get(..memchr::memchr(0, field).unwrap_or(length)).unwrap_or(field)
        };
        let (terminal, user, host) = (text(8, 32), text(44, 32), text(76, 256));
        let micros = number(344);
        let plain = |text: &[u8]| text.iter().all(|byte| *byte >= b' ' && *byte != 0x7f);
        let zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        Self {
            kind: i64::from(number(0) & 0xffff),
            process: number(4),
            terminal,
            user,
            host,
            seconds: i64::from(number(340)),
            micros: i64::from(micros),
            address: part(348, 16).first_chunk().copied().unwrap_or_default(),
            sound: zero(part(2, 2)) && zero(part(364, 20)) && plain(terminal) && plain(host) && (0..1_000_000).contains(&micros),
        }
    }

    /// The address that the login came from; empty where there is none.
    fn address(&self) -> String {
        let (first, rest) = self.address.split_at(4);
        match (first, rest.iter().all(|byte| *byte == 0)) {
            ([0, 0, 0, 0], true) => String::new(),
            ([a, b, c, d], true) => format!("{a}.{b}.{c}.{d}"),
            _ => std::net::Ipv6Addr::from(self.address).to_string(),
        }
    }
}

/// The bytes of a document that was made text without loss.
fn bytes_of(document: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(document.len());
    let mut rest = document;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.extend_from_slice(b"\\x");
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_shows_the_record_in_words() {
        let mut bytes = [0_u8; 2 * RECORD];
        let put = |bytes: &mut [u8], at: usize, value: &[u8]| {
            for (slot, byte) in bytes.iter_mut().skip(at).zip(value) {
                *slot = *byte;
            }
        };
        put(&mut bytes, RECORD, &[7, 0, 0, 0, 200, 1, 0, 0]);
        put(&mut bytes, RECORD + 8, b"pts/1");
        put(&mut bytes, RECORD + 44, b"ann\xff");
        put(&mut bytes, RECORD + 340, &1_785_939_761_i32.to_le_bytes());
        put(&mut bytes, RECORD + 348, &[203, 0, 113, 9]);
        let text = Wtmp.record(&lossless(&bytes), 2).expect("a record");
        assert_eq!(
            text,
            "kind 7, process 456, user ann\\xff, terminal pts/1, host , address 203.0.113.9, at 2026-08-05T14:22:41Z"
        );
        assert_eq!(Wtmp.record(&lossless(&bytes), 3), None);
    }
}
