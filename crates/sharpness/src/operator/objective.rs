//! The mean loss of a network on data: forward and backward passes, chunk by
//! chunk, and its gradient.

use burn_tensor::Tensor;
use etastar_backend::{Backend, Interrupt};
use etastar_model::{Batch, Layer, LayerDerivative, LayerState, Loss, Mlp, backpropagate};
use thiserror::Error;

use super::parameters::ParameterOrder;

/// A network, data set or setting that has no curvature operator.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum InvalidObjective {
    /// The network has no layer.
    #[error("the network has no layer")]
    NoLayer,
    /// A layer does not accept what the layer before it gives.
    #[error("layer {layer} has {found} inputs, but is given {expected}")]
    LayerInputs {
        /// Index of the layer, from 0 at the input side.
        layer: usize,
        /// Number of values it is given.
        expected: usize,
        /// Number of rows of its weight matrix.
        found: usize,
    },
    /// A bias is not one row of one value per output of its layer.
    #[error("the bias of layer {layer} has shape {found:?}, not [1, {outputs}]")]
    Bias {
        /// Index of the layer, from 0 at the input side.
        layer: usize,
        /// Number of columns of its weight matrix.
        outputs: usize,
        /// Shape of its bias.
        found: [usize; 2],
    },
    /// The data are empty.
    #[error("there are no samples")]
    NoSamples,
    /// The targets' shape is not the outputs' shape.
    #[error("the targets have shape {found:?}, not {expected:?}")]
    Targets {
        /// `[samples, outputs]`.
        expected: [usize; 2],
        /// Shape of the targets.
        found: [usize; 2],
    },
    /// No sample may be processed at a time.
    #[error("the chunk must be at least one sample")]
    EmptyChunk,
}

/// How much memory the products of an [`Objective`] may use.
#[derive(Debug, Clone)]
pub struct ObjectiveOptions {
    /// Samples processed at a time: bounds the working memory of a product.
    pub chunk: usize,
    /// Bytes that may be spent on keeping the network's activations and
    /// backpropagated derivatives from one product to the next. What does not
    /// fit is computed anew in every product.
    pub cache_bytes: usize,
    /// Once requested, sums over samples are left unfinished and mean nothing.
    pub interrupt: Interrupt,
}

impl Default for ObjectiveOptions {
    fn default() -> Self {
        Self {
            chunk: 512,
            cache_bytes: 256 << 20,
            interrupt: Interrupt::default(),
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
    chunks: Vec<Chunk<B>>,
    interrupt: Interrupt,
}

/// Some of the samples, and what is kept about them.
#[derive(Debug, Clone)]
pub(super) struct Chunk<B: Backend> {
    batch: Batch<B>,
    kept: Option<(Forward<B>, Vec<Derivative<B>>)>,
}

/// What a layer's gradient is made of.
pub(crate) type Derivative<B> = LayerDerivative<Tensor<B, 2>>;

/// The network's forward pass on some samples.
#[derive(Debug, Clone)]
pub(crate) struct Forward<B: Backend> {
    /// Of every layer, from the input side.
    pub(crate) states: Vec<LayerState<Tensor<B, 2>>>,
    /// `[samples, outputs]`.
    pub(crate) outputs: Tensor<B, 2>,
}

impl<B: Backend> Chunk<B> {
    pub(super) fn inputs(&self) -> Tensor<B, 2> {
        self.batch.inputs.clone()
    }

    pub(super) fn targets(&self) -> Tensor<B, 2> {
        self.batch.targets.clone()
    }
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
            parameters: ParameterOrder::new(&network.layers),
            samples,
            outputs,
            chunks: Vec::with_capacity(samples.div_ceil(options.chunk)),
            interrupt: options.interrupt.clone(),
        };
        let mut budget = options.cache_bytes;
        for batch in pieces(data, options.chunk) {
            let mut chunk = Chunk { batch, kept: None };
            let bytes = objective.bytes_kept(&chunk);
            if bytes <= budget {
                budget -= bytes;
                let forward = objective.forward(&chunk);
                let derivatives = objective.derivatives(&chunk, &forward);
                chunk.kept = Some((forward, derivatives));
            }
            objective.chunks.push(chunk);
        }
        Ok(objective)
    }

    /// The network.
    pub(crate) fn network(&self) -> &Mlp<B> {
        &self.network
    }

    /// The loss that is averaged over the samples.
    pub(crate) fn loss(&self) -> Loss {
        self.loss
    }

    /// The order of the parameters in every vector taken or given.
    pub fn parameters(&self) -> &ParameterOrder {
        &self.parameters
    }

    /// Whether what is computed from now on means nothing.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupt.is_requested()
    }

    /// Number of samples, `N`.
    pub(crate) fn samples(&self) -> usize {
        self.samples
    }

    /// Number of outputs, `K`.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Gradient of the mean loss.
    pub fn gradient(&self) -> Vec<f64> {
        self.sum_over_chunks(|chunk, forward| self.gradients(self.derivatives(chunk, &forward)))
    }

    /// `sum_i J_i^T u_i` with the Jacobians `J_i` of the outputs in the
    /// parameters and `u` (`[samples, outputs]`), a function of the forward
    /// pass.
    pub(crate) fn pullback(&self, cotangent: impl Fn(&Forward<B>) -> Tensor<B, 2>) -> Vec<f64> {
        self.sum_over_chunks(|_, forward| {
            let cotangent = cotangent(&forward);
            self.gradients(self.backward(&forward.states, cotangent))
        })
    }

    /// The sum over chunks of something with the layers' shapes, in the
    /// parameters' order.
    pub(super) fn sum_over_chunks(
        &self,
        part: impl Fn(&Chunk<B>, Forward<B>) -> Vec<Layer<B>>,
    ) -> Vec<f64> {
        self.sum_over_chunks_of_samples(|chunk| part(chunk, self.forward(chunk)))
    }

    /// The same, without the forward pass.
    pub(super) fn sum_over_chunks_of_samples(
        &self,
        part: impl Fn(&Chunk<B>) -> Vec<Layer<B>>,
    ) -> Vec<f64> {
        let chunks = self.chunks.iter();
        let parts = chunks.take_while(|_| !self.is_interrupted()).map(part);
        let sum = parts.reduce(|sum, part| {
            sum.into_iter()
                .zip(part)
                .map(|(sum, part)| sum.zip(part, |sum, part| sum + part))
                .collect()
        });
        match sum {
            Some(sum) => self.parameters.flatten(sum),
            None => vec![0.0; self.parameters.dimension()],
        }
    }

    /// Shows the forward pass and the targets of a few samples at a time, in
    /// order: so few that their rows for all `K` outputs are as many as a
    /// chunk's.
    pub(crate) fn for_each_piece(&self, mut visit: impl FnMut(Forward<B>, Tensor<B, 2>)) {
        let samples = |chunk: &Chunk<B>| chunk.batch.inputs.dims()[0];
        let largest = self.chunks.iter().map(samples).max().unwrap_or(1);
        let size = (largest / self.outputs).max(1);
        for chunk in &self.chunks {
            for Batch { inputs, targets } in pieces(&chunk.batch, size) {
                if !self.is_interrupted() {
                    visit(self.run(inputs), targets);
                }
            }
        }
    }

    /// What the gradients of every layer are made of, for a function of the outputs with this
    /// derivative in them.
    pub(crate) fn backward(
        &self,
        states: &[LayerState<Tensor<B, 2>>],
        output_derivative: Tensor<B, 2>,
    ) -> Vec<Derivative<B>> {
        let mut derivatives = Vec::with_capacity(states.len());
        backpropagate(
            self.network.form,
            &self.network.layers,
            states.to_vec(),
            output_derivative,
            |_, _, derivative| derivatives.push(derivative),
        );
        derivatives.reverse();
        derivatives
    }

    /// Derivative of each sample's loss in its outputs, over `N`.
    pub(crate) fn residual(&self, outputs: Tensor<B, 2>, targets: Tensor<B, 2>) -> Tensor<B, 2> {
        let [samples, _] = targets.dims();
        // The model averages over the samples it is given; this is an average
        // over all of them.
        let (_, derivative) = self.loss.with_derivative(outputs, targets);
        derivative * (samples as f64 / self.samples as f64)
    }

    fn forward(&self, chunk: &Chunk<B>) -> Forward<B> {
        match &chunk.kept {
            Some((forward, _)) => forward.clone(),
            None => self.run(chunk.batch.inputs.clone()),
        }
    }

    fn run(&self, inputs: Tensor<B, 2>) -> Forward<B> {
        let (states, outputs) = self.network.forward_with_states(inputs);
        Forward { states, outputs }
    }

    /// What the gradient of the mean loss is made of, layer by layer.
    pub(super) fn derivatives(&self, chunk: &Chunk<B>, forward: &Forward<B>) -> Vec<Derivative<B>> {
        if let Some((_, derivatives)) = &chunk.kept {
            return derivatives.clone();
        }
        let residual = self.residual(forward.outputs.clone(), chunk.batch.targets.clone());
        self.backward(&forward.states, residual)
    }

    fn gradients(&self, derivatives: Vec<Derivative<B>>) -> Vec<Layer<B>> {
        let pairs = derivatives.into_iter().zip(&self.network.layers);
        pairs
            .map(|(derivative, layer)| derivative.gradient(layer.bias.is_some()))
            .collect()
    }

    /// Memory that keeping a chunk's forward and backward pass takes, beside
    /// its inputs: activations and deltas of the hidden layers, outputs and
    /// their deltas; of other networks than those of ReLUs, the states too.
    fn bytes_kept(&self, chunk: &Chunk<B>) -> usize {
        let [samples, _] = chunk.batch.inputs.dims();
        let widths = self.network.layers.iter().map(|layer| {
            let [_, outputs] = layer.weight.dims();
            if self.network.form.is_plain() {
                2 * outputs
            } else {
                4 * outputs
            }
        });
        let values = samples.saturating_mul(widths.sum());
        values.saturating_mul(size_of::<B::FloatElem>())
    }
}

/// Consecutive parts of at most `size` samples.
pub(super) fn pieces<B: Backend>(
    data: &Batch<B>,
    size: usize,
) -> impl Iterator<Item = Batch<B>> + '_ {
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
