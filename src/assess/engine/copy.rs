//! Copies of facts with rows left out and others added, for the drill.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use parquet::arrow::ArrowWriter;

use super::super::AssessError;
use super::{Engine, Parameters};
use crate::collect::passing;
use crate::facts::Table;

impl Engine {
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
        let query = self.planned(name, sql, parameters)?;
        let failed = |message: String| AssessError::Query { name: name.to_owned(), what: "read", message };
        self.stream(name, &query, &mut |batch| {
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
        let query = self.planned(table.name, &sql, parameters)?;
        self.stream(table.name, &query, &mut |batch| {
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
}
