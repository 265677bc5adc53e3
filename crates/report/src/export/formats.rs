//! Tables as CSV, JSON and Parquet.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use etastar_search::Manifest;
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::table::{Kind, Table, Value};
use crate::figure::neutral;

pub(super) type Written = Result<(), Box<dyn Error + Send + Sync>>;

/// Writes the table as CSV (RFC 4180, but with bare line feeds): a header of names, then the rows.
/// A null is an empty field; a text that a spreadsheet would take for a formula has an apostrophe before it; a real number has the fewest digits that read back as the same number.
pub(super) fn csv(table: &Table, writer: impl Write) -> Written {
    let mut csv = csv::Writer::from_writer(writer);
    csv.write_record(table.columns.iter().map(|column| column.name))?;
    for row in &table.rows {
        let fields = row.iter().map(|value| match value {
            Value::Null => String::new(),
            Value::Text(value) => neutral(value.clone()),
            Value::Integer(value) => value.to_string(),
            // `Debug` writes extreme exponents as such instead of as zeros.
            Value::Real(value) => format!("{value:?}"),
            Value::Boolean(value) => value.to_string(),
        });
        csv.write_record(fields)?;
    }
    csv.flush()?;
    Ok(())
}

/// Writes the table as one JSON object: its name, the store's manifest, the columns with their
/// descriptions, and `rows`, an array of objects by column name, one a line. Numbers that are not
/// finite are null.
pub(super) fn json(table: &Table, manifest: &Manifest, mut writer: impl Write) -> Written {
    writeln!(
        writer,
        "{{\"table\":{},",
        serde_json::to_string(table.name)?
    )?;
    writeln!(writer, "\"manifest\":{},", serde_json::to_string(manifest)?)?;
    writeln!(
        writer,
        "\"columns\":{},",
        serde_json::to_string(&table.columns)?
    )?;
    write!(writer, "\"rows\":[")?;
    for (index, values) in table.rows.iter().enumerate() {
        writer.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut writer, &Row { table, values })?;
    }
    writeln!(writer, "\n]}}")?;
    writer.flush()?;
    Ok(())
}

/// A row as an object, in the order of the columns.
struct Row<'a> {
    table: &'a Table,
    values: &'a [Value],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (column, value) in self.table.columns.iter().zip(self.values) {
            map.serialize_entry(column.name, value)?;
        }
        map.end()
    }
}

/// Key of a Parquet file's metadata under which the manifest stands, as JSON.
pub(super) const MANIFEST: &str = "etastar.manifest";
/// Key of a Parquet file's metadata under which the columns stand, as JSON.
pub(super) const COLUMNS: &str = "etastar.columns";

/// Writes the table as a Parquet file with one row group (none for an empty table), all columns
/// optional, compressed with Snappy. The manifest and the columns' descriptions are key-value
/// metadata of the file.
pub(super) fn parquet(table: &Table, manifest: &Manifest, writer: impl Write + Send) -> Written {
    let metadata = [
        (MANIFEST, serde_json::to_string(manifest)?),
        (COLUMNS, serde_json::to_string(&table.columns)?),
    ];
    let metadata = metadata.map(|(key, value)| KeyValue::new(key.to_owned(), value));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(metadata.to_vec()))
        .build();
    let mut file = SerializedFileWriter::new(writer, schema(table)?, Arc::new(properties))?;
    if !table.rows.is_empty() {
        let mut group = file.next_row_group()?;
        for (position, column) in table.columns.iter().enumerate() {
            let writer = group.next_column()?.ok_or_else(|| {
                ParquetError::General(format!("no writer for the column {}", column.name))
            })?;
            let values = table.rows.iter().map(|row| &row[position]);
            write_column(values, column.kind, writer)?;
        }
        group.close()?;
    }
    file.close()?;
    Ok(())
}

fn schema(table: &Table) -> ParquetResult<TypePtr> {
    let fields = table.columns.iter().map(|column| {
        let (physical, logical) = match column.kind {
            Kind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Integer => (PhysicalType::INT64, None),
            Kind::Real => (PhysicalType::DOUBLE, None),
            Kind::Boolean => (PhysicalType::BOOLEAN, None),
        };
        Type::primitive_type_builder(column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    });
    let fields = fields.collect::<ParquetResult<Vec<_>>>()?;
    let schema = Type::group_type_builder(table.name);
    Ok(Arc::new(schema.with_fields(fields).build()?))
}

fn write_column<'a>(
    values: impl Iterator<Item = &'a Value>,
    kind: Kind,
    writer: SerializedColumnWriter<'_>,
) -> ParquetResult<()> {
    match kind {
        Kind::Text => write_values::<ByteArrayType>(writer, values, |value| match value {
            Value::Text(text) => Some(ByteArray::from(text.as_str())),
            _ => None,
        }),
        Kind::Integer => write_values::<Int64Type>(writer, values, |value| match value {
            Value::Integer(integer) => Some(*integer),
            _ => None,
        }),
        Kind::Real => write_values::<DoubleType>(writer, values, |value| match value {
            Value::Real(real) => Some(*real),
            _ => None,
        }),
        Kind::Boolean => write_values::<BoolType>(writer, values, |value| match value {
            Value::Boolean(boolean) => Some(*boolean),
            _ => None,
        }),
    }
}

/// Writes the values that `extract` gives, and for each row whether it gives one.
fn write_values<'a, T: DataType>(
    mut writer: SerializedColumnWriter<'_>,
    values: impl Iterator<Item = &'a Value>,
    extract: impl Fn(&Value) -> Option<T::T>,
) -> ParquetResult<()> {
    let values: Vec<Option<T::T>> = values.map(extract).collect();
    let levels: Vec<i16> = values
        .iter()
        .map(|value| i16::from(value.is_some()))
        .collect();
    let present: Vec<T::T> = values.into_iter().flatten().collect();
    let column = writer.typed::<T>();
    column.write_batch(&present, Some(&levels), None)?;
    writer.close()
}
