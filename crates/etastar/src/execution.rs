//! Where and how trials run.

use etastar_backend::{DeviceName, Selection};
use etastar_search::EnsembleLimits;

/// Where and how trials run. Results do not depend on the number of threads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Execution {
    /// Backend and device.
    pub backend: DeviceName,
    /// Threads across trials; each trial uses one.
    pub jobs: usize,
    /// The limits of networks that are trained in one program; none trains one after the other.
    pub ensembles: Option<EnsembleLimits>,
}

impl Execution {
    /// A device with what is usual on it: a processor has a thread on every core and trains one
    /// network after the other in each; an accelerator has one thread and trains many at once.
    pub fn on(backend: impl Into<DeviceName>) -> Self {
        let backend = backend.into();
        let is_accelerator = backend.is_accelerator();
        Self {
            backend,
            jobs: match is_accelerator {
                true => 1,
                false => std::thread::available_parallelism().map_or(1, usize::from),
            },
            ensembles: is_accelerator.then(EnsembleLimits::default),
        }
    }
}

impl Default for Execution {
    /// The first backend that is compiled in.
    fn default() -> Self {
        Self::on(Selection::default_name())
    }
}
