//! Measured cells as points of a law: the `log2` of one quantity, repeat by repeat.

use etastar_search::{CellRecord, EtaStar, RepeatRecord};
use etastar_sharpness::NetworkSharpness;
use serde::{Deserialize, Serialize};

use crate::censored::Observed;
use crate::law::Network;
use crate::numbers::{distinct, mean};

/// The matrix whose top eigenvalue is meant. With an input-layer rate `mu`, both are
/// preconditioned: `M^{1/2} H M^{1/2}`, `M = diag(mu, 1, .., 1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matrix {
    /// The Hessian of the loss, `H`.
    Hessian,
    /// The Gauss-Newton matrix, `G`.
    GaussNewton,
}

impl Matrix {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hessian, Self::GaussNewton];

    /// Its letter.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Hessian => "H",
            Self::GaussNewton => "G",
        }
    }

    /// The measured top eigenvalue.
    pub fn largest(self, sharpness: &NetworkSharpness) -> f64 {
        match self {
            Self::Hessian => sharpness.hessian.largest,
            Self::GaussNewton => sharpness.gauss_newton.largest,
        }
    }
}

/// What was measured of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// eta\*.
    EtaStar,
    /// `lambda_1(H)`.
    Hessian,
    /// `lambda_1(G)`.
    GaussNewton,
}

impl From<Matrix> for Quantity {
    fn from(matrix: Matrix) -> Self {
        match matrix {
            Matrix::Hessian => Self::Hessian,
            Matrix::GaussNewton => Self::GaussNewton,
        }
    }
}

impl Quantity {
    /// What each finished repeat of a cell says of its `log2`, by index of the repeat.
    pub(crate) fn observations(self, record: &CellRecord) -> Vec<(usize, Observed)> {
        let repeats = record.repeats.iter();
        repeats
            .filter_map(|repeat| Some((repeat.repeat, self.observed(repeat)?)))
            .collect()
    }

    /// What a repeat says of its `log2`; `None` if the repeat measured something else or the
    /// number has no logarithm.
    fn observed(self, repeat: &RepeatRecord) -> Option<Observed> {
        let observed = match self {
            Self::EtaStar => observed(repeat.search()?.eta_star),
            Self::Hessian | Self::GaussNewton => {
                let sharpness = &repeat.sharpness()?.sharpness;
                Observed::Found(match self {
                    Self::GaussNewton => Matrix::GaussNewton.largest(sharpness).log2(),
                    _ => Matrix::Hessian.largest(sharpness).log2(),
                })
            }
        };
        Some(observed).filter(|observed| observed.limit().is_finite())
    }
}

/// What the end of a search says of `log2 eta*`.
pub(crate) fn observed(end: EtaStar) -> Observed {
    match end {
        EtaStar::Found { eta_star, .. } => Observed::Found(eta_star.log2()),
        EtaStar::NothingSucceeds { lowest } => Observed::Below(lowest.log2()),
        EtaStar::NothingFails { highest } => Observed::AtLeast(highest.log2()),
    }
}

/// One cell of constant width as a law sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    /// The network.
    pub(crate) network: Network,
    /// What each finished repeat says of the quantity's `log2`, by index of the repeat.
    pub(crate) repeats: Vec<(usize, Observed)>,
}

impl Point {
    /// The point of a cell; `None` where its hidden layers differ in width or no repeat is
    /// finished.
    pub(crate) fn from_record(record: &CellRecord, quantity: Quantity) -> Option<Self> {
        let repeats = quantity.observations(record);
        let width = record.cell.constant_width()?;
        let cell = &record.cell;
        let (depth, rate, gain) = (cell.depth(), cell.input_rate, cell.output_gain);
        (!repeats.is_empty()).then(|| {
            let network = Network::new(record.inputs, depth, width, rate, gain);
            Self {
                network: match cell.form.is_default() {
                    true => network,
                    false => network.without_kernel_moment(),
                },
                repeats,
            }
        })
    }

    /// The `log2` of the repeats that found a value, by index of the repeat.
    pub(crate) fn found(&self) -> Vec<(usize, f64)> {
        let repeats = self.repeats.iter();
        repeats
            .filter_map(|(repeat, observed)| match observed {
                Observed::Found(value) => Some((*repeat, *value)),
                Observed::Below(_) | Observed::AtLeast(_) => None,
            })
            .collect()
    }

    /// Mean `log2` over the repeats that found a value.
    pub(crate) fn mean(&self) -> Option<f64> {
        mean(&self.values())
    }

    /// The `log2` of the repeats that found a value.
    pub(crate) fn values(&self) -> Vec<f64> {
        self.found().into_iter().map(|(_, value)| value).collect()
    }

    /// Repeats that found no value in range.
    pub(crate) fn censored(&self) -> usize {
        self.repeats.len() - self.found().len()
    }

    /// Depth and width.
    pub(crate) fn shape(&self) -> (usize, usize) {
        (self.network.depth, self.network.width)
    }
}

/// The points by architecture, each architecture with its cells at all
/// input-layer rates, in an order that does not depend on theirs.
pub(crate) fn by_architecture(points: impl IntoIterator<Item = Point>) -> Vec<Vec<Point>> {
    let mut points: Vec<Point> = points.into_iter().collect();
    points.sort_by(|a, b| {
        let rates = a.network.input_rate.total_cmp(&b.network.input_rate);
        a.shape().cmp(&b.shape()).then(rates)
    });
    let groups = points.chunk_by(|a, b| a.shape() == b.shape());
    groups.map(<[Point]>::to_vec).collect()
}

/// The input-layer rates of points, ascending.
pub(crate) fn input_rates<'a>(points: impl IntoIterator<Item = &'a Point>) -> Vec<f64> {
    distinct(points.into_iter().map(|point| point.network.input_rate))
}

/// The different depths and widths of points that found a value.
pub(crate) fn shapes(points: &[&Point]) -> Vec<(usize, usize)> {
    let found = points.iter().filter(|point| point.mean().is_some());
    let mut shapes: Vec<(usize, usize)> = found.map(|point| point.shape()).collect();
    shapes.sort_unstable();
    shapes.dedup();
    shapes
}
