//! The paper's form: bisection of the learning rate itself.
//!
//! The upper end of the first bracket is tried first, so that an edge above it is reported
//! instead of mistaken for the end. The lower end is tried only if nothing above it has
//! succeeded: within a budget of steps, a rate can be too low to succeed far below the edge.

use super::{Plan, Tried};
use crate::EtaStar;

/// All values are learning rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Arithmetic {
    pub(super) low: f64,
    pub(super) high: f64,
    /// Width of the final bracket.
    pub(super) tolerance: f64,
}

impl Arithmetic {
    pub(super) fn next(&self, tried: &Tried) -> Plan {
        let (mut low, mut high) = (self.low, self.high);
        match tried.outcome(high) {
            None => return Plan::Try(high),
            Some(true) => return Plan::Done(EtaStar::NothingFails { highest: high }),
            Some(false) => {}
        }
        while high - low > self.tolerance {
            let middle = 0.5 * (low + high);
            match tried.outcome(middle) {
                None => return Plan::Try(middle),
                Some(true) => low = middle,
                Some(false) => high = middle,
            }
        }
        let nothing_succeeds = EtaStar::NothingSucceeds { lowest: low };
        let found = EtaStar::Found {
            eta_star: low,
            upper: high,
        };
        match tried.outcome(low) {
            None => Plan::Try(low),
            Some(false) => Plan::Done(nothing_succeeds),
            Some(true) => Plan::Done(found),
        }
    }
}
