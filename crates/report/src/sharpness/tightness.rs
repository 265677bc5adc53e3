//! How far every bound is from what was measured.

use etastar_search::SharpnessCellRecord;
use etastar_search::statistics::quantile;
use serde::Serialize;

use super::Matrix;
use super::certified::CERTIFIED;
use super::expectation::{EXPECTED, theory};
use super::level::mean_and_error;

/// Relative rounding of single precision, accumulated, that is no violation.
const ROUNDING: f64 = 1e-4;

/// The side a bound is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// At most the eigenvalue.
    Lower,
    /// At least the eigenvalue.
    Upper,
}

/// What a bound is proved for, and so what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Each network: compared with each.
    Network,
    /// The expectation over networks: compared with the mean of each cell.
    Expectation,
    /// A network with a given probability: compared with each.
    Probability,
}

/// A bound over all networks, or all cells, of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tightness {
    /// Whose top eigenvalue is bounded.
    pub matrix: Matrix,
    /// From which side.
    pub side: Side,
    /// What the bound is proved for.
    pub scope: Scope,
    /// The bound in words.
    pub description: &'static str,
    /// Networks, or cells for expectations, that were compared.
    pub count: usize,
    /// Median of bound over measured.
    pub median: f64,
    /// The ratio furthest out: the least of a lower bound, the largest of an
    /// upper.
    pub worst: f64,
    /// How often the bound lies on the wrong side, beyond rounding. Proven
    /// bounds on each network: never. Expectations: the mean of a few
    /// networks may lie above its expectation. Probabilities: in at most the
    /// stated share of networks, in the long run.
    pub violations: usize,
}

/// Every certified bound that was measured and every bound before a network
/// is drawn, for the cells of a series.
pub fn tightness(cells: &[&SharpnessCellRecord]) -> Vec<Tightness> {
    let networks = || cells.iter().flat_map(|record| &record.repeats);
    let certified = CERTIFIED.iter().map(|bound| {
        let pairs = networks().filter_map(|network| {
            let value = (bound.of)(network.sharpness.bounds.as_ref()?);
            Some((value, bound.matrix.largest(&network.sharpness)))
        });
        summary(
            bound.matrix,
            bound.side,
            Scope::Network,
            bound.description,
            pairs.collect(),
        )
    });
    let theories: Vec<_> = cells
        .iter()
        .filter_map(|record| Some((*record, theory(record)?)))
        .collect();
    let pairs = |matrix: Matrix| {
        let theories = &theories;
        EXPECTED.iter().map(move |bound| {
            let each = theories.iter().flat_map(|(record, theory)| {
                let value = bound.value(theory, matrix);
                let measured: Vec<f64> = match bound.scope {
                    Scope::Expectation => mean_and_error(record, matrix)
                        .map(|(mean, _)| mean)
                        .into_iter()
                        .collect(),
                    Scope::Probability | Scope::Network => record
                        .repeats
                        .iter()
                        .map(|network| matrix.largest(&network.sharpness))
                        .collect(),
                };
                measured.into_iter().map(move |measured| (value, measured))
            });
            let each = each.collect();
            summary(matrix, Side::Upper, bound.scope, bound.description, each)
        })
    };
    certified
        .chain(pairs(Matrix::GaussNewton))
        .chain(pairs(Matrix::Hessian))
        .flatten()
        .collect()
}

/// Of pairs of bound and measured.
fn summary(
    matrix: Matrix,
    side: Side,
    scope: Scope,
    description: &'static str,
    pairs: Vec<(f64, f64)>,
) -> Option<Tightness> {
    let rounding = if scope == Scope::Expectation {
        0.0
    } else {
        ROUNDING
    };
    let violated = |&&(bound, measured): &&(f64, f64)| match side {
        Side::Lower => bound > measured * (1.0 + rounding),
        Side::Upper => bound < measured * (1.0 - rounding),
    };
    let mut ratios: Vec<f64> = pairs
        .iter()
        .map(|(bound, measured)| bound / measured)
        .filter(|ratio| ratio.is_finite())
        .collect();
    ratios.sort_by(f64::total_cmp);
    let worst = match side {
        Side::Lower => ratios.first(),
        Side::Upper => ratios.last(),
    };
    Some(Tightness {
        matrix,
        side,
        scope,
        description,
        count: ratios.len(),
        median: quantile(&ratios, 0.5)?,
        worst: *worst?,
        violations: pairs.iter().filter(violated).count(),
    })
}
