//! Tables: CSV and Parquet. One column holds the labels, all others are inputs.

use csv::StringRecord;
use parquet::data_type::AsBytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::labels::OwnLabels;
use super::{Content, MOST_VALUES, NAME_Y};

/// Usual names of the column of labels, in the order in which they are looked for.
const LABELS: [&str; 6] = ["label", "labels", "class", "target", "species", "y"];

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
        let shown = || {
            let first = columns.iter().take(20).map(|name| format!("`{name}`"));
            let first = first.collect::<Vec<_>>().join(", ");
            match columns.len() {
                0..=20 => first,
                all => format!("{first}, .. ({all} in all)"),
            }
        };
        if let [only] = columns.as_slice()
            && let Some(sign) = [";", "\t", "|"]
                .into_iter()
                .find(|sign| only.contains(sign))
        {
            let sign = sign.escape_debug();
            return Err(format!(
                "its fields seem to be separated by `{sign}`: use commas"
            ));
        }
        for (index, name) in columns.iter().enumerate() {
            if name.is_empty() {
                return Err(format!(
                    "column {index} has no name: an index is no input, so leave it out (in pandas \
                     `to_csv(.., index=False)`), or name the column"
                ));
            }
            if columns[..index].contains(name) {
                return Err(format!("two columns are called `{name}`: rename one"));
            }
        }
        let find = |wanted: &str| {
            columns
                .iter()
                .position(|name| name.to_lowercase() == wanted)
        };
        let label = match asked {
            Some(name) => columns.iter().position(|column| column == name),
            None => LABELS.into_iter().find_map(find),
        };
        let label = label.ok_or_else(|| match asked {
            Some(name) => format!("there is no column `{name}`. The columns are {}", shown()),
            None => format!(
                "name the column of the labels with {NAME_Y}. The columns are {}",
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
                Value::Missing(text) if text.is_empty() => {
                    return Err(at("the value is missing".to_owned()));
                }
                Value::Missing(text) => return Err(at(format!("`{text}` is a missing value"))),
                Value::Number(_, text) | Value::Text(text) if column == self.label => {
                    self.labels.push(text);
                }
                Value::Number(value, _) => self.inputs.push(value),
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

    fn content(self) -> Result<Content, String> {
        Ok(Content {
            features: self.columns.len() - 1,
            inputs: self.inputs,
            labels: OwnLabels::from_texts(self.labels)?,
        })
    }
}

/// A field of a table, as it was written.
enum Value {
    Number(f64, String),
    Text(String),
    Missing(String),
}

impl Value {
    fn parse(text: &str) -> Self {
        let text = text.trim().to_owned();
        let missing = ["", "na", "n/a", "nan", "null", "none", "?"];
        match text.parse() {
            _ if missing.contains(&text.to_lowercase().as_str()) => Self::Missing(text),
            Ok(value) => Self::Number(value, text),
            Err(_) => Self::Text(text),
        }
    }
}

/// Whether the first row of a table names its columns: all of it is text, or some text in it is the
/// name of the labels or stands above a number.
fn has_names(first: &StringRecord, second: Option<&StringRecord>, y: Option<&str>) -> bool {
    let is_text = |field: &str| matches!(Value::parse(field), Value::Text(_));
    let names_labels = |field: &str| {
        let field = field.trim();
        y == Some(field) || LABELS.contains(&field.to_lowercase().as_str())
    };
    let above = |index: usize| {
        second
            .and_then(|row| row.get(index))
            .is_some_and(|f| !is_text(f))
    };
    let mut texts = first
        .iter()
        .enumerate()
        .filter(|(_, field)| is_text(field))
        .peekable();
    texts.peek().is_some()
        && (first
            .iter()
            .all(|field| field.trim().is_empty() || is_text(field))
            || texts.any(|(index, field)| names_labels(field) || above(index)))
}

/// Reads a table of text. Its first row may name the columns; columns without names are called by
/// their index, from 0.
pub(super) fn read_csv(bytes: &[u8], delimiter: u8, y: Option<&str>) -> Result<Content, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let mut records = reader.records();
    let mut next = || {
        records
            .next()
            .transpose()
            .map_err(|error| error.to_string())
    };
    let first = next()?.ok_or("the file is empty")?;
    let mut record = next()?;
    let is_named = has_names(&first, record.as_ref(), y);
    let names = first
        .iter()
        .enumerate()
        .map(|(index, field)| match is_named {
            true => field.trim().to_owned(),
            false => index.to_string(),
        });
    let mut table = Table::new(names.collect(), y)?;
    let line = |record: &StringRecord| record.position().map_or(0, |place| place.line() as usize);
    if !is_named {
        table.push(
            line(&first),
            first.iter().map(|field| Ok(Value::parse(field))),
        )?;
    }
    while let Some(row) = record {
        table.push(line(&row), row.iter().map(|field| Ok(Value::parse(field))))?;
        record = next()?;
    }
    table.content()
}

/// Reads a Parquet file of plain columns.
pub(super) fn read_parquet(bytes: Vec<u8>, y: Option<&str>) -> Result<Content, String> {
    let broken = |error: parquet::errors::ParquetError| {
        let advice = match error.to_string().contains("Disabled feature") {
            true => "; write it with snappy, or without compression",
            false => "",
        };
        format!("this cannot be read: {error}{advice}")
    };
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).map_err(broken)?;
    let file = reader.metadata().file_metadata();
    let fields = file.schema().get_fields();
    let names: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
    if let Some(index) = names.iter().find(|name| name.starts_with("__index_level_")) {
        return Err(format!(
            "the column `{index}` is an index, no input: leave it out (in pandas `to_parquet(.., \
             index=False)`)"
        ));
    }
    let rows = u64::try_from(file.num_rows()).unwrap_or(u64::MAX);
    if rows.saturating_mul(names.len() as u64) > MOST_VALUES {
        return Err("there are more than 2^28 values: take fewer rows".to_owned());
    }
    let mut table = Table::new(names, y)?;
    for (row, record) in reader.get_row_iter(None).map_err(broken)?.enumerate() {
        let record = record.map_err(broken)?;
        table.push(row, record.get_column_iter().map(|(_, field)| value(field)))?;
    }
    table.content()
}

fn value(field: &Field) -> Result<Value, &'static str> {
    // Whole numbers keep their digits as labels.
    let number = |value: f64, text: String| Value::Number(value, text);
    Ok(match field {
        Field::Null => Value::Missing(String::new()),
        Field::Bool(value) => number(f64::from(u8::from(*value)), u8::from(*value).to_string()),
        Field::Byte(value) => number((*value).into(), value.to_string()),
        Field::Short(value) => number((*value).into(), value.to_string()),
        Field::Int(value) => number((*value).into(), value.to_string()),
        Field::Long(value) => number(*value as f64, value.to_string()),
        Field::UByte(value) => number((*value).into(), value.to_string()),
        Field::UShort(value) => number((*value).into(), value.to_string()),
        Field::UInt(value) => number((*value).into(), value.to_string()),
        Field::ULong(value) => number(*value as f64, value.to_string()),
        Field::Float16(value) => number(value.to_f64(), value.to_f64().to_string()),
        Field::Float(value) => number((*value).into(), value.to_string()),
        Field::Double(value) => number(*value, value.to_string()),
        Field::Str(text) => Value::Text(text.clone()),
        Field::Bytes(bytes) => Value::Text(String::from_utf8_lossy(bytes.as_bytes()).into_owned()),
        _ => return Err("columns of numbers and texts alone can be read"),
    })
}
