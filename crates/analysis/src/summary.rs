//! The number of one cell over its repeats, with its interval.
//!
//! A cell has a handful of repeats, too few to tell their spread. The cells of a
//! series have much the same spread, so it is estimated from all of them
//! together, and the interval of a cell is Student's with that spread,
//!
//! ```text
//! m_c +- t_{1-alpha/2, nu} s / sqrt(n_c),   s^2 = sum_c sum_r (y_cr - m_c)^2 / nu,   nu = sum_c (n_c - 1)
//! ```
//!
//! `y = log2` of the quantity. It is valid from one repeat on, as long as some cell has two.
//!
//! Where the search of a repeat left its range, the repeat says on which side
//! the value lies, and no more. A mean is then not known, but a median is, as
//! long as fewer than half of the repeats left the range; its interval comes
//! from the sign test, without any assumption on the distribution.

use std::iter::Sum;

use etastar_search::{CellRecord, EtaStar};
use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};

use crate::censored::Observed;
use crate::numbers::{mean, sorted, squares_about, student};
use crate::points::{Quantity, observed};
use crate::searches::SearchCounts;

/// A variance within cells, pooled over cells.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Variance {
    /// Squared deviations of the repeats from their cells' means.
    squares: f64,
    /// Degrees of freedom: repeats less cells.
    pub(crate) degrees: usize,
    /// Cells with at least two repeats.
    pub(crate) cells: usize,
}

impl Variance {
    /// From the values of each cell; cells of fewer than two values add nothing.
    ///
    /// ```text
    /// s^2 = sum_c sum_r (y_cr - mean_r y_cr)^2 / sum_c (n_c - 1)
    /// ```
    ///
    /// is unbiased if all cells have the same variance.
    pub fn pooled<'a>(cells: impl IntoIterator<Item = &'a [f64]>) -> Self {
        let each = cells.into_iter().filter(|values| values.len() > 1);
        each.filter_map(|values| {
            Some(Self {
                squares: squares_about(values, mean(values)?),
                degrees: values.len() - 1,
                cells: 1,
            })
        })
        .sum()
    }

    /// The variance; `None` without a degree of freedom.
    pub fn value(&self) -> Option<f64> {
        (self.degrees > 0).then(|| self.squares / self.degrees as f64)
    }

    /// Half the width of the interval of a mean of `n` values.
    fn half_width(&self, n: usize, confidence: f64) -> Option<f64> {
        let t = student(confidence, self.degrees as f64)?;
        Some(t * (self.value()? / n as f64).sqrt())
    }
}

impl Sum for Variance {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            squares: sum.squares + one.squares,
            degrees: sum.degrees + one.degrees,
            cells: sum.cells + one.cells,
        })
    }
}

/// What stands for a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Centre {
    /// The geometric mean over repeats, all of which found a value.
    Mean,
    /// The median over repeats, some of which left the range searched.
    Median,
}

/// The number of one cell over its repeats.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// `log2` of the value; absent where it is out of range or nothing is measured.
    pub log2: Option<f64>,
    /// The value.
    pub value: Option<f64>,
    /// What it is.
    pub centre: Centre,
    /// Ends of the interval; an end is absent where it is open.
    pub interval: Option<[Option<f64>; 2]>,
    /// The value is below this, where it is out of range: no learning rate in the range succeeds.
    pub below: Option<f64>,
    /// The value is at least this, where it is out of range: no learning rate in the range fails.
    pub at_least: Option<f64>,
    /// Repeats.
    pub repeats: usize,
}

impl Estimate {
    /// The eta\* of a cell from the ends of its searches, in any order, with the variance of the
    /// cells that it belongs to. A found rate of 0, which has no logarithm, counts as a search in
    /// which nothing succeeded.
    pub fn from_searches(ends: &[EtaStar], variance: &Variance, confidence: f64) -> Self {
        let ends = ends.iter().map(|end| match observed(*end) {
            Observed::Found(value) if !value.is_finite() => Observed::Below(value),
            observed => observed,
        });
        Self::from_observed(&ends.collect::<Vec<_>>(), variance, confidence)
    }

    /// The number of a cell whose repeats all have a value, from their `log2`.
    pub fn from_values(log2: &[f64], variance: &Variance, confidence: f64) -> Self {
        let observed: Vec<Observed> = log2.iter().copied().map(Observed::Found).collect();
        Self::from_observed(&observed, variance, confidence)
    }

    fn from_observed(repeats: &[Observed], variance: &Variance, confidence: f64) -> Self {
        let is_found = |observed: &Observed| matches!(observed, Observed::Found(_));
        // Summed in one order, the mean does not depend on the repeats'.
        let values = sorted(repeats.iter().map(|observed| match observed {
            Observed::Found(value) => *value,
            Observed::Below(_) => f64::NEG_INFINITY,
            Observed::AtLeast(_) => f64::INFINITY,
        }));
        if !repeats.iter().all(is_found) {
            return Self::median(repeats, &values, confidence);
        }
        let log2 = mean(&values);
        let half = variance.half_width(values.len(), confidence);
        Self {
            log2,
            value: log2.map(f64::exp2),
            centre: Centre::Mean,
            interval: log2
                .zip(half)
                .map(|(m, half)| [Some((m - half).exp2()), Some((m + half).exp2())]),
            below: None,
            at_least: None,
            repeats: repeats.len(),
        }
    }

    /// The median of values of which some are only known to lie below or above all others.
    fn median(repeats: &[Observed], values: &[f64], confidence: f64) -> Self {
        let n = values.len();
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let centre = 0.5 * (at((n - 1) / 2) + at(n / 2));
        let log2 = Some(centre).filter(|centre| centre.is_finite());
        let bound = |is: fn(&Observed) -> bool, pick: fn(f64, f64) -> f64| {
            let limits = repeats
                .iter()
                .filter(|observed| is(observed))
                .map(|o| o.limit());
            limits.reduce(pick).map(f64::exp2)
        };
        let below = bound(|observed| matches!(observed, Observed::Below(_)), f64::max);
        let at_least = bound(
            |observed| matches!(observed, Observed::AtLeast(_)),
            f64::min,
        );
        Self {
            log2,
            value: log2.map(f64::exp2),
            centre: Centre::Median,
            interval: median_interval(values, confidence),
            below: below.filter(|_| centre == f64::NEG_INFINITY),
            at_least: at_least.filter(|_| centre == f64::INFINITY),
            repeats: n,
        }
    }
}

/// The interval of a median from the sign test: with `B` binomial of `n` and 1/2, the `r`-th
/// smallest value lies above the median with probability `P(B < r)`. Where values are unknown on
/// one side, the interval is one-sided and spends all of `1 - confidence` on the other end.
/// `None` where `n` is too small for the confidence.
fn median_interval(ascending: &[f64], confidence: f64) -> Option<[Option<f64>; 2]> {
    let n = ascending.len();
    let is_open = [
        ascending.first() == Some(&f64::NEG_INFINITY),
        ascending.last() == Some(&f64::INFINITY),
    ];
    let sides = if is_open[0] != is_open[1] { 1.0 } else { 2.0 };
    let binomial = Binomial::new(0.5, n as u64).ok()?;
    let allowed = (1.0 - confidence) / sides;
    // The largest number of values that may be cut off at an end.
    let cut = (0..n)
        .take_while(|&cut| binomial.cdf(cut as u64) <= allowed)
        .last()?;
    let end = |value: Option<&f64>| value.copied().filter(|v| v.is_finite()).map(f64::exp2);
    let low = end(ascending.get(cut)).filter(|_| !(sides == 1.0 && is_open[0]));
    let high = end(ascending.get(n - 1 - cut)).filter(|_| !(sides == 1.0 && is_open[1]));
    Some([low, high])
}

/// One cell of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellSummary {
    /// Content hash of the cell.
    pub id: String,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Number of input features.
    pub inputs: usize,
    /// Learning rate of the input layer relative to the others.
    pub input_rate: f64,
    /// eta\*, or `lambda_1(H)` of a cell of sharpness.
    pub estimate: Estimate,
    /// How the searches ended; all 0 for a cell of sharpness.
    pub searches: SearchCounts,
}

impl CellSummary {
    /// Number of hidden layers.
    pub fn depth(&self) -> usize {
        self.hidden.len()
    }

    /// Sum of the hidden widths: `depth * width` where they are one.
    pub fn size(&self) -> f64 {
        self.hidden.iter().sum::<usize>() as f64
    }

    /// `input_rate * inputs + depth * width`.
    pub fn effective_size(&self) -> f64 {
        self.input_rate * self.inputs as f64 + self.size()
    }

    /// Width over depth; the mean width where the layers differ.
    pub fn width_over_depth(&self) -> f64 {
        let depth = self.depth() as f64;
        self.size() / (depth * depth)
    }
}

/// The cells of a series, each with the variance pooled over all of them.
pub fn summaries(records: &[&CellRecord], quantity: Quantity, confidence: f64) -> Vec<CellSummary> {
    let observed = |record: &&CellRecord| -> Vec<Observed> {
        let observations = quantity.observations(record);
        observations
            .into_iter()
            .map(|(_, observed)| observed)
            .collect()
    };
    let cells: Vec<Vec<Observed>> = records.iter().map(observed).collect();
    // Of the cells without censored repeats: the others would add the spread of the nearest.
    let complete = cells.iter().filter_map(|cell| {
        let found = cell.iter().map(|observed| match observed {
            Observed::Found(value) => Some(*value),
            Observed::Below(_) | Observed::AtLeast(_) => None,
        });
        found.collect::<Option<Vec<f64>>>()
    });
    let values: Vec<Vec<f64>> = complete.collect();
    let variance = Variance::pooled(values.iter().map(Vec::as_slice));
    let each = records.iter().zip(&cells);
    each.map(|(record, cell)| CellSummary {
        id: record.id.clone(),
        hidden: record.cell.hidden.clone(),
        inputs: record.inputs,
        input_rate: record.cell.input_rate,
        estimate: Estimate::from_observed(cell, &variance, confidence),
        searches: std::iter::once(*record).collect(),
    })
    .collect()
}
