//! Samples of the user's own, from a NumPy `.npz` file: taken as they are,
//! without standardising.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use npyz::{NpyFile, Order, TypeChar};
use thiserror::Error;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::batches::Samples;

/// The most values an array may have: 2^28, 1 GiB in single precision.
const MOST_VALUES: u64 = 1 << 28;

/// The most bytes a header may have; NumPy reads no larger one either.
const MOST_HEADER_BYTES: u32 = 10_000;

/// A file of samples that cannot be used.
#[derive(Debug, Error)]
pub enum SamplesFileError {
    /// The file cannot be read, or is no archive of arrays.
    #[error(
        "cannot read the samples file {path}: {source}; it must be a NumPy .npz with `x` and `y`"
    )]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// An array is absent.
    #[error(
        "the samples file {path} has no array `{array}`; it must have `x` [samples, inputs] and \
         `y` [samples]"
    )]
    Missing {
        /// The file.
        path: String,
        /// The array.
        array: &'static str,
    },
    /// An array is not what it should be.
    #[error("array `{array}` of the samples file {path} {problem}")]
    Array {
        /// The file.
        path: String,
        /// The array.
        array: &'static str,
        /// What is wrong.
        problem: String,
    },
}

impl Samples {
    /// Reads `x` `[samples, inputs]` (f32 or f64) and `y` `[samples]` (integer
    /// labels) from a NumPy `.npz` file. The number of classes is `classes`,
    /// or one more than the largest label.
    ///
    /// # Errors
    /// If the file cannot be read, an array is absent, has another shape or
    /// type, a value is not finite, or a label is negative or not below
    /// `classes`.
    pub fn read_npz(path: &Path, classes: Option<usize>) -> Result<Self, SamplesFileError> {
        let reader = Reader {
            path: path.display().to_string(),
        };
        let file = File::open(path).map_err(|source| reader.read(source))?;
        let mut archive =
            ZipArchive::new(BufReader::new(file)).map_err(|source| reader.read(source.into()))?;
        let (inputs, samples, features) = reader.inputs(&mut archive)?;
        let labels = reader.labels(&mut archive, samples, classes)?;
        let largest = labels.iter().copied().max().unwrap_or(0) as usize;
        Ok(Self {
            inputs,
            labels,
            features,
            classes: classes.unwrap_or(largest + 1),
        })
    }
}

struct Reader {
    path: String,
}

impl Reader {
    fn read(&self, source: std::io::Error) -> SamplesFileError {
        SamplesFileError::Read {
            path: self.path.clone(),
            source,
        }
    }

    fn array(&self, array: &'static str, problem: impl Into<String>) -> SamplesFileError {
        SamplesFileError::Array {
            path: self.path.clone(),
            array,
            problem: problem.into(),
        }
    }

    /// Opens an array; a header that announces more than anybody can use is
    /// refused before anything is read.
    fn open<'a, R: Read + Seek>(
        &self,
        archive: &'a mut ZipArchive<R>,
        name: &'static str,
    ) -> Result<NpyFile<impl Read + 'a>, SamplesFileError> {
        let entry = archive
            .by_name(&format!("{name}.npy"))
            .map_err(|error| match error {
                ZipError::FileNotFound => SamplesFileError::Missing {
                    path: self.path.clone(),
                    array: name,
                },
                other => self.read(other.into()),
            })?;
        let mut start = Start::read(entry).map_err(|source| self.read(source))?;
        if let Some(problem) = start.problem().map_err(|source| self.read(source))? {
            return Err(self.array(name, problem));
        }
        let file = NpyFile::new(start.whole()).map_err(|source| self.read(source))?;
        let values = file
            .shape()
            .iter()
            .try_fold(1u64, |all, &size| all.checked_mul(size));
        match values {
            Some(values) if values <= MOST_VALUES => {}
            _ => return Err(self.array(name, format!("is too large: shape {:?}", file.shape()))),
        }
        if file.order() != Order::C && file.shape().len() > 1 {
            return Err(self.array(name, "is in Fortran order; save it in C order"));
        }
        Ok(file)
    }

    fn inputs<R: Read + Seek>(
        &self,
        archive: &mut ZipArchive<R>,
    ) -> Result<(Vec<f32>, usize, usize), SamplesFileError> {
        let file = self.open(archive, "x")?;
        let &[samples, features] = file.shape() else {
            let problem = format!("has shape {:?}, not [samples, inputs]", file.shape());
            return Err(self.array("x", problem));
        };
        let (kind, width) = element(&file);
        let values: Vec<f32> = match (kind, width) {
            (Some(TypeChar::Float), Some(4)) => self.values(file, |value: f32| value)?,
            (Some(TypeChar::Float), Some(8)) => self.values(file, |value: f64| value as f32)?,
            _ => return Err(self.array("x", "must be of type float32 or float64")),
        };
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(self.array("x", format!("is not finite at value {index}")));
        }
        if samples == 0 || features == 0 {
            return Err(self.array("x", "is empty"));
        }
        Ok((values, samples as usize, features as usize))
    }

    fn labels<R: Read + Seek>(
        &self,
        archive: &mut ZipArchive<R>,
        samples: usize,
        classes: Option<usize>,
    ) -> Result<Vec<u32>, SamplesFileError> {
        let file = self.open(archive, "y")?;
        if file.shape() != [samples as u64] {
            let problem = format!("has shape {:?}, not [{samples}] as `x` asks", file.shape());
            return Err(self.array("y", problem));
        }
        let wide: Vec<i64> = match element(&file) {
            (Some(TypeChar::Int), Some(8)) => self.values(file, |label: i64| label)?,
            (Some(TypeChar::Int), Some(4)) => self.values(file, |label: i32| label.into())?,
            (Some(TypeChar::Int), Some(2)) => self.values(file, |label: i16| label.into())?,
            (Some(TypeChar::Int), Some(1)) => self.values(file, |label: i8| label.into())?,
            (Some(TypeChar::Uint), Some(4)) => self.values(file, |label: u32| label.into())?,
            (Some(TypeChar::Uint), Some(2)) => self.values(file, |label: u16| label.into())?,
            (Some(TypeChar::Uint), Some(1)) => self.values(file, |label: u8| label.into())?,
            _ => return Err(self.array("y", "must be of an integer type of at most 64 bits")),
        };
        // More classes than this is a mistake, not a classification task.
        let below = classes.unwrap_or(1 << 20) as i64;
        if let Some(label) = wide.iter().find(|label| !(0..below).contains(*label)) {
            return Err(self.array(
                "y",
                format!("has the label {label}, not one of 0 to {}", below - 1),
            ));
        }
        Ok(wide.into_iter().map(|label| label as u32).collect())
    }

    fn values<T: npyz::Deserialize, V, R: Read>(
        &self,
        file: NpyFile<R>,
        convert: impl Fn(T) -> V,
    ) -> Result<Vec<V>, SamplesFileError> {
        // Not `into_vec`, which allocates what the header announces.
        let values = file
            .data::<T>()
            .map_err(|error| self.read(std::io::Error::other(error)))?;
        values
            .map(|value| value.map(&convert))
            .collect::<Result<_, _>>()
            .map_err(|source| self.read(source))
    }
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

/// Kind and width in bytes of an array's elements, where they are plain.
fn element<R: Read>(file: &NpyFile<R>) -> (Option<TypeChar>, Option<u64>) {
    match file.dtype() {
        npyz::DType::Plain(plain) => (Some(plain.type_char()), plain.num_bytes().map(|n| n as u64)),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use npyz::WriterBuilder;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn npy<T: npyz::AutoSerialize + Clone>(shape: &[u64], values: &[T]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(shape)
            .writer(&mut bytes)
            .begin_nd()
            .unwrap();
        writer.extend(values.iter().cloned()).unwrap();
        writer.finish().unwrap();
        bytes
    }

    fn read(arrays: &[(&str, Vec<u8>)], classes: Option<usize>) -> Result<Samples, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.npz");
        let mut archive = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in arrays {
            archive
                .start_file(format!("{name}.npy"), SimpleFileOptions::default())
                .unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap();
        Samples::read_npz(&path, classes).map_err(|error| error.to_string())
    }

    #[test]
    fn a_header_that_announces_gigabytes_is_refused_before_they_are_allocated() {
        let y = npy(&[1], &[0_i64]);
        for start in [
            b"\x93NUMPY\x02\0\xff\xff\xff\xff",
            b"\x93NUMPY\x01\0\xff\xff{'",
        ] {
            let error = read(&[("x", start.to_vec()), ("y", y.clone())], None).unwrap_err();
            assert!(error.contains("`x`"), "{error}");
            assert!(error.contains("header that is too large"), "{error}");
        }
    }

    #[test]
    fn a_header_of_nested_brackets_is_refused_before_it_is_parsed() {
        let y = npy(&[1], &[0_i64]);
        let mut nested = b"\x93NUMPY\x01\0\x40\0{'descr': ".to_vec();
        nested.resize(74, b'[');
        let error = read(&[("x", nested), ("y", y)], None).unwrap_err();
        assert!(error.contains("no plain array"), "{error}");
    }

    #[test]
    fn single_and_double_precision_are_read() {
        let labels = npy(&[3], &[0i64, 2, 1]);
        let single = npy(&[3, 2], &[0.5f32, 1.0, 1.5, 2.0, 2.5, 3.0]);
        let double = npy(&[3, 2], &[0.5f64, 1.0, 1.5, 2.0, 2.5, 3.0]);
        let expected = Samples {
            inputs: vec![0.5, 1.0, 1.5, 2.0, 2.5, 3.0],
            labels: vec![0, 2, 1],
            features: 2,
            classes: 3,
        };
        for inputs in [single, double] {
            let found = read(&[("x", inputs), ("y", labels.clone())], None);
            assert_eq!(found.as_ref(), Ok(&expected));
        }
        let bytes = npy(&[3], &[0u8, 2, 1]);
        let inputs = npy(&[3, 2], &[0.5f64, 1.0, 1.5, 2.0, 2.5, 3.0]);
        let found = read(&[("x", inputs), ("y", bytes)], Some(10)).unwrap();
        assert_eq!((found.labels, found.classes), (vec![0, 2, 1], 10));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let x = || npy(&[2, 2], &[0.0f32, 1.0, 2.0, 3.0]);
        let y = || npy(&[2], &[0i64, 1]);
        let mut lying = x();
        let place = lying.windows(5).position(|text| text == b"(2, 2").unwrap();
        lying[place + 1] = b'9';
        for (arrays, says) in [
            (vec![("x", x())], "no array `y`"),
            (vec![("y", y())], "no array `x`"),
            (vec![("x", y()), ("y", y())], "not [samples, inputs]"),
            (vec![("x", x()), ("y", npy(&[3], &[0i64, 1, 1]))], "not [2]"),
            (vec![("x", x()), ("y", npy(&[2], &[0i64, -1]))], "label -1"),
            (vec![("x", x()), ("y", npy(&[2], &[0i64, 9]))], "label 9"),
            (
                vec![("x", x()), ("y", npy(&[2], &[0f64, 1.0]))],
                "integer type",
            ),
            (
                vec![
                    ("x", npy(&[1, 2], &[1.0f32, f32::NAN])),
                    ("y", npy(&[1], &[0i64])),
                ],
                "not finite",
            ),
            (vec![("x", lying), ("y", y())], "cannot read"),
            (vec![("x", b"nonsense".to_vec()), ("y", y())], "cannot read"),
        ] {
            let message = read(&arrays, Some(3)).unwrap_err();
            assert!(message.contains(says), "{message} for {says}");
        }
    }
}
