//! How well small networks predict larger ones.
//!
//! For each input-layer rate and each *split*, a size `S` of the grid, laws are
//! fitted to the cells with `depth * width <= S`, and every larger cell at that
//! rate is predicted, by the code of [`predict`](crate::predict), its choice of
//! the law included. Splits that leave fewer than six architectures to fit are
//! not made.

use etastar_search::CellRecord;

use super::cells::is_wide;
use crate::fit::Point;
use crate::predict::{NetworkShape, PredictOptions, Predictor};

/// Fewest architectures that a law is fitted to.
const FEWEST_FITTED: usize = 6;

/// A cell predicted from smaller ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transferred {
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// Input-layer rate.
    pub input_rate: f64,
    /// The largest `depth * width` that was fitted.
    pub fitted: usize,
    /// Predicted minus measured mean `log2 eta*`, in octaves.
    pub error: f64,
    /// Whether the measured geometric mean lies in the interval of means.
    pub mean_inside: bool,
    /// How many of its repeats lie in the interval of one network.
    pub repeats_inside: usize,
    /// Repeats that found an eta\*.
    pub repeats: usize,
}

impl Transferred {
    /// Its `depth * width` over the largest one fitted.
    pub fn factor(&self) -> f64 {
        (self.depth * self.width) as f64 / self.fitted as f64
    }
}

/// Every prediction of larger cells from smaller ones, among cells of one
/// dataset and protocol with `width >= width_over_depth * depth`; one group for
/// each architecture predicted.
pub fn transfers<'a>(
    records: impl Iterator<Item = &'a CellRecord>,
    width_over_depth: f64,
    confidence: f64,
) -> Vec<Vec<Transferred>> {
    let mut points: Vec<Point> = records
        .filter_map(Point::of)
        .filter(|point| is_wide(point.depth, point.width, width_over_depth))
        .collect();
    points.sort_by(|a, b| {
        (a.depth, a.width)
            .cmp(&(b.depth, b.width))
            .then(a.input_rate.total_cmp(&b.input_rate))
    });
    let options = PredictOptions {
        width_over_depth,
        confidence,
        ..PredictOptions::default()
    };
    let mut sizes: Vec<usize> = points.iter().map(size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut rates: Vec<f64> = points.iter().map(|point| point.input_rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let mut groups: Vec<Vec<Transferred>> = Vec::new();
    for &fitted in &sizes {
        let small: Vec<&Point> = points.iter().filter(|p| size(p) <= fitted).collect();
        for &rate in &rates {
            if architectures(&small, rate) < FEWEST_FITTED {
                continue;
            }
            let Ok(predictor) = Predictor::new(&small, rate, &options) else {
                continue;
            };
            let larger = points
                .iter()
                .filter(|point| point.input_rate == rate && size(point) > fitted);
            for point in larger {
                if let Some(predicted) = transferred(&predictor, point, fitted, &options) {
                    add(&mut groups, predicted);
                }
            }
        }
    }
    groups
}

fn transferred(
    predictor: &Predictor<'_>,
    point: &Point,
    fitted: usize,
    options: &PredictOptions,
) -> Option<Transferred> {
    let measured = point.mean()?;
    let network = NetworkShape {
        depth: point.depth,
        width: point.width,
        input_rate: point.input_rate,
    };
    let prediction = predictor.predict(&network, "", options).ok()?;
    let inside = |[low, high]: [f64; 2], y: f64| low.log2() <= y && y <= high.log2();
    let repeats = point.repeats.iter();
    Some(Transferred {
        depth: point.depth,
        width: point.width,
        input_rate: point.input_rate,
        fitted,
        error: prediction.log2_eta_star - measured,
        mean_inside: inside(prediction.mean_interval, measured),
        repeats_inside: repeats
            .filter(|(_, y)| inside(prediction.network_interval, *y))
            .count(),
        repeats: point.repeats.len(),
    })
}

fn add(groups: &mut Vec<Vec<Transferred>>, one: Transferred) {
    let same = |group: &&mut Vec<Transferred>| {
        let first = group.first();
        first.is_some_and(|first| (first.depth, first.width) == (one.depth, one.width))
    };
    match groups.iter_mut().find(same) {
        Some(group) => group.push(one),
        None => groups.push(vec![one]),
    }
}

fn size(point: &Point) -> usize {
    point.depth * point.width
}

/// How many architectures found an eta\* at a rate.
fn architectures(points: &[&Point], rate: f64) -> usize {
    let found = points
        .iter()
        .filter(|point| point.input_rate == rate && !point.repeats.is_empty());
    // One cell an architecture and rate: the cells are of one protocol.
    found.count()
}
