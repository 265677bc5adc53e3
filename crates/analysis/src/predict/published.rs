//! Predictions without a store, from measurements that come with the program: the confirmatory
//! experiment `deep-networks` of its repository, one line a search in `published.csv`.
//!
//! The laws that describe all input-layer rates are fitted to all of them at once, and one is
//! chosen as from a store. What differs between the
//! datasets is part of its residuals, and so of the interval.

use std::collections::BTreeMap;

use etastar_model::Loss;
use serde::Serialize;

use super::{
    Formula, NetworkShape, PredictError, PredictOptions, Prediction, Predictor, Warning, accepted,
};
use crate::censored::Observed;
use crate::law::{Law, Network};
use crate::points::Point;

const MEASURED: &str = include_str!("published.csv");

/// Outputs of the networks measured.
const OUTPUTS: usize = 10;

/// Least number of their hidden layers.
const LEAST_DEPTH: usize = 4;

/// Predicts eta\* of a network with these outputs, trained by cross-entropy, from published
/// measurements.
///
/// # Errors
/// If the loss is another one, or the prediction is refused; the error says what to do.
pub fn predict_published(
    network: &NetworkShape,
    outputs: usize,
    loss: Loss,
    options: &PredictOptions,
) -> Result<Prediction, PredictError> {
    options.check()?;
    if loss != Loss::CrossEntropy {
        return Err(PredictError::Loss);
    }
    let points = points();
    let references: Vec<&Point> = points.iter().collect();
    let predictor = Predictor::new(&references, &options_at(network.depth, options))?;
    let mut prediction = predictor.predict(network, "published measurements", options)?;
    if network.depth < LEAST_DEPTH {
        let depth = network.depth;
        prediction.warnings.push(Warning::Shallow { depth });
    }
    if outputs != OUTPUTS {
        prediction.warnings.push(Warning::Outputs { outputs });
    }
    accepted(prediction, options)
}

/// Shallow networks recover from divergence: the law of two terms, which is about that, predicts them
/// unless another one is asked for. At input rate 0.01 and widths 64 to 512 (the experiment
/// `two-edges`) it misses depth 2 and 3 by 0.2 octaves in the median, that of the deeper networks by 1.1.
fn options_at(depth: usize, options: &PredictOptions) -> PredictOptions {
    let shallow = (depth < LEAST_DEPTH).then_some(Law::TwoTerm);
    PredictOptions {
        law: options.law.or(shallow),
        ..*options
    }
}

/// All that such predictions depend on, for a page that makes them itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublishedFormula {
    /// Of networks with this number of hidden layers and more.
    pub deep: Formula,
    /// Least number of their hidden layers.
    pub least_depth: usize,
    /// Of networks with fewer.
    pub shallow: Formula,
}

impl PublishedFormula {
    /// The formulas of predictions with these options.
    ///
    /// # Errors
    /// As [`predict_published`].
    pub fn new(options: &PredictOptions) -> Result<Self, PredictError> {
        options.check()?;
        let points = points();
        let references: Vec<&Point> = points.iter().collect();
        let formula = |depth| {
            let options = options_at(depth, options);
            Ok::<_, PredictError>(Predictor::new(&references, &options)?.formula(&options))
        };
        Ok(Self {
            deep: formula(LEAST_DEPTH)?,
            least_depth: LEAST_DEPTH,
            shallow: formula(LEAST_DEPTH - 1)?,
        })
    }
}

/// The measured cells.
fn points() -> Vec<Point> {
    let mut cells: BTreeMap<[&str; 5], Vec<(usize, Observed)>> = BTreeMap::new();
    for line in MEASURED.lines().skip(1) {
        if let Some((cell, search)) = search(line) {
            cells.entry(cell).or_default().push(search);
        }
    }
    cells.into_iter().filter_map(point).collect()
}

/// `dataset,inputs,depth,width,input_rate,repeat,result,log2`: the cell, and what the search of a
/// repeat says.
fn search(line: &str) -> Option<([&str; 5], (usize, Observed))> {
    let fields: Vec<&str> = line.split(',').collect();
    let [
        dataset,
        inputs,
        depth,
        width,
        input_rate,
        repeat,
        result,
        log2,
    ] = <[&str; 8]>::try_from(fields).ok()?;
    let log2 = log2.parse().ok()?;
    let observed = match result {
        "found" => Observed::Found(log2),
        "nothing-succeeds" => Observed::Below(log2),
        "nothing-fails" => Observed::AtLeast(log2),
        _ => return None,
    };
    let cell = [dataset, inputs, depth, width, input_rate];
    Some((cell, (repeat.parse().ok()?, observed)))
}

fn point(
    ([_, inputs, depth, width, input_rate], repeats): ([&str; 5], Vec<(usize, Observed)>),
) -> Option<Point> {
    let network = Network::new(
        inputs.parse().ok()?,
        depth.parse().ok()?,
        width.parse().ok()?,
        input_rate.parse().ok()?,
        2.0,
    );
    Some(Point { network, repeats })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_search() {
        let lines = MEASURED.lines().skip(1);
        assert!(lines.clone().count() > 100);
        assert!(lines.clone().all(|line| search(line).is_some()));
        let repeats: usize = points().iter().map(|point| point.repeats.len()).sum();
        assert_eq!(repeats, lines.count());
        assert!(
            points()
                .iter()
                .all(|point| point.network.depth >= LEAST_DEPTH)
        );
    }
}
