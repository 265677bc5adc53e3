//! Measuring eta\*: trials, the search over learning rates, cells, sweeps and
//! the results store.

mod cell;
mod protocol;
mod record;
pub mod statistics;

pub use cell::Cell;
pub use protocol::{Protocol, SearchMethod};
pub use record::{
    CellRecord, CurvePoint, EtaStar, Host, Manifest, Outcome, RepeatRecord, Session, Snapshot,
    TrialRecord,
};
