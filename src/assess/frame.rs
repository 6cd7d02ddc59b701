//! Frames: pieces of a query's result, as the rest of the crate reads them.

use std::borrow::Cow;

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use arrow::array::{BooleanArray, Float64Array, Int64Array, StringViewArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};

use super::AssessError;
use crate::facts::Micros;

/// A piece of a result, cheap to clone: named columns of text, whole numbers, numbers, times and flags.
#[derive(Clone)]
pub struct Frame {
    columns: Vec<(String, Column)>,
    rows: usize,
    /// Where `source` and `line` are; nowhere where there are none.
    pointer: (usize, usize),
}

/// A column by its type: populations look at millions of cells, and each look has to know it.
#[derive(Clone)]
enum Column {
    Text(StringViewArray),
    Int(Int64Array),
    Real(Float64Array),
    Flag(BooleanArray),
    Time(TimestampMicrosecondArray),
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'f> {
    Text(&'f str),
    Int(i64),
    Real(f64),
    Flag(bool),
    Time(Micros),
}

impl Column {
    fn of(column: &ArrayRef) -> Result<Self, arrow::error::ArrowError> {
        let wanted = match column.data_type() {
            DataType::Boolean => DataType::Boolean,
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => DataType::Timestamp(TimeUnit::Microsecond, None),
            other if other.is_integer() => DataType::Int64,
            other if other.is_numeric() => DataType::Float64,
            _ => DataType::Utf8View,
        };
        let column = cast(column, &wanted)?;
        Ok(match wanted {
            DataType::Boolean => Self::Flag(column.as_boolean().clone()),
            DataType::Timestamp(..) => Self::Time(column.as_primitive().clone()),
            DataType::Int64 => Self::Int(column.as_primitive().clone()),
            DataType::Float64 => Self::Real(column.as_primitive().clone()),
            _ => Self::Text(column.as_string_view().clone()),
        })
    }

    #[inline]
    fn cell(&self, row: usize) -> Option<Cell<'_>> {
        let here = |null: bool| if null { None } else { Some(()) };
        match self {
            Self::Text(texts) => here(texts.is_null(row)).map(|()| Cell::Text(texts.value(row))),
            Self::Int(numbers) => here(numbers.is_null(row)).map(|()| Cell::Int(numbers.value(row))),
            Self::Real(numbers) => here(numbers.is_null(row)).map(|()| Cell::Real(numbers.value(row))),
            Self::Flag(flags) => here(flags.is_null(row)).map(|()| Cell::Flag(flags.value(row))),
            Self::Time(times) => here(times.is_null(row)).map(|()| Cell::Time(Micros(times.value(row)))),
        }
    }
}

impl Frame {
    pub(super) fn of(name: &str, batch: &RecordBatch) -> Result<Self, AssessError> {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let columns = columns.map(|(field, column)| Ok((field.name().clone(), Column::of(column)?)));
        let columns = columns.collect::<Result<Vec<_>, arrow::error::ArrowError>>().map_err(|error| AssessError::Query {
            name: name.to_owned(),
            what: "read",
            message: error.to_string(),
        })?;
        let position = |name: &str| columns.iter().position(|(column, _)| column == name).unwrap_or(usize::MAX);
        let pointer = (position("source"), position("line"));
        Ok(Self { columns, rows: batch.num_rows(), pointer })
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

    /// The cell of the column at a position; nothing where it is null.
    #[inline]
    pub(super) fn cell_at(&self, column: usize, row: usize) -> Option<Cell<'_>> {
        let (_, column) = self.columns.get(column)?;
        if row < self.rows { column.cell(row) } else { None }
    }

    /// A cell of a column of texts; nothing where it is null, or the column is of another type.
    #[inline]
    pub(super) fn plain_at(&self, column: usize, row: usize) -> Option<&str> {
        match self.columns.get(column) {
            Some((_, Column::Text(texts))) if row < self.rows && texts.is_valid(row) => Some(texts.value(row)),
            _ => None,
        }
    }

    fn cell(&self, name: &str, row: usize) -> Option<Cell<'_>> {
        self.cell_at(self.columns.iter().position(|(column, _)| column == name)?, row)
    }

    /// What rows are ordered by: source and line. Rows without a source come last, as do those without a line.
    #[inline]
    pub(super) fn pointer(&self, row: usize) -> (bool, &str, i64) {
        let (source, line) = self.pointer;
        let source = self.plain_at(source, row);
        let line = match self.columns.get(line) {
            Some((_, Column::Int(lines))) if row < self.rows && lines.is_valid(row) => lines.value(row),
            _ => i64::MAX,
        };
        (source.is_none(), source.unwrap_or_default(), line)
    }

    /// A cell as text, whatever its type: times in ISO 8601, numbers as digits. Nothing where it is null.
    #[must_use]
    pub fn text(&self, name: &str, row: usize) -> Option<Cow<'_, str>> {
        self.text_at(self.columns.iter().position(|(column, _)| column == name)?, row)
    }

    /// The same for the column at a position.
    #[must_use]
    pub fn text_at(&self, column: usize, row: usize) -> Option<Cow<'_, str>> {
        Some(match self.cell_at(column, row)? {
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Int(number) => Cow::Owned(number.to_string()),
            Cell::Real(number) => Cow::Owned(number.to_string()),
            Cell::Flag(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
            Cell::Time(time) => Cow::Owned(time.iso()),
        })
    }

    /// A whole number.
    #[must_use]
    pub fn int(&self, name: &str, row: usize) -> Option<i64> {
        match self.cell(name, row)? {
            Cell::Int(number) => Some(number),
            _ => None,
        }
    }

    /// A number; whole ones too.
    #[must_use]
    pub fn real(&self, name: &str, row: usize) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts and seconds of audit evidence are far below 2^52")]
        match self.cell(name, row)? {
            Cell::Real(number) => Some(number),
            Cell::Int(number) => Some(number as f64),
            _ => None,
        }
    }

    /// A time.
    #[must_use]
    pub fn time(&self, name: &str, row: usize) -> Option<Micros> {
        match self.cell(name, row)? {
            Cell::Time(time) => Some(time),
            _ => None,
        }
    }
}
