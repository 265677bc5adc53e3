//! Where a search starts when a store predicts its end.

use std::path::{Path, PathBuf};

use etastar_report::predict::{
    NetworkShape, PredictError, PredictOptions, Prediction, matching_series, predict_from, source,
};
use etastar_search::{Cell, SearchMethod, Snapshot, Store};
use serde_json::{Value, json};

use crate::error::CliError;

/// `log2` of the rate that a predicted start is whole octaves from, and where
/// the search starts if nothing is predicted.
pub(crate) const USUAL_START: f64 = 3.0;

/// A predicted start, or why there is none.
pub(crate) struct WarmStart {
    store: PathBuf,
    /// `log2` of the start without a prediction.
    cold: f64,
    outcome: Result<(Prediction, f64), String>,
    /// What speaks against it.
    warnings: Vec<String>,
}

impl WarmStart {
    /// Predicts the cell's eta\* from a store and moves its search's start: to
    /// the lowest rate of the lattice `start, start - 1, start + 1, ..` (as
    /// `log2`) that is not below the upper end of the interval of one network.
    ///
    /// The search then meets the same rates as from the usual start, so that
    /// where success is monotone in the rate it ends at the same bits. Where
    /// the prediction is refused the start stays.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) fn apply(path: &Path, cell: &mut Cell) -> Result<Self, CliError> {
        let snapshot = Store::open_to_read(path)?.snapshot()?;
        let mut warnings = Vec::new();
        let predicted = predicted(&snapshot, cell, &mut warnings);
        let mut cold = f64::NAN;
        let outcome = match (predicted, &mut cell.protocol.search) {
            (
                Ok(prediction),
                SearchMethod::Octaves {
                    start,
                    lowest,
                    highest,
                    ..
                },
            ) => {
                cold = *start;
                let [_, high] = prediction.network_interval;
                *start = on_lattice(*start, high.log2(), [*lowest, *highest]);
                Ok((prediction, *start))
            }
            (Err(reason), _) => Err(reason),
            // Unreachable: `find` searches by octaves from a store's prediction.
            (Ok(_), SearchMethod::FromKernel { .. } | SearchMethod::Arithmetic { .. }) => {
                Err("only searches by octaves have a start".to_owned())
            }
        };
        Ok(Self {
            store: path.to_owned(),
            cold,
            outcome,
            warnings,
        })
    }

    /// What the user should know before the search: for standard error.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let refused = self.outcome.as_ref().err();
        let refused =
            refused.map(|reason| format!("no warm start, the usual one is used: {reason}"));
        self.warnings.iter().cloned().chain(refused).collect()
    }

    /// A line for the result.
    pub(crate) fn text(&self) -> String {
        match &self.outcome {
            Ok((prediction, start)) => format!(
                "warm start at 2^{start} instead of 2^{}, from {}: predicted {:.4}, one network {:.4} \
                 to {:.4}\n",
                self.cold,
                self.store.display(),
                prediction.eta_star,
                prediction.network_interval[0],
                prediction.network_interval[1],
            ),
            Err(_) => "no warm start\n".to_owned(),
        }
    }

    /// The same as JSON.
    pub(crate) fn json(&self) -> Value {
        match &self.outcome {
            Ok((prediction, start)) => json!({
                "store": self.store,
                "start": start,
                "usual_start": self.cold,
                "prediction": prediction,
            }),
            Err(reason) => json!({"store": self.store, "refused": reason}),
        }
    }
}

/// From the store's series of the same protocol or, with a warning, from its
/// only one of the same dataset.
fn predicted(
    snapshot: &Snapshot,
    cell: &Cell,
    warnings: &mut Vec<String>,
) -> Result<Prediction, String> {
    let Some(width) = cell.constant_width() else {
        return Err("only networks of constant width can be predicted".to_owned());
    };
    let network = NetworkShape {
        depth: cell.depth(),
        width,
        input_rate: cell.input_rate,
    };
    let told = |error: PredictError| error.to_string();
    let series = match matching_series(snapshot, cell) {
        Some(series) => series,
        None => {
            let series = source(snapshot, Some(cell.dataset.name.as_str())).map_err(told)?;
            warnings.push(
                "the store was measured under another protocol; its prediction may start the \
                 search too high or too low, which costs trials"
                    .to_owned(),
            );
            series
        }
    };
    let prediction = predict_from(&series, &network, &PredictOptions::default()).map_err(told)?;
    warnings.extend(prediction.warnings.iter().map(ToString::to_string));
    Ok(prediction)
}

/// The lowest of `start, start ± 1, ..` within the range that is at least
/// `least`, or the highest there is. Reached step by step as a search reaches
/// it, so that it is the same number.
fn on_lattice(start: f64, least: f64, [lowest, highest]: [f64; 2]) -> f64 {
    let mut position = start;
    if least.is_nan() {
        return start;
    }
    while position - 1.0 >= least.max(lowest) {
        position -= 1.0;
    }
    while position < least && position + 1.0 <= highest {
        position += 1.0;
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_whole_octaves_from_the_usual_one() {
        let of = |least: f64| on_lattice(3.0, least, [-20.0, 10.0]);
        assert_eq!((of(-1.3), of(-1.0), of(-0.99)), (-1.0, -1.0, 0.0));
        assert_eq!((of(3.0), of(3.1), of(8.5)), (3.0, 4.0, 9.0));
        // Never outside of the range, whatever is predicted.
        assert_eq!((of(-1e9), of(1e9)), (-20.0, 10.0));
        assert_eq!(on_lattice(2.5, -9.0, [-4.0, 3.0]), -3.5);
        assert_eq!(on_lattice(3.0, f64::NAN, [-20.0, 10.0]), 3.0);
    }
}
