//! Bytes by the sixteen: what the readers of large logs and the writers of large tables ask of all of them.

use wide::u8x16;

/// Which of the bytes are `byte`.
#[inline]
pub(crate) fn are(bytes: u8x16, byte: u8) -> u8x16 {
    bytes.simd_eq(u8x16::splat(byte))
}

/// Which of the bytes are control characters of ASCII below DEL.
#[inline]
fn controls(bytes: u8x16) -> u8x16 {
    // A control character is at most 0x1f: the smaller of the two is the byte itself.
    bytes.min(u8x16::splat(0x1f)).simd_eq(bytes)
}

/// Which of the bytes a plain JSON string may not hold: backslashes and control characters.
#[inline]
pub(crate) fn unfit(bytes: u8x16) -> u8x16 {
    are(bytes, b'\\') | controls(bytes)
}

/// Which of the bytes are no printable ASCII.
#[inline]
pub(crate) fn unprintable(bytes: u8x16) -> u8x16 {
    controls(bytes) | bytes.max(u8x16::splat(0x7f)).simd_eq(bytes)
}

/// Hands over all of `bytes` by the sixteen. Blocks overlap, and a short text is filled up with its own bytes or with `a`, so
/// this is for questions that have the same answer however often a byte is looked at.
#[inline]
pub(crate) fn by_sixteen(bytes: &[u8], mut each: impl FnMut(u8x16)) {
    let (blocks, rest) = bytes.as_chunks::<16>();
    blocks.iter().for_each(|block| each(u8x16::new(*block)));
    if rest.is_empty() {
        return;
    }
    if let Some(last) = bytes.last_chunk::<16>() {
        return each(u8x16::new(*last));
    }
    each(u8x16::new(short(bytes).to_le_bytes()));
}

/// A text of less than sixteen bytes. It is put together as a number: in memory the processor would wait for its parts.
#[inline]
fn short(bytes: &[u8]) -> u128 {
    const FILLED: u64 = u64::from_le_bytes([b'a'; 8]);
    let both = |low: u64, high: u64| u128::from(low) | u128::from(high) << 64;
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return both(u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return both(u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32, FILLED);
    }
    both(bytes.iter().fold(FILLED, |filled, byte| filled << 8 | u64::from(*byte)), FILLED)
}

/// Appends `bytes`. Short ones go as two blocks of fixed size that may overlap, which is half the work of a copy of any length.
#[inline]
pub(crate) fn append(to: &mut Vec<u8>, bytes: &[u8]) {
    let end = to.len() + bytes.len();
    if let (Some(first), Some(last), 16..=32) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>(), bytes.len()) {
        to.extend_from_slice(first);
        to.truncate(end - 16);
        to.extend_from_slice(last);
    } else if let (Some(first), Some(last), 8..=15) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>(), bytes.len()) {
        to.extend_from_slice(first);
        to.truncate(end - 8);
        to.extend_from_slice(last);
    } else {
        to.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_seen_wherever_it_stands_and_nothing_else_is() {
        for length in 0..70 {
            let plain = vec![b'x'; length];
            let found = |bytes: &[u8], byte: u8| {
                let mut any = false;
                by_sixteen(bytes, |block| any |= are(block, byte).any());
                any
            };
            assert!(!found(&plain, b','), "{length}");
            for at in 0..length {
                let mut bytes = plain.clone();
                if let Some(slot) = bytes.get_mut(at) {
                    *slot = b',';
                }
                assert!(found(&bytes, b','), "{length}: {at}");
            }
        }
    }

    #[test]
    fn what_is_appended_is_what_was_given() {
        let mut all = Vec::new();
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..70 {
            append(&mut all, &bytes[..length]);
            assert!(all.ends_with(&bytes[..length]), "{length}");
        }
        assert_eq!(all.len(), (0..70).sum::<usize>());
    }

    #[test]
    fn classes_of_bytes_are_what_they_say() {
        for byte in 0..=255_u8 {
            let block = u8x16::splat(byte);
            assert_eq!(unprintable(block).any(), !(b' '..0x7f).contains(&byte), "{byte}");
            assert_eq!(unfit(block).any(), byte < b' ' || byte == b'\\', "{byte}");
        }
    }
}
