//! How fourth-order moments grow across layers.
//!
//! Let `u` be Gaussian vectors passed through one layer of width `n`: a matrix
//! with independent normal entries, then fair coins. For a Gram matrix `M` of
//! any number of vectors let `t = (tr M)^2` and `s = tr M^2`. With
//! `q_j = w_j^T M w_j`, `E q_j = tr M` and `E q_j^2 = t + 2 s` (variances set
//! to 1), the coins give
//!
//! ```text
//! E t' = n/2 (t + 2 s) + n (n - 1)/4 t        = n/4 [ (n + 1) t + 4 s ]
//! E s' = n/2 (t + 2 s) + n (n - 1)/4 s        = n/4 [ 2 t + (n + 3) s ]
//! ```
//!
//! so that `t + 2 s` and `t - s` are eigenvectors: relative to the square of
//! the mean's growth they are multiplied by `1 + 5/n` and `1 - 1/n`. As
//! `t = [(t + 2 s) + 2 (t - s)] / 3`, a start with `t + 2 s = t - s = 1` yields
//! the mixture `[ prod (1 + 5/n) + 2 prod (1 - 1/n) ] / 3`; a single vector has
//! `t = s` and only the first factor.

/// Products of both factors over a range of layers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth {
    grown: f64,
    shrunk: f64,
}

impl Growth {
    /// Over no layer.
    pub(super) const NONE: Self = Self {
        grown: 1.0,
        shrunk: 1.0,
    };

    /// Over one more layer, of width `width`.
    pub(super) fn through(self, width: f64) -> Self {
        Self {
            grown: self.grown * (1.0 + 5.0 / width),
            shrunk: self.shrunk * (1.0 - 1.0 / width),
        }
    }

    /// `prod (1 + 5/n)`.
    pub(super) fn single(self) -> f64 {
        self.grown
    }

    /// `[ prod (1 + 5/n) + 2 prod (1 - 1/n) ] / 3`.
    pub(super) fn mixture(self) -> f64 {
        (self.grown + 2.0 * self.shrunk) / 3.0
    }
}

/// Element `l` is the growth over the layers before it: `widths[..l]`; one
/// element more than widths.
pub(super) fn before(widths: &[f64]) -> Vec<Growth> {
    let mut growth = Growth::NONE;
    let mut all = vec![growth];
    for &width in widths {
        growth = growth.through(width);
        all.push(growth);
    }
    all
}

/// Element `l` is the growth over the layers from it on: `widths[l..]`; one
/// element more than widths.
pub(super) fn from(widths: &[f64]) -> Vec<Growth> {
    let mut growth = Growth::NONE;
    let mut all = vec![growth];
    for &width in widths.iter().rev() {
        growth = growth.through(width);
        all.push(growth);
    }
    all.reverse();
    all
}
