//! The search over learning rates, as a pure function of what has been tried.
//!
//! [`next`] looks at every rate tried so far and names the next one to try, or
//! the answer. It keeps no state of its own, so a search that was interrupted
//! resumes from its stored trials, and a rate is never tried twice.

mod ahead;
mod arithmetic;
mod ladder;
mod octaves;
mod tried;

pub use ahead::ahead;
pub use tried::Tried;

use crate::{EtaStar, Protocol, SearchMethod};

/// What a search does next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Plan {
    /// Train at this learning rate.
    Try(f64),
    /// The search is over.
    Done(EtaStar),
}

/// The next step of the search, after `tried`.
pub fn next(protocol: &Protocol, tried: &Tried) -> Plan {
    let bracketing = match protocol.search {
        SearchMethod::Octaves {
            start,
            lowest,
            highest,
            tolerance,
        } => octaves::next(start, lowest, highest, tolerance, tried),
        SearchMethod::Arithmetic {
            low,
            high,
            tolerance,
        } => arithmetic::next(low, high, tolerance, tried),
    };
    match bracketing {
        Plan::Done(answer) => match ladder::next(&protocol.ladder, answer, tried) {
            Some(rate) => Plan::Try(rate),
            None => bracketing,
        },
        Plan::Try(_) => bracketing,
    }
}

#[cfg(test)]
mod tests;
