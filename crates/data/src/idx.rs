//! IDX, the file format of MNIST and its relatives: a big-endian header (a
//! magic number and one `u32` per dimension), then one byte per value.
//!
//! The parsers are total: any bytes give a result, nothing panics, and nothing
//! is allocated on the word of a header.

use crate::format::FormatError;

/// Magic number of a file of images: unsigned bytes, three dimensions.
pub const IMAGES_MAGIC: u32 = 0x0000_0803;
/// Magic number of a file of labels: unsigned bytes, one dimension.
pub const LABELS_MAGIC: u32 = 0x0000_0801;
/// Bytes before the first pixel of a file of images.
pub const IMAGES_HEADER: usize = 16;
/// Bytes before the first label of a file of labels.
pub const LABELS_HEADER: usize = 8;

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
    let ([count, rows, columns], pixels) = parse::<3>(bytes, IMAGES_MAGIC, "images")?;
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
    let (_, labels) = parse::<1>(bytes, LABELS_MAGIC, "labels")?;
    Ok(labels)
}

/// Writes a file of images; `pixels` is `[count, rows, columns]` row-major.
///
/// The header is written as told: whether it agrees with the number of pixels
/// is for [`parse_images`] to judge.
pub fn write_images(count: u32, rows: u32, columns: u32, pixels: &[u8]) -> Vec<u8> {
    write(IMAGES_MAGIC, &[count, rows, columns], pixels)
}

/// Writes a file of labels, with `count` in the header.
pub fn write_labels(count: u32, labels: &[u8]) -> Vec<u8> {
    write(LABELS_MAGIC, &[count], labels)
}

fn write(magic: u32, dimensions: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 + 4 * dimensions.len() + values.len());
    bytes.extend_from_slice(&magic.to_be_bytes());
    for dimension in dimensions {
        bytes.extend_from_slice(&dimension.to_be_bytes());
    }
    bytes.extend_from_slice(values);
    bytes
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
