//! Weights of the user's own, from a safetensors file: a PyTorch `state_dict` as it is, or matrices
//! `[in, out]`.

use std::cmp::Ordering;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use burn_tensor::{Tensor, TensorData};
use etastar_backend::Backend;
use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use thiserror::Error;

use crate::{Layer, Mlp};

/// Most bytes of a file: a billion parameters in single precision.
const MOST_BYTES: u64 = 1 << 32;

/// What PyTorch and Flax call a matrix.
const MATRICES: [&str; 2] = ["weight", "kernel"];

/// What a wrapped network puts before the names of its tensors.
const WRAPPERS: [&str; 3] = ["module.", "_orig_mod.", "model."];

/// Usual names of a first layer and of an output layer, whatever the alphabet says; `fc_in`,
/// `output_layer` and the like mean them too.
const FIRST: [&str; 5] = ["in", "input", "stem", "first", "encoder"];
const LAST: [&str; 8] = [
    "out",
    "output",
    "head",
    "classifier",
    "readout",
    "last",
    "final",
    "decoder",
];

/// How weight matrices lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `[out, in]`, as PyTorch has them.
    OutIn,
    /// `[in, out]`, as JAX and this library have them.
    InOut,
}

impl Layout {
    /// Numbers of inputs and outputs of a matrix.
    fn ends(self, [rows, columns]: [usize; 2]) -> [usize; 2] {
        match self {
            Self::OutIn => [columns, rows],
            Self::InOut => [rows, columns],
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::OutIn => "[out, in]",
            Self::InOut => "[in, out]",
        }
    }
}

/// How a file of weights is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WeightsOptions {
    /// The names of the layers in order; told from their numbers without.
    pub layers: Option<Vec<String>>,
    /// How the matrices lie; told from their shapes without.
    pub layout: Option<Layout>,
    /// Number of inputs, where the data say it: it can tell the layout.
    pub inputs: Option<usize>,
    /// Whether tensors that are no part of a fully connected network are left out, instead of
    /// refused.
    pub ignore_others: bool,
}

/// What was read of a file of weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadWeights {
    /// The names of the layers, from the input side.
    pub layers: Vec<String>,
    /// Numbers of inputs, of units of every hidden layer, and of outputs.
    pub widths: Vec<usize>,
    /// How the matrices lie.
    pub layout: Layout,
    /// How many layers have a bias.
    pub biases: usize,
    /// Tensors that were left out.
    pub ignored: Vec<String>,
}

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
    /// The tensors are no fully connected network, or not one only.
    #[error("the weights file {path}: {problem}")]
    Network {
        /// The file.
        path: String,
        /// What does not fit, and what to do.
        problem: String,
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
    /// Reads a fully connected network from a safetensors file: matrices called `NAME.weight` and,
    /// where there are biases, vectors `NAME.bias`, as PyTorch saves them; or `NAME.kernel`, `[in,
    /// out]`, as Flax does. Layers follow one
    /// another by the numbers in their names, `0`, `2`, `4` or `fc1`, `fc2`; `out` and the like come
    /// last. ReLU acts between layers.
    ///
    /// # Errors
    /// If the file cannot be read or is no safetensors file, has tensors that are no part of such a
    /// network, if shapes do not fit together or do not tell how matrices lie, or a value is not
    /// finite.
    pub fn read_safetensors(
        path: &Path,
        options: &WeightsOptions,
        device: &B::Device,
    ) -> Result<(Self, ReadWeights), WeightsFileError> {
        let name = path.display().to_string();
        let failed = |source| WeightsFileError::Read {
            path: name.clone(),
            source,
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
        if read.map_err(failed)? as u64 > MOST_BYTES {
            return Err(WeightsFileError::Format {
                path: name,
                problem: "it has more than 4 GiB".to_owned(),
            });
        }
        Self::from_safetensors(&name, &bytes, options, device)
    }

    /// As [`Mlp::read_safetensors`], from the content of a file of this name.
    ///
    /// # Errors
    /// As [`Mlp::read_safetensors`].
    pub fn from_safetensors(
        name: &str,
        bytes: &[u8],
        options: &WeightsOptions,
        device: &B::Device,
    ) -> Result<(Self, ReadWeights), WeightsFileError> {
        let format = |problem: String| WeightsFileError::Format {
            path: name.to_owned(),
            problem,
        };
        let file = SafeTensors::deserialize(bytes).map_err(|error| {
            format(match bytes {
                [b'P', b'K', ..] if holds_arrays_of_numpy(bytes) => {
                    "it is an archive of NumPy: write it again by \
                     `safetensors.numpy.save_file(dict(numpy.load(FILE)), ..)`, with the names \
                     `0.weight`, `0.bias`, `1.weight` and so on"
                        .to_owned()
                }
                // Another zip archive, or a pickle.
                [b'P', b'K', ..] | [0x80, ..] => {
                    "it looks like a file of `torch.save`: write it again with \
                     `safetensors.torch.save_file(model.state_dict(), FILE)`"
                        .to_owned()
                }
                _ if bytes.starts_with(b"version https://git-lfs") => {
                    "it is a pointer of Git LFS, not the file itself: get the file with `git lfs \
                     pull`"
                        .to_owned()
                }
                _ => error.to_string(),
            })
        })?;
        let network = |problem: String| WeightsFileError::Network {
            path: name.to_owned(),
            problem,
        };
        let mut tensors: Vec<(&str, TensorView<'_>)> = file.iter().collect();
        tensors.sort_by_key(|(name, _)| *name);
        let (found, ignored) = matrices(&tensors);
        let names: Vec<&str> = found.iter().map(|matrix| matrix.name).collect();
        let twice = (1..names.len()).find(|&index| names[..index].contains(&names[index]));
        if let Some(index) = twice {
            return Err(network(format!(
                "the layer `{}` has two matrices, a `weight` and a `kernel`",
                names[index]
            )));
        }
        let found = in_order(found, options.layers.as_deref()).map_err(network)?;
        if !ignored.is_empty() && !options.ignore_others {
            return Err(network(format!(
                "these tensors are not part of a fully connected network: {}; leave them out with \
                 `--ignore` if the network computes the same without them",
                ignored.join(", ")
            )));
        }
        let layout = layout(&found, options).map_err(network)?;
        let mut layers = Vec::with_capacity(found.len());
        for matrix in &found {
            let wrong = |tensor: &str, problem: String| WeightsFileError::Tensor {
                path: name.to_owned(),
                tensor: tensor.to_owned(),
                problem,
            };
            let [inputs, outputs] = layout.ends(matrix.shape);
            let is_transposed = layout == Layout::OutIn;
            let upload = |values: Vec<f64>, shape: [usize; 2]| {
                let data = TensorData::new(values, shape);
                Tensor::<B, 2>::from_data(data.convert::<B::FloatElem>(), device)
            };
            let weights = values(matrix.weight).map_err(|problem| wrong(matrix.tensor, problem))?;
            let weights = match is_transposed {
                true => transposed(&weights, matrix.shape),
                false => weights,
            };
            let bias_name = format!("{}.bias", matrix.name);
            let bias = match matrix.bias {
                None => None,
                Some(bias) if bias.shape() == [outputs] => {
                    let values = values(bias).map_err(|problem| wrong(&bias_name, problem))?;
                    Some(upload(values, [1, outputs]))
                }
                Some(bias) => {
                    let problem = format!("has shape {:?}, not [{outputs}]", bias.shape());
                    return Err(wrong(&bias_name, problem));
                }
            };
            layers.push(Layer {
                weight: upload(weights, [inputs, outputs]),
                bias,
                gain: None,
            });
        }
        let ends = found.iter().map(|matrix| layout.ends(matrix.shape));
        let first = ends.clone().take(1).map(|[inputs, _]| inputs);
        let read = ReadWeights {
            layers: (found.iter())
                .map(|matrix| match matrix.name {
                    "" => matrix.tensor.to_owned(),
                    name => name.to_owned(),
                })
                .collect(),
            widths: first.chain(ends.map(|[_, outputs]| outputs)).collect(),
            layout,
            biases: found.iter().filter(|matrix| matrix.bias.is_some()).count(),
            ignored,
        };
        Ok((Self::new(layers), read))
    }
}

/// A weight matrix with its bias.
struct Matrix<'a> {
    /// Of its layer.
    name: &'a str,
    /// Of its tensor.
    tensor: &'a str,
    weight: &'a TensorView<'a>,
    shape: [usize; 2],
    bias: Option<&'a TensorView<'a>>,
}

/// The layer that a tensor belongs to, if it is called by one of these words: `fc1.weight`,
/// `params/Dense_0/kernel`, or the bare word in a network of one layer.
fn layer_of<'a>(tensor: &'a str, words: &[&str]) -> Option<&'a str> {
    words.iter().find_map(|word| {
        let layer = tensor.strip_suffix(word)?;
        match layer {
            "" => Some(layer),
            _ => layer.strip_suffix(['.', '/']),
        }
    })
}

/// Whether a zip archive is one of `numpy.savez`: the name of its first member, which follows the
/// 30 bytes of the header, ends in `.npy`.
fn holds_arrays_of_numpy(bytes: &[u8]) -> bool {
    let length = bytes
        .get(26..28)
        .map_or(0, |length| u16::from_le_bytes([length[0], length[1]]));
    let name = bytes.get(30..30 + usize::from(length));
    name.is_some_and(|name| name.ends_with(b".npy"))
}

/// The layers, and the tensors that belong to none, with their shapes.
fn matrices<'a>(tensors: &'a [(&'a str, TensorView<'a>)]) -> (Vec<Matrix<'a>>, Vec<String>) {
    let mut found: Vec<Matrix<'a>> = Vec::new();
    for (name, tensor) in tensors {
        if let (Some(layer), &[rows, columns]) = (layer_of(name, &MATRICES), tensor.shape())
            && rows * columns > 0
        {
            let bias = tensors
                .iter()
                .find(|(other, _)| layer_of(other, &["bias"]) == Some(layer));
            found.push(Matrix {
                name: layer,
                tensor: name,
                weight: tensor,
                shape: [rows, columns],
                bias: bias.map(|(_, bias)| bias),
            });
        }
    }
    // The bare words name the one layer of a network, and nothing beside others.
    if found.len() > 1 {
        found.retain(|matrix| !matrix.name.is_empty());
    }
    let is_used = |name: &str| {
        let layer = layer_of(name, &["weight", "kernel", "bias"]);
        found.iter().any(|matrix| Some(matrix.name) == layer)
    };
    let others = tensors.iter().filter(|(name, _)| !is_used(name));
    let others = others.map(|(name, tensor)| format!("`{name}` {:?}", tensor.shape()));
    let others = others.collect();
    (found, others)
}

/// How the matrices lie: the one way in which each layer has as many inputs as the one before has
/// outputs, biases are as long as outputs, and the first layer has the data's inputs.
fn layout(found: &[Matrix<'_>], options: &WeightsOptions) -> Result<Layout, String> {
    if found.is_empty() {
        return Err("there is no matrix `NAME.weight` or `NAME.kernel`".to_owned());
    }
    let fits = |layout: &Layout| {
        let ends = || found.iter().map(|matrix| layout.ends(matrix.shape));
        let joins = ends()
            .zip(ends().skip(1))
            .all(|([_, out], [input, _])| out == input);
        let begins = ends().next().zip(options.inputs);
        joins && begins.is_none_or(|([input, _], wanted)| input == wanted)
    };
    let fits_biases = |layout: &&Layout| {
        found.iter().all(|matrix| {
            let [_, out] = layout.ends(matrix.shape);
            matrix
                .bias
                .is_none_or(|bias| bias.shape().iter().product::<usize>() == out)
        })
    };
    let listed = || {
        let each = found
            .iter()
            .map(|matrix| format!("`{}` {:?}", matrix.name, matrix.shape));
        each.collect::<Vec<_>>().join(", ")
    };
    let wanted = match options.inputs {
        Some(inputs) => format!(" for data of {inputs} features"),
        None => String::new(),
    };
    // Flax calls a matrix `[in, out]` a kernel.
    let are_kernels = found.iter().all(|matrix| matrix.tensor.ends_with("kernel"));
    let told = are_kernels.then_some(Layout::InOut);
    if let Some(layout) = options.layout.or(told) {
        return match fits(&layout) {
            true => Ok(layout),
            false => Err(format!(
                "as {} the layers do not fit together{wanted}: {}",
                layout.words(),
                listed()
            )),
        };
    }
    let ways = [Layout::OutIn, Layout::InOut];
    let mut fitting: Vec<Layout> = ways.into_iter().filter(fits).collect();
    // Biases tell between two ways; of one way they may be wrong.
    if fitting.len() == 2 && fitting.iter().filter(fits_biases).count() == 1 {
        fitting.retain(|layout| fits_biases(&layout));
    }
    let is_symmetric = found.iter().all(|matrix| matrix.shape == [1, 1]);
    match fitting.as_slice() {
        [only] => Ok(*only),
        [first, ..] if is_symmetric => Ok(*first),
        [] => Err(format!(
            "the layers do not fit together in the order of their names{wanted}: {}",
            listed()
        )),
        _ => Err(format!(
            "the shapes do not show whether matrices are [out, in], as PyTorch has them, or \
             [in, out]: say so with `--layout`. The layers are {}",
            listed()
        )),
    }
}

/// The layers from the input side: as asked for, or by the numbers in their names, a first and an
/// output layer at their ends. Names that differ by more than that tell no order.
fn in_order<'a>(
    mut found: Vec<Matrix<'a>>,
    asked: Option<&[String]>,
) -> Result<Vec<Matrix<'a>>, String> {
    let listed = |found: &[Matrix<'_>]| {
        let names = found.iter().map(|matrix| format!("`{}`", matrix.name));
        names.collect::<Vec<_>>().join(", ")
    };
    found.sort_by(|a, b| natural_order(a.name, b.name));
    let Some(asked) = asked else {
        let at = |end: Ordering| {
            found
                .iter()
                .filter(move |one| place(&bare(one.name)) == end)
        };
        let mut patterns: Vec<String> = at(Ordering::Equal).map(|one| letters(one.name)).collect();
        patterns.dedup();
        let ends = [Ordering::Less, Ordering::Greater].map(|end| at(end).count());
        if patterns.len() <= 1 && ends.iter().all(|count| *count <= 1) {
            return Ok(found);
        }
        return Err(format!(
            "the names of the layers do not tell their order; name them in order with `--layers`. \
             The layers are {}",
            listed(&found)
        ));
    };
    let mut ordered = Vec::with_capacity(asked.len());
    for name in asked {
        let index = found.iter().position(|matrix| matrix.name == name);
        let index = index.ok_or_else(|| {
            format!(
                "there is no layer `{name}`, or it is named twice; the layers not yet named are {}",
                listed(&found)
            )
        })?;
        ordered.push(found.remove(index));
    }
    match found.is_empty() {
        true => Ok(ordered),
        false => Err(format!("`--layers` leaves out {}", listed(&found))),
    }
}

/// A name without what wraps it.
fn bare(mut name: &str) -> String {
    while let Some(rest) = WRAPPERS
        .iter()
        .find_map(|wrapper| name.strip_prefix(wrapper))
    {
        name = rest;
    }
    name.to_owned()
}

/// Whether a name is that of a first layer (less), of an output layer (greater), or of one between.
fn place(name: &str) -> Ordering {
    let end = name.rsplit('.').next().unwrap_or(name).to_lowercase();
    let words = || {
        end.split('_')
            .filter(|word| !["layer", "fc", "proj", "linear"].contains(word))
    };
    let is = |known: &[&str]| words().count() == 1 && words().all(|word| known.contains(&word));
    match (is(&FIRST), is(&LAST)) {
        (true, _) => Ordering::Less,
        (_, true) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// What is left of a name without its numbers.
fn letters(name: &str) -> String {
    let name = bare(name);
    name.chars()
        .filter(|letter| !letter.is_ascii_digit())
        .collect()
}

/// By the numbers in the names.
fn natural_order(a: &str, b: &str) -> Ordering {
    let [a, b] = [a, b].map(bare);
    place(&a)
        .cmp(&place(&b))
        .then_with(|| pieces(&a).cmp(&pieces(&b)))
}

/// Letters and numbers by turns.
fn pieces(name: &str) -> Vec<(String, u64)> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let letters = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (text, after) = rest.split_at(letters);
        let digits = after
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(after.len());
        let (number, after) = after.split_at(digits);
        pieces.push((text.to_owned(), number.parse().unwrap_or(0)));
        rest = after;
    }
    pieces
}

/// A matrix of this shape, its columns as rows.
fn transposed(values: &[f64], [rows, columns]: [usize; 2]) -> Vec<f64> {
    let entry = |index: usize| values[(index % rows) * columns + index / rows];
    (0..values.len()).map(entry).collect()
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
        Dtype::F16 => halves(bytes)
            .map(|bits| f16::from_bits(bits).to_f64())
            .collect(),
        Dtype::BF16 => halves(bytes)
            .map(|bits| bf16::from_bits(bits).to_f64())
            .collect(),
        other => {
            return Err(format!(
                "has type {other:?}, not a real one of 16 to 64 bits"
            ));
        }
    };
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(format!("is not finite at value {index}")),
        None => Ok(values),
    }
}

fn halves(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&chunk| u16::from_le_bytes(chunk))
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

    fn read_with(
        tensors: &[(&str, Dtype, Vec<usize>, Vec<u8>)],
        options: &WeightsOptions,
    ) -> Result<(Mlp<NdArray<f64>>, ReadWeights), String> {
        let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes);
            (*name, view.unwrap())
        });
        let bytes = safetensors::serialize(views, None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        std::fs::write(&path, bytes).unwrap();
        let read = Mlp::read_safetensors(&path, options, &Default::default());
        read.map_err(|error| error.to_string())
    }

    fn read(tensors: &Tensors) -> Result<Mlp<NdArray<f64>>, String> {
        read_with(tensors, &WeightsOptions::default()).map(|(network, _)| network)
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

    fn output(network: &Mlp<NdArray<f64>>) -> f64 {
        let input = Tensor::from_data([[3.0]], &Default::default());
        network.forward(input).into_scalar()
    }

    #[test]
    fn layers_are_read_in_order_with_their_biases() {
        let network = read(&sound()).unwrap();
        // relu(3 + 0.5) - relu(6 + 0.25)
        assert_eq!(output(&network), 3.5 - 6.25);
        assert!(network.layers[1].bias.is_none());
    }

    /// PyTorch's names and layout: 1 -> 2 -> 2 -> 1 by `nn.Sequential`, whose ReLUs take numbers
    /// too, and by other ways of naming; ten layers are in numeric order.
    #[test]
    fn a_state_dict_is_read_as_it_is() {
        let weights = [
            (vec![2, 1], single(&[1.0, 2.0])),
            (vec![2, 2], single(&[1.0, 0.0, 1.0, 1.0])),
            (vec![1, 2], single(&[1.0, -1.0])),
        ];
        for names in [
            ["0", "2", "4"],
            ["fc1", "fc2", "fc3"],
            ["module.fc1", "module.fc2", "module.out"],
            [
                "_orig_mod.layers.2",
                "_orig_mod.layers.9",
                "_orig_mod.layers.10",
            ],
            ["hidden.0", "hidden.1", "head"],
            ["input_layer", "hidden.0", "output_layer"],
            ["stem", "block.0", "head"],
            ["fc_in", "fc1", "fc_out"],
        ] {
            let names = names.map(|name| format!("{name}.weight"));
            let all = names.iter().zip(&weights).rev();
            let all: Vec<_> = all
                .map(|(name, (shape, bytes))| (&**name, Dtype::F32, shape.clone(), bytes.clone()))
                .collect();
            let (network, read) = read_with(&all, &WeightsOptions::default()).unwrap();
            // (3, 6) -> (3, 9) -> -6
            assert_eq!(output(&network), -6.0, "{names:?}");
            assert_eq!(
                (read.widths, read.layout),
                (vec![1, 2, 2, 1], Layout::OutIn)
            );
            assert_eq!((read.biases, read.layers.len()), (0, 3));
        }
    }

    #[test]
    fn halves_are_converted() {
        let bits = |values: [u16; 2]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let mut tensors = sound();
        // 1 and 2 in half precision, then in bfloat16.
        tensors[0] = (
            "layers.0.weight",
            Dtype::F16,
            vec![1, 2],
            bits([0x3c00, 0x4000]),
        );
        assert_eq!(output(&read(&tensors).unwrap()), 3.5 - 6.25);
        tensors[0] = (
            "layers.0.weight",
            Dtype::BF16,
            vec![1, 2],
            bits([0x3f80, 0x4000]),
        );
        assert_eq!(output(&read(&tensors).unwrap()), 3.5 - 6.25);
    }

    /// Two square layers: only the user knows how they lie, or the data where they are not square.
    #[test]
    fn a_layout_that_cannot_be_told_is_asked_for() {
        let square = vec![
            (
                "0.weight",
                Dtype::F32,
                vec![2, 2],
                single(&[1.0, 2.0, 0.0, 1.0]),
            ),
            (
                "2.weight",
                Dtype::F32,
                vec![2, 2],
                single(&[1.0, 0.0, 0.0, 1.0]),
            ),
        ];
        let asked = read(&square).unwrap_err();
        assert!(asked.contains("say so with `--layout`"), "{asked}");
        let first = |layout| {
            let options = WeightsOptions {
                layout: Some(layout),
                ..WeightsOptions::default()
            };
            let (network, _) = read_with(&square, &options).unwrap();
            network.layers[0].weight.to_data().to_vec::<f64>().unwrap()
        };
        assert_eq!(first(Layout::InOut), [1.0, 2.0, 0.0, 1.0]);
        assert_eq!(first(Layout::OutIn), [1.0, 0.0, 2.0, 1.0]);
        let single_layer = vec![("w.weight", Dtype::F32, vec![2, 3], single(&[1.0; 6]))];
        assert!(read(&single_layer).unwrap_err().contains("--layout"));
        for (inputs, layout) in [(3, Layout::OutIn), (2, Layout::InOut)] {
            let options = WeightsOptions {
                inputs: Some(inputs),
                ..WeightsOptions::default()
            };
            assert_eq!(read_with(&single_layer, &options).unwrap().1.layout, layout);
        }
    }

    /// Two square layers whose names say nothing of their order.
    #[test]
    fn an_order_that_names_do_not_tell_is_asked_for() {
        let matrix = |name, values: [f32; 4]| (name, Dtype::F32, vec![2, 2], single(&values));
        let tensors = vec![
            matrix("up.weight", [1.0, 2.0, 0.0, 1.0]),
            matrix("down.weight", [1.0, 0.0, 3.0, 1.0]),
        ];
        let asked = read(&tensors).unwrap_err();
        assert!(
            asked.contains("name them in order with `--layers`"),
            "{asked}"
        );
        assert!(asked.contains("`down`, `up`"), "{asked}");
        let order = |names: &[&str]| {
            let options = WeightsOptions {
                layers: Some(names.iter().map(|name| (*name).to_owned()).collect()),
                layout: Some(Layout::OutIn),
                ..WeightsOptions::default()
            };
            read_with(&tensors, &options).map(|(_, read)| read.layers)
        };
        assert_eq!(order(&["up", "down"]).unwrap(), ["up", "down"]);
        assert!(order(&["up"]).unwrap_err().contains("leaves out `down`"));
        assert!(
            order(&["up", "up"])
                .unwrap_err()
                .contains("no layer `up`, or it is named twice")
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |change: fn(&mut Tensors)| {
            let mut tensors = sound();
            change(&mut tensors);
            read(&tensors).unwrap_err()
        };
        for (message, says) in [
            (
                wrong(|t| t[0].0 = "weight"),
                "not part of a fully connected network: `layers.0.bias`",
            ),
            (wrong(|t| t[0].2 = vec![2]), "`layers.0.weight` [2]"),
            (wrong(|t| t[1].2 = vec![1, 2]), "has shape [1, 2], not [2]"),
            (wrong(|t| t[0].2 = vec![2, 1]), "do not fit together"),
            (
                wrong(|t| t[0].1 = Dtype::I32),
                "not a real one of 16 to 64 bits",
            ),
            (
                wrong(|t| t[0].3 = single(&[1.0, f32::NAN])),
                "not finite at value 1",
            ),
            (
                wrong(|t| t.push(("norm.weight", Dtype::F32, vec![2], single(&[1.0, 1.0])))),
                "`norm.weight` [2]; leave them out with `--ignore`",
            ),
            // A gap is no end: all layers are read, and have to fit.
            (
                wrong(|t| t.push(("layers.7.weight", Dtype::F32, vec![3, 1], single(&[1.0; 3])))),
                "do not fit together in the order of their names",
            ),
            (
                wrong(Vec::clear),
                "there is no matrix `NAME.weight` or `NAME.kernel`",
            ),
        ] {
            assert!(message.contains(says), "{message}");
        }
        let mut tensors = sound();
        tensors.push(("norm.weight", Dtype::F32, vec![2], single(&[1.0, 1.0])));
        let options = WeightsOptions {
            ignore_others: true,
            ..WeightsOptions::default()
        };
        let (network, read) = read_with(&tensors, &options).unwrap();
        assert_eq!(output(&network), 3.5 - 6.25);
        assert_eq!(read.ignored, ["`norm.weight` [2]"]);
        let missing = Mlp::<NdArray<f64>>::read_safetensors(
            Path::new("none.safetensors"),
            &options,
            &Default::default(),
        );
        assert!(matches!(missing, Err(WeightsFileError::Read { .. })));
    }
}
