//! How settings, numbers and conditions are put into words.

use etastar_analysis::{CellSummary, Effect, SearchCounts, Unit, kebab};
use etastar_data::{DatasetConfig, Standardise};
use etastar_search::{Cell, Manifest, Protocol, SearchMethod, SuccessRule, Vary};

use super::document::Entry;
use super::number::{count, counted, fixed, interval, octaves, percent, setting};
use crate::figure::Text;

/// How files write what the page sets in symbols.
const SYMBOLS: [(&str, &str); 8] = [
    ("eta*", "η*"),
    ("lambda_1", "λ_{1}"),
    ("mu n_0", "μ_{in}·n_{0}"),
    ("R^2", "R^{2}"),
    (" x ", " × "),
    (" >= ", " ≥ "),
    (" <= ", " ≤ "),
    ("log2 ", "log_{2} "),
];

/// A sentence of an experiment file, which is written in plain letters, with the symbols of the
/// page.
pub(super) fn sentence(text: &str) -> Text {
    let symbols = SYMBOLS.iter();
    let text = symbols.fold(text.to_owned(), |text, (plain, symbol)| {
        text.replace(plain, symbol)
    });
    Text::markup(&text)
}

/// Letters, digits and hyphens only: for anchors and file names.
pub(super) fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// An input-layer rate, or all of them.
pub(super) fn input_rate(rate: Option<f64>) -> String {
    match rate {
        Some(rate) => format!("μ_{{in}} = {}", setting(rate)),
        None => "all input rates".to_owned(),
    }
}

/// A filter on width over depth.
pub(super) fn filter(width_over_depth: f64) -> String {
    if width_over_depth > 0.0 {
        format!("width ≥ {} × depth", setting(width_over_depth))
    } else {
        "all cells".to_owned()
    }
}

/// How a number of a unit is written.
pub(super) fn in_unit(unit: Unit) -> fn(f64) -> String {
    match unit {
        Unit::Plain => |value| fixed(value, 3),
        Unit::Octaves => octaves,
        Unit::Share => percent,
        Unit::Count => |value| count(value as usize),
    }
}

/// A number with its interval.
pub(super) fn effect(effect: &Effect) -> String {
    let write = in_unit(effect.unit);
    let unit = if effect.unit == Unit::Octaves {
        " octaves"
    } else {
        ""
    };
    match effect.interval {
        Some(ends) => format!("{} {}{unit}", write(effect.value), interval(ends, write)),
        None => format!("{}{unit}", write(effect.value)),
    }
}

/// A number with its interval as the field of a table, or a dash.
pub(super) fn effect_entry(effect: Option<&Effect>) -> Entry {
    let Some(effect) = effect else {
        return Entry::text("–");
    };
    let write = in_unit(effect.unit);
    let ends = effect
        .interval
        .map(|ends| format!(" {}", interval(ends, write)));
    Entry {
        text: Text::markup(&format!(
            "{}{}",
            write(effect.value),
            ends.unwrap_or_default()
        )),
        numbers: std::iter::once(effect.value)
            .chain(effect.interval.into_iter().flatten())
            .collect(),
    }
}

/// A cell in words.
pub(super) fn cell_name(cell: &CellSummary) -> String {
    format!(
        "depth {}, width {}, input rate {}",
        cell.depth(),
        width(cell),
        setting(cell.input_rate)
    )
}

/// The width of a cell's layers, or all of their widths.
pub(super) fn width(cell: &CellSummary) -> String {
    let widths: Vec<String> = cell.hidden.iter().map(usize::to_string).collect();
    match cell.hidden.split_first() {
        Some((first, rest)) if rest.iter().all(|width| width == first) => first.to_string(),
        _ => widths.join("x"),
    }
}

/// How searches ended, in a sentence.
pub(super) fn searches(counts: &SearchCounts) -> String {
    let all = counts.searches;
    let mut text = counted(all, "search", "searches");
    for (number, what) in [
        (counts.nothing_succeeds, "succeeds"),
        (counts.nothing_fails, "fails"),
    ] {
        if number > 0 {
            text.push_str(&format!(
                "; in {} no learning rate in the range {what}",
                count(number)
            ));
        }
    }
    if let Some(share) = counts.share_not_monotone() {
        let share = percent(share);
        text.push_str(&format!(
            "; success is not monotone in the rate in {} ({share})",
            count(counts.not_monotone)
        ));
    }
    text
}

/// The repeats of one cell that left the range searched; empty where none did.
pub(super) fn out_of_range(counts: &SearchCounts) -> String {
    let sides = [
        (counts.nothing_succeeds, "succeeds"),
        (counts.nothing_fails, "fails"),
    ];
    let left = sides.into_iter().filter(|(number, _)| *number > 0);
    let told = left.map(|(number, what)| {
        let all = counted(counts.searches, "repeat", "repeats");
        format!(
            "{} of {all}: no learning rate in the range {what}",
            count(number)
        )
    });
    told.collect::<Vec<_>>().join("; ")
}

/// What the rule of success looks at: accuracy, or `R^2` of real targets.
pub(super) fn accuracy(cell: &Cell) -> &'static str {
    match cell.dataset.is_regression() {
        true => "R^{2}",
        false => "accuracy",
    }
}

/// The conditions under which numbers hold, for a caption.
pub(super) fn conditions(manifest: &Manifest, cell: Option<&Cell>) -> String {
    let protocol = cell.and_then(|cell| Some((cell.protocol()?, accuracy(cell))));
    let protocol = protocol.map(|(protocol, accuracy)| {
        let success = match protocol.success {
            SuccessRule::ReachThreshold => format!(
                "success at validation {accuracy} {} within {}",
                setting(protocol.threshold),
                counted(protocol.budget, "step", "steps")
            ),
            SuccessRule::KeepAccuracy => format!(
                "success if {} lose no validation {accuracy}{}",
                counted(protocol.budget, "step", "steps"),
                match protocol.accuracy_margin {
                    0.0 => String::new(),
                    margin => format!(" beyond {}", setting(margin)),
                }
            ),
            SuccessRule::NoDivergence => format!(
                "success if no loss of {} exceeds {} times the first",
                counted(protocol.budget, "step", "steps"),
                setting(protocol.divergence_factor)
            ),
        };
        format!(
            "{}, batches of {}, {success}; ",
            loss(protocol),
            protocol.batch_size
        )
    });
    format!(
        "Protocol: {}{} a cell; backend {} ({}, {}), seed {}.",
        protocol.unwrap_or_default(),
        counted(manifest.repeats, "repeat", "repeats"),
        manifest.backend,
        manifest.float,
        manifest.device,
        manifest.seed
    )
}

fn loss(protocol: &Protocol) -> String {
    kebab(&protocol.loss).replace('-', " ")
}

/// Every constant of a measurement, a sentence each.
pub(super) fn protocol(cell: &Cell, repeats: usize) -> Vec<String> {
    let mut words = vec![data(&cell.dataset), weights(cell)];
    if let Some(protocol) = cell.protocol() {
        words.extend([
            trial(protocol, accuracy(cell)),
            search(&protocol.search),
            ladder(protocol),
        ]);
    }
    if let Some(settings) = cell.sharpness() {
        words.push(format!(
            "Sharpness: the {} loss is averaged over the first {} training samples.",
            kebab(&settings.loss).replace('-', " "),
            count(settings.samples)
        ));
        if let Some(batch_size) = settings.adam_batch() {
            words.push(format!(
                "Under Adam: every parameter's steps are divided by the root of its mean squared \
                 gradient over mini-batches of {} of these samples.",
                count(batch_size)
            ));
        }
    }
    if let Some(checkpoint) = cell.checkpoint {
        words.push(format!(
            "Checkpoint: every measurement continues from a network after {} of stochastic gradient \
             descent at the learning rate {}, {} a batch.",
            counted(checkpoint.steps, "step", "steps"),
            setting(checkpoint.learning_rate),
            counted(checkpoint.batch_size, "sample", "samples"),
        ));
    }
    let differ = match cell.vary {
        Vary::Both => "initialisation and order of batches",
        Vary::Initialisation => "initialisation alone",
        Vary::BatchOrder => "order of batches alone",
    };
    words.push(format!(
        "Repeats: {} a cell, which differ in {differ}. All trials of a repeat share initialisation \
         and order of batches.",
        count(repeats)
    ));
    words
}

fn data(config: &DatasetConfig) -> String {
    let number =
        |samples: Option<usize>, default: &str| samples.map_or_else(|| default.to_owned(), count);
    let mut words = format!(
        "Data: `{}`, {} training samples and {} validation samples held out of the training file.",
        config.title(),
        number(config.train, "all remaining"),
        number(config.validation, "the dataset's default number of")
    );
    if let Some(side) = config.pool {
        words.push_str(&format!(
            " Pixels are means over squares of {side} x {side}."
        ));
    }
    if let Some(gaussians) = &config.gaussians {
        words.push_str(&format!(
            " Two normal distributions in {} dimensions, their means {} standard deviations \
             apart, generator seed {}.",
            gaussians.dimension,
            setting(gaussians.separation),
            gaussians.seed
        ));
    }
    words.push_str(match config.standardise {
        Standardise::All => "",
        Standardise::Feature => " Every feature is standardised by itself.",
        Standardise::None => " Inputs are not standardised.",
    });
    if config.is_regression() {
        words.push_str(
            " Targets are real numbers, standardised to mean 0 and variance 1 over the training \
             samples. R^{2} is relative to the mean of the validation samples, and averaged over \
             outputs.",
        );
    }
    words
}

fn weights(cell: &Cell) -> String {
    let rates = match cell.layer_rates.is_empty() {
        true => "The input layer learns at μ_{in} times the rate of the others.".to_owned(),
        false => format!(
            "The layers learn at {:?} times the learning rate, from the input side.",
            cell.layer_rates
        ),
    };
    let biases = if cell.bias { "with" } else { "without" };
    let output = setting(cell.output_gain);
    if cell.form.is_default() {
        return format!(
            "Network: fully connected, ReLU, {biases} biases. Depth is the number of hidden layers. \
             Weights of the hidden layers are normal with variance 2 / fan-in, those of the output \
             layer with variance {output} / fan-in. {rates}"
        );
    }
    format!(
        "Network: fully connected, {}, {biases} biases. Depth is the number of hidden layers. Weights \
         of the hidden layers are normal with variance {:.4} / fan-in (1 / fan-in for the first layer \
         if the activation is not homogeneous), those of the output layer with variance {output} / \
         fan-in, and the parametrisation rescales all of them. {rates}",
        cell.form,
        cell.form.activation.gain(),
    )
}

fn trial(protocol: &Protocol, accuracy: &str) -> String {
    let budget = counted(protocol.budget, "step", "steps");
    let success = match protocol.success {
        SuccessRule::ReachThreshold => format!(
            "the trial succeeds as soon as it reaches {}, and fails at the first loss that is not \
             finite or after {budget} without success.",
            setting(protocol.threshold),
        ),
        SuccessRule::KeepAccuracy => format!(
            "the trial succeeds if after {budget} it reaches {} and is not lower than at the start \
             by more than {}, and fails otherwise or at the first loss that is not finite.",
            setting(protocol.threshold),
            setting(protocol.accuracy_margin),
        ),
        SuccessRule::NoDivergence => format!(
            "the trial succeeds if after {budget} no training loss has exceeded {} times the \
             first one, and fails at the first loss that exceeds this or is not finite.",
            setting(protocol.divergence_factor),
        ),
    };
    let warm_up = match protocol.warm_up {
        0 | 1 => String::new(),
        steps => format!(
            " after a linear warm-up of {}",
            counted(steps, "step", "steps")
        ),
    };
    let optimiser = match protocol.optimiser() {
        plain if plain.is_plain() => "stochastic gradient descent".to_owned(),
        other => other.to_string(),
    };
    let whole = match protocol.whole_budget {
        true => " A trial that has succeeded still continues to the end of the budget.",
        false => "",
    };
    format!(
        "Trial: {optimiser} at a constant learning rate{warm_up} on the {} loss, {} a \
         batch. Validation {accuracy} is evaluated every {}; {success}{whole}",
        loss(protocol),
        counted(protocol.batch_size, "sample", "samples"),
        counted(protocol.evaluate_every, "step", "steps"),
    )
}

fn search(method: &SearchMethod) -> String {
    let along = |start: String, lowest: f64, highest: f64, tolerance: f64| {
        format!(
            "Search: from {start} down by octaves to the first success, or up to the first failure \
             where the start succeeds, within 2^{{{}}} to 2^{{{}}}; then bisection of log_{{2}} η \
             until the bracket is at most {} of an octave wide. η* of a repeat is the largest \
             learning rate of that bracket that succeeded.",
            setting(lowest),
            setting(highest),
            setting(tolerance)
        )
    };
    match *method {
        SearchMethod::FromKernel {
            start,
            lowest,
            highest,
            tolerance,
        } => {
            let start = match start {
                Some(start) => format!("the learning rate 2^{{{}}}", setting(start)),
                None => "the learning rate at which the expected tangent kernel puts the edge, \
                         half an octave first and then"
                    .to_owned(),
            };
            along(start, lowest, highest, tolerance)
        }
        SearchMethod::Octaves {
            start,
            lowest,
            highest,
            tolerance,
        } => {
            let start = format!("the learning rate 2^{{{}}}", setting(start));
            along(start, lowest, highest, tolerance)
        }
        SearchMethod::Arithmetic {
            low,
            high,
            tolerance,
        } => format!(
            "Search: bisection of the learning rate itself, from an upper end of {1}, which must \
             fail, down to a lower end of {0}, which is tried only if no rate above it succeeds, \
             until the bracket is at most {2} wide.",
            setting(low),
            setting(high),
            setting(tolerance)
        ),
    }
}

fn ladder(protocol: &Protocol) -> String {
    let steps: Vec<String> = protocol
        .ladder
        .iter()
        .map(|&offset| setting(offset))
        .collect();
    if steps.is_empty() {
        return "Ladder: none; no rate below one that succeeded is tried, so these trials do not show \
                whether success is monotone in the rate."
            .to_owned();
    }
    format!(
        "Ladder: further rates are tried at {} octaves from η*, to detect success that is not \
         monotone in the rate.",
        steps.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_letters_become_symbols() {
        let text = sentence("With depth x width >= 2, R^2 of eta* on lambda_1 is 1.");
        assert_eq!(
            text.flat(),
            "With depth × width ≥ 2, R^2 of η* on λ_1 is 1."
        );
        assert_eq!(sentence("the theta rate").flat(), "the theta rate");
    }

    #[test]
    fn anchors_are_plain() {
        assert_eq!(slug("MNIST, threshold 0.925"), "mnist-threshold-0-925");
    }
}
