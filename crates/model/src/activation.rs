//! Activation functions: values and first two derivatives on tensors, and the gain that keeps the
//! second moment of a wide layer.
//!
//! To add one, add a variant, its name here and in the help of the setting `network.activation`, its
//! place in [`Activation::ALL`], its row in [`Activation::value`], [`Activation::derivative`],
//! [`Activation::second_derivative`] and [`Activation::at`], and its definition in the tests' oracle: the
//! book's chapter "Add an activation" does so.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::fmt;
use std::str::FromStr;

use burn_tensor::{Tensor, backend};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The function applied to every hidden unit's preactivation `h`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Activation {
    /// `max(h, 0)`.
    #[default]
    Relu,
    /// `h` where positive, `slope * h` elsewhere.
    LeakyRelu {
        /// The slope of the negative side, from 0 to 1.
        slope: f64,
    },
    /// `h Phi(h)`, `Phi` the distribution function of the standard normal; exact, without the
    /// approximation by tanh.
    Gelu,
    /// `h sigma(h)`, `sigma` the logistic function; also called swish.
    Silu,
    /// The hyperbolic tangent.
    Tanh,
    /// `ln(1 + e^h)`.
    Softplus,
    /// `h`: a linear network.
    Identity,
}

/// The slope of a leaky ReLU where none is given.
const USUAL_SLOPE: f64 = 0.01;

/// No activation has this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "there is no activation '{0}': use relu, leaky-relu, leaky-relu:SLOPE (SLOPE from 0 to 1), gelu, \
     silu, tanh, softplus or identity"
)]
pub struct UnknownActivation(String);

impl FromStr for Activation {
    type Err = UnknownActivation;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "relu" => Self::Relu,
            "leaky-relu" => Self::LeakyRelu { slope: USUAL_SLOPE },
            "gelu" => Self::Gelu,
            "silu" => Self::Silu,
            "tanh" => Self::Tanh,
            "softplus" => Self::Softplus,
            "identity" => Self::Identity,
            other => {
                let slope = other.strip_prefix("leaky-relu:");
                let slope = slope.and_then(|slope| slope.parse::<f64>().ok());
                match slope.filter(|slope| (0.0..=1.0).contains(slope)) {
                    Some(slope) => Self::LeakyRelu { slope: slope + 0.0 },
                    None => return Err(UnknownActivation(other.to_owned())),
                }
            }
        })
    }
}

impl TryFrom<String> for Activation {
    type Error = UnknownActivation;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Activation> for String {
    fn from(activation: Activation) -> Self {
        activation.to_string()
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relu => "relu",
            Self::LeakyRelu { slope } => return write!(f, "leaky-relu:{slope}"),
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Tanh => "tanh",
            Self::Softplus => "softplus",
            Self::Identity => "identity",
        })
    }
}

impl Activation {
    /// One of every kind; the leaky ReLU with a slope of 0.1.
    pub const ALL: [Self; 7] = [
        Self::Relu,
        Self::LeakyRelu { slope: 0.1 },
        Self::Gelu,
        Self::Silu,
        Self::Tanh,
        Self::Softplus,
        Self::Identity,
    ];

    /// `phi(h)`, element by element. NaN stays NaN.
    pub fn value<B: backend::Backend, const D: usize>(self, h: Tensor<B, D>) -> Tensor<B, D> {
        match self {
            // Not a maximum, which some backends make of NaN and 0 a 0.
            Self::Relu => h.clone().mask_fill(h.lower_equal_elem(0.0), 0.0),
            Self::LeakyRelu { slope } => {
                let negative = h.clone().lower_equal_elem(0.0);
                h.clone().mask_where(negative, h * slope)
            }
            Self::Gelu => h.clone() * normal_distribution(h),
            Self::Silu => h.clone() * logistic(h),
            Self::Tanh => h.tanh(),
            Self::Softplus => {
                let positive = h.clone().mask_fill(h.clone().lower_equal_elem(0.0), 0.0);
                positive + h.abs().neg().exp().log1p()
            }
            Self::Identity => h,
        }
    }

    /// `phi'(h)`, element by element; 0 and `slope` at the kinks of ReLU and leaky ReLU.
    pub fn derivative<B: backend::Backend, const D: usize>(self, h: Tensor<B, D>) -> Tensor<B, D> {
        match self {
            Self::Relu => h.greater_elem(0.0).float(),
            Self::LeakyRelu { slope } => {
                let positive = h.greater_elem(0.0).float();
                positive * (1.0 - slope) + slope
            }
            Self::Gelu => normal_distribution(h.clone()) + h.clone() * normal_density(h),
            Self::Silu => {
                let s = logistic(h.clone());
                s.clone() * (h * (-s + 1.0) + 1.0)
            }
            Self::Tanh => -h.tanh().square() + 1.0,
            Self::Softplus => logistic(h),
            Self::Identity => h.ones_like(),
        }
    }

    /// `phi''(h)`, element by element; 0 for those that are linear in pieces.
    pub fn second_derivative<B: backend::Backend, const D: usize>(
        self,
        h: Tensor<B, D>,
    ) -> Tensor<B, D> {
        match self {
            Self::Relu | Self::LeakyRelu { .. } | Self::Identity => h.zeros_like(),
            Self::Gelu => normal_density(h.clone()) * (-h.square() + 2.0),
            Self::Silu => {
                let s = logistic(h.clone());
                let slope = s.clone() * (-s.clone() + 1.0);
                slope * (h * (s * -2.0 + 1.0) + 2.0)
            }
            Self::Tanh => {
                let t = h.tanh();
                (t.clone().square() - 1.0) * t * 2.0
            }
            Self::Softplus => {
                let s = logistic(h);
                s.clone() * (-s + 1.0)
            }
        }
    }

    /// `phi(h)` of a number, in double precision.
    pub fn at(self, h: f64) -> f64 {
        match self {
            Self::Relu => h.max(0.0),
            Self::LeakyRelu { slope } => {
                if h > 0.0 {
                    h
                } else {
                    slope * h
                }
            }
            Self::Gelu => 0.5 * h * libm::erfc(-h * FRAC_1_SQRT_2),
            Self::Silu => h / (1.0 + (-h).exp()),
            Self::Tanh => h.tanh(),
            Self::Softplus => h.max(0.0) + (-h.abs()).exp().ln_1p(),
            Self::Identity => h,
        }
    }

    /// Whether `phi(c h) = c phi(h)` for every `c >= 0`, so that the scale of preactivations does
    /// not matter.
    pub fn is_homogeneous(self) -> bool {
        matches!(self, Self::Relu | Self::LeakyRelu { .. } | Self::Identity)
    }

    /// `1 / E phi(Z)^2` for a standard normal `Z`: weights of this variance over their fan-in keep
    /// preactivations of unit variance, from layer to layer of a wide network. 2 for ReLU (K. He et
    /// al., *Delving deep into rectifiers*, 2015), 1 for the identity; by quadrature where it has no
    /// closed form.
    pub fn gain(self) -> f64 {
        match self {
            Self::Relu => 2.0,
            Self::LeakyRelu { slope } => 2.0 / (1.0 + slope * slope),
            Self::Identity => 1.0,
            Self::Gelu | Self::Silu | Self::Tanh | Self::Softplus => {
                // The trapezoidal rule, exponentially accurate for these analytic functions; beyond 12
                // the density is below 1e-31.
                let (step, half) = (1.0 / 64.0, 12 * 64);
                let moment: f64 = (-half..=half)
                    .map(|index| {
                        let z = f64::from(index) * step;
                        self.at(z).powi(2) * (-0.5 * z * z).exp()
                    })
                    .sum();
                (2.0 * PI).sqrt() / (step * moment)
            }
        }
    }
}

/// `Phi(h)`.
fn normal_distribution<B: backend::Backend, const D: usize>(h: Tensor<B, D>) -> Tensor<B, D> {
    ((h * FRAC_1_SQRT_2).erf() + 1.0) * 0.5
}

/// The density of the standard normal.
fn normal_density<B: backend::Backend, const D: usize>(h: Tensor<B, D>) -> Tensor<B, D> {
    (h.square() * -0.5).exp() * (1.0 / (2.0 * PI).sqrt())
}

/// `1 / (1 + e^-h)`, which never overflows. Burn's own goes through single precision on some
/// backends.
fn logistic<B: backend::Backend, const D: usize>(h: Tensor<B, D>) -> Tensor<B, D> {
    ((h * 0.5).tanh() + 1.0) * 0.5
}

#[cfg(test)]
mod tests {
    use burn_ndarray::NdArray;

    use super::*;

    fn on_tensor(
        values: &[f64],
        f: impl Fn(Tensor<NdArray<f64>, 1>) -> Tensor<NdArray<f64>, 1>,
    ) -> Vec<f64> {
        let tensor = Tensor::from_data(burn_tensor::TensorData::from(values), &Default::default());
        f(tensor).into_data().to_vec().unwrap()
    }

    /// Values are those of the definition; derivatives those of central differences.
    #[test]
    fn values_and_derivatives() {
        let points: Vec<f64> = (-80..=80).map(|i| 0.1 * f64::from(i) + 0.013).collect();
        let step = 1e-5;
        for activation in Activation::ALL {
            let values = on_tensor(&points, |h| activation.value(h));
            let first = on_tensor(&points, |h| activation.derivative(h));
            let second = on_tensor(&points, |h| activation.second_derivative(h));
            for (index, &h) in points.iter().enumerate() {
                let at = |h| activation.at(h);
                assert!((values[index] - at(h)).abs() < 1e-14, "{activation} at {h}");
                let slope = (at(h + step) - at(h - step)) / (2.0 * step);
                assert!((first[index] - slope).abs() < 1e-9, "{activation}' at {h}");
                let bent = (at(h + 1e-3) - 2.0 * at(h) + at(h - 1e-3)) / 1e-6;
                assert!((second[index] - bent).abs() < 1e-5, "{activation}'' at {h}");
            }
        }
    }

    /// E tanh(Z)^2 = 0.394294 and the others by independent adaptive quadrature.
    #[test]
    fn gains() {
        for (name, gain) in [
            ("relu", 2.0),
            ("leaky-relu:0.5", 1.6),
            ("gelu", 2.351_715),
            ("silu", 2.810_761),
            ("tanh", 2.536_175),
            ("softplus", 1.085_487),
            ("identity", 1.0),
        ] {
            let activation: Activation = name.parse().unwrap();
            assert!(
                (activation.gain() - gain).abs() < 2e-6,
                "{name}: {}",
                activation.gain()
            );
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for activation in Activation::ALL {
            assert_eq!(activation.to_string().parse(), Ok(activation));
        }
        for wrong in [
            "",
            "ReLU",
            "leaky-relu:2",
            "leaky-relu:nan",
            "leaky-relu:-0.1",
        ] {
            assert!(
                wrong
                    .parse::<Activation>()
                    .unwrap_err()
                    .to_string()
                    .contains("gelu")
            );
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so_and_far_values_are_finite() {
        for activation in Activation::ALL {
            assert!(
                on_tensor(&[f64::NAN], |h| activation.value(h))[0].is_nan(),
                "{activation}"
            );
            for far in [-1e4, 1e4] {
                for order in 0..3 {
                    let value = on_tensor(&[far], |h| match order {
                        0 => activation.value(h),
                        1 => activation.derivative(h),
                        _ => activation.second_derivative(h),
                    });
                    assert!(value[0].is_finite(), "{activation}, order {order}");
                }
            }
        }
    }
}
