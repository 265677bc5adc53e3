//! Where the expected tangent kernel puts the edge, before anything is
//! trained.

use etastar_model::{Architecture, Form, Loss, Method, StepScale};
use etastar_sharpness::moments::Moments;

use crate::Protocol;

/// The first step from the kernel's start, and what its position is rounded
/// to, in octaves: every rate tried is then one that a search by octaves from any
/// whole octave may try, so that where success is monotone both end at the
/// same bits.
pub(super) const STEP: f64 = 0.5;

/// `log2` of the learning rate
///
/// ```text
/// C / sqrt(E Theta_kk(x, x)^2)          for inputs with |x|^2 = n_0
/// ```
///
/// rounded to half an octave: inverse to the root mean square of the tangent
/// kernel's diagonal over initialisations, input layer scaled by its rate
/// ([`Moments::ntk_diagonal_second_moment`]). Claim C1 with both its provisos:
/// depth x width, the input layer unless its rate is small, and `exp(5 L/n)`.
///
/// The kernel says nothing of `C`. It is the median of our own measurements,
/// one number for each loss: `2^9` for cross-entropy, `2^5` for squared error.
/// The answer does not depend on it, only how many trials it takes. Biases add
/// little and count as none. A network of another form starts where that of ReLUs of its shape does,
/// less what the parametrisation gives to its hidden layers; with momentum, `1 - beta` times there. The
/// steps of Adam do not depend on the kernel: it starts at `2^-4`.
pub(super) fn kernel_start(
    architecture: &Architecture,
    input_rate: f64,
    protocol: &Protocol,
) -> f64 {
    let steps = protocol.optimiser.step_scale();
    if steps == StepScale::Unit {
        return ADAM;
    }
    let scales = architecture.layer_scales(steps);
    let hidden = scales
        .get(1)
        .map_or(1.0, |scale| scale.rate_of_product(steps));
    let momentum = match protocol.optimiser {
        Method::Momentum | Method::Nesterov => protocol.momentum,
        _ => 0.0,
    };
    let constant = match protocol.loss {
        Loss::CrossEntropy => 9.0,
        Loss::SquaredError => 5.0,
    };
    let without_bias = Architecture {
        bias: false,
        form: Form::default(),
        ..architecture.clone()
    };
    // A network that does not exist is refused by whoever is to train it.
    let second_moment = Moments::new(&without_bias, input_rate, 1.0)
        .map_or(1.0, |moments| moments.ntk_diagonal_second_moment());
    let position = constant - 0.5 * second_moment.log2() - hidden.log2() + (1.0 - momentum).log2();
    (position / STEP).round() * STEP
}

/// `log2` of the rate at which a search under Adam starts. Our choice.
const ADAM: f64 = -4.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn protocol(loss: Loss) -> Protocol {
        Protocol {
            loss,
            ..Protocol::default()
        }
    }

    fn start(width: usize, depth: usize, input_rate: f64, loss: Loss) -> f64 {
        let network = Architecture::constant_width(784, width, depth, 10);
        kernel_start(&network, input_rate, &protocol(loss))
    }

    #[test]
    fn it_goes_with_depth_times_width_and_the_input_layer() {
        let entropy = Loss::CrossEntropy;
        // 784 + 4 * 256 = 2^10.82, and a fluctuation factor of 2^0.06
        assert_eq!(start(256, 4, 1.0, entropy), -2.0);
        assert_eq!(start(256, 4, 0.0, entropy), -1.0);
        assert_eq!(start(256, 16, 0.0, entropy), -3.0);
        assert_eq!(start(256, 4, 1.0, Loss::SquaredError), -6.0);
    }

    #[test]
    fn a_network_whose_depth_is_its_width_starts_far_lower() {
        assert_eq!(start(256, 1, 0.0, Loss::CrossEntropy), 1.0);
        assert_eq!(start(16, 16, 0.0, Loss::CrossEntropy), -1.5);
    }

    #[test]
    fn biases_change_nothing_and_no_network_is_no_error() {
        let network = Architecture::constant_width(784, 64, 4, 10);
        let with_bias = Architecture {
            bias: true,
            ..network.clone()
        };
        let of = |network| kernel_start(network, 1.0, &protocol(Loss::CrossEntropy));
        assert_eq!(of(&network), of(&with_bias));
        assert_eq!(of(&Architecture::constant_width(0, 0, 0, 0)), 9.0);
    }
}
