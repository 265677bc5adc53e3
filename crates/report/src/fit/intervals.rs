use etastar_search::statistics::{Bootstrap, central_interval};
use nalgebra::DVector;

use super::correction::{tail_of_groups, tail_of_sum};
use super::options::{BootstrapOver, FitOptions};
use super::regression::LeastSquares;
use super::series::Point;

/// The cells of one architecture, at all input-layer rates of a fit. They
/// start from the same initialisation and see the same batches in repeats of
/// the same index, so their noise is common and they are resampled together.
#[derive(Debug)]
struct Architecture {
    /// Indices of its cells among the points.
    cells: Vec<usize>,
    /// For each repeat index that any of them found, the value of each cell.
    repeats: Vec<Vec<Option<f64>>>,
}

/// Bootstrap intervals of the coefficients behind the constant, as
/// exponents: of `-b_1, -b_2, ..`.
///
/// Every resample is a refit. A resample of a few repeats in which a cell
/// found no eta\* drops that cell from the refit; a refit that does not
/// determine the coefficients is dropped, and with more than half dropped
/// there is no interval.
pub(crate) fn intervals(
    points: &[&Point],
    regressors: &[Vec<f64>],
    full: &LeastSquares,
    options: &FitOptions,
) -> Vec<Option<[f64; 2]>> {
    let architectures = architectures(points);
    let exponents = regressors.first().map_or(0, Vec::len);
    let refits = match options.over {
        BootstrapOver::Repeats => over_repeats(&architectures, regressors, full, options),
        BootstrapOver::RepeatsAndCells => over_cells(&architectures, points, regressors, options),
    };
    (1..=exponents)
        .map(|j| {
            let values: Vec<f64> = refits.iter().filter_map(|b| b.get(j)).map(|b| -b).collect();
            if 2 * values.len() < options.resamples {
                return None;
            }
            let tail = match options.over {
                BootstrapOver::Repeats => {
                    let weights = full.weights_of(j);
                    let terms: Vec<(f64, usize)> = architectures
                        .iter()
                        .map(|a| (norm(&a.cells, &weights), a.repeats.len()))
                        .collect();
                    tail_of_sum(options.confidence, &terms)?
                }
                BootstrapOver::RepeatsAndCells => {
                    tail_of_groups(options.confidence, architectures.len(), exponents + 1)?
                }
            };
            central_interval(&values, tail)
        })
        .collect()
}

/// The architectures of points sorted by depth and width.
fn architectures(points: &[&Point]) -> Vec<Architecture> {
    let mut grouped: Vec<Vec<usize>> = Vec::new();
    let mut last = None;
    for (index, point) in points.iter().enumerate() {
        let shape = (point.depth, point.width);
        match grouped.last_mut() {
            Some(cells) if last == Some(shape) => cells.push(index),
            _ => grouped.push(vec![index]),
        }
        last = Some(shape);
    }
    grouped
        .into_iter()
        .map(|cells| {
            let of_cell = |&cell: &usize| points.get(cell).map_or(&[][..], |p| &p.repeats);
            let mut found: Vec<usize> = cells.iter().flat_map(of_cell).map(|(r, _)| *r).collect();
            found.sort_unstable();
            found.dedup();
            let value = |cell: &usize, repeat: usize| {
                let hit = of_cell(cell).iter().find(|(r, _)| *r == repeat);
                hit.map(|(_, value)| *value)
            };
            let repeats = found
                .into_iter()
                .map(|repeat| cells.iter().map(|cell| value(cell, repeat)).collect())
                .collect();
            Architecture { cells, repeats }
        })
        .collect()
}

fn norm(cells: &[usize], weights: &[f64]) -> f64 {
    let squares = cells.iter().filter_map(|&cell| weights.get(cell));
    squares.map(|w| w * w).sum::<f64>().sqrt()
}

/// Resamples the repeats within each architecture.
fn over_repeats(
    architectures: &[Architecture],
    regressors: &[Vec<f64>],
    full: &LeastSquares,
    options: &FitOptions,
) -> Vec<DVector<f64>> {
    let bootstrap = bootstrap(options);
    let mut generator = bootstrap.generator();
    let mut means = vec![None; regressors.len()];
    let mut refits = Vec::with_capacity(bootstrap.resamples);
    for _ in 0..bootstrap.resamples {
        for architecture in architectures {
            let mut drawn = vec![0; architecture.repeats.len()];
            Bootstrap::draw(&mut generator, &mut drawn);
            for (position, &cell) in architecture.cells.iter().enumerate() {
                let values = drawn
                    .iter()
                    .filter_map(|&repeat| *architecture.repeats.get(repeat)?.get(position)?);
                let (sum, n) = values.fold((0.0, 0u32), |(sum, n), value| (sum + value, n + 1));
                if let Some(mean) = means.get_mut(cell) {
                    *mean = (n > 0).then(|| sum / f64::from(n));
                }
            }
        }
        refits.extend(match means.iter().copied().collect::<Option<Vec<f64>>>() {
            Some(y) => Some(full.coefficients(&DVector::from_vec(y))),
            None => {
                let present = regressors.iter().zip(&means);
                refit(present.filter_map(|(x, y)| Some((x.clone(), (*y)?))))
            }
        });
    }
    refits
}

/// Resamples whole architectures.
fn over_cells(
    architectures: &[Architecture],
    points: &[&Point],
    regressors: &[Vec<f64>],
    options: &FitOptions,
) -> Vec<DVector<f64>> {
    let bootstrap = bootstrap(options);
    let mut generator = bootstrap.generator();
    let means: Vec<Option<f64>> = points.iter().map(|point| point.mean()).collect();
    let mut drawn = vec![0; architectures.len()];
    (0..bootstrap.resamples)
        .filter_map(|_| {
            Bootstrap::draw(&mut generator, &mut drawn);
            let cells = drawn.iter().filter_map(|&index| architectures.get(index));
            refit(
                cells
                    .flat_map(|architecture| &architecture.cells)
                    .filter_map(|&cell| {
                        Some((regressors.get(cell)?.clone(), (*means.get(cell)?)?))
                    }),
            )
        })
        .collect()
}

fn refit(observations: impl Iterator<Item = (Vec<f64>, f64)>) -> Option<DVector<f64>> {
    let (x, y): (Vec<Vec<f64>>, Vec<f64>) = observations.unzip();
    Some(LeastSquares::new(&x)?.coefficients(&DVector::from_vec(y)))
}

fn bootstrap(options: &FitOptions) -> Bootstrap {
    Bootstrap {
        resamples: options.resamples,
        seed: options.seed,
    }
}
