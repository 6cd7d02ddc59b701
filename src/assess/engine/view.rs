//! Stored views: what a query gives is kept like a table, in memory as far as there is room, as Parquet where not.

use std::collections::HashSet;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard, PoisonError};

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use datafusion::datasource::MemTable;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use parquet::arrow::ArrowWriter;

use super::super::AssessError;
use super::kept::{Query, Slot};
use super::order::{in_pointer_order, pointer_order};
use super::{Engine, PARTITIONS, Parameters, query_error};
use crate::collect::passing;

/// Rows of a view that one thread reads.
const SMALL: usize = 16_384;

impl Engine {
    /// Runs a query once and stores what it gives like a table.
    ///
    /// # Errors
    /// Where the query cannot be planned or run, or its result not be written.
    pub fn store(&self, name: &str, sql: &str, parameters: &Parameters) -> Result<(), AssessError> {
        let query = self.prepare(name, sql, parameters)?;
        if self.kept.is_some() {
            return self.store_in_slot(name, &query);
        }
        let merged = in_pointer_order(&query.plan);
        let in_order = merged.is_some();
        let query = Query { plan: merged.unwrap_or(query.plan), schema: query.schema };
        let mut view = Rows {
            path: self.views.join(format!("{name}.parquet")),
            held: Vec::new(),
            texts: HashSet::new(),
            room: MemoryConsumer::new(name).register(&self.context.runtime_env().memory_pool),
            most: self.held.saturating_sub(self.rooms().iter().map(MemoryReservation::size).sum()),
            file: None,
        };
        self.stream(name, &query, &mut |batch| view.add(batch))?;
        if let Some(writer) = view.file {
            writer.close().map_err(|error| AssessError::Io { path: view.path.clone(), message: error.to_string() })?;
            return self.register(name, &view.path, in_order);
        }
        let schema = view.held.first().map_or(query.schema, RecordBatch::schema);
        self.hold(name, schema, view.held, in_order)?;
        self.rooms().push(view.room);
        Ok(())
    }

    fn rooms(&self) -> MutexGuard<'_, Vec<MemoryReservation>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers rows in memory.
    fn hold(&self, name: &str, schema: SchemaRef, rows: Vec<RecordBatch>, in_order: bool) -> Result<(), AssessError> {
        let order = if in_order { vec![pointer_order()] } else { Vec::new() };
        MemTable::try_new(schema, parts(rows))
            .and_then(|table| self.context.register_table(name, Arc::new(table.with_sort_order(order))))
            .map_err(|error| query_error(name, "stored", &error))?;
        Ok(())
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

/// Rows of a view as they come.
struct Rows {
    path: PathBuf,
    held: Vec<RecordBatch>,
    /// Texts of the rows that are held: many batches share them.
    texts: HashSet<usize>,
    /// What the rows that are held take of the engine's memory.
    room: MemoryReservation,
    /// Bytes that they may take.
    most: usize,
    /// Where all rows go once there are too many to hold.
    file: Option<ArrowWriter<File>>,
}

impl Rows {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), AssessError> {
        let bytes = self.bytes(batch);
        if self.file.is_none() && self.room.size() + bytes <= self.most && self.room.try_grow(bytes).is_ok() {
            self.held.push(batch.clone());
            return Ok(());
        }
        self.write(batch).map_err(|message| AssessError::Io { path: self.path.clone(), message })
    }

    /// What a batch takes that those before it do not.
    fn bytes(&mut self, batch: &RecordBatch) -> usize {
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

    fn write(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let writer = match &mut self.file {
            Some(writer) => writer,
            None => {
                let file = File::create(&self.path).map_err(|error| text(&error))?;
                let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(passing())).map_err(|error| text(&error))?;
                for batch in self.held.drain(..) {
                    writer.write(&batch).map_err(|error| text(&error))?;
                }
                self.room.free();
                self.file.insert(writer)
            }
        };
        writer.write(batch).map_err(|error| text(&error))
    }
}

/// Rows as the parts that a query is cut into, each after the one before it.
fn parts(rows: Vec<RecordBatch>) -> Vec<Vec<RecordBatch>> {
    let count: usize = rows.iter().map(RecordBatch::num_rows).sum();
    if count <= SMALL {
        return vec![rows];
    }
    let mut parts = vec![Vec::new(); PARTITIONS];
    let mut before = 0;
    for batch in rows {
        let part = (before * PARTITIONS / count).min(PARTITIONS - 1);
        before += batch.num_rows();
        if let Some(part) = parts.get_mut(part) {
            part.push(batch);
        }
    }
    parts
}
