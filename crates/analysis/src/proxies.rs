//! What predicts eta\* at initialisation, how well, and at what cost.

use etastar_search::CellRecord;
use serde::{Deserialize, Serialize};

use crate::dataset::{Dataset, Selector};
use crate::effect::NotMeasured;
use crate::eta_sharpness::are_same_networks;
use crate::law::Law;
use crate::law_fit::LawFit;
use crate::numbers::{mean, squares_about};
use crate::points::{Matrix, Point, Quantity};

/// What eta\* is predicted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proxy {
    /// `2 / lambda_1`, the limit of linear stability; `lambda_1` is that of
    /// the Hessian preconditioned with the cell's input-layer rate.
    TwoOverSharpness,
    /// `12 / lambda_1`, about where ReLU networks blow up (A. Lewkowycz et
    /// al., arXiv:2003.02218).
    TwelveOverSharpness,
    /// The one-step critical rate (D. S. Kalra and M. Barkeshli,
    /// arXiv:2406.09405).
    Critical,
    /// The learning-rate range test (L. N. Smith, arXiv:1506.01186).
    RangeTest,
    /// The law of depth times width at the cell's input-layer rate, fitted to
    /// all other architectures.
    DepthWidth,
    /// The law with separate exponents of depth and width, likewise.
    Separate,
    /// The law of the effective size over all input-layer rates, fitted to all
    /// other architectures.
    EffectiveSize,
}

impl Proxy {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TwoOverSharpness,
        Self::TwelveOverSharpness,
        Self::Critical,
        Self::RangeTest,
        Self::DepthWidth,
        Self::Separate,
        Self::EffectiveSize,
    ];

    /// In words, in the markup of texts.
    pub fn words(self) -> &'static str {
        match self {
            Self::TwoOverSharpness => "2/λ_{1}",
            Self::TwelveOverSharpness => "12/λ_{1}",
            Self::Critical => "one-step critical rate",
            Self::RangeTest => "range test",
            Self::DepthWidth => Law::DepthWidth.words(),
            Self::Separate => Law::Separate.words(),
            Self::EffectiveSize => Law::EffectiveSize.words(),
        }
    }
}

/// A prediction of eta\* and its cost for one network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProxyValue {
    /// `log2` of the predicted rate, mean over the networks of the cell.
    pub log2: f64,
    /// In gradients of one mini-batch of the protocol; a forward pass counts as a third of one, a
    /// Hessian-vector product as two.
    pub cost: f64,
}

/// A cell of eta\* with everything that predicts it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProxyCell {
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// The input-layer rate.
    pub input_rate: f64,
    /// Mean `log2 eta*` over the repeats that found one.
    pub measured: f64,
    /// Mean cost of a search for eta\*, in gradients of one mini-batch.
    pub search_cost: f64,
    /// What each proxy says, in the order of [`Proxy::ALL`].
    pub values: Vec<Option<ProxyValue>>,
}

impl ProxyCell {
    /// What a proxy says of the cell.
    pub fn value(&self, proxy: Proxy) -> Option<ProxyValue> {
        self.values.get(proxy as usize).copied().flatten()
    }

    fn shape(&self) -> (usize, usize) {
        (self.depth, self.width)
    }
}

/// The selected cells beside every sharpness of the dataset, by architecture.
///
/// # Errors
/// If there are no cells, or if they are of several protocols.
pub(crate) fn proxy_cells(
    dataset: &Dataset<'_>,
    selector: &Selector,
) -> Result<Vec<Vec<ProxyCell>>, NotMeasured> {
    let chosen = dataset.select(selector, Quantity::EtaStar)?;
    let records = || {
        chosen
            .architectures
            .iter()
            .flat_map(|own| own.cells.iter().copied())
    };
    let points: Vec<(&CellRecord, Point)> = records()
        .filter_map(|record| {
            let point = Point::from_record(record, Quantity::EtaStar)?;
            point.mean().map(|_| (record, point))
        })
        .collect();
    let all: Vec<&Point> = points.iter().map(|(_, point)| point).collect();
    let sharpness = || dataset.architectures.iter().flat_map(|own| own.sharpness());
    let cells = points.iter().filter_map(|(record, point)| {
        let same: Vec<&CellRecord> = sharpness()
            .filter(|other| are_same_networks(record, other, record.cell.input_rate))
            .collect();
        let law = |law, all_rates| {
            Some(ProxyValue {
                log2: left_out(law, all_rates, point, &all)?,
                cost: 0.0,
            })
        };
        let batch_size = record.cell.protocol()?.batch_size as f64;
        Some(ProxyCell {
            depth: point.network.depth,
            width: point.network.width,
            input_rate: point.network.input_rate,
            measured: point.mean()?,
            search_cost: search_cost(record),
            values: Proxy::ALL
                .map(|proxy| match proxy {
                    Proxy::TwoOverSharpness => over_lambda(2.0, &same, batch_size),
                    Proxy::TwelveOverSharpness => over_lambda(12.0, &same, batch_size),
                    Proxy::Critical | Proxy::RangeTest => cheap(proxy, &same, batch_size),
                    Proxy::DepthWidth => law(Law::DepthWidth, false),
                    Proxy::Separate => law(Law::Separate, false),
                    Proxy::EffectiveSize => law(Law::EffectiveSize, true),
                })
                .to_vec(),
        })
    });
    let cells: Vec<ProxyCell> = cells.collect();
    let groups = cells.chunk_by(|a, b| a.shape() == b.shape());
    Ok(groups.map(<[ProxyCell]>::to_vec).collect())
}

/// `numerator / lambda_1`, from the measurement on most samples.
fn over_lambda(numerator: f64, same: &[&CellRecord], batch_size: f64) -> Option<ProxyValue> {
    let finished = same.iter().filter(|other| !other.repeats.is_empty());
    let samples = |record: &CellRecord| record.cell.sharpness().map_or(0, |own| own.samples);
    let best = finished.max_by_key(|other| samples(other))?;
    let batches = samples(best) as f64 / batch_size;
    let networks = best.repeats.iter().filter_map(|repeat| repeat.sharpness());
    averaged(networks.map(|network| {
        let hessian = &network.sharpness.hessian;
        let log2 = (numerator / Matrix::Hessian.largest(&network.sharpness)).log2();
        (log2, 2.0 * hessian.products as f64 * batches)
    }))
}

fn cheap(proxy: Proxy, same: &[&CellRecord], batch_size: f64) -> Option<ProxyValue> {
    same.iter().find_map(|other| {
        let settings = other.cell.sharpness()?.cheap_rates.as_ref()?;
        let batches = settings.batch_size as f64 / batch_size;
        let networks = other.repeats.iter().filter_map(|repeat| repeat.sharpness());
        averaged(networks.filter_map(|network| {
            let rates = network.cheap_rates.as_ref()?;
            let rate = match proxy {
                Proxy::Critical => &rates.critical,
                _ => &rates.range_test,
            };
            let cost = rate.gradients as f64 + rate.forward_passes as f64 / 3.0;
            Some((rate.learning_rate?.log2(), cost * batches))
        }))
    })
}

/// The mean of finite logarithms and of their costs.
fn averaged(values: impl Iterator<Item = (f64, f64)>) -> Option<ProxyValue> {
    let (logs, costs): (Vec<f64>, Vec<f64>) = values.filter(|(log, _)| log.is_finite()).unzip();
    Some(ProxyValue {
        log2: mean(&logs)?,
        cost: mean(&costs)?,
    })
}

/// What a law fitted to all other architectures predicts.
fn left_out(law: Law, all_rates: bool, point: &Point, points: &[&Point]) -> Option<f64> {
    let others: Vec<&Point> = points
        .iter()
        .copied()
        .filter(|other| all_rates || other.network.input_rate == point.network.input_rate)
        .filter(|other| other.shape() != point.shape())
        .collect();
    Some(LawFit::new(law, &others).ok()?.at(&point.network))
}

fn search_cost(record: &CellRecord) -> f64 {
    let searches = record.repeats.iter().filter_map(|repeat| repeat.search());
    let steps: usize = searches
        .flat_map(|search| &search.trials)
        .map(|trial| trial.steps)
        .sum();
    steps as f64 / record.repeats.len() as f64
}

/// How well a proxy predicts eta\*, over the cells it says something of. With
/// `r_i` the measured minus the predicted `log2 eta*` of cell `i`, in octaves:
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProxyQuality {
    /// Which proxy.
    pub proxy: Proxy,
    /// Cells it says something of.
    pub cells: usize,
    /// `sqrt(mean r_i^2)`: the error as it stands, in octaves.
    pub rmse: f64,
    /// The error after one constant, the mean of `r` over all other
    /// architectures, is added; absent for a single architecture.
    pub calibrated_rmse: Option<f64>,
    /// `mean r_i`, in octaves: above 0 where eta\* is larger than predicted.
    pub bias: f64,
    /// Share of the variance of the measured `log2 eta*` that it explains once
    /// the bias is taken off: `1 - sum (r_i - bias)^2 / sum (y_i - mean y)^2`;
    /// below 0 where the mean alone would do better.
    pub r_squared: f64,
    /// Mean cost for one network, in gradients of one mini-batch.
    pub cost: f64,
}

impl ProxyQuality {
    /// The quality of a proxy on groups of cells; `None` where it says nothing of any.
    fn new(proxy: Proxy, groups: &[Vec<ProxyCell>]) -> Option<Self> {
        let all: Vec<&Vec<ProxyCell>> = groups.iter().collect();
        let cells = || {
            groups
                .iter()
                .flatten()
                .filter_map(|cell| Some((cell, cell.value(proxy)?)))
        };
        let measured: Vec<f64> = cells().map(|(cell, _)| cell.measured).collect();
        let residuals: Vec<f64> = cells()
            .map(|(cell, own)| cell.measured - own.log2)
            .collect();
        let costs: Vec<f64> = cells().map(|(_, own)| own.cost).collect();
        let bias = mean(&residuals)?;
        let total = squares_about(&measured, mean(&measured)?);
        Some(Self {
            proxy,
            cells: residuals.len(),
            rmse: rmse(proxy, &all, |_| true, false)?,
            calibrated_rmse: rmse(proxy, &all, |_| true, true),
            bias,
            r_squared: if total > 0.0 {
                1.0 - squares_about(&residuals, bias) / total
            } else {
                0.0
            },
            cost: mean(&costs)?,
        })
    }
}

/// The error of a proxy over the cells of a sample that `keep` keeps, as it
/// stands or calibrated by the other architectures (an architecture that a
/// resample has twice does not calibrate itself).
pub(crate) fn rmse(
    proxy: Proxy,
    sample: &[&Vec<ProxyCell>],
    keep: impl Fn(&ProxyCell) -> bool,
    calibrated: bool,
) -> Option<f64> {
    let cells = sample
        .iter()
        .flat_map(|group| group.iter())
        .filter(|cell| keep(cell));
    let residuals: Vec<(&ProxyCell, f64)> = cells
        .filter_map(|cell| Some((cell, cell.measured - cell.value(proxy)?.log2)))
        .collect();
    let total: f64 = residuals.iter().map(|(_, r)| r).sum();
    let squares: Option<Vec<f64>> = residuals
        .iter()
        .map(|(cell, r)| {
            if !calibrated {
                return Some(r * r);
            }
            let own = residuals
                .iter()
                .filter(|(other, _)| other.shape() == cell.shape());
            let (sum, count) = own.fold((0.0, 0), |(sum, count), (_, r)| (sum + r, count + 1));
            let others = residuals.len() - count;
            (others > 0).then(|| (r - (total - sum) / others as f64).powi(2))
        })
        .collect();
    mean(&squares?).map(f64::sqrt)
}

/// The proxies on one dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proxies {
    /// The dataset.
    pub dataset: String,
    /// Every cell with what predicts it.
    pub cells: Vec<ProxyCell>,
    /// How good each proxy is, the least error as it stands first.
    pub qualities: Vec<ProxyQuality>,
}

/// The proxies of every dataset that has cells of eta\*.
pub(crate) fn proxies(datasets: &[Dataset<'_>]) -> Vec<Proxies> {
    let each = datasets.iter().filter_map(|dataset| {
        let groups = proxy_cells(dataset, &Selector::default()).ok()?;
        let all = Proxy::ALL.into_iter();
        let mut qualities: Vec<ProxyQuality> = all
            .filter_map(|proxy| ProxyQuality::new(proxy, &groups))
            .collect();
        qualities.sort_by(|a, b| a.rmse.total_cmp(&b.rmse));
        Some(Proxies {
            dataset: dataset.label.clone(),
            cells: groups.into_iter().flatten().collect(),
            qualities,
        })
    });
    each.collect()
}
