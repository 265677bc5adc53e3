//! A bar on standard error; silent where that is not a terminal.

use std::time::Duration;

use etastar_search::{Observer, PlannedCell, PlannedSharpness, SharpnessRecord, TrialRecord};
use indicatif::{ProgressBar, ProgressStyle};

use super::SoFar;

/// A bar over the repeats of a sweep, each as long as its expected cost.
pub(crate) struct SweepBar {
    bar: ProgressBar,
    scale: f64,
    repeats: usize,
}

/// Ticks of a full bar: costs are reals, ticks are integers.
const TICKS: f64 = 1e6;

impl SweepBar {
    /// A bar for a sweep of so many repeats a cell, of which some is done.
    pub(crate) fn new(repeats: usize, so_far: SoFar) -> Self {
        let [done, total] = so_far.cost;
        let scale = TICKS / total.max(f64::MIN_POSITIVE);
        let bar = ProgressBar::new(TICKS as u64);
        if let Ok(style) = ProgressStyle::with_template(
            "{elapsed_precise} [{wide_bar}] {percent}%  {msg}  {eta} left",
        ) {
            bar.set_style(style.progress_chars("=> "));
        }
        // What an earlier run finished says nothing of this one's pace.
        bar.set_position((done * scale) as u64);
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(500));
        Self {
            bar,
            scale,
            repeats,
        }
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for SweepBar {
    fn trial_finished(&self, cell: &PlannedCell, repeat: usize, trial: &TrialRecord) {
        self.bar.set_message(format!(
            "depth {} width {} repeat {}/{}: 2^{:.2} {}",
            cell.cell.depth(),
            cell.cell.hidden.first().copied().unwrap_or(0),
            repeat + 1,
            self.repeats,
            trial.learning_rate.log2(),
            trial.outcome.as_str(),
        ));
    }

    fn repeat_finished(&self, cell: &PlannedCell, _repeat: usize) {
        self.bar.inc((cell.cost() * self.scale) as u64);
    }

    fn sharpness_finished(&self, cell: &PlannedSharpness, record: &SharpnessRecord) {
        self.bar.set_message(format!(
            "depth {} width {} repeat {}/{}: lambda_1 {:.4}",
            cell.cell.depth(),
            cell.cell.hidden.first().copied().unwrap_or(0),
            record.repeat + 1,
            self.repeats,
            record.sharpness.hessian.largest,
        ));
        self.bar.inc((cell.cost() * self.scale) as u64);
    }
}
