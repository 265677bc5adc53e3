//! From a pile of layers to an experiment in which nothing is open.

use std::collections::BTreeSet;

use etastar_data::DatasetConfig;

use super::layer::Layer;
use super::{Experiment, ExperimentError, Measure, Variant, is_plain};
use crate::Checkpoint;
use crate::setting::{Missing, settled as value};

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
    let names = base.profiles.keys().chain(file.profiles.keys());
    if let Some(name) = names.into_iter().find(|name| !is_plain(name)) {
        return Err(ExperimentError::ProfileName(name.clone()));
    }
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
        if let Some(key) = layer.only_in_a_file().or(name) {
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
                if let Some(key) = change.only_in_a_file().or(own) {
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
        seed: value(settled.seed)?,
        repeats: value(settled.repeats)?,
        variants,
        analysis: settled.analysis.unwrap_or_default(),
    })
}

fn variant(name: String, settled: &Layer) -> Result<Variant, ExperimentError> {
    let measures = |what| {
        let named = settled.measure.as_ref();
        named.is_none_or(|named| named.contains(&what))
    };
    let protocol = settled.protocol.clone();
    let protocol = protocol.filter(|_| measures(Measure::EtaStar));
    let sharpness = settled.sharpness.clone();
    let sharpness = sharpness.filter(|_| measures(Measure::Sharpness));
    if protocol.is_none() && sharpness.is_none() {
        return Err(ExperimentError::NothingToMeasure);
    }
    Ok(Variant {
        name,
        datasets: datasets(settled)?,
        vary: value(settled.vary.clone())?,
        checkpoint: checkpoint(settled)?,
        network: settled.network.clone().try_into()?,
        grid: settled.grid.clone().try_into()?,
        protocol: protocol.map(TryInto::try_into).transpose()?,
        sharpness: sharpness.map(TryInto::try_into).transpose()?,
    })
}

fn datasets(settled: &Layer) -> Result<Vec<DatasetConfig>, ExperimentError> {
    let mut datasets = required(settled.datasets.clone(), "datasets")?;
    if let Some(train) = settled.train.clone() {
        let train = value(Some(train))?;
        for dataset in &mut datasets {
            dataset.train = Some(train);
        }
    }
    Ok(datasets)
}

/// None where there are no steps. Batches are those of the protocol, whose
/// training goes on where the checkpoint's ended.
fn checkpoint(settled: &Layer) -> Result<Option<Checkpoint>, ExperimentError> {
    let layer = settled.checkpoint.clone();
    let steps = match layer.steps {
        None => 0,
        given => value(given)?,
    };
    if steps == 0 {
        return Ok(None);
    }
    let protocol = settled.protocol.clone().unwrap_or_default();
    Ok(Some(Checkpoint {
        steps,
        learning_rate: value(layer.learning_rate)?,
        batch_size: value(protocol.batch_size)?,
    }))
}

fn required<T>(value: Option<T>, key: &'static str) -> Result<T, Missing> {
    value.ok_or(Missing(key))
}
