use etastar_search::statistics::{Bootstrap, central_interval};
use nalgebra::DVector;

use super::censored::{Observed, Precision, Tobit, found};
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
    /// For each repeat index that any of them has, what it says of each cell.
    repeats: Vec<Vec<Option<Observed>>>,
}

/// Bootstrap intervals of the coefficients behind the constant, as
/// exponents: of `-b_1, -b_2, ..`.
///
/// Every resample is a refit: by maximum likelihood from `censored` on, where
/// there are censored repeats, by least squares otherwise. A resample of a few
/// repeats of which a cell has none drops that cell from the refit; a refit
/// that does not determine the coefficients is dropped, and with more than
/// half dropped there is no interval.
pub(crate) fn intervals(
    points: &[&Point],
    regressors: &[Vec<f64>],
    full: &LeastSquares,
    censored: Option<&Tobit>,
    options: &FitOptions,
) -> Vec<Option<[f64; 2]>> {
    let architectures = architectures(points);
    let exponents = regressors.first().map_or(0, Vec::len);
    let refits = match options.over {
        BootstrapOver::Repeats => over_repeats(&architectures, regressors, full, censored, options),
        BootstrapOver::RepeatsAndCells => {
            over_cells(&architectures, points, regressors, censored, options)
        }
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
            let of_cells: Vec<Vec<(usize, Observed)>> = cells
                .iter()
                .filter_map(|&cell| Some(points.get(cell)?.observed()))
                .collect();
            let mut indices: Vec<usize> = of_cells.iter().flatten().map(|(r, _)| *r).collect();
            indices.sort_unstable();
            indices.dedup();
            let of_cell = |cell: &Vec<(usize, Observed)>, repeat: usize| {
                let hit = cell.iter().find(|(r, _)| *r == repeat);
                hit.map(|(_, observed)| *observed)
            };
            let repeats = indices
                .into_iter()
                .map(|repeat| of_cells.iter().map(|cell| of_cell(cell, repeat)).collect())
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
    censored: Option<&Tobit>,
    options: &FitOptions,
) -> Vec<DVector<f64>> {
    let bootstrap = bootstrap(options);
    let mut generator = bootstrap.generator();
    let mut cells: Vec<Vec<Observed>> = vec![Vec::new(); regressors.len()];
    let mut refits = Vec::with_capacity(bootstrap.resamples);
    for _ in 0..bootstrap.resamples {
        for architecture in architectures {
            let mut drawn = vec![0; architecture.repeats.len()];
            Bootstrap::draw(&mut generator, &mut drawn);
            for (position, &cell) in architecture.cells.iter().enumerate() {
                let values = drawn
                    .iter()
                    .filter_map(|&repeat| *architecture.repeats.get(repeat)?.get(position)?);
                if let Some(cell) = cells.get_mut(cell) {
                    cell.clear();
                    cell.extend(values);
                }
            }
        }
        refits.extend(if cells.iter().all(|cell| !cell.is_empty()) {
            Some(solution(full, &cells, censored))
        } else {
            let present = regressors.iter().zip(&cells);
            refit(
                present
                    .filter(|(_, cell)| !cell.is_empty())
                    .map(|(x, cell)| (x.clone(), cell.clone())),
                censored,
            )
        });
    }
    refits
}

/// Resamples whole architectures.
fn over_cells(
    architectures: &[Architecture],
    points: &[&Point],
    regressors: &[Vec<f64>],
    censored: Option<&Tobit>,
    options: &FitOptions,
) -> Vec<DVector<f64>> {
    let bootstrap = bootstrap(options);
    let mut generator = bootstrap.generator();
    let cells: Vec<Vec<Observed>> = points
        .iter()
        .map(|point| point.observed().into_iter().map(|(_, y)| y).collect())
        .collect();
    let mut drawn = vec![0; architectures.len()];
    (0..bootstrap.resamples)
        .filter_map(|_| {
            Bootstrap::draw(&mut generator, &mut drawn);
            let sample = drawn.iter().filter_map(|&index| architectures.get(index));
            refit(
                sample
                    .flat_map(|architecture| &architecture.cells)
                    .filter_map(|&cell| {
                        Some((regressors.get(cell)?.clone(), cells.get(cell)?.clone()))
                    }),
                censored,
            )
        })
        .collect()
}

fn refit(
    observations: impl Iterator<Item = (Vec<f64>, Vec<Observed>)>,
    censored: Option<&Tobit>,
) -> Option<DVector<f64>> {
    let (x, cells): (Vec<Vec<f64>>, Vec<Vec<Observed>>) = observations.unzip();
    Some(solution(&LeastSquares::new(&x)?, &cells, censored))
}

/// The coefficients of a resample, none of whose cells is empty.
fn solution(
    solved: &LeastSquares,
    cells: &[Vec<Observed>],
    censored: Option<&Tobit>,
) -> DVector<f64> {
    match censored {
        Some(start) => {
            let fit = start.clone().maximise(solved, cells, Precision::REFIT);
            fit.coefficients
        }
        None => {
            let means = cells.iter().map(|cell| {
                let values = found(cell);
                values.iter().sum::<f64>() / values.len() as f64
            });
            solved.coefficients(&DVector::from_iterator(cells.len(), means))
        }
    }
}

fn bootstrap(options: &FitOptions) -> Bootstrap {
    Bootstrap {
        resamples: options.resamples,
        seed: options.seed,
    }
}
