//! The store: one Parquet file a fact table, written as the facts come.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, AsArray as _, RecordBatch};
use arrow::datatypes::Int64Type;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::CollectError;
use super::state::{Instant, State};
use crate::facts::{Kind, TABLES, Table};

/// Rows in a row group: bounds the memory of a writer.
const ROW_GROUP: usize = 131_072;

/// Open writers, by position in [`TABLES`].
pub(super) struct Store {
    writers: Vec<TableWriter>,
    rows: BTreeMap<&'static str, u64>,
    orders: Vec<Order>,
}

/// What was written of a table.
pub(super) struct Written {
    /// Rows of each table.
    pub(super) rows: BTreeMap<&'static str, u64>,
    /// Tables whose rows stand in the order of their pointers: by source, then by line.
    pub(super) in_order: BTreeSet<&'static str>,
}

/// The last pointer of a table, and whether one came after it that belongs before it.
#[derive(Default)]
struct Order {
    source: String,
    line: i64,
    broken: bool,
}

impl Order {
    fn look(&mut self, batch: &RecordBatch) {
        let sources = batch.column_by_name("source").and_then(|column| column.as_string_opt::<i32>());
        let lines = batch.column_by_name("line").and_then(|column| column.as_primitive_opt::<Int64Type>());
        let (Some(sources), Some(lines), false) = (sources, lines, self.broken) else {
            self.broken = true;
            return;
        };
        let mut last = (self.source.as_str(), self.line);
        for next in sources.iter().map(Option::unwrap_or_default).zip(lines.values().iter().copied()) {
            if next < last {
                self.broken = true;
                return;
            }
            last = next;
        }
        let (source, line) = last;
        self.line = line;
        if source != self.source {
            self.source = source.to_owned();
        }
    }
}

/// How facts are written: no creation time, no host name, fixed sizes, so that equal rows give equal bytes. No statistics,
/// because every query reads its tables whole. `first` are the first rows of the table.
fn properties(table: &Table, first: Option<&RecordBatch>) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("steadfast ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::None);
    // Columns whose values hardly repeat: a dictionary of them would be built and thrown away. Numbers that are stored as
    // differences do not get smaller by compression.
    let times = table.columns.iter().filter(|column| column.kind == Kind::Time).map(|column| column.name);
    for column in times.chain(["line"]) {
        let column = ColumnPath::from(column);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED)
            .set_column_compression(column, Compression::UNCOMPRESSED);
    }
    // A journal's cursors get three times smaller; the random identifiers of sudo do not.
    let identifiers = ColumnPath::from("event_id");
    if !first.and_then(|rows| rows.column_by_name("event_id")).is_some_and(compresses) {
        properties = properties.set_column_compression(identifiers.clone(), Compression::UNCOMPRESSED);
    }
    properties.set_column_dictionary_enabled(identifiers, false).build()
}

/// Texts of a column that are looked at to see whether compression pays.
const TRIED: usize = 64 << 10;

/// Whether compression takes a fifth or more off the first texts of a column.
fn compresses(column: &ArrayRef) -> bool {
    let Some(texts) = column.as_string_opt::<i32>() else { return false };
    let texts = texts.value_data();
    let tried = texts.get(..TRIED).unwrap_or(texts);
    // Where there is nothing to try, those to come may be of the kind that gains most.
    tried.is_empty() || snap::raw::Encoder::new().compress_vec(tried).is_ok_and(|small| small.len() * 5 <= tried.len() * 4)
}

/// Writes the Parquet file of one fact table.
pub(super) struct TableWriter {
    path: PathBuf,
    table: &'static Table,
    file: File,
    open: Option<ArrowWriter<File>>,
}

impl TableWriter {
    pub(super) fn create(path: PathBuf, table: &'static Table) -> Result<Self, CollectError> {
        let file = File::create(&path).map_err(|error| CollectError::io(&path, "create the file", error))?;
        Ok(Self { path, table, file, open: None })
    }

    /// Writes rows; how the table is written depends on the first ones.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), CollectError> {
        self.open(Some(batch)).and_then(|writer| writer.write(batch)).map_err(|error| self.failed(&error))
    }

    /// Ends the file.
    pub(super) fn close(mut self) -> Result<(), CollectError> {
        self.open(None).and_then(|writer| writer.finish().map(drop)).map_err(|error| self.failed(&error))
    }

    fn open(&mut self, first: Option<&RecordBatch>) -> Result<&mut ArrowWriter<File>, ParquetError> {
        match self.open {
            Some(ref mut writer) => Ok(writer),
            None => {
                let properties = properties(self.table, first);
                let writer = ArrowWriter::try_new(self.file.try_clone()?, self.table.schema(), Some(properties))?;
                Ok(self.open.insert(writer))
            }
        }
    }

    fn failed(&self, error: &ParquetError) -> CollectError {
        CollectError::Store { path: self.path.clone(), message: error.to_string() }
    }
}

/// How a view is written that is read again in the same run: as it is.
pub(crate) fn passing() -> WriterProperties {
    WriterProperties::builder()
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .build()
}

impl Store {
    /// Opens a file for every table, so that a table without facts is still there to be asked.
    pub(super) fn create(folder: &Path) -> Result<Self, CollectError> {
        std::fs::create_dir_all(folder).map_err(|error| CollectError::io(folder, "make the folder", error))?;
        let mut writers = Vec::with_capacity(TABLES.len());
        for table in TABLES {
            writers.push(TableWriter::create(folder.join(format!("{}.parquet", table.name)), table)?);
        }
        let rows = TABLES.iter().map(|table| (table.name, 0)).collect();
        let orders = TABLES.iter().map(|_| Order::default()).collect();
        Ok(Self { writers, rows, orders })
    }

    pub(super) fn write(&mut self, table: usize, batch: &RecordBatch) -> Result<(), CollectError> {
        let (Some(writer), Some(described)) = (self.writers.get_mut(table), TABLES.get(table)) else { return Ok(()) };
        *self.rows.entry(described.name).or_default() += batch.num_rows() as u64;
        if let Some(order) = self.orders.get_mut(table) {
            order.look(batch);
        }
        writer.write(batch)
    }

    pub(super) fn finish(self) -> Result<Written, CollectError> {
        self.writers.into_iter().try_for_each(TableWriter::close)?;
        let in_order = TABLES.iter().zip(&self.orders).filter(|(_, order)| !order.broken).map(|(table, _)| table.name).collect();
        Ok(Written { rows: self.rows, in_order })
    }
}

/// A moment by the clock of the file system: what it says of a file made now. Nothing where it says nothing.
pub(super) fn moment(folder: &Path) -> Option<Instant> {
    let path = folder.join("began");
    // An old file that is made empty again may keep its stamp.
    let _ = std::fs::remove_file(&path);
    let state = File::create(&path).and_then(|file| State::of_open(&file)).ok();
    let _ = std::fs::remove_file(&path);
    state?.changed()
}

/// Writes one table whose rows are known only at the end, in place of the empty one.
pub(super) fn write_table(folder: &Path, table: &'static Table, batch: &RecordBatch) -> Result<(), CollectError> {
    let mut writer = TableWriter::create(folder.join(format!("{}.parquet", table.name)), table)?;
    writer.write(batch)?;
    writer.close()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::super::hash::Sha256;
    use super::*;

    #[test]
    fn what_repeats_itself_is_compressed_and_what_is_random_is_not() {
        let column =
            |text: fn(u64) -> String| -> ArrayRef { Arc::new((0..2_000).map(|row| Some(text(row))).collect::<StringArray>()) };
        let random = |row: u64| Sha256::of(&row.to_le_bytes());
        assert!(!compresses(&column(random)));
        assert!(compresses(&column(|row| format!(
            "s=0639fa2d4b6c4a7f9c1d5e2b8a7f6c5d;i={row:x};b=9be1c5f0a2d34e6f8a7b6c5d4e3f2a1b"
        ))));
        assert!(
            compresses(&(Arc::new(StringArray::from(vec![None::<&str>; 3])) as ArrayRef)),
            "nothing is known of those to come"
        );
    }

    #[test]
    fn a_table_is_in_order_until_a_pointer_comes_that_belongs_before_the_last() {
        let broken = |batches: &[&[(&str, i64)]]| {
            let mut order = Order::default();
            for rows in batches {
                let sources: ArrayRef = Arc::new(rows.iter().map(|(source, _)| Some(*source)).collect::<StringArray>());
                let lines: ArrayRef = Arc::new(rows.iter().map(|(_, line)| *line).collect::<Int64Array>());
                order.look(&RecordBatch::try_from_iter([("source", sources), ("line", lines)]).expect("a batch"));
            }
            order.broken
        };
        assert!(!broken(&[]));
        assert!(!broken(&[&[("a", 1), ("a", 1), ("a", 7)], &[("a", 7), ("b", 2)], &[("c/d", 1)]]));
        assert!(broken(&[&[("a", 2), ("a", 1)]]));
        assert!(broken(&[&[("a", 2)], &[("a", 1)], &[("b", 1)]]), "once is enough");
        assert!(broken(&[&[("b", 1)], &[("a", 9)]]));
    }
}
