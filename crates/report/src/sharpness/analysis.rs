use etastar_model::Loss;
use etastar_search::{SharpnessCellRecord, Snapshot};

use super::level::Level;
use super::power_law::{GrowthLaw, growth_laws};
use super::prediction::{CellPrediction, RatioSummary, predictions, summaries};
use super::tightness::{Tightness, tightness};
use super::{Matrix, SharpnessOptions};
use crate::fit::{constants, grouped, kebab, name_by_variant};

/// Cells of one dataset and loss, and everything computed from them.
#[derive(Debug, Clone)]
pub struct SharpnessSeries<'a> {
    /// Dataset and loss, as `digits, squared-error`; what tells it from other
    /// series of both, the variant's name if possible, follows in brackets.
    pub label: String,
    /// The loss.
    pub loss: Loss,
    /// Its cells, in the grid's order.
    pub cells: Vec<&'a SharpnessCellRecord>,
    /// `lambda_1(H)` of each cell.
    pub levels: Vec<Option<Level>>,
    /// The fitted power laws.
    pub laws: Vec<GrowthLaw>,
    /// Measured over predicted, cell by cell.
    pub predictions: Vec<CellPrediction>,
    /// The same over sets of cells.
    pub summaries: Vec<RatioSummary>,
    /// Every bound.
    pub tightness: Vec<Tightness>,
    /// How it was computed.
    pub options: SharpnessOptions,
}

/// Analyses the sharpness of a snapshot, series by series in the grid's order
/// of their first cells; nothing where none was measured.
pub fn analyse<'a>(snapshot: &'a Snapshot, options: &SharpnessOptions) -> Vec<SharpnessSeries<'a>> {
    let constants = |record: &SharpnessCellRecord| constants(&record.cell, &record.id);
    let name = |record: &SharpnessCellRecord| {
        let cell = &record.cell;
        format!("{}, {}", kebab(&cell.dataset.name), kebab(&cell.loss))
    };
    let mut groups = grouped(&snapshot.sharpness, constants, name);
    let variants = &snapshot.manifest.variants;
    name_by_variant(&mut groups, name, |record| {
        let own = variants.iter();
        own.filter(|variant| variant.sharpness.contains(&record.id))
            .map(|variant| variant.name.as_str())
            .collect()
    });
    groups
        .into_iter()
        .filter_map(|(label, cells)| {
            let predictions = predictions(&cells);
            Some(SharpnessSeries {
                label,
                loss: cells.first()?.cell.loss,
                levels: cells
                    .iter()
                    .map(|record| Level::of(record, Matrix::Hessian, options))
                    .collect(),
                laws: growth_laws(&cells, options),
                summaries: summaries(&predictions, options),
                predictions,
                tightness: tightness(&cells),
                cells,
                options: options.clone(),
            })
        })
        .collect()
}
