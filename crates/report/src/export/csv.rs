use std::io::Write;

use super::table::{Table, Value};

/// Writes the table as CSV (RFC 4180, but with bare line feeds): a header of
/// names, then the rows. A null is an empty field; a real number has the
/// fewest digits that read back as the same number.
pub(super) fn write(table: &Table, writer: impl Write) -> Result<(), csv::Error> {
    let mut csv = csv::Writer::from_writer(writer);
    csv.write_record(table.columns.iter().map(|column| column.name))?;
    for row in &table.rows {
        csv.write_record(row.iter().map(field))?;
    }
    csv.flush()?;
    Ok(())
}

fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(value) => value.clone(),
        Value::Integer(value) => value.to_string(),
        // `Debug` writes extreme exponents as such instead of as zeros.
        Value::Real(value) => format!("{value:?}"),
        Value::Boolean(value) => value.to_string(),
    }
}
