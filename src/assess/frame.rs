//! Frames: pieces of a query's result, as the rest of the crate reads them.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};

use super::AssessError;
use crate::facts::Micros;

/// A piece of a result, cheap to clone: named columns of text, whole numbers, numbers, times and flags.
#[derive(Clone)]
pub struct Frame {
    columns: Vec<(String, ArrayRef)>,
    rows: usize,
}

impl Frame {
    pub(super) fn of(name: &str, batch: &RecordBatch) -> Result<Self, AssessError> {
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
