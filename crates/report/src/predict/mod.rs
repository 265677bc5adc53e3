//! eta\* of a network that was not measured, from the cells of a store that
//! were.
//!
//! Candidate laws are fitted to the cells of one dataset and protocol; the one
//! with the least leave-one-out error predicts. A prediction comes with two
//! intervals, how far it extrapolates, and what speaks against it; where too
//! much does, it is refused.
//!
//! | file | has |
//! |---|---|
//! | `source` | which series of a store predicts |
//! | `predictor` | the candidates and the choice among them |
//! | `spread` | the variance of a prediction, with its derivation |
//! | `extrapolation` | how far a network is from those that were fitted |

mod error;
mod extrapolation;
mod options;
mod prediction;
mod predictor;
mod source;
mod spread;

pub use error::PredictError;
pub use extrapolation::Extrapolation;
pub use options::{NetworkShape, PredictOptions};
pub use prediction::{Prediction, Rival, Warning};
pub(crate) use predictor::Predictor;
pub use source::{matching_series, source};

use etastar_search::Snapshot;

use crate::fit::{Point, Series};

/// Predicts eta\* of a network from a store: from the named dataset, or from
/// the only one.
///
/// # Errors
/// If the store has nothing to predict from, or the prediction is refused; the
/// error says what to do.
pub fn predict(
    snapshot: &Snapshot,
    dataset: Option<&str>,
    network: &NetworkShape,
    options: &PredictOptions,
) -> Result<Prediction, PredictError> {
    predict_from(&source(snapshot, dataset)?, network, options)
}

/// The same from one series of cells.
///
/// # Errors
/// As [`predict`].
pub fn predict_from(
    series: &Series<'_>,
    network: &NetworkShape,
    options: &PredictOptions,
) -> Result<Prediction, PredictError> {
    options.check()?;
    let points: Vec<Point> = series.cells.iter().copied().filter_map(Point::of).collect();
    let references: Vec<&Point> = points.iter().collect();
    let predictor = Predictor::new(&references, network.input_rate, options)?;
    let prediction = predictor.predict(network, &series.label, options)?;
    if prediction.extrapolation.beyond > options.furthest && !options.force {
        return Err(PredictError::TooFar {
            beyond: prediction.extrapolation.beyond,
            furthest: options.furthest,
        });
    }
    Ok(prediction)
}

#[cfg(test)]
mod tests;
