use super::{CheapRate, CheapRateSettings};

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

    use super::*;

    /// The test with steps that cannot go wrong.
    fn tested(mut step: impl FnMut(f64) -> f64) -> CheapRate {
        range_test(&settings(), |rate| Ok::<_, Infallible>(step(rate))).unwrap()
    }

    fn settings() -> CheapRateSettings {
        CheapRateSettings {
            batch_size: 1,
            lowest: -10.0,
            highest: 10.0,
            range_test_steps: 81,
        }
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
