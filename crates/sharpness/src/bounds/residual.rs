//! Second and fourth moments of the residual `r = f - e_y` of the squared
//! error with one-hot targets.
//!
//! Given the last activations `f` is normal, centred, with independent
//! components of variance `v = (c / n_L) |a^L|^2`; `E v = c q`,
//! `E v^2 = (c q)^2 g` with `g = prod_k (1 + 5/n_k)`. Odd moments vanish.
//!
//! For fourth moments the square root is returned, bounded by an affine
//! function of `q`: if `C^4 q^2` is the leading term, `B q` the middle one and
//! 1 the last, then `C^4 q^2 + B q + 1 <= (C^2 q + gamma)^2` with
//! `gamma = max(1, B / (2 C^2))`. This keeps what is made of it concave in
//! `q`; it is exact where `gamma = B / (2 C^2) = 1`.

use crate::moments::Moments;

/// `E r_k^2 = c q + y_k^2`: for the target's own output, and for another.
pub(super) struct SquaredResidual {
    pub(super) target: f64,
    pub(super) other: f64,
}

/// `E r_k^2` of single outputs.
pub(super) fn squared(moments: &Moments) -> SquaredResidual {
    let variance = moments.output_squared();
    SquaredResidual {
        target: variance + 1.0,
        other: variance,
    }
}

/// `E |r|^2 = K c q + 1` of all outputs together.
pub(super) fn vector_squared(moments: &Moments) -> f64 {
    moments.outputs() * moments.output_squared() + 1.0
}

/// At least `sqrt(E r_k^4)`, `E r_k^4 = 3 (c q)^2 g + 6 c q y_k^2 + y_k^4`.
pub(super) fn fourth_root(moments: &Moments) -> SquaredResidual {
    let leading = moments.output_fourth().sqrt();
    SquaredResidual {
        target: leading + offset(6.0 * moments.output_squared(), leading),
        other: leading,
    }
}

/// At least `sqrt(E |r|^4)`,
/// `E |r|^4 = K (K + 2) (c q)^2 g + (2 K + 4) c q + 1`
/// (as `|r|^2 = |f|^2 - 2 f_y + 1`).
pub(super) fn vector_fourth_root(moments: &Moments) -> f64 {
    let outputs = moments.outputs();
    let leading = (outputs * (outputs + 2.0) * moments.conditional_variance_squared()).sqrt();
    leading + offset((2.0 * outputs + 4.0) * moments.output_squared(), leading)
}

/// `gamma = max(1, B / (2 C^2))` from `B q` and `C^2 q`.
fn offset(middle: f64, leading: f64) -> f64 {
    if leading > 0.0 {
        (middle / (2.0 * leading)).max(1.0)
    } else {
        1.0
    }
}
