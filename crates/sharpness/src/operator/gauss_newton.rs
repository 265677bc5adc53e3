//! Gauss-Newton-vector products.
//!
//! `G = (1/N) sum_i J_i^T (d2 loss / d f2) J_i` with the Jacobian `J_i` of the
//! outputs for sample `i`: a tangent forward sweep gives `J_i v`, the loss's
//! second derivative acts on it, and backpropagation applies `J_i^T`.
//!
//! N. N. Schraudolph, *Fast curvature matrix-vector products for second-order
//! gradient descent*, Neural Computation 14 (2002).

use etastar_backend::Backend;

use super::LinearOperator;
use super::objective::{Forward, Objective};
use super::tangent::tangent_forward;

impl<B: Backend> Objective<B> {
    /// `G v`: the Gauss-Newton matrix times a vector.
    ///
    /// # Panics
    /// If the vector's length is not the number of parameters.
    pub fn gauss_newton_vector_product(&self, vector: &[f64]) -> Vec<f64> {
        let layers = &self.network().layers;
        let direction = self
            .parameters()
            .unflatten(vector, &layers[0].weight.device());
        self.flat_sum(self.chunks.iter().map(|chunk| {
            let forward = self.forward(chunk);
            let tangent = tangent_forward(layers, &forward, &direction);
            let Forward {
                activations,
                outputs,
            } = forward;
            let curved = self.loss().curvature_product(outputs, tangent.outputs);
            let deltas = self.backward(&activations, curved * (1.0 / self.samples() as f64));
            self.parameter_gradients(activations, deltas)
        }))
    }

    /// The Gauss-Newton matrix of the mean loss.
    pub fn gauss_newton(&self) -> GaussNewton<'_, B> {
        GaussNewton { objective: self }
    }
}

/// The Gauss-Newton matrix of an [`Objective`] as a linear operator.
#[derive(Debug, Clone, Copy)]
pub struct GaussNewton<'a, B: Backend> {
    objective: &'a Objective<B>,
}

impl<B: Backend> LinearOperator for GaussNewton<'_, B> {
    fn dimension(&self) -> usize {
        self.objective.parameters().dimension()
    }

    fn apply(&self, vector: &[f64]) -> Vec<f64> {
        self.objective.gauss_newton_vector_product(vector)
    }
}
