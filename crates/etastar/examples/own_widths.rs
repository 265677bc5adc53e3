//! A network whose hidden layers have different widths, with a slow input layer.

use etastar::{DatasetName, Error, Network, Protocol, Samples, find};

fn main() -> Result<(), Error> {
    let digits = Samples::named(DatasetName::Digits)?;
    for hidden in [vec![64, 64, 64], vec![128, 64, 32], vec![32, 64, 128]] {
        let network = Network::new(hidden).input_rate(0.1);
        let found = find(&digits, &network, &Protocol::default())?;
        println!("{:?}: eta* = {:?}", network.hidden, found.eta_star);
    }
    Ok(())
}
