//! Which constant rate trains fastest below the edge: the loss at the end of the budget, against the
//! rate over eta\*.
//!
//! It is measured on the rungs of a ladder, under a protocol whose trials go on to the end of the
//! budget ([`Protocol::whole_budget`](etastar_search::Protocol::whole_budget)): of every rung the
//! mean training loss over the steps after the last evaluation but one. All trials of a repeat see
//! the same batches.

use std::ops::RangeInclusive;

use etastar_search::{CellRecord, EtaStar, Search};
use serde::{Deserialize, Serialize};

use crate::bootstrap::{Estimator, Shape};
use crate::dataset::{Dataset, Selector};
use crate::effect::{Effect, NotMeasured, Options, Unit};
use crate::numbers::{distinct, mean};
use crate::points::Quantity;

const NO_RUNGS: NotMeasured =
    NotMeasured::NoCells("rungs at and below eta* whose trials go on to the end of the budget");

/// The rungs of one search: the rate in octaves from eta\*, and the late loss; none where the training
/// has blown up after it had reached the threshold.
struct Rungs(Vec<(f64, Option<f64>)>);

impl Rungs {
    /// Those of a search, at eta\* and below.
    fn of_search(record: &CellRecord, search: &Search) -> Option<Self> {
        let protocol = record.cell.protocol().filter(|one| one.whole_budget)?;
        let EtaStar::Found { eta_star, .. } = search.eta_star else {
            return None;
        };
        let below = protocol.ladder.iter().filter(|offset| **offset < 0.0);
        let rungs = below.chain([&0.0]).filter_map(|&offset| {
            let rate = eta_star * offset.exp2();
            let trial = search.trials.iter().find(|one| one.learning_rate == rate)?;
            Some((offset, trial.losses.late))
        });
        let rungs: Vec<(f64, Option<f64>)> = rungs.collect();
        (rungs.len() > 1).then_some(Self(rungs))
    }

    fn finite(&self) -> impl Iterator<Item = (f64, f64)> {
        let rungs = self.0.iter();
        rungs.filter_map(|(offset, loss)| Some((*offset, (*loss)?)))
    }

    /// The rung with the lowest loss: its offset and `log2` of its loss.
    fn fastest(&self) -> Option<(f64, f64)> {
        let fastest = self.finite().min_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((fastest.0, fastest.1.log2()))
    }

    /// By how many octaves the loss of a rung lies above the lowest.
    fn excess(&self, octaves: f64) -> Option<f64> {
        let (_, lowest) = self.fastest()?;
        let (_, loss) = self.finite().find(|(offset, _)| *offset == octaves)?;
        Some(loss.log2() - lowest)
    }
}

/// The means over a cell's repeats of a number of its rungs, by architecture.
fn means<'a>(
    dataset: &Dataset<'a>,
    cells: &Selector,
    number: impl Fn(&Rungs) -> Option<f64>,
) -> Result<Vec<(Shape, Vec<f64>)>, NotMeasured> {
    let chosen = dataset.select(cells, Quantity::EtaStar)?;
    let groups = chosen.architectures.iter().filter_map(|own| {
        let of_cell = |record: &&CellRecord| {
            let searches = record.repeats.iter().filter_map(|repeat| repeat.search());
            let rungs = searches.filter_map(|search| Rungs::of_search(record, search));
            mean(
                &rungs
                    .filter_map(|rungs| number(&rungs))
                    .collect::<Vec<f64>>(),
            )
        };
        let values: Vec<f64> = own.cells.iter().filter_map(of_cell).collect();
        (!values.is_empty()).then_some(((own.depth, own.width), values))
    });
    let groups: Vec<_> = groups.collect();
    if groups.is_empty() {
        return Err(NO_RUNGS);
    }
    Ok(groups)
}

fn over_cells<'a>(groups: Vec<(Shape, Vec<f64>)>) -> Estimator<'a> {
    Estimator::new(groups, 1, Unit::Octaves, |sample| {
        let values = sample.iter().flat_map(|group| group.iter().copied());
        mean(&values.collect::<Vec<f64>>()).ok_or(NO_RUNGS)
    })
}

/// `log2` of the rate that trains fastest over eta\*, mean over cells.
///
/// # Errors
/// If no cell has rungs.
pub(crate) fn fastest_rate<'a>(
    dataset: &Dataset<'a>,
    cells: &Selector,
) -> Result<Estimator<'a>, NotMeasured> {
    let fastest = |rungs: &Rungs| Some(rungs.fastest()?.0);
    Ok(over_cells(means(dataset, cells, fastest)?))
}

/// By how many octaves the late loss of a rung lies above the lowest of its search, mean over cells.
///
/// # Errors
/// If no cell has rungs.
pub(crate) fn late_loss_excess<'a>(
    dataset: &Dataset<'a>,
    cells: &Selector,
    octaves: f64,
) -> Result<Estimator<'a>, NotMeasured> {
    let excess = |rungs: &Rungs| rungs.excess(octaves);
    Ok(over_cells(means(dataset, cells, excess)?))
}

/// The rates below eta\* on one dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    /// The dataset.
    pub dataset: String,
    /// Steps of training.
    pub budget: usize,
    /// `log2` of the fastest rate over eta\*.
    pub fastest: Effect,
    /// The rungs, ascending.
    pub rungs: Vec<Rung>,
}

/// One multiple of eta\*.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// `log2` of the rate over eta\*.
    pub octaves: f64,
    /// By how many octaves its late loss lies above the lowest of its search.
    pub excess: Option<Effect>,
    /// Searches in which it trains fastest, and all.
    pub fastest: [usize; 2],
    /// Searches in which its training blows up after it has reached the threshold.
    pub not_finite: usize,
}

/// The advice of every dataset that has rungs.
pub(crate) fn advice(datasets: &[Dataset<'_>], options: &Options) -> Vec<Advice> {
    let each = datasets.iter().flat_map(|dataset| {
        let names = dataset.variants().iter().map(|one| Some(one.name.clone()));
        let mut names: Vec<Option<String>> = names.collect();
        if names.is_empty() {
            names.push(None);
        }
        let all = names.into_iter().map(|variant| Selector {
            variant,
            ..Selector::default()
        });
        all.filter_map(|all| of_variant(dataset, &all, options))
    });
    each.collect()
}

fn of_variant(dataset: &Dataset<'_>, all: &Selector, options: &Options) -> Option<Advice> {
    let fastest = fastest_rate(dataset, all).ok()?.effect(options).ok()?;
    let chosen = dataset.select(all, Quantity::EtaStar).ok()?;
    let records = || chosen.architectures.iter().flat_map(|own| own.eta_star());
    let budget = records().find_map(|record| Some(record.cell.protocol()?.budget))?;
    let rungs: Vec<Rungs> = records()
        .flat_map(|record| {
            let searches = record.repeats.iter().filter_map(|repeat| repeat.search());
            searches.filter_map(|search| Rungs::of_search(record, search))
        })
        .collect();
    let offsets = rungs.iter().flat_map(|own| own.0.iter().map(|rung| rung.0));
    let rung = |octaves: f64| {
        let excess = late_loss_excess(dataset, all, octaves).ok();
        let own = |rungs: &&Rungs| rungs.fastest().is_some_and(|(at, _)| at == octaves);
        let blown = |rungs: &&Rungs| rungs.0.contains(&(octaves, None));
        Rung {
            octaves,
            excess: excess.and_then(|excess| excess.effect(options).ok()),
            fastest: [rungs.iter().filter(own).count(), rungs.len()],
            not_finite: rungs.iter().filter(blown).count(),
        }
    };
    Some(Advice {
        dataset: dataset.label.clone(),
        budget,
        fastest,
        rungs: distinct(offsets).into_iter().map(rung).collect(),
    })
}

/// `log2` of the fastest constant rate over eta\*, and its interval, as measured by the experiment
/// `advice`: Fashion-MNIST after 128 and 512 steps, MNIST after 128 and 512 steps.
const MEASURED: [[f64; 3]; 4] = [
    [-2.426, -3.070, -1.907],
    [-2.389, -2.922, -1.893],
    [-2.176, -2.813, -1.573],
    [-2.056, -2.751, -1.363],
];

/// The constant rate below eta\* that trains fastest, by measurement: cross-entropy, plain SGD, the
/// training loss after 128 to 512 steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FastestRate {
    /// The rate.
    pub learning_rate: f64,
    /// It over eta\*: the geometric mean of what was measured.
    pub over_eta_star: f64,
    /// Rates that the intervals of all measurements span.
    pub interval: [f64; 2],
    /// The experiment that measured it.
    pub experiment: &'static str,
    /// Whether the network is larger or smaller than those measured, [`FastestRate::DEPTHS`] and
    /// [`FastestRate::WIDTHS`].
    pub extrapolated: bool,
}

impl FastestRate {
    /// Depths of the networks that were measured.
    pub const DEPTHS: RangeInclusive<usize> = 4..=16;
    /// Widths of the networks that were measured.
    pub const WIDTHS: RangeInclusive<usize> = 64..=256;

    /// Of a network with this eta\*, number of hidden layers, and widths of some or all of them.
    pub fn below(eta_star: f64, depth: usize, widths: &[usize]) -> Self {
        let over_eta_star = mean(&MEASURED.map(|[value, ..]| value)).map_or(f64::NAN, f64::exp2);
        let low = MEASURED
            .iter()
            .map(|[_, low, _]| *low)
            .fold(f64::INFINITY, f64::min);
        let high = MEASURED
            .iter()
            .map(|[.., high]| *high)
            .fold(f64::NEG_INFINITY, f64::max);
        Self {
            learning_rate: eta_star * over_eta_star,
            over_eta_star,
            interval: [low, high].map(|octaves| eta_star * octaves.exp2()),
            experiment: "advice",
            extrapolated: !Self::DEPTHS.contains(&depth)
                || !widths.iter().all(|width| Self::WIDTHS.contains(width)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_advised_is_what_the_committed_report_says() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../experiments/results/advice/report.md"
        );
        let report = std::fs::read_to_string(path).unwrap();
        for [value, low, high] in MEASURED {
            let said =
                format!("{value:.2} \\[{low:.2}, {high:.2}\\] octaves").replace('-', "\u{2212}");
            assert!(report.contains(&said), "{said}");
        }
        let fastest = FastestRate::below(2.0, 8, &[64, 256]);
        assert!((fastest.learning_rate / 2.0 - fastest.over_eta_star).abs() < 1e-12);
        let [low, high] = fastest.interval;
        assert!(low < fastest.learning_rate && fastest.learning_rate < high && high < 2.0);
        assert!(!fastest.extrapolated);
        assert!(FastestRate::below(2.0, 1, &[64]).extrapolated);
        assert!(FastestRate::below(2.0, 8, &[64, 257]).extrapolated);
    }
}
