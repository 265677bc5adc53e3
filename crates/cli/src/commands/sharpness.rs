//! `etastar sharpness`: measures the top Hessian eigenvalue of one network.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use etastar::{
    Error, GivenOptions, Network, Options, Samples, Sharpness, Weights, json, rates,
    sharpness_of_weights, sharpness_with,
};
use etastar_model::{Layout, Loss, ReadWeights, WeightsOptions};
use etastar_search::SharpnessSettings;
use etastar_search::settings::{
    InputRate, OutputGain, RelativeRates, Seed, Setting, SharpnessBatch, SharpnessMomentum,
    SharpnessOptimiser, SharpnessSamples,
};
use etastar_sharpness::NetworkSharpness;

use crate::arguments::{DataChoice, Execution, Format, LossName, loss_help, tell_data};
use crate::command_line::{command_line, listen_for_interrupts};
use crate::error::CliError;
use crate::flag::Flag;
use crate::form::FormFlags;
use crate::numbers::{count, depth, not_negative};
use crate::output;
use crate::progress::Screen;

#[derive(Debug, Args)]
#[command(after_help = "\
lambda_1 is the top eigenvalue of the Hessian H of the mean training loss at
initialisation. With --input-rate M it is that of M^{1/2} H M^{1/2} (the preconditioned
sharpness), which limits the learning rate if the input layer learns at M times the
rate of the others. --exclude-input-layer means M = 0.

Under --optimiser adam it is that of D^{1/2} M^{1/2} H M^{1/2} D^{1/2} with D =
diag(1 / (sqrt(v) + 1e-8)), where v is the squared gradient of a mini-batch, averaged over
the mini-batches of the samples.

The output also gives s/lambda_1. Here s is the largest stable product of learning rate and
sharpness on a quadratic: 2 for sgd, 2 (1 + beta) for momentum, 2 (1 + beta) / (1 + 2 beta)
for nesterov, 2 (1 + beta) / (1 - beta) for adam and adamw.

For a network of your own, --weights FILE.safetensors has matrices `NAME.weight` and,
where there are biases, vectors `NAME.bias`: a PyTorch state_dict of linear layers with
ReLU between them. Layers are ordered by the numbers in their names; `out` and the like come
last. --samples-file FILE has inputs and labels, as --data of `etastar find` has; labels are
the numbers of the network's outputs, or real targets with --regression. Nothing is
standardised.

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

    #[arg(long, help = RelativeRates::HELP, value_name = "M,..", value_delimiter = ',',
        value_parser = not_negative, conflicts_with_all = ["input_rate", "exclude_input_layer"])]
    layer_rates: Vec<f64>,

    /// Leave the input layer's parameters out of the Hessian
    #[arg(long, conflicts_with = "input_rate")]
    exclude_input_layer: bool,

    #[arg(long, help = loss_help(), value_enum)]
    loss: Option<LossName>,

    /// Layers have biases (zero at initialisation); lambda_1 is then not predicted
    #[arg(long)]
    bias: bool,

    #[command(flatten)]
    output_gain: Flag<OutputGain>,

    #[command(flatten)]
    form: FormFlags,

    #[command(flatten)]
    optimiser: Flag<SharpnessOptimiser>,

    #[command(flatten)]
    momentum: Flag<SharpnessMomentum>,

    #[command(flatten)]
    batch_size: Flag<SharpnessBatch>,

    /// Leave out the certified bounds, which take most of the time in wide deep networks
    #[arg(long)]
    no_bounds: bool,

    /// Weights of a network of your own (safetensors), as PyTorch saves a state_dict
    #[arg(long, value_name = "FILE", requires = "samples_file",
        conflicts_with_all = ["width", "depth", "dataset", "data", "repeats", "bias", "output_gain", "samples", "seed"])]
    weights: Option<PathBuf>,

    /// Samples of your own: .npz, .npy, .csv, .tsv, .parquet, or IDX images
    #[arg(long, value_name = "FILE", requires = "weights",
        conflicts_with_all = ["width", "depth", "dataset", "data"])]
    samples_file: Option<PathBuf>,

    /// Layout of the weight matrices [default: found from their shapes]
    #[arg(long, value_enum, requires = "weights")]
    layout: Option<LayoutName>,

    /// Names of the layers in order [default: ordered by the numbers in their names]
    #[arg(
        long,
        value_name = "NAME,..",
        value_delimiter = ',',
        requires = "weights"
    )]
    layers: Option<Vec<String>>,

    /// Leave out tensors that are not part of a fully connected network
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
    /// As in PyTorch
    OutIn,
    /// As in JAX
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

    fn settings(&self) -> Result<SharpnessSettings, CliError> {
        Ok(SharpnessSettings {
            loss: self.data.loss(self.loss)?,
            samples: self.samples.0,
            bounds: !self.no_bounds,
            optimiser: self.optimiser.0,
            momentum: self.momentum.0,
            batch_size: self.batch_size.0,
            ..SharpnessSettings::default()
        })
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
    let dataset = arguments.data.config()?;
    let samples = Samples::load(&dataset, &arguments.execution.data.folders())?;
    tell_data(&dataset, samples.dataset());
    // clap requires both numbers where no weights are given.
    let constant =
        Network::constant_width(arguments.width.unwrap_or(0), arguments.depth.unwrap_or(0));
    let network = Network {
        bias: arguments.bias,
        output_gain: arguments.output_gain.0,
        input_rate: arguments.input_rate(),
        layer_rates: arguments.layer_rates.clone(),
        form: arguments.form.form(),
        ..constant
    };
    let asked_for = arguments.settings()?;
    let settings = network.defined(asked_for.clone());
    if asked_for.bounds && !settings.bounds {
        output::tell(
            "bounds and predictions are for ReLU networks without residual blocks and normalisation, \
             under SGD or momentum: none are computed",
        );
    }
    let options = Options {
        repeats: arguments.repeats,
        seed: arguments.seed.0,
        execution: arguments.execution.execution(None),
        command: command_line(),
        interrupt: listen_for_interrupts()?,
        ..Options::default()
    };
    let screen = Screen {
        repeats: options.repeats,
        ..Screen::default()
    };
    let measured = sharpness_with(&samples, &network, &settings, &options, &screen)
        .map_err(|error| CliError::measurement("sharpness", false, error))?;
    if arguments.format.json {
        return output::print_json(&measured);
    }
    output::print(&text(&measured))
}

fn text(measured: &Sharpness) -> String {
    let cell = &measured.cell;
    let settings = cell.sharpness().cloned().unwrap_or_default();
    let mut text = format!(
        "depth {} (hidden layers), width {}, {} samples of {}, {}, {}\n",
        cell.depth(),
        cell.hidden.first().copied().unwrap_or(0),
        settings.samples,
        cell.dataset.title(),
        cell.loss().as_str(),
        rates(cell),
    );
    for (repeat, network) in measured.repeats.iter().enumerate() {
        text.push_str(&network_text(
            &format!("network {repeat}"),
            network,
            &settings,
        ));
    }
    if let Some(prediction) = &measured.prediction {
        let caveat = match cell.loss() {
            Loss::SquaredError => "the factors are hypotheses",
            Loss::CrossEntropy => {
                "the factors are hypotheses for squared error, and too large for cross-entropy"
            }
        };
        text.push_str(&format!(
            "prediction of lambda_1(G) without a network: {:.6} (infinite width), {:.6} (one \
             finite-width factor), {:.6} (one factor a layer); {caveat}\n",
            prediction.plain, prediction.finite_width, prediction.layered
        ));
    }
    if let Some(theory) = &measured.theory {
        text.push_str(&format!(
            "over all initialisations, for data whose mean |x|^2 is the number of inputs: E \
             lambda_1(G) at most {:.6}, E lambda_1(H) at most {:.6}\n",
            theory.gauss_newton.sharper.upper_expectation, theory.hessian.sharper.upper_expectation,
        ));
    }
    text
}

fn network_text(name: &str, network: &NetworkSharpness, settings: &SharpnessSettings) -> String {
    let converged = match network.hessian.converged && network.gauss_newton.converged {
        true => "",
        false => "; NOT CONVERGED",
    };
    let stable = settings.stability_bound();
    let mut text = format!(
        "{name}: lambda_1(H) = {:.6} (residual {:.1e}, {} products{converged}), {}/lambda_1 = \
         {:.6}; lambda_1(G) = {:.6}; smallest {:.6}",
        network.hessian.largest,
        network.hessian.residual,
        network.hessian.products,
        (stable * 1e6).round() / 1e6,
        stable / network.hessian.largest,
        network.gauss_newton.largest,
        network.hessian.smallest.unwrap_or(f64::NAN),
    );
    if let Some(trace) = network.trace {
        text.push_str(&format!("; trace {trace:.6}"));
    }
    text.push('\n');
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
    let options = GivenOptions {
        settings: arguments.settings()?,
        input_rate: arguments.input_rate(),
        layer_rates: arguments.layer_rates.clone(),
        weights: WeightsOptions {
            layers: arguments.layers.clone(),
            layout: arguments.layout.map(|name| match name {
                LayoutName::OutIn => Layout::OutIn,
                LayoutName::InOut => Layout::InOut,
            }),
            inputs: None,
            ignore_others: arguments.ignore,
        },
        execution: arguments.execution.execution(None),
    };
    let own = arguments.data.file(&samples)?.open().map_err(Error::from)?;
    let measured = sharpness_of_weights(Weights::File(&weights), own, &options)?;
    tell(&weights, &measured.read);
    if arguments.format.json {
        let object = json::given_sharpness(&measured, &options, &weights, &samples)?;
        return output::print_json(&object);
    }
    let name = weights.display().to_string();
    output::print(&network_text(&name, &measured.sharpness, &options.settings))
}

/// What was understood of a file of weights, on standard error.
fn tell(path: &Path, read: &ReadWeights) {
    let widths: Vec<String> = read.widths.iter().map(usize::to_string).collect();
    output::tell(&format!(
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
    ));
    if !read.ignored.is_empty() {
        output::tell(&format!("left out: {}", read.ignored.join(", ")));
    }
}
