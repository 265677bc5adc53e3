//! The probability that a layer is not dead.

use super::Moments;

impl Moments {
    /// `P(a^l != 0) = prod_{k=1..l} (1 - 2^{-n_k})` for `l = 0 .. L`, for an
    /// input other than 0.
    ///
    /// Given `a^{l-1} != 0`, all `n_l` fair coins fail with probability
    /// `2^{-n_l}`; a dead layer stays dead. Exact; 1 to double precision as
    /// soon as every layer has 54 units.
    pub fn alive(&self) -> Vec<f64> {
        let mut probability = 1.0;
        let mut all = vec![probability];
        for &width in self.hidden() {
            probability *= 1.0 - (-width).exp2();
            all.push(probability);
        }
        all
    }
}
