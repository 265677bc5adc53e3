//! Where a search starts when its end is predicted: by the published law, or from a store.

use std::path::{Path, PathBuf};

use etastar_analysis::{
    NetworkShape, PredictError, PredictOptions, Prediction, matching_series, predict,
    predict_published, source,
};
use etastar_search::{Cell, SearchMethod, Snapshot, Store, SuccessRule};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::numbers::rate;

/// A predicted start, or why there is none.
pub(crate) struct WarmStart {
    /// Absent for the published law.
    store: Option<PathBuf>,
    /// The prediction, and `log2` of the start.
    outcome: Result<(Prediction, f64), String>,
    /// What speaks against it.
    warnings: Vec<String>,
}

impl WarmStart {
    /// Starts the search of a cell at the eta\* that the published law predicts; none where it has
    /// nothing to say of the cell, for which the kernel's start stays.
    pub(crate) fn published(cell: &mut Cell) -> Option<Self> {
        let protocol = cell.protocol()?;
        if protocol.success != SuccessRule::ReachThreshold {
            return None;
        }
        let (inputs, outputs) = cell.dataset.features_and_classes()?;
        let network = network(cell, Some(inputs)).ok()?;
        let options = PredictOptions::default();
        let prediction = predict_published(&network, outputs, protocol.loss, &options).ok()?;
        let start = start_at(&prediction, cell).ok()?;
        Some(Self {
            store: None,
            outcome: Ok((prediction, start)),
            warnings: Vec::new(),
        })
    }

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
        let outcome = predicted.and_then(|prediction| {
            let start = start_at(&prediction, cell)?;
            Ok((prediction, start))
        });
        Ok(Self {
            store: Some(path.to_owned()),
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
                "start at 2^{start}, from {}: predicted {}, one network {} to {}\n",
                match &self.store {
                    Some(store) => store.display().to_string(),
                    None => "the published law".to_owned(),
                },
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

/// The cell's network, as predictions see it.
fn network(cell: &Cell, inputs: Option<usize>) -> Result<NetworkShape, String> {
    let width = cell.constant_width();
    Ok(NetworkShape {
        inputs,
        depth: cell.depth(),
        width: width.ok_or("only networks of constant width can be predicted")?,
        input_rate: cell.input_rate,
    })
}

/// Lets the search of a cell start at a prediction; gives `log2` of the start, a multiple of half an
/// octave.
///
/// # Errors
/// If it lies outside of the range that is searched.
fn start_at(prediction: &Prediction, cell: &mut Cell) -> Result<f64, String> {
    let half_octaves = (2.0 * prediction.log2_eta_star).round() / 2.0;
    if let Some(SearchMethod::FromKernel {
        start,
        lowest,
        highest,
        ..
    }) = cell.protocol_mut().map(|protocol| &mut protocol.search)
        && (*lowest..=*highest).contains(&half_octaves)
    {
        *start = Some(half_octaves);
        return Ok(half_octaves);
    }
    Err(format!(
        "the prediction, 2^{half_octaves}, lies outside of the range searched"
    ))
}

/// From the store's series of the same protocol or, with a warning, from its
/// only one of the same dataset.
fn predicted(
    snapshot: &Snapshot,
    cell: &Cell,
    warnings: &mut Vec<String>,
) -> Result<Prediction, String> {
    let network = network(cell, None)?;
    let told = |error: PredictError| error.to_string();
    let series = match matching_series(snapshot, cell) {
        Some(series) => series,
        None => {
            let series = source(snapshot, Some(&cell.dataset.title())).map_err(told)?;
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
