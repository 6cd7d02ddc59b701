//! What the engine keeps where it judges many small sets of facts: plans, and tables that are filled again and again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::memory::MemoryStream;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::SessionContext;

/// What an engine keeps that judges many sets of facts.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) slots: BTreeMap<String, Arc<Slot>>,
    pub(super) queries: HashMap<String, Query>,
}

/// A query, planned.
#[derive(Clone)]
pub struct Query {
    pub(super) plan: Arc<dyn ExecutionPlan>,
    pub(super) schema: SchemaRef,
}

impl Query {
    /// Names of the columns that it gives.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }
}

/// A table whose rows are those that it was last filled with, whenever a plan over it runs.
#[derive(Debug)]
pub(super) struct Slot {
    schema: SchemaRef,
    batches: Mutex<Vec<RecordBatch>>,
}

impl Slot {
    /// Registers a table that is still empty.
    pub(super) fn register(context: &SessionContext, name: &str, schema: &Schema) -> Result<Arc<Self>, DataFusionError> {
        let fields = schema.fields().iter().map(|field| {
            // Texts as they are read from Parquet.
            let kind = if *field.data_type() == DataType::Utf8 { DataType::Utf8View } else { field.data_type().clone() };
            Field::new(field.name(), kind, true)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let slot = Arc::new(Self { schema: Arc::clone(&schema), batches: Mutex::default() });
        let partition: Arc<dyn PartitionStream> = Arc::clone(&slot) as _;
        context.register_table(name, Arc::new(StreamingTable::try_new(schema, vec![partition])?))?;
        Ok(slot)
    }

    /// Puts rows in place of those that it had.
    pub(super) fn fill(&self, batches: &[RecordBatch]) -> Result<(), arrow::error::ArrowError> {
        let cast_to = |batch: &RecordBatch| {
            let columns = self.schema.fields().iter().zip(batch.columns());
            let columns = columns.map(|(field, column)| cast(column, field.data_type())).collect::<Result<Vec<_>, _>>()?;
            RecordBatch::try_new(Arc::clone(&self.schema), columns)
        };
        let batches = batches.iter().map(cast_to).collect::<Result<Vec<_>, _>>()?;
        *self.batches.lock().unwrap_or_else(PoisonError::into_inner) = batches;
        Ok(())
    }
}

impl PartitionStream for Slot {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner).clone();
        #[expect(clippy::expect_used, reason = "the engine's own constructor has no way to fail")]
        let stream = MemoryStream::try_new(batches, Arc::clone(&self.schema), None).expect("rows in memory");
        Box::pin(stream)
    }
}
