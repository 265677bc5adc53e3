use super::{CheapRate, CheapRateSettings};

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings() -> CheapRateSettings {
        CheapRateSettings {
            batch_size: 1,
            lowest: -20.0,
            highest: 10.0,
            range_test_steps: 100,
        }
    }

    #[test]
    fn none_where_no_rate_raises_the_loss_or_every_rate_does() {
        assert_eq!(critical_rate(&settings(), 1.0, |_| 0.5).learning_rate, None);
        assert_eq!(
            critical_rate(&settings(), 1.0, |_| f64::NAN).learning_rate,
            None
        );
    }

    proptest! {
        /// On `lambda x^2 / 2` the loss rises beyond `2 / lambda`.
        #[test]
        fn of_a_quadratic_it_is_two_over_lambda(lambda in 0.01..1e4f64) {
            let rate = critical_rate(&settings(), 0.5 * lambda, |eta| {
                0.5 * lambda * (1.0 - eta * lambda).powi(2)
            });
            let octaves = (2.0 / lambda).log2() - rate.learning_rate.unwrap().log2();
            prop_assert!((-1e-9..=TOLERANCE + 1e-9).contains(&octaves), "{}", octaves);
            prop_assert_eq!(rate.gradients, 1);
            prop_assert!(rate.forward_passes <= 36);
        }
    }
}
