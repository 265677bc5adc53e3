//! What a training step costs at least: the same kernels, called one after the
//! other on buffers that are allocated once, without any tensor.

use etastar_kernels::{
    Matrix, add_product, product_into, relu, relu_backward, softmax_cross_entropy,
};

use crate::Shape;

/// A network, a mini-batch and the buffers of a training step.
pub struct HandWritten {
    /// `[in, out]` of every layer.
    shapes: Vec<(usize, usize)>,
    weights: Vec<Vec<f32>>,
    samples: usize,
    inputs: Vec<f32>,
    targets: Vec<f32>,
    /// The outputs of every layer, and on the way back the derivatives in them.
    outputs: Vec<Vec<f32>>,
    below: Vec<f32>,
}

impl HandWritten {
    /// The network and mini-batch of [`Shape::network_and_batch`].
    #[expect(clippy::unwrap_used, reason = "the weights are drawn as f32")]
    pub fn new(shape: Shape, samples: usize) -> Self {
        let architecture = shape.architecture();
        let (initial, inputs, labels) = shape.on_the_host::<f32>(samples);
        let shapes: Vec<_> = architecture.layer_shapes().collect();
        let weights = initial.weights().iter();
        let mut targets = vec![0.0; samples * architecture.outputs];
        for (row, label) in targets.chunks_exact_mut(architecture.outputs).zip(labels) {
            row[label as usize] = 1.0;
        }
        Self {
            weights: weights.map(|data| data.to_vec().unwrap()).collect(),
            samples,
            inputs,
            targets,
            outputs: shapes
                .iter()
                .map(|(_, out)| vec![0.0; samples * out])
                .collect(),
            below: vec![0.0; samples * shape.width],
            shapes,
        }
    }

    /// One SGD step; gives the loss before it.
    pub fn step(&mut self, learning_rate: f32) -> f32 {
        let samples = self.samples;
        let last = self.shapes.len() - 1;
        for (layer, &(fan_in, fan_out)) in self.shapes.iter().enumerate() {
            let (before, from_here) = self.outputs.split_at_mut(layer);
            let input = Matrix::new(before.last().unwrap_or(&self.inputs), samples, fan_in);
            let weight = Matrix::new(&self.weights[layer], fan_in, fan_out);
            product_into(&mut from_here[0], input, weight);
            if layer < last {
                relu(&mut from_here[0]);
            }
        }
        let loss =
            softmax_cross_entropy(&mut self.outputs[last], &self.targets, self.shapes[last].1);
        for (layer, &(fan_in, fan_out)) in self.shapes.iter().enumerate().rev() {
            let (before, from_here) = self.outputs.split_at_mut(layer);
            let derivative = Matrix::new(&from_here[0], samples, fan_out);
            let weight = &mut self.weights[layer];
            if layer > 0 {
                let transposed = Matrix::new(weight, fan_in, fan_out).transposed();
                product_into(&mut self.below, derivative, transposed);
            }
            let input = Matrix::new(before.last().unwrap_or(&self.inputs), samples, fan_in);
            add_product(weight, -learning_rate, input.transposed(), derivative);
            if let Some(input) = before.last_mut() {
                relu_backward(&mut self.below, input);
                std::mem::swap(&mut self.below, input);
            }
        }
        loss
    }
}
