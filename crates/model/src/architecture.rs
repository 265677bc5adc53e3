use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Shape and initialisation of a network.
///
/// The network is `f = W^{L+1} relu(W^L .. relu(W^1 x))`, with biases or
/// without. `L`, the number of hidden layers, is its depth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// Number of input features, `n_0`.
    pub inputs: usize,
    /// Widths of the hidden layers, `n_1 .. n_L`, from the input side.
    pub hidden: Vec<usize>,
    /// Number of outputs, `K`.
    pub outputs: usize,
    /// Whether the layers have biases (initialised to zero).
    pub bias: bool,
    /// `c` in `Var W^{L+1} = c / n_L`: 2 (He) or 1 (LeCun) for the output
    /// layer. Hidden layers are always He: `Var W^l = 2 / n_{l-1}`.
    pub output_gain: f64,
}

/// An architecture that no network can have.
#[derive(Debug, Clone, Copy, Error, PartialEq)]
pub enum InvalidArchitecture {
    /// No hidden layer.
    #[error("depth must be at least 1 (it counts hidden layers)")]
    NoHiddenLayer,
    /// A layer of width 0.
    #[error("the width of {0} must be at least 1")]
    ZeroWidth(&'static str),
    /// The output gain is not a positive number.
    #[error("the output gain must be a positive number, not {0}")]
    OutputGain(f64),
}

impl Architecture {
    /// A network of constant width.
    pub fn constant_width(inputs: usize, width: usize, depth: usize, outputs: usize) -> Self {
        Self {
            inputs,
            hidden: vec![width; depth],
            outputs,
            bias: false,
            output_gain: 2.0,
        }
    }

    /// Number of hidden layers, `L`.
    pub fn depth(&self) -> usize {
        self.hidden.len()
    }

    /// `(in, out)` of every layer, from the input side: `depth + 1` of them.
    pub fn layer_shapes(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let fan_in = std::iter::once(self.inputs).chain(self.hidden.iter().copied());
        let fan_out = self
            .hidden
            .iter()
            .copied()
            .chain(std::iter::once(self.outputs));
        fan_in.zip(fan_out)
    }

    /// Number of trained parameters.
    pub fn parameters(&self) -> usize {
        self.layer_shapes()
            .map(|(fan_in, fan_out)| {
                let weights = fan_in.saturating_mul(fan_out);
                if self.bias {
                    weights.saturating_add(fan_out)
                } else {
                    weights
                }
            })
            .fold(0, usize::saturating_add)
    }

    /// Checks that such a network exists.
    ///
    /// # Errors
    /// If it has no hidden layer, a layer of width 0, or a gain that is not
    /// positive and finite.
    pub fn validate(&self) -> Result<(), InvalidArchitecture> {
        if self.hidden.is_empty() {
            return Err(InvalidArchitecture::NoHiddenLayer);
        }
        let widths = [
            ("the input", self.inputs),
            (
                "a hidden layer",
                self.hidden.iter().copied().min().unwrap_or(0),
            ),
            ("the output", self.outputs),
        ];
        if let Some((layer, _)) = widths.into_iter().find(|&(_, width)| width == 0) {
            return Err(InvalidArchitecture::ZeroWidth(layer));
        }
        if !(self.output_gain.is_finite() && self.output_gain > 0.0) {
            return Err(InvalidArchitecture::OutputGain(self.output_gain));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_count_every_layer() {
        let mut architecture = Architecture::constant_width(784, 64, 4, 10);
        assert_eq!(architecture.parameters(), 784 * 64 + 3 * 64 * 64 + 64 * 10);
        architecture.bias = true;
        assert_eq!(architecture.parameters(), 785 * 64 + 3 * 65 * 64 + 65 * 10);
    }

    #[test]
    fn impossible_networks_are_refused() {
        let sound = Architecture::constant_width(8, 4, 2, 3);
        assert_eq!(sound.validate(), Ok(()));
        let refused = |change: fn(&mut Architecture)| {
            let mut architecture = sound.clone();
            change(&mut architecture);
            architecture.validate().unwrap_err().to_string()
        };
        assert!(refused(|a| a.hidden.clear()).contains("depth"));
        assert!(refused(|a| a.hidden[1] = 0).contains("hidden"));
        assert!(refused(|a| a.inputs = 0).contains("input"));
        assert!(refused(|a| a.output_gain = f64::NAN).contains("NaN"));
    }
}
