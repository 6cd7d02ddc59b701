//! The query engine, Apache DataFusion, behind five verbs: open, define, plan, store, query. Everything else in the crate
//! speaks SQL and reads [`Frame`]s.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, TimeUnit, TimestampMicrosecondType};
use datafusion::common::ScalarValue;
use datafusion::common::config::Dialect;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SQLOptions, SessionConfig, SessionContext};
use parquet::arrow::ArrowWriter;
use tokio::runtime::Runtime;

use super::AssessError;
use crate::catalogue::Parameter;
use crate::collect::passing;
use crate::facts::{Micros, TABLES, Table};

/// How the engine is opened.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    /// Bytes that sorts, joins and groups may hold before they spill to disk.
    pub memory: usize,
    /// Threads.
    pub threads: usize,
}

/// Parts that a query is cut into. It is fixed, so that nothing depends on the number of processors.
const PARTITIONS: usize = 2;

/// Bytes of a side of a join that is built whole rather than in parts.
const SMALL_SIDE: usize = 32 << 20;

/// A session over one store of facts.
pub struct Engine {
    context: SessionContext,
    runtime: Runtime,
    views: PathBuf,
}

/// A read-only statement's parameters, by name.
pub type Parameters = BTreeMap<String, Parameter>;

impl Engine {
    /// Opens the Parquet files of `store`; views and spilled data go below `work`.
    ///
    /// # Errors
    /// Where a table of the store cannot be read.
    pub fn open(store: &Path, work: &Path, options: EngineOptions) -> Result<Self, AssessError> {
        Self::open_over(store, store, work, options)
    }

    /// The same with the tables of `over` in place of those of `store`, where it has them.
    ///
    /// # Errors
    /// Where a table cannot be read.
    pub fn open_over(store: &Path, over: &Path, work: &Path, options: EngineOptions) -> Result<Self, AssessError> {
        let failed = |error: &dyn std::fmt::Display| AssessError::Query {
            name: "engine".to_owned(),
            what: "opened",
            message: error.to_string(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .build()
            .map_err(|error| failed(&error))?;
        let views = work.join("views");
        let spill = work.join("spill");
        for folder in [&views, &spill] {
            std::fs::create_dir_all(folder)
                .map_err(|error| AssessError::Io { path: folder.clone(), message: error.to_string() })?;
        }
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(options.memory)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![spill])))
            .build_arc()
            .map_err(|error| failed(&error))?;
        let mut config = SessionConfig::new().with_target_partitions(PARTITIONS).with_information_schema(false);
        config.options_mut().execution.parquet.pushdown_filters = false;
        config.options_mut().sql_parser.default_null_ordering = "nulls_max".to_owned();
        // What each sort keeps free to merge with: queries of many sorts share even little memory.
        config.options_mut().execution.sort_spill_reservation_bytes = (options.memory / 64).min(10 << 20);
        // A side of a join that is known to be this small is built whole, and the other side streams past in its order.
        config.options_mut().optimizer.hash_join_single_partition_threshold = SMALL_SIDE;
        config.options_mut().optimizer.hash_join_single_partition_threshold_rows = SMALL_SIDE / 64;
        let context = SessionContext::new_with_config_rt(config, environment);
        let engine = Self { context, runtime, views };
        for table in TABLES {
            let file = format!("{}.parquet", table.name);
            let changed = over.join(&file);
            engine.register(table.name, &if changed.exists() { changed } else { store.join(&file) })?;
        }
        Ok(engine)
    }

    fn register(&self, name: &str, path: &Path) -> Result<(), AssessError> {
        let path = path.display().to_string();
        self.runtime
            .block_on(self.context.register_parquet(name, &path, ParquetReadOptions::default()))
            .map_err(|error| query_error(name, "opened", &error))
    }

    /// Defines a small table of texts, such as the class rules of the configuration.
    ///
    /// # Errors
    /// Where the rows do not have one cell a column.
    pub fn define(&self, name: &str, columns: &[(&str, bool)], rows: &[Vec<String>]) -> Result<(), AssessError> {
        let fields: Vec<Field> = columns
            .iter()
            .map(|(column, flag)| Field::new(*column, if *flag { DataType::Boolean } else { DataType::Utf8 }, false))
            .collect();
        let arrays = columns.iter().enumerate().map(|(index, (_, flag))| {
            let cells = rows.iter().map(|row| row.get(index).map(String::as_str));
            let texts: ArrayRef = Arc::new(cells.collect::<StringArray>());
            if *flag { cast(&texts, &DataType::Boolean) } else { Ok(texts) }
        });
        let batch = arrays
            .collect::<Result<Vec<_>, _>>()
            .and_then(|arrays| RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays))
            .map_err(|error| AssessError::Query { name: name.to_owned(), what: "defined", message: error.to_string() })?;
        MemTable::try_new(batch.schema(), vec![vec![batch]])
            .and_then(|table| self.context.register_table(name, Arc::new(table)))
            .map_err(|error| query_error(name, "defined", &error))?;
        Ok(())
    }

    /// The tables and views that a query names.
    ///
    /// # Errors
    /// Where the query is no SQL.
    pub fn tables(&self, name: &str, sql: &str) -> Result<BTreeSet<String>, AssessError> {
        let state = self.context.state();
        let statement = state.sql_to_statement(sql, &Dialect::Generic).map_err(|error| query_error(name, "planned", &error))?;
        let tables = state.resolve_table_references(&statement).map_err(|error| query_error(name, "planned", &error))?;
        Ok(tables.iter().map(|table| table.table().to_owned()).collect())
    }

    /// The columns that a query gives, planned against the tables there are.
    ///
    /// # Errors
    /// Where the query cannot be planned, or is more than a query.
    pub fn plan(&self, name: &str, sql: &str, parameters: &Parameters) -> Result<Vec<String>, AssessError> {
        let frame = self.frame(name, sql, parameters)?;
        // Typing errors show only when the plan is optimised.
        self.context.state().optimize(frame.logical_plan()).map_err(|error| query_error(name, "planned", &error))?;
        Ok(frame.schema().fields().iter().map(|field| field.name().clone()).collect())
    }

    /// For each column that a query gives, some text that is a value of its type: to plan what takes its values.
    ///
    /// # Errors
    /// Where the query cannot be planned.
    pub fn examples(&self, name: &str, sql: &str, parameters: &Parameters) -> Result<Parameters, AssessError> {
        let frame = self.frame(name, sql, parameters)?;
        let example = |data_type: &DataType| match data_type {
            DataType::Timestamp(..) => "2026-07-01 00:00:00",
            other if other.is_numeric() => "1",
            _ => "example",
        };
        let fields = frame.schema().fields().iter();
        Ok(fields.map(|field| (field.name().clone(), Parameter::Text(example(field.data_type()).to_owned()))).collect())
    }

    fn frame(&self, name: &str, sql: &str, parameters: &Parameters) -> Result<DataFrame, AssessError> {
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let values: Vec<(String, ScalarValue)> = parameters.iter().map(|(name, value)| (name.clone(), scalar(value))).collect();
        let values: std::collections::HashMap<String, ScalarValue> = values.into_iter().collect();
        self.runtime
            .block_on(self.context.sql_with_options(sql, options))
            .and_then(|frame| frame.with_param_values(values))
            .map_err(|error| query_error(name, "planned", &error))
    }

    /// Runs a query once and stores what it gives like a table.
    ///
    /// # Errors
    /// Where the query cannot be planned or run, or its result not be written.
    pub fn store(&self, name: &str, sql: &str, parameters: &Parameters) -> Result<(), AssessError> {
        let path = self.views.join(format!("{name}.parquet"));
        let failed = |message: String| AssessError::Io { path: path.clone(), message };
        let frame = self.frame(name, sql, parameters)?;
        let mut writer: Option<ArrowWriter<File>> = None;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let mut write = |batch: &RecordBatch| -> Result<(), AssessError> {
            let writer = match &mut writer {
                Some(writer) => writer,
                None => {
                    let file = File::create(&path).map_err(|error| failed(error.to_string()))?;
                    let open =
                        ArrowWriter::try_new(file, batch.schema(), Some(passing())).map_err(|error| failed(error.to_string()))?;
                    writer.insert(open)
                }
            };
            writer.write(batch).map_err(|error| failed(error.to_string()))
        };
        self.stream(name, frame, &mut write)?;
        if writer.is_none() {
            let file = File::create(&path).map_err(|error| failed(error.to_string()))?;
            writer = Some(ArrowWriter::try_new(file, schema, Some(passing())).map_err(|error| failed(error.to_string()))?);
        }
        if let Some(writer) = writer {
            writer.close().map_err(|error| failed(error.to_string()))?;
        }
        self.register(name, &path)
    }

    /// Whether there is such a table or view.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.context.table_exist(name).unwrap_or(false)
    }

    /// The rows of a fact table that a query gives, as facts of `source`: columns that it leaves out are null, `line` is 1.
    ///
    /// # Errors
    /// Where the query cannot be planned or run, or gives what the table does not have.
    pub fn facts(
        &self,
        name: &str,
        table: &'static Table,
        sql: &str,
        parameters: &Parameters,
        source: &str,
    ) -> Result<Vec<RecordBatch>, AssessError> {
        let schema = table.schema();
        let mut facts = Vec::new();
        let frame = self.frame(name, sql, parameters)?;
        let failed = |message: String| AssessError::Query { name: name.to_owned(), what: "read", message };
        self.stream(name, frame, &mut |batch| {
            let rows = batch.num_rows();
            let columns = schema.fields().iter().map(|field| match (field.name().as_str(), batch.column_by_name(field.name())) {
                ("source", _) => Ok(Arc::new(StringArray::from(vec![source; rows])) as ArrayRef),
                (_, Some(column)) => cast(column, field.data_type()),
                ("line", None) => Ok(Arc::new(Int64Array::from(vec![1; rows])) as ArrayRef),
                (_, None) => Ok(new_null_array(field.data_type(), rows)),
            });
            let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|error| failed(error.to_string()))?;
            facts.push(RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|error| failed(error.to_string()))?);
            Ok(())
        })?;
        Ok(facts)
    }

    /// Writes a copy of a fact table to `path`: the rows that none of `without` is true of, then `more`.
    ///
    /// # Errors
    /// Where a condition cannot be planned or run, or the copy not be written.
    pub fn copy(
        &self,
        table: &'static Table,
        without: &[String],
        parameters: &Parameters,
        more: &[RecordBatch],
        path: &Path,
    ) -> Result<(), AssessError> {
        let schema = table.schema();
        let columns: Vec<String> = schema.fields().iter().map(|field| format!("\"{}\"", field.name())).collect();
        let kept: Vec<String> = without.iter().map(|condition| format!("not coalesce(({condition}), false)")).collect();
        let filter = if kept.is_empty() { String::new() } else { format!(" where {}", kept.join(" and ")) };
        let sql = format!("select {} from {}{filter}", columns.join(", "), table.name);
        let failed = |message: String| AssessError::Io { path: path.to_owned(), message };
        let file = File::create(path).map_err(|error| failed(error.to_string()))?;
        let mut writer =
            ArrowWriter::try_new(file, Arc::clone(&schema), Some(passing())).map_err(|error| failed(error.to_string()))?;
        let frame = self.frame(table.name, &sql, parameters)?;
        self.stream(table.name, frame, &mut |batch| {
            let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
            let batch = columns
                .collect::<Result<Vec<_>, _>>()
                .and_then(|columns| RecordBatch::try_new(Arc::clone(&schema), columns))
                .map_err(|error| failed(error.to_string()))?;
            writer.write(&batch).map_err(|error| failed(error.to_string()))
        })?;
        for batch in more {
            writer.write(batch).map_err(|error| failed(error.to_string()))?;
        }
        writer.close().map_err(|error| failed(error.to_string()))?;
        Ok(())
    }

    /// Names a query, to be opened up where it is used.
    ///
    /// # Errors
    /// Where the query cannot be planned.
    pub fn inline(&self, name: &str, sql: &str, parameters: &Parameters) -> Result<(), AssessError> {
        let view = self.frame(name, sql, parameters)?.into_view();
        self.context.register_table(name, view).map_err(|error| query_error(name, "planned", &error))?;
        Ok(())
    }

    /// Runs a query and hands over what it gives, piece by piece.
    ///
    /// # Errors
    /// Where the query cannot be planned or run, or `each` says so.
    pub fn query(
        &self,
        name: &str,
        sql: &str,
        parameters: &Parameters,
        mut each: impl FnMut(&Frame) -> Result<(), AssessError>,
    ) -> Result<(), AssessError> {
        let frame = self.frame(name, sql, parameters)?;
        self.stream(name, frame, &mut |batch| each(&Frame::of(name, batch)?))
    }

    fn stream(
        &self,
        name: &str,
        frame: DataFrame,
        each: &mut dyn FnMut(&RecordBatch) -> Result<(), AssessError>,
    ) -> Result<(), AssessError> {
        let mut stream = self.runtime.block_on(frame.execute_stream()).map_err(|error| query_error(name, "run", &error))?;
        while let Some(batch) = self.runtime.block_on(std::future::poll_fn(|context| stream.as_mut().poll_next(context))) {
            each(&batch.map_err(|error| query_error(name, "run", &error))?)?;
        }
        Ok(())
    }
}

fn scalar(value: &Parameter) -> ScalarValue {
    match value {
        Parameter::Int(number) => ScalarValue::Int64(Some(*number)),
        Parameter::Real(number) => ScalarValue::Float64(Some(*number)),
        Parameter::Text(text) => ScalarValue::Utf8(Some(text.clone())),
        Parameter::Flag(flag) => ScalarValue::Boolean(Some(*flag)),
    }
}

/// The engine's message without the frames around it.
fn query_error(name: &str, what: &'static str, error: &DataFusionError) -> AssessError {
    let message = error.strip_backtrace();
    if message.contains("Not enough memory") || message.contains("Resources exhausted") {
        let message = "it needs more memory than it may hold; raise --memory".to_owned();
        return AssessError::Query { name: name.to_owned(), what, message };
    }
    AssessError::Query { name: name.to_owned(), what, message: message.lines().next().unwrap_or_default().to_owned() }
}

/// A piece of a result, cheap to clone: named columns of text, whole numbers, numbers, times and flags.
#[derive(Clone)]
pub struct Frame {
    columns: Vec<(String, ArrayRef)>,
    rows: usize,
}

impl Frame {
    fn of(name: &str, batch: &RecordBatch) -> Result<Self, AssessError> {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
            let wanted = match field.data_type() {
                DataType::Boolean => DataType::Boolean,
                DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => DataType::Timestamp(TimeUnit::Microsecond, None),
                other if other.is_integer() => DataType::Int64,
                other if other.is_numeric() => DataType::Float64,
                _ => DataType::Utf8View,
            };
            let column = if *field.data_type() == wanted { Arc::clone(column) } else { cast(column, &wanted)? };
            Ok((field.name().clone(), column))
        });
        let columns = columns.collect::<Result<Vec<_>, arrow::error::ArrowError>>().map_err(|error| AssessError::Query {
            name: name.to_owned(),
            what: "read",
            message: error.to_string(),
        })?;
        Ok(Self { columns, rows: batch.num_rows() })
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    fn column(&self, name: &str) -> Option<&ArrayRef> {
        self.columns.iter().find(|(column, _)| column == name).map(|(_, array)| array)
    }

    /// A cell as text, whatever its type: times in ISO 8601, numbers as digits. Nothing where it is null.
    #[must_use]
    pub fn text(&self, name: &str, row: usize) -> Option<Cow<'_, str>> {
        self.text_at(self.columns.iter().position(|(column, _)| column == name)?, row)
    }

    /// The same for the column at a position.
    #[must_use]
    pub fn text_at(&self, column: usize, row: usize) -> Option<Cow<'_, str>> {
        let (_, column) = self.columns.get(column).filter(|(_, column)| row < self.rows && !column.is_null(row))?;
        Some(match column.data_type() {
            DataType::Utf8View => Cow::Borrowed(column.as_string_view().value(row)),
            DataType::Int64 => Cow::Owned(column.as_primitive::<Int64Type>().value(row).to_string()),
            DataType::Float64 => Cow::Owned(column.as_primitive::<Float64Type>().value(row).to_string()),
            DataType::Boolean => Cow::Borrowed(if column.as_boolean().value(row) { "true" } else { "false" }),
            _ => Cow::Owned(Micros(column.as_primitive::<TimestampMicrosecondType>().value(row)).iso()),
        })
    }

    /// A whole number of the column at a position.
    #[must_use]
    pub fn int_at(&self, column: usize, row: usize) -> Option<i64> {
        let (_, column) = self.columns.get(column).filter(|(_, column)| row < self.rows && !column.is_null(row))?;
        column.as_primitive_opt::<Int64Type>().map(|numbers| numbers.value(row))
    }

    /// A whole number.
    #[must_use]
    pub fn int(&self, name: &str, row: usize) -> Option<i64> {
        let column = self.column(name).filter(|column| row < self.rows && !column.is_null(row))?;
        column.as_primitive_opt::<Int64Type>().map(|numbers| numbers.value(row))
    }

    /// A number; whole ones too.
    #[must_use]
    pub fn real(&self, name: &str, row: usize) -> Option<f64> {
        let column = self.column(name).filter(|column| row < self.rows && !column.is_null(row))?;
        #[expect(clippy::cast_precision_loss, reason = "counts and seconds of audit evidence are far below 2^52")]
        let whole = || column.as_primitive_opt::<Int64Type>().map(|numbers| numbers.value(row) as f64);
        column.as_primitive_opt::<Float64Type>().map(|numbers| numbers.value(row)).or_else(whole)
    }

    /// A time.
    #[must_use]
    pub fn time(&self, name: &str, row: usize) -> Option<Micros> {
        let column = self.column(name).filter(|column| row < self.rows && !column.is_null(row))?;
        column.as_primitive_opt::<TimestampMicrosecondType>().map(|times| Micros(times.value(row)))
    }
}
