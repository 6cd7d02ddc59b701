//! A gauge between an archive and its reader: the reader of tar archives takes names and attributes whole into memory, however
//! long they say that they are, and this bounds them.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Bytes of names and attributes that may stand before an entry.
const LONGEST_HEADER: u64 = 2 << 20;

/// A reader that gives only so much between two entries, and tells when it ran dry.
pub(crate) struct Gauge<R> {
    inner: R,
    allowance: Rc<Cell<u64>>,
    dry: Rc<Cell<bool>>,
}

/// The setting of a [`Gauge`] that a reader has taken away.
pub(crate) struct Setting {
    allowance: Rc<Cell<u64>>,
    dry: Rc<Cell<bool>>,
}

impl<R> Gauge<R> {
    /// A gauge set for a header, and its setting.
    pub(crate) fn new(inner: R) -> (Self, Setting) {
        let (allowance, dry) = (Rc::new(Cell::new(LONGEST_HEADER)), Rc::new(Cell::new(false)));
        let setting = Setting { allowance: Rc::clone(&allowance), dry: Rc::clone(&dry) };
        (Self { inner, allowance, dry }, setting)
    }
}

impl Setting {
    /// No bound, while the content of an entry is read.
    pub(crate) fn open(&self) {
        self.allowance.set(u64::MAX);
    }

    /// What is left of an entry, at most `rest`, and then a header.
    pub(crate) fn header_after(&self, rest: u64) {
        self.allowance.set(rest.saturating_add(LONGEST_HEADER));
    }

    /// Whether the archive had no more bytes when it was last read.
    pub(crate) fn ran_dry(&self) -> bool {
        self.dry.get()
    }
}

impl<R: Read> Read for Gauge<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let allowed = usize::try_from(self.allowance.get()).unwrap_or(usize::MAX).min(buffer.len());
        if allowed == 0 && !buffer.is_empty() {
            return Err(io::Error::other("a name or attribute of more than 2 MiB stands before an entry"));
        }
        let read = self.inner.read(buffer.get_mut(..allowed).unwrap_or_default())?;
        if self.allowance.get() != u64::MAX {
            self.allowance.set(self.allowance.get().saturating_sub(read as u64));
        }
        self.dry.set(read == 0 && !buffer.is_empty());
        Ok(read)
    }
}
