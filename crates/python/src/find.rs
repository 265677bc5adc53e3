//! `etastar.find`.

use std::path::PathBuf;

use etastar::{
    Block, Form, Found, Network, Options, Protocol, SearchMethod, Start, SuccessRule, fastest_rate,
    find_with, rates,
};
use etastar_report::page::Report;
use etastar_search::settings::{
    ActivationFunction, BatchSize, Bias, Budget, ClipNorm, EvaluateEvery, Highest, InputRate,
    Ladder, Lowest, Momentum, Normalisation, OptimiserName, OutputGain, RepeatCount, ResidualBlock,
    ResidualScale, SecondMomentum, Seed, Setting, Threshold, Tolerance, WarmUp, WeightDecay,
    WidthRule,
};
use pyo3::prelude::*;

use crate::call::work;
use crate::error::raised;
use crate::samples::Source;
use crate::settings::Settings;

/// Measures eta\*. Gives the result as JSON, what it says in words, and its curve as SVG and as a
/// page.
#[pyfunction]
pub(crate) fn find(
    settings: Settings<'_>,
    screen: &Bound<'_, PyAny>,
) -> PyResult<(String, String, String, String)> {
    let source = Source::of(&settings)?;
    let network = network(&settings)?;
    let (protocol, threshold) = protocol(&settings)?;
    let options = Options {
        repeats: settings.setting::<RepeatCount>()?,
        seed: settings.setting::<Seed>()?,
        execution: settings.execution()?,
        start: start(&settings)?,
        store: settings.get("store")?,
        command: "etastar.find (Python)".to_owned(),
        ..Options::default()
    };
    let found = work(screen, move |teller, interrupt| {
        let samples = source.read(teller)?;
        let protocol = Protocol {
            threshold: threshold.unwrap_or(samples.usual_protocol().threshold),
            ..protocol
        };
        let options = Options {
            interrupt,
            ..options
        };
        Ok(find_with(&samples, &network, &protocol, &options, teller)?)
    })?;
    let json = serde_json::to_string(&found).map_err(raised)?;
    let (svg, html) = picture(&found);
    Ok((json, words(&found), svg, html))
}

/// The network of a call.
pub(crate) fn network(settings: &Settings<'_>) -> PyResult<Network> {
    let layer_rates: Option<Vec<f64>> = settings.get("layer_rates")?;
    let input_rate = settings.setting::<InputRate>()?;
    if layer_rates.is_some() && input_rate != InputRate::DEFAULT {
        return Err(raised("give `input_rate` or `layer_rates`, not both"));
    }
    Ok(Network {
        hidden: settings.get("hidden")?,
        bias: settings.setting::<Bias>()?,
        output_gain: settings.setting::<OutputGain>()?,
        input_rate,
        layer_rates: layer_rates.unwrap_or_default(),
        form: Form {
            activation: settings.named(ActivationFunction::name())?,
            residual: settings.named(ResidualScale::name())?,
            block: Block::try_from(settings.get::<usize>(ResidualBlock::name())?)
                .map_err(raised)?,
            norm: settings.named(Normalisation::name())?,
            parametrisation: settings.named(WidthRule::name())?,
        },
    })
}

/// The protocol, and the threshold if one is given.
fn protocol(settings: &Settings<'_>) -> PyResult<(Protocol, Option<f64>)> {
    let threshold: Option<f64> = settings.get(Threshold::name())?;
    let no_divergence: bool = settings.get("no_divergence")?;
    if no_divergence && threshold.is_some() {
        return Err(raised("`no_divergence` has no use for a `threshold`"));
    }
    let protocol = Protocol {
        loss: settings.loss()?,
        batch_size: settings.setting::<BatchSize>()?,
        budget: settings.setting::<Budget>()?,
        evaluate_every: settings.setting::<EvaluateEvery>()?,
        search: SearchMethod::from_start(
            settings.get("start")?,
            settings.setting::<Lowest>()?,
            settings.setting::<Highest>()?,
            settings.setting::<Tolerance>()?,
        ),
        ladder: settings.setting::<Ladder>()?,
        warm_up: settings.setting::<WarmUp>()?,
        success: match no_divergence {
            true => SuccessRule::NoDivergence,
            false => SuccessRule::ReachThreshold,
        },
        optimiser: settings.named(OptimiserName::name())?,
        momentum: settings.setting::<Momentum>()?,
        beta2: settings.setting::<SecondMomentum>()?,
        weight_decay: settings.setting::<WeightDecay>()?,
        clip: settings.setting::<ClipNorm>()?,
        ..Protocol::default()
    };
    Ok((protocol, threshold))
}

fn start(settings: &Settings<'_>) -> PyResult<Start> {
    let start: Option<f64> = settings.get("start")?;
    let store: Option<PathBuf> = settings.get("warm_start")?;
    match (store, start) {
        (Some(_), Some(_)) => Err(raised("give `start` or `warm_start`, not both")),
        (Some(store), None) => Ok(Start::Store(store)),
        (None, None) => Ok(Start::Published),
        (None, Some(_)) => Ok(Start::Protocol),
    }
}

/// eta\* and of what it is.
fn words(found: &Found) -> String {
    let advice = found.advice().map(|advice| format!("; {advice}"));
    let fastest = found.fastest_rate.as_ref().map(fastest_rate);
    format!(
        "{}{}{} on {}, {}; {} trials in {:.1} s{}",
        found,
        fastest.unwrap_or_default(),
        found.network(),
        found.cell.dataset.title(),
        rates(&found.cell),
        found.trials,
        found.seconds,
        advice.unwrap_or_default(),
    )
}

/// Every rate tried, as SVG and as a page.
fn picture(found: &Found) -> (String, String) {
    let Some(record) = found.record() else {
        return Default::default();
    };
    let report = Report::curve(&found.title(), record, &found.manifest, &found.of_repeats);
    let svg = report.first_figure().unwrap_or_default();
    (svg, report.html())
}
