//! The query engine, Apache DataFusion, behind six verbs: open, define, plan, prepare, store, query. Everything else in the
//! crate speaks SQL and reads [`Frame`]s.
//!
//! Planning a query costs more than running it where facts are few. An engine that is opened [`Engine::for_many`] small sets
//! of facts keeps its plans and runs them again over what its tables were last filled with.

mod copy;
mod kept;
mod order;
mod size;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::common::config::Dialect;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::common::spawn_buffered;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties as _, execute_stream};
use datafusion::prelude::{DataFrame, ParquetReadOptions, SQLOptions, SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use tokio::runtime::Runtime;

use self::kept::{Kept, Slot};
use self::order::pointer_order;
use self::size::Sizes;
use super::AssessError;
use super::frame::Frame;
use crate::catalogue::Parameter;
use crate::collect::Collected;
use crate::facts::{TABLES, Table};

pub use self::kept::Query;

/// How the engine is opened.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    /// Bytes that stored views, sorts, joins and groups may hold before they go to disk.
    pub memory: usize,
    /// Threads.
    pub threads: usize,
    /// Rows of the largest table from which on a query is run in parts.
    pub parts_from: u64,
    /// Bytes of the memory that stored views may take; what would take more is written to disk.
    pub views: usize,
}

impl EngineOptions {
    /// So much memory in bytes, and so many threads. Fewer than 300,000 rows are not worth the work of dividing them; views
    /// take up to a half of the memory where they leave 256 MiB to queries.
    #[must_use]
    pub fn new(memory: usize, threads: usize) -> Self {
        Self { memory, threads, parts_from: 300_000, views: memory.saturating_sub(256 << 20).min(memory / 2) }
    }
}

/// Parts that a query is cut into. It is fixed, so that nothing depends on the number of processors.
const PARTITIONS: usize = 2;

/// Bytes of a side of a join that is built whole rather than in parts.
const SMALL_SIDE: usize = 32 << 20;

/// Rules of planning that have nothing to do here: they push filters into files, where parts are skipped by statistics, which
/// facts do not carry. What a join learns of its rows would be pushed so, too, and would stay in a plan that is kept.
const IDLE_RULES: [&str; 2] = ["FilterPushdown", "FilterPushdown(Post)"];

/// A session over one store of facts, or over many small sets of facts one after the other.
pub struct Engine {
    /// Plans queries over large tables, in parts.
    context: SessionContext,
    /// Plans queries over small tables, in one piece. It has the same tables.
    whole: SessionContext,
    sizes: Sizes,
    runtime: Runtime,
    views: PathBuf,
    /// Bytes that views may take in memory.
    most: usize,
    /// What views take of the engine's memory.
    rooms: Mutex<Vec<MemoryReservation>>,
    kept: Option<Mutex<Kept>>,
}

/// A read-only statement's parameters, by name.
pub type Parameters = BTreeMap<String, Parameter>;

impl Engine {
    /// Opens the facts that were collected; views and spilled data go below `work`.
    ///
    /// # Errors
    /// Where a table of the store cannot be read.
    pub fn open(collected: &Collected, work: &Path, options: EngineOptions) -> Result<Self, AssessError> {
        Self::open_over(collected, &collected.store, work, options)
    }

    /// The same with the tables of the folder `over` in place of those collected, where it has them.
    ///
    /// # Errors
    /// Where a table cannot be read.
    pub fn open_over(collected: &Collected, over: &Path, work: &Path, options: EngineOptions) -> Result<Self, AssessError> {
        let engine = Self::begin(work, options)?;
        for table in TABLES {
            let file = format!("{}.parquet", table.name);
            let (own, changed) = (collected.store.join(&file), over.join(&file));
            if changed != own && changed.exists() {
                engine.register(table.name, &changed, false)?;
            } else {
                engine.register(table.name, &own, collected.in_order.contains(table.name))?;
            }
            engine.sizes.note(table.name, collected.rows.get(table.name).copied().unwrap_or_default());
        }
        Ok(engine)
    }

    /// Opens an engine for many small sets of facts: its tables are empty until they are filled ([`Engine::fill`]), and may be
    /// filled again and again. It keeps every plan, so it is for one catalogue, configuration and period.
    ///
    /// # Errors
    /// Where the engine cannot be made.
    pub fn for_many(work: &Path, options: EngineOptions) -> Result<Self, AssessError> {
        let mut engine = Self::begin(work, options)?;
        let mut kept = Kept::default();
        for table in TABLES {
            let slot = Slot::register(&engine.context, table.name, &table.schema())
                .map_err(|error| query_error(table.name, "defined", &error))?;
            kept.slots.insert(table.name.to_owned(), slot);
        }
        engine.kept = Some(Mutex::new(kept));
        Ok(engine)
    }

    /// Puts rows into a table in place of those it had.
    ///
    /// # Errors
    /// Where the rows are not the table's, or the engine was opened over a store.
    pub fn fill(&self, table: &'static Table, rows: &RecordBatch) -> Result<(), AssessError> {
        let failed = |message: String| AssessError::Query { name: table.name.to_owned(), what: "filled", message };
        let kept = self.kept.as_ref().ok_or_else(|| failed("its rows are those of the store".to_owned()))?;
        let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = kept.slots.get(table.name).ok_or_else(|| failed("there is no such table".to_owned()))?;
        slot.fill(std::slice::from_ref(rows)).map_err(|error| failed(error.to_string()))
    }

    fn begin(work: &Path, options: EngineOptions) -> Result<Self, AssessError> {
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
        // It would be pushed by the rules that are left out.
        config.options_mut().optimizer.enable_aggregate_dynamic_filter_pushdown = false;
        config.options_mut().sql_parser.default_null_ordering = "nulls_max".to_owned();
        // What each sort keeps free to merge with: queries of many sorts share even little memory.
        config.options_mut().execution.sort_spill_reservation_bytes =
            ((options.memory - options.views.min(options.memory)) / 64).min(10 << 20);
        // A side of a join that is known to be this small is built whole, and the other side streams past in its order.
        config.options_mut().optimizer.hash_join_single_partition_threshold = SMALL_SIDE;
        config.options_mut().optimizer.hash_join_single_partition_threshold_rows = SMALL_SIDE / 64;
        let rules = PhysicalOptimizer::new().rules.into_iter().filter(|rule| !IDLE_RULES.contains(&rule.name())).collect();
        let state = SessionStateBuilder::new().with_config(config).with_runtime_env(environment).with_default_features();
        let state = state.with_physical_optimizer_rules(rules).build();
        let config = state.config().clone().with_target_partitions(1);
        let whole = SessionStateBuilder::new_from_existing(state.clone()).with_config(config).build();
        let (context, whole) = (SessionContext::new_with_state(state), SessionContext::new_with_state(whole));
        let sizes = Sizes::new(options.parts_from);
        Ok(Self { context, whole, sizes, runtime, views, most: options.views, rooms: Mutex::default(), kept: None })
    }

    /// Opens a Parquet file as a table; `in_order` where its rows stand in the order of their pointers.
    fn register(&self, name: &str, path: &Path, in_order: bool) -> Result<(), AssessError> {
        let path = path.display().to_string();
        let order = if in_order { vec![pointer_order()] } else { Vec::new() };
        self.runtime
            .block_on(self.context.register_parquet(name, &path, ParquetReadOptions::default().file_sort_order(order)))
            .map_err(|error| query_error(name, "opened", &error))
    }

    /// Defines a small table of texts, such as the class rules of the configuration.
    ///
    /// # Errors
    /// Where the rows do not have one cell a column.
    pub fn define(&self, name: &str, columns: &[(&str, bool)], rows: &[Vec<String>]) -> Result<(), AssessError> {
        if self.has(name) {
            return Ok(());
        }
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
        self.sizes.note(name, rows.len() as u64);
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
        Ok(self.read(name, sql)?.1)
    }

    /// A query as it is read, and the tables and views that it names.
    fn read(&self, name: &str, sql: &str) -> Result<(Statement, BTreeSet<String>), AssessError> {
        let state = self.context.state();
        let statement = state.sql_to_statement(sql, &Dialect::Generic).map_err(|error| query_error(name, "planned", &error))?;
        let tables = state.resolve_table_references(&statement).map_err(|error| query_error(name, "planned", &error))?;
        Ok((statement, tables.iter().map(|table| table.table().to_owned()).collect()))
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
        let (statement, tables) = self.read(name, sql)?;
        self.framed(name, statement, &tables, parameters)
    }

    fn framed(
        &self,
        name: &str,
        statement: Statement,
        tables: &BTreeSet<String>,
        parameters: &Parameters,
    ) -> Result<DataFrame, AssessError> {
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let values: Vec<(String, ScalarValue)> = parameters.iter().map(|(name, value)| (name.clone(), scalar(value))).collect();
        let values: std::collections::HashMap<String, ScalarValue> = values.into_iter().collect();
        let state = if self.sizes.in_parts(tables) { self.context.state() } else { self.whole.state() };
        self.runtime
            .block_on(state.statement_to_plan(statement))
            .and_then(|plan| options.verify_plan(&plan).map(|()| DataFrame::new(state, plan)))
            .and_then(|frame| frame.with_param_values(values))
            .map_err(|error| query_error(name, "planned", &error))
    }

    /// Whether a table is there already: in an engine for many sets of facts, from the set before.
    fn has(&self, name: &str) -> bool {
        self.kept.is_some() && self.context.table_exist(name).unwrap_or(false)
    }

    /// Plans a query down to how it is run.
    ///
    /// # Errors
    /// Where the query cannot be planned, or is more than a query.
    pub fn prepare(&self, name: &str, sql: &str, parameters: &Parameters) -> Result<Query, AssessError> {
        let Some(kept) = &self.kept else { return self.planned(name, sql, parameters) };
        let key = format!("{sql}\n{parameters:?}");
        let known = kept.lock().unwrap_or_else(PoisonError::into_inner).queries.get(&key).cloned();
        let query = match known {
            Some(query) => query,
            None => self.planned(name, sql, parameters)?,
        };
        // A plan remembers what it ran over.
        let plan = reset_plan_states(Arc::clone(&query.plan)).map_err(|error| query_error(name, "planned", &error))?;
        kept.lock().unwrap_or_else(PoisonError::into_inner).queries.insert(key, query.clone());
        Ok(Query { plan, ..query })
    }

    fn planned(&self, name: &str, sql: &str, parameters: &Parameters) -> Result<Query, AssessError> {
        let frame = self.frame(name, sql, parameters)?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let plan = self.runtime.block_on(frame.create_physical_plan()).map_err(|error| query_error(name, "planned", &error))?;
        Ok(Query { plan, schema })
    }

    /// Whether there is such a table or view.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.context.table_exist(name).unwrap_or(false)
    }

    /// Names a query, to be opened up where it is used.
    ///
    /// # Errors
    /// Where the query cannot be planned.
    pub fn inline(&self, name: &str, sql: &str, parameters: &Parameters) -> Result<(), AssessError> {
        if self.has(name) {
            return Ok(());
        }
        let (statement, tables) = self.read(name, sql)?;
        self.sizes.note_inline(name, &tables);
        let view = self.framed(name, statement, &tables, parameters)?.into_view();
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
        each: impl FnMut(&Frame) -> Result<(), AssessError>,
    ) -> Result<(), AssessError> {
        self.run(name, &self.prepare(name, sql, parameters)?, each)
    }

    /// Runs a query that was planned.
    ///
    /// # Errors
    /// Where the query cannot be run, or `each` says so.
    pub fn run(
        &self,
        name: &str,
        query: &Query,
        mut each: impl FnMut(&Frame) -> Result<(), AssessError>,
    ) -> Result<(), AssessError> {
        self.stream(name, query, &mut |batch| each(&Frame::of(name, batch)?))
    }

    fn stream(
        &self,
        name: &str,
        query: &Query,
        each: &mut dyn FnMut(&RecordBatch) -> Result<(), AssessError>,
    ) -> Result<(), AssessError> {
        let mut stream = self
            .runtime
            .block_on(async { execute_stream(Arc::clone(&query.plan), self.context.task_ctx()) })
            .map_err(|error| query_error(name, "run", &error))?;
        while let Some(batch) = self.next(name, &mut stream)? {
            each(&batch)?;
        }
        Ok(())
    }

    /// The next piece of a result.
    fn next(&self, name: &str, stream: &mut SendableRecordBatchStream) -> Result<Option<RecordBatch>, AssessError> {
        let next = self.runtime.block_on(std::future::poll_fn(|context| stream.as_mut().poll_next(context)));
        next.transpose().map_err(|error| query_error(name, "run", &error))
    }

    /// The parts of a result as they are run, each by a task of its own.
    fn parts(&self, name: &str, plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<SendableRecordBatchStream>, AssessError> {
        let _inside = self.runtime.enter();
        let parts = 0..plan.output_partitioning().partition_count();
        let parts = parts.map(|part| Ok(spawn_buffered(plan.execute(part, self.context.task_ctx())?, 1)));
        parts.collect::<Result<_, _>>().map_err(|error| query_error(name, "run", &error))
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
        return AssessError::Memory { name: name.to_owned(), what };
    }
    AssessError::Query { name: name.to_owned(), what, message: message.lines().next().unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{IDLE_RULES, PhysicalOptimizer};

    #[test]
    fn the_rules_that_are_left_out_exist() {
        let rules = PhysicalOptimizer::new().rules;
        for name in IDLE_RULES {
            assert!(rules.iter().any(|rule| rule.name() == name), "DataFusion has no rule {name} any more");
        }
    }
}
