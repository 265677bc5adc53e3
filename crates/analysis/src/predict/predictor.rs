//! The candidate laws, and the choice among them.

use super::formula::{FittedLaw, Formula, student_table};
use super::spread::Spread;
use super::{
    Extrapolation, NetworkShape, PredictError, PredictOptions, Prediction, Rival, Warning,
    range_of_sizes,
};
use crate::fit::{FTest, Forward, forward};
use crate::law::{Law, Network};
use crate::law_fit::LawFit;
use crate::least_squares::LeastSquares;
use crate::numbers::root_mean_square;
use crate::points::{Point, input_rates, shapes};

/// Fewest architectures that a filter on width may leave; below, it is
/// relaxed. Twice the coefficients of the largest law.
const ENOUGH: usize = 6;

/// Fewest architectures of any law: one more than it has coefficients.
const FEWEST: usize = 3;

/// Range, in octaves, that each regressor of a law has to have over the cells it
/// is fitted to. Below a factor of two a power law is hardly determined, however
/// small its error within: where the input layer makes up most of the effective
/// size, that law's exponent is noise, and is wrong by octaves a little farther
/// out. Our choice.
const LEAST_RANGE: f64 = 1.0;

/// Errors below this, in octaves, are rounding errors of the logarithms.
const LEAST_ERROR: f64 = 1e-9;

/// The law that predicts, chosen among:
///
/// - the laws of [`Law::POOLED`], fitted to all rates together, where there are
///   several, and
/// - `depth-width`, `separate`, `effective-size` and `three-quarters`, where there is one rate.
///
/// A law fitted at one of several rates has fewer cells than constants can be told
/// from beyond them: on the cells of the experiment `deep-networks` such laws missed
/// networks four times larger by 0.5 to 0.8 octaves in the median, the pooled ones by
/// 0.2 to 0.5.
///
/// The choice is by forward validation: each law is fitted to small networks and
/// predicts those that are 2 to 4 times larger. Where the cells are too few for any split, whole
/// architectures are left out and predicted instead. Of the laws whose error is not certainly
/// larger than that of the best, the one with the fewest constants is taken: an exponent
/// fitted to small networks carries their noise along (the rule of L. Breiman et al.,
/// Classification and Regression Trees, 1984, section 3.4.3, with an F-test in place of one
/// standard error). The experiment `transfer` asks how well that predicts.
#[derive(Debug, Clone)]
pub(crate) struct Predictor<'a> {
    chosen: Candidate<'a>,
    /// The others, by ascending error.
    rivals: Vec<Candidate<'a>>,
    width_over_depth: f64,
    relaxed: bool,
    /// The input-layer rates of the cells, ascending.
    rates: Vec<f64>,
}

/// A law fitted to cells.
#[derive(Debug, Clone)]
struct Candidate<'a> {
    law: Law,
    /// `None` where all rates are pooled.
    input_rate: Option<f64>,
    fit: LawFit,
    /// Of the cells that found an eta\*: a bound adds no precision here, which
    /// makes intervals somewhat wider than need be.
    least_squares: LeastSquares,
    spread: Spread,
    /// The cells that found an eta\*.
    found: Vec<&'a Point>,
    censored_repeats: usize,
    error: f64,
    /// The deviation of a cell about the law that forward validation tells of; absent where the
    /// error is not that of forward validation.
    deviation: Option<f64>,
    /// Architectures behind the error.
    judged: usize,
}

impl<'a> Predictor<'a> {
    /// From the points of one series.
    ///
    /// # Errors
    /// If no law can be fitted to them.
    pub(crate) fn new(
        points: &[&'a Point],
        options: &PredictOptions,
    ) -> Result<Self, PredictError> {
        let found = points
            .iter()
            .copied()
            .filter(|point| point.mean().is_some());
        let rates = input_rates(found);
        let several = rates.len() > 1;
        let mut filter = options.width_over_depth;
        loop {
            let wide: Vec<&Point> = points
                .iter()
                .copied()
                .filter(|point| point.network.is_wide(filter))
                .collect();
            let found = shapes(&wide).len();
            if found < ENOUGH && filter > 0.0 {
                filter = if filter > 1.0 { 0.5 * filter } else { 0.0 };
                continue;
            }
            let only = rates.first().copied().filter(|_| !several);
            let sets: Vec<(Law, Option<f64>)> = if let Some(law) = options.law {
                vec![(law, only)]
            } else if several {
                Law::POOLED.map(|law| (law, None)).to_vec()
            } else {
                let laws = [
                    Law::DepthWidth,
                    Law::Separate,
                    Law::EffectiveSize,
                    Law::ThreeQuarters,
                ];
                laws.map(|law| (law, only)).to_vec()
            };
            let mut candidates: Vec<Candidate<'a>> = sets
                .into_iter()
                .filter_map(|(law, rate)| Candidate::new(law, rate, &wide))
                .collect();
            // Errors of extrapolation and of interpolation do not compare.
            if candidates.iter().any(|one| one.deviation.is_some()) {
                candidates.retain(|one| one.deviation.is_some());
            }
            candidates.sort_by(|a, b| a.error.total_cmp(&b.error));
            let Some(chosen) = simplest(&candidates) else {
                return Err(PredictError::TooFewCells {
                    found,
                    needed: FEWEST,
                });
            };
            return Ok(Self {
                chosen: candidates.remove(chosen),
                rivals: candidates,
                width_over_depth: filter,
                relaxed: filter < options.width_over_depth,
                rates,
            });
        }
    }

    /// The prediction for a network at any distance.
    ///
    /// # Errors
    /// If its input-layer rate lies outside of those measured, or the law has no edge for it.
    pub(crate) fn predict(
        &self,
        network: &NetworkShape,
        dataset: &str,
        options: &PredictOptions,
    ) -> Result<Prediction, PredictError> {
        let rate = network.input_rate;
        let measured_rate = self.rates.contains(&rate);
        let is_between = self.rates.first().is_some_and(|low| *low <= rate)
            && self.rates.last().is_some_and(|high| rate <= *high);
        if !is_between {
            let names: Vec<String> = self.rates.iter().map(f64::to_string).collect();
            return Err(PredictError::UnmeasuredRate {
                rate,
                measured: names.join(", "),
            });
        }
        let chosen = &self.chosen;
        let first = chosen.found.first().ok_or(PredictError::NothingMeasured)?;
        let law = chosen.law;
        let measured = first.network;
        let shape = Network::new(
            network.inputs.unwrap_or(measured.inputs),
            network.depth,
            network.width,
            rate,
            measured.output_gain,
        );
        let centre = chosen.fit.at(&shape);
        if !centre.is_finite() {
            return Err(PredictError::NoEdge);
        }
        let choice = self.choice(&shape, centre);
        let regressors = chosen.fit.regressors(&shape);
        let leverage = chosen.least_squares.leverage_at(&regressors);
        let around = |half: f64| [(centre - half).exp2(), (centre + half).exp2()];
        let confidence = options.confidence;
        let extrapolation = Extrapolation::new(&chosen.fit, &shape, &chosen.found);
        // Beyond what was fitted, the law's misfit is that of forward validation.
        let deviation = chosen.deviation.filter(|_| extrapolation.depth_width > 1.0);
        let spread = chosen
            .spread
            .at_least(deviation.unwrap_or(0.0), chosen.judged);
        let mut warnings = Vec::new();
        if self.relaxed {
            warnings.push(Warning::Relaxed {
                asked: options.width_over_depth,
                used: self.width_over_depth,
            });
        }
        let ratio = network.width as f64 / network.depth as f64;
        if ratio < options.width_over_depth {
            warnings.push(Warning::Narrow {
                ratio,
                asked: options.width_over_depth,
            });
        }
        if extrapolation.beyond > 1.0 {
            warnings.push(Warning::Extrapolates {
                beyond: extrapolation.beyond,
            });
        }
        if !measured_rate {
            warnings.push(Warning::UnmeasuredRate { rate });
        }
        Ok(Prediction {
            dataset: dataset.to_owned(),
            depth: network.depth,
            width: network.width,
            input_rate: network.input_rate,
            eta_star: centre.exp2(),
            log2_eta_star: centre,
            mean_interval: around(spread.of_mean(leverage, choice, confidence)),
            network_interval: around(spread.of_network(leverage, choice, confidence)),
            confidence,
            law,
            law_input_rate: chosen.input_rate,
            width_over_depth: self.width_over_depth,
            log2_constant: chosen.fit.coefficients[0],
            exponents: (0..law.regressors().len())
                .filter_map(|index| chosen.fit.exponent(index))
                .collect(),
            log2_ratio: (law == Law::TwoTerm).then(|| chosen.fit.ratio.log2()),
            sizes: law.sizes(&shape, chosen.fit.ratio),
            cells: chosen.found.len(),
            censored_repeats: chosen.censored_repeats,
            error_octaves: chosen.error,
            error_is_forward: chosen.deviation.is_some(),
            runner_up: self.rivals.first().map(|rival| rival.as_rival(&shape)),
            extrapolation,
            warnings,
        })
    }
}

impl Predictor<'_> {
    /// All that its predictions depend on.
    pub(super) fn formula(&self, options: &PredictOptions) -> Formula {
        let chosen = &self.chosen;
        let networks = || chosen.found.iter().map(|point| &point.network);
        let largest = |size: &dyn Fn(&Network) -> f64| networks().map(size).fold(0.0, f64::max);
        let all = std::iter::once(chosen).chain(self.alternatives());
        Formula {
            laws: all.map(Candidate::fitted).collect(),
            inverse_gram: chosen.least_squares.inverse_gram(),
            log2_sizes: range_of_sizes(&chosen.fit, &chosen.found),
            largest_depth_width: largest(&|network| network.size() as f64),
            largest_effective_size: largest(&Network::effective_size),
            input_rates: self.rates.clone(),
            spread: chosen.spread,
            spread_beyond: chosen
                .spread
                .at_least(chosen.deviation.unwrap_or(0.0), chosen.judged),
            width_over_depth: options.width_over_depth,
            furthest: options.furthest,
            confidence: options.confidence,
            student: student_table(options.confidence),
        }
    }

    /// The rivals with no more constants than the chosen law (see the module `spread`).
    fn alternatives(&self) -> impl Iterator<Item = &Candidate<'_>> {
        let most = self.chosen.law.coefficients();
        let rivals = self.rivals.iter();
        rivals.filter(move |rival| rival.law.coefficients() <= most)
    }

    /// The variance of the choice of the law (see the module `spread`).
    fn choice(&self, network: &Network, chosen: f64) -> f64 {
        let least = self.chosen.error.max(LEAST_ERROR);
        let (mut weights, mut squares) = (1.0, 0.0);
        for rival in self.alternatives() {
            let weight = (least / rival.error.max(LEAST_ERROR)).powf(rival.judged as f64);
            let predicted = rival.fit.at(network);
            if predicted.is_finite() {
                weights += weight;
                squares += weight * (predicted - chosen).powi(2);
            }
        }
        squares / weights
    }
}

impl<'a> Candidate<'a> {
    /// The law on a set of points; `None` where it is not determined, also without any one of the
    /// architectures, where it leaves no degree of freedom, or where a size has too small a range.
    fn new(law: Law, input_rate: Option<f64>, set: &[&'a Point]) -> Option<Self> {
        let fit = LawFit::new(law, set).ok()?;
        let found: Vec<&'a Point> = set.iter().copied().filter(|p| p.mean().is_some()).collect();
        let networks = || found.iter().map(|point| point.network);
        let regressors: Vec<Vec<f64>> = networks().map(|one| fit.regressors(&one)).collect();
        let sizes: Vec<Vec<f64>> = networks().map(|one| fit.log2_sizes(&one)).collect();
        if least_range(&sizes) < LEAST_RANGE {
            return None;
        }
        let error = |fit: &LawFit, point: &Point| Some(point.mean()? - fit.at(&point.network));
        let residuals: Vec<f64> = found
            .iter()
            .filter_map(|point| error(&fit, point))
            .collect();
        let forward = forward(&fit, set);
        let left_out = || {
            let mut errors = Vec::new();
            for shape in shapes(set) {
                let others = set.iter().copied().filter(|point| point.shape() != shape);
                let refit = fit.refit(&others.collect::<Vec<_>>()).ok()?;
                let own = set.iter().filter(|point| point.shape() == shape);
                errors.extend(own.filter_map(|point| error(&refit, point)));
            }
            root_mean_square(&errors)
        };
        let validated = Forward::error(&forward).or_else(left_out)?;
        Some(Self {
            law,
            input_rate,
            spread: Spread::new(&found, &residuals, law.coefficients())?,
            least_squares: LeastSquares::new(&regressors)?,
            censored_repeats: set.iter().map(|point| point.censored()).sum(),
            fit,
            found,
            error: validated,
            deviation: Forward::deviation(&forward),
            judged: shapes(set).len(),
        })
    }

    fn fitted(&self) -> FittedLaw {
        FittedLaw {
            law: self.law,
            log2_constant: self.fit.at_sizes(&[0.0]),
            slope: self.fit.at_sizes(&[1.0]) - self.fit.at_sizes(&[0.0]),
            ratio: self.fit.ratio,
            error: self.error.max(LEAST_ERROR),
            judged: self.judged,
        }
    }

    fn as_rival(&self, network: &Network) -> Rival {
        Rival {
            log2_eta_star: self.fit.at(network),
            law: self.law,
            law_input_rate: self.input_rate,
            error_octaves: self.error,
        }
    }
}

/// The place of the law of fewest constants whose error is not certainly larger than the least, that of
/// the first: by the F-test of the ratio of their squares at 5 %, with as many degrees of freedom as
/// there are architectures behind each.
fn simplest(ranked: &[Candidate<'_>]) -> Option<usize> {
    let least = ranked.first()?.error.max(LEAST_ERROR);
    let is_as_good = |one: &Candidate<'_>| {
        let ratio = (one.error.max(LEAST_ERROR) / least).powi(2);
        FTest::new(ratio, [one.judged as f64; 2]).is_some_and(|test| test.p_value >= 0.05)
    };
    let places = (0..ranked.len()).filter(|place| *place == 0 || is_as_good(&ranked[*place]));
    // The first of several: that of the least error.
    places.min_by_key(|place| ranked[*place].law.coefficients())
}

/// The least of the ranges of the regressors.
fn least_range(rows: &[Vec<f64>]) -> f64 {
    let columns = rows.first().map_or(0, Vec::len);
    let range = |column: usize| {
        let values = rows.iter().filter_map(|row| row.get(column));
        let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| {
            [low.min(*x), high.max(*x)]
        });
        high - low
    };
    (0..columns).map(range).fold(f64::INFINITY, f64::min)
}
