//! Stored views: what a query gives is kept like a table, in memory as far as there is room, as Parquet where not.

use std::collections::HashSet;
use std::fs::File;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::task::Poll;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::buffer::Buffer;
use datafusion::datasource::MemTable;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::execution_plan::reset_plan_states;
use parquet::arrow::ArrowWriter;

use super::super::AssessError;
use super::kept::{Query, Slot};
use super::order::{in_pointer_order, merged, pointer_order};
use super::{Engine, PARTITIONS, Parameters, query_error};
use crate::collect::passing;

/// Rows of a view that are not worth several parts, and are held whatever there is room for.
const SMALL: usize = 16_384;

impl Engine {
    /// Runs a query once and stores what it gives like a table: in memory in the parts in which it was run, or as one file.
    ///
    /// # Errors
    /// Where the query cannot be planned or run, or its result not be written.
    pub fn store(&self, name: &str, sql: &str, parameters: &Parameters) -> Result<(), AssessError> {
        let query = self.prepare(name, sql, parameters)?;
        if self.kept.is_some() {
            return self.store_in_slot(name, &query);
        }
        let mut streams = self.parts(name, &query.plan)?;
        let mut view = Rows {
            parts: vec![Vec::new(); streams.len()],
            count: 0,
            texts: HashSet::new(),
            bytes: 0,
            room: MemoryConsumer::new(name).register(&self.context.runtime_env().memory_pool),
            most: self.most.saturating_sub(self.held()),
        };
        loop {
            let fits = match self.next_of(name, &mut streams) {
                Ok(None) => break,
                Ok(Some((part, batch))) => view.add(part, batch),
                // What is held may be what the query lacks.
                Err(AssessError::Memory { .. }) if view.room.size() > 0 => false,
                Err(error) => return Err(error),
            };
            if !fits {
                drop((streams, view));
                return self.write(name, query);
            }
        }
        self.sizes.note(name, view.count as u64);
        self.hold(name, &query, view.parts)?;
        self.rooms().push(view.room);
        Ok(())
    }

    /// Registers rows in memory.
    fn hold(&self, name: &str, query: &Query, parts: Vec<Vec<RecordBatch>>) -> Result<(), AssessError> {
        let in_order = in_pointer_order(&query.plan);
        let count = parts.iter().flatten().map(RecordBatch::num_rows).sum();
        let parts = match parts.as_slice() {
            _ if count <= SMALL && !in_order => vec![parts.into_iter().flatten().collect()],
            // The engine would divide it itself, and forget the order.
            [rows] if count > SMALL => divided(rows, count),
            _ => parts,
        };
        let order = if in_order { vec![pointer_order()] } else { Vec::new() };
        MemTable::try_new(query.plan.schema(), parts)
            .and_then(|table| self.context.register_table(name, Arc::new(table.with_sort_order(order))))
            .map_err(|error| query_error(name, "stored", &error))?;
        Ok(())
    }

    /// Runs a query from its beginning, writes what it gives as Parquet, and registers the file.
    fn write(&self, name: &str, query: Query) -> Result<(), AssessError> {
        let plan = reset_plan_states(query.plan).map_err(|error| query_error(name, "planned", &error))?;
        let merged = in_pointer_order(&plan).then(|| merged(&plan)).flatten();
        let in_order = merged.is_some();
        let query = Query { plan: merged.unwrap_or(plan), schema: query.schema };
        let path = self.views.join(format!("{name}.parquet"));
        let failed = |error: &dyn std::fmt::Display| AssessError::Io { path: path.clone(), message: error.to_string() };
        let mut file = Some(File::create(&path).map_err(|error| failed(&error))?);
        let mut writer: Option<ArrowWriter<File>> = None;
        let mut count = 0;
        self.stream(name, &query, &mut |batch| {
            count += batch.num_rows() as u64;
            if let Some(file) = file.take() {
                writer = Some(ArrowWriter::try_new(file, batch.schema(), Some(passing())).map_err(|error| failed(&error))?);
            }
            writer.as_mut().map_or(Ok(()), |writer| writer.write(batch)).map_err(|error| failed(&error))
        })?;
        writer.map_or(Ok(()), |writer| writer.close().map(drop)).map_err(|error| failed(&error))?;
        self.sizes.note(name, count);
        self.register(name, &path, in_order)
    }

    /// Bytes of the memory that views take.
    #[must_use]
    pub fn held(&self) -> usize {
        self.rooms().iter().map(MemoryReservation::size).sum()
    }

    fn rooms(&self) -> MutexGuard<'_, Vec<MemoryReservation>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece of any of the parts that have one, with the number of its part.
    fn next_of(
        &self,
        name: &str,
        streams: &mut [SendableRecordBatchStream],
    ) -> Result<Option<(usize, RecordBatch)>, AssessError> {
        let next = self.runtime.block_on(std::future::poll_fn(|context| {
            let mut ended = true;
            for (part, stream) in streams.iter_mut().enumerate() {
                match stream.as_mut().poll_next(context) {
                    Poll::Ready(Some(batch)) => return Poll::Ready(Some(batch.map(|batch| (part, batch)))),
                    Poll::Ready(None) => {}
                    Poll::Pending => ended = false,
                }
            }
            if ended { Poll::Ready(None) } else { Poll::Pending }
        }));
        next.transpose().map_err(|error| query_error(name, "run", &error))
    }

    fn store_in_slot(&self, name: &str, query: &Query) -> Result<(), AssessError> {
        let mut batches = Vec::new();
        self.stream(name, query, &mut |batch| {
            batches.push(batch.clone());
            Ok(())
        })?;
        let Some(kept) = &self.kept else { return Ok(()) };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.slots.contains_key(name) {
            let slot = Slot::register(&self.context, name, &query.schema).map_err(|error| query_error(name, "stored", &error))?;
            kept.slots.insert(name.to_owned(), slot);
        }
        match kept.slots.get(name).map(|slot| slot.fill(&batches)) {
            Some(Err(error)) => Err(AssessError::Query { name: name.to_owned(), what: "stored", message: error.to_string() }),
            _ => Ok(()),
        }
    }
}

/// `count` rows as the parts that a query is cut into, each behind the one before it.
fn divided(rows: &[RecordBatch], count: usize) -> Vec<Vec<RecordBatch>> {
    let mut parts = vec![Vec::new(); PARTITIONS];
    let mut before = 0;
    for batch in rows {
        if let Some(part) = parts.get_mut((before * PARTITIONS / count).min(PARTITIONS - 1)) {
            part.push(batch.clone());
        }
        before += batch.num_rows();
    }
    parts
}

/// Rows of a view as they come.
struct Rows {
    parts: Vec<Vec<RecordBatch>>,
    count: usize,
    /// Texts of the rows: many batches share them.
    texts: HashSet<usize>,
    /// What the rows take of the memory.
    bytes: usize,
    /// What is kept for them of the engine's memory.
    room: MemoryReservation,
    /// Bytes that they may take.
    most: usize,
}

impl Rows {
    /// Takes rows of a part; false where they are too many to hold. A few are always held.
    fn add(&mut self, part: usize, batch: RecordBatch) -> bool {
        self.count += batch.num_rows();
        self.bytes += self.taken(&batch);
        if self.count > SMALL {
            let more = self.bytes - self.room.size();
            if self.bytes > self.most || self.room.try_grow(more).is_err() {
                return false;
            }
        }
        if let Some(part) = self.parts.get_mut(part) {
            part.push(batch);
        }
        true
    }

    /// What a batch takes that those before it do not.
    fn taken(&mut self, batch: &RecordBatch) -> usize {
        let mut bytes = 0;
        for column in batch.columns() {
            match column.as_string_view_opt() {
                Some(view) => {
                    let texts = view.data_buffers().iter().filter(|text| self.texts.insert(text.data_ptr().addr().get()));
                    bytes += view.views().inner().capacity() + texts.map(Buffer::capacity).sum::<usize>();
                }
                None => bytes += column.get_array_memory_size(),
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::EngineOptions;
    use super::*;

    /// A view of 40,000 rows, made with so much memory: whether it was written, and what a query over it gives.
    fn made(memory: usize) -> (bool, Vec<i64>) {
        let work = tempfile::tempdir().expect("a folder");
        let engine =
            Engine::begin(work.path(), EngineOptions { parts_from: 1, ..EngineOptions::new(memory, 2) }).expect("an engine");
        let rows: Vec<Vec<String>> = (0..200).map(|row| vec![format!("a text of more than a dozen characters {row}")]).collect();
        engine.define("texts", &[("text", false)], &rows).expect("a table");
        let sql = "select a.text as source, cast(length(b.text) as bigint) as line from texts a cross join texts b";
        engine.store("pairs", sql, &Parameters::new()).expect("a view");
        let sql = "select count(*) as rows, count(distinct source) as texts, sum(line) as sum from pairs";
        let mut found = Vec::new();
        let each = |frame: &super::super::Frame| {
            found.extend(["rows", "texts", "sum"].iter().filter_map(|name| frame.int(name, 0)));
            Ok(())
        };
        engine.query("pairs", sql, &Parameters::new(), each).expect("a result");
        (work.path().join("views/pairs.parquet").exists(), found)
    }

    #[test]
    fn a_view_says_the_same_whether_it_is_held_or_written() {
        let (written, held) = (made(64 << 20), made(1 << 30));
        assert!(written.0, "64 MiB leave nothing for views");
        assert!(!held.0);
        assert_eq!(written.1, held.1);
        // 10 texts of 40, 90 of 41 and 100 of 42 characters, 200 times each.
        assert_eq!(held.1, [40_000, 200, 200 * (10 * 40 + 90 * 41 + 100 * 42)]);
    }
}
