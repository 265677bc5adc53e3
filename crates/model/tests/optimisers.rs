//! Steps of every optimiser against their definition on plain numbers, and ensembles against their
//! networks one by one.

use burn_ndarray::NdArray;
use burn_tensor::{Int, Tensor};
use etastar_model::{
    Activation, Architecture, Batch, Ensemble, EnsembleRates, Form, InitialWeights, Layer,
    LayerRates, Loss, Method, Mlp, Optimiser, OptimiserState,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

type Double = NdArray<f64>;

const SHAPE: [usize; 4] = [5, 4, 3, 3];
const SAMPLES: usize = 6;

fn network(seed: u64, activation: Activation) -> Mlp<Double> {
    let architecture = Architecture {
        bias: true,
        form: Form {
            activation,
            ..Form::default()
        },
        hidden: SHAPE[1..3].to_vec(),
        ..Architecture::constant_width(SHAPE[0], 1, 1, SHAPE[3])
    };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let initial = InitialWeights::draw::<f64>(&architecture, &mut rng);
    Mlp::upload(&initial, &Default::default())
}

fn batch(seed: u64) -> Batch<Double> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let inputs: Vec<f32> = (0..SAMPLES * SHAPE[0])
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    let labels: Vec<u32> = (0..SAMPLES).map(|_| rng.random_range(0..3)).collect();
    Batch::upload(&inputs, &labels, SHAPE[0], SHAPE[3], &Default::default())
}

/// The parameters of each layer in a vector.
fn flatten(layers: &[Layer<Double>]) -> Vec<Vec<f64>> {
    let host = |tensor: &Tensor<Double, 2>| tensor.to_data().to_vec::<f64>().unwrap();
    let layers = layers.iter();
    let layers = layers.map(|layer| layer.as_ref().into_iter().flat_map(host).collect());
    layers.collect()
}

/// One parameter under an optimiser, as PyTorch's documentation of `SGD`, `Adam` and `AdamW` has it.
struct Scalar {
    weight: f64,
    velocity: Option<f64>,
    m: f64,
    s: f64,
}

impl Scalar {
    fn step(&mut self, o: &Optimiser, step: i32, gradient: f64, rate: f64) {
        let mut g = gradient;
        if o.method == Method::AdamW {
            self.weight -= rate * o.weight_decay * self.weight;
        } else {
            g += o.weight_decay * self.weight;
        }
        let direction = match o.method {
            Method::Sgd => g,
            Method::Momentum | Method::Nesterov => {
                let v = self.velocity.map_or(g, |v| o.momentum * v + g);
                self.velocity = Some(v);
                if o.method == Method::Nesterov {
                    g + o.momentum * v
                } else {
                    v
                }
            }
            Method::Adam | Method::AdamW => {
                self.m = o.momentum * self.m + (1.0 - o.momentum) * g;
                self.s = o.beta2 * self.s + (1.0 - o.beta2) * g * g;
                let m = self.m / (1.0 - o.momentum.powi(step));
                let s = self.s / (1.0 - o.beta2.powi(step));
                m / (s.sqrt() + 1e-8)
            }
        };
        self.weight -= rate * direction;
    }
}

fn optimisers() -> impl Strategy<Value = Optimiser> {
    let method = prop_oneof![
        Just(Method::Sgd),
        Just(Method::Momentum),
        Just(Method::Nesterov),
        Just(Method::Adam),
        Just(Method::AdamW),
    ];
    let zero_or = |range: std::ops::Range<f64>| prop_oneof![Just(0.0), range];
    (
        method,
        0.0..0.99f64,
        0.5..0.999f64,
        zero_or(0.0..0.3),
        zero_or(0.01..2.0),
    )
        .prop_map(|(method, momentum, beta2, weight_decay, clip)| Optimiser {
            method,
            momentum,
            beta2,
            weight_decay,
            clip,
        })
}

fn activations() -> impl Strategy<Value = Activation> {
    prop_oneof![Just(Activation::Relu), Just(Activation::Tanh)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn steps_are_those_of_the_definition(
        optimiser in optimisers(), activation in activations(), seed in any::<u64>(),
        input_rate in prop_oneof![Just(0.0), Just(1.0), 0.1..2.0f64],
    ) {
        let (learning_rate, loss) = (0.05, Loss::CrossEntropy);
        let rates = LayerRates::with_input_rate(2, input_rate);
        let mut network = network(seed, activation);
        let mut state = OptimiserState::new(optimiser, &rates);
        let mut scalars: Vec<Vec<Scalar>> = flatten(&network.layers)
            .into_iter()
            .map(|layer| {
                let layer = layer.into_iter();
                layer.map(|weight| Scalar { weight, velocity: None, m: 0.0, s: 0.0 }).collect()
            })
            .collect();
        for step in 1..=4 {
            let batch = batch(seed ^ step);
            let gradient = flatten(&network.gradient(&batch, loss).1.layers);
            let trained = gradient.iter().enumerate().filter(|(l, _)| rates.of(*l) > 0.0);
            let square: f64 = trained.flat_map(|(_, layer)| layer).map(|g| g * g).sum();
            let clip = match optimiser.clip {
                0.0 => 1.0,
                clip => (clip / (square.sqrt() + 1e-6)).min(1.0),
            };
            for (layer, (scalars, gradient)) in scalars.iter_mut().zip(&gradient).enumerate() {
                let rate = learning_rate * rates.of(layer);
                for (scalar, g) in scalars.iter_mut().zip(gradient) {
                    scalar.step(&optimiser, step as i32, clip * g, rate);
                }
            }
            let derivatives = network.derivatives(&batch, loss);
            let mut other = state.clone();
            let by = network.clone().step_by(&derivatives, &mut other, learning_rate, &rates);
            network = network.pass(&batch, loss).step(&mut state, learning_rate, &rates);
            prop_assert_eq!(flatten(&by.layers), flatten(&network.layers));
            for (layer, scalars) in flatten(&network.layers).iter().zip(&scalars) {
                for (weight, scalar) in layer.iter().zip(scalars) {
                    // Adam divides a gradient by itself: rounding is not small beside a tiny one.
                    prop_assert!((weight - scalar.weight).abs() < 1e-9, "step {step}");
                }
            }
        }
    }

    #[test]
    fn networks_of_an_ensemble_take_their_own_steps(
        optimiser in optimisers(), activation in activations(), seed in any::<u64>(),
        input_rate in prop_oneof![Just(0.0), Just(0.5)],
    ) {
        let loss = Loss::CrossEntropy;
        let device = Default::default();
        let rates = LayerRates::with_input_rate(2, input_rate);
        let learning_rates = [0.02, 0.3, 0.1];
        let singles: Vec<_> = (0..3).map(|i| network(seed ^ i, activation)).collect();
        let mut ensemble = Ensemble::stack(&singles.iter().collect::<Vec<_>>());
        let mut state = OptimiserState::new(optimiser, &rates);
        let mut each: Vec<_> = singles
            .into_iter()
            .zip(learning_rates)
            .map(|(network, rate)| (network, OptimiserState::new(optimiser, &rates), rate))
            .collect();
        let mut all_rates = EnsembleRates::new(&learning_rates, &rates, 2, &device);
        for step in 0..4 {
            if step == 2 {
                // The second is over: the others keep their moments.
                let kept = Tensor::<Double, 1, Int>::from_data([0, 2], &device);
                ensemble = ensemble.select(&kept);
                state = state.select(&kept);
                all_rates = all_rates.select(&[0, 2]);
                each.remove(1);
            }
            let batch = batch(seed ^ (step + 7));
            let shared = Batch {
                inputs: batch.inputs.clone().unsqueeze(),
                targets: batch.targets.clone().unsqueeze(),
            };
            ensemble = ensemble.pass(&shared, loss).step(&mut state, &all_rates);
            for (row, (network, state, rate)) in each.iter_mut().enumerate() {
                *network = network.clone().pass(&batch, loss).step(state, *rate, &rates);
                let of_row = flatten(&ensemble.network(row).layers).concat();
                let own = flatten(&network.layers).concat();
                for (a, b) in of_row.iter().zip(&own) {
                    prop_assert!((a - b).abs() < 1e-9);
                }
            }
        }
    }
}
