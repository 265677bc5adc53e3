//! A cell of a grid, before it is measured: its data's shape, and what it will cost.

use etastar_model::Loss;

use crate::{Cell, Measurement, Provenance, SuccessRule, Trainer, TrainerError};

/// A cell with what is known before it is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCell {
    /// Content hash, see [`Cell::identity`].
    pub id: String,
    /// The cell.
    pub cell: Cell,
    /// Number of input features.
    pub inputs: usize,
    /// Number of classes, or of real targets of a sample.
    pub outputs: usize,
}

impl PlannedCell {
    /// Asks the trainer for the shapes of the cells' data.
    ///
    /// # Errors
    /// If the trainer does not have them, guessing would reach a threshold or nothing would, or a
    /// loss of classes is asked for on real targets.
    pub fn plan(
        cells: &[Cell],
        trainer: &dyn Trainer,
        provenance: &Provenance,
    ) -> Result<Vec<Self>, TrainerError> {
        cells
            .iter()
            .map(|cell| {
                let (inputs, outputs) = trainer.shape(cell)?;
                check(cell, outputs)?;
                Ok(Self {
                    id: cell.identity(provenance),
                    cell: cell.clone(),
                    inputs,
                    outputs,
                })
            })
            .collect()
    }

    /// Expected cost of a repeat, in multiply-adds up to a constant.
    pub fn cost(&self) -> f64 {
        let architecture = self.cell.architecture(self.inputs, self.outputs);
        let parameters = architecture.parameters() as f64;
        match &self.cell.measurement {
            // The samples seen by a trial that uses its budget.
            Measurement::EtaStar(protocol) => {
                parameters * protocol.batch_size as f64 * protocol.budget as f64
            }
            Measurement::Sharpness(settings) => {
                let samples = settings.samples as f64;
                let products = 40.0 * parameters * samples;
                if !settings.bounds {
                    return products;
                }
                // Norms of the products of layers, see `PropagatorOptions`.
                let width = self.cell.hidden.iter().copied().max().unwrap_or(0) as f64;
                let depth = self.cell.depth() as f64;
                products + samples * depth * depth * width.powi(3)
            }
        }
    }
}

/// That rates and protocol make sense for the network, and for data with these outputs.
fn check(cell: &Cell, outputs: usize) -> Result<(), TrainerError> {
    let (rates, layers) = (&cell.layer_rates, cell.depth() + 1);
    let is_rate = |rate: &f64| rate.is_finite() && *rate >= 0.0;
    let are_rates = rates.iter().all(is_rate) && rates.iter().any(|rate| *rate > 0.0);
    if !rates.is_empty() && (rates.len() != layers || !are_rates) {
        let given = rates.len();
        return Err(TrainerError::LayerRates { given, layers });
    }
    let is_regression = cell.dataset.is_regression();
    if is_regression && cell.loss() == Loss::CrossEntropy {
        let title = cell.dataset.title().into_owned();
        return Err(TrainerError::CrossEntropyOfReals(title));
    }
    let Some(protocol) = cell.protocol() else {
        return Ok(());
    };
    let threshold = protocol.threshold;
    if is_regression && protocol.success == SuccessRule::ReachThreshold {
        let in_between = threshold > 0.0 && threshold < 1.0;
        return in_between
            .then_some(())
            .ok_or(TrainerError::RSquared { threshold });
    }
    if !is_regression && protocol.is_met_by_chance(outputs) {
        return Err(TrainerError::Chance {
            threshold,
            classes: outputs,
            chance: 1.0 / outputs as f64,
        });
    }
    Ok(())
}
