//! The statistics that criteria look at, each a number of the selected cells.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::advice::{fastest_rate, late_loss_excess};
use crate::bootstrap::{Estimator, Shape};
use crate::bounds::{CERTIFIED, HoldsFor, tightness};
use crate::censored::Observed;
use crate::dataset::{Dataset, Selector, not_negative, number};
use crate::effect::{NotMeasured, Unit};
use crate::eta_sharpness::{Scope, SharpnessKind, joined, line};
use crate::fit::{Forward, LawNumber, fit_groups, forward, law_numbers, leave_one_rate_out};
use crate::late_stage::{Course, LateStage, Step};
use crate::law::Law;
use crate::least_squares::Line;
use crate::numbers::{quantile, sorted};
use crate::points::{Matrix, Point, Quantity, by_architecture, input_rates};
use crate::proxies::{Proxy, ProxyCell, proxy_cells, rmse};
use crate::searches::SearchCounts;
use crate::transfer::{Covered, Transferred, predicted, transfers};
use crate::variants::{difference, log2_deviation};

/// What a criterion looks at. In files, the field `of` says which statistic, the other fields are
/// its own: `{ of = "r-squared", law = "depth-width" }`. Which cells it looks at says the
/// criterion's [`Selector`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Statistic {
    /// An exponent of a law of eta\*: `a` in `eta* = C x^-a`.
    Exponent {
        /// Which law.
        law: Law,
        /// Which of its exponents.
        #[serde(default)]
        part: Part,
    },
    /// Depth's exponent minus width's, of the law `eta* = C depth^-a width^-b`: 0 where depth and
    /// width count only by their product.
    ExponentGap {},
    /// Share of the variance of the cells' mean `log2 eta*` that a law explains.
    RSquared {
        /// Which law.
        law: Law,
    },
    /// Root-mean-square residual of a law of eta\*, in octaves.
    Rmse {
        /// Which law.
        law: Law,
    },
    /// Root-mean-square residual over the exponent, of a law with one: how many octaves of *size*
    /// the law misses by, which compares fits with different exponents.
    SizeError {
        /// Which law.
        law: Law,
    },
    /// Standard deviation, in octaves, by which the law itself misses the cells, beyond the noise
    /// of their means.
    Misfit {
        /// Which law.
        law: Law,
    },
    /// Root-mean-square error, in octaves, with which a law fitted to small networks predicts those
    /// 2 to 4 times larger. Predictions are made once; the interval resamples the architectures
    /// predicted.
    ForwardError {
        /// Which law.
        law: Law,
    },
    /// Exponent `b` of a certified bound on `lambda_1`, `C (depth width)^b`: claim C4.
    BoundExponent {
        /// Its name in exports, as `hessian_upper`.
        bound: String,
    },
    /// Root-mean-square error with which each cell is predicted by the fit to all others, in
    /// octaves.
    LeaveOneOut {
        /// Which law.
        law: Law,
    },
    /// The same, where all cells of one input-layer rate are predicted by the fit to those at all
    /// other rates.
    LeaveOneRateOut {
        /// Which law.
        law: Law,
    },
    /// Share of the searches in which a rate below the largest successful one failed. Every
    /// finished search counts, whether it found an eta\* or not.
    NotMonotone {},
    /// Exponent `b` of `lambda_1 = C (depth width)^b`: claim C4.
    SharpnessExponent {
        /// Whose top eigenvalue.
        matrix: Matrix,
    },
    /// Share of the variance of the cells' mean `log2 lambda_1` that this law explains.
    SharpnessRSquared {
        /// Whose top eigenvalue.
        matrix: Matrix,
    },
    /// How often a certified bound of a network lies on the wrong side of its measured eigenvalue
    /// by more than rounding: over every bound, every network of constant width, every loss and
    /// every input-layer rate. An exact count, 0 if the bounds are right.
    BoundViolations {},
    /// Slope of `log2 eta*` on `log2 lambda_1` at initialisation: -1 where they are inversely
    /// proportional. Claim C3.
    EtaSharpnessSlope {
        /// Between what.
        scope: Scope,
        /// Which sharpness.
        #[serde(default)]
        sharpness: SharpnessKind,
    },
    /// Share of the variance of `log2 eta*` that this line explains.
    EtaSharpnessRSquared {
        /// Between what.
        scope: Scope,
        /// Which sharpness.
        #[serde(default)]
        sharpness: SharpnessKind,
    },
    /// By how many octaves a quantity is larger at the last checkpoint than at step 0, mean over
    /// cells. Claim C2.
    LateStageChange {
        /// Which quantity.
        quantity: Course,
    },
    /// Slope, across cells, of `log2` of the largest usable rate on `log2 lambda_1` at the same
    /// checkpoint. Claim C2.
    LateStageSlope {
        /// At which checkpoint.
        step: Step,
    },
    /// The exponent `a` of the largest usable rate `C (depth width)^-a` at the last checkpoint
    /// minus that at step 0. Claim C2.
    LateStageExponentChange {},
    /// Mean of `log2 eta*(variant) - log2 eta*(first variant)` over cells paired by architecture
    /// and input-layer rate, in octaves.
    Shift {
        /// The variant.
        variant: String,
    },
    /// `log2` of the constant rate with the lowest loss at the end of the budget over eta\*, among
    /// the rungs of the ladder at and below eta\*; mean over cells. Needs `whole_budget`.
    FastestRate {},
    /// By how many octaves the loss at the end of the budget at `2^octaves eta*` lies above the
    /// lowest of its search; mean over cells. Needs `whole_budget`.
    LateLossExcess {
        /// The rung.
        octaves: f64,
    },
    /// `log2 (s(variant) / s(against))`, with `s` the standard deviation of `log2 eta*` between
    /// the repeats of a cell, pooled over cells.
    NoiseRatio {
        /// The variant.
        variant: String,
        /// The variant it is compared with.
        against: String,
    },
    /// A quantile of the absolute error, in octaves, with which cells are predicted from cells
    /// whose `depth * width` is smaller by at least a factor. Predictions are made once; the
    /// interval resamples the architectures predicted.
    TransferError {
        /// Only predictions over at least this factor count.
        #[serde(deserialize_with = "not_negative")]
        at_least_factor: f64,
        /// Which quantile of the absolute errors: 0.5 is the median.
        #[serde(deserialize_with = "share")]
        quantile: f64,
        /// The law that predicts; the one that `etastar predict` would choose where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        law: Option<Law>,
    },
    /// The share of such predictions whose interval holds what was measured.
    TransferCoverage {
        /// Only predictions over at least this factor count.
        #[serde(deserialize_with = "not_negative")]
        at_least_factor: f64,
        /// Which of the two intervals, by what it is an interval of.
        of_what: Covered,
        /// As that of the error.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        law: Option<Law>,
    },
    /// Root-mean-square error, in octaves, with which a proxy predicts eta\*. Predictions are made
    /// once; the interval resamples architectures, and with them the constant where one is fitted.
    ProxyRmse {
        /// What predicts.
        proxy: Proxy,
        /// Whether one constant, fitted to all other architectures, is added.
        calibrated: bool,
    },
    /// By how much the error of a proxy is below that of another, on the cells that both say
    /// something of. Positive where it is.
    ProxyGain {
        /// What predicts.
        proxy: Proxy,
        /// What it is compared with.
        over: Proxy,
        /// Whether one constant, fitted to all other architectures, is added to both, as is usual.
        #[serde(default = "yes")]
        calibrated: bool,
    },
}

/// An exponent of a law.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The only one of a law with one regressor.
    #[default]
    Joint,
    /// Depth's own, of the law `separate`.
    Depth,
    /// Width's own, of the law `separate`.
    Width,
}

fn yes() -> bool {
    true
}

fn share<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(from)?;
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(D::Error::custom(format!(
            "must lie strictly between 0 and 1, not {value}"
        )))
    }
}

impl Statistic {
    /// The quantity that its cells measure.
    pub(crate) fn quantity(&self) -> Quantity {
        match self {
            Self::SharpnessExponent { matrix } | Self::SharpnessRSquared { matrix } => {
                (*matrix).into()
            }
            Self::BoundViolations {} | Self::BoundExponent { .. } => Quantity::Hessian,
            _ => Quantity::EtaStar,
        }
    }

    /// Whether it is about this dataset at all: where not, there is no finding.
    pub(crate) fn applies(&self, dataset: &Dataset<'_>) -> bool {
        match self {
            Self::Shift { .. } | Self::NoiseRatio { .. } => dataset.is_of_first_variant(),
            _ => true,
        }
    }

    /// The cells that it looks at where these are asked for: what it does not choose by is left
    /// out, and a filter of its own is added.
    pub(crate) fn looked_at(&self, cells: &Selector) -> Selector {
        let none = Selector::default();
        match self {
            Self::NoiseRatio { .. } => none,
            Self::Shift { .. } => Selector {
                variant: None,
                loss: None,
                ..cells.clone()
            },
            Self::BoundViolations {} => Selector {
                variant: cells.variant.clone(),
                ..none
            },
            Self::LateStageChange { .. }
            | Self::LateStageSlope { .. }
            | Self::LateStageExponentChange {} => Selector {
                input_rate: cells.input_rate,
                ..none
            },
            Self::TransferError { .. } | Self::TransferCoverage { .. } => predicted(cells),
            _ => cells.clone(),
        }
    }

    /// Makes the statistic ready on the selected cells of a dataset.
    ///
    /// # Errors
    /// If the dataset has no such cells, or if they do not determine it.
    pub(crate) fn prepare<'a>(
        &'a self,
        dataset: &Dataset<'a>,
        cells: &Selector,
    ) -> Result<Estimator<'a>, NotMeasured> {
        match self {
            Self::Exponent { law, part } => {
                let number = match (part, law) {
                    (
                        Part::Joint,
                        Law::DepthWidth
                        | Law::EffectiveSize
                        | Law::HiddenEffectiveSize
                        | Law::Moment,
                    )
                    | (Part::Depth, Law::Separate) => LawNumber::FirstExponent,
                    (Part::Width, Law::Separate) => LawNumber::SecondExponent,
                    _ => return Err(NotMeasured::Undetermined("the law has no such exponent")),
                };
                of_law(dataset, cells, *law, number)
            }
            Self::ExponentGap {} => of_law(dataset, cells, Law::Separate, LawNumber::ExponentGap),
            Self::RSquared { law } => of_law(dataset, cells, *law, LawNumber::RSquared),
            Self::Rmse { law } => of_law(dataset, cells, *law, LawNumber::Rmse),
            Self::SizeError { law } => of_law(dataset, cells, *law, LawNumber::SizeError),
            Self::Misfit { law } => of_law(dataset, cells, *law, LawNumber::Misfit),
            Self::ForwardError { law } => forward_error(dataset, cells, *law),
            Self::BoundExponent { bound } => bound_exponent(dataset, cells, bound),
            Self::LeaveOneOut { law } => of_law(dataset, cells, *law, LawNumber::LeaveOneOut),
            Self::LeaveOneRateOut { law } => rate_left_out(dataset, cells, *law),
            Self::NotMonotone {} => not_monotone(dataset, cells),
            Self::SharpnessExponent { matrix } => {
                of_sharpness(dataset, cells, *matrix, LawNumber::FirstExponent)
            }
            Self::SharpnessRSquared { matrix } => {
                of_sharpness(dataset, cells, *matrix, LawNumber::RSquared)
            }
            Self::BoundViolations {} => bound_violations(dataset, cells),
            Self::EtaSharpnessSlope { scope, sharpness } => {
                of_line(dataset, cells, *scope, *sharpness, |line| line.slope)
            }
            Self::EtaSharpnessRSquared { scope, sharpness } => {
                of_line(dataset, cells, *scope, *sharpness, |line| line.r_squared)
            }
            Self::LateStageChange { quantity } => Ok(late_stage(dataset, cells)?.change(*quantity)),
            Self::LateStageSlope { step } => Ok(late_stage(dataset, cells)?.slope(*step)),
            Self::LateStageExponentChange {} => Ok(late_stage(dataset, cells)?.exponent_change()),
            Self::Shift { variant } => {
                let none = NotMeasured::Undetermined("the experiment has no variants");
                let first = dataset.variants().first().ok_or(none)?;
                difference(dataset, dataset.variant(variant)?, first, cells)
            }
            Self::FastestRate {} => fastest_rate(dataset, cells),
            Self::LateLossExcess { octaves } => late_loss_excess(dataset, cells, *octaves),
            Self::NoiseRatio { variant, against } => {
                let cells =
                    |name| Ok::<_, NotMeasured>(dataset.counterparts(dataset.variant(name)?));
                Ok(log2_deviation(&cells(variant)?).minus(log2_deviation(&cells(against)?)))
            }
            Self::TransferError {
                at_least_factor,
                quantile: p,
                law,
            } => {
                let groups = far(dataset, cells, *at_least_factor, *law)?;
                Ok(Estimator::new(groups, 1, Unit::Octaves, |sample| {
                    let all = sample.iter().flat_map(|group| group.iter());
                    let errors = sorted(all.map(|one| one.error.abs()));
                    quantile(&errors, *p).ok_or(NO_PREDICTION)
                }))
            }
            Self::TransferCoverage {
                at_least_factor,
                of_what,
                law,
            } => {
                let groups = far(dataset, cells, *at_least_factor, *law)?;
                Ok(Estimator::new(groups, 1, Unit::Share, |sample| {
                    let all = sample.iter().flat_map(|group| group.iter());
                    of_what.share(all).ok_or(NO_PREDICTION)
                }))
            }
            Self::ProxyRmse { proxy, calibrated } => {
                let is_said = |cell: &ProxyCell| cell.value(*proxy).is_some();
                let groups = said(dataset, cells, is_said)?;
                Ok(Estimator::new(groups, 1, Unit::Octaves, move |sample| {
                    rmse(*proxy, sample, is_said, *calibrated).ok_or(NO_PROXY)
                }))
            }
            Self::ProxyGain {
                proxy,
                over,
                calibrated,
            } => {
                let is_said =
                    |cell: &ProxyCell| cell.value(*proxy).is_some() && cell.value(*over).is_some();
                let groups = said(dataset, cells, is_said)?;
                Ok(Estimator::new(groups, 1, Unit::Octaves, move |sample| {
                    let error = |proxy| rmse(proxy, sample, is_said, *calibrated).ok_or(NO_PROXY);
                    Ok(error(*over)? - error(*proxy)?)
                }))
            }
        }
    }

    /// The statistic in words, in the markup of texts.
    pub fn words(&self) -> String {
        let quality = |what: &str, law: &Law| format!("{what} of the {}", law.words());
        let by =
            |law: Option<Law>| law.map_or(String::new(), |law| format!(" by the {}", law.words()));
        match self {
            Self::Exponent { law, part } => quality(
                match part {
                    Part::Joint => "exponent",
                    Part::Depth => "exponent of depth",
                    Part::Width => "exponent of width",
                },
                law,
            ),
            Self::ExponentGap {} => "exponent of depth minus exponent of width".to_owned(),
            Self::RSquared { law } => quality("R^{2}", law),
            Self::Rmse { law } => quality("rms residual", law),
            Self::SizeError { law } => quality("rms residual over the exponent", law),
            Self::Misfit { law } => quality("misfit beyond noise", law),
            Self::ForwardError { law } => quality(
                "error on networks 2 to 4 times larger than those fitted",
                law,
            ),
            Self::BoundExponent { bound } => {
                format!("exponent of the power law of the bound `{bound}` in depth × width")
            }
            Self::LeaveOneOut { law } => quality("leave-one-cell-out error", law),
            Self::LeaveOneRateOut { law } => quality("error at an input rate left out", law),
            Self::NotMonotone {} => "share of searches that are not monotone".to_owned(),
            Self::SharpnessExponent { matrix } => format!(
                "exponent of the power law of λ_{{1}}({}) in depth × width",
                matrix.symbol()
            ),
            Self::SharpnessRSquared { matrix } => format!(
                "R^{{2}} of the power law of λ_{{1}}({}) in depth × width",
                matrix.symbol()
            ),
            Self::BoundViolations {} => "violations of certified bounds".to_owned(),
            Self::EtaSharpnessSlope { scope, sharpness } => format!(
                "slope of log_{{2}} η* on log_{{2}} {} {}",
                sharpness.symbol(),
                scope.words()
            ),
            Self::EtaSharpnessRSquared { scope, sharpness } => format!(
                "R^{{2}} of log_{{2}} η* on log_{{2}} {} {}",
                sharpness.symbol(),
                scope.words()
            ),
            Self::LateStageChange { quantity } => {
                format!(
                    "change of {} from step 0 to the last checkpoint",
                    quantity.words()
                )
            }
            Self::LateStageSlope { step } => format!(
                "slope of log_{{2}} rate on log_{{2}} {} {}",
                SharpnessKind::default().symbol(),
                step.words()
            ),
            Self::LateStageExponentChange {} => "exponent of depth × width of the largest usable \
                                                 rate, last checkpoint minus step 0"
                .to_owned(),
            Self::Shift { variant } => format!("shift of η* by the variant `{variant}`"),
            Self::FastestRate {} => "fastest constant rate over η*".to_owned(),
            Self::LateLossExcess { octaves } => {
                format!("loss at η* × 2^{{{octaves}}} above the lowest")
            }
            Self::NoiseRatio { variant, against } => {
                format!("log_{{2}} of the noise of `{variant}` over that of `{against}`")
            }
            Self::TransferError {
                at_least_factor,
                quantile,
                law,
            } => format!(
                "{} % quantile of the absolute prediction error{}, for networks larger than those \
                 fitted by a factor of at least {}",
                number(100.0 * quantile),
                by(*law),
                number(*at_least_factor)
            ),
            Self::TransferCoverage {
                at_least_factor,
                of_what,
                law,
            } => format!(
                "share of {}{}, for networks larger than those fitted by a factor of at least {}",
                match of_what {
                    Covered::Mean => "predicted cells whose mean lies in its interval",
                    Covered::Single => {
                        "repeats of predicted cells that lie in the interval of one network"
                    }
                },
                by(*law),
                number(*at_least_factor)
            ),
            Self::ProxyRmse { proxy, calibrated } => {
                format!(
                    "rms error of the {}, {}",
                    proxy.words(),
                    constant(*calibrated)
                )
            }
            Self::ProxyGain {
                proxy,
                over,
                calibrated,
            } => format!(
                "rms error of the {} minus that of the {}, {}",
                over.words(),
                proxy.words(),
                constant(*calibrated)
            ),
        }
    }
}

fn constant(calibrated: bool) -> &'static str {
    if calibrated {
        "one constant fitted"
    } else {
        "as it stands"
    }
}

fn of_law<'a>(
    dataset: &Dataset<'a>,
    cells: &Selector,
    law: Law,
    number: LawNumber,
) -> Result<Estimator<'a>, NotMeasured> {
    estimator(dataset.points(cells, Quantity::EtaStar)?, law, number, 1.0)
}

/// The law of sharpness is written with the exponent of a quantity that grows.
fn of_sharpness<'a>(
    dataset: &Dataset<'a>,
    cells: &Selector,
    matrix: Matrix,
    number: LawNumber,
) -> Result<Estimator<'a>, NotMeasured> {
    let sign = if number == LawNumber::FirstExponent {
        -1.0
    } else {
        1.0
    };
    estimator(
        dataset.points(cells, matrix.into())?,
        Law::DepthWidth,
        number,
        sign,
    )
}

fn estimator<'a>(
    groups: Vec<Vec<Point>>,
    law: Law,
    number: LawNumber,
    sign: f64,
) -> Result<Estimator<'a>, NotMeasured> {
    let full = fit_groups(law, &groups)?;
    let groups = shaped(groups);
    Ok(Estimator::new(
        groups,
        law.coefficients(),
        number.unit(),
        move |sample| Ok(sign * law_numbers(&full, sample)?[number as usize]),
    ))
}

fn shaped(groups: Vec<Vec<Point>>) -> Vec<(Shape, Vec<Point>)> {
    let shaped = groups
        .into_iter()
        .filter_map(|group| Some((group.first()?.shape(), group)));
    shaped.collect()
}

fn forward_error<'a>(
    dataset: &Dataset<'a>,
    cells: &Selector,
    law: Law,
) -> Result<Estimator<'a>, NotMeasured> {
    let groups = dataset.points(cells, Quantity::EtaStar)?;
    let full = fit_groups(law, &groups)?;
    let all: Vec<&Point> = groups.iter().flatten().collect();
    let mut predictions = forward(&full, &all);
    predictions.sort_by_key(|one| one.shape);
    let judged = predictions.chunk_by(|a, b| a.shape == b.shape);
    let judged: Vec<(Shape, Vec<Forward>)> =
        judged.map(|own| (own[0].shape, own.to_vec())).collect();
    let coefficients = law.coefficients();
    Ok(Estimator::new(
        judged,
        coefficients,
        Unit::Octaves,
        |sample| {
            let predictions: Vec<Forward> = sample.iter().copied().flatten().copied().collect();
            Forward::error(&predictions).ok_or(NO_PREDICTION)
        },
    ))
}

fn bound_exponent<'a>(
    dataset: &Dataset<'a>,
    cells: &Selector,
    bound: &str,
) -> Result<Estimator<'a>, NotMeasured> {
    let bound = CERTIFIED.iter().find(|one| one.name == bound);
    let bound = bound.ok_or(NotMeasured::Undetermined("there is no bound of that name"))?;
    let chosen = dataset.select(cells, Quantity::Hessian)?;
    let records = chosen.architectures.iter().flat_map(|own| own.cells.iter());
    let points = records.filter_map(|record| {
        let point = Point::from_record(record, Quantity::Hessian)?;
        let bounds = record.repeats.iter().filter_map(|repeat| {
            let bounds = repeat.sharpness()?.sharpness.bounds.as_ref()?;
            Some((repeat.repeat, Observed::Found((bound.of)(bounds).log2())))
        });
        let repeats: Vec<(usize, Observed)> = bounds.collect();
        (!repeats.is_empty()).then_some(Point { repeats, ..point })
    });
    let groups = by_architecture(points);
    if groups.is_empty() {
        return Err(NotMeasured::NoCells("sharpness with certified bounds"));
    }
    estimator(groups, Law::DepthWidth, LawNumber::FirstExponent, -1.0)
}

fn rate_left_out<'a>(
    dataset: &Dataset<'a>,
    cells: &Selector,
    law: Law,
) -> Result<Estimator<'a>, NotMeasured> {
    let groups = dataset.points(cells, Quantity::EtaStar)?;
    let rates = input_rates(groups.iter().flatten());
    if rates.len() < 2 {
        return Err(NotMeasured::TooFew {
            what: "input-layer rates",
            found: rates.len(),
            needed: 2,
        });
    }
    let full = fit_groups(law, &groups)?;
    let groups = shaped(groups);
    Ok(Estimator::new(
        groups,
        law.coefficients(),
        Unit::Octaves,
        move |sample| leave_one_rate_out(&full, sample, &rates),
    ))
}

fn not_monotone<'a>(dataset: &Dataset<'a>, cells: &Selector) -> Result<Estimator<'a>, NotMeasured> {
    let chosen = dataset.select(cells, Quantity::EtaStar)?;
    let groups = chosen.architectures.iter().map(|own| {
        let counts: SearchCounts = own.cells.iter().copied().collect();
        (
            (own.depth, own.width),
            [counts.not_monotone, counts.laddered],
        )
    });
    let groups: Vec<_> = groups.filter(|(_, [_, looked])| *looked > 0).collect();
    if groups.is_empty() {
        return Err(NotMeasured::NoCells(
            "searches with a ladder of rates around eta*",
        ));
    }
    Ok(Estimator::share(groups))
}

fn late_stage<'a>(dataset: &Dataset<'a>, cells: &Selector) -> Result<LateStage<'a>, NotMeasured> {
    LateStage::new(dataset, cells.input_rate, SharpnessKind::default())
}

fn bound_violations<'a>(
    dataset: &Dataset<'a>,
    cells: &Selector,
) -> Result<Estimator<'a>, NotMeasured> {
    let none = NotMeasured::NoCells("sharpness with certified bounds");
    let records = dataset.networks(cells)?;
    let certified = tightness(&records).into_iter();
    let certified: Vec<usize> = certified
        .filter(|bound| bound.holds_for == HoldsFor::Network)
        .map(|bound| bound.violations)
        .collect();
    if certified.is_empty() {
        return Err(none);
    }
    let violations: usize = certified.iter().sum();
    let exact = vec![((0, 0), violations as f64)];
    Ok(Estimator::new(exact, 1, Unit::Count, |all| {
        Ok(all.iter().copied().sum())
    }))
}

fn of_line<'a>(
    dataset: &Dataset<'a>,
    cells: &Selector,
    scope: Scope,
    sharpness: SharpnessKind,
    number: fn(&Line) -> f64,
) -> Result<Estimator<'a>, NotMeasured> {
    let groups = joined(dataset, cells, sharpness)?
        .into_iter()
        .filter_map(|group| {
            let cell = &group.first()?.record.cell;
            Some(((cell.depth(), cell.constant_width()?), group))
        });
    let groups = groups.collect();
    Ok(Estimator::new(
        groups,
        scope.coefficients(),
        Unit::Plain,
        move |sample| Ok(number(&line(sample, scope)?)),
    ))
}

const NO_PREDICTION: NotMeasured = NotMeasured::TooFew {
    what: "predicted cells that far beyond those fitted",
    found: 0,
    needed: 1,
};

/// The predictions over at least a factor, by architecture.
fn far(
    dataset: &Dataset<'_>,
    cells: &Selector,
    at_least_factor: f64,
    law: Option<Law>,
) -> Result<Vec<(Shape, Vec<Transferred>)>, NotMeasured> {
    let groups = transfers(dataset, cells, law)?
        .into_iter()
        .filter_map(|group| {
            let all = group.into_iter();
            let far: Vec<Transferred> = all.filter(|one| one.factor >= at_least_factor).collect();
            let first = far.first()?;
            Some(((first.depth, first.width), far))
        });
    let groups: Vec<_> = groups.collect();
    if groups.is_empty() {
        Err(NO_PREDICTION)
    } else {
        Ok(groups)
    }
}

const NO_PROXY: NotMeasured = NotMeasured::TooFew {
    what: "architectures of which the proxy says something",
    found: 0,
    needed: 1,
};

/// The cells of which something is said, by architecture.
fn said(
    dataset: &Dataset<'_>,
    cells: &Selector,
    is_said: impl Fn(&ProxyCell) -> bool,
) -> Result<Vec<(Shape, Vec<ProxyCell>)>, NotMeasured> {
    let groups = proxy_cells(dataset, cells)?
        .into_iter()
        .filter_map(|group| {
            let first = group.first()?;
            let shape = (first.depth, first.width);
            group.iter().any(&is_said).then_some((shape, group))
        });
    let groups: Vec<_> = groups.collect();
    if groups.is_empty() {
        Err(NO_PROXY)
    } else {
        Ok(groups)
    }
}
