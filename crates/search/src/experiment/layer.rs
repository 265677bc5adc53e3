//! What an experiment's file can say, every word of it optional.

use std::collections::BTreeMap;

use etastar_data::DatasetConfig;
use etastar_model::Loss;
use serde::Deserialize;

use super::Measure;
use crate::checks::read;
use crate::{CheapRateSettings, SearchMethod, SuccessRule, Vary};

/// A layer of settings. An experiment is a pile of them: its base, its own
/// file, the profile of either, and a variant; what a later one says stands.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Layer {
    /// File beside this one whose settings come first.
    pub(super) base: Option<String>,
    pub(super) name: Option<String>,
    pub(super) question: Option<String>,
    pub(super) seed: Option<u64>,
    #[serde(deserialize_with = "some::at_least_one")]
    pub(super) repeats: Option<usize>,
    pub(super) measure: Option<Vec<Measure>>,
    pub(super) datasets: Option<Vec<DatasetConfig>>,
    /// Training samples of every dataset.
    #[serde(deserialize_with = "some::at_least_one")]
    pub(super) train: Option<usize>,
    pub(super) vary: Option<Vary>,
    pub(super) checkpoint: CheckpointLayer,
    pub(super) network: NetworkLayer,
    pub(super) grid: GridLayer,
    pub(super) protocol: Option<ProtocolLayer>,
    pub(super) sharpness: Option<SharpnessLayer>,
    pub(super) variants: Option<Vec<Self>>,
    pub(super) profiles: BTreeMap<String, Self>,
    pub(super) analysis: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CheckpointLayer {
    pub(super) steps: Option<usize>,
    #[serde(deserialize_with = "some::positive")]
    pub(super) learning_rate: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NetworkLayer {
    pub(super) bias: Option<bool>,
    #[serde(deserialize_with = "some::positive")]
    pub(super) output_gain: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GridLayer {
    #[serde(deserialize_with = "some::counts")]
    pub(super) widths: Option<Vec<usize>>,
    #[serde(deserialize_with = "some::counts")]
    pub(super) depths: Option<Vec<usize>>,
    #[serde(deserialize_with = "some::rates")]
    pub(super) input_rates: Option<Vec<f64>>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ProtocolLayer {
    pub(super) loss: Option<Loss>,
    #[serde(deserialize_with = "some::at_least_one")]
    pub(super) batch_size: Option<usize>,
    #[serde(deserialize_with = "some::at_least_one")]
    pub(super) budget: Option<usize>,
    #[serde(deserialize_with = "some::at_least_one")]
    pub(super) evaluate_every: Option<usize>,
    #[serde(deserialize_with = "some::fraction")]
    pub(super) threshold: Option<f64>,
    pub(super) search: Option<SearchMethod>,
    #[serde(deserialize_with = "some::each_octaves")]
    pub(super) ladder: Option<Vec<f64>>,
    pub(super) success: Option<SuccessRule>,
    #[serde(deserialize_with = "some::not_negative")]
    pub(super) accuracy_margin: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SharpnessLayer {
    pub(super) losses: Option<Vec<Loss>>,
    #[serde(deserialize_with = "some::at_least_one")]
    pub(super) samples: Option<usize>,
    pub(super) bounds: Option<bool>,
    pub(super) prediction: Option<bool>,
    pub(super) cheap_rates: Option<CheapRateSettings>,
}

impl Layer {
    /// The first thing it says that only an experiment's own file may say.
    pub(super) fn of_the_file(&self) -> Option<&'static str> {
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

impl CheckpointLayer {
    fn under(self, over: Self) -> Self {
        Self {
            steps: over.steps.or(self.steps),
            learning_rate: over.learning_rate.or(self.learning_rate),
        }
    }
}

impl NetworkLayer {
    fn under(self, over: Self) -> Self {
        Self {
            bias: over.bias.or(self.bias),
            output_gain: over.output_gain.or(self.output_gain),
        }
    }
}

impl GridLayer {
    fn under(self, over: Self) -> Self {
        Self {
            widths: over.widths.or(self.widths),
            depths: over.depths.or(self.depths),
            input_rates: over.input_rates.or(self.input_rates),
        }
    }
}

impl ProtocolLayer {
    fn under(self, over: Self) -> Self {
        Self {
            loss: over.loss.or(self.loss),
            batch_size: over.batch_size.or(self.batch_size),
            budget: over.budget.or(self.budget),
            evaluate_every: over.evaluate_every.or(self.evaluate_every),
            threshold: over.threshold.or(self.threshold),
            search: over.search.or(self.search),
            ladder: over.ladder.or(self.ladder),
            success: over.success.or(self.success),
            accuracy_margin: over.accuracy_margin.or(self.accuracy_margin),
        }
    }
}

impl SharpnessLayer {
    fn under(self, over: Self) -> Self {
        Self {
            losses: over.losses.or(self.losses),
            samples: over.samples.or(self.samples),
            bounds: over.bounds.or(self.bounds),
            prediction: over.prediction.or(self.prediction),
            cheap_rates: over.cheap_rates.or(self.cheap_rates),
        }
    }
}

/// The checks of `checks::read`, for keys that may be absent.
mod some {
    use super::read;
    use serde::Deserializer;

    macro_rules! optional {
        ($($check:ident: $value:ty),*) => {$(
            pub(super) fn $check<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<Option<$value>, D::Error> {
                read::$check(from).map(Some)
            }
        )*};
    }

    optional!(
        at_least_one: usize,
        positive: f64,
        not_negative: f64,
        fraction: f64,
        counts: Vec<usize>,
        rates: Vec<f64>,
        each_octaves: Vec<f64>
    );
}
