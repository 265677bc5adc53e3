use crate::{Operation, Shape};

/// The relative error (in the maximum norm) that rounding explains, for
/// arithmetic of unit roundoff `roundoff` (`2^-24` in f32, `2^-53` in f64).
///
/// A dot product of `n` terms has a relative error of about `sqrt(n)`
/// roundoffs where rounding errors are independent, and of `n` at worst
/// (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2002,
/// sections 2.8 and 3.1). Errors of the layers add up, `depth + 1` of them in
/// one sweep through the network; a gradient takes two sweeps, a
/// Hessian-vector product four. The factor of 2 is for cancellation: the norm
/// of a result may be that much below the norms of what it is summed from.
pub fn tolerance(operation: Operation, shape: &Shape, roundoff: f64) -> f64 {
    let longest = shape.inputs.max(shape.width).max(shape.samples) as f64;
    let sweeps = match operation {
        Operation::Forward | Operation::Loss => 1.0,
        Operation::Gradient | Operation::SgdStep | Operation::EnsembleStep => 2.0,
        Operation::HessianVectorProduct => 4.0,
    };
    2.0 * roundoff * longest.sqrt() * sweeps * (shape.depth + 1) as f64
}
