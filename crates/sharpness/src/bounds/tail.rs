//! From the moments of a variable to values that it exceeds with small
//! probability.

use serde::{Deserialize, Serialize};

/// A value exceeded with probability at most `delta`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TailBound {
    /// The probability.
    pub delta: f64,
    /// The value.
    pub value: f64,
}

/// A chain of upper bounds on a top eigenvalue.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// At least the expectation.
    pub upper_expectation: f64,
    /// Exceeded with probability at most `delta`, from the first moment.
    pub markov: TailBound,
    /// Exceeded with probability at most `delta`, from the first two moments.
    pub chebyshev: TailBound,
}

/// What is known of a variable `Y >= 0` that is at least the eigenvalue.
#[derive(Debug, Clone, Copy)]
pub(super) struct VariableMoments {
    /// At most `E Y`.
    pub(super) mean_lower: f64,
    /// At least `E Y`.
    pub(super) mean_upper: f64,
    /// At least `E Y^2`.
    pub(super) second_upper: f64,
}

impl VariableMoments {
    pub(super) fn is_finite(self) -> bool {
        self.mean_upper.is_finite() && self.second_upper.is_finite()
    }

    /// Bounds on the eigenvalue that fail with probability at most `delta`.
    pub(super) fn bounds(self, delta: f64) -> Chain {
        Chain {
            upper_expectation: self.mean_upper,
            markov: self.markov(delta),
            chebyshev: self.chebyshev(delta),
        }
    }

    /// `P(Y >= E Y / delta) <= delta` (Markov's inequality).
    fn markov(self, delta: f64) -> TailBound {
        TailBound {
            delta,
            value: self.mean_upper / delta,
        }
    }

    /// Chebyshev's inequality in its one-sided form (Cantelli):
    /// `P(Y >= m + s) <= v / (v + s^2)` with mean `m` and variance `v`, so
    ///
    /// ```text
    /// t(m) = m + sqrt( (E Y^2 - m^2) (1 - delta) / delta )
    /// ```
    ///
    /// is exceeded with probability at most `delta`. `t` increases up to `m = sqrt(delta E Y^2)` and
    /// decreases beyond, so where `m` is known only to lie in an interval the largest value of `t` on
    /// it is taken. Better than Markov's inequality for `Y` unless the variance is large.
    fn chebyshev(self, delta: f64) -> TailBound {
        let root = self.second_upper.sqrt();
        let highest = self.mean_upper.min(root);
        let lowest = self.mean_lower.min(highest);
        let mean = (delta.sqrt() * root).clamp(lowest, highest);
        let variance = (self.second_upper - mean * mean).max(0.0);
        TailBound {
            delta,
            value: mean + (variance * (1.0 - delta) / delta).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(mean_lower: f64, mean_upper: f64, second_upper: f64) -> VariableMoments {
        VariableMoments {
            mean_lower,
            mean_upper,
            second_upper,
        }
    }

    #[test]
    fn known_mean_and_variance_give_cantelli() {
        let bounds = variable(3.0, 3.0, 13.0).bounds(0.2);
        assert!((bounds.chebyshev.value - (3.0 + 2.0 * 2.0)).abs() < 1e-12);
        assert_eq!(bounds.markov.value, 15.0);
    }

    #[test]
    fn an_uncertain_mean_takes_the_worst() {
        let worst = variable(0.5, 3.0, 13.0).chebyshev(0.2).value;
        for step in 0..=100 {
            let mean = 0.5 + 0.025 * f64::from(step);
            let value = mean + ((13.0 - mean * mean) * 4.0).sqrt();
            assert!(value <= worst + 1e-12);
        }
        assert!((worst - (13.0_f64 / 0.2).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_constant_is_bounded_by_itself() {
        assert_eq!(variable(2.0, 2.0, 4.0).chebyshev(0.05).value, 2.0);
    }
}
