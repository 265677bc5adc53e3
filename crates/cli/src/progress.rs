//! How far a sweep is: a bar on standard error, and the status file of the store.

use std::path::Path;
use std::time::Duration;

use etastar_search::{Observer, PlannedCell, RepeatRecord, Repeats, Snapshot, TrialRecord};
use indicatif::{ProgressBar, ProgressStyle};

use crate::numbers::rate;
use crate::provenance;
use crate::status_file::{State, StatusFile, StatusWriter};

/// The part of a sweep that is done already.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SoFar {
    /// Repeats that are done, and all.
    repeats: [usize; 2],
    /// Their expected cost, and that of all.
    cost: [f64; 2],
}

impl SoFar {
    /// The repeats of a grid that a store has.
    pub(crate) fn new(grid: &[PlannedCell], repeats: &Repeats, stored: &Snapshot) -> Self {
        let (mut done, mut cost) = (0, 0.0);
        // The store has the grid's cells in the grid's order.
        for (cell, kept) in grid.iter().zip(&stored.cells) {
            let is_kept = |repeat: &usize| kept.repeats.iter().any(|one| one.repeat == *repeat);
            let count = repeats.of_cell(&cell.id).filter(is_kept).count();
            done += count;
            cost += cell.cost() * count as f64;
        }
        Self {
            repeats: [done, repeats.total(grid)],
            cost: [cost, repeats.cost(grid)],
        }
    }

    /// Whether nothing is left to measure.
    pub(crate) fn is_complete(&self) -> bool {
        let [done, all] = self.repeats;
        done >= all
    }
}

/// Shows how far a sweep is, on standard error if that is a terminal, and in
/// the status file of its store.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Expected cost of the whole sweep.
    cost: f64,
    /// Repeats of a cell.
    repeats: usize,
    file: Option<StatusWriter>,
}

/// The length of the bar: costs are real numbers, positions are integers.
const TICKS: f64 = 1e6;

impl Progress {
    /// A bar for a sweep with some repeats of every cell.
    pub(crate) fn new(repeats: usize, so_far: SoFar) -> Self {
        let [done, cost] = so_far.cost;
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
        Self {
            bar,
            cost,
            repeats,
            file: None,
        }
    }

    /// Keeps the status file of a store, too.
    pub(crate) fn with_status_file(
        mut self,
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
        self.file = Some(StatusWriter::begin(store, file));
        self
    }

    /// Takes the bar off the screen, and notes how the session has ended.
    pub(crate) fn finish(&self, state: State, error: Option<String>) {
        self.bar.finish_and_clear();
        if let Some(file) = &self.file {
            file.end(state, error);
        }
    }

    fn show(&self, hidden: &[usize], repeat: usize, what: &str) {
        let width = hidden.first().copied().unwrap_or(0);
        self.bar.set_message(format!(
            "depth {} width {width} repeat {}/{}: {what}",
            hidden.len(),
            repeat + 1,
            self.repeats,
        ));
    }

    fn advance(&self, cost: f64) {
        let share = cost / self.cost;
        self.bar.inc((share * TICKS) as u64);
        if let Some(file) = &self.file {
            file.repeat_finished(share);
        }
    }
}

impl Observer for Progress {
    fn trial_finished(&self, cell: &PlannedCell, repeat: usize, trial: &TrialRecord) {
        let (log2, outcome) = (trial.learning_rate.log2(), trial.outcome.as_str());
        self.show(&cell.cell.hidden, repeat, &format!("2^{log2:.2} {outcome}"));
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
        self.advance(cell.cost());
    }
}
