//! The same measurement on every backend that is compiled in:
//! `cargo run --release -p etastar --features ndarray --example another_backend`

use etastar::{
    BackendName, DatasetName, Error, Execution, Network, Options, Protocol, Samples, Silent,
    find_with,
};

fn main() -> Result<(), Error> {
    let digits = Samples::named(DatasetName::Digits)?;
    let network = Network::constant_width(32, 3);
    let compiled = BackendName::ALL
        .into_iter()
        .filter(|name| name.is_compiled());
    // A process can use only one float type of a backend.
    for backend in compiled.filter(|name| name.float() == "f32") {
        let options = Options {
            execution: Execution::on(backend),
            ..Options::default()
        };
        let protocol = Protocol::default();
        let found = find_with(&digits, &network, &protocol, &options, &Silent)?;
        println!(
            "{backend}: eta* = {:?} in {:.1} s",
            found.eta_star, found.seconds
        );
    }
    Ok(())
}
