//! A sweep: every repeat of every cell of a grid, on several threads, into one
//! store.
//!
//! A finished trial is in the store before its thread begins the next one.
//! What is computed depends on the cell and the repeat alone, so neither the
//! number of threads nor their timing changes a row.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Instant;

use etastar_backend::check_device;
use thiserror::Error;

use crate::planned_cell::PlannedCell;
use crate::pool::{self, Panicked, lock};
use crate::repeat::{Event, search};
use crate::store::{Store, StoreError};
use crate::{
    Interrupt, Measured, Measurement, RepeatRecord, Repeats, Run, Search, Trainer, TrainerError,
    TrialRecord,
};

/// Hears of a sweep's progress, from any thread.
pub trait Observer: Sync {
    /// A trial is in the store.
    fn trial_finished(&self, _cell: &PlannedCell, _repeat: usize, _trial: &TrialRecord) {}

    /// A repeat is in the store; the trials of its search are not listed.
    fn repeat_finished(&self, _cell: &PlannedCell, _record: &RepeatRecord) {}
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

impl From<Panicked> for SweepError {
    fn from(Panicked(message): Panicked) -> Self {
        Self::Worker(message)
    }
}

/// Measures those repeats of `cells` that are not yet in the store: the searches
/// for eta\* first, then the sharpness, and the predictions of the cells that
/// ask for one.
///
/// # Errors
/// At the first cell that cannot be measured, or when the store cannot be
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
    let mut units = pending(cells, repeats, trainer, &store)?;
    let is_search = |unit: &Unit<'_>| matches!(unit, Unit::Searches(..));
    let networks = units.split_off(units.partition_point(is_search));
    let store = Mutex::new(store);
    let worker = Worker {
        store: &store,
        trainer,
        interrupt,
        observer,
    };
    for units in [units, networks] {
        pool::run(units, jobs, interrupt, |unit| worker.carry_out(unit))?;
    }
    let store = pool::unlock(store);
    let end = if pending(cells, repeats, trainer, &store)?.is_empty() {
        SweepEnd::Complete
    } else {
        SweepEnd::Interrupted
    };
    Ok((end, store))
}

/// One thing to do.
enum Unit<'a> {
    /// Repeats of cells of eta\* that are searched together, as many as there
    /// are networks trained at once.
    Searches(Vec<(&'a PlannedCell, usize)>),
    /// The prediction of a cell of sharpness.
    Prediction(&'a PlannedCell),
    /// A repeat of a cell of sharpness.
    Network(&'a PlannedCell, usize),
}

impl Unit<'_> {
    /// Searches come first, then predictions; of each kind the most expensive
    /// first, so that no long one is left for one thread at the end.
    fn order(&self) -> (u8, f64) {
        match self {
            Self::Searches(runs) => (0, -runs.iter().map(|(cell, _)| cell.cost()).sum::<f64>()),
            Self::Prediction(_) => (1, 0.0),
            Self::Network(cell, _) => (2, -cell.cost()),
        }
    }
}

/// What is left to do, in order.
fn pending<'a>(
    cells: &'a [PlannedCell],
    repeats: &Repeats,
    trainer: &dyn Trainer,
    store: &Store,
) -> Result<Vec<Unit<'a>>, SweepError> {
    let finished = store.finished_repeats()?;
    let predicted: HashSet<String> = store.predicted_cells()?;
    let mut units = Vec::new();
    // Runs of cells that train together, and how many networks that are trained at once.
    let mut groups: Vec<(Vec<(&PlannedCell, usize)>, usize)> = Vec::new();
    for cell in cells {
        let left = repeats
            .of_cell(&cell.id)
            .filter(|repeat| !finished.contains(&(cell.id.clone(), *repeat)));
        let left: Vec<usize> = left.collect();
        match &cell.cell.measurement {
            Measurement::EtaStar(_) if left.is_empty() => {}
            Measurement::EtaStar(_) => {
                let at_once = trainer.networks_at_once(&cell.cell)?.max(1);
                let runs = left.into_iter().map(|repeat| (cell, repeat));
                let group = groups.iter_mut().find(|(group, _)| {
                    let first = group.first().filter(|_| at_once > 1);
                    first.is_some_and(|(other, _)| other.cell.trains_with(&cell.cell))
                });
                match group {
                    Some((group, _)) => group.extend(runs),
                    None => groups.push((runs.collect(), at_once)),
                }
            }
            Measurement::Sharpness(settings) => {
                // The prediction is that of the cell: it goes with the first repeat.
                let predicts = settings.prediction && repeats.has(&cell.id, 0);
                if predicts && !predicted.contains(&cell.id) {
                    units.push(Unit::Prediction(cell));
                }
                units.extend(left.into_iter().map(|repeat| Unit::Network(cell, repeat)));
            }
        }
    }
    for (group, at_once) in groups {
        units.extend(
            group
                .chunks(at_once)
                .map(|runs| Unit::Searches(runs.to_vec())),
        );
    }
    units.sort_by(|a, b| {
        let ((kind, cost), (other_kind, other_cost)) = (a.order(), b.order());
        kind.cmp(&other_kind).then(cost.total_cmp(&other_cost))
    });
    Ok(units)
}

struct Worker<'a> {
    store: &'a Mutex<Store>,
    trainer: &'a dyn Trainer,
    interrupt: &'a Interrupt,
    observer: &'a dyn Observer,
}

impl Worker<'_> {
    fn carry_out(&self, unit: Unit<'_>) -> Result<(), SweepError> {
        match unit {
            Unit::Searches(runs) => self.search(&runs),
            Unit::Prediction(planned) => {
                let prediction = self.trainer.predict_sharpness(&planned.cell)?;
                lock(self.store).insert_prediction(&planned.id, &prediction)?;
                Ok(())
            }
            Unit::Network(planned, repeat) => {
                let started = Instant::now();
                let measured =
                    self.trainer
                        .measure_sharpness(&planned.cell, repeat, self.interrupt);
                if self.interrupt.is_requested() && measured.is_err() {
                    return Ok(());
                }
                let mut record = measured?;
                check_device().map_err(TrainerError::from)?;
                record.seconds = started.elapsed().as_secs_f64();
                self.keep(planned, repeat, Measured::Sharpness(Box::new(record)))
            }
        }
    }

    fn keep(
        &self,
        planned: &PlannedCell,
        repeat: usize,
        result: Measured,
    ) -> Result<(), SweepError> {
        let record = RepeatRecord { repeat, result };
        lock(self.store).insert_repeat(&planned.id, &record)?;
        self.observer.repeat_finished(planned, &record);
        Ok(())
    }

    fn search(&self, runs: &[(&PlannedCell, usize)]) -> Result<(), SweepError> {
        let known = runs
            .iter()
            .map(|&(planned, repeat)| {
                let cell = &planned.cell;
                let trials = lock(self.store).trials(&planned.id, repeat)?;
                Ok((Run { cell, repeat }, trials))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        search(
            self.trainer,
            &known,
            self.interrupt,
            |event| -> Result<(), SweepError> {
                match event {
                    Event::Trial(run, trial) => {
                        let (planned, repeat) = runs[run];
                        lock(self.store).insert_trial(&planned.id, repeat, trial)?;
                        self.observer.trial_finished(planned, repeat, trial);
                        Ok(())
                    }
                    Event::Done {
                        run,
                        eta_star,
                        monotone,
                    } => {
                        let (planned, repeat) = runs[run];
                        let search = Search {
                            eta_star,
                            monotone,
                            trials: Vec::new(),
                        };
                        self.keep(planned, repeat, Measured::EtaStar(search))
                    }
                }
            },
        )
    }
}
