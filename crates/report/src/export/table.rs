//! Tables with typed, described columns.

use serde::Serialize;

/// The type of a column's values. Any column may hold nulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// 64-bit signed integer.
    Integer,
    /// 64-bit floating point number.
    Real,
    /// True or false.
    Boolean,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What its values mean.
    pub description: String,
    /// Type of its values.
    pub kind: Kind,
}

/// One value of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Absent.
    Null,
    /// Of a text column.
    Text(String),
    /// Of an integer column.
    Integer(i64),
    /// Of a real column.
    Real(f64),
    /// Of a boolean column.
    Boolean(bool),
}

/// A table: columns, and rows with one value for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, in the grid's order of cells, then by repeat, then by learning rate.
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    /// Position of the column of that name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// A Rust type whose values make a column.
pub(super) trait Datum {
    /// The kind of that column.
    const KIND: Kind;

    fn into_value(self) -> Value;
}

impl Datum for String {
    const KIND: Kind = Kind::Text;

    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl Datum for usize {
    const KIND: Kind = Kind::Integer;

    /// Counts beyond the range of a signed integer, which do not occur, are held at its end.
    fn into_value(self) -> Value {
        Value::Integer(i64::try_from(self).unwrap_or(i64::MAX))
    }
}

impl Datum for f64 {
    const KIND: Kind = Kind::Real;

    fn into_value(self) -> Value {
        Value::Real(self)
    }
}

impl Datum for bool {
    const KIND: Kind = Kind::Boolean;

    fn into_value(self) -> Value {
        Value::Boolean(self)
    }
}

impl<T: Datum> Datum for Option<T> {
    const KIND: Kind = T::KIND;

    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }
}
