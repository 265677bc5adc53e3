//! Numbers in words.

use etastar_analysis::FastestRate;
use etastar_search::{Cell, Protocol, SuccessRule};

/// A learning rate or an eigenvalue for people: four decimals, and below 0.1 four significant
/// digits, so that none is shown as zero.
pub fn rate(value: f64) -> String {
    let size = value.abs();
    if size >= 0.1 || size == 0.0 || !size.is_finite() {
        format!("{value:.4}")
    } else if size >= 1e-4 {
        let decimals = 3 - size.log10().floor() as i32;
        format!("{value:.*}", decimals as usize)
    } else {
        format!("{value:.3e}")
    }
}

/// The relative learning rates of a network's layers, what it has that the default one has not, and
/// the optimiser if it is not plain SGD.
pub fn rates(cell: &Cell) -> String {
    let rates = match cell.layer_rates.is_empty() {
        true => format!("input-layer rate {}", cell.input_rate),
        false => format!("layer rates {:?}", cell.layer_rates),
    };
    rates + &form_and_optimiser(cell)
}

/// The form of a network that is not plain, and an optimiser that is not plain SGD, each after a comma.
pub fn form_and_optimiser(cell: &Cell) -> String {
    let mut words = String::new();
    if !cell.form.is_default() {
        words.push_str(&format!(", {}", cell.form));
    }
    if let Some(optimiser) = cell.protocol().map(Protocol::optimiser)
        && !optimiser.is_plain()
    {
        words.push_str(&format!(", {optimiser}"));
    }
    words
}

/// When a trial of a cell succeeds: accuracy or R^2, or no divergence, within which budget.
pub fn success(cell: &Cell) -> String {
    let Some(protocol) = cell.protocol() else {
        return String::new();
    };
    // Two thirds has as many digits as anybody wants.
    let threshold = (protocol.threshold * 1e4).round() / 1e4;
    let rule = match protocol.success {
        SuccessRule::NoDivergence => {
            format!(
                "no loss above {} times the first",
                protocol.divergence_factor
            )
        }
        _ if cell.dataset.is_regression() => format!("R^2 {threshold}"),
        _ => format!("accuracy {threshold}"),
    };
    let rule = match protocol.success {
        SuccessRule::KeepAccuracy => format!(
            "{rule} and at most {} below that of the start, both at the end of the budget,",
            protocol.accuracy_margin
        ),
        SuccessRule::ReachThreshold | SuccessRule::NoDivergence => rule,
    };
    let warm_up = match protocol.warm_up {
        0 | 1 => String::new(),
        steps => format!(", the first {steps} as a warm-up"),
    };
    format!(
        "{rule} within {} steps of {} samples{warm_up}",
        protocol.budget, protocol.batch_size,
    )
}

/// Which constant rate trains fastest, a line.
pub fn fastest_rate(fastest: &FastestRate) -> String {
    let [low, high] = fastest.interval.map(rate);
    let (depths, widths) = (FastestRate::DEPTHS, FastestRate::WIDTHS);
    format!(
        "trains fastest at about {} (eta* / {:.1}; {low} to {high}), as the experiment `{}` found in \
         networks of width {} to {} and depth {} to {}{}\n",
        rate(fastest.learning_rate),
        1.0 / fastest.over_eta_star,
        fastest.experiment,
        widths.start(),
        widths.end(),
        depths.start(),
        depths.end(),
        match fastest.extrapolated {
            true => "; this network is outside of that",
            false => "",
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rate_is_shown_as_zero() {
        for (value, shown) in [
            (0.0, "0.0000"),
            (1.0905, "1.0905"),
            (0.0442, "0.04420"),
            (0.000_123_45, "0.0001234"),
            (3.0518e-5, "3.052e-5"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(rate(value), shown);
        }
    }
}
