//! What an experiment's file can say, every word of it optional.

use std::collections::BTreeMap;

use etastar_data::DatasetConfig;
use etastar_model::Loss;
use serde::Deserialize;

use super::{GridSettings, Measure, Network, SharpnessGrid};
use crate::cell::{
    ActivationFunction, Bias, Bounds, Cheap, CheckpointRate, CheckpointSteps, Normalisation,
    OutputGain, Prediction, RelativeRates, ResidualBlock, ResidualScale, SharpnessBatch,
    SharpnessMomentum, SharpnessOptimiser, SharpnessSamples, Varies, WidthRule,
};
use crate::protocol::ProtocolLayer;
use crate::setting::{Checked, Limits, layer, settings};

settings! {
    /// The settings of an experiment and of its grid.
    experiment_settings:
    /// Master seed of all random numbers
    Seed: u64, "seed", "seed S", "", Limits::NONE, default 1;
    /// Number of repeats, each with its own initialisation and batch order
    RepeatCount: usize, "repeats", "repeats R", "", Limits::AT_LEAST_ONE, default 5;
    /// Training samples of every dataset
    Train: usize, "train", "train N", "samples", Limits::AT_LEAST_ONE;
    /// Widths of the hidden layers
    Widths: Vec<usize>, "grid.widths", "width", "units", Limits::AT_LEAST_ONE.filled();
    /// Numbers of hidden layers
    Depths: Vec<usize>, "grid.depths", "depth", "hidden layers", Limits::AT_LEAST_ONE.filled();
    /// Learning rates of the input layer relative to the others; 0 freezes it
    InputRates: Vec<f64>, "grid.input_rates", "input-rate M", "", Limits::NOT_NEGATIVE.filled();
    /// Losses whose sharpness is measured
    Losses: Vec<Loss>, "sharpness.losses", "loss", "", Limits::NONE.filled();
}

layer! {
    /// The training before the measurement.
    CheckpointLayer { steps: CheckpointSteps, learning_rate: CheckpointRate, }
}

layer! {
    /// What all networks of a grid have in common.
    NetworkLayer => Network {
        bias: Bias,
        output_gain: OutputGain,
        layer_rates: RelativeRates,
        activation: ActivationFunction,
        residual: ResidualScale,
        residual_block: ResidualBlock,
        norm: Normalisation,
        parametrisation: WidthRule,
    }
}

layer! {
    /// The grid.
    GridLayer => GridSettings { widths: Widths, depths: Depths, input_rates: InputRates, }
}

layer! {
    /// How sharpness is measured.
    SharpnessLayer => SharpnessGrid {
        losses: Losses,
        samples: SharpnessSamples,
        bounds: Bounds,
        prediction: Prediction,
        optimiser: SharpnessOptimiser,
        momentum: SharpnessMomentum,
        batch_size: SharpnessBatch,
        cheap_rates: Cheap,
    }
}

/// A layer of settings. An experiment is a pile of them: its base, its own
/// file, the profile of either, and a variant; what a later one says stands.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Layer {
    /// File beside this one whose settings come first.
    pub(super) base: Option<String>,
    pub(super) name: Option<String>,
    pub(super) question: Option<String>,
    pub(super) seed: Option<Checked<Seed>>,
    pub(super) repeats: Option<Checked<RepeatCount>>,
    pub(super) measure: Option<Vec<Measure>>,
    pub(super) datasets: Option<Vec<DatasetConfig>>,
    /// Training samples of every dataset.
    pub(super) train: Option<Checked<Train>>,
    pub(super) vary: Option<Checked<Varies>>,
    pub(super) checkpoint: CheckpointLayer,
    pub(super) network: NetworkLayer,
    pub(super) grid: GridLayer,
    pub(super) protocol: Option<ProtocolLayer>,
    pub(super) sharpness: Option<SharpnessLayer>,
    pub(super) variants: Option<Vec<Self>>,
    pub(super) profiles: BTreeMap<String, Self>,
    pub(super) analysis: Option<serde_json::Value>,
}

impl Layer {
    /// The first thing it says that only an experiment's own file may say.
    pub(super) fn only_in_a_file(&self) -> Option<&'static str> {
        let says = [
            ("base", self.base.is_some()),
            ("question", self.question.is_some()),
            ("seed", self.seed.is_some()),
            ("profiles", !self.profiles.is_empty()),
            ("analysis", self.analysis.is_some()),
        ];
        says.into_iter()
            .find(|(_, says)| *says)
            .map(|(name, _)| name)
    }

    /// These settings, and over them those of another layer.
    pub(super) fn under(self, over: Self) -> Self {
        let mut profiles = self.profiles;
        profiles.extend(over.profiles);
        Self {
            base: over.base.or(self.base),
            name: over.name.or(self.name),
            question: over.question.or(self.question),
            seed: over.seed.or(self.seed),
            repeats: over.repeats.or(self.repeats),
            measure: over.measure.or(self.measure),
            datasets: over.datasets.or(self.datasets),
            train: over.train.or(self.train),
            vary: over.vary.or(self.vary),
            checkpoint: self.checkpoint.under(over.checkpoint),
            network: self.network.under(over.network),
            grid: self.grid.under(over.grid),
            protocol: both(self.protocol, over.protocol, ProtocolLayer::under),
            sharpness: both(self.sharpness, over.sharpness, SharpnessLayer::under),
            variants: over.variants.or(self.variants),
            profiles,
            analysis: over.analysis.or(self.analysis),
        }
    }
}

fn both<T>(under: Option<T>, over: Option<T>, join: impl Fn(T, T) -> T) -> Option<T> {
    match (under, over) {
        (Some(under), Some(over)) => Some(join(under, over)),
        (under, over) => over.or(under),
    }
}
