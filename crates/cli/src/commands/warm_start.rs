//! Where a search starts when a store predicts its end.

use std::path::{Path, PathBuf};

use etastar_analysis::{
    NetworkShape, PredictError, PredictOptions, Prediction, matching_series, predict, source,
};
use etastar_search::{Cell, SearchMethod, Snapshot, Store};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::numbers::rate;

/// A predicted start, or why there is none.
pub(crate) struct WarmStart {
    store: PathBuf,
    /// The prediction, and `log2` of the start.
    outcome: Result<(Prediction, f64), String>,
    /// What speaks against it.
    warnings: Vec<String>,
}

impl WarmStart {
    /// Predicts the cell's eta\* from a store and starts its search there, at a
    /// multiple of half an octave.
    ///
    /// The search then meets the same rates as from the kernel's start, so that
    /// where success is monotone in the rate it ends at the same bits. Where
    /// the prediction is refused the kernel's start stays.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) fn apply(path: &Path, cell: &mut Cell) -> Result<Self, CliError> {
        let snapshot = Store::open_to_read(path)?.snapshot()?;
        let mut warnings = Vec::new();
        let predicted = predicted(&snapshot, cell, &mut warnings);
        let outcome = predicted.map(|prediction| {
            let half_octaves = (2.0 * prediction.log2_eta_star).round() / 2.0;
            if let Some(SearchMethod::FromKernel { start, .. }) =
                cell.protocol_mut().map(|protocol| &mut protocol.search)
            {
                *start = Some(half_octaves);
            }
            (prediction, half_octaves)
        });
        Ok(Self {
            store: path.to_owned(),
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
                "warm start at 2^{start}, from {}: predicted {}, one network {} to {}\n",
                self.store.display(),
                rate(prediction.eta_star),
                rate(prediction.network_interval[0]),
                rate(prediction.network_interval[1]),
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
        inputs: None,
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
    let prediction = predict(&series, &network, &PredictOptions::default()).map_err(told)?;
    warnings.extend(prediction.warnings.iter().map(ToString::to_string));
    Ok(prediction)
}
