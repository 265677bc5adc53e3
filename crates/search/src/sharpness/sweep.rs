use std::sync::Mutex;
use std::time::Instant;

use etastar_backend::check_device;

use super::{SharpnessCell, SharpnessMeter, SharpnessRecord};
use crate::pool::{self, lock};
use crate::store::Store;
use crate::sweep::{Observer, SweepEnd, SweepError};
use crate::{Interrupt, Provenance, Repeats, TrainerError};

/// A cell with what is known before it is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedSharpness {
    /// Content hash, see [`SharpnessCell::identity`].
    pub id: String,
    /// The cell.
    pub cell: SharpnessCell,
    /// Number of input features.
    pub inputs: usize,
    /// Number of classes.
    pub outputs: usize,
}

impl PlannedSharpness {
    /// Asks the meter for the shapes of the cells' data.
    ///
    /// # Errors
    /// If it does not have them.
    pub fn plan(
        cells: &[SharpnessCell],
        meter: &dyn SharpnessMeter,
        provenance: &Provenance,
    ) -> Result<Vec<Self>, TrainerError> {
        let plan = |cell: &SharpnessCell| {
            let (inputs, outputs) = meter.shape(cell)?;
            Ok(Self {
                id: cell.identity(provenance),
                cell: cell.clone(),
                inputs,
                outputs,
            })
        };
        cells.iter().map(plan).collect()
    }

    /// Expected cost of a repeat, in multiply-adds up to a constant.
    pub fn cost(&self) -> f64 {
        let architecture = self.cell.architecture(self.inputs, self.outputs);
        let products = 40.0 * architecture.parameters() as f64 * self.cell.samples as f64;
        if !self.cell.bounds {
            return products;
        }
        // Norms of the products of layers, see `PropagatorOptions`.
        let width = self.cell.hidden.iter().copied().max().unwrap_or(0) as f64;
        let depth = self.cell.depth() as f64;
        products + self.cell.samples as f64 * depth * depth * width.powi(3)
    }
}

/// One thing to do: a repeat, or the prediction of a cell.
enum Unit<'a> {
    Repeat(&'a PlannedSharpness, usize),
    Prediction(&'a PlannedSharpness),
}

/// Measures those repeats of `cells` that are not yet in the store, and predicts
/// the cells that ask for it.
///
/// # Errors
/// At the first cell that cannot be measured, or when the store cannot be
/// written.
pub fn run_sharpness_sweep(
    cells: &[PlannedSharpness],
    repeats: &Repeats,
    meter: &dyn SharpnessMeter,
    store: Store,
    jobs: usize,
    interrupt: &Interrupt,
    observer: &dyn Observer,
) -> Result<(SweepEnd, Store), SweepError> {
    let units = pending(cells, repeats, &store)?;
    let store = Mutex::new(store);
    pool::run(units, jobs, interrupt, |unit| {
        match unit {
            Unit::Prediction(planned) => {
                let prediction = meter.predict(&planned.cell)?;
                lock(&store).insert_prediction(&planned.id, &prediction)?;
            }
            Unit::Repeat(planned, repeat) => {
                let started = Instant::now();
                let (sharpness, cheap_rates) = meter.measure(&planned.cell, repeat)?;
                check_device().map_err(TrainerError::from)?;
                let record = SharpnessRecord {
                    repeat,
                    sharpness,
                    cheap_rates,
                    seconds: started.elapsed().as_secs_f64(),
                };
                lock(&store).insert_sharpness(&planned.id, &record)?;
                observer.sharpness_finished(planned, &record);
            }
        }
        Ok(())
    })?;
    let store = pool::unlock(store);
    let end = if pending(cells, repeats, &store)?.is_empty() {
        SweepEnd::Complete
    } else {
        SweepEnd::Interrupted
    };
    Ok((end, store))
}

/// What is left to do, the most expensive first.
fn pending<'a>(
    cells: &'a [PlannedSharpness],
    repeats: &Repeats,
    store: &Store,
) -> Result<Vec<Unit<'a>>, SweepError> {
    let records = store.sharpness()?;
    let mut measured = Vec::new();
    let mut units = Vec::new();
    for planned in cells {
        let record = records.iter().find(|record| record.id == planned.id);
        // The prediction is that of the cell: it goes with the first repeat.
        let predicts = planned.cell.prediction && repeats.has(&planned.id, 0);
        if predicts && record.is_none_or(|record| record.prediction.is_none()) {
            units.push(Unit::Prediction(planned));
        }
        let finished = |repeat: &usize| {
            record.is_some_and(|record| record.repeats.iter().any(|kept| kept.repeat == *repeat))
        };
        measured.extend(
            repeats
                .of_cell(&planned.id)
                .filter(|repeat| !finished(repeat))
                .map(|repeat| (planned, repeat)),
        );
    }
    measured.sort_by(|a, b| b.0.cost().total_cmp(&a.0.cost()));
    units.extend(
        measured
            .into_iter()
            .map(|(planned, repeat)| Unit::Repeat(planned, repeat)),
    );
    Ok(units)
}
