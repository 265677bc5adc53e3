//! What a measurement of one network takes besides samples, network and protocol.

use std::path::PathBuf;

use etastar_search::Interrupt;
use etastar_search::settings::{RepeatCount, Seed};

use crate::execution::Execution;

/// Repeats, seed, device, and what becomes of the result.
#[derive(Debug, Clone)]
pub struct Options {
    /// Repeats; they differ in initial weights and batch order.
    pub repeats: usize,
    /// Master seed, from which every random number is derived.
    pub seed: u64,
    /// Backend, device and threads.
    pub execution: Execution,
    /// Where a search for eta\* starts; how sharpness is measured does not depend on it.
    pub start: Start,
    /// The store in which everything is kept, from which the same call goes on; none keeps nothing.
    pub store: Option<PathBuf>,
    /// What the user has typed or called, for the store.
    pub command: String,
    /// Ends the measurement when it is requested, from any thread.
    pub interrupt: Interrupt,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            repeats: RepeatCount::DEFAULT,
            seed: Seed::DEFAULT,
            execution: Execution::default(),
            start: Start::default(),
            store: None,
            command: "etastar (library)".to_owned(),
            interrupt: Interrupt::default(),
        }
    }
}

/// Where a search starts. Where success is monotone in the learning rate, the answer does not depend
/// on it, only how many trials it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Start {
    /// At the eta\* that the published law predicts or, where it has nothing to say, as `Protocol`.
    #[default]
    Published,
    /// At the eta\* that this store of a sweep predicts.
    Store(PathBuf),
    /// As the protocol says.
    Protocol,
}
