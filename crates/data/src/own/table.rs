//! Tables: CSV and Parquet. One column holds the labels, all others are inputs.

use parquet::data_type::AsBytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::labels::Labels;
use super::{Content, MOST_VALUES};

/// Usual names of the column of labels.
const LABELS: [&str; 6] = ["label", "labels", "y", "class", "target", "species"];

/// A table under construction.
struct Table {
    /// Names of all columns.
    columns: Vec<String>,
    /// Which of them holds the labels.
    label: usize,
    inputs: Vec<f64>,
    labels: Vec<String>,
}

impl Table {
    fn new(columns: Vec<String>, asked: Option<&str>) -> Result<Self, String> {
        let is_usual = |name: &String| LABELS.contains(&name.to_lowercase().as_str());
        let label = match asked {
            Some(name) => columns.iter().position(|column| column == name),
            None => columns.iter().position(is_usual),
        };
        let shown = || {
            let first = columns.iter().take(20).map(|name| format!("`{name}`"));
            let first = first.collect::<Vec<_>>().join(", ");
            match columns.len() {
                0..=20 => first,
                all => format!("{first}, .. ({all} in all)"),
            }
        };
        let label = label.ok_or_else(|| match asked {
            Some(name) => format!("there is no column `{name}`. The columns are {}", shown()),
            None => format!(
                "name the column of the labels with `y`. The columns are {}",
                shown()
            ),
        })?;
        if columns.len() < 2 {
            return Err("there is no column of inputs beside the labels".to_owned());
        }
        Ok(Self {
            columns,
            label,
            inputs: Vec::new(),
            labels: Vec::new(),
        })
    }

    /// Adds a row, field by field; the place of what is wrong is named by row and column.
    fn push<'f>(
        &mut self,
        row: usize,
        fields: impl Iterator<Item = Result<Value, &'f str>>,
    ) -> Result<(), String> {
        for (column, field) in fields.enumerate() {
            let at = |problem: String| {
                let name = self.columns.get(column).map_or("", String::as_str);
                format!("row {row}, column `{name}`: {problem}")
            };
            let field = field.map_err(|problem| at(problem.to_owned()))?;
            match field {
                Value::Missing => return Err(at("the value is missing".to_owned())),
                field if column == self.label => self.labels.push(field.into_text()),
                Value::Number(value) => self.inputs.push(value),
                Value::Text(text) => {
                    return Err(at(format!(
                        "`{text}` is no number: encode categories as numbers first"
                    )));
                }
            }
            if self.inputs.len() as u64 > MOST_VALUES {
                return Err("there are more than 2^28 values: take fewer rows".to_owned());
            }
        }
        Ok(())
    }

    fn content(self) -> Content {
        Content {
            features: self.columns.len() - 1,
            inputs: self.inputs,
            labels: Labels::from_texts(self.labels),
        }
    }
}

/// A field of a table.
enum Value {
    Number(f64),
    Text(String),
    Missing,
}

impl Value {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        let missing = ["", "na", "n/a", "nan", "null", "none", "?"];
        match text.parse() {
            _ if missing.contains(&text.to_lowercase().as_str()) => Self::Missing,
            Ok(value) => Self::Number(value),
            Err(_) => Self::Text(text.to_owned()),
        }
    }

    fn into_text(self) -> String {
        match self {
            // A whole number has no point, however it was written.
            Self::Number(value) => value.to_string(),
            Self::Text(text) => text,
            Self::Missing => String::new(),
        }
    }
}

/// Reads a table of text. Its first row names the columns, unless it consists of numbers; columns
/// without names are called by their index, from 0.
pub(super) fn read_csv(bytes: &[u8], delimiter: u8, y: Option<&str>) -> Result<Content, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let mut table: Option<Table> = None;
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let row = record
            .position()
            .map_or(0, |position| position.line() as usize);
        let table = match &mut table {
            Some(table) => table,
            none => {
                let numbers = record
                    .iter()
                    .filter(|field| field.trim().parse::<f64>().is_ok());
                let has_names = numbers.count() == 0;
                let names = record
                    .iter()
                    .enumerate()
                    .map(|(index, field)| match has_names {
                        true => field.trim().to_owned(),
                        false => index.to_string(),
                    });
                let table = none.insert(Table::new(names.collect(), y)?);
                if has_names {
                    continue;
                }
                table
            }
        };
        table.push(row, record.iter().map(|field| Ok(Value::parse(field))))?;
    }
    table
        .map(Table::content)
        .ok_or_else(|| "the file is empty".to_owned())
}

/// Reads a Parquet file of plain columns.
pub(super) fn read_parquet(bytes: Vec<u8>, y: Option<&str>) -> Result<Content, String> {
    let broken = |error: parquet::errors::ParquetError| format!("this cannot be read: {error}");
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).map_err(broken)?;
    let file = reader.metadata().file_metadata();
    let fields = file.schema().get_fields();
    let names: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
    let rows = u64::try_from(file.num_rows()).unwrap_or(u64::MAX);
    if rows.saturating_mul(names.len() as u64) > MOST_VALUES {
        return Err("there are more than 2^28 values: take fewer rows".to_owned());
    }
    let mut table = Table::new(names, y)?;
    for (row, record) in reader.get_row_iter(None).map_err(broken)?.enumerate() {
        let record = record.map_err(broken)?;
        table.push(row, record.get_column_iter().map(|(_, field)| value(field)))?;
    }
    Ok(table.content())
}

fn value(field: &Field) -> Result<Value, &'static str> {
    Ok(match field {
        Field::Null => Value::Missing,
        Field::Bool(value) => Value::Number(f64::from(u8::from(*value))),
        Field::Byte(value) => Value::Number((*value).into()),
        Field::Short(value) => Value::Number((*value).into()),
        Field::Int(value) => Value::Number((*value).into()),
        Field::Long(value) => Value::Number(*value as f64),
        Field::UByte(value) => Value::Number((*value).into()),
        Field::UShort(value) => Value::Number((*value).into()),
        Field::UInt(value) => Value::Number((*value).into()),
        Field::ULong(value) => Value::Number(*value as f64),
        Field::Float16(value) => Value::Number(value.to_f64()),
        Field::Float(value) => Value::Number((*value).into()),
        Field::Double(value) => Value::Number(*value),
        Field::Str(text) => Value::Text(text.clone()),
        Field::Bytes(bytes) => Value::Text(String::from_utf8_lossy(bytes.as_bytes()).into_owned()),
        _ => return Err("columns of numbers and texts alone can be read"),
    })
}
