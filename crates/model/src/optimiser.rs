//! Rules that turn gradients into steps, as PyTorch defines them.
//!
//! With the gradient `g` of a parameter `w`, first scaled by `min(1, clip / (|g| + 1e-6))` where the
//! gradient of all trained layers together, `|g|`, is clipped, and a layer's rate `eta`:
//!
//! ```text
//! sgd       w -= eta g
//! momentum  v = beta_1 v + g,  w -= eta v                      (the first v is g)
//! nesterov  v as above,        w -= eta (g + beta_1 v)
//! adam      m = beta_1 m + (1 - beta_1) g,  s = beta_2 s + (1 - beta_2) g^2,
//!           w -= eta m / (1 - beta_1^t) / (sqrt(s / (1 - beta_2^t)) + 1e-8)
//! adamw     adam
//! ```
//!
//! Weight decay `d` adds `d w` to `g`; under `adamw` it multiplies `w` by `1 - eta d` instead.
//!
//! To add one, add a variant to [`Method`] and its arm in [`OptimiserState::direction`].

use std::fmt;

use burn_tensor::{Int, Tensor};
use etastar_backend::{Backend, Rate};
use serde::{Deserialize, Serialize};

use crate::layer::times_rate;
use crate::names::names;
use crate::parametrisation::StepScale;
use crate::{Gradient, Layer, LayerRates, Mlp};

/// Added to the root of the second moment by Adam.
pub const ADAM_EPSILON: f64 = 1e-8;

/// Added to the norm of a gradient by clipping.
const CLIP_EPSILON: f64 = 1e-6;

/// A rule that turns gradients into steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Method {
    /// Stochastic gradient descent.
    #[default]
    Sgd,
    /// With heavy-ball momentum.
    Momentum,
    /// With Nesterov's momentum.
    Nesterov,
    /// D. P. Kingma and J. Ba, *Adam: a method for stochastic optimization*, 2015.
    Adam,
    /// I. Loshchilov and F. Hutter, *Decoupled weight decay regularization*, 2019.
    AdamW,
}

impl Method {
    /// Whether steps keep their size where gradients are scaled.
    pub fn step_scale(self) -> StepScale {
        match self {
            Self::Sgd | Self::Momentum | Self::Nesterov => StepScale::Gradient,
            Self::Adam | Self::AdamW => StepScale::Unit,
        }
    }

    /// The largest product of learning rate and curvature at which the rule, without weight decay, is
    /// stable on a quadratic function. Adam's curvature is the one preconditioned by its second
    /// moment, which is taken as fixed.
    ///
    /// With the heavy ball `x_{t+1} = (1 + beta - c) x_t - beta x_{t-1}` and likewise the others, both
    /// roots lie within the unit circle if `c` is below `2 (1 + beta)`, with Nesterov's momentum `2 (1 +
    /// beta) / (1 + 2 beta)`, and with Adam's, whose average weights a gradient by `1 - beta`, `2 (1 +
    /// beta) / (1 - beta)` (J. Cohen et al., *Adaptive gradient methods at the edge of stability*, 2022).
    pub fn stability_bound(self, momentum: f64) -> f64 {
        let heavy_ball = 2.0 * (1.0 + momentum);
        match self {
            Self::Sgd => 2.0,
            Self::Momentum => heavy_ball,
            Self::Nesterov => heavy_ball / (1.0 + 2.0 * momentum),
            Self::Adam | Self::AdamW => heavy_ball / (1.0 - momentum),
        }
    }
}

names!(Method, "optimiser":
    Sgd = "sgd", Momentum = "momentum", Nesterov = "nesterov", Adam = "adam", AdamW = "adamw");

/// A rule and its constants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Optimiser {
    /// The rule.
    pub method: Method,
    /// `beta_1`; without meaning for SGD.
    pub momentum: f64,
    /// `beta_2` of Adam.
    pub beta2: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Largest norm of the gradient; 0 where it is not clipped.
    pub clip: f64,
}

impl Default for Optimiser {
    /// SGD, without weight decay and clipping.
    fn default() -> Self {
        Self {
            method: Method::Sgd,
            momentum: 0.9,
            beta2: 0.999,
            weight_decay: 0.0,
            clip: 0.0,
        }
    }
}

impl Optimiser {
    /// Whether a step is the rate times the gradient, and nothing else.
    pub fn is_plain(&self) -> bool {
        self.method == Method::Sgd && self.weight_decay == 0.0 && self.clip == 0.0
    }
}

impl fmt::Display for Optimiser {
    /// The rule and the constants that it uses: `momentum 0.9, gradients clipped at 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            momentum,
            beta2,
            weight_decay,
            clip,
        } = self;
        match method {
            Method::Sgd => write!(f, "{method}")?,
            Method::Momentum | Method::Nesterov => write!(f, "{method} {momentum}")?,
            Method::Adam | Method::AdamW => write!(f, "{method} ({momentum}, {beta2})")?,
        }
        if *weight_decay != 0.0 {
            write!(f, ", weight decay {weight_decay}")?;
        }
        if *clip != 0.0 {
            write!(f, ", gradients clipped at {clip}")?;
        }
        Ok(())
    }
}

/// An optimiser in the course of a training: its moments and its number of steps.
#[derive(Debug, Clone)]
pub struct OptimiserState<B: Backend, const D: usize = 2> {
    optimiser: Optimiser,
    /// The relative rates of the layers, which tell those that are frozen.
    rates: LayerRates,
    steps: i32,
    /// `v` or `m`, with the shapes of the layers; empty before the first step.
    first: Vec<Layer<B, D>>,
    /// `s`.
    second: Vec<Layer<B, D>>,
}

impl<B: Backend, const D: usize> OptimiserState<B, D> {
    /// Before the first step.
    pub fn new(optimiser: Optimiser, rates: &LayerRates) -> Self {
        Self {
            optimiser,
            rates: rates.clone(),
            steps: 0,
            first: Vec::new(),
            second: Vec::new(),
        }
    }

    /// Whether a step is the rate times the gradient, and nothing else.
    pub(crate) fn is_plain(&self) -> bool {
        self.optimiser.is_plain()
    }

    /// The network after a step. A layer's rate is what `rate_of` gives for its index; frozen
    /// layers have no part in the norm that is clipped.
    pub(crate) fn step(
        &mut self,
        network: Mlp<B, D>,
        gradient: Gradient<B, D>,
        rate_of: impl Fn(usize) -> Rate<B>,
    ) -> Mlp<B, D> {
        let Optimiser {
            method,
            weight_decay,
            ..
        } = self.optimiser;
        self.steps = self.steps.saturating_add(1);
        let mut gradients = self.clipped(gradient).layers;
        let decoupled = method == Method::AdamW;
        if weight_decay != 0.0 && !decoupled {
            let pairs = gradients.into_iter().zip(&network.layers);
            let decayed = pairs.map(|(g, w)| g.zip(w.clone(), |g, w| g + w * weight_decay));
            gradients = decayed.collect();
        }
        let directions = self.direction(gradients);
        let layers = network.layers.into_iter().zip(directions).enumerate();
        let layers = layers.map(|(index, (layer, direction))| {
            let rate = rate_of(index);
            layer.zip(direction, |weight, direction| {
                let kept = match decoupled && weight_decay != 0.0 {
                    true => weight.clone() - times_rate(weight * weight_decay, &rate),
                    false => weight,
                };
                kept - times_rate(direction, &rate)
            })
        });
        Mlp {
            layers: layers.collect(),
            form: network.form,
        }
    }

    /// What the rate is multiplied by; takes the gradient into the moments.
    fn direction(&mut self, gradient: Vec<Layer<B, D>>) -> Vec<Layer<B, D>> {
        let Optimiser {
            method,
            momentum,
            beta2,
            ..
        } = self.optimiser;
        match method {
            Method::Sgd => gradient,
            Method::Momentum | Method::Nesterov => {
                let velocity = combine(&self.first, &gradient, |v, g| v * momentum + g);
                self.first = velocity;
                match method {
                    Method::Nesterov => combine(&gradient, &self.first, |g, v| g + v * momentum),
                    _ => self.first.clone(),
                }
            }
            Method::Adam | Method::AdamW => {
                if self.first.is_empty() {
                    let zeros = |layer: &Layer<B, D>| layer.clone().map(|g| g.zeros_like());
                    self.first = gradient.iter().map(zeros).collect();
                    self.second = self.first.clone();
                }
                self.first = combine(&self.first, &gradient, |m, g| {
                    m * momentum + g * (1.0 - momentum)
                });
                self.second = combine(&self.second, &gradient, |s, g| {
                    s * beta2 + g.square() * (1.0 - beta2)
                });
                let unbiased = |beta: f64| 1.0 - beta.powi(self.steps);
                let (of_first, of_second) = (unbiased(momentum), unbiased(beta2));
                combine(&self.first, &self.second, |m, s| {
                    let root = (s * (1.0 / of_second)).sqrt() + ADAM_EPSILON;
                    m * (1.0 / of_first) / root
                })
            }
        }
    }

    fn clipped(&self, gradient: Gradient<B, D>) -> Gradient<B, D> {
        let clip = self.optimiser.clip;
        if clip == 0.0 {
            return gradient;
        }
        let trained = gradient.layers.iter().enumerate();
        let trained = trained.filter(|(index, _)| self.rates.of(*index) != 0.0);
        // One number a network, with the axes of the weights.
        let squares = trained.flat_map(|(_, layer)| {
            let tensors = layer.as_ref().into_iter();
            tensors.map(|g| g.clone().square().sum_dim(D - 1).sum_dim(D - 2))
        });
        let Some(square) = squares.reduce(|a, b| a + b) else {
            return gradient;
        };
        let factor = ((square.sqrt() + CLIP_EPSILON).recip() * clip).clamp_max(1.0);
        let layers = gradient.layers.into_iter();
        Gradient {
            layers: layers
                .map(|layer| layer.map(|g| g * factor.clone()))
                .collect(),
        }
    }
}

impl<B: Backend> OptimiserState<B, 3> {
    /// Of the networks of these indices, see [`Mlp::select`].
    #[must_use]
    pub fn select(&self, networks: &Tensor<B, 1, Int>) -> Self {
        let chosen = |layers: &[Layer<B, 3>]| {
            let layers = layers.iter().cloned();
            let layers = layers.map(|layer| layer.map(|t| t.select(0, networks.clone())));
            layers.collect()
        };
        Self {
            first: chosen(&self.first),
            second: chosen(&self.second),
            rates: self.rates.clone(),
            ..*self
        }
    }
}

/// A function of the tensors of two networks, pair by pair; the second ones where the first are
/// missing.
fn combine<B: Backend, const D: usize>(
    a: &[Layer<B, D>],
    b: &[Layer<B, D>],
    f: impl Fn(Tensor<B, D>, Tensor<B, D>) -> Tensor<B, D>,
) -> Vec<Layer<B, D>> {
    if a.is_empty() {
        return b.to_vec();
    }
    let pairs = a.iter().cloned().zip(b.iter().cloned());
    pairs.map(|(a, b)| a.zip(b, &f)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: [Method; 5] = [
        Method::Sgd,
        Method::Momentum,
        Method::Nesterov,
        Method::Adam,
        Method::AdamW,
    ];

    /// Whether the rule, written out on the quadratic `c x^2 / 2` at the rate 1, comes to rest. Adam's
    /// second moment is 1.
    fn is_stable(method: Method, beta: f64, c: f64) -> bool {
        let (mut x, mut velocity) = (1.0f64, 0.0);
        for _ in 0..20_000 {
            let gradient = c * x;
            let step = match method {
                Method::Sgd => gradient,
                Method::Momentum | Method::Nesterov => {
                    velocity = beta * velocity + gradient;
                    match method {
                        Method::Nesterov => gradient + beta * velocity,
                        _ => velocity,
                    }
                }
                Method::Adam | Method::AdamW => {
                    velocity = beta * velocity + (1.0 - beta) * gradient;
                    velocity
                }
            };
            x -= step;
        }
        x.abs() < 0.5
    }

    #[test]
    fn beyond_the_stability_bound_a_quadratic_diverges() {
        for method in METHODS {
            for beta in [0.0, 0.5, 0.9] {
                let bound = method.stability_bound(beta);
                assert!(is_stable(method, beta, 0.999 * bound), "{method} {beta}");
                assert!(!is_stable(method, beta, 1.001 * bound), "{method} {beta}");
            }
        }
    }
}
