//! Weights of the user's own, from a safetensors file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use burn_tensor::{Tensor, TensorData};
use etastar_backend::Backend;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use thiserror::Error;

use crate::{Layer, Mlp};

/// Most bytes of a file: a billion parameters in single precision.
const MOST_BYTES: u64 = 1 << 32;

/// The file of weights cannot be used.
#[derive(Debug, Error)]
pub enum WeightsFileError {
    /// The file cannot be read.
    #[error("cannot read the weights file {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not in the format.
    #[error("the weights file {path} is not in the safetensors format: {problem}")]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no first layer.
    #[error(
        "the weights file {path} has no tensor `layers.0.weight`; it must have `layers.I.weight` \
         [in, out] and, with biases, `layers.I.bias` [out], for I = 0, 1, .."
    )]
    NoLayer {
        /// The file.
        path: String,
    },
    /// A tensor has the wrong shape, type or values.
    #[error("tensor `{tensor}` of the weights file {path} {problem}")]
    Tensor {
        /// The file.
        path: String,
        /// The tensor.
        tensor: String,
        /// What is wrong.
        problem: String,
    },
}

impl<B: Backend> Mlp<B> {
    /// Reads `layers.0.weight` `[in, out]` and, where there are biases,
    /// `layers.0.bias` `[out]`, then `layers.1..`, in f32 or f64, from a
    /// safetensors file. ReLU acts between layers.
    ///
    /// # Errors
    /// If the file cannot be read or is no safetensors file, if there is no
    /// layer, if shapes do not fit together, or a value is not finite.
    pub fn read_safetensors(path: &Path, device: &B::Device) -> Result<Self, WeightsFileError> {
        let name = path.display().to_string();
        let failed = |source| WeightsFileError::Read {
            path: name.clone(),
            source,
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
        if read.map_err(failed)? as u64 > MOST_BYTES {
            let problem = "it has more than 4 GiB".to_owned();
            return Err(WeightsFileError::Format {
                path: name,
                problem,
            });
        }
        let file = SafeTensors::deserialize(&bytes).map_err(|error| WeightsFileError::Format {
            path: name.clone(),
            problem: error.to_string(),
        })?;
        let mut layers: Vec<Layer<B>> = Vec::new();
        let mut expected = None;
        loop {
            let index = layers.len();
            let weight_name = format!("layers.{index}.weight");
            let Ok(weight) = file.tensor(&weight_name) else {
                break;
            };
            let wrong = |tensor: &str, problem: String| WeightsFileError::Tensor {
                path: name.clone(),
                tensor: tensor.to_owned(),
                problem,
            };
            let &[inputs, outputs] = weight.shape() else {
                let problem = format!("has shape {:?}, not [in, out]", weight.shape());
                return Err(wrong(&weight_name, problem));
            };
            if inputs == 0 || outputs == 0 {
                return Err(wrong(&weight_name, "is empty".to_owned()));
            }
            if let Some(expected) = expected
                && expected != inputs
            {
                let problem = format!("has {inputs} inputs, but the layer before gives {expected}");
                return Err(wrong(&weight_name, problem));
            }
            let values = values(&weight).map_err(|problem| wrong(&weight_name, problem))?;
            let upload = |values: Vec<f64>, rows: usize| {
                let data = TensorData::new(values, [rows, outputs]);
                Tensor::from_data(data.convert::<B::FloatElem>(), device)
            };
            let bias_name = format!("layers.{index}.bias");
            let bias = match file.tensor(&bias_name) {
                Err(_) => None,
                Ok(bias) if bias.shape() == [outputs] => {
                    Some(self::values(&bias).map_err(|problem| wrong(&bias_name, problem))?)
                }
                Ok(bias) => {
                    let problem = format!("has shape {:?}, not [{outputs}]", bias.shape());
                    return Err(wrong(&bias_name, problem));
                }
            };
            layers.push(Layer {
                weight: upload(values, inputs),
                bias: bias.map(|values| upload(values, 1)),
            });
            expected = Some(outputs);
        }
        if layers.is_empty() {
            return Err(WeightsFileError::NoLayer { path: name });
        }
        Ok(Self { layers })
    }
}

fn values(tensor: &TensorView<'_>) -> Result<Vec<f64>, String> {
    let bytes = tensor.data();
    let values: Vec<f64> = match tensor.dtype() {
        Dtype::F32 => bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|chunk| f64::from(f32::from_le_bytes(*chunk)))
            .collect(),
        Dtype::F64 => bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|chunk| f64::from_le_bytes(*chunk))
            .collect(),
        other => return Err(format!("has type {other:?}, not F32 or F64")),
    };
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(format!("is not finite at value {index}")),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use burn_ndarray::NdArray;

    use super::*;

    type Tensors = Vec<(&'static str, Dtype, Vec<usize>, Vec<u8>)>;

    fn single(values: &[f32]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    }

    fn read(tensors: &Tensors) -> Result<Mlp<NdArray<f64>>, String> {
        let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
            (
                *name,
                TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
            )
        });
        let bytes = safetensors::serialize(views, None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        std::fs::write(&path, bytes).unwrap();
        Mlp::read_safetensors(&path, &Default::default()).map_err(|error| error.to_string())
    }

    fn sound() -> Tensors {
        let double = [1.0f64, -1.0].iter().flat_map(|value| value.to_le_bytes());
        vec![
            (
                "layers.0.weight",
                Dtype::F32,
                vec![1, 2],
                single(&[1.0, 2.0]),
            ),
            ("layers.0.bias", Dtype::F32, vec![2], single(&[0.5, 0.25])),
            ("layers.1.weight", Dtype::F64, vec![2, 1], double.collect()),
        ]
    }

    #[test]
    fn layers_are_read_in_order_with_their_biases() {
        let network = read(&sound()).unwrap();
        let input = Tensor::from_data([[3.0]], &Default::default());
        // relu(3 + 0.5) - relu(6 + 0.25)
        let output = network.forward(input).into_scalar();
        assert_eq!(output, 3.5 - 6.25);
        assert!(network.layers[1].bias.is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |change: fn(&mut Tensors)| {
            let mut tensors = sound();
            change(&mut tensors);
            read(&tensors).unwrap_err()
        };
        for (message, says) in [
            (wrong(|t| t[0].0 = "weight"), "no tensor `layers.0.weight`"),
            (wrong(|t| t[0].2 = vec![2]), "not [in, out]"),
            (wrong(|t| t[1].2 = vec![1, 2]), "not [2]"),
            (wrong(|t| t[0].2 = vec![2, 1]), "not [1]"),
            (wrong(|t| t[0].1 = Dtype::I32), "not F32 or F64"),
            (
                wrong(|t| t[0].3 = single(&[1.0, f32::NAN])),
                "not finite at value 1",
            ),
            (
                wrong(|t| t[2].2 = vec![1, 2]),
                "has 1 inputs, but the layer before gives 2",
            ),
        ] {
            assert!(message.contains(says), "{message}");
        }
        let missing = Mlp::<NdArray<f64>>::read_safetensors(
            Path::new("none.safetensors"),
            &Default::default(),
        );
        assert!(matches!(missing, Err(WeightsFileError::Read { .. })));
    }
}
