//! `lambda_1` of weights of one's own: a PyTorch state_dict saved by safetensors, and samples as
//! .npz with the arrays x and y. Without arguments those beside this file: a network as PyTorch
//! names its layers, with He's initial weights, and the samples of `moons.csv`, standardised.

use std::path::Path;

use etastar::{Error, GivenOptions, OwnFile, Weights, sharpness_of_weights};

const WEIGHTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/network.safetensors");
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/moons.npz");

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let weights = arguments.next().unwrap_or_else(|| WEIGHTS.to_owned());
    let samples = arguments.next().unwrap_or_else(|| SAMPLES.to_owned());
    let samples = OwnFile::new(samples).open()?;
    let weights = Weights::File(Path::new(&weights));
    let measured = sharpness_of_weights(weights, samples, &GivenOptions::default())?;
    println!("layers {:?}", measured.read.widths);
    println!("lambda_1 = {}", measured.sharpness.hessian.largest);
    Ok(())
}
