//! A variant of an experiment, and its cells.

use std::collections::HashSet;

use etastar_data::DatasetConfig;
use etastar_model::{
    Activation, Block, Form, Loss, Method, Norm, Parametrisation, Residual, StepScale,
};
use serde::{Deserialize, Serialize};

use super::ExperimentError;
use crate::cell::{
    ActivationFunction, Normalisation, ResidualBlock, ResidualScale, SharpnessBatch,
    SharpnessMomentum, SharpnessOptimiser, WidthRule,
};
use crate::random::content_hash;
use crate::setting::is_default;
use crate::{Cell, CheapRateSettings, Checkpoint, Measurement, Protocol, SharpnessSettings, Vary};

/// One variant of an experiment: a grid of networks on some datasets, and what
/// is measured of them. An experiment without variants has one, without a
/// name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variant {
    /// Its name, unique in the experiment.
    pub name: String,
    /// The data; the whole grid is measured on each.
    pub datasets: Vec<DatasetConfig>,
    /// What differs between repeats.
    pub vary: Vary,
    /// The training before the measurement, if any.
    pub checkpoint: Option<Checkpoint>,
    /// What all networks of the grid have in common.
    pub network: Network,
    /// The grid.
    pub grid: GridSettings,
    /// How eta\* is measured, if it is.
    pub protocol: Option<Protocol>,
    /// How sharpness is measured, if it is.
    pub sharpness: Option<SharpnessGrid>,
}

/// What can be measured of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Its maximal initial learning rate.
    EtaStar,
    /// Its sharpness.
    Sharpness,
}

/// What all networks of a grid have in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Network {
    /// Whether the layers have biases.
    pub bias: bool,
    /// Output-layer variance times fan-in: 2 (He) or 1 (LeCun).
    pub output_gain: f64,
    /// The rates of all layers relative to the learning rate, from the input side; empty where the
    /// grid's input rates say it all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layer_rates: Vec<f64>,
    /// Activation of the hidden layers.
    #[serde(skip_serializing_if = "is_default::<ActivationFunction>")]
    pub activation: Activation,
    /// Scale of residual blocks, if there are any.
    #[serde(skip_serializing_if = "is_default::<ResidualScale>")]
    pub residual: Residual,
    /// Their layers.
    #[serde(skip_serializing_if = "is_default::<ResidualBlock>")]
    pub residual_block: Block,
    /// What normalises the inputs of layers.
    #[serde(skip_serializing_if = "is_default::<Normalisation>")]
    pub norm: Norm,
    /// How initial variances and layer rates depend on the widths.
    #[serde(skip_serializing_if = "is_default::<WidthRule>")]
    pub parametrisation: Parametrisation,
}

impl Network {
    /// The form of its networks.
    pub fn form(&self) -> Form {
        Form {
            activation: self.activation,
            residual: self.residual,
            block: self.residual_block,
            norm: self.norm,
            parametrisation: self.parametrisation,
        }
    }
}

/// A full grid of constant-width networks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GridSettings {
    /// Widths of the hidden layers.
    pub widths: Vec<usize>,
    /// Numbers of hidden layers.
    pub depths: Vec<usize>,
    /// Learning rates of the input layer relative to the other layers.
    pub input_rates: Vec<f64>,
}

/// How sharpness is measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharpnessGrid {
    /// The losses; the whole grid is measured with each.
    pub losses: Vec<Loss>,
    /// Training samples over which the loss is averaged.
    pub samples: usize,
    /// Whether certified bounds are computed.
    pub bounds: bool,
    /// Whether the kernel's prediction is computed.
    pub prediction: bool,
    /// The optimiser whose stability it governs.
    #[serde(skip_serializing_if = "is_default::<SharpnessOptimiser>")]
    pub optimiser: Method,
    /// Its momentum.
    #[serde(skip_serializing_if = "is_default::<SharpnessMomentum>")]
    pub momentum: f64,
    /// Samples per mini-batch of Adam's second moment.
    #[serde(skip_serializing_if = "is_default::<SharpnessBatch>")]
    pub batch_size: usize,
    /// Which cheap rates are measured beside it, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cheap_rates: Option<CheapRateSettings>,
}

impl Variant {
    /// Every cell: those of eta\* by dataset, input rate, depth, then width;
    /// then those of sharpness by loss, and then likewise. Values given twice
    /// count once.
    pub fn cells(&self) -> Vec<Cell> {
        let protocol = self.protocol.iter().cloned().map(Measurement::EtaStar);
        let sharpness = self.sharpness.iter().flat_map(|settings| {
            settings.losses.iter().map(|&loss| {
                Measurement::Sharpness(SharpnessSettings {
                    loss,
                    samples: settings.samples,
                    bounds: settings.bounds,
                    prediction: settings.prediction,
                    optimiser: settings.optimiser,
                    momentum: settings.momentum,
                    batch_size: settings.batch_size,
                    cheap_rates: settings.cheap_rates,
                })
            })
        });
        distinct(protocol.chain(sharpness).flat_map(|measurement| {
            // Whose noise it is, only a search asks.
            let vary = match measurement {
                Measurement::EtaStar(_) => self.vary,
                Measurement::Sharpness(_) => Vary::default(),
            };
            self.points().map(move |point| {
                let mut cell = Cell {
                    dataset: point.dataset.clone(),
                    hidden: vec![point.width; point.depth],
                    bias: self.network.bias,
                    output_gain: self.network.output_gain,
                    input_rate: point.input_rate,
                    layer_rates: Vec::new(),
                    form: self.network.form(),
                    checkpoint: self.checkpoint,
                    vary,
                    measurement: measurement.clone(),
                };
                cell.set_layer_rates(&self.network.layer_rates);
                cell
            })
        }))
    }

    /// Number of cells, those given twice counted twice.
    pub(super) fn listed(&self) -> usize {
        let GridSettings {
            widths,
            depths,
            input_rates,
        } = &self.grid;
        let losses = self.sharpness.as_ref().map_or(0, |it| it.losses.len());
        let measured = usize::from(self.protocol.is_some()) + losses;
        [
            widths.len(),
            depths.len(),
            input_rates.len(),
            self.datasets.len(),
        ]
        .into_iter()
        .fold(measured, usize::saturating_mul)
    }

    fn points(&self) -> impl Iterator<Item = Point<'_>> {
        let grid = &self.grid;
        self.datasets.iter().flat_map(move |dataset| {
            grid.input_rates.iter().flat_map(move |&input_rate| {
                // Minus zero is zero, and no cell of its own.
                let input_rate = input_rate + 0.0;
                grid.depths.iter().flat_map(move |&depth| {
                    grid.widths.iter().map(move |&width| Point {
                        dataset,
                        input_rate,
                        depth,
                        width,
                    })
                })
            })
        })
    }

    pub(super) fn validate(&self) -> Result<(), ExperimentError> {
        if self.datasets.is_empty() {
            return Err(ExperimentError::NoDataset);
        }
        for dataset in &self.datasets {
            dataset.validate()?;
        }
        if let Some(protocol) = &self.protocol {
            protocol.validate()?;
            let trains = self.datasets.iter().filter_map(|dataset| dataset.train);
            if let Some(train) = trains.min()
                && train < protocol.batch_size
            {
                return Err(ExperimentError::BatchLargerThanData {
                    batch_size: protocol.batch_size,
                    train,
                });
            }
        }
        let rates = &self.network.layer_rates;
        if !rates.is_empty() {
            let depths = &self.grid.depths;
            if let Some(&depth) = depths.iter().find(|&&depth| depth + 1 != rates.len()) {
                let rates = rates.len();
                return Err(ExperimentError::LayerRates { rates, depth });
            }
            if self.grid.input_rates != [1.0] {
                return Err(ExperimentError::LayerAndInputRates);
            }
        }
        let form = self.network.form();
        for &depth in &self.grid.depths {
            form.check_depth(depth)?;
        }
        match &self.sharpness {
            Some(sharpness) if sharpness.prediction && !form.is_default() => Err(
                ExperimentError::FormulasOfForm("predictions of the kernel", "prediction"),
            ),
            Some(sharpness) if sharpness.bounds && !form.is_plain() => Err(
                ExperimentError::FormulasOfForm("certified bounds", "bounds"),
            ),
            Some(sharpness)
                if sharpness.optimiser.step_scale() == StepScale::Unit
                    && (sharpness.prediction || sharpness.bounds) =>
            {
                Err(ExperimentError::FormulasUnderAdam)
            }
            Some(sharpness) if sharpness.prediction && !rates.is_empty() => {
                Err(ExperimentError::PredictionWithLayerRates)
            }
            Some(sharpness) if sharpness.prediction && self.network.bias => {
                Err(ExperimentError::PredictionWithBias)
            }
            Some(sharpness) if sharpness.prediction && self.checkpoint.is_some() => {
                Err(ExperimentError::PredictionAfterTraining)
            }
            _ => Ok(()),
        }
    }
}

/// One point of a grid.
struct Point<'a> {
    dataset: &'a DatasetConfig,
    input_rate: f64,
    depth: usize,
    width: usize,
}

/// Each value once, at its first place.
pub(super) fn distinct<T: Serialize>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut known = HashSet::new();
    values
        .filter(|value| known.insert(content_hash(value)))
        .collect()
}
