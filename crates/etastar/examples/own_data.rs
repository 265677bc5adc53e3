//! eta\* of a network on a file of one's own:
//! `cargo run --release -p etastar --example own_data -- FILE`

use etastar::{Error, Network, Samples, find};

const MOONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/moons.csv");

fn main() -> Result<(), Error> {
    let file = std::env::args().nth(1);
    let samples = Samples::read(file.as_deref().unwrap_or(MOONS))?;
    let (features, classes) = samples.shape();
    println!("{features} features, {classes} classes");

    let found = find(
        &samples,
        &Network::constant_width(64, 4),
        &samples.usual_protocol(),
    )?;
    if let (Some(eta_star), Some([Some(low), Some(high)])) = (found.eta_star, found.interval) {
        println!("eta* = {eta_star:.4}, 95 % interval {low:.4} to {high:.4}");
    }
    Ok(())
}
