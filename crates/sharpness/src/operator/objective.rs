use burn_tensor::Tensor;
use etastar_backend::Backend;
use etastar_model::{Batch, Layer, Loss, Mlp, backpropagate};

use super::parameters::to_host;
use super::{InvalidObjective, ParameterOrder};

/// How much memory the products of an [`Objective`] may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectiveOptions {
    /// Samples processed at a time: bounds the working memory of a product.
    pub chunk: usize,
    /// Bytes that may be spent on keeping the network's activations and
    /// backpropagated derivatives from one product to the next. What does not
    /// fit is computed anew in every product.
    pub cache_bytes: usize,
}

impl Default for ObjectiveOptions {
    fn default() -> Self {
        Self {
            chunk: 512,
            cache_bytes: 256 << 20,
        }
    }
}

/// The mean loss of one network on given data, as a function of the network's
/// parameters, with its derivatives at the given ones.
#[derive(Debug, Clone)]
pub struct Objective<B: Backend> {
    network: Mlp<B>,
    loss: Loss,
    parameters: ParameterOrder,
    samples: usize,
    outputs: usize,
    pub(super) chunks: Vec<Chunk<B>>,
}

/// Some of the samples, and what is kept about them.
#[derive(Debug, Clone)]
pub(super) struct Chunk<B: Backend> {
    batch: Batch<B>,
    kept: Option<(Forward<B>, Vec<Tensor<B, 2>>)>,
}

/// The network's forward pass on some samples.
#[derive(Debug, Clone)]
pub(crate) struct Forward<B: Backend> {
    /// Input of every layer, from the input side, `[samples, in]`.
    pub(crate) activations: Vec<Tensor<B, 2>>,
    /// `[samples, outputs]`.
    pub(crate) outputs: Tensor<B, 2>,
}

impl<B: Backend> Objective<B> {
    /// The mean loss of `network` on `data`.
    ///
    /// # Errors
    /// If the shapes of the layers and of the data do not fit together, if
    /// there are no samples, or if the chunk is empty.
    pub fn new(
        network: &Mlp<B>,
        data: &Batch<B>,
        loss: Loss,
        options: &ObjectiveOptions,
    ) -> Result<Self, InvalidObjective> {
        let [samples, features] = data.inputs.dims();
        let outputs = check_layers(&network.layers, features)?;
        if samples == 0 {
            return Err(InvalidObjective::NoSamples);
        }
        if data.targets.dims() != [samples, outputs] {
            return Err(InvalidObjective::Targets {
                expected: [samples, outputs],
                found: data.targets.dims(),
            });
        }
        if options.chunk == 0 {
            return Err(InvalidObjective::EmptyChunk);
        }
        let mut objective = Self {
            network: network.clone(),
            loss,
            parameters: ParameterOrder::of(&network.layers),
            samples,
            outputs,
            chunks: Vec::with_capacity(samples.div_ceil(options.chunk)),
        };
        let mut budget = options.cache_bytes;
        for batch in pieces(data, options.chunk) {
            let mut chunk = Chunk { batch, kept: None };
            let bytes = objective.bytes_kept(&chunk);
            if bytes <= budget {
                budget -= bytes;
                let forward = objective.forward(&chunk);
                let deltas = objective.deltas(&chunk, &forward);
                chunk.kept = Some((forward, deltas));
            }
            objective.chunks.push(chunk);
        }
        Ok(objective)
    }

    /// The network.
    pub fn network(&self) -> &Mlp<B> {
        &self.network
    }

    /// The loss that is averaged over the samples.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The order of the parameters in every vector taken or given.
    pub fn parameters(&self) -> &ParameterOrder {
        &self.parameters
    }

    /// Number of samples, `N`.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Number of outputs, `K`.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The mean loss.
    pub fn value(&self) -> f64 {
        let sum: f64 = self
            .chunks
            .iter()
            .map(|chunk| {
                let outputs = self.forward(chunk).outputs;
                let targets = chunk.batch.targets.clone();
                let [samples, _] = targets.dims();
                let (mean, _) = self.loss.with_derivative(outputs, targets);
                to_host(mean).iter().sum::<f64>() * samples as f64
            })
            .sum();
        sum / self.samples as f64
    }

    /// Gradient of the mean loss.
    pub fn gradient(&self) -> Vec<f64> {
        let gradients = self.chunks.iter().map(|chunk| {
            let forward = self.forward(chunk);
            let deltas = self.deltas(chunk, &forward);
            self.parameter_gradients(forward.activations, deltas)
        });
        self.flat_sum(gradients)
    }

    /// `sum_i J_i^T u_i` with the Jacobians `J_i` of the outputs in the
    /// parameters and `u` (`[samples, outputs]`, a function of the outputs).
    pub(crate) fn pullback(&self, cotangent: impl Fn(Tensor<B, 2>) -> Tensor<B, 2>) -> Vec<f64> {
        let products = self.chunks.iter().map(|chunk| {
            let Forward {
                activations,
                outputs,
            } = self.forward(chunk);
            let deltas = self.backward(&activations, cotangent(outputs));
            self.parameter_gradients(activations, deltas)
        });
        self.flat_sum(products)
    }

    /// Shows the forward pass and the targets of at most `samples` samples at
    /// a time, in order.
    pub(crate) fn for_each_piece(
        &self,
        samples: usize,
        mut visit: impl FnMut(Forward<B>, Tensor<B, 2>),
    ) {
        for chunk in &self.chunks {
            for Batch { inputs, targets } in pieces(&chunk.batch, samples) {
                let (activations, outputs) = self.network.forward_with_activations(inputs);
                let forward = Forward {
                    activations,
                    outputs,
                };
                visit(forward, targets);
            }
        }
    }

    /// Largest number of samples of a chunk.
    pub(crate) fn chunk_samples(&self) -> usize {
        let samples = |chunk: &Chunk<B>| chunk.batch.inputs.dims()[0];
        self.chunks.iter().map(samples).max().unwrap_or(1)
    }

    /// Derivatives of a function of the outputs in every layer's
    /// preactivation, from its derivative in the outputs.
    pub(crate) fn backward(
        &self,
        activations: &[Tensor<B, 2>],
        output_derivative: Tensor<B, 2>,
    ) -> Vec<Tensor<B, 2>> {
        let mut deltas = Vec::with_capacity(activations.len());
        backpropagate(
            &self.network.layers,
            activations.to_vec(),
            output_derivative,
            |_, _, _, delta| deltas.push(delta),
        );
        deltas.reverse();
        deltas
    }

    /// Derivative of each sample's loss in its outputs, over `N`.
    pub(crate) fn residual(&self, outputs: Tensor<B, 2>, targets: Tensor<B, 2>) -> Tensor<B, 2> {
        let [samples, _] = targets.dims();
        // The model averages over the samples it is given; this is an average
        // over all of them.
        let (_, derivative) = self.loss.with_derivative(outputs, targets);
        derivative * (samples as f64 / self.samples as f64)
    }

    pub(super) fn forward(&self, chunk: &Chunk<B>) -> Forward<B> {
        if let Some((forward, _)) = &chunk.kept {
            return forward.clone();
        }
        let inputs = chunk.batch.inputs.clone();
        let (activations, outputs) = self.network.forward_with_activations(inputs);
        Forward {
            activations,
            outputs,
        }
    }

    /// `d mean loss / d z` for the preactivations `z` of every layer.
    pub(super) fn deltas(&self, chunk: &Chunk<B>, forward: &Forward<B>) -> Vec<Tensor<B, 2>> {
        if let Some((_, deltas)) = &chunk.kept {
            return deltas.clone();
        }
        let residual = self.residual(forward.outputs.clone(), chunk.batch.targets.clone());
        self.backward(&forward.activations, residual)
    }

    /// `a^T delta` and the column sums of `delta` for every layer.
    pub(super) fn parameter_gradients(
        &self,
        activations: Vec<Tensor<B, 2>>,
        deltas: Vec<Tensor<B, 2>>,
    ) -> Vec<Layer<B>> {
        let pairs = activations.into_iter().zip(deltas);
        pairs
            .zip(&self.network.layers)
            .map(|((activation, delta), layer)| Layer {
                weight: activation.transpose().matmul(delta.clone()),
                bias: layer.bias.is_some().then(|| delta.sum_dim(0)),
            })
            .collect()
    }

    /// The sum over chunks, in the parameters' order.
    pub(super) fn flat_sum(&self, parts: impl Iterator<Item = Vec<Layer<B>>>) -> Vec<f64> {
        let sum = parts.reduce(|sum, part| {
            sum.into_iter()
                .zip(part)
                .map(|(sum, part)| Layer {
                    weight: sum.weight + part.weight,
                    bias: sum.bias.zip(part.bias).map(|(sum, part)| sum + part),
                })
                .collect()
        });
        self.parameters.flatten(sum.unwrap_or_default())
    }

    /// Memory that keeping a chunk's forward and backward pass takes, beside
    /// its inputs: activations and deltas of the hidden layers, outputs and
    /// their deltas.
    fn bytes_kept(&self, chunk: &Chunk<B>) -> usize {
        let [samples, _] = chunk.batch.inputs.dims();
        let widths = self.network.layers.iter().map(|layer| {
            let [_, outputs] = layer.weight.dims();
            2 * outputs
        });
        let values = samples.saturating_mul(widths.sum());
        values.saturating_mul(size_of::<B::FloatElem>())
    }
}

/// Consecutive parts of at most `size` samples.
fn pieces<B: Backend>(data: &Batch<B>, size: usize) -> impl Iterator<Item = Batch<B>> + '_ {
    let [samples, _] = data.inputs.dims();
    let size = size.max(1);
    (0..samples.div_ceil(size)).map(move |part| {
        let rows = part * size..((part + 1) * size).min(samples);
        if rows.len() == samples {
            return data.clone();
        }
        Batch {
            inputs: data.inputs.clone().slice_dim(0, rows.clone()),
            targets: data.targets.clone().slice_dim(0, rows),
        }
    })
}

/// Checks that every layer accepts what the one before gives; number of
/// outputs of the last.
fn check_layers<B: Backend>(
    layers: &[Layer<B>],
    features: usize,
) -> Result<usize, InvalidObjective> {
    if layers.is_empty() {
        return Err(InvalidObjective::NoLayer);
    }
    layers
        .iter()
        .enumerate()
        .try_fold(features, |expected, (layer, parameters)| {
            let [found, outputs] = parameters.weight.dims();
            if found != expected {
                return Err(InvalidObjective::LayerInputs {
                    layer,
                    expected,
                    found,
                });
            }
            match parameters.bias.as_ref().map(Tensor::dims) {
                Some(found) if found != [1, outputs] => Err(InvalidObjective::Bias {
                    layer,
                    outputs,
                    found,
                }),
                _ => Ok(outputs),
            }
        })
}
