use thiserror::Error;

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

/// A learning rate that scales nothing sensibly.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("the relative learning rate of layer {layer} must be finite and not negative, not {rate}")]
pub struct InvalidRate {
    /// Index of the layer, from 0 at the input side.
    pub layer: usize,
    /// Its rate.
    pub rate: f64,
}
