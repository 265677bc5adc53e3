//! The binary version of CIFAR-10: records of one label byte and 3,072 pixel
//! bytes (`[3, 32, 32]`: red, green, blue planes, each row-major), nothing
//! between them.
//!
//! The parser is total: any bytes give a result, and it allocates no more than
//! the bytes it was given.

use crate::format::{FormatError, check_labels};

/// Pixels of an image, `3 * 32 * 32`.
pub const PIXELS: usize = 3 * 32 * 32;
/// Bytes of a record.
pub const RECORD: usize = 1 + PIXELS;
/// Number of classes.
pub const CLASSES: usize = 10;

/// The records of a batch file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CifarBatch {
    /// Labels, `[count]`, each smaller than [`CLASSES`].
    pub labels: Vec<u8>,
    /// Pixels, `[count, 3072]` row-major.
    pub pixels: Vec<u8>,
}

/// Reads a batch file.
///
/// # Errors
/// [`FormatError`] when the file is empty, does not consist of whole records,
/// or has a label beyond 9.
pub fn parse_batch(bytes: &[u8]) -> Result<CifarBatch, FormatError> {
    check_batch(bytes)?;
    let (records, _) = bytes.as_chunks::<RECORD>();
    let mut labels = Vec::with_capacity(records.len());
    let mut pixels = Vec::with_capacity(records.len() * PIXELS);
    for [label, image @ ..] in records {
        labels.push(*label);
        pixels.extend_from_slice(image);
    }
    Ok(CifarBatch { labels, pixels })
}

/// Checks a batch file without copying it; returns the number of records.
///
/// # Errors
/// As [`parse_batch`].
pub fn check_batch(bytes: &[u8]) -> Result<usize, FormatError> {
    if bytes.is_empty() {
        return Err(FormatError::Empty);
    }
    let (records, rest) = bytes.as_chunks::<RECORD>();
    if !rest.is_empty() {
        return Err(FormatError::PartialRecord {
            found: bytes.len(),
            record: RECORD,
        });
    }
    for (index, [label, ..]) in records.iter().enumerate() {
        check_labels(std::slice::from_ref(label), CLASSES).map_err(|_| {
            FormatError::LabelOutOfRange {
                index,
                label: *label,
                classes: CLASSES,
            }
        })?;
    }
    Ok(records.len())
}

/// Writes a batch file of the pairs of `labels` and images of 3,072 `pixels`.
pub fn write_batch(labels: &[u8], pixels: &[u8]) -> Vec<u8> {
    let (images, _) = pixels.as_chunks::<PIXELS>();
    let mut bytes = Vec::with_capacity(images.len() * RECORD);
    for (label, image) in labels.iter().zip(images) {
        bytes.push(*label);
        bytes.extend_from_slice(image);
    }
    bytes
}
