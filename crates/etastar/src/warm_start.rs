//! Where a search starts when its end is predicted: by the published law, or from a store.

use std::path::Path;

use etastar_analysis::{
    NetworkShape, PredictError, PredictOptions, Prediction, matching_series, predict,
    predict_published, source,
};
use etastar_search::{Cell, SearchMethod, Snapshot, Store, StoreError, SuccessRule};
use serde::Serialize;

use crate::measurement::Listener;

/// Where a search started, predicted, or why it did not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WarmStart {
    /// The store that predicted it; absent for the published law.
    pub store: Option<String>,
    /// `log2` of the first rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<f64>,
    /// The prediction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prediction: Option<Prediction>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl WarmStart {
    /// Starts the search of a cell at the eta\* that the published law predicts; none where it has
    /// nothing to say of the cell, for which the kernel's start stays.
    pub(crate) fn published(cell: &mut Cell, (inputs, outputs): (usize, usize)) -> Option<Self> {
        let protocol = cell.protocol()?;
        if protocol.success != SuccessRule::ReachThreshold || !cell.is_relu_under_sgd() {
            return None;
        }
        let network = network(cell, Some(inputs)).ok()?;
        let options = PredictOptions::default();
        let prediction = predict_published(&network, outputs, protocol.loss, &options).ok()?;
        let start = start_at(&prediction, cell).ok()?;
        Some(Self {
            store: None,
            start: Some(start),
            prediction: Some(prediction),
            refused: None,
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
    pub(crate) fn apply(
        path: &Path,
        cell: &mut Cell,
        listener: &dyn Listener,
    ) -> Result<Self, StoreError> {
        let snapshot = Store::open_to_read(path)?.snapshot()?;
        let tell = |warning: &str| listener.tell(&format!("warning: {warning}"));
        let outcome = predicted(&snapshot, cell, &tell).and_then(|prediction| {
            let start = start_at(&prediction, cell)?;
            Ok((prediction, start))
        });
        let (predicted, refused) = match outcome {
            Ok(predicted) => (Some(predicted), None),
            Err(reason) => {
                tell(&format!(
                    "no warm start is possible, so the search starts as usual: {reason}"
                ));
                (None, Some(reason))
            }
        };
        let (prediction, start) = predicted.unzip();
        Ok(Self {
            store: Some(path.display().to_string()),
            start,
            prediction,
            refused,
        })
    }
}

/// The cell's network, as predictions see it.
fn network(cell: &Cell, inputs: Option<usize>) -> Result<NetworkShape, String> {
    if !cell.layer_rates.is_empty() {
        let text =
            "only networks in which all layers but the first have the same rate can be predicted";
        return Err(text.to_owned());
    }
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
        "the prediction, 2^{half_octaves}, lies outside the range of the search"
    ))
}

/// From the store's series of the same protocol or, with a warning, from its
/// only one of the same dataset.
fn predicted(snapshot: &Snapshot, cell: &Cell, tell: &impl Fn(&str)) -> Result<Prediction, String> {
    let network = network(cell, None)?;
    let told = |error: PredictError| error.to_string();
    let series = match matching_series(snapshot, cell) {
        Some(series) => series,
        None => {
            let series = source(snapshot, Some(&cell.dataset.title())).map_err(told)?;
            tell(
                "the store was measured under another protocol; its prediction may start the \
                 search too high or too low, which costs trials",
            );
            series
        }
    };
    let prediction = predict(&series, &network, &PredictOptions::default()).map_err(told)?;
    for warning in &prediction.warnings {
        tell(&warning.to_string());
    }
    Ok(prediction)
}
