//! NumPy arrays: every real, integer, boolean and text type, in either order and byte order.

use std::io::{Cursor, Read};

use half::f16;
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};
use zip::ZipArchive;

use super::labels::OwnLabels;
use super::{Content, MOST_VALUES, NAME_X, NAME_Y, OwnFile};

/// The most bytes a header may have; NumPy reads no larger one either.
const MOST_HEADER_BYTES: u32 = 10_000;

/// Usual names of inputs, in the order in which they are looked for.
const INPUTS: [&str; 10] = [
    "x",
    "X",
    "x_train",
    "X_train",
    "inputs",
    "features",
    "images",
    "data",
    "train_images",
    "arr_0",
];

/// Usual names of labels and of targets.
const LABELS: [&str; 10] = [
    "y",
    "Y",
    "y_train",
    "Y_train",
    "labels",
    "label",
    "targets",
    "target",
    "train_labels",
    "arr_1",
];

/// An array in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnArray {
    /// Its sizes, samples first.
    pub shape: Vec<usize>,
    /// Its elements.
    pub values: OwnValues,
}

/// The elements of an array.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnValues {
    /// Numbers; truth values are 0 and 1.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Vec<String>),
}

/// Inputs and labels of an archive of arrays.
pub(super) fn read_npz(bytes: &[u8], file: &OwnFile) -> Result<Content, String> {
    let broken = |error: zip::result::ZipError| format!("this is not an .npz archive: {error}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let entries = archive.file_names().filter_map(Result::ok);
    let arrays = entries.filter_map(|name| Some(name.strip_suffix(".npy")?.to_owned()));
    let mut names: Vec<String> = arrays.collect();
    names.sort();
    let mut array = |what: &str, asked: Option<&str>, usual: &[&str]| {
        let found = match asked {
            Some(name) => names.iter().find(|known| *known == name),
            None => usual
                .iter()
                .find_map(|name| names.iter().find(|known| known == name)),
        };
        let Some(name) = found else {
            let option = if what == "inputs" { NAME_X } else { NAME_Y };
            let wanted = match asked {
                Some(name) => format!("there is no array `{name}`"),
                None => format!("no array has a usual name for {what}; name it with {option}"),
            };
            return Err(format!("{wanted}. The file has {}", listed(&names)));
        };
        let entry = archive.by_name(&format!("{name}.npy")).map_err(broken)?;
        let array = read_array(entry).map_err(|problem| format!("array `{name}` {problem}"))?;
        Ok((name.clone(), array))
    };
    let (x, inputs) = array("inputs", file.x.as_deref(), &INPUTS)?;
    let (y, labels) = array(file.what(), file.y.as_deref(), &LABELS)?;
    if x == y {
        return Err(format!(
            "`{x}` cannot be the inputs and the {} at once: name both with {NAME_X} and {NAME_Y}",
            file.what()
        ));
    }
    content(inputs, labels, file.regression)
}

/// Inputs and labels from an array file each.
pub(super) fn read_npy(inputs: &[u8], labels: &[u8], regression: bool) -> Result<Content, String> {
    let inputs = read_array(inputs).map_err(|problem| format!("the array of inputs {problem}"))?;
    let what = if regression { "targets" } else { "labels" };
    let labels = read_array(labels).map_err(|problem| format!("the array of {what} {problem}"))?;
    content(inputs, labels, regression)
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "no arrays".to_owned(),
        names => {
            let quoted = names.iter().map(|name| format!("`{name}`"));
            quoted.collect::<Vec<_>>().join(", ")
        }
    }
}

pub(super) fn content(
    inputs: OwnArray,
    labels: OwnArray,
    regression: bool,
) -> Result<Content, String> {
    let OwnValues::Numbers(values) = inputs.values else {
        return Err("the inputs are texts, not numbers".to_owned());
    };
    let (&samples, rest) = inputs
        .shape
        .split_first()
        .ok_or("the inputs are a single number")?;
    if rest.is_empty() {
        return Err(format!(
            "the inputs have shape [{samples}], not [samples, features]"
        ));
    }
    let labels = match labels.values {
        OwnValues::Texts(_) if regression => {
            return Err("the targets are texts, not numbers".to_owned());
        }
        OwnValues::Numbers(numbers) if regression => match labels.shape.as_slice() {
            [_] => OwnLabels::Reals(numbers, 1),
            &[_, outputs] if outputs > 0 => OwnLabels::Reals(numbers, outputs),
            shape => {
                return Err(format!(
                    "the targets have shape {shape:?}, not [samples] or [samples, outputs]"
                ));
            }
        },
        OwnValues::Texts(_) if labels.shape.iter().skip(1).any(|size| *size != 1) => {
            return Err(format!(
                "the labels have shape {:?}, not [samples]",
                labels.shape
            ));
        }
        OwnValues::Texts(texts) => OwnLabels::from_texts(texts)?,
        OwnValues::Numbers(numbers) => match labels.shape.as_slice() {
            [_] => OwnLabels::from_numbers(&numbers)?,
            [_, columns] => OwnLabels::from_rows(&numbers, *columns)?,
            shape => return Err(format!("the labels have shape {shape:?}, not [samples]")),
        },
    };
    Ok(Content {
        features: rest.iter().product(),
        inputs: values,
        labels,
    })
}

fn read_array(reader: impl Read) -> Result<OwnArray, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut start = Start::read(reader).map_err(unreadable)?;
    if let Some(problem) = start.problem().map_err(unreadable)? {
        return Err(problem.to_owned());
    }
    let mut whole = start.whole();
    let header = NpyHeader::from_reader(&mut whole).map_err(unreadable)?;
    let count = header
        .shape()
        .iter()
        .try_fold(1_u64, |all, &size| all.checked_mul(size));
    let count = count.filter(|count| *count <= MOST_VALUES);
    let count = count.ok_or_else(|| format!("is too large: shape {:?}", header.shape()))?;
    let DType::Plain(kind) = header.dtype() else {
        return Err("has fields of several types; numbers or texts are needed".to_owned());
    };
    let unusable = || format!("has elements of type {kind}; numbers or texts are needed");
    let width = kind.num_bytes().filter(|width| (1..=4096).contains(width));
    let width = width.ok_or_else(unusable)? as u64;
    let wanted = count.checked_mul(width).ok_or_else(unusable)?;
    let mut bytes = Vec::new();
    whole
        .take(wanted)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 != wanted {
        return Err(format!("ends after {} of {wanted} bytes", bytes.len()));
    }
    let is_big = kind.endianness() == Endianness::Big;
    let elements = bytes.chunks_exact(width as usize);
    let shape: Vec<usize> = header.shape().iter().map(|&size| size as usize).collect();
    let is_fortran = header.order() == Order::Fortran && shape.len() > 1;
    let values = match kind.type_char() {
        TypeChar::UnicodeStr => {
            let text = |element: &[u8]| {
                let points = element
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|&point| match is_big {
                        true => u32::from_be_bytes(point),
                        false => u32::from_le_bytes(point),
                    });
                let letters = points.filter(|point| *point != 0).map(char::from_u32);
                letters.collect::<Option<String>>()
            };
            let texts = elements.map(text).collect::<Option<Vec<_>>>();
            OwnValues::Texts(texts.ok_or("has texts that are not Unicode")?)
        }
        TypeChar::ByteStr => OwnValues::Texts(
            elements
                .map(|element| {
                    String::from_utf8_lossy(element)
                        .trim_end_matches('\0')
                        .to_owned()
                })
                .collect(),
        ),
        kind => {
            let decode = number(kind, width).ok_or_else(unusable)?;
            let numbers = elements.map(|element| {
                let mut little = [0; 8];
                little[..element.len()].copy_from_slice(element);
                if is_big {
                    little[..element.len()].reverse();
                }
                decode(little)
            });
            OwnValues::Numbers(numbers.collect())
        }
    };
    Ok(OwnArray {
        values: match (values, is_fortran) {
            (OwnValues::Numbers(values), true) => OwnValues::Numbers(in_c_order(&values, &shape)),
            (OwnValues::Texts(_), true) => return Err("has several columns of texts".to_owned()),
            (values, false) => values,
        },
        shape,
    })
}

/// How a number is read from its bytes, little end first and filled up with zeros.
fn number(kind: TypeChar, width: u64) -> Option<fn([u8; 8]) -> f64> {
    Some(match (kind, width) {
        (TypeChar::Bool, 1) => |bytes| f64::from(u8::from(bytes[0] != 0)),
        (TypeChar::Uint, 1..=8) => |bytes| u64::from_le_bytes(bytes) as f64,
        (TypeChar::Int, 1) => |bytes| f64::from(bytes[0] as i8),
        (TypeChar::Int, 2) => |bytes| f64::from(u64::from_le_bytes(bytes) as i16),
        (TypeChar::Int, 4) => |bytes| f64::from(u64::from_le_bytes(bytes) as i32),
        (TypeChar::Int, 8) => |bytes| i64::from_le_bytes(bytes) as f64,
        (TypeChar::Float, 2) => |bytes| f16::from_le_bytes([bytes[0], bytes[1]]).to_f64(),
        (TypeChar::Float, 4) => |bytes| f64::from(f32::from_bits(u64::from_le_bytes(bytes) as u32)),
        (TypeChar::Float, 8) => f64::from_le_bytes,
        _ => return None,
    })
}

/// The values of an array whose first index varies fastest, the last index varying fastest.
fn in_c_order(values: &[f64], shape: &[usize]) -> Vec<f64> {
    let mut index = vec![0; shape.len()];
    let each = (0..values.len()).map(|_| {
        let place = index
            .iter()
            .zip(shape)
            .rev()
            .fold(0, |place, (i, size)| place * size + i);
        for (i, size) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *size {
                break;
            }
            *i = 0;
        }
        values[place]
    });
    each.collect()
}

/// The first bytes of an array's file, looked at before the parser, which
/// allocates whatever length they announce and takes exponential time for
/// nested brackets.
struct Start<R> {
    first: Vec<u8>,
    rest: R,
}

impl<R: Read> Start<R> {
    fn read(mut rest: R) -> std::io::Result<Self> {
        let mut first = Vec::new();
        rest.by_ref().take(12).read_to_end(&mut first)?;
        Ok(Self { first, rest })
    }

    /// Where the header begins, and its length: after magic and version, in
    /// two bytes or, from version 2 on, in four.
    fn header(&self) -> (usize, u32) {
        match self.first.as_slice() {
            [_, _, _, _, _, _, 0..=1, _, a, b, ..] => (10, u16::from_le_bytes([*a, *b]).into()),
            [_, _, _, _, _, _, _, _, a, b, c, d] => (12, u32::from_le_bytes([*a, *b, *c, *d])),
            _ => (0, 0),
        }
    }

    /// What is wrong with the header, if anything: too large, or more brackets
    /// than those of a dictionary with a tuple.
    fn problem(&mut self) -> std::io::Result<Option<&'static str>> {
        let (begin, length) = self.header();
        if length > MOST_HEADER_BYTES {
            return Ok(Some("has a header that is too large"));
        }
        let missing = (begin + length as usize).saturating_sub(self.first.len());
        let mut header = self.rest.by_ref().take(missing as u64);
        header.read_to_end(&mut self.first)?;
        let header = self.first.iter().skip(begin).take(length as usize);
        let opening = header.filter(|byte| b"([{".contains(byte)).count();
        Ok((opening > 2).then_some("has a header that no plain array has"))
    }

    fn whole(self) -> impl Read {
        Cursor::new(self.first).chain(self.rest)
    }
}
