//! Derivatives along a direction in parameter space of networks of any form.
//!
//! The forward and backward pass over tensors with a tangent (B. A. Pearlmutter, *Fast exact
//! multiplication by the Hessian*, 1994): exact wherever the activation has a second derivative.

use burn_tensor::Tensor;
use etastar_backend::Backend;

use crate::layer::Parameters;
use crate::value::Dual;
use crate::{Layer, Mlp};

impl<B: Backend> Mlp<B> {
    /// The outputs `[samples, outputs]`, and their derivative as the parameters move along
    /// `direction`, which has the shapes of the layers.
    pub fn outputs_along(
        &self,
        inputs: Tensor<B, 2>,
        direction: &[Layer<B>],
    ) -> (Tensor<B, 2>, Tensor<B, 2>) {
        let layers = self.moving(direction);
        let (_, outputs) = self.form.forward(&layers, Dual::constant(inputs));
        (outputs.value, outputs.tangent)
    }

    /// The derivative of a gradient as the parameters move along `direction`: the Hessian's product
    /// with it. `output_derivative` gives, for the outputs and their derivative along the direction,
    /// the derivative of the loss in the outputs and that one's derivative along the direction.
    pub fn gradient_along(
        &self,
        inputs: Tensor<B, 2>,
        direction: &[Layer<B>],
        output_derivative: impl FnOnce(Tensor<B, 2>, Tensor<B, 2>) -> [Tensor<B, 2>; 2],
    ) -> Vec<Layer<B>> {
        let layers = self.moving(direction);
        let (states, outputs) = self.form.forward(&layers, Dual::constant(inputs));
        let [value, tangent] = output_derivative(outputs.value, outputs.tangent);
        let mut products = Vec::with_capacity(layers.len());
        self.form.backward(
            layers,
            states,
            Dual { value, tangent },
            |_, layer: Parameters<Dual<B>>, derivative| {
                let gradient = derivative.gradient(layer.bias.is_some());
                products.push(gradient.map(|dual| dual.tangent));
            },
        );
        products.reverse();
        products
    }

    fn moving(&self, direction: &[Layer<B>]) -> Vec<Parameters<Dual<B>>> {
        let layers = self.layers.iter().zip(direction);
        let dual = |value, tangent| Dual { value, tangent };
        layers
            .map(|(layer, along)| layer.clone().zip(along.clone(), dual))
            .collect()
    }
}
