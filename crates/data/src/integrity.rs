//! Reading a dataset file with all its checks: size, gzip stream, structure,
//! SHA-256. A file that fails any of them is never used.
//!
//! The order makes the message as helpful as it can be: a truncated stream or
//! a lying header is reported as such, and a hash that differs only of a file
//! that is otherwise well-formed.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::catalogue::{DataFile, FileFormat, identify};
use crate::format::{
    FormatError, GZIP_MAGIC, GzipError, check_batch, check_labels, decompress, parse_images,
    parse_labels,
};

/// Bytes of a read buffer.
const BUFFER: usize = 1 << 17;

/// What is wrong with the content of a file, whichever file it is.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ContentError {
    /// The file cannot be read.
    #[error("the file cannot be read ({0})")]
    Read(#[source] io::Error),

    /// The name ends in `.gz` but the content is not gzipped.
    #[error("this is not a gzip file: it starts with {start}")]
    NotGzip {
        /// The first bytes, readable.
        start: String,
    },

    /// The gzip stream cannot be used.
    #[error("{problem} (the complete file has {expected_size} bytes of content)")]
    Gzip {
        /// What is wrong with it.
        problem: GzipError,
        /// Bytes of content of the genuine file.
        expected_size: usize,
    },

    /// The file is larger than the genuine one.
    #[error("the file has more than the {limit} bytes expected")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },

    /// The bytes contradict the file's format.
    #[error("{problem}; the content's SHA-256 is {found}, expected {expected}")]
    Malformed {
        /// What is wrong with them.
        problem: FormatError,
        /// SHA-256 of the content.
        found: String,
        /// SHA-256 of the genuine content.
        expected: String,
    },

    /// A well-formed file that is not the genuine one.
    #[error("{contents}, but its SHA-256 is {found}, expected {expected}")]
    HashMismatch {
        /// What the file holds.
        contents: String,
        /// SHA-256 of the content.
        found: String,
        /// SHA-256 of the genuine content.
        expected: String,
    },

    /// An archive of another size than the genuine one.
    #[error("the archive has {found} bytes, expected {expected}")]
    Size {
        /// Bytes there are.
        found: u64,
        /// Bytes of the genuine archive.
        expected: u64,
    },
}

/// What a well-formed file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    Images {
        count: usize,
        rows: usize,
        columns: usize,
    },
    Labels {
        count: usize,
    },
    Records {
        count: usize,
    },
}

impl fmt::Display for Contents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Images {
                count,
                rows,
                columns,
            } => write!(
                formatter,
                "a well-formed IDX file of {count} images of {rows}x{columns}"
            ),
            Self::Labels { count } => {
                write!(formatter, "a well-formed IDX file of {count} labels")
            }
            Self::Records { count } => {
                write!(formatter, "a well-formed CIFAR-10 batch of {count} records")
            }
        }
    }
}

/// A structurally sound file; `genuine` says whether it may be used.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Decompressed bytes.
    pub(crate) bytes: Vec<u8>,
    /// What they hold.
    pub(crate) contents: Contents,
    /// SHA-256 of `bytes`.
    pub(crate) sha256: String,
    /// `Err` when the SHA-256 is not the expected one.
    pub(crate) genuine: Result<(), ContentError>,
}

/// SHA-256 of `bytes`, in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Reads `path`, gzipped or plain, as the catalogued `file`.
///
/// Fails on structural problems; a hash that differs is left in
/// [`Checked::genuine`], so that the caller may first look for a better reason.
pub(crate) fn read_checked(path: &Path, file: &DataFile) -> Result<Checked, ContentError> {
    check_bytes(read_content(path, file.format.size())?, file)
}

/// Reads `path` as the catalogued `file` and fails unless it is genuine.
pub(crate) fn read_verified(path: &Path, file: &DataFile) -> Result<Checked, ContentError> {
    let checked = read_checked(path, file)?;
    match checked.genuine {
        Ok(()) => Ok(checked),
        Err(error) => Err(error),
    }
}

/// Checks decompressed `bytes` as [`read_checked`] does those of a file.
pub(crate) fn check_bytes(bytes: Vec<u8>, file: &DataFile) -> Result<Checked, ContentError> {
    let sha256 = sha256_hex(&bytes);
    let contents = examine(&bytes, &file.format).map_err(|problem| ContentError::Malformed {
        problem,
        found: sha256.clone(),
        expected: file.sha256.to_string(),
    })?;
    let genuine = if sha256 == file.sha256 {
        Ok(())
    } else {
        let mut description = format!("this is {contents}");
        if let Some(name) = identify(&sha256) {
            let _ = write!(description, " (in fact {name})");
        }
        Err(ContentError::HashMismatch {
            contents: description,
            found: sha256.clone(),
            expected: file.sha256.to_string(),
        })
    };
    Ok(Checked {
        bytes,
        contents,
        sha256,
        genuine,
    })
}

/// Size and SHA-256 of the file at `path` as it is, without decompression.
pub(crate) fn check_archive(path: &Path, size: u64, sha256: &str) -> Result<(), ContentError> {
    let mut file = File::open(path).map_err(ContentError::Read)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    let mut found_size = 0_u64;
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ContentError::Read(error)),
        };
        digest.update(buffer.get(..read).unwrap_or_default());
        found_size += u64::try_from(read).unwrap_or(0);
    }
    if found_size != size {
        return Err(ContentError::Size {
            found: found_size,
            expected: size,
        });
    }
    let found = hexadecimal(&digest.finalize());
    if found != sha256 {
        return Err(ContentError::HashMismatch {
            contents: "the archive has the right size".to_owned(),
            found,
            expected: sha256.to_owned(),
        });
    }
    Ok(())
}

/// Fails unless the file at `path` starts like a gzip file.
pub(crate) fn require_gzip(path: &Path) -> Result<(), ContentError> {
    let start = start_of(&mut File::open(path).map_err(ContentError::Read)?)?;
    if start.starts_with(&GZIP_MAGIC) {
        return Ok(());
    }
    Err(ContentError::NotGzip {
        start: quoted(&start),
    })
}

/// The first 16 bytes, or fewer if there are no more.
fn start_of(reader: &mut impl Read) -> Result<Vec<u8>, ContentError> {
    let mut start = Vec::with_capacity(16);
    reader
        .take(16)
        .read_to_end(&mut start)
        .map_err(ContentError::Read)?;
    Ok(start)
}

fn quoted(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        "nothing (it is empty)".to_owned()
    } else {
        format!("\"{}\"", bytes.escape_ascii())
    }
}

/// The content of `path`, decompressed if gzipped, never more than `size` bytes.
fn read_content(path: &Path, size: usize) -> Result<Vec<u8>, ContentError> {
    let file = File::open(path).map_err(ContentError::Read)?;
    let mut reader = BufReader::with_capacity(BUFFER, file);
    let start = start_of(&mut reader)?;
    let gzipped = start.starts_with(&GZIP_MAGIC);
    // Some programs unpack a file and keep its name: what begins as IDX does is taken for that.
    let is_unpacked = start.starts_with(&[0, 0, 8]);
    let named_gz = path.extension().is_some_and(|extension| extension == "gz");
    if !gzipped && !is_unpacked && named_gz {
        return Err(ContentError::NotGzip {
            start: quoted(&start),
        });
    }
    let whole = io::Cursor::new(start).chain(reader);
    if gzipped {
        return decompress(whole, size).map_err(|problem| ContentError::Gzip {
            problem,
            expected_size: size,
        });
    }
    let mut content = Vec::with_capacity(size);
    let allowed = u64::try_from(size).unwrap_or(u64::MAX).saturating_add(1);
    whole
        .take(allowed)
        .read_to_end(&mut content)
        .map_err(ContentError::Read)?;
    if content.len() > size {
        return Err(ContentError::TooLarge { limit: size });
    }
    Ok(content)
}

fn examine(bytes: &[u8], format: &FileFormat) -> Result<Contents, FormatError> {
    match *format {
        FileFormat::IdxImages { .. } => {
            let images = parse_images(bytes)?;
            Ok(Contents::Images {
                count: images.count,
                rows: images.rows,
                columns: images.columns,
            })
        }
        FileFormat::IdxLabels { classes, .. } => {
            let labels = parse_labels(bytes)?;
            check_labels(labels, classes)?;
            Ok(Contents::Labels {
                count: labels.len(),
            })
        }
        FileFormat::CifarBatch { .. } => Ok(Contents::Records {
            count: check_batch(bytes)?,
        }),
    }
}

/// `bytes` in lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
