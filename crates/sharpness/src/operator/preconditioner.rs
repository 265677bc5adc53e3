//! What Adam multiplies the rates of single parameters by.
//!
//! At a second moment `v` Adam moves a parameter by the rate times `1 / (sqrt(v) + 1e-8)` times its
//! smoothed gradient. With `D` the diagonal matrix of these scales it is stable near a point as
//! gradient descent with the rates `D M` is, so that the eigenvalues of `D^{1/2} M^{1/2} H M^{1/2}
//! D^{1/2}` govern it (J. Cohen et al., *Adaptive gradient methods at the edge of stability*, 2022).

use etastar_backend::Backend;
use etastar_model::{ADAM_EPSILON, Batch, Loss, Mlp};

use super::objective::pieces;
use super::parameters::ParameterOrder;

/// The scales of all parameters, in the order of [`ParameterOrder`]. `v` is the mean over mini-batches
/// of the squared gradient: what Adam's second moment tends to at fixed parameters as `beta_2` tends to
/// 1. The mini-batches are consecutive samples; those left over are not used, unless they are all.
///
/// One mini-batch alone says little: the parameter whose gradient happens to be the smallest would
/// have nearly all of the sharpness.
pub fn adam_scales<B: Backend>(
    network: &Mlp<B>,
    data: &Batch<B>,
    loss: Loss,
    batch_size: usize,
) -> Vec<f64> {
    let order = ParameterOrder::new(&network.layers);
    let mut moment = vec![0.0; order.dimension()];
    let [samples, _] = data.inputs.dims();
    let batches = (samples / batch_size.max(1)).max(1);
    for batch in pieces(data, batch_size).take(batches) {
        let (_, gradient) = network.gradient(&batch, loss);
        for (sum, value) in moment.iter_mut().zip(order.flatten(gradient.layers)) {
            *sum += value * value / batches as f64;
        }
    }
    let scales = moment.into_iter();
    scales.map(|v| 1.0 / (v.sqrt() + ADAM_EPSILON)).collect()
}
