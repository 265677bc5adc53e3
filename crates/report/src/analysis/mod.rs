//! What an experiment's numbers say, by rules that were written down before
//! anything ran.
//!
//! The `[analysis]` table of an experiment ([`Analysis`]) names the sections
//! its report shows and the criteria its claims are judged by. A
//! [`Criterion`] pairs a [`Statistic`], a number with a bootstrap interval
//! ([`Effect`]), with a [`Rule`]; [`findings`] computes every criterion on
//! every dataset of a store and gives each its [`Verdict`].
//!
//! All intervals come from one engine: whole architectures are resampled, each
//! with all its cells at all input-layer rates, variants and checkpoints and
//! with all their repeats (see the module `resample`). They answer for the
//! noise of repeats and for the choice of the grid's architectures.

mod cells;
mod criterion;
mod effect;
mod error;
mod eta_sharpness;
mod finding;
mod findings;
mod join;
mod late_stage;
mod law_effects;
mod line;
mod noise;
mod not_measured;
mod options;
mod points;
mod proportion;
mod proxies;
mod rate;
mod read;
mod resample;
mod rule;
mod shifts;
mod size_laws;
mod specification;
mod statistic;
mod transfer;
mod verdict;
mod view;
mod words;

pub(crate) use cells::{DatasetCells, datasets};
pub use criterion::Criterion;
pub use effect::{Effect, Unit};
pub use error::AnalysisError;
pub use eta_sharpness::Scope;
pub(crate) use eta_sharpness::{Relation, Slope, relations};
pub use finding::Finding;
pub use findings::findings;
pub(crate) use join::JoinedCell;
pub use join::SharpnessKind;
pub(crate) use late_stage::{LateStage, Trajectory};
pub use late_stage::{Quantity, Step};
pub(crate) use law_effects::LawEffects;
pub use noise::{Noise, noise};
pub use not_measured::NotMeasured;
pub use options::AnalysisOptions;
pub use proxies::{Proxy, ProxyCell, ProxyQuality, ProxyValue, proxy_cells};
pub use rate::Rate;
pub use rule::Rule;
pub use shifts::{Shift, shifts};
pub(crate) use size_laws::SizeLaw;
pub use specification::Analysis;
pub use statistic::*;
pub use transfer::{Transferred, transfers};
pub use verdict::Verdict;
pub use view::View;

#[cfg(test)]
pub(crate) mod synthetic;
#[cfg(test)]
mod tests;
