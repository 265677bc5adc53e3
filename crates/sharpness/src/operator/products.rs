//! Products of the Hessian and the Gauss-Newton matrix with vectors.
//!
//! # The R-operator
//! With `R{.}` the derivative along a direction `(V, v)` in parameter space,
//! `H (V, v) = R{gradient}`. A forward sweep gives
//!
//! ```text
//! R{a^0} = 0,   R{z^l} = R{a^{l-1}} W^l + a^{l-1} V^l + v^l,   R{a^l} = 1[a^l > 0] * R{z^l}.
//! ```
//!
//! The gradient of layer `l` is `a^{l-1,T} delta^l` for the weight and the
//! column sums of `delta^l` for the bias, where
//! `delta^{L+1} = (1/N) d loss / d f` and
//! `delta^l = 1[a^l > 0] * (delta^{l+1} W^{l+1,T})`. The indicator is constant
//! almost everywhere, so the product rule gives one backward sweep of
//!
//! ```text
//! R{delta^{L+1}} = (1/N) (d2 loss / d f2) R{f}
//! R{delta^l}     = 1[a^l > 0] * ( R{delta^{l+1}} W^{l+1,T} + delta^{l+1} V^{l+1,T} )
//! R{gradient}    = R{a^{l-1}}^T delta^l + a^{l-1,T} R{delta^l}   and the column sums of R{delta^l}
//! ```
//!
//! B. A. Pearlmutter, *Fast exact multiplication by the Hessian*, Neural
//! Computation 6 (1994). Other networks than those of ReLUs differentiate their two passes
//! themselves, see [`Mlp::gradient_along`](etastar_model::Mlp::gradient_along).
//!
//! # The Gauss-Newton matrix
//! `G = (1/N) sum_i J_i^T (d2 loss / d f2) J_i` with the Jacobian `J_i` of the
//! outputs for sample `i`: the forward sweep gives `J_i v`, the loss's second
//! derivative acts on it, and backpropagation applies `J_i^T`.
//!
//! N. N. Schraudolph, *Fast curvature matrix-vector products for second-order
//! gradient descent*, Neural Computation 14 (2002).

use burn_tensor::Tensor;
use etastar_backend::Backend;
use etastar_model::{Layer, LayerRates, relu_backward};
use nalgebra::{DMatrix, DVector};

use super::objective::{Forward, Objective};
use super::parameters::InvalidRate;

/// A real symmetric matrix known by its products with vectors.
///
/// Vectors live on the host in double precision; what computes the product
/// may be less precise.
pub trait LinearOperator {
    /// Number of rows, and of columns.
    fn dimension(&self) -> usize;

    /// The product with `vector`.
    ///
    /// # Panics
    /// Implementations may panic if `vector.len()` is not
    /// [`dimension`](Self::dimension).
    fn apply(&self, vector: &[f64]) -> Vec<f64>;

    /// Whether products mean nothing any more, because somebody has asked to stop.
    fn is_interrupted(&self) -> bool {
        false
    }
}

impl LinearOperator for DMatrix<f64> {
    fn dimension(&self) -> usize {
        self.nrows()
    }

    fn apply(&self, vector: &[f64]) -> Vec<f64> {
        let product = self * DVector::from_column_slice(vector);
        product.as_slice().to_vec()
    }
}

/// `M^{1/2} H M^{1/2}` or `M^{1/2} G M^{1/2}` of an [`Objective`], `M` the
/// diagonal matrix of the parameters' relative learning rates.
///
/// With one learning rate `eta m_j` per parameter, gradient descent near a
/// point moves by `-eta M (g + H step)`. `M H` has the eigenvalues of the
/// symmetric `M^{1/2} H M^{1/2}`, so this one, not `H`, governs stability. A
/// rate of 0 freezes a parameter: its row and column become zero.
#[derive(Debug, Clone)]
pub struct Curvature<'a, B: Backend> {
    objective: &'a Objective<B>,
    matrix: Matrix,
    roots: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
enum Matrix {
    Hessian,
    GaussNewton,
}

impl<B: Backend> Curvature<'_, B> {
    /// `D^{1/2} A D^{1/2}` of this operator `A`, for the diagonal matrix `D` of `scales`, one number a
    /// parameter; `A` itself where there are none.
    #[must_use]
    pub fn preconditioned(mut self, scales: Option<&[f64]>) -> Self {
        for (root, scale) in self.roots.iter_mut().zip(scales.unwrap_or_default()) {
            *root *= scale.sqrt();
        }
        self
    }
}

impl<B: Backend> LinearOperator for Curvature<'_, B> {
    fn dimension(&self) -> usize {
        self.roots.len()
    }

    fn apply(&self, vector: &[f64]) -> Vec<f64> {
        assert_eq!(vector.len(), self.dimension(), "length of the vector");
        let scaled = |vector: &[f64]| -> Vec<f64> {
            let pairs = self.roots.iter().zip(vector);
            pairs.map(|(root, value)| root * value).collect()
        };
        let direction = scaled(vector);
        scaled(&match self.matrix {
            Matrix::Hessian => self.objective.hessian_vector_product(&direction),
            Matrix::GaussNewton => self.objective.gauss_newton_vector_product(&direction),
        })
    }

    fn is_interrupted(&self) -> bool {
        self.objective.is_interrupted()
    }
}

impl<B: Backend> Objective<B> {
    /// `M^{1/2} H M^{1/2}`, `H` the Hessian of the mean loss, for the layers'
    /// relative learning rates `M`.
    ///
    /// # Errors
    /// If a rate is negative or not finite.
    pub fn hessian(&self, rates: &LayerRates) -> Result<Curvature<'_, B>, InvalidRate> {
        self.curvature(Matrix::Hessian, rates)
    }

    /// `M^{1/2} G M^{1/2}`, `G` the Gauss-Newton matrix of the mean loss, for
    /// the layers' relative learning rates `M`.
    ///
    /// # Errors
    /// If a rate is negative or not finite.
    pub fn gauss_newton(&self, rates: &LayerRates) -> Result<Curvature<'_, B>, InvalidRate> {
        self.curvature(Matrix::GaussNewton, rates)
    }

    fn curvature(
        &self,
        matrix: Matrix,
        rates: &LayerRates,
    ) -> Result<Curvature<'_, B>, InvalidRate> {
        Ok(Curvature {
            objective: self,
            matrix,
            roots: self.parameters().root_rates(rates)?,
        })
    }

    /// `H v`: the Hessian of the mean loss times a vector.
    ///
    /// # Panics
    /// If the vector's length is not the number of parameters.
    pub fn hessian_vector_product(&self, vector: &[f64]) -> Vec<f64> {
        let network = self.network();
        let layers = &network.layers;
        let direction = self.direction(vector);
        if !network.form.is_plain() {
            return self.sum_over_chunks_of_samples(|chunk| {
                network.gradient_along(chunk.inputs(), &direction, |outputs, tangent| {
                    let curved = self.curved(outputs.clone(), tangent);
                    [self.residual(outputs, chunk.targets()), curved]
                })
            });
        }
        self.sum_over_chunks(|chunk, forward| {
            let derivatives = self.derivatives(chunk, &forward);
            let tangent = Tangent::new(layers, &forward, &direction);
            let mut tangent_delta = self.curved(forward.outputs.clone(), tangent.outputs);
            let mut product = Vec::with_capacity(layers.len());
            for (index, derivative) in derivatives.into_iter().enumerate().rev() {
                let (activation, delta) = (derivative.input, derivative.delta);
                let mut weight = activation.clone().transpose().matmul(tangent_delta.clone());
                if index > 0 {
                    let tangent_activation = tangent.activations[index - 1].clone();
                    weight = weight + tangent_activation.transpose().matmul(delta.clone());
                }
                let layer = &layers[index];
                let bias = layer.bias.is_some();
                product.push(Layer {
                    weight,
                    bias: bias.then(|| tangent_delta.clone().sum_dim(0)),
                    gain: None,
                });
                if index > 0 {
                    let below = tangent_delta.matmul(layer.weight.clone().transpose())
                        + delta.matmul(direction[index].weight.clone().transpose());
                    tangent_delta = relu_backward(activation, below);
                }
            }
            product.reverse();
            product
        })
    }

    /// `G v`: the Gauss-Newton matrix of the mean loss times a vector.
    ///
    /// # Panics
    /// If the vector's length is not the number of parameters.
    pub fn gauss_newton_vector_product(&self, vector: &[f64]) -> Vec<f64> {
        let direction = self.direction(vector);
        let network = self.network();
        self.pullback(|forward| {
            let tangent = match network.form.is_plain() {
                true => Tangent::new(&network.layers, forward, &direction).outputs,
                false => {
                    let inputs = forward.states[0].input.clone();
                    network.outputs_along(inputs, &direction).1
                }
            };
            self.curved(forward.outputs.clone(), tangent)
        })
    }

    fn direction(&self, vector: &[f64]) -> Vec<Layer<B>> {
        let device = self.network().layers[0].weight.device();
        self.parameters().unflatten(vector, &device)
    }

    /// `(1/N) (d2 loss / d f2) R{f}`
    fn curved(&self, outputs: Tensor<B, 2>, tangent: Tensor<B, 2>) -> Tensor<B, 2> {
        let curved = self.loss().curvature_product(outputs, tangent);
        curved * (1.0 / self.samples() as f64)
    }
}

/// Directional derivative of a forward pass.
struct Tangent<B: Backend> {
    /// Of the input of every layer but the first, which is fixed.
    activations: Vec<Tensor<B, 2>>,
    outputs: Tensor<B, 2>,
}

impl<B: Backend> Tangent<B> {
    /// The derivative as the parameters move along `direction`.
    fn new(layers: &[Layer<B>], forward: &Forward<B>, direction: &[Layer<B>]) -> Self {
        // `a^{l-1} V^l + v^l`
        let own = |index: usize| {
            let moved: &Layer<B> = &direction[index];
            let activation = forward.states[index].input.clone();
            let product = activation.matmul(moved.weight.clone());
            match &moved.bias {
                Some(bias) => product + bias.clone(),
                None => product,
            }
        };
        let mut activations = Vec::with_capacity(layers.len());
        let mut current = own(0);
        for (index, layer) in layers.iter().enumerate().skip(1) {
            let tangent = relu_backward(forward.states[index].input.clone(), current);
            activations.push(tangent.clone());
            current = own(index) + tangent.matmul(layer.weight.clone());
        }
        Self {
            activations,
            outputs: current,
        }
    }
}
