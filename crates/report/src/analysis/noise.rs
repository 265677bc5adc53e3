//! How much eta\* differs between repeats of one cell.

use etastar_search::{Snapshot, VariantCells, Vary};
use serde::Serialize;

use super::cells::{DatasetCells, datasets};
use super::{AnalysisOptions, Effect, NotMeasured, Unit, resample};
use crate::fit::Point;

/// The noise of one variant on one dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Noise {
    /// The dataset, as the first variant has it.
    pub dataset: String,
    /// The variant.
    pub variant: String,
    /// What differs between its repeats.
    pub vary: Vary,
    /// Standard deviation of `log2 eta*` between repeats, in octaves.
    pub effect: Option<Effect>,
    /// Why there is none.
    pub reason: Option<String>,
    /// Cells of which at least two repeats found an eta\*.
    pub cells: usize,
    /// Finished repeats.
    pub repeats: usize,
    /// Those whose search left its range; they do not enter.
    pub censored: usize,
}

/// Sums over the cells of one architecture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Squares {
    /// Squared deviations of the repeats from their cells' means.
    sum: f64,
    /// Degrees of freedom: repeats less cells.
    degrees: usize,
    cells: usize,
}

impl Squares {
    fn add(&mut self, point: &Point) {
        let Some(mean) = point.mean().filter(|_| point.repeats.len() > 1) else {
            return;
        };
        let deviations = point
            .repeats
            .iter()
            .map(|(_, value)| (value - mean).powi(2));
        self.sum += deviations.sum::<f64>();
        self.degrees += point.repeats.len() - 1;
        self.cells += 1;
    }

    /// The variance pooled over cells of several architectures,
    ///
    /// ```text
    /// s^2 = sum_c sum_r (y_cr - mean_r y_cr)^2 / sum_c (n_c - 1),   y = log2 eta*
    /// ```
    ///
    /// which is unbiased if all cells have the same variance.
    fn variance<'a>(all: impl Iterator<Item = &'a Self>) -> Result<f64, NotMeasured> {
        let (sum, degrees) = all.fold((0.0, 0), |(sum, degrees), one| {
            (sum + one.sum, degrees + one.degrees)
        });
        if degrees == 0 {
            return Err(NotMeasured::NoCells("two repeats that found an eta*"));
        }
        Ok(sum / degrees as f64)
    }
}

/// The squares of a variant by architecture, for those of `architectures`.
fn squares(
    cells: &DatasetCells<'_>,
    variant: &VariantCells,
    architectures: &[(usize, usize)],
) -> Vec<Squares> {
    let mut all = vec![Squares::default(); architectures.len()];
    for point in cells
        .counterparts(variant)
        .into_iter()
        .filter_map(Point::of)
    {
        let shape = (point.depth, point.width);
        let index = architectures.iter().position(|other| *other == shape);
        if let Some(own) = index.and_then(|index| all.get_mut(index)) {
            own.add(&point);
        }
    }
    all
}

/// Depths and widths of the cells of these variants, each once.
fn shapes(cells: &DatasetCells<'_>, variants: &[&VariantCells]) -> Vec<(usize, usize)> {
    let mut shapes: Vec<(usize, usize)> = variants
        .iter()
        .flat_map(|variant| cells.counterparts(variant))
        .filter_map(|record| Some((record.cell.depth(), record.cell.constant_width()?)))
        .collect();
    shapes.sort_unstable();
    shapes.dedup();
    shapes
}

/// Standard deviation of `log2 eta*` between the repeats of a variant's cells,
/// pooled over cells, in octaves.
///
/// # Errors
/// If no cell has two repeats that found an eta\*.
fn deviation(
    cells: &DatasetCells<'_>,
    variant: &VariantCells,
    options: &AnalysisOptions,
) -> Result<Effect, NotMeasured> {
    let mut groups = squares(cells, variant, &shapes(cells, &[variant]));
    groups.retain(|group| group.degrees > 0);
    resample::effect(&groups, 1, Unit::Octaves, options, |sample| {
        Ok(Squares::variance(sample.iter().copied())?.sqrt())
    })
}

/// `log2` of the ratio of two variants' standard deviations, in octaves. An
/// architecture is resampled with its cells of both.
///
/// # Errors
/// If one of them has no noise to compare.
pub(crate) fn noise_ratio(
    cells: &DatasetCells<'_>,
    variant: &VariantCells,
    against: &VariantCells,
    options: &AnalysisOptions,
) -> Result<Effect, NotMeasured> {
    let shapes = shapes(cells, &[variant, against]);
    let groups: Vec<(Squares, Squares)> = squares(cells, variant, &shapes)
        .into_iter()
        .zip(squares(cells, against, &shapes))
        .filter(|(mine, theirs)| mine.degrees + theirs.degrees > 0)
        .collect();
    resample::effect(&groups, 1, Unit::Octaves, options, |sample| {
        let mine = Squares::variance(sample.iter().map(|(mine, _)| mine))?;
        let theirs = Squares::variance(sample.iter().map(|(_, theirs)| theirs))?;
        Ok((mine / theirs).log2() / 2.0)
    })
}

/// The noise of every variant, dataset by dataset.
pub fn noise(snapshot: &Snapshot, options: &AnalysisOptions) -> Vec<Noise> {
    let datasets = datasets(snapshot);
    let own = datasets.iter().filter(|cells| cells.is_of_first_variant());
    let variants = &snapshot.manifest.variants;
    own.flat_map(|cells| {
        variants.iter().filter_map(|variant| {
            let records = cells.counterparts(variant);
            let first = records.first()?;
            let points: Vec<Point> = records.iter().copied().filter_map(Point::of).collect();
            let repeats: usize = records.iter().map(|record| record.repeats.len()).sum();
            let found: usize = points.iter().map(|point| point.repeats.len()).sum();
            let outcome = deviation(cells, variant, options);
            Some(Noise {
                dataset: cells.label.clone(),
                variant: variant.name.clone(),
                vary: first.cell.vary,
                reason: outcome.as_ref().err().map(ToString::to_string),
                effect: outcome.ok(),
                cells: points
                    .iter()
                    .filter(|point| point.repeats.len() > 1)
                    .count(),
                repeats,
                censored: repeats - found,
            })
        })
    })
    .collect()
}
