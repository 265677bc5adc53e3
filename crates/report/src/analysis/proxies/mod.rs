//! What predicts eta\* at initialisation, and what it costs.
//!
//! Each [`Proxy`] predicts `log2 eta*` of a cell; [`proxy_cells`] sets all of
//! them beside what was measured, and [`ProxyQuality`] says how good one is.

mod cells;
mod proxy;
mod quality;

pub use cells::{ProxyCell, ProxyValue, proxy_cells};
pub use proxy::Proxy;
pub use quality::ProxyQuality;
pub(crate) use quality::rmse;
