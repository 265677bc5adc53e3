//! The paper's form: bisection of the learning rate itself.
//!
//! The ends of the first bracket are tried too, so that an edge outside of it
//! is reported instead of mistaken for an end.

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
        match tried.outcome(low) {
            None => return Plan::Try(low),
            Some(false) => return Plan::Done(EtaStar::NothingSucceeds { lowest: low }),
            Some(true) => {}
        }
        while high - low > self.tolerance {
            let middle = 0.5 * (low + high);
            match tried.outcome(middle) {
                None => return Plan::Try(middle),
                Some(true) => low = middle,
                Some(false) => high = middle,
            }
        }
        Plan::Done(EtaStar::Found {
            eta_star: low,
            upper: high,
        })
    }
}
