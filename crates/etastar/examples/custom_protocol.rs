//! Other rules of success: a higher threshold, a longer budget, squared error, and the edge of the
//! first divergence.

use etastar::{
    DatasetName, Error, Loss, Network, Protocol, Samples, SearchMethod, SuccessRule, find,
};

fn main() -> Result<(), Error> {
    let digits = Samples::named(DatasetName::Digits)?;
    let network = Network::constant_width(64, 4);
    let usual = Protocol::default();
    let protocols = [
        ("usual", usual.clone()),
        (
            "accuracy 0.9 within 400 steps",
            Protocol {
                threshold: 0.9,
                budget: 400,
                ..usual.clone()
            },
        ),
        (
            "squared error",
            Protocol {
                loss: Loss::SquaredError,
                ..usual.clone()
            },
        ),
        (
            "no divergence",
            Protocol {
                success: SuccessRule::NoDivergence,
                ..usual.clone()
            },
        ),
        (
            "bisection of the rate, as in the paper",
            Protocol {
                search: SearchMethod::Arithmetic {
                    low: 0.001,
                    high: 8.0,
                    tolerance: 0.01,
                },
                ..usual
            },
        ),
    ];
    for (name, protocol) in protocols {
        let found = find(&digits, &network, &protocol)?;
        println!("{name}: eta* = {:?}", found.eta_star);
    }
    Ok(())
}
