use std::io::Write;
use std::sync::Arc;

use etastar_search::Manifest;
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use super::table::{Kind, Table, Value};

/// Key of the file's metadata under which the manifest stands, as JSON.
pub(super) const MANIFEST: &str = "etastar.manifest";
/// Key of the file's metadata under which the columns stand, as JSON.
pub(super) const COLUMNS: &str = "etastar.columns";

/// Writes the table as a Parquet file with one row group (none for an empty
/// table), all columns optional, compressed with Snappy. The manifest and the
/// columns' descriptions are key-value metadata of the file.
pub(super) fn write(table: &Table, manifest: &Manifest, writer: impl Write + Send) -> Result<()> {
    let json = |error: serde_json::Error| ParquetError::External(Box::new(error));
    let metadata = vec![
        KeyValue::new(
            MANIFEST.to_owned(),
            serde_json::to_string(manifest).map_err(json)?,
        ),
        KeyValue::new(
            COLUMNS.to_owned(),
            serde_json::to_string(&table.columns).map_err(json)?,
        ),
    ];
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(metadata))
        .build();
    let mut file = SerializedFileWriter::new(writer, schema(table)?, Arc::new(properties))?;
    if !table.rows.is_empty() {
        let mut group = file.next_row_group()?;
        for (position, column) in table.columns.iter().enumerate() {
            let writer = group.next_column()?.ok_or_else(|| {
                ParquetError::General(format!("no writer for the column {}", column.name))
            })?;
            write_column(table, position, column.kind, writer)?;
        }
        group.close()?;
    }
    file.close()?;
    Ok(())
}

fn schema(table: &Table) -> Result<TypePtr> {
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
    let fields = fields.collect::<Result<Vec<_>>>()?;
    let schema = Type::group_type_builder(table.name)
        .with_fields(fields)
        .build()?;
    Ok(Arc::new(schema))
}

fn write_column(
    table: &Table,
    position: usize,
    kind: Kind,
    writer: SerializedColumnWriter<'_>,
) -> Result<()> {
    let values = || {
        table
            .rows
            .iter()
            .map(move |row| row.get(position).unwrap_or(&Value::Null))
    };
    match kind {
        Kind::Text => write_values::<ByteArrayType>(writer, values(), |value| match value {
            Value::Text(text) => Some(ByteArray::from(text.as_str())),
            _ => None,
        }),
        Kind::Integer => write_values::<Int64Type>(writer, values(), |value| match value {
            Value::Integer(integer) => Some(*integer),
            _ => None,
        }),
        Kind::Real => write_values::<DoubleType>(writer, values(), |value| match value {
            Value::Real(real) => Some(*real),
            _ => None,
        }),
        Kind::Boolean => write_values::<BoolType>(writer, values(), |value| match value {
            Value::Boolean(boolean) => Some(*boolean),
            _ => None,
        }),
    }
}

/// Writes the values that `extract` gives, and for each row whether it gives
/// one.
fn write_values<'a, T: DataType>(
    mut writer: SerializedColumnWriter<'_>,
    values: impl Iterator<Item = &'a Value>,
    extract: impl Fn(&Value) -> Option<T::T>,
) -> Result<()> {
    let mut present = Vec::new();
    let mut levels = Vec::new();
    for value in values {
        let value = extract(value);
        levels.push(i16::from(value.is_some()));
        present.extend(value);
    }
    writer
        .typed::<T>()
        .write_batch(&present, Some(&levels), None)?;
    writer.close()
}
