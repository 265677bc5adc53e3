//! The operations of the extension on burn-flex, by the kernels of
//! `etastar-kernels`: bias and ReLU while a product is in the cache, loss and
//! derivative in one pass, and the step of gradient descent in place.
//!
//! They take contiguous matrices of `f32`; Burn's operations take everything
//! else. The matrices of a stack are treated one by one, so that a network has
//! the same bits in an ensemble as alone.

use burn_flex::{Flex, FlexTensor, Layout};
use burn_tensor::{Bytes, DType, Shape, TensorMetadata};
use etastar_kernels::{
    Matrix, add_product, add_rows, product_into, relu, relu_backward, softmax_cross_entropy,
};

use crate::extension::{Backend, Rate, generic};

impl Backend for Flex {
    fn affine(input: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>) -> FlexTensor {
        fused_affine(&input, &weight, bias.as_ref(), |_| ())
            .unwrap_or_else(|| generic::affine::<Self>(input, weight, bias))
    }

    fn affine_relu(input: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>) -> FlexTensor {
        fused_affine(&input, &weight, bias.as_ref(), relu)
            .unwrap_or_else(|| generic::affine_relu::<Self>(input, weight, bias))
    }

    fn affine_relu_backward(
        derivative: FlexTensor,
        weight: FlexTensor,
        input: FlexTensor,
    ) -> FlexTensor {
        let fused = || {
            let [derivative, weight, input] = [&derivative, &weight, &input].map(Matrices::view);
            let (derivative, weight, input) = (derivative?, weight?, input?);
            let count = derivative.count.max(weight.count);
            let below = each(count, derivative.rows * weight.rows, |index, below| {
                let weight = weight.at(index).transposed();
                product_into(below, derivative.at(index), weight);
                relu_backward(below, input.values_at(index));
            });
            Some(tensor(below, derivative.shape(count, weight.rows)))
        };
        fused().unwrap_or_else(|| generic::affine_relu_backward::<Self>(derivative, weight, input))
    }

    fn descend(
        mut weight: FlexTensor,
        input: FlexTensor,
        derivative: FlexTensor,
        rate: &Rate<Self>,
    ) -> FlexTensor {
        let mut fused = || {
            let (input, derivative) = (Matrices::view(&input)?, Matrices::view(&derivative)?);
            let matrices = Matrices::view(&weight)?;
            let (count, size) = (matrices.count, matrices.rows * matrices.columns);
            let rates = match rate {
                Rate::Common(rate) => vec![*rate as f32; count],
                Rate::Each(rates) => rates.as_slice::<f32>()?.to_vec(),
            };
            // A view into a larger buffer cannot be changed in place.
            if weight.bytes().len() != count * size * size_of::<f32>() || rates.len() != count {
                return None;
            }
            // Copies first where somebody else holds the weights.
            let in_place = weight.storage_mut::<f32>();
            for (index, weight) in in_place.chunks_exact_mut(size).enumerate() {
                let input = input.at(index).transposed();
                add_product(weight, -rates[index], input, derivative.at(index));
            }
            Some(())
        };
        match fused() {
            Some(()) => weight,
            None => generic::descend::<Self>(weight, input, derivative, rate),
        }
    }

    fn softmax_cross_entropy(outputs: FlexTensor, targets: FlexTensor) -> (FlexTensor, FlexTensor) {
        let fused = || {
            let (from, targets) = (Matrices::view(&outputs)?, Matrices::view(&targets)?);
            let mut derivative = from.values.to_vec();
            let matrices = derivative.chunks_exact_mut(from.rows * from.columns);
            let losses = matrices.enumerate().map(|(index, matrix)| {
                softmax_cross_entropy(matrix, targets.values_at(index), from.columns)
            });
            let losses: Vec<f32> = losses.collect();
            let of_each = [losses.len()].into();
            Some((tensor(losses, of_each), tensor(derivative, outputs.shape())))
        };
        fused().unwrap_or_else(|| generic::softmax_cross_entropy::<Self>(outputs, targets))
    }
}

fn fused_affine(
    input: &FlexTensor,
    weight: &FlexTensor,
    bias: Option<&FlexTensor>,
    activation: impl Fn(&mut [f32]),
) -> Option<FlexTensor> {
    let (input, weight) = (Matrices::view(input)?, Matrices::view(weight)?);
    let bias = match bias {
        Some(bias) => Some(Matrices::view(bias)?),
        None => None,
    };
    let count = input.count.max(weight.count);
    let outputs = each(count, input.rows * weight.columns, |index, outputs| {
        product_into(outputs, input.at(index), weight.at(index));
        if let Some(bias) = &bias {
            add_rows(outputs, bias.values_at(index));
        }
        activation(outputs);
    });
    Some(tensor(outputs, input.shape(count, weight.columns)))
}

/// The matrices of a tensor of rank two or three.
struct Matrices<'a> {
    values: &'a [f32],
    rank: usize,
    count: usize,
    rows: usize,
    columns: usize,
}

impl<'a> Matrices<'a> {
    /// None if the tensor is empty or not contiguous `f32`.
    fn view(tensor: &'a FlexTensor) -> Option<Self> {
        let (rank, count, rows, columns) = match tensor.layout().shape()[..] {
            [rows, columns] => (2, 1, rows, columns),
            [count, rows, columns] => (3, count, rows, columns),
            _ => return None,
        };
        let values = tensor.as_slice::<f32>()?;
        (!values.is_empty()).then_some(Self {
            values,
            rank,
            count,
            rows,
            columns,
        })
    }

    /// The values of one matrix; a single matrix stands for all.
    fn values_at(&self, index: usize) -> &'a [f32] {
        let size = self.rows * self.columns;
        let start = if self.count == 1 { 0 } else { index * size };
        &self.values[start..start + size]
    }

    fn at(&self, index: usize) -> Matrix<'a> {
        Matrix::new(self.values_at(index), self.rows, self.columns)
    }

    /// The shape of `count` matrices with the same rows and other columns.
    fn shape(&self, count: usize, columns: usize) -> Shape {
        match self.rank {
            2 => [self.rows, columns].into(),
            _ => [count, self.rows, columns].into(),
        }
    }
}

/// Matrices of `size` values, one after the other, each written by `write`.
fn each(count: usize, size: usize, write: impl Fn(usize, &mut [f32])) -> Vec<f32> {
    let mut values = vec![0.0; count * size];
    for (index, matrix) in values.chunks_exact_mut(size).enumerate() {
        write(index, matrix);
    }
    values
}

fn tensor(values: Vec<f32>, shape: Shape) -> FlexTensor {
    FlexTensor::new(
        Bytes::from_elems(values),
        Layout::contiguous(shape),
        DType::F32,
    )
}
