use etastar_data::DatasetConfig;
use serde::{Deserialize, Serialize};

use super::Experiment;
use crate::checks::read;

/// A change of an experiment's scale: what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Profile {
    #[serde(deserialize_with = "optional::at_least_one")]
    repeats: Option<usize>,
    datasets: Option<Vec<DatasetConfig>>,
    #[serde(deserialize_with = "optional::counts")]
    widths: Option<Vec<usize>>,
    #[serde(deserialize_with = "optional::counts")]
    depths: Option<Vec<usize>>,
    #[serde(deserialize_with = "optional::rates")]
    input_rates: Option<Vec<f64>>,
    ladder: Option<Vec<f64>>,
    #[serde(deserialize_with = "optional::at_least_one")]
    samples: Option<usize>,
}

impl Profile {
    pub(super) fn apply(self, experiment: &mut Experiment) {
        let Self {
            repeats,
            datasets,
            widths,
            depths,
            input_rates,
            ladder,
            samples,
        } = self;
        replace(&mut experiment.repeats, repeats);
        replace(&mut experiment.datasets, datasets);
        replace(&mut experiment.grid.widths, widths);
        replace(&mut experiment.grid.depths, depths);
        replace(&mut experiment.grid.input_rates, input_rates);
        if let Some(protocol) = &mut experiment.protocol {
            replace(&mut protocol.ladder, ladder);
        }
        if let Some(sharpness) = &mut experiment.sharpness {
            replace(&mut sharpness.samples, samples);
        }
    }
}

fn replace<T>(value: &mut T, other: Option<T>) {
    if let Some(other) = other {
        *value = other;
    }
}

/// The checks of `checks::read`, for keys that may be absent.
mod optional {
    use super::read;
    use serde::Deserializer;

    pub(super) fn at_least_one<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<usize>, D::Error> {
        read::at_least_one(from).map(Some)
    }

    pub(super) fn counts<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Vec<usize>>, D::Error> {
        read::counts(from).map(Some)
    }

    pub(super) fn rates<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<f64>>, D::Error> {
        read::rates(from).map(Some)
    }
}
