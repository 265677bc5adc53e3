//! A sweep: every repeat of every cell of a grid, on several threads, into one
//! store.
//!
//! A finished trial is in the store before its thread begins the next one.
//! What is computed depends on the cell and the repeat alone, so neither the
//! number of threads nor their timing changes a row.

use std::sync::Mutex;

use thiserror::Error;

use crate::pool::{self, lock};
use crate::repeat::{Event, search};
use crate::sharpness::{PlannedSharpness, SharpnessRecord};
use crate::store::{Store, StoreError};
use crate::{
    Cell, Interrupt, Provenance, RepeatRecord, Repeats, Trainer, TrainerError, TrialRecord,
};

/// A cell with what is known before it is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCell {
    /// Content hash, see [`Cell::identity`].
    pub id: String,
    /// The cell.
    pub cell: Cell,
    /// Number of input features.
    pub inputs: usize,
    /// Number of classes.
    pub outputs: usize,
}

impl PlannedCell {
    /// Asks the trainer for the shapes of the cells' data.
    ///
    /// # Errors
    /// If the trainer does not have them.
    pub fn plan(
        cells: &[Cell],
        trainer: &dyn Trainer,
        provenance: &Provenance,
    ) -> Result<Vec<Self>, TrainerError> {
        cells
            .iter()
            .map(|cell| {
                let (inputs, outputs) = trainer.shape(cell)?;
                Ok(Self {
                    id: cell.identity(provenance),
                    cell: cell.clone(),
                    inputs,
                    outputs,
                })
            })
            .collect()
    }

    /// Expected cost of a repeat, in multiply-adds up to a constant: the
    /// parameters times the samples seen by a trial that uses its budget.
    pub fn cost(&self) -> f64 {
        let architecture = self.cell.architecture(self.inputs, self.outputs);
        let protocol = &self.cell.protocol;
        architecture.parameters() as f64 * protocol.batch_size as f64 * protocol.budget as f64
    }
}

/// Hears of a sweep's progress, from any thread.
pub trait Observer: Sync {
    /// A trial is in the store.
    fn trial_finished(&self, _cell: &PlannedCell, _repeat: usize, _trial: &TrialRecord) {}

    /// A repeat is in the store.
    fn repeat_finished(&self, _cell: &PlannedCell, _repeat: usize) {}

    /// A network's sharpness is in the store.
    fn sharpness_finished(&self, _cell: &PlannedSharpness, _record: &SharpnessRecord) {}
}

/// An observer that does not listen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

/// How a sweep ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepEnd {
    /// Every repeat asked for is in the store.
    Complete,
    /// It was interrupted; the same call continues it.
    Interrupted,
}

/// A sweep that could not go on. Everything finished before is in the store.
#[derive(Debug, Error)]
pub enum SweepError {
    /// A cell cannot be trained.
    #[error(transparent)]
    Trainer(#[from] TrainerError),
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A worker thread panicked.
    #[error("a training thread failed: {0}")]
    Worker(String),
}

/// Measures those repeats of `cells` that are not yet in the store.
///
/// # Errors
/// At the first cell that cannot be trained, or when the store cannot be
/// written.
pub fn run_sweep(
    cells: &[PlannedCell],
    repeats: &Repeats,
    trainer: &dyn Trainer,
    store: Store,
    jobs: usize,
    interrupt: &Interrupt,
    observer: &dyn Observer,
) -> Result<(SweepEnd, Store), SweepError> {
    let units = pending(cells, repeats, trainer, &store)?;
    let store = Mutex::new(store);
    let worker = Worker {
        store: &store,
        trainer,
        interrupt,
        observer,
    };
    pool::run(units, jobs, interrupt, |(cell, repeats)| {
        worker.search(cell, &repeats)
    })?;
    let store = pool::unlock(store);
    let end = if pending(cells, repeats, trainer, &store)?.is_empty() {
        SweepEnd::Complete
    } else {
        SweepEnd::Interrupted
    };
    Ok((end, store))
}

/// What is left to do, the most expensive first, so that no long search is
/// left for one thread at the end: the repeats of a cell that are searched
/// together, as many as there are networks trained at once.
fn pending<'a>(
    cells: &'a [PlannedCell],
    repeats: &Repeats,
    trainer: &dyn Trainer,
    store: &Store,
) -> Result<Vec<(&'a PlannedCell, Vec<usize>)>, SweepError> {
    let finished = store.finished_repeats()?;
    let mut units = Vec::new();
    for cell in cells {
        let left: Vec<usize> = repeats
            .of_cell(&cell.id)
            .filter(|repeat| !finished.contains(&(cell.id.clone(), *repeat)))
            .collect();
        if !left.is_empty() {
            let together = trainer.networks_at_once(&cell.cell)?.max(1);
            units.extend(left.chunks(together).map(|chunk| (cell, chunk.to_vec())));
        }
    }
    let cost = |(cell, repeats): &(&PlannedCell, Vec<usize>)| cell.cost() * repeats.len() as f64;
    units.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    Ok(units)
}

struct Worker<'a> {
    store: &'a Mutex<Store>,
    trainer: &'a dyn Trainer,
    interrupt: &'a Interrupt,
    observer: &'a dyn Observer,
}

impl Worker<'_> {
    fn search(&self, planned: &PlannedCell, repeats: &[usize]) -> Result<(), SweepError> {
        let known = repeats
            .iter()
            .map(|&repeat| Ok((repeat, lock(self.store).trials(&planned.id, repeat)?)))
            .collect::<Result<_, StoreError>>()?;
        search(
            self.trainer,
            &planned.cell,
            known,
            self.interrupt,
            |event| -> Result<(), SweepError> {
                match event {
                    Event::Trial(repeat, trial) => {
                        lock(self.store).insert_trial(&planned.id, repeat, trial)?;
                        self.observer.trial_finished(planned, repeat, trial);
                    }
                    Event::Repeat {
                        repeat,
                        eta_star,
                        monotone,
                    } => {
                        let record = RepeatRecord {
                            repeat,
                            eta_star,
                            monotone,
                            trials: Vec::new(),
                        };
                        lock(self.store).insert_repeat(&planned.id, &record)?;
                        self.observer.repeat_finished(planned, repeat);
                    }
                }
                Ok(())
            },
        )
    }
}
