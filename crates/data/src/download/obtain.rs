//! One file from several mirrors, with several attempts each.

use std::fs;
use std::path::Path;

use super::http::{Failure, transfer};
use super::{FetchEvent, FetchOptions, Progress};
use crate::error::{DataError, MirrorFailure};
use crate::integrity::ContentError;

/// A file to download.
pub(super) struct Wanted<'a> {
    /// Its addresses, in the order in which they are tried.
    pub(super) urls: Vec<String>,
    /// Its name, for messages.
    pub(super) name: &'a str,
    /// Where it is stored until verified.
    pub(super) part: &'a Path,
    /// The most bytes it may have.
    pub(super) limit: u64,
    /// Whether what was stored is the genuine file.
    pub(super) check: &'a dyn Fn(&Path) -> Result<(), ContentError>,
}

/// Leaves the complete, verified file at `wanted.part`, or fails with the
/// reason of every mirror. What is stored there after a failure is the
/// beginning of a file, to be resumed.
pub(super) fn obtain(
    wanted: &Wanted<'_>,
    options: &FetchOptions,
    progress: Progress<'_>,
) -> Result<(), DataError> {
    let mut failures = Vec::new();
    for url in &wanted.urls {
        match from_mirror(wanted, url, options, progress)? {
            Ok(()) => return Ok(()),
            Err(reason) => failures.push(MirrorFailure {
                url: url.clone(),
                reason,
            }),
        }
    }
    Err(DataError::Download {
        file: wanted.name.to_owned(),
        folder: wanted
            .part
            .parent()
            .map(Path::to_path_buf)
            .unwrap_or_default(),
        failures,
    })
}

/// Tries one mirror; the inner error is why it failed.
fn from_mirror(
    wanted: &Wanted<'_>,
    url: &str,
    options: &FetchOptions,
    progress: Progress<'_>,
) -> Result<Result<(), String>, DataError> {
    let mut attempts_left = options.attempts.max(1);
    loop {
        let (reason, again) = match transfer(wanted, url, options, progress) {
            Ok(transferred) => match (wanted.check)(wanted.part) {
                Ok(()) => return Ok(Ok(())),
                Err(problem) => {
                    discard(wanted.part)?;
                    // Two halves of different copies do not fit together: a
                    // resumed file that is bad is fetched afresh, which cannot
                    // happen twice as nothing is left to resume.
                    (problem.to_string(), transferred.resumed)
                }
            },
            Err(Failure::Local(error)) => return Err(error),
            Err(Failure::Unusable { reason }) => {
                discard(wanted.part)?;
                (reason, false)
            }
            Err(Failure::Restart { reason }) => {
                discard(wanted.part)?;
                (reason, true)
            }
            Err(Failure::Interrupted { reason, received }) => {
                attempts_left -= 1;
                (reason, received > 0 && attempts_left > 0)
            }
            Err(Failure::Refused { reason }) => (reason, false),
        };
        progress(FetchEvent::AttemptFailed {
            file: wanted.name,
            url,
            reason: &reason,
        });
        if !again {
            return Ok(Err(reason));
        }
    }
}

fn discard(part: &Path) -> Result<(), DataError> {
    match fs::remove_file(part) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(DataError::Io {
            action: "delete",
            path: part.to_path_buf(),
            source,
        }),
        _ => Ok(()),
    }
}
