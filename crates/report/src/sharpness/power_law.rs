//! `lambda_1 = C (depth * width)^b`, a straight line in `log2`.

use etastar_search::SharpnessCellRecord;
use nalgebra::DVector;
use serde::Serialize;

use super::level::{constant_width, logarithms};
use super::{Matrix, SharpnessOptions};
use crate::fit::{BootstrapOver, FitOptions, LeastSquares, Point, intervals, quality};

/// Fewest cells of a fit: one more than it has coefficients.
const FEWEST_CELLS: usize = 3;

/// The law fitted to the cells of one series at one input-layer rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GrowthLaw {
    /// Whose top eigenvalue.
    pub matrix: Matrix,
    /// Input-layer rate of the cells.
    pub input_rate: f64,
    /// Only cells with `width >= width_over_depth * depth` were used.
    pub width_over_depth: f64,
    /// `log2 C`.
    pub log2_constant: f64,
    /// The exponent `b`: positive where `lambda_1` grows.
    pub exponent: f64,
    /// Bootstrap interval of the exponent over repeats, `[low, high]`.
    pub interval: Option<[f64; 2]>,
    /// Confidence of the interval.
    pub confidence: f64,
    /// Share of the variance of `log2 lambda_1` over cells that the law
    /// explains.
    pub r_squared: f64,
    /// Root-mean-square residual over cells, in octaves.
    pub rmse_octaves: f64,
    /// Cells in the fit.
    pub cells: usize,
}

impl GrowthLaw {
    /// The law's `lambda_1` at `depth * width = size`.
    pub fn at(&self, size: f64) -> f64 {
        (self.log2_constant + self.exponent * size.log2()).exp2()
    }
}

/// The laws of a series: for both matrices, every input-layer rate and every
/// filter. One point a cell, the mean over repeats of `log2 lambda_1`; cells
/// whose layers differ in width are left out. Sets of fewer than three cells,
/// or of cells of one size, have no law.
pub fn growth_laws(cells: &[&SharpnessCellRecord], options: &SharpnessOptions) -> Vec<GrowthLaw> {
    let mut rates: Vec<f64> = cells.iter().map(|record| record.cell.input_rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let mut laws = Vec::new();
    for matrix in Matrix::ALL {
        for &rate in &rates {
            for &k in &options.width_over_depth {
                let own = cells.iter().filter(|record| record.cell.input_rate == rate);
                let mut points: Vec<Point> = own
                    .filter_map(|record| point(record, matrix))
                    .filter(|point| point.width as f64 >= k * point.depth as f64)
                    .collect();
                points.sort_by_key(|point| (point.depth, point.width));
                laws.extend(growth_law(&points, matrix, rate, k, options));
            }
        }
    }
    laws
}

/// The point of a cell: `log2 lambda_1` of its repeats. `None` where its layers
/// differ in width or nothing is measured.
pub(crate) fn point(record: &SharpnessCellRecord, matrix: Matrix) -> Option<Point> {
    Some(Point {
        inputs: record.inputs,
        depth: record.cell.depth(),
        width: constant_width(&record.cell.hidden)?,
        input_rate: record.cell.input_rate,
        repeats: logarithms(record, matrix),
        censored: Vec::new(),
    })
    .filter(|point| !point.repeats.is_empty())
}

fn growth_law(
    points: &[Point],
    matrix: Matrix,
    input_rate: f64,
    width_over_depth: f64,
    options: &SharpnessOptions,
) -> Option<GrowthLaw> {
    if points.len() < FEWEST_CELLS {
        return None;
    }
    let y: Vec<f64> = points.iter().filter_map(Point::mean).collect();
    let regressors: Vec<Vec<f64>> = points
        .iter()
        .map(|point| vec![((point.depth * point.width) as f64).log2()])
        .collect();
    let solved = LeastSquares::new(&regressors)?;
    let values = DVector::from_vec(y.clone());
    let coefficients = solved.coefficients(&values);
    let quality = quality(
        &y,
        solved.residuals(&values).as_slice(),
        &solved.leverages(),
        coefficients.len(),
    );
    let bootstrap = FitOptions {
        width_over_depth: Vec::new(),
        confidence: options.confidence,
        resamples: options.bootstrap.resamples,
        seed: options.bootstrap.seed,
        over: BootstrapOver::Repeats,
    };
    // Of the exponent of a law that falls: its negative.
    let references: Vec<&Point> = points.iter().collect();
    let falling = intervals(&references, &regressors, &solved, None, &bootstrap);
    Some(GrowthLaw {
        matrix,
        input_rate,
        width_over_depth,
        log2_constant: *coefficients.get(0)?,
        exponent: *coefficients.get(1)?,
        interval: falling
            .first()
            .copied()
            .flatten()
            .map(|[low, high]| [-high, -low]),
        confidence: options.confidence,
        r_squared: quality.r_squared,
        rmse_octaves: quality.rmse,
        cells: points.len(),
    })
}
