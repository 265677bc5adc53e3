//! Networks of every form, written down once more: by their definition, with the operations that
//! Burn differentiates automatically.

use burn_tensor::Tensor;
use burn_tensor::activation::relu;
use burn_tensor::backend::Backend;
use etastar_model::{Activation, Architecture, Block, Form, Layer, Norm, Residual};
use proptest::prelude::*;

/// Outputs, and the preactivations of the hidden layers.
pub(crate) fn outputs<B: Backend>(
    form: Form,
    layers: &[Layer<B>],
    inputs: Tensor<B, 2>,
) -> (Tensor<B, 2>, Vec<Tensor<B, 2>>) {
    let depth = layers.len() - 1;
    let mut hidden = Vec::new();
    let affine = |index: usize, a: Tensor<B, 2>| {
        let layer = &layers[index];
        let product = a.matmul(layer.weight.clone());
        match &layer.bias {
            Some(bias) => product + bias.clone(),
            None => product,
        }
    };
    let norm = |index: usize, a: Tensor<B, 2>| {
        if form.norm == Norm::None {
            return a;
        }
        let centred = a.clone() - a.mean_dim(1);
        let variance = centred.clone().powi_scalar(2).mean_dim(1);
        let normalised = centred / (variance + 1e-5).sqrt();
        match form.norm {
            Norm::LayerWithGain => normalised * layers[index].gain.clone().unwrap(),
            _ => normalised,
        }
    };
    let mut layer = |index: usize, a: Tensor<B, 2>| {
        let h = affine(index, a);
        hidden.push(h.clone());
        activation(form.activation, h)
    };
    if depth == 0 {
        return (affine(0, inputs), hidden);
    }
    let mut stream = layer(0, inputs);
    if form.residual == Residual::None {
        for index in 1..depth {
            stream = layer(index, norm(index, stream));
        }
    } else {
        let length = if form.block == Block::Two { 2 } else { 1 };
        let scale = match form.residual {
            Residual::InverseRootDepth => (depth as f64).powf(-0.5),
            Residual::InverseDepth => (depth as f64).recip(),
            _ => 1.0,
        };
        for block in 0..(depth - 1) / length {
            let mut inner = norm(1 + block * length, stream.clone());
            for within in 0..length {
                inner = layer(1 + block * length + within, inner);
            }
            stream = stream + inner * scale;
        }
    }
    (affine(depth, norm(depth, stream)), hidden)
}

fn activation<B: Backend>(activation: Activation, h: Tensor<B, 2>) -> Tensor<B, 2> {
    match activation {
        Activation::Relu => relu(h),
        Activation::LeakyRelu { slope } => relu(h.clone()) - relu(-h) * slope,
        Activation::Gelu => h.clone() * (error_function(h * 0.5f64.sqrt()) * 0.5 + 0.5),
        Activation::Silu => h.clone() * ((-h).exp() + 1.0).recip(),
        Activation::Tanh => {
            let twice = (h * 2.0).exp();
            (twice.clone() - 1.0) * (twice + 1.0).recip()
        }
        Activation::Softplus => (h.exp() + 1.0).log(),
        Activation::Identity => h,
    }
}

/// `2 / sqrt(pi) e^(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!`: Burn 0.21 differentiates its own twice only
/// in single precision.
fn error_function<B: Backend>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    // 1 and -1 beyond, to 16 digits.
    let x = x.clamp(-5.9, 5.9);
    let square = x.clone() * x.clone();
    let mut term = x;
    let mut sum = term.clone();
    for n in 0..TERMS {
        term = term * square.clone() * (2.0 / f64::from(2 * n + 3));
        sum = sum + term.clone();
    }
    sum * (-square).exp() * (2.0 / std::f64::consts::PI.sqrt())
}

/// Enough for `|x| < 6`.
const TERMS: u32 = 140;

/// The step of a central difference. Layer normalisation of almost equal features is steep, and
/// bends as much.
pub(crate) fn difference_step(form: Form) -> f64 {
    match form.norm {
        Norm::None => 1e-5,
        Norm::Layer | Norm::LayerWithGain => 1e-7,
    }
}

/// Whether the activation has a kink, over which finite differences say nothing.
pub(crate) fn has_kinks(form: Form) -> bool {
    matches!(
        form.activation,
        Activation::Relu | Activation::LeakyRelu { .. }
    )
}

/// Forms, half of them the plain one.
pub(crate) fn forms() -> impl Strategy<Value = Form> {
    let activation = prop_oneof![
        Just(Activation::Relu),
        (0.0..1.0f64).prop_map(|slope| Activation::LeakyRelu { slope }),
        Just(Activation::Gelu),
        Just(Activation::Silu),
        Just(Activation::Tanh),
        Just(Activation::Softplus),
        Just(Activation::Identity),
    ];
    let residual = prop_oneof![
        Just(Residual::None),
        Just(Residual::One),
        Just(Residual::InverseRootDepth),
        Just(Residual::InverseDepth),
    ];
    let other = (
        activation,
        residual,
        prop_oneof![Just(Block::One), Just(Block::Two)],
        prop_oneof![
            Just(Norm::None),
            Just(Norm::Layer),
            Just(Norm::LayerWithGain)
        ],
    );
    let other = other.prop_map(|(activation, residual, block, norm)| Form {
        activation,
        residual,
        block,
        norm,
        ..Form::default()
    });
    prop_oneof![Just(Form::default()), other]
}

/// The architecture with a form, its hidden layers made to fit residual blocks.
pub(crate) fn with_form(mut architecture: Architecture, form: Form) -> Architecture {
    let hidden = &mut architecture.hidden;
    if form.residual != Residual::None {
        let width = hidden[0];
        hidden.fill(width);
        if form.block == Block::Two && hidden.len().is_multiple_of(2) {
            hidden.push(width);
        }
    }
    Architecture {
        form,
        ..architecture
    }
}
