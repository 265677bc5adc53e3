//! Closed forms for constant width.

/// A bias-free network of constant width: the closed forms to which the
/// general ones reduce.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConstantWidth {
    /// `n_0`.
    pub inputs: f64,
    /// `n`.
    pub width: f64,
    /// `L`, the number of hidden layers.
    pub depth: usize,
    /// `c`.
    pub output_gain: f64,
    /// `mu_in`.
    pub input_rate: f64,
    /// `q`.
    pub mean_square_input: f64,
}

impl ConstantWidth {
    /// `E Theta_kk^2`, exactly:
    ///
    /// ```text
    /// q^2 sum_{l,l'=1..L+1} w_l w_l' (1+5/n)^(L-k) [ (1+5/n)^k + 2 (1-1/n)^k ] / 3,   k = |l - l'|,
    /// w = ( (c/2) mu_in n_0,  (c/2) n  (L - 1 times),  n )
    /// ```
    ///
    /// The general form with all `n_k = n`: `k` layers lie between the two and
    /// `L - k` outside.
    pub fn ntk_diagonal_second_moment(&self) -> f64 {
        let half = self.output_gain / 2.0;
        let weight = |layer: usize| match layer {
            0 => half * self.input_rate * self.inputs,
            layer if layer < self.depth => half * self.width,
            _ => self.width,
        };
        let grow = 1.0 + 5.0 / self.width;
        let shrink = 1.0 - 1.0 / self.width;
        let powers = |base: f64| -> Vec<f64> {
            std::iter::successors(Some(1.0), |power| Some(power * base))
                .take(self.depth + 1)
                .collect()
        };
        let (grown, shrunk) = (powers(grow), powers(shrink));
        let mut sum = 0.0;
        for first in 0..=self.depth {
            for second in 0..=self.depth {
                let apart = first.abs_diff(second);
                let mixture = (grown[apart] + 2.0 * shrunk[apart]) / 3.0;
                sum += weight(first) * weight(second) * grown[self.depth - apart] * mixture;
            }
        }
        self.mean_square_input * self.mean_square_input * sum
    }
}
