//! What can be wrong with the structure of a dataset file.

use thiserror::Error;

/// A file whose bytes contradict its format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,

    /// An IDX file too short for its header.
    #[error(
        "the IDX header needs {needed} bytes but there are only {found} (the file is truncated)"
    )]
    ShortHeader {
        /// Bytes of a complete header.
        needed: usize,
        /// Bytes there are.
        found: usize,
    },

    /// An IDX file of another kind, or no IDX file.
    #[error("this is not an IDX file of {expected_kind}: its magic number is 0x{found:08x}, expected 0x{expected:08x}{}", magic_hint(*found))]
    Magic {
        /// "images" or "labels".
        expected_kind: &'static str,
        /// The magic number of that kind.
        expected: u32,
        /// The magic number found.
        found: u32,
    },

    /// Dimensions whose product is zero or beyond any file.
    #[error("the IDX header announces impossible dimensions {dimensions:?}")]
    Dimensions {
        /// Dimensions as in the header, slowest first.
        dimensions: Vec<u32>,
    },

    /// Dimensions that do not agree with the number of bytes.
    #[error(
        "the IDX header announces {announced} bytes of values (dimensions {dimensions:?}) but {found} follow ({})",
        if *found < *announced { "the file is truncated" } else { "there are surplus bytes" }
    )]
    Length {
        /// Dimensions as in the header, slowest first.
        dimensions: Vec<u32>,
        /// Their product.
        announced: usize,
        /// Bytes that follow the header.
        found: usize,
    },

    /// A CIFAR batch that does not consist of whole records.
    #[error(
        "{found} bytes are not a whole number of CIFAR-10 records of {record} bytes (the file is truncated or of another kind)"
    )]
    PartialRecord {
        /// Bytes there are.
        found: usize,
        /// Bytes of one record.
        record: usize,
    },

    /// A label beyond the last class.
    #[error(
        "label {label} of sample {index} is out of range, the {classes} classes are 0 to {}",
        classes.saturating_sub(1)
    )]
    LabelOutOfRange {
        /// Index of the sample.
        index: usize,
        /// Its label.
        label: u8,
        /// Number of classes.
        classes: usize,
    },
}

/// Checks that every label is smaller than `classes`.
///
/// # Errors
/// [`FormatError::LabelOutOfRange`] for the first label that is not.
pub fn check_labels(labels: &[u8], classes: usize) -> Result<(), FormatError> {
    let bad = labels
        .iter()
        .enumerate()
        .find(|(_, label)| usize::from(**label) >= classes);
    match bad {
        Some((index, label)) => Err(FormatError::LabelOutOfRange {
            index,
            label: *label,
            classes,
        }),
        None => Ok(()),
    }
}

fn magic_hint(found: u32) -> &'static str {
    match found.to_be_bytes() {
        [b'<', ..] => " (it looks like a web page saved in the file's place)",
        [0x1f, 0x8b, ..] => " (it is gzipped once more)",
        [0x00, 0x00, 0x08, 0x01] => " (it holds labels)",
        [0x00, 0x00, 0x08, 0x03] => " (it holds images)",
        _ => "",
    }
}
