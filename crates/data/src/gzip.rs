//! Bounded decompression: a stream never yields more than it is allowed to.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

/// The two bytes every gzip stream starts with.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

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
    #[error("the content is larger than the {limit} bytes expected, decompression was stopped")]
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
