//! The transfer of one file from the first mirror that delivers the genuine content.
//!
//! It goes over HTTP into a `.part` file and is resumed where possible.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use ureq::http::{Response, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::error::{DataError, MirrorFailure};
use crate::integrity::ContentError;

/// How downloads are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchOptions {
    /// Addresses used instead of the catalogue's mirrors, in order; the name of
    /// the file is appended to each.
    pub mirrors: Option<Vec<String>>,
    /// Time allowed for a connection to be made.
    pub connect_timeout: Duration,
    /// Time after which a transfer that (practically) stands still is given up.
    pub stall_timeout: Duration,
    /// How often a transfer from one mirror is begun or resumed before the next
    /// mirror is tried.
    pub attempts: u32,
    /// Download everything afresh, replacing files that are there already.
    pub force: bool,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            mirrors: None,
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(30),
            attempts: 3,
            force: false,
        }
    }
}

/// What happens during a download, for a progress display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchEvent<'a> {
    /// A file is there already and genuine; it is not downloaded.
    Kept {
        /// The file.
        path: &'a Path,
    },
    /// A mirror began to send a file.
    Started {
        /// Name of the file.
        file: &'a str,
        /// Its address.
        url: &'a str,
        /// Bytes that are here already.
        resumed_from: u64,
        /// Bytes of the complete file, if the mirror says so.
        total: Option<u64>,
    },
    /// Some of a file arrived.
    Received {
        /// Name of the file.
        file: &'a str,
        /// Bytes that are here by now.
        bytes: u64,
    },
    /// An attempt failed; the next one or the next mirror follows.
    AttemptFailed {
        /// Name of the file.
        file: &'a str,
        /// Its address.
        url: &'a str,
        /// Why it failed.
        reason: &'a str,
    },
    /// A file is complete, verified and in its place.
    Installed {
        /// The file.
        path: &'a Path,
    },
}

/// Receives the events of a download.
pub type Progress<'a> = &'a dyn Fn(FetchEvent<'_>);

/// A file to download.
pub(crate) struct Wanted<'a> {
    /// Its addresses, in the order in which they are tried.
    pub(crate) urls: Vec<String>,
    /// Its name, for messages.
    pub(crate) name: &'a str,
    /// Where it is stored until verified.
    pub(crate) part: &'a Path,
    /// The most bytes it may have.
    pub(crate) limit: u64,
    /// Whether what was stored is the genuine file.
    pub(crate) check: &'a dyn Fn(&Path) -> Result<(), ContentError>,
}

/// Leaves the complete, verified file at `wanted.part`, or fails with the
/// reason of every mirror. What is stored there after a failure is the
/// beginning of a file, to be resumed.
pub(crate) fn obtain(
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
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(DataError::Io {
            action: "delete",
            path: part.to_path_buf(),
            source,
        }),
        _ => Ok(()),
    }
}

/// A transfer slower than this many bytes per stall timeout stands still.
const MINIMUM_PER_WINDOW: u64 = 4_096;
/// Bytes read at a time.
const BUFFER: usize = 1 << 16;

/// A transfer that came to its end.
struct Transferred {
    /// Whether its beginning was there before.
    resumed: bool,
}

/// A transfer that did not.
enum Failure {
    /// The mirror did not begin to send the file; nothing was changed.
    Refused { reason: String },
    /// The transfer broke off; what arrived can be resumed.
    Interrupted { reason: String, received: u64 },
    /// What is stored cannot be resumed here; begin afresh.
    Restart { reason: String },
    /// What the mirror sends is not the file.
    Unusable { reason: String },
    /// This machine is at fault, no other mirror will help.
    Local(DataError),
}

/// Transfers `url` to the end of `wanted.part`, or into it from the start when
/// the server does not continue exactly where the file ends.
fn transfer(
    wanted: &Wanted<'_>,
    url: &str,
    options: &FetchOptions,
    progress: Progress<'_>,
) -> Result<Transferred, Failure> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(wanted.part)
        .map_err(local("create", wanted))?;
    let stored = file.seek(SeekFrom::End(0)).map_err(local("read", wanted))?;
    if stored > wanted.limit {
        let reason = "an earlier, partial download is larger than the file".to_owned();
        return Err(Failure::Restart { reason });
    }

    let mut request = agent(url, options).get(url);
    if stored > 0 {
        request = request.header(header::RANGE, format!("bytes={stored}-"));
    }
    let response = request.call().map_err(|error| Failure::Refused {
        reason: describe(&error),
    })?;
    let start = match start_of(&response, stored)? {
        Start::Complete => return Ok(Transferred { resumed: true }),
        Start::At(start) => start,
    };
    let announced = response.body().content_length();
    let total = announced.map(|length| start.saturating_add(length));
    if let Some(total) = total.filter(|total| *total > wanted.limit) {
        let reason = format!(
            "the server announces {total} bytes, but the file has at most {}",
            wanted.limit
        );
        return Err(Failure::Unusable { reason });
    }
    file.set_len(start)
        .and_then(|()| file.seek(SeekFrom::Start(start)))
        .map_err(local("write", wanted))?;
    progress(FetchEvent::Started {
        file: wanted.name,
        url,
        resumed_from: start,
        total,
    });
    let mut reader = response.into_body().into_reader();
    let mut window = Window::new(options.stall_timeout);
    let mut buffer = vec![0; BUFFER];
    let mut here = start;
    loop {
        let interrupted = |reason: String| Failure::Interrupted {
            reason,
            received: here - start,
        };
        let read = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let after = format!("after {here} bytes: {}", describe(&error.into()));
                return Err(interrupted(after));
            }
        };
        let received = read as u64;
        if here + received > wanted.limit {
            let reason = format!(
                "the server sends more than {} bytes, the most that the file can have",
                wanted.limit
            );
            return Err(Failure::Unusable { reason });
        }
        file.write_all(buffer.get(..read).unwrap_or_default())
            .map_err(local("write", wanted))?;
        if window.stalled(received) {
            return Err(interrupted(format!(
                "after {here} bytes: the transfer has almost stopped"
            )));
        }
        here += received;
        progress(FetchEvent::Received {
            file: wanted.name,
            bytes: here,
        });
    }
    if let Some(total) = total.filter(|total| *total != here) {
        return Err(Failure::Interrupted {
            reason: format!("the connection was closed after {here} of {total} bytes"),
            received: here - start,
        });
    }
    Ok(Transferred { resumed: start > 0 })
}

/// Where in the file the body of a response begins.
enum Start {
    At(u64),
    /// Nowhere: what is stored is the complete file.
    Complete,
}

fn start_of(response: &Response<Body>, stored: u64) -> Result<Start, Failure> {
    let range = response
        .headers()
        .get(header::CONTENT_RANGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    match response.status().as_u16() {
        200 => Ok(Start::At(0)),
        206 if stored > 0 && range_start(range) == Some(stored) => Ok(Start::At(stored)),
        416 if stored > 0 && range_total(range) == Some(stored) => Ok(Start::Complete),
        206 | 416 if stored > 0 => Err(Failure::Restart {
            reason: format!(
                "the server does not resume at byte {stored} (it answers {} with range {range:?})",
                response.status()
            ),
        }),
        _ => Err(Failure::Refused {
            reason: format!("the server answers {}", response.status()),
        }),
    }
}

/// The first byte of `bytes 100-199/200`.
fn range_start(range: &str) -> Option<u64> {
    let (start, _) = range.strip_prefix("bytes ")?.split_once('-')?;
    start.trim().parse().ok()
}

/// The size in `bytes */200`.
fn range_total(range: &str) -> Option<u64> {
    range.strip_prefix("bytes */")?.trim().parse().ok()
}

/// An agent for one transfer. Redirects may not leave https, unless the mirror
/// itself is a plain http address.
fn agent(url: &str, options: &FetchOptions) -> Agent {
    let mut builder = Agent::config_builder()
        .https_only(!url.starts_with("http://"))
        .http_status_as_error(false)
        .accept_encoding("identity")
        .user_agent(concat!("etastar/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(options.connect_timeout))
        .timeout_connect(Some(options.connect_timeout))
        .timeout_recv_response(Some(options.stall_timeout))
        .timeout_per_read(Some(options.stall_timeout))
        .timeout_per_write(Some(options.stall_timeout));
    if is_loopback(url) {
        builder = builder.proxy(None);
    }
    let tls = TlsConfig::builder().root_certs(roots());
    builder.tls_config(tls.build()).build().new_agent()
}

/// Who vouches for servers: those whom this machine trusts, a company's own authority and
/// `SSL_CERT_FILE` among them; where it has no list of its own, as in a bare container, those that
/// come with the program.
fn roots() -> RootCerts {
    let is_bare =
        cfg!(target_os = "linux") && rustls_native_certs::load_native_certs().certs.is_empty();
    match is_bare {
        true => RootCerts::WebPki,
        false => RootCerts::PlatformVerifier,
    }
}

/// Whether `url` is on this machine, where no proxy can reach it.
fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or("");
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// A transport error in words.
fn describe(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "the host name is unknown (no network?)".to_owned(),
        ureq::Error::Timeout(which) => format!("no answer in time ({which})"),
        ureq::Error::RequireHttpsOnly(_) => {
            format!("{error} (a redirect to an insecure address is not followed)")
        }
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the connection was closed early".to_owned()
        }
        _ => error.to_string(),
    }
}

fn local(action: &'static str, wanted: &Wanted<'_>) -> impl FnOnce(io::Error) -> Failure + use<> {
    let into_error = io_error(action, wanted.part);
    move |source| Failure::Local(into_error(source))
}

/// Notices a transfer that trickles: each read is in time, all together are not.
struct Window {
    length: Duration,
    begun: Instant,
    received: u64,
}

impl Window {
    fn new(length: Duration) -> Self {
        Self {
            length,
            begun: Instant::now(),
            received: 0,
        }
    }

    fn stalled(&mut self, received: u64) -> bool {
        self.received += received;
        if self.begun.elapsed() < self.length {
            return false;
        }
        let stalled = self.received < MINIMUM_PER_WINDOW;
        *self = Self::new(self.length);
        stalled
    }
}

pub(crate) fn io_error(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(std::io::Error) -> DataError + use<> {
    let path = path.to_path_buf();
    move |source| DataError::Io {
        action,
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_understood() {
        assert_eq!(range_start("bytes 100-199/200"), Some(100));
        assert_eq!(range_start("bytes 100-199/*"), Some(100));
        assert_eq!(range_start("bytes */200"), None);
        assert_eq!(range_start("items 100-199/200"), None);
        assert_eq!(range_start(""), None);
        assert_eq!(range_total("bytes */200"), Some(200));
        assert_eq!(range_total("bytes 0-1/2"), None);
    }

    #[test]
    fn redirects_of_a_secure_mirror_stay_secure() {
        let options = FetchOptions::default();
        let secure = |url| agent(url, &options).config().https_only();
        assert!(secure("https://example.org/a.gz"));
        assert!(secure("ftp://example.org/a.gz"));
        assert!(!secure("http://example.org/a.gz"));
    }

    #[test]
    fn loopback_addresses_are_recognised() {
        for url in [
            "http://127.0.0.1:80/a",
            "http://localhost/",
            "http://[::1]:8/x",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://example.org/",
            "http://127.0.0.1.example.org/",
            "nonsense",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn a_trickle_is_a_stall_and_a_stream_is_not() {
        assert!(Window::new(Duration::ZERO).stalled(10));
        assert!(!Window::new(Duration::ZERO).stalled(MINIMUM_PER_WINDOW));
        assert!(!Window::new(Duration::MAX).stalled(10));
    }
}
