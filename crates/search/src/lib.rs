//! Measuring eta\*: trials, the search over learning rates, cells, sweeps and
//! the results store.
//!
//! | from small to large | is |
//! |---|---|
//! | [`run_trial`] | one training at one learning rate, and the rule by which it succeeds |
//! | [`plan`] | the search over rates, a pure function of what was tried |
//! | [`Cell`] | one dataset, network and [`Protocol`]; its eta\* is one number |
//! | [`Experiment`] | a grid of cells, read from TOML |
//! | [`run_sweep`] | every repeat of every cell, on several threads, into a [`Store`] |
//! | [`run_sharpness_sweep`] | the same for the sharpness of networks at initialisation |
//!
//! Knows nothing of plots or theory.

mod cell;
mod cheap_rates;
mod checks;
mod experiment;
mod interrupt;
pub mod mock;
pub mod plan;
mod pool;
mod protocol;
mod random;
mod record;
mod repeat;
mod repeats;
pub mod scale;
mod sharpness;
pub mod statistics;
mod store;
mod sweep;
mod training;

pub use cell::{Cell, Checkpoint, Provenance, Strategy, Vary};
pub use cheap_rates::{CheapRate, CheapRateSettings, CheapRates};
pub use experiment::{
    Experiment, ExperimentError, GridSettings, Measure, Network, SharpnessSettings, Variant,
};
pub use interrupt::Interrupt;
pub use protocol::{InvalidProtocol, Protocol, SearchMethod, SuccessRule};
pub use random::MasterSeed;
pub use record::{
    CellRecord, CurvePoint, EtaStar, Host, Manifest, NotRun, Outcome, RepeatRecord, Session,
    Snapshot, TrialRecord, VariantCells,
};
pub use repeats::{InvalidShard, Repeats, Shard};
pub use sharpness::{
    PlannedSharpness, SharpnessCell, SharpnessCellRecord, SharpnessMeter, SharpnessRecord,
    run_sharpness_sweep,
};
pub use store::{Adopted, FORMAT_VERSION, Grid, Merged, Store, StoreError};
pub use sweep::{Observer, PlannedCell, Silent, SweepEnd, SweepError, run_sweep};
pub use training::{
    Asked, BurnTrainer, EnsembleLimits, EnsembleTrainer, Judge, Prepared, Trainer, TrainerError,
    Training, arithmetic, run_trial,
};
