//! The run: one thread reads and cuts, one hashes, some parse, and the calling thread writes what they give in the order
//! of files and pieces. What comes out does not depend on how many threads there are or how they are scheduled.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};

use super::CollectError;
use super::cut::{Cutter, HEAD, Piece, Pool};
use super::hash::Sha256;
use super::ledger::{Collected, Ledger};
use super::parse::{Job, parse_all};
use super::state::{Instant, State};
use super::store::moment;
use super::walk::EvidenceFile;
use crate::config::Config;
use crate::formats::{Framing, Head, open_end, recognise};
use crate::period::Period;

/// How to collect.
#[derive(Clone, Copy)]
pub struct CollectOptions<'a> {
    /// Configuration of the estate.
    pub config: &'a Config,
    /// Audit period, for stamps without a year.
    pub period: &'a Period,
    /// Threads that parse; at least one.
    pub threads: usize,
    /// Told the bytes read so far, and of how many.
    pub progress: &'a (dyn Fn(u64, u64) + Sync),
}

/// What the reading thread learnt of a file besides its bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadNotes {
    pub(super) bytes: u64,
    /// Why the file, or the rest of it, was not read.
    pub(super) refused: Option<String>,
    /// It is an archive of a kind that is not opened.
    pub(super) unopened: Option<&'static str>,
    /// How it changed under our hands, where it did.
    pub(super) changed: Option<&'static str>,
    /// The last byte is no line end, although the format has one record a line.
    pub(super) open_end: bool,
}

/// Reads `files` into the folder `store`.
///
/// # Errors
/// Where facts cannot be written, or a reader lost a record. Evidence that cannot be read is listed instead.
pub fn collect(files: &[EvidenceFile], store: &Path, options: CollectOptions<'_>) -> Result<Collected, CollectError> {
    let mut ledger = Ledger::new(files, store, options.config)?;
    let began = moment(store);
    let threads = options.threads.max(1);
    let (jobs, job_receiver) = sync_channel::<Job>(threads);
    let (parsed, parsed_receiver) = channel();
    let (hashing, hash_receiver) = sync_channel::<(usize, Arc<Piece>)>(4);
    // A token is a piece under way: what memory holds is bounded by them.
    let (tokens, token_receiver) = channel::<()>();
    for _ in 0..threads * 2 + 2 {
        let _ = tokens.send(());
    }
    let job_receiver = Mutex::new(job_receiver);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            read_all(files, options, &Outlets { jobs, hashing, tokens: token_receiver, pool: Pool::default(), began })
        });
        let hasher = scope.spawn(move || hash_all(files.len(), &hash_receiver));
        for _ in 0..threads {
            let parsed = parsed.clone();
            let job_receiver = &job_receiver;
            scope.spawn(move || parse_all(files, options, job_receiver, &parsed));
        }
        drop(parsed);
        let taken = ledger.take_in_order(&parsed_receiver, &tokens);
        // Without tokens the reading thread stops, and with it all others.
        drop(tokens);
        drop(parsed_receiver);
        let notes = reader.join().map_err(|_| CollectError::Thread("reading"))?;
        let hashes = hasher.join().map_err(|_| CollectError::Thread("hashing"))?;
        taken?;
        ledger.finish(&notes, hashes)
    })
}

/// Where the reading thread sends pieces.
struct Outlets {
    jobs: SyncSender<Job>,
    hashing: SyncSender<(usize, Arc<Piece>)>,
    tokens: Receiver<()>,
    pool: Pool,
    /// When reading began.
    began: Option<Instant>,
}

fn read_all(files: &[EvidenceFile], options: CollectOptions<'_>, outlets: &Outlets) -> Vec<ReadNotes> {
    let total = files.iter().filter_map(|file| file.path.symlink_metadata().ok()).map(|data| data.len()).sum();
    let mut done = 0;
    let mut number = 0;
    let mut notes = Vec::with_capacity(files.len());
    for (index, file) in files.iter().enumerate() {
        let mut note = ReadNotes { refused: file.refused.clone(), ..ReadNotes::default() };
        if note.refused.is_none() {
            match read_file(index, file, options, outlets, &mut number, &mut note) {
                Ok(true) => {}
                Ok(false) => return notes,
                Err(error) => note.refused = Some(format!("cannot be read: {error}")),
            }
        }
        done += note.bytes;
        (options.progress)(done, total);
        notes.push(note);
    }
    notes
}

/// Reads one file into pieces. `Ok(false)` where nobody takes them any more.
fn read_file(
    index: usize,
    file: &EvidenceFile,
    options: CollectOptions<'_>,
    outlets: &Outlets,
    number: &mut u64,
    note: &mut ReadNotes,
) -> std::io::Result<bool> {
    let mut open = File::open(&file.path)?;
    let before = State::of_open(&open)?;
    let mut head = Vec::new();
    Read::by_ref(&mut open).take(HEAD as u64).read_to_end(&mut head)?;
    let format = recognise(&file.bound_as, &Head { bytes: &head, whole: head.len() < HEAD }, options.config);
    note.unopened = unopened(&head);
    let framing = format.as_ref().map_or(Framing::Lines, |recognised| recognised.recognition.framing);
    let bound = Arc::new(options.config.bound(&file.bound_as));
    let mut cutter = Cutter::new(open.try_clone()?, &head, framing, &outlets.pool);
    while let Some(piece) = cutter.next()? {
        if outlets.tokens.recv().is_err() {
            return Ok(false);
        }
        note.bytes += piece.bytes.len() as u64;
        note.open_end = format.is_some() && open_end(framing, &Head { bytes: &head, whole: head.len() < HEAD }, &piece.bytes);
        let piece = Arc::new(piece);
        let job =
            Job { number: *number, file: index, piece: Arc::clone(&piece), format: format.clone(), bound: Arc::clone(&bound) };
        *number += 1;
        if outlets.jobs.send(job).is_err() || outlets.hashing.send((index, piece)).is_err() {
            return Ok(false);
        }
    }
    let after = State::of_open(&open)?;
    note.changed = if before != after || after.later_than(outlets.began) {
        Some("it was written to while evidence was read")
    } else if State::at(&file.path) != Some(after) {
        Some("another file stands in its place now, or none")
    } else if file.opened.is_some_and(|opened| opened != before) {
        Some("it was written to after it was unpacked")
    } else {
        None
    };
    Ok(true)
}

/// Kinds of archives that are not opened, by their first bytes.
fn unopened(head: &[u8]) -> Option<&'static str> {
    match head {
        [b'P', b'K', 3, 4, ..] => Some("a zip archive (or an office document, which is one)"),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some("a bzip2 file"),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some("a 7z archive"),
        _ => None,
    }
}

/// Hashes the pieces of every file in order; empty where a file gave none.
fn hash_all(files: usize, pieces: &Receiver<(usize, Arc<Piece>)>) -> Vec<String> {
    let mut hashes = vec![String::new(); files];
    let mut open: Option<(usize, Sha256)> = None;
    let mut close = |done: Option<(usize, Sha256)>| {
        if let Some((slot, hash)) = done.and_then(|(file, hash)| Some((hashes.get_mut(file)?, hash))) {
            *slot = hash.finish();
        }
    };
    for (file, piece) in pieces {
        if !matches!(&open, Some((current, _)) if *current == file) {
            close(open.replace((file, Sha256::new())));
        }
        if let Some((_, hash)) = &mut open {
            hash.update(&piece.bytes);
        }
    }
    close(open);
    hashes
}
