//! How initial variances, multipliers and learning rates depend on the widths.
//!
//! A layer with the multiplier `c` computes with `c W` and trains `W`. The same function is trained
//! by the weight matrix `c W` itself, drawn with `c^2` times the variance, at `c^2` times the rate
//! under gradient descent and at `c` times the rate under Adam, whose steps do not depend on the scale
//! of gradients (G. Yang and E. J. Hu, *Feature learning in infinite-width neural networks*, 2021,
//! "abc-parametrisations"). Networks are trained in that form.
//!
//! To add one, add a variant and its row in [`Parametrisation::layers`].

use serde::{Deserialize, Serialize};

use crate::architecture::Architecture;
use crate::form::Residual;
use crate::names::names;

/// The width at which the maximal-update rules are those of the standard parametrisation. Our choice:
/// it scales eta\* by a constant, and has no part in how eta\* depends on the width.
const BASE_WIDTH: f64 = 64.0;

/// A rule for initial variances, multipliers and learning rates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Parametrisation {
    /// Variances over the fan-in, one learning rate: what PyTorch and this program's other networks do.
    #[default]
    Standard,
    /// Unit variance, and the multiplier `sqrt(gain / fan_in)` (A. Jacot, F. Gabriel and C. Hongler,
    /// *Neural tangent kernel*, 2018).
    Ntk,
    /// Every layer learns features at any width (G. Yang et al., *Tensor programs V*, 2022, table 3),
    /// with the rates of a width of 64.
    MaximalUpdate,
}

names!(Parametrisation, "parametrisation":
    Standard = "standard", Ntk = "ntk", MaximalUpdate = "maximal-update");

/// How a rule for gradients turns a layer's scale into a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepScale {
    /// Steps in proportion to gradients: SGD and momentum.
    Gradient,
    /// Steps whose size does not depend on that of gradients: Adam.
    Unit,
}

/// A layer's initial variance, multiplier and relative learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LayerScale {
    /// Variance of an initial weight.
    pub variance: f64,
    /// What the weight matrix is multiplied by wherever it is used.
    pub multiplier: f64,
    /// Learning rate relative to the common one.
    pub rate: f64,
}

impl LayerScale {
    /// The variance with which the product of multiplier and weight is drawn.
    pub fn variance_of_product(&self) -> f64 {
        self.variance * self.multiplier * self.multiplier
    }

    /// The relative rate at which the product of multiplier and weight is trained.
    pub fn rate_of_product(&self, steps: StepScale) -> f64 {
        match steps {
            StepScale::Gradient => self.rate * self.multiplier * self.multiplier,
            StepScale::Unit => self.rate * self.multiplier,
        }
    }
}

impl Parametrisation {
    /// Of every layer of a network, from the input side.
    ///
    /// Gains, from which variances follow, are those of [`Architecture::gains`].
    pub fn layers(self, architecture: &Architecture, steps: StepScale) -> Vec<LayerScale> {
        let depth = architecture.depth();
        let shapes = architecture.layer_shapes().zip(architecture.gains());
        let layers = shapes
            .enumerate()
            .map(|(layer, ((fan_in, fan_out), gain))| {
                let (fan_in, fan_out) = (fan_in as f64, fan_out as f64);
                let standard = LayerScale {
                    variance: gain / fan_in,
                    multiplier: 1.0,
                    rate: 1.0,
                };
                match self {
                    Self::Standard => standard,
                    Self::Ntk => LayerScale {
                        variance: 1.0,
                        multiplier: (gain / fan_in).sqrt(),
                        rate: 1.0,
                    },
                    Self::MaximalUpdate => {
                        let (narrower, wider) = (BASE_WIDTH / fan_in, fan_out / BASE_WIDTH);
                        let variance = match layer == depth {
                            true => standard.variance * narrower,
                            false => standard.variance,
                        };
                        let rate = match (steps, layer) {
                            (StepScale::Gradient, 0) => wider,
                            (StepScale::Gradient, layer) if layer < depth => 1.0,
                            (StepScale::Unit, 0) => 1.0,
                            (StepScale::Gradient | StepScale::Unit, _) => narrower,
                        };
                        LayerScale {
                            variance,
                            rate: rate * depth_rate(architecture, steps, layer),
                            ..standard
                        }
                    }
                }
            });
        layers.collect()
    }
}

/// The factor for depth of the rate of a layer in a residual block scaled by `1 / sqrt(L)`: `1 /
/// sqrt(L)` under Adam, 1 under gradient descent (G. Yang et al., *Tensor programs VI*, 2023).
fn depth_rate(architecture: &Architecture, steps: StepScale, layer: usize) -> f64 {
    let depth = architecture.depth();
    let form = &architecture.form;
    let in_block = 0 < layer && layer < depth;
    let scales = form.residual == Residual::InverseRootDepth && steps == StepScale::Unit;
    match in_block && scales {
        true => form.residual_scale(depth),
        false => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(parametrisation: Parametrisation, steps: StepScale) -> Vec<f64> {
        let architecture = Architecture::constant_width(32, 256, 2, 10);
        let layers = parametrisation.layers(&architecture, steps);
        layers
            .iter()
            .map(|layer| layer.rate_of_product(steps))
            .collect()
    }

    /// The published tables, for a width of four times the base.
    #[test]
    fn by_hand() {
        use Parametrisation::{MaximalUpdate, Ntk, Standard};
        assert_eq!(rates(Standard, StepScale::Unit), [1.0; 3]);
        assert_eq!(rates(MaximalUpdate, StepScale::Gradient), [4.0, 1.0, 0.25]);
        assert_eq!(rates(MaximalUpdate, StepScale::Unit), [1.0, 0.25, 0.25]);
        let ntk = rates(Ntk, StepScale::Gradient);
        for (rate, expected) in ntk.iter().zip([2.0 / 32.0, 2.0 / 256.0, 2.0 / 256.0]) {
            assert!((rate - expected).abs() < 1e-15);
        }
        let architecture = Architecture::constant_width(32, 256, 2, 10);
        let layers = MaximalUpdate.layers(&architecture, StepScale::Gradient);
        assert_eq!(layers[2].variance_of_product(), 2.0 / 256.0 / 4.0);
        let ntk = Ntk.layers(&architecture, StepScale::Gradient);
        let standard = Standard.layers(&architecture, StepScale::Gradient);
        for (a, b) in ntk.iter().zip(standard) {
            assert!((a.variance_of_product() - b.variance_of_product()).abs() < 1e-15);
        }
    }
}
