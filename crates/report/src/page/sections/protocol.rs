use etastar_data::DatasetConfig;
use etastar_search::{Cell, SearchMethod, SuccessRule, Vary};

use crate::figure::Text;
use crate::page::document::Section;
use crate::page::number::{count, counted, percent, setting};
use crate::page::study::{Study, serial_name};

/// How the numbers of a dataset were measured, every constant in words.
pub(in crate::page) fn protocol(study: &Study<'_>) -> Section {
    let id = format!("{}-protocol", study.id);
    let mut section = Section::new(3, id, Text::plain("Protocol"));
    section.paragraph(
        "The constants below are our choice, made for this experiment; they are not the paper's, \
         and the results hold under them.",
    );
    let mut items: Vec<Text> = match study.example() {
        Some(cell) => vec![
            data(&cell.dataset),
            network(cell),
            trial(cell),
            search(cell),
            ladder(cell),
        ],
        None => Vec::new(),
    };
    items.extend(study.example().and_then(checkpoint));
    items.extend([
        Text::plain(repeats(
            study.example().map(|cell| cell.vary).unwrap_or_default(),
        )),
        Text::markup(&format!(
            "η* of a repeat is the largest learning rate of the final bracket that succeeded; η* \
             of a cell is the geometric mean over the repeats that found one, of {} asked for. \
             Intervals have {} confidence: {}.",
            count(study.manifest.repeats),
            percent(super::depth_width::confidence(&study.cells)),
            study.interval_method
        )),
    ]);
    section.list(items);
    section
}

pub(super) fn data(config: &DatasetConfig) -> Text {
    let number =
        |samples: Option<usize>, default: &str| samples.map_or_else(|| default.to_owned(), count);
    let mut words = format!(
        "Data: `{}`, {} training samples and {} validation samples held out of the training file.",
        serial_name(&config.name),
        number(config.train, "all remaining"),
        number(config.validation, "the dataset's default number of")
    );
    if let Some(gaussians) = &config.gaussians {
        words.push_str(&format!(
            " Two normal distributions in {} dimensions, their means {} standard deviations \
             apart, generator seed {}.",
            gaussians.dimension,
            setting(gaussians.separation),
            gaussians.seed
        ));
    }
    Text::markup(&words)
}

fn network(cell: &Cell) -> Text {
    Text::markup(&format!(
        "{} The input layer learns at μ_{{in}} times the rate of the others.",
        weights(cell.bias, cell.output_gain)
    ))
}

/// The network and its initial weights.
pub(super) fn weights(bias: bool, output_gain: f64) -> String {
    format!(
        "Network: fully connected, ReLU, {} biases. Depth is the number of hidden layers. Weights \
         of the hidden layers are normal with variance 2 / fan-in, those of the output layer with \
         variance {} / fan-in.",
        if bias { "with" } else { "without" },
        setting(output_gain)
    )
}

/// What repeats share and in what they differ.
fn repeats(vary: Vary) -> String {
    let differ = match vary {
        Vary::Both => "repeats differ in both",
        Vary::Initialisation => "repeats differ in the initialisation alone",
        Vary::BatchOrder => "repeats differ in the order of batches alone",
    };
    format!(
        "All trials of one repeat share the same initialisation and the same order of batches; \
         {differ}."
    )
}

/// The training that precedes a measurement.
fn checkpoint(cell: &Cell) -> Option<Text> {
    let checkpoint = cell.checkpoint?;
    Some(Text::markup(&format!(
        "Before every trial: {} of stochastic gradient descent at the learning rate {}, {} a \
         batch; the trial goes on from there.",
        counted(checkpoint.steps, "step", "steps"),
        setting(checkpoint.learning_rate),
        counted(checkpoint.batch_size, "sample", "samples"),
    )))
}

fn trial(cell: &Cell) -> Text {
    let protocol = &cell.protocol;
    let success = match protocol.success {
        SuccessRule::ReachThreshold => format!(
            "the trial succeeds as soon as it reaches {}, and fails at the first loss that is not \
             finite or after {} without success.",
            setting(protocol.threshold),
            counted(protocol.budget, "step", "steps"),
        ),
        SuccessRule::KeepAccuracy => format!(
            "the trial succeeds if after {} it is no lower than at the start, and fails otherwise \
             or at the first loss that is not finite.",
            counted(protocol.budget, "step", "steps"),
        ),
    };
    Text::markup(&format!(
        "Trial: stochastic gradient descent at a constant learning rate on the {} loss, {} a \
         batch. Validation accuracy is evaluated every {}; {success}",
        serial_name(&protocol.loss).replace('-', " "),
        counted(protocol.batch_size, "sample", "samples"),
        counted(protocol.evaluate_every, "step", "steps"),
    ))
}

fn search(cell: &Cell) -> Text {
    Text::markup(&match cell.protocol.search {
        SearchMethod::FromKernel {
            lowest,
            highest,
            tolerance,
        } => format!(
            "Search: from the learning rate at which the tangent kernel, averaged over \
             initialisations, puts the edge, half an octave and then by octaves down to the first \
             success, or up to the first failure where the start succeeds, within {} to {} \
             (log_{{2}} from {} to {}); then bisection of log_{{2}} η until the bracket is no \
             wider than {} of an octave.",
            power(lowest),
            power(highest),
            setting(lowest),
            setting(highest),
            setting(tolerance)
        ),
        SearchMethod::Octaves {
            start,
            lowest,
            highest,
            tolerance,
        } => format!(
            "Search: from the learning rate {} (log_{{2}} = {}) down by octaves to the first \
             success, or up by octaves to the first failure where the start succeeds, within {} \
             to {} (log_{{2}} from {} to {}); then bisection of log_{{2}} η until the bracket is \
             no wider than {} of an octave.",
            power(start),
            setting(start),
            power(lowest),
            power(highest),
            setting(lowest),
            setting(highest),
            setting(tolerance)
        ),
        SearchMethod::Arithmetic {
            low,
            high,
            tolerance,
        } => format!(
            "Search: bisection of the learning rate itself, from a lower end of {} that is taken \
             to succeed and an upper end of {} that is taken to fail, until the bracket is no \
             wider than {}.",
            setting(low),
            setting(high),
            setting(tolerance)
        ),
    })
}

/// `2^exponent`, written out where it is not below one.
fn power(exponent: f64) -> String {
    if exponent >= 0.0 {
        setting(exponent.exp2())
    } else {
        format!("2^{{{}}}", setting(exponent))
    }
}

fn ladder(cell: &Cell) -> Text {
    let steps: Vec<String> = cell
        .protocol
        .ladder
        .iter()
        .map(|&offset| {
            let sign = if offset > 0.0 { "+" } else { "" };
            format!("{sign}{}", setting(offset))
        })
        .collect();
    if steps.is_empty() {
        return Text::plain(
            "Ladder: none; only the trials of the search tell whether success is monotone.",
        );
    }
    Text::markup(&format!(
        "Ladder: further rates are tried at {} octaves from η*, to detect success that is not \
         monotone in the rate.",
        steps.join(", ")
    ))
}
