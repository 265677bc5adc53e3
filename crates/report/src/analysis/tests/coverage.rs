//! Actual coverage of the statistics' intervals, by simulation.

use super::super::cells::datasets;
use super::super::*;
use crate::fit::synthetic::Synthetic;

const TRUTH: f64 = 0.7;

/// Share of made-up sweeps, each with its own misfit of architectures and
/// noise of repeats, whose interval of the exponent contains the truth.
fn coverage(statistic: serde_json::Value, sweeps: u64) -> f64 {
    let statistic: Statistic = serde_json::from_value(statistic).unwrap();
    let hits = (0..sweeps)
        .filter(|&seed| {
            let sweep = Synthetic {
                noise: 0.3,
                misfit: 0.3,
                input_rates: vec![0.1, 1.0],
                seed,
                ..Synthetic::default()
            };
            let store = sweep.snapshot(|d, w, _, _| 3.0 - TRUTH * (d * w).log2());
            let options = AnalysisOptions {
                resamples: 400,
                // Not the sweep's own seed: data and resamples are independent.
                seed: seed + 1_000_000,
                ..AnalysisOptions::default()
            };
            let effect = statistic.effect(&datasets(&store)[0], &options).unwrap();
            let [low, high] = effect.interval.unwrap();
            low <= TRUTH && TRUTH <= high
        })
        .count();
    hits as f64 / sweeps as f64
}

/// 600 sweeps know a coverage of 0.95 to within 0.009 (one standard error).
#[test]
fn the_exponents_interval_holds_its_confidence() {
    let coverage = coverage(
        serde_json::json!({"of": "exponent", "law": "depth-width", "part": "joint",
                           "input_rate": "pooled"}),
        600,
    );
    println!("coverage: {coverage}");
    assert!((0.915..0.98).contains(&coverage), "{coverage}");
}
