use etastar_search::statistics::mean;
use etastar_search::{CellRecord, SharpnessCellRecord};

use super::Proxy;
use crate::fit::{Law, Point, coefficients};

/// A cell's measured eta\* beside all that predict it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProxyCell {
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// Input-layer rate.
    pub input_rate: f64,
    /// Mean `log2 eta*` over the repeats that found one.
    pub measured: f64,
    /// Mini-batch gradients that the search of one network took on average:
    /// the steps of its trials. What validation cost is not counted.
    pub search_cost: f64,
    values: [Option<ProxyValue>; Proxy::ALL.len()],
}

/// What a proxy says of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProxyValue {
    /// Predicted `log2 eta*`: the mean over networks.
    pub log2: f64,
    /// Its cost for one network, in gradients of one mini-batch of the
    /// protocol's size: a forward pass is a third of one, a Hessian-vector
    /// product (two tangent sweeps beside the two of the gradient) two, and
    /// other numbers of samples count in proportion. A law costs nothing for a
    /// new network, once it is fitted.
    pub cost: f64,
}

impl ProxyCell {
    /// What a proxy says, if it was measured or fitted.
    pub fn value(&self, proxy: Proxy) -> Option<ProxyValue> {
        self.values.get(proxy.index()).copied().flatten()
    }
}

/// The cells of one dataset and protocol that found an eta\*, with
/// `width >= width_over_depth * depth`, beside whatever predicts them; one group
/// for each architecture. `sharpness` are the cells to look for `lambda_1` and
/// cheap rates among: those of the same data, network, input-layer rate, loss
/// and checkpoint are used.
pub fn proxy_cells(
    records: &[&CellRecord],
    sharpness: &[&SharpnessCellRecord],
    width_over_depth: f64,
) -> Vec<Vec<ProxyCell>> {
    let mut found: Vec<(&CellRecord, Point)> = records
        .iter()
        .filter_map(|record| Some((*record, Point::of(record)?)))
        .filter(|(_, point)| point.width as f64 >= width_over_depth * point.depth as f64)
        .filter(|(_, point)| !point.repeats.is_empty())
        .collect();
    found.sort_by(|(_, a), (_, b)| {
        (a.depth, a.width)
            .cmp(&(b.depth, b.width))
            .then(a.input_rate.total_cmp(&b.input_rate))
    });
    let points: Vec<&Point> = found.iter().map(|(_, point)| point).collect();
    let mut groups: Vec<Vec<ProxyCell>> = Vec::new();
    for (record, point) in &found {
        let Some(measured) = point.mean() else {
            continue;
        };
        let same: Vec<&SharpnessCellRecord> = sharpness
            .iter()
            .copied()
            .filter(|other| belongs(other, record))
            .collect();
        let law = |law, pooled| {
            let log2 = left_out(law, pooled, point, &points)?;
            Some(ProxyValue { log2, cost: 0.0 })
        };
        let cell = ProxyCell {
            depth: point.depth,
            width: point.width,
            input_rate: point.input_rate,
            measured,
            search_cost: search_cost(record),
            values: Proxy::ALL.map(|proxy| match proxy {
                Proxy::TwoOverSharpness => over_lambda(2.0, &same, record),
                Proxy::TwelveOverSharpness => over_lambda(12.0, &same, record),
                Proxy::Critical | Proxy::RangeTest => cheap(proxy, &same, record),
                Proxy::DepthWidth => law(Law::DepthWidth, false),
                Proxy::Separate => law(Law::Separate, false),
                Proxy::EffectiveSize => law(Law::EffectiveSize, true),
            }),
        };
        match groups.last_mut() {
            Some(group) if group.first().is_some_and(|first| same_shape(first, &cell)) => {
                group.push(cell);
            }
            _ => groups.push(vec![cell]),
        }
    }
    groups
}

pub(super) fn same_shape(a: &ProxyCell, b: &ProxyCell) -> bool {
    (a.depth, a.width) == (b.depth, b.width)
}

/// Whether a sharpness was measured on the networks of a cell of eta\*.
fn belongs(sharpness: &SharpnessCellRecord, record: &CellRecord) -> bool {
    let (one, other) = (&sharpness.cell, &record.cell);
    one.dataset == other.dataset
        && one.hidden == other.hidden
        && one.bias == other.bias
        && one.output_gain == other.output_gain
        && one.input_rate == other.input_rate
        && one.loss == other.protocol.loss
        && one.checkpoint == other.checkpoint
}

/// `numerator / lambda_1`, from the measurement on most samples.
fn over_lambda(
    numerator: f64,
    same: &[&SharpnessCellRecord],
    record: &CellRecord,
) -> Option<ProxyValue> {
    let finished = same.iter().filter(|other| !other.repeats.is_empty());
    let best = finished.max_by_key(|other| other.cell.samples)?;
    let batches = best.cell.samples as f64 / record.cell.protocol.batch_size as f64;
    let values = best.repeats.iter().map(|repeat| {
        let hessian = &repeat.sharpness.hessian;
        let products = 2.0 * hessian.products as f64;
        ((numerator / hessian.largest).log2(), products * batches)
    });
    averaged(values)
}

fn cheap(proxy: Proxy, same: &[&SharpnessCellRecord], record: &CellRecord) -> Option<ProxyValue> {
    same.iter().find_map(|other| {
        let batch_size = other.cell.cheap_rates.as_ref()?.batch_size;
        let batches = batch_size as f64 / record.cell.protocol.batch_size as f64;
        averaged(other.repeats.iter().filter_map(|repeat| {
            let rates = repeat.cheap_rates.as_ref()?;
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
fn left_out(law: Law, pooled: bool, point: &Point, points: &[&Point]) -> Option<f64> {
    let others: Vec<&Point> = points
        .iter()
        .copied()
        .filter(|other| pooled || other.input_rate == point.input_rate)
        .filter(|other| (other.depth, other.width) != (point.depth, point.width))
        .collect();
    let fit = coefficients(law, &others, None).ok()?;
    let x = law.of_point(point);
    let all = std::iter::once(&1.0).chain(&x);
    Some(fit.iter().zip(all).map(|(b, x)| b * x).sum())
}

fn search_cost(record: &CellRecord) -> f64 {
    let trials = record.repeats.iter().flat_map(|repeat| &repeat.trials);
    let steps: usize = trials.map(|trial| trial.steps).sum();
    steps as f64 / record.repeats.len() as f64
}
