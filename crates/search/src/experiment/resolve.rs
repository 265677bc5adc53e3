//! From a pile of layers to an experiment in which nothing is open.

use std::collections::BTreeSet;

use etastar_data::DatasetConfig;

use super::layer::{GridLayer, Layer, NetworkLayer, ProtocolLayer, SharpnessLayer};
use super::{Experiment, ExperimentError, GridSettings, Measure, Network, SharpnessGrid, Variant};
use crate::{Checkpoint, Protocol};

/// Each has its own copy of every setting.
const MOST_VARIANTS: usize = 1000;

/// Piles up a base, a file and the profile of either, and settles everything.
pub(super) fn resolve(
    base: Option<Layer>,
    file: Layer,
    profile: Option<&str>,
) -> Result<Experiment, ExperimentError> {
    let base = base.unwrap_or_default();
    let mut chosen = Vec::new();
    if let Some(name) = profile {
        let known = base.profiles.keys().chain(file.profiles.keys());
        let known: BTreeSet<String> = known.cloned().collect();
        if !known.contains(name) {
            return Err(ExperimentError::NoSuchProfile {
                name: name.to_owned(),
                known: known.into_iter().collect(),
            });
        }
        let profiles = [&base.profiles, &file.profiles];
        chosen.extend(profiles.iter().filter_map(|all| all.get(name)).cloned());
    }
    for layer in &chosen {
        let name = layer.name.as_ref().map(|_| "name");
        if let Some(key) = layer.of_the_file().or(name) {
            return Err(ExperimentError::Misplaced {
                key,
                what: "profile",
            });
        }
    }
    let settled = chosen.into_iter().fold(base.under(file), Layer::under);
    experiment(settled)
}

fn experiment(mut settled: Layer) -> Result<Experiment, ExperimentError> {
    // No variant needs a copy of the others, nor of profiles.
    let changes = settled.variants.take();
    settled.profiles.clear();
    let variants = match changes {
        None => vec![variant(String::new(), &settled)?],
        Some(changes) if changes.is_empty() => return Err(ExperimentError::NoVariant),
        Some(changes) if changes.len() > MOST_VARIANTS => {
            return Err(ExperimentError::TooManyVariants(changes.len()));
        }
        Some(changes) => changes
            .into_iter()
            .map(|change| {
                let own = [
                    (change.repeats.is_some(), "repeats"),
                    (change.variants.is_some(), "variants"),
                ];
                let own = own.into_iter().find(|(says, _)| *says).map(|(_, key)| key);
                if let Some(key) = change.of_the_file().or(own) {
                    return Err(ExperimentError::Misplaced {
                        key,
                        what: "variant",
                    });
                }
                let name = required(change.name.clone(), "variants.name")?;
                variant(name, &settled.clone().under(change))
            })
            .collect::<Result<Vec<_>, _>>()?,
    };
    for (index, variant) in variants.iter().enumerate() {
        if variants[..index]
            .iter()
            .any(|other| other.name == variant.name)
        {
            return Err(ExperimentError::SameVariant(variant.name.clone()));
        }
    }
    Ok(Experiment {
        name: required(settled.name, "name")?,
        question: required(settled.question, "question")?,
        seed: required(settled.seed, "seed")?,
        repeats: required(settled.repeats, "repeats")?,
        variants,
        analysis: settled.analysis.unwrap_or_default(),
    })
}

fn variant(name: String, settled: &Layer) -> Result<Variant, ExperimentError> {
    let measures = |what| {
        let named = settled.measure.as_ref();
        named.is_none_or(|named| named.contains(&what))
    };
    let protocol = settled
        .protocol
        .as_ref()
        .filter(|_| measures(Measure::EtaStar));
    let sharpness = settled
        .sharpness
        .as_ref()
        .filter(|_| measures(Measure::Sharpness));
    if protocol.is_none() && sharpness.is_none() {
        return Err(ExperimentError::NothingToMeasure);
    }
    let protocol = protocol.map(self::protocol).transpose()?;
    Ok(Variant {
        name,
        datasets: datasets(settled)?,
        vary: settled.vary.unwrap_or_default(),
        checkpoint: checkpoint(settled)?,
        network: network(&settled.network)?,
        grid: grid(&settled.grid)?,
        sharpness: sharpness.map(self::sharpness).transpose()?,
        protocol,
    })
}

fn datasets(settled: &Layer) -> Result<Vec<DatasetConfig>, ExperimentError> {
    let mut datasets = required(settled.datasets.clone(), "datasets")?;
    if let Some(train) = settled.train {
        for dataset in &mut datasets {
            dataset.train = Some(train);
        }
    }
    Ok(datasets)
}

/// None where there are no steps. Batches are those of the protocol, whose
/// training goes on where the checkpoint's ended.
fn checkpoint(settled: &Layer) -> Result<Option<Checkpoint>, ExperimentError> {
    let Some(steps) = settled.checkpoint.steps.filter(|steps| *steps > 0) else {
        return Ok(None);
    };
    let batch_size = settled
        .protocol
        .as_ref()
        .and_then(|protocol| protocol.batch_size);
    Ok(Some(Checkpoint {
        steps,
        learning_rate: required(settled.checkpoint.learning_rate, "checkpoint.learning_rate")?,
        batch_size: required(batch_size, "protocol.batch_size")?,
    }))
}

fn network(layer: &NetworkLayer) -> Result<Network, ExperimentError> {
    Ok(Network {
        bias: required(layer.bias, "network.bias")?,
        output_gain: required(layer.output_gain, "network.output_gain")?,
    })
}

fn grid(layer: &GridLayer) -> Result<GridSettings, ExperimentError> {
    Ok(GridSettings {
        widths: required(layer.widths.clone(), "grid.widths")?,
        depths: required(layer.depths.clone(), "grid.depths")?,
        input_rates: required(layer.input_rates.clone(), "grid.input_rates")?,
    })
}

fn protocol(layer: &ProtocolLayer) -> Result<Protocol, ExperimentError> {
    Ok(Protocol {
        loss: required(layer.loss, "protocol.loss")?,
        batch_size: required(layer.batch_size, "protocol.batch_size")?,
        budget: required(layer.budget, "protocol.budget")?,
        evaluate_every: required(layer.evaluate_every, "protocol.evaluate_every")?,
        threshold: required(layer.threshold, "protocol.threshold")?,
        search: required(layer.search, "protocol.search")?,
        ladder: required(layer.ladder.clone(), "protocol.ladder")?,
        success: layer.success.unwrap_or_default(),
        accuracy_margin: layer.accuracy_margin.unwrap_or_default(),
    })
}

fn sharpness(layer: &SharpnessLayer) -> Result<SharpnessGrid, ExperimentError> {
    Ok(SharpnessGrid {
        losses: required(layer.losses.clone(), "sharpness.losses")?,
        samples: required(layer.samples, "sharpness.samples")?,
        bounds: required(layer.bounds, "sharpness.bounds")?,
        prediction: required(layer.prediction, "sharpness.prediction")?,
        cheap_rates: layer.cheap_rates,
    })
}

fn required<T>(value: Option<T>, key: &'static str) -> Result<T, ExperimentError> {
    value.ok_or(ExperimentError::Missing(key))
}
