//! The paper's form: bisection of the learning rate itself.
//!
//! The ends of the first bracket are tried too, so that an edge outside of it
//! is reported instead of mistaken for an end.

use super::{Plan, Tried};
use crate::EtaStar;

/// The next step; all arguments but `tried` are learning rates.
pub(super) fn next(low: f64, high: f64, tolerance: f64, tried: &Tried) -> Plan {
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
    let (mut low, mut high) = (low, high);
    while high - low > tolerance {
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
