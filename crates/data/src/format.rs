//! The formats of dataset files: IDX, the binary version of CIFAR-10, and gzip.
//!
//! IDX, the format of MNIST and its relatives, has a big-endian header (a magic
//! number and one `u32` per dimension), then one byte per value. A CIFAR-10
//! batch consists of records of one label byte and 3,072 pixel bytes
//! (`[3, 32, 32]`: red, green and blue planes, each row-major).
//!
//! The parsers give a result for any bytes and never panic. They allocate no
//! more than the bytes they were given, and decompression stops at a limit.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
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
        "label {label} of sample {index} is out of range: the {classes} classes are 0 to {}",
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
pub fn check_labels<'a>(
    labels: impl IntoIterator<Item = &'a u8>,
    classes: usize,
) -> Result<(), FormatError> {
    let bad = labels
        .into_iter()
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

/// Magic number of a file of images: unsigned bytes, three dimensions.
const IDX_IMAGES_MAGIC: u32 = 0x0000_0803;
/// Magic number of a file of labels: unsigned bytes, one dimension.
const IDX_LABELS_MAGIC: u32 = 0x0000_0801;
/// Bytes before the first pixel of a file of images.
pub(crate) const IDX_IMAGES_HEADER: usize = 16;
/// Bytes before the first label of a file of labels.
pub(crate) const IDX_LABELS_HEADER: usize = 8;

/// The images of an IDX file, borrowed from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdxImages<'a> {
    /// Number of images, at least 1.
    pub count: usize,
    /// Rows of an image, at least 1.
    pub rows: usize,
    /// Columns of an image, at least 1.
    pub columns: usize,
    /// Pixels, `[count, rows, columns]` row-major.
    pub pixels: &'a [u8],
}

/// Reads a file of images.
///
/// # Errors
/// [`FormatError`] when the header is incomplete, has another magic number, or
/// announces anything but exactly the bytes that follow it.
pub fn parse_images(bytes: &[u8]) -> Result<IdxImages<'_>, FormatError> {
    let ([count, rows, columns], pixels) = parse::<3>(bytes, IDX_IMAGES_MAGIC, "images")?;
    Ok(IdxImages {
        count,
        rows,
        columns,
        pixels,
    })
}

/// Reads a file of labels; returns them as bytes, whatever their values.
///
/// # Errors
/// As [`parse_images`].
pub fn parse_labels(bytes: &[u8]) -> Result<&[u8], FormatError> {
    let (_, labels) = parse::<1>(bytes, IDX_LABELS_MAGIC, "labels")?;
    Ok(labels)
}

/// Dimensions and values of an IDX file of bytes.
type Parsed<'a, const RANK: usize> = ([usize; RANK], &'a [u8]);

fn parse<'a, const RANK: usize>(
    bytes: &'a [u8],
    magic: u32,
    kind: &'static str,
) -> Result<Parsed<'a, RANK>, FormatError> {
    if bytes.is_empty() {
        return Err(FormatError::Empty);
    }
    let short = || FormatError::ShortHeader {
        needed: 4 + 4 * RANK,
        found: bytes.len(),
    };
    let (found_magic, mut rest) = take_u32(bytes).ok_or_else(short)?;
    if found_magic != magic {
        return Err(FormatError::Magic {
            expected_kind: kind,
            expected: magic,
            found: found_magic,
        });
    }
    let mut announced = [0_u32; RANK];
    for dimension in &mut announced {
        (*dimension, rest) = take_u32(rest).ok_or_else(short)?;
    }
    let impossible = || FormatError::Dimensions {
        dimensions: announced.to_vec(),
    };
    let mut dimensions = [0_usize; RANK];
    let mut product = 1_usize;
    for (dimension, announced) in dimensions.iter_mut().zip(announced) {
        *dimension = usize::try_from(announced).map_err(|_| impossible())?;
        product = product.checked_mul(*dimension).ok_or_else(impossible)?;
    }
    if product == 0 {
        return Err(impossible());
    }
    if product != rest.len() {
        return Err(FormatError::Length {
            dimensions: announced.to_vec(),
            announced: product,
            found: rest.len(),
        });
    }
    Ok((dimensions, rest))
}

fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*head), rest))
}

/// Pixels of an image, `3 * 32 * 32`.
pub(crate) const CIFAR_PIXELS: usize = 3 * 32 * 32;
/// Bytes of a record.
pub(crate) const CIFAR_RECORD: usize = 1 + CIFAR_PIXELS;
/// Number of classes.
pub(crate) const CIFAR_CLASSES: usize = 10;

/// The records of a batch file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CifarBatch {
    /// Labels, `[count]`, each smaller than 10.
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
    let (records, _) = bytes.as_chunks::<CIFAR_RECORD>();
    let mut labels = Vec::with_capacity(records.len());
    let mut pixels = Vec::with_capacity(records.len() * CIFAR_PIXELS);
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
pub(crate) fn check_batch(bytes: &[u8]) -> Result<usize, FormatError> {
    if bytes.is_empty() {
        return Err(FormatError::Empty);
    }
    let (records, rest) = bytes.as_chunks::<CIFAR_RECORD>();
    if !rest.is_empty() {
        return Err(FormatError::PartialRecord {
            found: bytes.len(),
            record: CIFAR_RECORD,
        });
    }
    check_labels(records.iter().map(|[label, ..]| label), CIFAR_CLASSES)?;
    Ok(records.len())
}

/// The two bytes every gzip stream starts with.
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Memory reserved before anything is decompressed, at most.
const FIRST_RESERVATION: usize = 1 << 26;

/// A gzip stream that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GzipError {
    /// The stream stops before its end.
    #[error(
        "the gzip stream ends early, after {decompressed} bytes of content (an interrupted download or copy?)"
    )]
    Truncated {
        /// Bytes decompressed up to there.
        decompressed: usize,
    },

    /// The stream contradicts itself or its checksum.
    #[error("the gzip stream is corrupt ({reason}), after {decompressed} bytes of content")]
    Corrupt {
        /// Bytes decompressed up to there.
        decompressed: usize,
        /// What the decoder found.
        reason: String,
    },

    /// The content is larger than it may be.
    #[error("the content is larger than the {limit} bytes expected; decompression was stopped")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },

    /// Reading failed.
    #[error("reading failed: {0}")]
    Io(#[source] io::Error),
}

/// Decompresses `reader` to its end, to at most `limit` bytes.
///
/// # Errors
/// [`GzipError`] when the stream is truncated or corrupt (its checksum and
/// anything that follows it included), yields more than `limit` bytes, or
/// cannot be read.
pub fn decompress(reader: impl BufRead, limit: usize) -> Result<Vec<u8>, GzipError> {
    let mut content = Vec::with_capacity(limit.min(FIRST_RESERVATION));
    let allowed = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let outcome = MultiGzDecoder::new(reader)
        .take(allowed)
        .read_to_end(&mut content);
    let decompressed = content.len();
    match outcome {
        Ok(_) if decompressed > limit => Err(GzipError::TooLarge { limit }),
        Ok(_) => Ok(content),
        Err(error) => Err(match error.kind() {
            ErrorKind::UnexpectedEof => GzipError::Truncated { decompressed },
            ErrorKind::InvalidInput | ErrorKind::InvalidData => GzipError::Corrupt {
                decompressed,
                reason: error.to_string(),
            },
            _ => GzipError::Io(error),
        }),
    }
}
