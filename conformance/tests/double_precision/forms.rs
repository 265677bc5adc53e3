//! Networks of every form under every optimiser, on every backend that is compiled in, alone and in
//! ensembles, against the same in double precision.

use burn_ndarray::NdArray;
use burn_tensor::Tensor;
use etastar_backend::{Backend, Selection, Task};
use etastar_model::{
    Activation, Architecture, Batch, Block, Ensemble, EnsembleRates, Form, InitialWeights,
    LayerRates, Loss, Method, Mlp, Norm, Optimiser, OptimiserState, Residual,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

const INPUTS: usize = 24;
const WIDTH: usize = 32;
const DEPTH: usize = 5;
const OUTPUTS: usize = 10;
const SAMPLES: usize = 32;
const STEPS: usize = 4;
const LEARNING_RATES: [f64; 2] = [0.01, 0.002];

/// The losses of two networks in their first steps: first those of each alone, then those of both in
/// an ensemble.
#[derive(Clone, Copy)]
struct Losses {
    form: Form,
    optimiser: Optimiser,
}

impl Task for Losses {
    type Output = Vec<f64>;

    fn run<B: Backend>(self, device: B::Device) -> Vec<f64> {
        let architecture = Architecture {
            bias: true,
            form: self.form,
            ..Architecture::constant_width(INPUTS, WIDTH, DEPTH, OUTPUTS)
        };
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let initial = InitialWeights::draw::<f32>(&architecture, &mut rng);
        let network = Mlp::<B>::upload(&initial, &device);
        let batches: Vec<Batch<B>> = (0..STEPS)
            .map(|_| {
                let inputs: Vec<f32> = (0..SAMPLES * INPUTS)
                    .map(|_| rng.sample::<f32, _>(StandardNormal))
                    .collect();
                let labels: Vec<u32> = (0..SAMPLES).map(|i| (i % OUTPUTS) as u32).collect();
                Batch::upload(&inputs, &labels, INPUTS, OUTPUTS, &device)
            })
            .collect();
        let rates = LayerRates::with_input_rate(DEPTH, 0.5);
        let host = |loss: Tensor<B, 1>| loss.into_data().iter::<f64>().collect::<Vec<f64>>();
        let mut losses = Vec::new();
        for rate in LEARNING_RATES {
            let mut network = network.clone();
            let mut state = OptimiserState::new(self.optimiser, &rates);
            for batch in &batches {
                let pass = network.pass(batch, Loss::CrossEntropy);
                losses.extend(host(pass.loss.clone()));
                network = pass.step(&mut state, rate, &rates);
            }
        }
        let mut ensemble = Ensemble::stack(&[&network, &network]);
        let mut state = OptimiserState::new(self.optimiser, &rates);
        let ensemble_rates = EnsembleRates::new(&LEARNING_RATES, &rates, DEPTH, &device);
        let mut together = Vec::new();
        for batch in &batches {
            let batch = Batch {
                inputs: batch.inputs.clone().unsqueeze(),
                targets: batch.targets.clone().unsqueeze(),
            };
            let pass = ensemble.pass(&batch, Loss::CrossEntropy);
            together.push(host(pass.loss.clone()));
            ensemble = pass.step(&mut state, &ensemble_rates);
        }
        for network in 0..LEARNING_RATES.len() {
            losses.extend(together.iter().map(|losses| losses[network]));
        }
        losses
    }
}

#[test]
fn first_steps_are_those_in_double_precision() {
    let shapes = [
        (Residual::None, Block::One, Norm::None),
        (Residual::None, Block::One, Norm::Layer),
        (Residual::None, Block::One, Norm::LayerWithGain),
        (Residual::InverseRootDepth, Block::One, Norm::Layer),
        (Residual::One, Block::Two, Norm::None),
    ];
    let methods = [
        Method::Sgd,
        Method::Momentum,
        Method::Nesterov,
        Method::Adam,
        Method::AdamW,
    ];
    let devices = std::env::var("ETASTAR_DEVICES").ok();
    let backends = Selection::list(devices.as_deref()).expect("backends that are compiled in");
    let mut largest = vec![0f64; backends.len()];
    for (index, activation) in Activation::ALL.into_iter().enumerate() {
        for (place, (residual, block, norm)) in shapes.into_iter().enumerate() {
            let losses = Losses {
                form: Form {
                    activation,
                    residual,
                    block,
                    norm,
                    ..Form::default()
                },
                // Every optimiser meets every activation or its neighbour.
                optimiser: Optimiser {
                    method: methods[(index + place) % methods.len()],
                    weight_decay: 0.01,
                    clip: 1.0,
                    ..Optimiser::default()
                },
            };
            let expected = losses.run::<NdArray<f64>>(Default::default());
            for (backend, largest) in backends.iter().zip(&mut largest) {
                let found = backend.run(losses);
                for (found, expected) in found.iter().zip(&expected) {
                    let error = (found / expected - 1.0).abs();
                    // Adam divides a gradient by its own size: that of a gradient near 0 is rounding.
                    assert!(
                        error < 1e-4,
                        "{}: {}, {}: {found} for {expected}",
                        backend.device(),
                        losses.form,
                        losses.optimiser
                    );
                    *largest = largest.max(error);
                }
            }
        }
    }
    for (backend, largest) in backends.iter().zip(largest) {
        println!(
            "{}: largest relative error of a loss {largest:.1e}",
            backend.device()
        );
    }
}
