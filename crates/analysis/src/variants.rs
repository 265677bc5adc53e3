//! What the variants of an experiment do to eta\*, and to its noise between repeats.

use etastar_search::{CellRecord, Snapshot, VariantCells, Vary};
use serde::{Deserialize, Serialize};

use crate::bootstrap::{Estimator, Shape};
use crate::dataset::{Dataset, Selector};
use crate::effect::{Effect, NotMeasured, Options, Unit};
use crate::numbers::{mean, squares_about};
use crate::points::{Point, Quantity, by_architecture, input_rates};
use crate::searches::SearchCounts;
use crate::summary::Variance;

/// A variant on one dataset: its shift against the first variant, and its noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariantSummary {
    /// The dataset, as the first variant has it.
    pub dataset: String,
    /// The variant.
    pub variant: String,
    /// What differs between its repeats.
    pub vary: Vary,
    /// The first variant, which it is compared with; absent for that variant itself.
    pub against: Option<String>,
    /// Mean of `log2 eta*(variant) - log2 eta*(first)` over cells paired by architecture and
    /// input-layer rate, in octaves.
    pub shift: Option<Effect>,
    /// Standard deviation of that difference over the cells, in octaves.
    pub spread: Option<f64>,
    /// Pairs of cells that both have an eta\*.
    pub pairs: usize,
    /// Cells of the variant without a counterpart that has an eta\*, or without an eta\*
    /// themselves.
    pub unpaired: usize,
    /// Standard deviation of `log2 eta*` between the repeats of a cell, pooled over cells, in
    /// octaves.
    pub noise: Option<Effect>,
    /// Cells of which at least two repeats found an eta\*.
    pub noise_cells: usize,
    /// How its searches ended. Those that left their range enter neither number.
    pub searches: SearchCounts,
}

/// Every variant on every dataset, dataset by dataset.
pub(crate) fn variants(
    snapshot: &Snapshot,
    datasets: &[Dataset<'_>],
    options: &Options,
) -> Vec<VariantSummary> {
    let variants = &snapshot.manifest.variants;
    let Some(first) = variants.first() else {
        return Vec::new();
    };
    let own = datasets
        .iter()
        .filter(|dataset| dataset.is_of_first_variant());
    own.flat_map(|dataset| {
        variants.iter().filter_map(|variant| {
            let records = dataset.counterparts(variant);
            let pairs = pairs(dataset, variant, first, &Selector::default()).ok()?;
            let differences: Vec<f64> = pairs.into_iter().flat_map(|(_, own)| own).collect();
            let is_other = variant.name != first.name;
            let noise = log2_deviation(&records).effect(options).ok();
            Some(VariantSummary {
                dataset: dataset.label.clone(),
                variant: variant.name.clone(),
                vary: records.first()?.cell.vary,
                against: is_other.then(|| first.name.clone()),
                shift: is_other
                    .then(|| {
                        let shift = difference(dataset, variant, first, &Selector::default());
                        shift.ok()?.effect(options).ok()
                    })
                    .flatten(),
                spread: spread(&differences).filter(|_| is_other),
                pairs: differences.len(),
                unpaired: records.len() - differences.len(),
                noise: noise.map(|log2| Effect {
                    value: log2.value.exp2(),
                    interval: log2.interval.map(|ends| ends.map(f64::exp2)),
                    unit: Unit::Octaves,
                }),
                noise_cells: squares(&records).iter().map(|(_, own)| own.cells).sum(),
                searches: records.into_iter().collect(),
            })
        })
    })
    .collect()
}

/// Mean over pairs of cells of a variant and another one,
///
/// ```text
/// (1/n) sum_c [ log2 eta*_c(variant) - log2 eta*_c(against) ]
/// ```
///
/// in octaves, over the pairs of the selected architectures and input-layer rates.
///
/// # Errors
/// If the selected rate was not measured.
pub(crate) fn difference<'a>(
    dataset: &Dataset<'a>,
    variant: &VariantCells,
    against: &VariantCells,
    cells: &Selector,
) -> Result<Estimator<'a>, NotMeasured> {
    Ok(Estimator::new(
        pairs(dataset, variant, against, cells)?,
        1,
        Unit::Octaves,
        |sample| {
            let all: Vec<f64> = sample
                .iter()
                .flat_map(|group| group.iter().copied())
                .collect();
            mean(&all).ok_or(NotMeasured::NoCells("both variants"))
        },
    ))
}

/// Variant minus another one, in octaves, of each pair of cells with the same architecture and
/// input-layer rate; by architecture.
fn pairs(
    dataset: &Dataset<'_>,
    variant: &VariantCells,
    against: &VariantCells,
    cells: &Selector,
) -> Result<Vec<(Shape, Vec<f64>)>, NotMeasured> {
    let theirs = points(&dataset.counterparts(against));
    let mut mine = points(&dataset.counterparts(variant));
    let rate = cells.input_rate.among(&input_rates(&mine))?;
    mine.retain(|point| {
        let network = &point.network;
        cells.has_shape(network.depth, network.width)
            && rate.is_none_or(|rate| network.input_rate == rate)
    });
    let groups = by_architecture(mine).into_iter();
    let paired = groups.filter_map(|group| {
        let pairs = group.iter().filter_map(|mine| {
            let mut others = theirs.iter();
            // Variants may differ in their data, and so in the number of inputs.
            let is_same = |other: &&Point| {
                other.shape() == mine.shape() && other.network.input_rate == mine.network.input_rate
            };
            Some(mine.mean()? - others.find(is_same)?.mean()?)
        });
        let pairs: Vec<f64> = pairs.collect();
        (!pairs.is_empty()).then_some((group.first()?.shape(), pairs))
    });
    Ok(paired.collect())
}

fn points(records: &[&CellRecord]) -> Vec<Point> {
    let records = records.iter();
    records
        .filter_map(|record| Point::from_record(record, Quantity::EtaStar))
        .collect()
}

/// Standard deviation, with `n - 1` in the denominator.
fn spread(values: &[f64]) -> Option<f64> {
    let squares = squares_about(values, mean(values)?);
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

/// What the repeats of a variant's cells add to its variance, by architecture.
fn squares(records: &[&CellRecord]) -> Vec<(Shape, Variance)> {
    let groups = by_architecture(points(records))
        .into_iter()
        .filter_map(|group| {
            let values: Vec<Vec<f64>> = group.iter().map(Point::values).collect();
            let variance = Variance::pooled(values.iter().map(Vec::as_slice));
            (variance.degrees > 0).then_some((group.first()?.shape(), variance))
        });
    groups.collect()
}

/// `log2` of the standard deviation of `log2 eta*` between the repeats of a cell, pooled over
/// cells; the standard deviation is in octaves.
pub(crate) fn log2_deviation<'a>(records: &[&CellRecord]) -> Estimator<'a> {
    Estimator::new(squares(records), 1, Unit::Octaves, |sample| {
        let pooled = sample.iter().copied().copied().sum::<Variance>();
        let none = NotMeasured::NoCells("two repeats that found an eta*");
        pooled
            .value()
            .map(|variance| 0.5 * variance.log2())
            .ok_or(none)
    })
}
