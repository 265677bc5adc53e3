//! How far a measurement is: a bar on standard error, and the status file of the store.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use etastar::provenance::{host_name, now};
use etastar::{Error, Listener};
use etastar_search::{
    Observer, PlannedCell, RepeatRecord, Repeats, Shard, Snapshot, SweepEnd, TrialRecord,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::numbers::rate;
use crate::output;
use crate::status_file::{State, StatusFile, StatusWriter};

/// Shows a measurement to the user, on standard error and beside the store.
#[derive(Default)]
pub(crate) struct Screen<'a> {
    /// The store that has a status file; none where nothing is kept.
    pub(crate) store: Option<&'a Path>,
    pub(crate) experiment: &'a str,
    pub(crate) profile: Option<&'a str>,
    pub(crate) shard: Option<Shard>,
    pub(crate) jobs: usize,
    /// Repeats of a cell.
    pub(crate) repeats: usize,
    /// Once it has begun.
    pub(crate) progress: OnceLock<Progress>,
}

/// The bar and the status file of a measurement that goes on.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Expected cost of the whole measurement.
    cost: f64,
    file: Option<StatusWriter>,
}

/// The length of the bar: costs are real numbers, positions are integers.
const TICKS: f64 = 1e6;

impl Listener for Screen<'_> {
    fn tell(&self, message: &str) {
        output::tell(message);
    }

    fn begin(&self, grid: &[PlannedCell], repeats: &Repeats, stored: &Snapshot) {
        let (repeats_done, done) = repeats.finished(grid, stored);
        let cost = repeats.cost(grid);
        let share = if cost > 0.0 { done / cost } else { 1.0 };
        let cost = cost.max(f64::MIN_POSITIVE);
        let bar = ProgressBar::new(TICKS as u64);
        if let Ok(style) = ProgressStyle::with_template(
            "{elapsed_precise} [{wide_bar}] {percent}%  {msg}  {eta} left",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        // The pace is that of this run, without what an earlier run has done.
        bar.set_position((done / cost * TICKS) as u64);
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(500));
        let file = self.store.map(|store| {
            let file = StatusFile {
                experiment: self.experiment.to_owned(),
                profile: self.profile.map(str::to_owned),
                shard: self.shard.map(|shard| shard.to_string()),
                host: host_name(),
                process: std::process::id(),
                jobs: self.jobs,
                state: State::Running,
                error: None,
                repeats_done,
                finished: 0,
                repeats: repeats.total(grid),
                cost_done: share,
                cost_done_before: share,
                seconds: 0.0,
                started_at: now(),
                updated_at: now(),
            };
            StatusWriter::begin(store, file)
        });
        // A screen shows one measurement.
        let _ = self.progress.set(Progress { bar, cost, file });
    }

    /// Takes the bar off the screen, and notes how the session has ended.
    fn end(&self, end: Result<SweepEnd, &Error>) {
        let Some(progress) = self.progress.get() else {
            return;
        };
        progress.bar.finish_and_clear();
        if let Some(file) = &progress.file {
            let (state, error) = match end {
                Ok(SweepEnd::Complete) => (State::Complete, None),
                Ok(SweepEnd::Interrupted) => (State::Stopped, None),
                Err(error) => (State::Failed, Some(error.to_string())),
            };
            file.end(state, error);
        }
    }
}

impl Screen<'_> {
    fn show(&self, hidden: &[usize], repeat: usize, what: &str) {
        let width = hidden.first().copied().unwrap_or(0);
        if let Some(progress) = self.progress.get() {
            progress.bar.set_message(format!(
                "depth {} width {width} repeat {}/{}: {what}",
                hidden.len(),
                repeat + 1,
                self.repeats,
            ));
        }
    }
}

impl Progress {
    fn advance(&self, cost: f64) {
        let share = cost / self.cost;
        self.bar.inc((share * TICKS) as u64);
        if let Some(file) = &self.file {
            file.repeat_finished(share);
        }
    }
}

impl Observer for Screen<'_> {
    fn trial_finished(&self, cell: &PlannedCell, repeat: usize, trial: &TrialRecord) {
        let (log2, outcome) = (trial.learning_rate.log2(), trial.outcome.as_str());
        self.show(&cell.cell.hidden, repeat, &format!("2^{log2:.2} {outcome}"));
        if let Some(file) = self.progress.get().and_then(|all| all.file.as_ref()) {
            file.trial_finished();
        }
    }

    fn repeat_finished(&self, cell: &PlannedCell, record: &RepeatRecord) {
        if let Some(network) = record.sharpness() {
            let lambda = network.sharpness.hessian.largest;
            self.show(
                &cell.cell.hidden,
                record.repeat,
                &format!("lambda_1 {}", rate(lambda)),
            );
        }
        if let Some(progress) = self.progress.get() {
            progress.advance(cell.cost());
        }
    }
}
