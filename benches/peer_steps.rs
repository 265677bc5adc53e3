//! Times one training step as the peers time theirs: the median over blocks
//! of the mean of a step. See `peers/README.md`.

use std::hint::black_box;
use std::time::Instant;

use burn_flex::Flex;
use burn_tensor::ElementConversion;
use clap::Parser;
use etastar_benches::{BATCH, HandWritten, SHAPES, Shape};
use etastar_model::{LayerRates, Loss};
use serde_json::{Map, Value, json};

/// Times a training step of etastar, and of a hand-written loop over the same kernels
#[derive(Debug, Parser)]
struct Arguments {
    /// Shapes, as 784->128x4 [default: those of the benchmark]
    shapes: Vec<Shape>,

    /// Samples of a batch
    #[arg(long, default_value_t = BATCH)]
    batch: usize,

    /// About as long for each shape
    #[arg(long, default_value = "1")]
    seconds: f64,
}

/// As in `peers/steps.py`.
const LEARNING_RATE: f64 = 1e-3;
const BLOCKS: usize = 20;

fn main() {
    let Arguments {
        mut shapes,
        batch,
        seconds,
    } = Arguments::parse();
    if shapes.is_empty() {
        shapes = SHAPES.to_vec();
    }
    let of_each = |time: fn(Shape, usize, f64) -> f64| {
        let times = shapes.iter();
        let times = times.map(|&shape| (shape.label(), json!(time(shape, batch, seconds))));
        Value::Object(Map::from_iter(times))
    };
    let result = json!({
        "peer": "etastar",
        "flex": of_each(flex),
        "hand_written": of_each(hand_written),
    });
    println!("{result}");
}

fn flex(shape: Shape, batch: usize, seconds: f64) -> f64 {
    let (network, batch) = shape.network_and_batch::<Flex>(batch, &Default::default());
    let rates = LayerRates::uniform(network.depth());
    let mut network = Some(network);
    seconds_of(seconds, || {
        if let Some(current) = network.take() {
            let (next, loss) = current.sgd_step(&batch, Loss::CrossEntropy, LEARNING_RATE, &rates);
            network = Some(next);
            black_box(loss.into_scalar().elem::<f32>());
        }
    })
}

fn hand_written(shape: Shape, batch: usize, seconds: f64) -> f64 {
    let mut network = HandWritten::new(shape, batch);
    seconds_of(seconds, || {
        black_box(network.step(LEARNING_RATE as f32));
    })
}

fn seconds_of(seconds: f64, mut step: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut warm_up = 0u32;
    while warm_up < 3 || begun.elapsed().as_secs_f64() < 0.1 * seconds {
        step();
        warm_up += 1;
    }
    let of_a_step = begun.elapsed().as_secs_f64() / f64::from(warm_up);
    let steps = (seconds / BLOCKS as f64 / of_a_step).round().max(1.0) as u32;
    let mut means: Vec<f64> = (0..BLOCKS)
        .map(|_| {
            let begun = Instant::now();
            for _ in 0..steps {
                step();
            }
            begun.elapsed().as_secs_f64() / f64::from(steps)
        })
        .collect();
    means.sort_by(f64::total_cmp);
    0.5 * (means[BLOCKS / 2 - 1] + means[BLOCKS / 2])
}
