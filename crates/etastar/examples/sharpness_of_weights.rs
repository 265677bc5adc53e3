//! `lambda_1` of weights of one's own: a PyTorch state_dict saved by safetensors, and samples as
//! .npz with the arrays x and y.

use std::path::Path;

use etastar::{Error, GivenOptions, OwnFile, Weights, sharpness_of_weights};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [weights, samples] = arguments.as_slice() else {
        eprintln!("usage: sharpness_of_weights NET.safetensors DATA.npz");
        std::process::exit(2);
    };
    let samples = OwnFile::new(samples).open()?;
    let weights = Weights::File(Path::new(weights));
    let measured = sharpness_of_weights(weights, samples, &GivenOptions::default())?;
    println!("layers {:?}", measured.read.widths);
    println!("lambda_1 = {}", measured.sharpness.hessian.largest);
    Ok(())
}
