//! What a variant of an experiment does to eta\*.

use etastar_search::statistics::mean;
use etastar_search::{CellRecord, Snapshot, VariantCells};
use serde::Serialize;

use super::cells::{DatasetCells, datasets};
use super::{AnalysisOptions, Effect, NotMeasured, Unit, resample};
use crate::fit::Point;

/// A variant against the first one, on one dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shift {
    /// The dataset, as the first variant has it.
    pub dataset: String,
    /// The variant.
    pub variant: String,
    /// The first variant.
    pub against: String,
    /// Mean of `log2 eta*(variant) - log2 eta*(first)` over paired cells, in
    /// octaves.
    pub effect: Option<Effect>,
    /// Why there is none.
    pub reason: Option<String>,
    /// Standard deviation of that difference over the cells, in octaves.
    pub spread: Option<f64>,
    /// Pairs of cells that both have an eta\*.
    pub cells: usize,
    /// Cells of the variant without a counterpart that has an eta\*, or
    /// without an eta\* themselves.
    pub unpaired: usize,
    /// Finished repeats of the variant.
    pub repeats: usize,
    /// Those whose search left its range.
    pub censored: usize,
}

/// The differences between paired cells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Differences {
    /// One group for each architecture: of each pair, variant minus first, in
    /// octaves.
    groups: Vec<Vec<f64>>,
    unpaired: usize,
    repeats: usize,
    censored: usize,
}

impl Differences {
    /// Pairs the cells of a variant with those of another by architecture and
    /// input-layer rate.
    pub(crate) fn between(
        cells: &DatasetCells<'_>,
        variant: &VariantCells,
        against: &VariantCells,
    ) -> Self {
        let mine = cells.counterparts(variant);
        let theirs = cells.counterparts(against);
        let mut differences = Self::default();
        let mut architectures: Vec<&[usize]> = Vec::new();
        for record in mine {
            let found = record
                .repeats
                .iter()
                .filter(|repeat| is_found(repeat))
                .count();
            differences.repeats += record.repeats.len();
            differences.censored += record.repeats.len() - found;
            let counterpart = theirs.iter().find(|other| {
                other.cell.hidden == record.cell.hidden
                    && other.cell.input_rate == record.cell.input_rate
            });
            let means = counterpart.and_then(|other| Some((level(record)?, level(other)?)));
            let Some((mine, theirs)) = means else {
                differences.unpaired += 1;
                continue;
            };
            let hidden = record.cell.hidden.as_slice();
            let known = architectures.iter().position(|other| *other == hidden);
            let index = known.unwrap_or(architectures.len());
            if known.is_none() {
                architectures.push(hidden);
                differences.groups.push(Vec::new());
            }
            if let Some(group) = differences.groups.get_mut(index) {
                group.push(mine - theirs);
            }
        }
        differences
    }

    /// Mean over the pairs,
    ///
    /// ```text
    /// (1/n) sum_c [ log2 eta*_c(variant) - log2 eta*_c(against) ]
    /// ```
    ///
    /// in octaves; the interval resamples architectures.
    ///
    /// # Errors
    /// If there is no pair.
    pub(crate) fn mean(&self, options: &AnalysisOptions) -> Result<Effect, NotMeasured> {
        resample::effect(&self.groups, 1, Unit::Octaves, options, |sample| {
            let all: Vec<f64> = sample
                .iter()
                .flat_map(|group| group.iter().copied())
                .collect();
            mean(&all).ok_or(NotMeasured::NoCells("both variants"))
        })
    }

    /// Standard deviation over the pairs, with `n - 1` in the denominator.
    fn spread(&self) -> Option<f64> {
        let all: Vec<f64> = self.groups.iter().flatten().copied().collect();
        let centre = mean(&all)?;
        let squares: f64 = all.iter().map(|value| (value - centre).powi(2)).sum();
        (all.len() > 1).then(|| (squares / (all.len() - 1) as f64).sqrt())
    }

    fn pairs(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }
}

fn is_found(repeat: &etastar_search::RepeatRecord) -> bool {
    matches!(repeat.eta_star, etastar_search::EtaStar::Found { .. })
}

/// Mean `log2 eta*` of a cell of constant width.
fn level(record: &CellRecord) -> Option<f64> {
    Point::of(record)?.mean()
}

/// Every variant but the first against the first, dataset by dataset.
pub fn shifts(snapshot: &Snapshot, options: &AnalysisOptions) -> Vec<Shift> {
    let Some((first, others)) = snapshot.manifest.variants.split_first() else {
        return Vec::new();
    };
    let datasets = datasets(snapshot);
    let own = datasets.iter().filter(|cells| cells.is_of_first_variant());
    own.flat_map(|cells| {
        others.iter().map(|variant| {
            let differences = Differences::between(cells, variant, first);
            let outcome = differences.mean(options);
            Shift {
                dataset: cells.label.clone(),
                variant: variant.name.clone(),
                against: first.name.clone(),
                reason: outcome.as_ref().err().map(ToString::to_string),
                effect: outcome.ok(),
                spread: differences.spread(),
                cells: differences.pairs(),
                unpaired: differences.unpaired,
                repeats: differences.repeats,
                censored: differences.censored,
            }
        })
    })
    .collect()
}
