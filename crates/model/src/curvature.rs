//! Derivatives along a direction in parameter space of networks of any form.
//!
//! The forward and backward pass over tensors with a tangent (B. A. Pearlmutter, *Fast exact
//! multiplication by the Hessian*, 1994): exact wherever the activation has a second derivative.

use burn_tensor::Tensor;
use etastar_backend::Backend;

use crate::value::{Dual, Value};
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
            &layers,
            states,
            Dual { value, tangent },
            |index, z, delta| {
                let has_bias = layers[index].1.is_some();
                products.push(Layer {
                    weight: z.transposed().product(delta.clone()).tangent,
                    bias: has_bias.then(|| delta.tangent.sum_dim(0)),
                });
            },
        );
        products.reverse();
        products
    }

    fn moving(&self, direction: &[Layer<B>]) -> Vec<(Dual<B>, Option<Dual<B>>)> {
        let dual = |value: &Tensor<B, 2>, tangent: &Tensor<B, 2>| Dual {
            value: value.clone(),
            tangent: tangent.clone(),
        };
        let layers = self.layers.iter().zip(direction);
        let layers = layers.map(|(layer, along)| {
            let biases = layer.bias.as_ref().zip(along.bias.as_ref());
            let bias = biases.map(|(bias, along)| dual(bias, along));
            (dual(&layer.weight, &along.weight), bias)
        });
        layers.collect()
    }
}
