//! eta\* over a grid, the power law fitted to it, and the prediction of a larger network.

use etastar::{
    Experiment, FitOptions, NetworkShape, Options, PredictOptions, fit, predict, source, sweep,
};

const GRID: &str = include_str!("small.toml");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let experiment = Experiment::parse(GRID, None)?;
    // The same call goes on where it was stopped.
    let store = std::env::temp_dir().join("etastar-example.db");
    let snapshot = sweep(&experiment, &store, &Options::default())?;

    for one in fit(&snapshot, &FitOptions::default())?.fits {
        if one.width_over_depth == 0.0 {
            let exponents = one.exponents.iter();
            let exponents: Vec<f64> = exponents.map(|effect| effect.value).collect();
            println!("{}: exponents {exponents:.2?}", one.law.name());
        }
    }
    let larger = NetworkShape {
        inputs: None,
        depth: 8,
        width: 96,
        input_rate: 0.01,
    };
    let prediction = predict(
        &source(&snapshot, None)?,
        &larger,
        &PredictOptions::default(),
    )?;
    println!(
        "depth 8, width 96: eta* = {:.3}, one network between {:.3?}",
        prediction.eta_star, prediction.network_interval
    );
    Ok(())
}
