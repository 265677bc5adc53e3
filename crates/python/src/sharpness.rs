//! `etastar.sharpness` and `etastar.sharpness_at_initialisation`.

use std::path::PathBuf;

use etastar::{
    GivenOptions, Layout, Options, SharpnessSettings, Weights, WeightsOptions, json,
    sharpness_of_weights, sharpness_with,
};
use etastar_search::settings::{
    InputRate, Seed, Setting, SharpnessBatch, SharpnessMomentum, SharpnessOptimiser,
    SharpnessSamples,
};
use pyo3::prelude::*;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use crate::call::work;
use crate::error::raised;
use crate::find::network;
use crate::samples::{Arrays, Source};
use crate::settings::Settings;

/// What weights in memory are called in messages.
const IN_MEMORY: &str = "weights";

/// Weights as Python hands them over.
#[derive(FromPyObject)]
enum Given {
    File(PathBuf),
    /// Name, type, shape and bytes of every tensor.
    Tensors(Vec<(String, String, Vec<usize>, Vec<u8>)>),
}

/// Measures networks at initialisation. Gives the result as JSON.
#[pyfunction]
pub(crate) fn sharpness_at_initialisation(
    settings: Settings<'_>,
    screen: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let source = Source::of(&settings)?;
    let network = network(&settings)?;
    let measured = SharpnessSettings {
        loss: settings.loss()?,
        samples: settings.setting::<SharpnessSamples>()?,
        bounds: settings.get("bounds")?,
        ..of_optimiser(&settings)?
    };
    let measured = network.defined(measured);
    let options = Options {
        repeats: settings.count("repeats")?,
        seed: settings.setting::<Seed>()?,
        execution: settings.execution()?,
        command: "etastar.sharpness_at_initialisation (Python)".to_owned(),
        ..Options::default()
    };
    let sharpness = work(screen, move |teller, interrupt| {
        let samples = source.read(teller)?;
        let options = Options {
            interrupt,
            ..options
        };
        Ok(sharpness_with(
            &samples, &network, &measured, &options, teller,
        )?)
    })?;
    serde_json::to_string(&sharpness).map_err(raised)
}

/// Measures a network with given weights. Gives the result as JSON.
#[pyfunction]
pub(crate) fn sharpness(settings: Settings<'_>, screen: &Bound<'_, PyAny>) -> PyResult<String> {
    let layout: Option<String> = settings.get("layout")?;
    let options = GivenOptions {
        settings: SharpnessSettings {
            loss: settings.loss()?,
            bounds: settings.get("bounds")?,
            ..of_optimiser(&settings)?
        },
        input_rate: settings.setting::<InputRate>()?,
        layer_rates: Vec::new(),
        weights: WeightsOptions {
            layers: settings.get("layers")?,
            layout: layout.map(|name| self::layout(&name)).transpose()?,
            inputs: None,
            ignore_others: settings.get("ignore")?,
        },
        execution: settings.execution()?,
    };
    let arrays = Arrays::of(&settings)?;
    let given = settings.get("weights")?;
    let measured = work(screen, move |_, _| {
        let samples = arrays.read()?;
        let file = samples.file().path.clone();
        let (name, bytes) = match given {
            Given::File(path) => (path, None),
            Given::Tensors(tensors) => (IN_MEMORY.into(), Some(safetensors(&tensors)?)),
        };
        let weights = match &bytes {
            Some(bytes) => Weights::Bytes(IN_MEMORY, bytes),
            None => Weights::File(&name),
        };
        let measured = sharpness_of_weights(weights, samples, &options)?;
        Ok(json::given_sharpness(&measured, &options, &name, &file)?)
    })?;
    Ok(measured.to_string())
}

/// The optimiser whose stability a sharpness governs, and everything else by default.
fn of_optimiser(settings: &Settings<'_>) -> PyResult<SharpnessSettings> {
    Ok(SharpnessSettings {
        optimiser: settings.named(SharpnessOptimiser::name())?,
        momentum: settings.setting::<SharpnessMomentum>()?,
        batch_size: settings.setting::<SharpnessBatch>()?,
        ..SharpnessSettings::default()
    })
}

/// A layout as the command line calls it.
fn layout(name: &str) -> PyResult<Layout> {
    match name {
        "out-in" => Ok(Layout::OutIn),
        "in-out" => Ok(Layout::InOut),
        _ => Err(raised(format!(
            "`layout` is `{name}`, not `out-in`, as PyTorch has matrices, or `in-out`"
        ))),
    }
}

/// Tensors as the content of a safetensors file.
fn safetensors(
    tensors: &[(String, String, Vec<usize>, Vec<u8>)],
) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let views = tensors.iter().map(|(name, kind, shape, bytes)| {
        let kind: Dtype = serde_json::from_value(kind.as_str().into())?;
        let view = TensorView::new(kind, shape.clone(), bytes)?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>((name, view))
    });
    let views = views.collect::<Result<Vec<_>, _>>()?;
    Ok(safetensors::serialize(views, None)?)
}
