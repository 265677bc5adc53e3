//! Tables: CSV and Parquet. One column holds the labels, or some hold real targets; all others are
//! inputs.

use csv::StringRecord;
use parquet::data_type::AsBytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::labels::OwnLabels;
use super::{Content, MOST_VALUES, NAME_Y, OwnFile};

/// Usual names of the column of labels or of targets, in the order in which they are looked for.
const LABELS: [&str; 6] = ["label", "labels", "class", "target", "species", "y"];

/// A table under construction.
struct Table {
    /// Names of all columns.
    columns: Vec<String>,
    /// Which of them hold labels or targets, in ascending order.
    wanted: Vec<usize>,
    /// Whether they hold real targets.
    regression: bool,
    inputs: Vec<f64>,
    labels: Vec<String>,
    targets: Vec<f64>,
}

/// The columns that a name of several targets, with commas between them, stands for.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(',').map(str::trim)
}

impl Table {
    fn new(columns: Vec<String>, file: &OwnFile) -> Result<Self, String> {
        let shown = || {
            let first = columns.iter().take(20).map(|name| format!("`{name}`"));
            let first = first.collect::<Vec<_>>().join(", ");
            match columns.len() {
                0..=20 => first,
                all => format!("{first}, .. ({all} in all)"),
            }
        };
        for (index, name) in columns.iter().enumerate() {
            if name.is_empty() {
                return Err(format!(
                    "column {index} has no name: if it is an index, leave it out (in pandas \
                     `to_csv(.., index=False)`), or else name the column"
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
        let named = |name: &str| {
            let place = columns.iter().position(|column| column == name);
            place.ok_or_else(|| format!("there is no column `{name}`. The columns are {}", shown()))
        };
        let what = file.what();
        let unnamed = || {
            format!(
                "name the column of the {what} with {NAME_Y}. The columns are {}",
                shown()
            )
        };
        let mut wanted = match &file.y {
            None => vec![LABELS.into_iter().find_map(find).ok_or_else(unnamed)?],
            Some(name) => match named(name) {
                Err(_) if file.regression => parts(name).map(named).collect::<Result<_, _>>()?,
                one => vec![one?],
            },
        };
        wanted.sort_unstable();
        if !wanted.is_sorted_by(|a, b| a < b) {
            return Err(format!("a column is named twice by {NAME_Y}"));
        }
        if columns.len() <= wanted.len() {
            return Err(format!("there is no column of inputs besides the {what}"));
        }
        Ok(Self {
            columns,
            wanted,
            regression: file.regression,
            inputs: Vec::new(),
            labels: Vec::new(),
            targets: Vec::new(),
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
            let is_wanted = self.wanted.contains(&column);
            match field {
                Value::Missing(text) if text.is_empty() => {
                    return Err(at("the value is missing".to_owned()));
                }
                Value::Missing(text) => return Err(at(format!("`{text}` is a missing value"))),
                Value::Number(_, text) | Value::Text(text) if is_wanted && !self.regression => {
                    self.labels.push(text);
                }
                Value::Number(value, _) if is_wanted => self.targets.push(value),
                Value::Number(value, _) => self.inputs.push(value),
                Value::Text(text) if is_wanted => {
                    return Err(at(format!(
                        "`{text}` is not a number, and every target of a regression must be one"
                    )));
                }
                Value::Text(text) => {
                    let advice = match text.replace(',', ".").parse::<f64>() {
                        Ok(_) => "write numbers with a decimal point",
                        Err(_) => "encode categories as numbers first",
                    };
                    return Err(at(format!("`{text}` is not a number: {advice}")));
                }
            }
            if (self.inputs.len() + self.targets.len()) as u64 > MOST_VALUES {
                return Err("there are more than 2^28 values: take fewer rows".to_owned());
            }
        }
        Ok(())
    }

    fn content(self) -> Result<Content, String> {
        Ok(Content {
            features: self.columns.len() - self.wanted.len(),
            inputs: self.inputs,
            labels: match self.regression {
                true => OwnLabels::Reals(self.targets, self.wanted.len()),
                false => OwnLabels::from_texts(self.labels)?,
            },
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
fn has_names(first: &StringRecord, second: Option<&StringRecord>, file: &OwnFile) -> bool {
    let is_text = |field: &str| matches!(Value::parse(field), Value::Text(_));
    let names_labels = |field: &str| {
        let field = field.trim();
        let is = |y: &str| y == field || (file.regression && parts(y).any(|part| part == field));
        file.y.as_deref().is_some_and(is) || LABELS.contains(&field.to_lowercase().as_str())
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
pub(super) fn read_csv(bytes: &[u8], delimiter: u8, file: &OwnFile) -> Result<Content, String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        return Err("it is not UTF-8 but seems to be UTF-16: save it as UTF-8".to_owned());
    }
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
    check_separator(&first, delimiter)?;
    let mut record = next()?;
    let is_named = has_names(&first, record.as_ref(), file);
    let columns = first
        .iter()
        .enumerate()
        .map(|(index, field)| match is_named {
            true => field.trim().to_owned(),
            false => index.to_string(),
        });
    let mut table = Table::new(columns.collect(), file)?;
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

/// Refuses a first line that has one field with another separator in it.
fn check_separator(first: &StringRecord, delimiter: u8) -> Result<(), String> {
    let mut others = [';', '\t', '|', ',']
        .into_iter()
        .filter(|sign| u32::from(*sign) != u32::from(delimiter));
    match (first.len(), others.find(|sign| first[0].contains(*sign))) {
        (1, Some(sign)) => {
            let wanted = if delimiter == b'\t' { "tabs" } else { "commas" };
            let sign = sign.escape_debug();
            Err(format!(
                "its fields seem to be separated by `{sign}`: use {wanted}, and decimal points in numbers"
            ))
        }
        _ => Ok(()),
    }
}

/// Reads a Parquet file of plain columns.
pub(super) fn read_parquet(bytes: Vec<u8>, own: &OwnFile) -> Result<Content, String> {
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
            "the column `{index}` is an index, not an input: leave it out (in pandas `to_parquet(.., \
             index=False)`)"
        ));
    }
    let rows = u64::try_from(file.num_rows()).unwrap_or(u64::MAX);
    if rows.saturating_mul(names.len() as u64) > MOST_VALUES {
        return Err("there are more than 2^28 values: take fewer rows".to_owned());
    }
    let mut table = Table::new(names, own)?;
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
        _ => return Err("only columns of numbers and texts can be read"),
    })
}
