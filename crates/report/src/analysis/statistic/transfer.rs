use etastar_search::CellRecord;
use etastar_search::statistics::quantile;
use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::transfer::{Transferred, transfers};
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Unit, read, resample, words};
use crate::predict::PredictOptions;

/// A quantile of the absolute error, in octaves, with which cells are
/// predicted from cells whose `depth * width` is smaller by at least a factor
/// (see [`transfers`]). Predictions are made once; the interval resamples the
/// architectures predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferError {
    /// Only predictions over at least this factor of `depth * width` count.
    #[serde(deserialize_with = "read::not_negative")]
    pub at_least_factor: f64,
    /// Which quantile of the absolute errors: 0.5 is the median.
    #[serde(deserialize_with = "share")]
    pub quantile: f64,
    /// Only cells with `width >= width_over_depth * depth` take part; by
    /// default as many as in a prediction.
    #[serde(default = "usual", deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// The share of such predictions whose interval holds what was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferCoverage {
    /// Only predictions over at least this factor of `depth * width` count.
    #[serde(deserialize_with = "read::not_negative")]
    pub at_least_factor: f64,
    /// Which of the two intervals, by what it is an interval of.
    pub of_what: Covered,
    /// Only cells with `width >= width_over_depth * depth` take part; by
    /// default as many as in a prediction.
    #[serde(default = "usual", deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// An interval and what it is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Covered {
    /// The interval of means: a cell's geometric mean.
    Mean,
    /// The interval of one network: each repeat.
    Single,
}

impl Measure for TransferError {
    fn words(&self) -> String {
        words::with_conditions(
            &format!(
                "{} % quantile of the absolute prediction error",
                words::number(100.0 * self.quantile)
            ),
            &conditions(self.at_least_factor, self.width_over_depth),
            self.variant.as_deref(),
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let groups = groups(
            cells,
            self.variant.as_deref(),
            self.at_least_factor,
            self.width_over_depth,
        )?;
        resample::effect(&groups, 1, Unit::Octaves, options, |sample| {
            let all = sample.iter().flat_map(|group| group.iter());
            let mut errors: Vec<f64> = all.map(|one| one.error.abs()).collect();
            errors.sort_by(f64::total_cmp);
            quantile(&errors, self.quantile).ok_or(NONE)
        })
    }
}

impl Measure for TransferCoverage {
    fn words(&self) -> String {
        let name = match self.of_what {
            Covered::Mean => "share of predicted cells whose mean lies in its interval",
            Covered::Single => "share of repeats of predicted cells in the single-network interval",
        };
        words::with_conditions(
            name,
            &conditions(self.at_least_factor, self.width_over_depth),
            self.variant.as_deref(),
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let groups = groups(
            cells,
            self.variant.as_deref(),
            self.at_least_factor,
            self.width_over_depth,
        )?;
        resample::effect(&groups, 1, Unit::Share, options, |sample| {
            let all = sample.iter().flat_map(|group| group.iter());
            self.of_what.share(all.copied()).ok_or(NONE)
        })
    }
}

impl Covered {
    /// Share of what lies inside.
    pub(crate) fn share(self, all: impl Iterator<Item = Transferred>) -> Option<f64> {
        let (inside, count) = all.fold((0, 0), |(inside, count), one| match self {
            Self::Mean => (inside + usize::from(one.mean_inside), count + 1),
            Self::Single => (inside + one.repeats_inside, count + one.repeats),
        });
        (count > 0).then(|| inside as f64 / count as f64)
    }
}

const NONE: NotMeasured = NotMeasured::TooFew {
    what: "predicted cells that far beyond those fitted",
    found: 0,
    needed: 1,
};

/// The predictions over at least a factor, by architecture.
fn groups(
    cells: &DatasetCells<'_>,
    variant: Option<&str>,
    at_least_factor: f64,
    width_over_depth: f64,
) -> Result<Vec<Vec<Transferred>>, NotMeasured> {
    let cells = cells.of_variant(variant)?;
    cells.check_eta_star()?;
    let records = cells.architectures.iter().flat_map(|own| &own.eta_star);
    let records: Vec<&CellRecord> = records.copied().collect();
    let far: Vec<Vec<Transferred>> =
        transfers(records.into_iter(), width_over_depth, PREDICTION_CONFIDENCE)
            .into_iter()
            .map(|group| {
                let far = group.into_iter();
                far.filter(|one| one.factor() >= at_least_factor).collect()
            })
            .filter(|group: &Vec<Transferred>| !group.is_empty())
            .collect();
    if far.is_empty() { Err(NONE) } else { Ok(far) }
}

/// Confidence of the prediction intervals whose coverage is measured, whatever
/// the confidence of the statistic's own interval.
const PREDICTION_CONFIDENCE: f64 = 0.95;

/// The filter of predictions.
fn usual() -> f64 {
    PredictOptions::default().width_over_depth
}

fn conditions(at_least_factor: f64, width_over_depth: f64) -> [String; 2] {
    [
        format!(
            "size beyond those fitted by a factor of at least {}",
            words::number(at_least_factor)
        ),
        words::filter(width_over_depth),
    ]
}

fn share<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(from)?;
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(serde::de::Error::custom(format!(
            "must lie strictly between 0 and 1, not {value}"
        )))
    }
}
