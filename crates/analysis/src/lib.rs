//! From the results of a sweep to numbers: [`analyse`] turns the snapshot of a store into one
//! serialisable value, [`StoreAnalysis`], in which everything that a report shows is computed.
//!
//! | from small to large | is |
//! |---|---|
//! | [`Estimate`] | the number of one cell over its repeats |
//! | [`Law`], [`Fit`] | a power law, fitted by maximum likelihood to cells |
//! | [`Statistic`], [`Selector`] | a number of some cells |
//! | [`Criterion`], [`Rule`], [`Verdict`] | when such a number supports a claim |
//! | [`predict`](predict()) | eta\* of a network that was not measured |
//!
//! One quantity has one estimator and one interval. All intervals of numbers over several cells
//! come from one resampling scheme: whole architectures are resampled, each with all its cells and
//! repeats. Knows nothing of pages.
//!
//! ```
//! use etastar_analysis::{Estimate, Variance};
//!
//! // log2 of eta* in three repeats of one cell.
//! let repeats = [-1.5, -1.25, -1.75];
//! let variance = Variance::pooled([repeats.as_slice()]);
//! let cell = Estimate::from_values(&repeats, &variance, 0.95);
//! // The geometric mean, 2^-1.5.
//! assert!(cell.value.is_some_and(|eta_star| (eta_star.log2() + 1.5).abs() < 1e-12));
//! ```

mod advice;
mod analysis;
mod bootstrap;
mod bounds;
mod censored;
mod criterion;
mod dataset;
mod effect;
mod eta_sharpness;
mod fit;
mod kernel_prediction;
mod late_stage;
mod law;
mod law_fit;
mod least_squares;
mod numbers;
mod points;
mod predict;
mod proxies;
mod rule;
mod searches;
mod series;
mod statistic;
mod summary;
mod transfer;
mod variants;

pub use advice::{Advice, FastestRate, Rung};
pub use analysis::{
    EtaStarSeries, ExampleTrial, SearchExample, SharpnessSeries, StoreAnalysis, analyse,
};
pub use bounds::{
    CERTIFIED, CertifiedBound, EXPECTED, ExpectedBound, HoldsFor, MEAN_SQUARE_INPUT, Side,
    Tightness, theory,
};
pub use criterion::{
    Criterion, Evidence, Finding, Specification, SpecificationError, Subtrahend, View,
};
pub use dataset::{InputRate, Selector};
pub use effect::{Effect, NoFit, NotMeasured, Options, OptionsError, Unit};
pub use eta_sharpness::{EtaSharpness, EtaSharpnessPoint, Scope, SharpnessKind, Slope};
pub use fit::{
    Comparison, FTest, Fit, FitError, Fits, FittedLine, NotFitted, Place, Ranked, compare, fit,
};
pub use kernel_prediction::{CellPrediction, Method, Ratio, RatioSummary};
pub use late_stage::{Course, CoursePoint, LateStageCourse, Stage, Step};
pub use law::{Law, Network};
pub use numbers::{distinct, mean, quantile, shortest};
pub use points::{Matrix, Quantity};
pub use predict::{
    Extrapolation, FittedLaw, Formula, NetworkShape, PredictError, PredictOptions, Prediction,
    PublishedFormula, Rival, Spread, Warning, matching_series, predict, predict_published, source,
};
pub use proxies::{Proxies, Proxy, ProxyCell, ProxyQuality, ProxyValue};
pub use rule::{Rule, Verdict};
pub use searches::SearchCounts;
pub use series::{Series, eta_star_series, kebab};
pub use statistic::{Part, Statistic};
pub use summary::{CellSummary, Centre, Estimate, Variance, summaries};
pub use transfer::{Covered, FarTransfer, SizeBy, Transfer, TransferRange, Transferred};
pub use variants::VariantSummary;
