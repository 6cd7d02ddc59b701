//! Rows on their way to Parquet: table descriptions, typed facts and the Arrow builders that hold them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

use super::names::{NameRules, names_somebody};
use super::time::Micros;
use crate::redact::Redactor;

/// The type of a column as the SQL sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `varchar`
    Text,
    /// `varchar` of free text: secrets are taken out of it as it becomes a fact.
    Prose,
    /// `timestamp` without zone, UTC, microseconds
    Time,
    /// `bigint`
    Int,
    /// `double`
    Real,
    /// `boolean`
    Flag,
}

impl Kind {
    /// The Arrow type that holds the kind.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Prose => DataType::Utf8,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Int => DataType::Int64,
            Self::Real => DataType::Float64,
            Self::Flag => DataType::Boolean,
        }
    }

    /// The SQL name of the type, as DuckDB and DataFusion both read it.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text | Self::Prose => "varchar",
            Self::Time => "timestamp",
            Self::Int => "bigint",
            Self::Real => "double",
            Self::Flag => "boolean",
        }
    }
}

/// One column of a fact table.
#[derive(Debug)]
pub struct Column {
    /// SQL name.
    pub name: &'static str,
    /// SQL type.
    pub kind: Kind,
    /// What it holds.
    pub doc: &'static str,
    /// Whether no row is without it.
    pub required: bool,
}

/// Whether a field's type is no `Option`, from its text: types cannot be asked in a `static` with borrowed fields.
pub(crate) const fn required(type_text: &str) -> bool {
    !matches!(type_text.as_bytes(), [b'O', b'p', b't', b'i', b'o', b'n', ..])
}

/// One fact table: name, what a row is, and its columns after `source` and `line`.
#[derive(Debug)]
pub struct Table {
    /// SQL name, also the name of the Parquet file.
    pub name: &'static str,
    /// What one row stands for.
    pub doc: &'static str,
    /// Columns after `source` and `line`.
    pub columns: &'static [Column],
}

impl Table {
    /// The Arrow schema: `source`, `line`, then the columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let mut fields = vec![Field::new("source", DataType::Utf8, false), Field::new("line", DataType::Int64, false)];
        fields.extend(self.columns.iter().map(|column| Field::new(column.name, column.kind.data_type(), true)));
        Arc::new(Schema::new(fields))
    }
}

/// Where in the evidence a fact was read.
#[derive(Clone, Copy, Debug)]
pub struct Pointer<'a> {
    /// Path of the source, relative to the evidence root.
    pub source: &'a str,
    /// 1-based line or record number.
    pub line: u64,
}

/// A typed row of one fact table.
pub trait Fact {
    /// The table it belongs to.
    const TABLE: &'static Table;
    /// The instant that the fact speaks of, if any.
    fn instant(&self) -> Option<Micros>;
    /// Appends the columns after `source` and `line`, in the table's order.
    fn append(&self, row: &mut Row<'_>);
}

/// A fact whose table is known only at run time: what a mapping file makes.
#[derive(Clone, Debug)]
pub(crate) struct AnyFact {
    /// The table it belongs to.
    pub(crate) table: &'static Table,
    /// A cell for each column, of its kind or empty.
    pub(crate) cells: Vec<AnyCell>,
}

/// A cell of an [`AnyFact`].
#[derive(Clone, Debug)]
pub(crate) enum AnyCell {
    /// No value.
    Empty,
    /// Text, of either kind.
    Text(String),
    /// A time.
    Time(Micros),
    /// A whole number.
    Int(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Flag(bool),
}

impl AnyFact {
    fn cell(&self, column: &str) -> Option<&AnyCell> {
        let at = self.table.columns.iter().position(|known| known.name == column)?;
        self.cells.get(at)
    }

    /// The text of a column.
    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        match self.cell(column)? {
            AnyCell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The first time of the row: what it speaks of.
    pub(crate) fn instant(&self) -> Option<Micros> {
        self.cells.iter().find_map(|cell| match cell {
            AnyCell::Time(instant) => Some(*instant),
            _ => None,
        })
    }

    /// Fills the columns in their order.
    pub(crate) fn append(&self, row: &mut Row<'_>) {
        for (column, cell) in self.table.columns.iter().zip(&self.cells) {
            match (cell, column.kind) {
                (AnyCell::Text(text), _) => row.put(text.as_str()),
                (AnyCell::Time(instant), _) => row.put(*instant),
                (AnyCell::Int(number), _) => row.put(*number),
                (AnyCell::Real(number), _) => row.put(*number),
                (AnyCell::Flag(flag), _) => row.put(*flag),
                (AnyCell::Empty, Kind::Text | Kind::Prose) => row.put(None::<&str>),
                (AnyCell::Empty, Kind::Time) => row.put(None::<Micros>),
                (AnyCell::Empty, Kind::Int) => row.put(None::<i64>),
                (AnyCell::Empty, Kind::Real) => row.put(None::<f64>),
                (AnyCell::Empty, Kind::Flag) => row.put(None::<bool>),
            }
        }
    }
}

/// Rows that there is room for in any case.
const FEW: usize = 64;

enum Cells {
    Text(StringBuilder),
    Prose(StringBuilder, Redactor),
    Time(TimestampMicrosecondBuilder),
    Int(Int64Builder),
    Real(Float64Builder),
    Flag(BooleanBuilder),
}

impl Cells {
    fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Text => Self::Text(texts(rows)),
            Kind::Prose => Self::Prose(texts(rows), Redactor::default()),
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::with_capacity(rows)),
            Kind::Int => Self::Int(Int64Builder::with_capacity(rows)),
            Kind::Real => Self::Real(Float64Builder::with_capacity(rows)),
            Kind::Flag => Self::Flag(BooleanBuilder::with_capacity(rows)),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(cells) | Self::Prose(cells, _) => Arc::new(cells.finish()),
            Self::Time(cells) => Arc::new(cells.finish()),
            Self::Int(cells) => Arc::new(cells.finish()),
            Self::Real(cells) => Arc::new(cells.finish()),
            Self::Flag(cells) => Arc::new(cells.finish()),
        }
    }
}

/// An empty column of texts.
fn texts(rows: usize) -> StringBuilder {
    StringBuilder::with_capacity(rows, rows * 32)
}

/// The cells of the row being appended; each call fills the next column.
pub struct Row<'a> {
    cells: std::slice::IterMut<'a, Cells>,
    names: std::slice::Iter<'a, bool>,
    rules: &'a NameRules,
    names_somebody: bool,
    redacted: u64,
}

/// Accepted by [`Row::put`]: the value of one cell.
pub trait Cell {
    #[doc(hidden)]
    fn put(self, row: &mut Row<'_>);
}

impl Row<'_> {
    /// Fills the next column.
    pub fn put(&mut self, cell: impl Cell) {
        self.names_somebody = self.names.next().copied().unwrap_or(false);
        cell.put(self);
    }
}

macro_rules! cell {
    ($type:ty, $variant:ident, $value:ident => $append:expr) => {
        impl Cell for Option<$type> {
            fn put(self, row: &mut Row<'_>) {
                if let Some(Cells::$variant(cells)) = row.cells.next() {
                    cells.append_option(self.map(|$value| $append));
                }
            }
        }
        impl Cell for $type {
            fn put(self, row: &mut Row<'_>) {
                Some(self).put(row);
            }
        }
    };
}
impl Cell for Option<&str> {
    fn put(self, row: &mut Row<'_>) {
        let text = if row.names_somebody { self.map(|name| row.rules.plain(name)) } else { self };
        match row.cells.next() {
            Some(Cells::Text(cells)) => cells.append_option(text),
            Some(Cells::Prose(cells, redactor)) => {
                let redacted = text.map(|text| redactor.redact(text));
                row.redacted += redacted.as_ref().map_or(0, |(_, secrets)| *secrets);
                cells.append_option(redacted.as_ref().map(|(text, _)| text.as_ref()));
            }
            _ => {}
        }
    }
}
impl Cell for &str {
    fn put(self, row: &mut Row<'_>) {
        Some(self).put(row);
    }
}
cell!(Micros, Time, value => value.0);
cell!(i64, Int, value => value);
cell!(f64, Real, value => value);
cell!(bool, Flag, value => value);

/// Rows of one table, not yet written.
pub struct Rows {
    schema: SchemaRef,
    source: StringBuilder,
    line: Int64Builder,
    cells: Vec<Cells>,
    names: Vec<bool>,
    rules: NameRules,
    len: usize,
}

impl Rows {
    /// No rows yet, of `table`.
    #[must_use]
    pub fn new(table: &'static Table) -> Self {
        Self::naming(table, &NameRules::default(), FEW)
    }

    /// No rows yet, of `table`, but room for `expected`; names of persons and accounts go through `rules`.
    #[must_use]
    pub fn naming(table: &'static Table, rules: &NameRules, expected: usize) -> Self {
        let any = *rules != NameRules::default();
        let rows = expected.max(FEW);
        Self {
            schema: table.schema(),
            source: texts(rows),
            line: Int64Builder::with_capacity(rows),
            cells: table.columns.iter().map(|column| Cells::new(column.kind, rows)).collect(),
            names: table.columns.iter().map(|column| any && names_somebody(table.name, column.name)).collect(),
            rules: rules.clone(),
            len: 0,
        }
    }

    /// Appends one fact with the place it was read from.
    ///
    /// Returns how many secrets were taken out of its free text.
    pub fn push<F: Fact>(&mut self, pointer: Pointer<'_>, fact: &F) -> u64 {
        self.push_with(pointer, |row| fact.append(row))
    }

    /// Appends what `append` fills in, in the order of the table's columns.
    pub(crate) fn push_with(&mut self, pointer: Pointer<'_>, append: impl FnOnce(&mut Row<'_>)) -> u64 {
        self.source.append_value(pointer.source);
        self.line.append_value(i64::try_from(pointer.line).unwrap_or(i64::MAX));
        let mut row = Row {
            cells: self.cells.iter_mut(),
            names: self.names.iter(),
            rules: &self.rules,
            names_somebody: false,
            redacted: 0,
        };
        append(&mut row);
        let redacted = row.redacted;
        self.len += 1;
        redacted
    }

    /// How many rows are waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no row is waiting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes the waiting rows as one batch.
    ///
    /// # Errors
    /// Only where a [`Fact`] did not fill every column of its table, which is a bug of that fact.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.len = 0;
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.source.finish()), Arc::new(self.line.finish())];
        columns.extend(self.cells.iter_mut().map(Cells::finish));
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

/// Declares a fact table and its typed row: a field that is no `Option` is a value that a row cannot do without.
macro_rules! fact_table {
    (
        $(#[doc = $doc:literal])+
        $table:ident ($name:literal): $row:ident $(<$life:lifetime>)? {
            $( $(#[doc = $column_doc:literal])+ $column:ident: $type:ty as $kind:ident, )+
        }
        instant: $instant:expr
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $row $(<$life>)? { $( $(#[doc = $column_doc])+ pub $column: $type, )+ }

        $(#[doc = $doc])+
        pub static $table: $crate::facts::Table = $crate::facts::Table {
            name: $name,
            doc: concat!($($doc),+),
            columns: &[$( $crate::facts::Column {
                name: stringify!($column),
                kind: $crate::facts::Kind::$kind,
                doc: concat!($($column_doc),+),
                required: $crate::facts::required(stringify!($type)),
            }, )+],
        };

        impl $(<$life>)? $crate::facts::Fact for $row $(<$life>)? {
            const TABLE: &'static $crate::facts::Table = &$table;
            fn instant(&self) -> Option<$crate::facts::Micros> {
                let instant: fn(&Self) -> Option<$crate::facts::Micros> = $instant;
                instant(self)
            }
            fn append(&self, row: &mut $crate::facts::Row<'_>) {
                $( row.put(self.$column); )+
            }
        }
    };
}
pub(crate) use fact_table;
