//! The small file beside a store that tells how far its sweep is.
//!
//! Other processes, maybe on other machines, read this file and not the store,
//! which only the machine that writes it should open.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use etastar::provenance;
use etastar_report::page::replace_file;
use serde::{Deserialize, Serialize};

/// The time between two writings.
const INTERVAL: Duration = Duration::from_secs(1);

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StatusFile {
    pub(crate) experiment: String,
    pub(crate) profile: Option<String>,
    /// The part of the sweep, `2/6`; none for all of it.
    pub(crate) shard: Option<String>,
    /// The machine that writes the store.
    pub(crate) host: String,
    /// The process that writes the store.
    pub(crate) process: u32,
    pub(crate) jobs: usize,
    pub(crate) state: State,
    /// The reason of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    pub(crate) repeats_done: usize,
    /// Trials, and networks whose sharpness is measured, that this session has finished.
    #[serde(default)]
    pub(crate) finished: usize,
    pub(crate) repeats: usize,
    /// Share of the expected cost that is done, 0 to 1.
    pub(crate) cost_done: f64,
    /// The same when the session began.
    pub(crate) cost_done_before: f64,
    /// Length of the session.
    pub(crate) seconds: f64,
    /// RFC 3339, UTC.
    pub(crate) started_at: String,
    pub(crate) updated_at: String,
}

/// The state of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It runs, or it was killed.
    Running,
    /// Every repeat is in the store.
    Complete,
    /// It was stopped by a signal or its time limit, and can go on.
    Stopped,
    /// An error ended it.
    Failed,
}

/// The path of the file of a store.
fn status_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".status.json");
    PathBuf::from(name)
}

/// Keeps the file up to date. If it cannot be written, the sweep goes on: only
/// the store is needed.
pub(crate) struct StatusWriter {
    path: PathBuf,
    begun: Instant,
    /// The content, and when it was written last.
    content: Mutex<(StatusFile, Instant)>,
}

impl StatusWriter {
    /// Writes the first content.
    pub(crate) fn begin(store: &Path, file: StatusFile) -> Self {
        let begun = Instant::now();
        let writer = Self {
            path: status_path(store),
            begun,
            content: Mutex::new((file, begun)),
        };
        writer.change(true, |_| {});
        writer
    }

    /// Notes that the session has ended.
    pub(crate) fn end(&self, state: State, error: Option<String>) {
        self.change(true, |file| {
            file.state = state;
            file.error = error;
        });
    }

    /// Notes a finished trial.
    pub(crate) fn trial_finished(&self) {
        self.change(false, |file| file.finished += 1);
    }

    /// Notes a finished repeat, with its share of the expected cost.
    pub(crate) fn repeat_finished(&self, share: f64) {
        self.change(false, |file| {
            file.repeats_done += 1;
            file.finished += 1;
            file.cost_done = (file.cost_done + share).min(1.0);
        });
    }

    fn change(&self, now: bool, change: impl FnOnce(&mut StatusFile)) {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, written) = &mut *content;
        change(file);
        if !now && written.elapsed() < INTERVAL {
            return;
        }
        *written = Instant::now();
        file.seconds = self.begun.elapsed().as_secs_f64();
        file.updated_at = provenance::now();
        let _ = self.write(file);
    }

    fn write(&self, file: &StatusFile) -> std::io::Result<()> {
        replace_file(&self.path, &serde_json::to_string_pretty(file)?)
    }
}

impl StatusFile {
    /// The file of a store; none if it cannot be read.
    pub(crate) fn read(store: &Path) -> Option<Self> {
        let path = status_path(store);
        // A FIFO would be read for ever.
        let text = path
            .is_file()
            .then(|| std::fs::read_to_string(path))?
            .ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Seconds left at the pace of the session; none before the first repeat.
    pub(crate) fn seconds_left(&self) -> Option<f64> {
        let done = self.cost_done - self.cost_done_before;
        (done > 0.0).then(|| self.seconds / done * (1.0 - self.cost_done))
    }
}
