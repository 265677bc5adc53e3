//! Stepping by octaves from above the edge, then bisection of `log2(eta)`.
//!
//! From `start` the rate goes down an octave at a time to the first success;
//! where `start` itself succeeds it goes up to the first failure. The bracket
//! found is halved in `log2` until it is no wider than the tolerance. Coming
//! from above is the less biased way where success is not monotone: the first
//! success met is close to the largest one.

use super::{Plan, Tried};
use crate::EtaStar;

/// The next step. All arguments but `tried` are `log2` of learning rates, or
/// octaves.
pub(super) fn next(start: f64, lowest: f64, highest: f64, tolerance: f64, tried: &Tried) -> Plan {
    let outcome = |position: f64| tried.outcome(position.exp2());
    let found = |low: f64, high: f64| bisect(low, high, tolerance, tried);

    let Some(start_succeeds) = outcome(start) else {
        return Plan::Try(start.exp2());
    };
    let mut inner = start;
    loop {
        let outer = if start_succeeds {
            (inner + 1.0).min(highest)
        } else {
            (inner - 1.0).max(lowest)
        };
        if outer == inner {
            return Plan::Done(if start_succeeds {
                EtaStar::NothingFails {
                    highest: highest.exp2(),
                }
            } else {
                EtaStar::NothingSucceeds {
                    lowest: lowest.exp2(),
                }
            });
        }
        match outcome(outer) {
            None => return Plan::Try(outer.exp2()),
            Some(succeeds) if succeeds != start_succeeds => {
                return found(inner.min(outer), inner.max(outer));
            }
            Some(_) => inner = outer,
        }
    }
}

/// Halves the bracket between a success at `low` and a failure at `high`.
fn bisect(mut low: f64, mut high: f64, tolerance: f64, tried: &Tried) -> Plan {
    while high - low > tolerance {
        let middle = 0.5 * (low + high);
        match tried.outcome(middle.exp2()) {
            None => return Plan::Try(middle.exp2()),
            Some(true) => low = middle,
            Some(false) => high = middle,
        }
    }
    Plan::Done(EtaStar::Found {
        eta_star: low.exp2(),
        upper: high.exp2(),
    })
}
