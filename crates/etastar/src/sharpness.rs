//! The sharpness of networks: the top eigenvalue `lambda_1` of the Hessian of the mean training loss.

use std::path::Path;
use std::time::Instant;

use etastar_analysis::theory;
use etastar_analysis::{Estimate, Variance};
use etastar_backend::{Backend, Selection, Task, check_device};
use etastar_data::OwnSamples;
use etastar_model::{Batch, LayerRates, Mlp, ReadWeights, WeightsOptions};
use etastar_search::settings::InputRate;
use etastar_search::{
    Cell, Manifest, Measurement as What, SharpnessSettings, Silent, TrainerError,
};
use etastar_sharpness::bounds::TheoryBounds;
use etastar_sharpness::certificate::PropagatorOptions;
use etastar_sharpness::prediction::KernelPrediction;
use etastar_sharpness::{MeasureOptions, NetworkSharpness, measure};
use serde::Serialize;

use crate::error::Error;
use crate::execution::Execution;
use crate::find::CONFIDENCE;
use crate::measurement::{Listener, measure_one};
use crate::network::Network;
use crate::options::Options;
use crate::provenance::Title;
use crate::samples::Samples;

/// The sharpness of networks at initialisation. As JSON it is what `etastar sharpness --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sharpness {
    /// `lambda_1` over repeats.
    pub lambda_1: Lambda,
    /// The learning rate above which the optimiser diverges on the quadratic approximation: `2 /
    /// lambda_1` for SGD (see [`Method::stability_bound`](crate::Method::stability_bound)).
    pub stability_limit: f64,
    /// What was measured of every network.
    pub repeats: Vec<NetworkSharpness>,
    /// Prediction of `lambda_1` of the Gauss-Newton matrix from the data's infinite-width kernel.
    pub prediction: Option<KernelPrediction>,
    /// Bounds over the draw of the weights, where they exist.
    pub theory: Option<TheoryBounds>,
    /// The network, the data and the settings.
    pub cell: Cell,
    /// Where the numbers are from.
    pub manifest: Manifest,
}

/// `lambda_1` over repeats.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lambda {
    /// Mean.
    pub mean: f64,
    /// Geometric mean.
    pub geometric_mean: Option<f64>,
    /// Its interval.
    pub interval: Option<[Option<f64>; 2]>,
    /// Confidence of the interval.
    pub confidence: f64,
}

impl Lambda {
    /// Of networks that were measured.
    pub fn over(networks: &[NetworkSharpness]) -> Self {
        let lambdas: Vec<f64> = networks.iter().map(|one| one.hessian.largest).collect();
        let logarithms: Vec<f64> = lambdas.iter().map(|lambda| lambda.log2()).collect();
        let variance = Variance::pooled([logarithms.as_slice()]);
        let estimate = Estimate::from_values(&logarithms, &variance, CONFIDENCE);
        Self {
            mean: lambdas.iter().sum::<f64>() / lambdas.len() as f64,
            geometric_mean: estimate.value,
            interval: estimate.interval,
            confidence: CONFIDENCE,
        }
    }
}

/// Measures `lambda_1` of a network at initialisation, on the first training samples, with the usual
/// settings.
///
/// # Errors
/// If the network cannot be measured on these samples.
///
/// ```
/// use etastar::{DatasetName, Network, Samples, sharpness};
///
/// # fn main() -> Result<(), etastar::Error> {
/// let digits = Samples::named(DatasetName::Digits)?;
/// let sharp = sharpness(&digits, &Network::constant_width(32, 2))?;
/// println!("lambda_1 = {}", sharp.lambda_1.mean);
/// # assert!(sharp.lambda_1.mean > 0.0);
/// # Ok(())
/// # }
/// ```
pub fn sharpness(samples: &Samples, network: &Network) -> Result<Sharpness, Error> {
    let settings = network.defined(SharpnessSettings::default());
    let one = Options {
        repeats: 1,
        ..Options::default()
    };
    sharpness_with(samples, network, &settings, &one, &Silent)
}

/// As [`sharpness`], with settings, repeats, a seed and a device of one's own.
///
/// # Errors
/// As [`sharpness`], and if it is interrupted.
pub fn sharpness_with(
    samples: &Samples,
    network: &Network,
    settings: &SharpnessSettings,
    options: &Options,
    listener: &dyn Listener,
) -> Result<Sharpness, Error> {
    let title = Title {
        experiment: "sharpness",
        question: "How sharp is this network at initialisation?",
        ..Title::default()
    };
    // Ensembles are of searches.
    let execution = Execution {
        ensembles: None,
        ..options.execution
    };
    let options = Options {
        execution,
        ..options.clone()
    };
    let cell = network.cell(samples.config(), What::Sharpness(settings.clone()));
    let snapshot = measure_one(title, cell, samples, &options, listener)?;
    let record = snapshot.cells.into_iter().next().ok_or(Error::Nothing)?;
    let repeats = record.repeats.iter();
    let repeats: Vec<NetworkSharpness> = repeats
        .filter_map(|repeat| Some(repeat.sharpness()?.sharpness.clone()))
        .collect();
    let lambda_1 = Lambda::over(&repeats);
    Ok(Sharpness {
        lambda_1,
        stability_limit: settings.stability_bound() / lambda_1.mean,
        repeats,
        theory: theory(&record),
        prediction: record.prediction,
        cell: record.cell,
        manifest: snapshot.manifest,
    })
}

/// Weights of one's own: a PyTorch `state_dict`, or matrices `[in, out]`.
#[derive(Debug, Clone, Copy)]
pub enum Weights<'a> {
    /// A safetensors file.
    File(&'a Path),
    /// The content of one, and what it is called in messages.
    Bytes(&'a str, &'a [u8]),
}

/// How a network with given weights is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenOptions {
    /// Loss, bounds and optimiser; the samples are those given, and there is no prediction.
    pub settings: SharpnessSettings,
    /// Learning rate of the input layer relative to the others; 0 leaves its parameters out.
    pub input_rate: f64,
    /// The rates of all layers instead; empty where only the input layer has its own.
    pub layer_rates: Vec<f64>,
    /// How the weights are read.
    pub weights: WeightsOptions,
    /// Backend and device.
    pub execution: Execution,
}

impl Default for GivenOptions {
    fn default() -> Self {
        Self {
            settings: SharpnessSettings::default(),
            input_rate: InputRate::DEFAULT,
            layer_rates: Vec::new(),
            weights: WeightsOptions::default(),
            execution: Execution::default(),
        }
    }
}

/// The sharpness of a network with given weights.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenSharpness {
    /// What was measured.
    pub sharpness: NetworkSharpness,
    /// What was understood of the weights.
    pub read: ReadWeights,
    /// How long it took, without reading.
    pub seconds: f64,
}

/// Measures `lambda_1` of a network with given weights on given samples, which are taken as they
/// stand; labels are the numbers of the network's outputs.
///
/// # Errors
/// If the weights are no fully connected network, the samples do not fit it, or derivatives are not
/// finite.
pub fn sharpness_of_weights(
    weights: Weights<'_>,
    samples: OwnSamples,
    options: &GivenOptions,
) -> Result<GivenSharpness, Error> {
    let backend = Selection::new(options.execution.backend)?;
    backend.run(Given {
        weights,
        samples,
        options,
    })
}

struct Given<'a> {
    weights: Weights<'a>,
    samples: OwnSamples,
    options: &'a GivenOptions,
}

impl Task for Given<'_> {
    type Output = Result<GivenSharpness, Error>;

    fn run<B: Backend>(self, device: B::Device) -> Self::Output {
        let Self {
            weights,
            samples,
            options,
        } = self;
        let reading = WeightsOptions {
            inputs: Some(samples.features()),
            ..options.weights.clone()
        };
        let (network, read) = match weights {
            Weights::File(path) => Mlp::<B>::read_safetensors(path, &reading, &device),
            Weights::Bytes(name, bytes) => {
                Mlp::<B>::from_safetensors(name, bytes, &reading, &device)
            }
        }?;
        let classes = network.layers.last().map(|layer| layer.weight.dims()[1]);
        let samples = samples.into_dataset(classes)?.into_samples();
        let targets = samples.target_rows();
        let shape = [samples.features, samples.outputs];
        let data = Batch::from_rows(samples.inputs, targets, shape, &device);
        let rates = match options.layer_rates.as_slice() {
            [] => LayerRates::with_input_rate(network.depth(), options.input_rate),
            rates
                if rates.len() == network.layers.len() && rates.iter().any(|rate| *rate > 0.0) =>
            {
                LayerRates::new(rates.to_vec())
            }
            rates => {
                return Err(Error::Training(TrainerError::LayerRates {
                    given: rates.len(),
                    layers: network.layers.len(),
                }));
            }
        };
        let settings = &options.settings;
        let measuring = MeasureOptions {
            bounds: settings.bounds.then(PropagatorOptions::default),
            adam_batch: settings.adam_batch(),
            ..MeasureOptions::default()
        };
        let started = Instant::now();
        let sharpness = measure(&network, &data, settings.loss, &rates, &measuring)?;
        check_device().map_err(|error| Error::worker(error.to_string()))?;
        Ok(GivenSharpness {
            sharpness,
            read,
            seconds: started.elapsed().as_secs_f64(),
        })
    }
}
