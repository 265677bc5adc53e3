//! `etastar sharpness`: measures the top Hessian eigenvalue of one network.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use etastar_analysis::{Estimate, Variance};
use etastar_backend::{Backend, Selection, Task, check_device};
use etastar_model::{Batch, LayerRates, Layout, Loss, Mlp, ReadWeights, WeightsOptions};
use etastar_search::settings::{InputRate, OutputGain, Seed, SharpnessSamples};
use etastar_search::{Cell, CellRecord, SharpnessSettings, Snapshot, Vary};
use etastar_sharpness::bounds::TheoryBounds;
use etastar_sharpness::certificate::PropagatorOptions;
use etastar_sharpness::{MeasureOptions, NetworkSharpness, measure};
use serde_json::{Value, json};

use crate::arguments::{DataChoice, Execution, Format, LossName, loss_help};
use crate::error::CliError;
use crate::flag::Flag;
use crate::measure::{Measurement, MissingData};
use crate::numbers::{count, depth};
use crate::output;
use crate::provenance::Title;

/// The confidence of the interval over repeats.
const CONFIDENCE: f64 = 0.95;

#[derive(Debug, Args)]
#[command(after_help = "\
lambda_1 is the top eigenvalue of the Hessian H of the mean training loss at
initialisation. With --input-rate M it is that of M^{1/2} H M^{1/2} (the preconditioned
sharpness), which limits the learning rate if the input layer learns at M times the
rate of the others. --exclude-input-layer means M = 0.

For a network of your own, --weights FILE.safetensors has matrices `NAME.weight` and,
where there are biases, vectors `NAME.bias`: a PyTorch state_dict of linear layers with
ReLU between them. Layers follow the numbers in their names; `out` and the like come last.
--samples-file FILE has inputs and labels, as --data of `etastar find`; labels are the
numbers of the network's outputs, or real targets with --regression. Nothing is standardised.

Examples:
  etastar sharpness --dataset digits --width 128 --depth 8 --repeats 5
  etastar sharpness --weights net.safetensors --samples-file data.npz --json")]
pub(crate) struct SharpnessArguments {
    #[command(flatten)]
    data: DataChoice,

    /// Width of every hidden layer
    #[arg(long, value_name = "N", value_parser = count, required_unless_present = "weights")]
    width: Option<usize>,

    /// Number of hidden layers
    #[arg(long, value_name = "N", value_parser = depth, required_unless_present = "weights")]
    depth: Option<usize>,

    #[command(flatten)]
    samples: Flag<SharpnessSamples>,

    /// Networks, each with its own initial weights
    #[arg(long, value_name = "R", value_parser = count, default_value = "1")]
    repeats: usize,

    #[command(flatten)]
    input_rate: Flag<InputRate>,

    /// Leave out the input layer's parameters
    #[arg(long, conflicts_with = "input_rate")]
    exclude_input_layer: bool,

    #[arg(long, help = loss_help(), value_enum)]
    loss: Option<LossName>,

    /// Layers have biases (zero at initialisation); there is no prediction then
    #[arg(long)]
    bias: bool,

    #[command(flatten)]
    output_gain: Flag<OutputGain>,

    /// Leave out the certified bounds, which take most of the time in wide deep networks
    #[arg(long)]
    no_bounds: bool,

    /// Weights of a network of your own (safetensors), as PyTorch saves a state_dict
    #[arg(long, value_name = "FILE", requires = "samples_file",
        conflicts_with_all = ["width", "depth", "dataset", "data", "repeats", "bias", "output_gain", "samples", "seed"])]
    weights: Option<PathBuf>,

    /// Samples of your own: .npz, .npy, .csv, .tsv, .parquet, or IDX images
    #[arg(long, value_name = "FILE", requires = "weights")]
    samples_file: Option<PathBuf>,

    /// How the weight matrices lie [default: what their shapes tell]
    #[arg(long, value_enum, requires = "weights")]
    layout: Option<LayoutName>,

    /// Names of the layers in order [default: what the numbers in their names tell]
    #[arg(
        long,
        value_name = "NAME,..",
        value_delimiter = ',',
        requires = "weights"
    )]
    layers: Option<Vec<String>>,

    /// Leave out tensors that are no part of a fully connected network
    #[arg(long, requires = "weights")]
    ignore: bool,

    #[command(flatten)]
    seed: Flag<Seed>,

    #[command(flatten)]
    execution: Execution,

    #[command(flatten)]
    format: Format,
}

/// How weight matrices lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutName {
    /// As PyTorch has them
    OutIn,
    /// As JAX has them
    InOut,
}

impl SharpnessArguments {
    fn input_rate(&self) -> f64 {
        if self.exclude_input_layer {
            0.0
        } else {
            self.input_rate.0
        }
    }

    fn options(&self) -> MeasureOptions {
        MeasureOptions {
            bounds: (!self.no_bounds).then(PropagatorOptions::default),
            ..MeasureOptions::default()
        }
    }
}

pub(crate) fn run(arguments: &SharpnessArguments) -> Result<(), CliError> {
    match (&arguments.weights, &arguments.samples_file) {
        (Some(weights), Some(samples)) => given(arguments, weights.clone(), samples.clone()),
        _ => sampled(arguments),
    }
}

/// Networks sampled at initialisation, on a dataset.
fn sampled(arguments: &SharpnessArguments) -> Result<(), CliError> {
    let (Some(width), Some(depth)) = (arguments.width, arguments.depth) else {
        // Unreachable: clap requires both where no weights are given.
        return Err(CliError::Usage(
            "give --width and --depth, or --weights".into(),
        ));
    };
    let cell = Cell {
        dataset: arguments.data.config()?,
        hidden: vec![width; depth],
        bias: arguments.bias,
        output_gain: arguments.output_gain.0,
        input_rate: arguments.input_rate(),
        checkpoint: None,
        vary: Vary::default(),
        measurement: etastar_search::Measurement::Sharpness(SharpnessSettings {
            loss: arguments.data.loss(arguments.loss)?,
            samples: arguments.samples.0,
            bounds: !arguments.no_bounds,
            prediction: !arguments.bias,
            cheap_rates: None,
        }),
    };
    let title = Title {
        experiment: "sharpness",
        question: "How sharp is this network at initialisation?",
        ..Title::default()
    };
    let repeats = arguments.repeats;
    let measurement = Measurement::prepare(
        title,
        vec![cell.clone()],
        repeats,
        arguments.seed.0,
        &arguments.execution,
        MissingData::Refuse,
    )?;
    let identity = measurement.identity();
    let Snapshot {
        manifest,
        mut cells,
        ..
    } = measurement.run_in_memory(identity)?;
    let Some(record) = cells.pop() else {
        return Err(CliError::Usage("there is no network to measure".into()));
    };
    let theory = theory(&record);
    if !arguments.format.json {
        return output::print(&text(&record, theory.as_ref()));
    }
    let measured: Vec<&NetworkSharpness> = record
        .repeats
        .iter()
        .filter_map(|repeat| Some(&repeat.sharpness()?.sharpness))
        .collect();
    let mut result = result(&measured);
    result["prediction"] = json!(record.prediction);
    result["theory"] = json!(theory);
    result["cell"] = json!(record.cell);
    result["manifest"] = json!(manifest);
    output::print_json(&result)
}

/// Bounds over the draw of the weights, where they exist: for one-hot targets.
fn theory(record: &CellRecord) -> Option<TheoryBounds> {
    let cell = &record.cell;
    if cell.dataset.is_regression() {
        return None;
    }
    let architecture = cell.architecture(record.inputs, record.outputs);
    TheoryBounds::new(&architecture, cell.loss(), cell.input_rate, 1.0).ok()
}

fn result(measured: &[&NetworkSharpness]) -> Value {
    let lambdas: Vec<f64> = measured.iter().map(|one| one.hessian.largest).collect();
    let logarithms: Vec<f64> = lambdas.iter().map(|lambda| lambda.log2()).collect();
    let variance = Variance::pooled([logarithms.as_slice()]);
    let estimate = Estimate::from_values(&logarithms, &variance, CONFIDENCE);
    let mean = lambdas.iter().sum::<f64>() / lambdas.len() as f64;
    json!({
        "lambda_1": {
            "mean": mean,
            "geometric_mean": estimate.value,
            "interval": estimate.interval,
            "confidence": CONFIDENCE,
        },
        "stability_limit": 2.0 / mean,
        "repeats": measured,
    })
}

fn text(record: &CellRecord, theory: Option<&TheoryBounds>) -> String {
    let cell = &record.cell;
    let mut text = format!(
        "depth {} (hidden layers), width {}, {} samples of {}, {}, input-layer rate {}\n",
        cell.depth(),
        cell.hidden.first().copied().unwrap_or(0),
        cell.sharpness().map_or(0, |settings| settings.samples),
        cell.dataset.title(),
        cell.loss().as_str(),
        cell.input_rate,
    );
    for repeat in &record.repeats {
        if let Some(network) = repeat.sharpness() {
            let name = format!("network {}", repeat.repeat);
            text.push_str(&network_text(&name, &network.sharpness));
        }
    }
    if let Some(prediction) = &record.prediction {
        let caveat = match cell.loss() {
            Loss::SquaredError => "the factors are hypotheses",
            Loss::CrossEntropy => "the factors are hypotheses for squared error, too large here",
        };
        text.push_str(&format!(
            "prediction of lambda_1(G) without a network: {:.6} (infinite width), {:.6} (one \
             finite-width factor), {:.6} (one factor a layer); {caveat}\n",
            prediction.plain, prediction.finite_width, prediction.layered
        ));
    }
    if let Some(theory) = theory {
        text.push_str(&format!(
            "over all initialisations, any data: E lambda_1(G) at most {:.6}, E lambda_1(H) at \
             most {:.6}\n",
            theory.gauss_newton.sharper.upper_expectation, theory.hessian.sharper.upper_expectation,
        ));
    }
    text
}

fn network_text(name: &str, network: &NetworkSharpness) -> String {
    let converged = match network.hessian.converged && network.gauss_newton.converged {
        true => "",
        false => "; NOT CONVERGED",
    };
    let mut text = format!(
        "{name}: lambda_1(H) = {:.6} (residual {:.1e}, {} products{converged}), 2/lambda_1 = \
         {:.6}; lambda_1(G) = {:.6}; smallest {:.6}; trace {:.6}\n",
        network.hessian.largest,
        network.hessian.residual,
        network.hessian.products,
        2.0 / network.hessian.largest,
        network.gauss_newton.largest,
        network.hessian.smallest.unwrap_or(f64::NAN),
        network.trace,
    );
    if let Some(bounds) = &network.bounds {
        let lower = &bounds.lower;
        text.push_str(&format!(
            "  certified: lambda_1(G) in [{:.6}, {:.6}], lambda_1(H) in [{:.6}, {:.6}]\n",
            lower.gauss_newton.tightest(),
            bounds.upper.gauss_newton.tightest(),
            lower.hessian.tightest(),
            bounds.upper.hessian,
        ));
    }
    text
}

/// A network and samples from the user's files.
fn given(
    arguments: &SharpnessArguments,
    weights: PathBuf,
    samples: PathBuf,
) -> Result<(), CliError> {
    let backend = Selection::new(arguments.execution.backend)?;
    let loss = arguments.data.loss(arguments.loss)?;
    let (network, seconds) = backend.run(Given {
        arguments,
        weights: &weights,
        samples: &samples,
        loss,
    })?;
    if !arguments.format.json {
        return output::print(&network_text(&weights.display().to_string(), &network));
    }
    let mut result = result(&[&network]);
    result["prediction"] = Value::Null;
    result["seconds"] = json!(seconds);
    result["manifest"] = json!({
        "tool_version": crate::provenance::VERSION,
        "git_commit": option_env!("ETASTAR_GIT_COMMIT"),
        "backend": backend.device().family(),
        "float": backend.name().float(),
        "weights": weights,
        "samples_file": samples,
        "loss": loss,
        "input_rate": arguments.input_rate(),
    });
    output::print_json(&result)
}

/// What was understood of a file of weights, on standard error.
fn tell(path: &Path, read: &ReadWeights) {
    let widths: Vec<String> = read.widths.iter().map(usize::to_string).collect();
    eprintln!(
        "{}: {} from {}, matrices {}, {} with biases",
        path.display(),
        widths.join(" -> "),
        read.layers.join(", "),
        read.layout.words(),
        match read.biases {
            0 => "none".to_owned(),
            all if all == read.layers.len() => "all".to_owned(),
            some => some.to_string(),
        },
    );
    if !read.ignored.is_empty() {
        eprintln!("left out: {}", read.ignored.join(", "));
    }
}

struct Given<'a> {
    arguments: &'a SharpnessArguments,
    weights: &'a Path,
    samples: &'a Path,
    loss: Loss,
}

impl Task for Given<'_> {
    /// What was measured, and in how many seconds.
    type Output = Result<(NetworkSharpness, f64), CliError>;

    fn run<B: Backend>(self, device: B::Device) -> Self::Output {
        let samples = self.arguments.data.file(self.samples)?.open()?;
        let options = WeightsOptions {
            layers: self.arguments.layers.clone(),
            layout: self.arguments.layout.map(|name| match name {
                LayoutName::OutIn => Layout::OutIn,
                LayoutName::InOut => Layout::InOut,
            }),
            inputs: Some(samples.features()),
            ignore_others: self.arguments.ignore,
        };
        let (network, read) = Mlp::<B>::read_safetensors(self.weights, &options, &device)?;
        tell(self.weights, &read);
        let classes = network.layers.last().map(|layer| layer.weight.dims()[1]);
        let samples = samples.into_dataset(classes)?.into_samples();
        let targets = samples.target_rows();
        let shape = [samples.features, samples.outputs];
        let data = Batch::from_rows(samples.inputs, targets, shape, &device);
        let rates = LayerRates::with_input_rate(network.depth(), self.arguments.input_rate());
        let options = self.arguments.options();
        let started = Instant::now();
        let network = measure(&network, &data, self.loss, &rates, &options)?;
        check_device().map_err(|error| CliError::worker(error.to_string()))?;
        Ok((network, started.elapsed().as_secs_f64()))
    }
}
