//! A sweep: every repeat of every cell of a grid, on several threads, into one
//! store.
//!
//! A finished trial is in the store before its thread begins the next one.
//! What is computed depends on the cell and the repeat alone, so neither the
//! number of threads nor their timing changes a row.

use std::sync::{Mutex, PoisonError};
use std::thread;

use thiserror::Error;

use crate::repeat::{SearchEnd, search};
use crate::store::{Store, StoreError};
use crate::{Cell, Interrupt, Provenance, RepeatRecord, Trainer, TrainerError, TrialRecord};

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
}

/// An observer that does not listen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

/// How a sweep ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepEnd {
    /// Every repeat is in the store.
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

/// Measures every repeat of `cells` that is not yet in the store.
///
/// # Errors
/// At the first cell that cannot be trained, or when the store cannot be
/// written.
pub fn run_sweep(
    cells: &[PlannedCell],
    repeats: usize,
    trainer: &dyn Trainer,
    store: Store,
    jobs: usize,
    interrupt: &Interrupt,
    observer: &dyn Observer,
) -> Result<(SweepEnd, Store), SweepError> {
    let queue = Mutex::new(pending(cells, repeats, &store)?.into_iter());
    let store = Mutex::new(store);
    // A worker that fails stops the others through this, not through the
    // caller's interrupt, which means something else.
    let stop = Mutex::new(None::<SweepError>);
    let worker = Worker {
        queue: &queue,
        store: &store,
        trainer,
        interrupt,
        observer,
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.max(1))
            .map(|_| {
                scope.spawn(|| {
                    if let Err(error) = worker.work(&stop) {
                        lock(&stop).get_or_insert(error);
                    }
                })
            })
            .collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                lock(&stop).get_or_insert(SweepError::Worker(panic_message(panic.as_ref())));
            }
        }
    });
    if let Some(error) = stop.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let store = store.into_inner().unwrap_or_else(PoisonError::into_inner);
    let complete = store.finished_repeats()?.len() == cells.len() * repeats;
    let end = if complete {
        SweepEnd::Complete
    } else {
        SweepEnd::Interrupted
    };
    Ok((end, store))
}

/// What is left to do, the most expensive first, so that no long repeat is
/// left for one thread at the end.
fn pending<'a>(
    cells: &'a [PlannedCell],
    repeats: usize,
    store: &Store,
) -> Result<Vec<(&'a PlannedCell, usize)>, StoreError> {
    let finished = store.finished_repeats()?;
    let mut units: Vec<_> = cells
        .iter()
        .flat_map(|cell| (0..repeats).map(move |repeat| (cell, repeat)))
        .filter(|(cell, repeat)| !finished.contains(&(cell.id.clone(), *repeat)))
        .collect();
    units.sort_by(|a, b| b.0.cost().total_cmp(&a.0.cost()));
    Ok(units)
}

struct Worker<'a, I> {
    queue: &'a Mutex<I>,
    store: &'a Mutex<Store>,
    trainer: &'a dyn Trainer,
    interrupt: &'a Interrupt,
    observer: &'a dyn Observer,
}

impl<'a, I: Iterator<Item = (&'a PlannedCell, usize)>> Worker<'a, I> {
    fn work(&self, stop: &Mutex<Option<SweepError>>) -> Result<(), SweepError> {
        while !self.interrupt.is_requested() && lock(stop).is_none() {
            let Some((cell, repeat)) = lock(self.queue).next() else {
                break;
            };
            self.repeat(cell, repeat)?;
        }
        Ok(())
    }

    fn repeat(&self, planned: &PlannedCell, repeat: usize) -> Result<(), SweepError> {
        let known = lock(self.store).trials(&planned.id, repeat)?;
        let end = search(
            self.trainer,
            &planned.cell,
            repeat,
            &known,
            self.interrupt,
            |trial| -> Result<(), SweepError> {
                lock(self.store).insert_trial(&planned.id, repeat, trial)?;
                self.observer.trial_finished(planned, repeat, trial);
                Ok(())
            },
        )?;
        if let SearchEnd::Finished { eta_star, monotone } = end {
            let record = RepeatRecord {
                repeat,
                eta_star,
                monotone,
                trials: Vec::new(),
            };
            lock(self.store).insert_repeat(&planned.id, &record)?;
            self.observer.repeat_finished(planned, repeat);
        }
        Ok(())
    }
}

/// A poisoned lock means that a thread panicked between two transactions; what
/// it guards is whole, and the panic itself is reported by the thread's join.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked without a message")
        .to_owned()
}
