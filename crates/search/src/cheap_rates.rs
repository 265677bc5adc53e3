//! Learning rates of one network that are cheap to find: candidates for
//! predicting eta\*.

use serde::{Deserialize, Serialize};

use crate::setting::{Limits, read, settings};

settings! {
    /// The settings of the cheap rates.
    cheap_rate_settings:
    /// Samples per mini-batch for the cheap rates
    CheapBatch: usize, "sharpness.cheap_rates.batch_size", "", "samples", Limits::AT_LEAST_ONE;
    /// log2 of the lowest learning rate that is tried for the cheap rates
    CheapLowest: f64, "sharpness.cheap_rates.lowest", "", "log2 of a learning rate",
        Limits::OCTAVES;
    /// log2 of the highest learning rate that is tried for the cheap rates
    CheapHighest: f64, "sharpness.cheap_rates.highest", "", "log2 of a learning rate",
        Limits::OCTAVES;
    /// Steps of the range test from the lowest rate to the highest
    RangeTestSteps: usize, "sharpness.cheap_rates.range_test_steps", "", "SGD steps",
        Limits::AT_LEAST_ONE;
}

/// How the cheap rates are found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheapRateSettings {
    /// Samples per mini-batch, for both.
    #[serde(deserialize_with = "read::<CheapBatch, _>")]
    pub batch_size: usize,
    /// `log2` of the lowest rate tried.
    #[serde(deserialize_with = "read::<CheapLowest, _>")]
    pub lowest: f64,
    /// `log2` of the highest rate tried.
    #[serde(deserialize_with = "read::<CheapHighest, _>")]
    pub highest: f64,
    /// Steps of the range test from `lowest` to `highest`.
    #[serde(deserialize_with = "read::<RangeTestSteps, _>")]
    pub range_test_steps: usize,
}

/// The cheap rates of one network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CheapRates {
    /// The one-step critical rate `eta_c`: the least rate at which one step
    /// of gradient descent raises the loss of the batch it was taken on.
    pub critical: CheapRate,
    /// The learning-rate range test: the rate at which the loss blows up
    /// while the rate grows geometrically from step to step.
    pub range_test: CheapRate,
}

/// A rate and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CheapRate {
    /// The learning rate; absent where none in range has the property.
    pub learning_rate: Option<f64>,
    /// Gradients computed, each of one mini-batch.
    pub gradients: usize,
    /// Forward passes computed without a gradient, each of one mini-batch.
    pub forward_passes: usize,
}

/// Width of the last bracket, in octaves.
const TOLERANCE: f64 = 0.0625;

/// The one-step critical rate: the least learning rate at which one step
/// raises the loss of the very batch the step was taken on,
///
/// ```text
/// eta_c = min { eta : L(theta - eta M grad L(theta)) > L(theta) }
/// ```
///
/// looked for from the lowest rate upwards by doubling, then by bisection of
/// `log2 eta` to a sixteenth of an octave; the lower end is given. One
/// gradient, and a forward pass for every rate looked at. A loss that is not
/// finite has risen.
///
/// Source: D. S. Kalra and M. Barkeshli, arXiv:2406.09405 (the initialisation
/// of the warm-up by doubling and bisection, forward passes only).
pub(crate) fn critical_rate(
    settings: &CheapRateSettings,
    before: f64,
    mut loss_after: impl FnMut(f64) -> f64,
) -> CheapRate {
    let mut forward_passes = 0;
    let mut rises = |position: f64| {
        forward_passes += 1;
        let after = loss_after(position.exp2());
        !after.is_finite() || after > before
    };
    let mut high = settings.lowest;
    let mut low = None;
    while !rises(high) {
        low = Some(high);
        if high >= settings.highest {
            break;
        }
        high = (high + 1.0).min(settings.highest);
    }
    let learning_rate = match low {
        // A bracket: `low` does not raise the loss, `high` does.
        Some(mut low) if low < high => {
            while high - low > TOLERANCE {
                let middle = 0.5 * (low + high);
                if rises(middle) {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            Some(low.exp2())
        }
        _ => None,
    };
    CheapRate {
        learning_rate,
        gradients: 1,
        forward_passes,
    }
}

/// A loss this many times the least one so far has blown up.
const BLOW_UP: f64 = 4.0;

/// The learning-rate range test: SGD steps whose rate grows geometrically,
///
/// ```text
/// eta_s = 2^(lowest + (highest - lowest) s / (steps - 1)),   s = 0, 1, ..
/// ```
///
/// until the mini-batch's loss is not finite or more than four times the
/// least one so far. The rate given is the last one before the step that blew
/// the loss up. `step` takes a step at a rate and gives the loss **before** it.
///
/// # Errors
/// The first error of `step`.
///
/// Source: L. N. Smith, arXiv:1506.01186, section 3.3 (there judged by eye;
/// the factor of four is the usual rule of programs that automate it).
pub(crate) fn range_test<E>(
    settings: &CheapRateSettings,
    mut step: impl FnMut(f64) -> Result<f64, E>,
) -> Result<CheapRate, E> {
    let steps = settings.range_test_steps;
    let width = (settings.highest - settings.lowest) / steps.saturating_sub(1).max(1) as f64;
    let mut least = f64::INFINITY;
    let mut last = None;
    for index in 0..steps {
        let rate = (settings.lowest + width * index as f64).exp2();
        let loss = step(rate)?;
        if !loss.is_finite() || loss > BLOW_UP * least {
            // The loss is the one before this step: the step before blew up.
            return Ok(CheapRate {
                learning_rate: last.map(|rate: f64| rate * (-width).exp2()),
                gradients: index + 1,
                forward_passes: 0,
            });
        }
        least = least.min(loss);
        last = Some(rate);
    }
    Ok(CheapRate {
        learning_rate: None,
        gradients: steps,
        forward_passes: 0,
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn settings(lowest: f64, range_test_steps: usize) -> CheapRateSettings {
        CheapRateSettings {
            batch_size: 1,
            lowest,
            highest: 10.0,
            range_test_steps,
        }
    }

    #[test]
    fn none_where_no_rate_raises_the_loss_or_every_rate_does() {
        assert_eq!(
            critical_rate(&settings(-20.0, 100), 1.0, |_| 0.5).learning_rate,
            None
        );
        assert_eq!(
            critical_rate(&settings(-20.0, 100), 1.0, |_| f64::NAN).learning_rate,
            None
        );
    }

    proptest! {
        /// On `lambda x^2 / 2` the loss rises beyond `2 / lambda`.
        #[test]
        fn of_a_quadratic_it_is_two_over_lambda(lambda in 0.01..1e4f64) {
            let rate = critical_rate(&settings(-20.0, 100), 0.5 * lambda, |eta| {
                0.5 * lambda * (1.0 - eta * lambda).powi(2)
            });
            let octaves = (2.0 / lambda).log2() - rate.learning_rate.unwrap().log2();
            prop_assert!((-1e-9..=TOLERANCE + 1e-9).contains(&octaves), "{}", octaves);
            prop_assert_eq!(rate.gradients, 1);
            prop_assert!(rate.forward_passes <= 36);
        }
    }

    /// The test with steps that cannot go wrong.
    fn tested(mut step: impl FnMut(f64) -> f64) -> CheapRate {
        range_test(&settings(-10.0, 81), |rate| Ok::<_, Infallible>(step(rate))).unwrap()
    }

    /// Plain gradient descent on `lambda x^2 / 2`, from where the optimum is
    /// not yet reached: blows up some steps after the rate passes `2 / lambda`.
    #[test]
    fn a_quadratic_blows_up_above_two_over_lambda() {
        let lambda = 8.0;
        let mut x = 1.0;
        // A floor under the loss: noise of the mini-batches.
        let rate = tested(|eta| {
            let loss = 0.5 * lambda * x * x + 1e-3;
            x -= eta * lambda * x + 1e-4;
            loss
        });
        let octaves = rate.learning_rate.unwrap().log2() - (2.0 / lambda).log2();
        assert!((0.0..3.0).contains(&octaves), "{octaves}");
        assert!(rate.gradients < 81);
    }

    #[test]
    fn none_where_the_loss_never_blows_up_or_does_at_once() {
        assert_eq!(tested(|_| 1.0).learning_rate, None);
        let at_once = tested(|_| f64::NAN);
        assert_eq!((at_once.learning_rate, at_once.gradients), (None, 1));
    }
}
