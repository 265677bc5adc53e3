//! A small file beside a store that tells how far its sweep is.
//!
//! Whoever wants to know, maybe on another machine, reads this and not the
//! store: a store is opened by the machine that writes it and by no other.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use etastar_search::{Observer, PlannedCell, PlannedSharpness, SharpnessRecord};
use serde::{Deserialize, Serialize};

use super::SoFar;
use crate::provenance;

/// Between two writings.
const INTERVAL: Duration = Duration::from_secs(1);

/// What the file says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StatusFile {
    pub(crate) experiment: String,
    pub(crate) profile: Option<String>,
    /// Which part of the sweep, `2/6`; none for all of it.
    pub(crate) shard: Option<String>,
    /// Machine and process that write the store.
    pub(crate) host: String,
    pub(crate) process: u32,
    pub(crate) jobs: usize,
    pub(crate) state: State,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    pub(crate) repeats_done: usize,
    pub(crate) repeats: usize,
    /// Share of the expected cost, 0 to 1: now, and when the session began.
    pub(crate) cost_done: f64,
    pub(crate) cost_done_before: f64,
    /// Of this session.
    pub(crate) seconds: f64,
    /// RFC 3339, UTC.
    pub(crate) started_at: String,
    pub(crate) updated_at: String,
}

/// What a sweep does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It runs, or was killed.
    Running,
    /// Every repeat is there.
    Complete,
    /// Stopped by a signal or its time limit; it can go on.
    Stopped,
    /// Ended by an error.
    Failed,
}

/// Where the file of a store is.
fn status_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".status.json");
    PathBuf::from(name)
}

/// Keeps the file up to date. That it cannot be written is no reason to stop:
/// the store is what counts, and complains itself.
pub(crate) struct StatusWriter {
    path: PathBuf,
    /// Expected cost of everything.
    cost: f64,
    begun: Instant,
    inner: Mutex<Inner>,
}

struct Inner {
    file: StatusFile,
    written: Instant,
}

impl StatusWriter {
    pub(crate) fn begin(
        store: &Path,
        experiment: &str,
        profile: Option<&str>,
        shard: Option<String>,
        jobs: usize,
        so_far: SoFar,
    ) -> Self {
        let SoFar {
            repeats: [repeats_done, repeats],
            cost: [done, cost],
        } = so_far;
        let share = if cost > 0.0 { done / cost } else { 1.0 };
        let file = StatusFile {
            experiment: experiment.to_owned(),
            profile: profile.map(str::to_owned),
            shard,
            host: provenance::host_name(),
            process: std::process::id(),
            jobs,
            state: State::Running,
            error: None,
            repeats_done,
            repeats,
            cost_done: share,
            cost_done_before: share,
            seconds: 0.0,
            started_at: provenance::now(),
            updated_at: provenance::now(),
        };
        let writer = Self {
            path: status_path(store),
            cost,
            begun: Instant::now(),
            inner: Mutex::new(Inner {
                file,
                written: Instant::now(),
            }),
        };
        writer.change(true, |_| {});
        writer
    }

    /// The session ends.
    pub(crate) fn end(&self, state: State, error: Option<String>) {
        self.change(true, |file| {
            file.state = state;
            file.error = error;
        });
    }

    fn finished(&self, cost: f64) {
        self.change(false, |file| {
            file.repeats_done += 1;
            file.cost_done = (file.cost_done + cost / self.cost).min(1.0);
        });
    }

    fn change(&self, now: bool, change: impl FnOnce(&mut StatusFile)) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut inner.file);
        if !now && inner.written.elapsed() < INTERVAL {
            return;
        }
        inner.written = Instant::now();
        inner.file.seconds = self.begun.elapsed().as_secs_f64();
        inner.file.updated_at = provenance::now();
        let _ = self.write(&inner.file);
    }

    /// Readers find the old file or the new one, never half of one.
    fn write(&self, file: &StatusFile) -> std::io::Result<()> {
        let partial = self.path.with_extension("json.partial");
        std::fs::write(&partial, serde_json::to_string_pretty(file)?)?;
        std::fs::rename(&partial, &self.path)
    }
}

impl Observer for StatusWriter {
    fn repeat_finished(&self, cell: &PlannedCell, _repeat: usize) {
        self.finished(cell.cost());
    }

    fn sharpness_finished(&self, cell: &PlannedSharpness, _record: &SharpnessRecord) {
        self.finished(cell.cost());
    }
}

impl StatusFile {
    /// The file of a store, if there is one that can be read.
    pub(crate) fn read(store: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(status_path(store)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Seconds left at the pace of the session; none where that is unknown.
    pub(crate) fn seconds_left(&self) -> Option<f64> {
        let done = self.cost_done - self.cost_done_before;
        (done > 0.0).then(|| self.seconds / done * (1.0 - self.cost_done))
    }
}
