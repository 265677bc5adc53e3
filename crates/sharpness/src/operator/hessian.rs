//! Hessian-vector products by the R-operator.
//!
//! With `R{.}` the derivative along a direction `(V, v)` in parameter space,
//! `H (V, v) = R{gradient}`. The gradient of layer `l` is `a^{l-1,T} delta^l`
//! for the weight and the column sums of `delta^l` for the bias, where
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
//! Computation 6 (1994).

use burn_tensor::Tensor;
use etastar_backend::Backend;
use etastar_model::{Layer, relu_backward};

use super::objective::{Forward, Objective};
use super::tangent::tangent_forward;
use super::{LinearOperator, ParameterOrder, Preconditioned};

impl<B: Backend> Objective<B> {
    /// `H v`: the Hessian of the mean loss times a vector.
    ///
    /// # Panics
    /// If the vector's length is not the number of parameters.
    pub fn hessian_vector_product(&self, vector: &[f64]) -> Vec<f64> {
        let layers = &self.network().layers;
        let direction = self
            .parameters()
            .unflatten(vector, &layers[0].weight.device());
        self.flat_sum(self.chunks.iter().map(|chunk| {
            let forward = self.forward(chunk);
            let deltas = self.deltas(chunk, &forward);
            self.chunk_product(layers, forward, deltas, &direction)
        }))
    }

    /// The Hessian of the mean loss.
    pub fn hessian(&self) -> Hessian<'_, B> {
        Hessian { objective: self }
    }

    /// The Hessian in the parameters of all layers but the input layer, with
    /// zero rows and columns in their place. Its eigenvalues are those of the
    /// smaller matrix and zeros.
    pub fn hessian_without_input_layer(&self) -> Preconditioned<Hessian<'_, B>> {
        let layers = &self.network().layers;
        let frozen = ParameterOrder::of(&layers[..1]).dimension();
        let mut scale = vec![1.0; self.parameters().dimension()];
        scale[..frozen].fill(0.0);
        Preconditioned::new(self.hessian(), scale)
    }

    fn chunk_product(
        &self,
        layers: &[Layer<B>],
        forward: Forward<B>,
        deltas: Vec<Tensor<B, 2>>,
        direction: &[Layer<B>],
    ) -> Vec<Layer<B>> {
        let tangent = tangent_forward(layers, &forward, direction);
        let curved = self
            .loss()
            .curvature_product(forward.outputs, tangent.outputs);
        let mut tangent_delta = curved * (1.0 / self.samples() as f64);
        let mut product = Vec::with_capacity(layers.len());
        let states: Vec<_> = forward.activations.into_iter().zip(deltas).collect();
        for (index, (activation, delta)) in states.into_iter().enumerate().rev() {
            let mut weight = activation.clone().transpose().matmul(tangent_delta.clone());
            if index > 0 {
                let tangent_activation = tangent.activations[index - 1].clone();
                weight = weight + tangent_activation.transpose().matmul(delta.clone());
            }
            let layer = &layers[index];
            let bias = layer
                .bias
                .is_some()
                .then(|| tangent_delta.clone().sum_dim(0));
            product.push(Layer { weight, bias });
            if index > 0 {
                let below = tangent_delta.matmul(layer.weight.clone().transpose())
                    + delta.matmul(direction[index].weight.clone().transpose());
                tangent_delta = relu_backward(activation, below);
            }
        }
        product.reverse();
        product
    }
}

/// The Hessian of an [`Objective`] as a linear operator.
#[derive(Debug, Clone, Copy)]
pub struct Hessian<'a, B: Backend> {
    objective: &'a Objective<B>,
}

impl<B: Backend> LinearOperator for Hessian<'_, B> {
    fn dimension(&self) -> usize {
        self.objective.parameters().dimension()
    }

    fn apply(&self, vector: &[f64]) -> Vec<f64> {
        self.objective.hessian_vector_product(vector)
    }
}
