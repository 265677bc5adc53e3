//! Measuring eta\* and sharpness: trials, the search over learning rates, cells, sweeps and
//! the results store.
//!
//! | from small to large | is |
//! |---|---|
//! | [`run_trial`] | one training at one learning rate, and the rule by which it succeeds |
//! | [`plan`] | the search over rates, a pure function of what was tried |
//! | [`Cell`] | one dataset, network, and what is measured of it |
//! | [`Experiment`] | a grid of cells, read from TOML |
//! | [`run_sweep`] | every repeat of every cell, on several threads, into a [`Store`] |
//!
//! Knows nothing of plots or theory.
//!
//! ```
//! use etastar_search::plan::{Plan, Search, Tried};
//! use etastar_search::{EtaStar, mock};
//!
//! // Suppose that a network trains at any rate up to 0.3.
//! let cell = mock::search_cell(&[64; 4], 1.0);
//! let protocol = cell.protocol().ok_or("no search")?;
//! let search = Search::of_cell(&cell, protocol, (784, 10));
//! let mut tried = Tried::new();
//! let end = loop {
//!     match search.next(&tried) {
//!         Plan::Try(rate) => tried.insert(rate, rate <= 0.3),
//!         Plan::Done(end) => break end,
//!     };
//! };
//! let EtaStar::Found { eta_star, .. } = end else {
//!     return Err("not in range".into());
//! };
//! // Within an eighth of an octave below the edge.
//! assert!(eta_star <= 0.3 && eta_star > 0.3 * 2f64.powf(-0.125));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cell;
mod cheap_rates;
mod experiment;
pub mod mock;
pub mod plan;
mod planned_cell;
mod pool;
mod protocol;
mod random;
mod record;
mod repeat;
mod repeats;
pub mod scale;
mod setting;
pub mod settings;
mod store;
mod sweep;
mod training;

pub use cell::{Cell, Checkpoint, Measurement, Provenance, SharpnessSettings, Strategy, Vary};
pub use cheap_rates::{CheapRate, CheapRateSettings, CheapRates};
pub use etastar_backend::Interrupt;
pub use experiment::{
    Experiment, ExperimentError, GridSettings, Measure, Network, SharpnessGrid, Variant,
};
pub use planned_cell::PlannedCell;
pub use protocol::{InvalidProtocol, Protocol, SearchMethod, SuccessRule};
pub use random::MasterSeed;
pub use record::{
    CellRecord, CurvePoint, EtaStar, Host, Losses, Manifest, Measured, NotRun, Outcome,
    RepeatRecord, Search, Session, SharpnessRecord, Snapshot, TrialRecord, VariantCells,
};
pub use repeats::{InvalidShard, Repeats, Shard};
pub use store::{FORMAT_VERSION, Merged, Store, StoreError};
pub use sweep::{Observer, Silent, SweepEnd, SweepError, run_sweep};
pub use training::{
    Asked, BurnTrainer, EnsembleLimits, EnsembleTrainer, Evaluation, Judge, Prepared, Run, Trainer,
    TrainerError, Training, arithmetic, run_trial,
};
