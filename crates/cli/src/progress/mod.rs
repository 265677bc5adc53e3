//! How far a sweep is: a bar for who watches, a file for who asks.

mod bar;
mod file;

use etastar_search::{
    Grid, Observer, PlannedCell, PlannedSharpness, Repeats, SharpnessRecord, Snapshot, TrialRecord,
};

pub(crate) use bar::SweepBar;
pub(crate) use file::{State, StatusFile, StatusWriter};

/// What of a sweep is done already.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SoFar {
    /// Repeats, of how many.
    pub(crate) repeats: [usize; 2],
    /// Expected cost, of how much.
    pub(crate) cost: [f64; 2],
}

impl SoFar {
    /// Of the repeats of a grid, those that a store has.
    pub(crate) fn new(grid: Grid<'_>, repeats: &Repeats, stored: &Snapshot) -> Self {
        // The store has the grid's cells in the grid's order.
        let eta_star = grid.eta_star.iter().zip(&stored.cells).map(|(cell, kept)| {
            let kept = kept.repeats.iter().map(|one| one.repeat).collect();
            (cell.id.as_str(), cell.cost(), kept)
        });
        let sharpness = grid.sharpness.iter().zip(&stored.sharpness);
        let sharpness = sharpness.map(|(cell, kept)| {
            let kept = kept.repeats.iter().map(|one| one.repeat).collect();
            (cell.id.as_str(), cell.cost(), kept)
        });
        let cells = eta_star.chain(sharpness);
        let (mut done, mut cost) = (0, 0.0);
        for (id, of_repeat, kept) in cells {
            let kept: Vec<usize> = kept;
            let own = repeats.of_cell(id).filter(|repeat| kept.contains(repeat));
            let count = own.count();
            done += count;
            cost += of_repeat * count as f64;
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

/// Several observers of one sweep.
pub(crate) struct Both<'a>(pub(crate) &'a SweepBar, pub(crate) Option<&'a StatusWriter>);

impl Observer for Both<'_> {
    fn trial_finished(&self, cell: &PlannedCell, repeat: usize, trial: &TrialRecord) {
        self.0.trial_finished(cell, repeat, trial);
    }

    fn repeat_finished(&self, cell: &PlannedCell, repeat: usize) {
        self.0.repeat_finished(cell, repeat);
        if let Some(file) = self.1 {
            file.repeat_finished(cell, repeat);
        }
    }

    fn sharpness_finished(&self, cell: &PlannedSharpness, record: &SharpnessRecord) {
        self.0.sharpness_finished(cell, record);
        if let Some(file) = self.1 {
            file.sharpness_finished(cell, record);
        }
    }
}
