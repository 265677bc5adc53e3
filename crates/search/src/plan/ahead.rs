//! Looking ahead: the rates that a search is most likely to ask for next.
//!
//! A search asks for one rate at a time, and what it asks for next depends on
//! the outcome. Where several rates can be tried for the price of one, those
//! that the search may ask for are tried beforehand. The search itself stays
//! what it is: it looks up what it asks for, in the same order, and so comes
//! to the same answer; a rate it never asks for changes nothing.

use std::collections::BinaryHeap;

use super::{Bracketing, Plan, Search, Tried};

impl Search<'_> {
    /// Up to `count` rates that the search may ask for after `tried`, the most
    /// probable first: the first is the one it asks for now. Empty when the
    /// search is over.
    ///
    /// Every sequence of outcomes leads to a rate. Its probability is that of
    /// the outcomes, if the edge lies with equal probability anywhere between
    /// the largest success and the smallest failure above it, on the scale on
    /// which the method bisects (`log2` of the rate, or the rate).
    pub fn ahead(&self, tried: &Tried, count: usize) -> Vec<f64> {
        let mut rates: Vec<f64> = Vec::with_capacity(count);
        let mut futures = BinaryHeap::from([Future {
            probability: 1.0,
            order: 0,
            tried: tried.clone(),
        }]);
        let mut order = 0;
        while rates.len() < count {
            let Some(future) = futures.pop() else {
                break;
            };
            let Plan::Try(rate) = self.next(&future.tried) else {
                continue;
            };
            if !rates.contains(&rate) {
                rates.push(rate);
            }
            let success = self.success_probability(&future.tried, rate);
            for (outcome, probability) in [(true, success), (false, 1.0 - success)] {
                if probability > 0.0 {
                    let mut tried = future.tried.clone();
                    tried.insert(rate, outcome);
                    order += 1;
                    futures.push(Future {
                        probability: future.probability * probability,
                        order,
                        tried,
                    });
                }
            }
        }
        rates
    }

    /// The probability that a rate succeeds.
    fn success_probability(&self, tried: &Tried, rate: f64) -> f64 {
        let (lowest, highest, position): (f64, f64, fn(f64) -> f64) = match &self.bracketing {
            Bracketing::Steps(steps) => (steps.lowest, steps.highest, f64::log2),
            Bracketing::Arithmetic(arithmetic) => (arithmetic.low, arithmetic.high, |rate| rate),
        };
        let success = tried.largest_success();
        let failure = tried.smallest_failure_above(success.unwrap_or(0.0));
        let low = success.map_or(lowest, position);
        let high = failure.map_or(highest, position);
        let share = (high - position(rate)) / (high - low);
        // Outside of the range, or where success is not monotone, nothing is known.
        if share.is_finite() {
            share.clamp(0.01, 0.99)
        } else {
            0.5
        }
    }
}

/// A possible course of the search.
struct Future {
    probability: f64,
    /// Tells equally probable ones apart, so that their order is defined.
    order: usize,
    tried: Tried,
}

impl Ord for Future {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_probability = self.probability.total_cmp(&other.probability);
        by_probability.then(other.order.cmp(&self.order))
    }
}

impl PartialOrd for Future {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Future {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Future {}
