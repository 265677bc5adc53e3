//! The search over learning rates, as a pure function of what has been tried.
//!
//! [`Search::next`] looks at every rate tried so far and names the next one to
//! try, or the answer. It keeps no state of its own, so a search that was
//! interrupted resumes from its stored trials, and a rate is never tried
//! twice.

mod ahead;
mod bisection;
mod kernel_start;
mod steps;
mod tried;

pub use tried::Tried;

use bisection::Arithmetic;
use kernel_start::{STEP, kernel_start};
use steps::Steps;

use crate::{Cell, EtaStar, Protocol, SearchMethod};

/// What a search does next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Plan {
    /// Train at this learning rate.
    Try(f64),
    /// The search is over.
    Done(EtaStar),
}

/// The search of a cell's repeats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search<'a> {
    bracketing: Bracketing,
    ladder: &'a [f64],
}

/// How the edge is bracketed, with every number that it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bracketing {
    Steps(Steps),
    Arithmetic(Arithmetic),
}

impl<'a> Search<'a> {
    /// The search of a cell by a protocol, on data with these numbers of features and
    /// classes.
    pub fn of_cell(cell: &Cell, protocol: &'a Protocol, (inputs, outputs): (usize, usize)) -> Self {
        Self::new(protocol, || {
            let architecture = cell.architecture(inputs, outputs);
            kernel_start(&architecture, cell.input_rate, protocol)
        })
    }

    /// A protocol's search. `kernel_start` is `log2` of the rate at which it
    /// starts if it starts from the kernel.
    fn new(protocol: &'a Protocol, kernel_start: impl FnOnce() -> f64) -> Self {
        let bracketing = match protocol.search {
            SearchMethod::FromKernel {
                start,
                lowest,
                highest,
                tolerance,
            } => Bracketing::Steps(Steps {
                start: start.unwrap_or_else(kernel_start).clamp(lowest, highest),
                may_start_below: true,
                first: STEP,
                further: 1.0,
                lowest,
                highest,
                tolerance,
            }),
            SearchMethod::Octaves {
                start,
                lowest,
                highest,
                tolerance,
            } => Bracketing::Steps(Steps {
                start,
                may_start_below: false,
                first: 1.0,
                further: 1.0,
                lowest,
                highest,
                tolerance,
            }),
            SearchMethod::Arithmetic {
                low,
                high,
                tolerance,
            } => Bracketing::Arithmetic(Arithmetic {
                low,
                high,
                tolerance,
            }),
        };
        Self {
            bracketing,
            ladder: &protocol.ladder,
        }
    }

    /// The rates that the search asks for one after the other, among those tried: without what was
    /// tried ahead, so that every strategy comes to the same verdict on them.
    pub fn asked(&self, tried: &Tried) -> Tried {
        let mut asked = Tried::new();
        while let Plan::Try(rate) = self.next(&asked) {
            let Some(success) = tried.outcome(rate) else {
                break;
            };
            asked.insert(rate, success);
        }
        asked
    }

    /// The next step of the search, after `tried`.
    pub fn next(&self, tried: &Tried) -> Plan {
        let bracketing = match &self.bracketing {
            Bracketing::Steps(steps) => steps.next(tried),
            Bracketing::Arithmetic(arithmetic) => arithmetic.next(tried),
        };
        match bracketing {
            Plan::Done(answer) => match next_rung(self.ladder, answer, tried) {
                Some(rate) => Plan::Try(rate),
                None => bracketing,
            },
            Plan::Try(_) => bracketing,
        }
    }
}

/// The first rung of the ladder not yet tried, for offsets in octaves from eta\*.
///
/// The ladder shows whether success is monotone around the answer, and never changes the answer.
fn next_rung(offsets: &[f64], answer: EtaStar, tried: &Tried) -> Option<f64> {
    let EtaStar::Found { eta_star, .. } = answer else {
        return None;
    };
    offsets
        .iter()
        .map(|offset| eta_star * offset.exp2())
        .find(|&rate| tried.outcome(rate).is_none())
}

#[cfg(test)]
mod tests;
