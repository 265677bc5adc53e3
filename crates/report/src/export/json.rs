use std::io::Write;

use etastar_search::Manifest;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::table::{Table, Value};

/// Writes the table as one JSON object: its name, the store's manifest, the
/// columns with their descriptions, and `rows`, an array of objects by column
/// name, one a line. Numbers that are not finite are null.
pub(super) fn write(
    table: &Table,
    manifest: &Manifest,
    mut writer: impl Write,
) -> Result<(), serde_json::Error> {
    let io = serde_json::Error::io;
    write!(writer, "{{\"table\":").map_err(io)?;
    serde_json::to_writer(&mut writer, table.name)?;
    write!(writer, ",\n\"manifest\":").map_err(io)?;
    serde_json::to_writer(&mut writer, manifest)?;
    write!(writer, ",\n\"columns\":").map_err(io)?;
    serde_json::to_writer(&mut writer, &table.columns)?;
    write!(writer, ",\n\"rows\":[").map_err(io)?;
    for (index, values) in table.rows.iter().enumerate() {
        let separator = if index == 0 { "\n" } else { ",\n" };
        write!(writer, "{separator}").map_err(io)?;
        serde_json::to_writer(&mut writer, &Row { table, values })?;
    }
    writeln!(writer, "\n]}}").map_err(io)?;
    writer.flush().map_err(io)
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
