//! Stepping to a bracket of the edge, then bisection of `log2(eta)`.
//!
//! From `start` the rate goes down step by step to the first success; where
//! `start` itself succeeds it goes up to the first failure. The bracket found
//! is halved in `log2` until it is no wider than the tolerance. From a start
//! above the edge this is the less biased way where success is not monotone:
//! the first success met is close to the largest one.

use super::{Plan, Tried};
use crate::EtaStar;

/// Where the steps begin and how long they are. All values are `log2` of
/// learning rates, or octaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Steps {
    pub(super) start: f64,
    /// Whether the start may lie below all rates that succeed: with a budget
    /// of steps there are rates too low to succeed, too.
    pub(super) may_start_below: bool,
    /// Length of the first step.
    pub(super) first: f64,
    /// Length of the further ones.
    pub(super) further: f64,
    pub(super) lowest: f64,
    pub(super) highest: f64,
    /// Width of the final bracket.
    pub(super) tolerance: f64,
}

/// Where steps in one direction lead.
enum Walk {
    /// To a rate that was not tried yet.
    Unknown(f64),
    /// To the outcome looked for, past the last position without it.
    Turned { last: f64, position: f64 },
    /// To the end of the range.
    End,
}

impl Steps {
    pub(super) fn next(&self, tried: &Tried) -> Plan {
        let Some(start_succeeds) = tried.outcome(self.start.exp2()) else {
            return Plan::Try(self.start.exp2());
        };
        if start_succeeds {
            return self.up_to_a_failure(self.start, tried);
        }
        match self.walk(self.start, -1.0, true, tried) {
            Walk::Unknown(rate) => Plan::Try(rate),
            Walk::Turned { last, position } => self.bisect(position, last, tried),
            Walk::End if self.may_start_below => match self.walk(self.start, 1.0, true, tried) {
                Walk::Unknown(rate) => Plan::Try(rate),
                Walk::Turned { position, .. } => self.up_to_a_failure(position, tried),
                Walk::End => self.nothing_succeeds(),
            },
            Walk::End => self.nothing_succeeds(),
        }
    }

    fn up_to_a_failure(&self, success: f64, tried: &Tried) -> Plan {
        match self.walk(success, 1.0, false, tried) {
            Walk::Unknown(rate) => Plan::Try(rate),
            Walk::Turned { last, position } => self.bisect(last, position, tried),
            Walk::End => Plan::Done(EtaStar::NothingFails {
                highest: self.highest.exp2(),
            }),
        }
    }

    fn nothing_succeeds(&self) -> Plan {
        Plan::Done(EtaStar::NothingSucceeds {
            lowest: self.lowest.exp2(),
        })
    }

    /// Steps from a position, up (1) or down (-1), to the first rate whose
    /// outcome is `success`.
    fn walk(&self, from: f64, direction: f64, success: bool, tried: &Tried) -> Walk {
        let (mut last, mut step) = (from, self.first);
        loop {
            let position = (last + direction * step).clamp(self.lowest, self.highest);
            if position == last {
                return Walk::End;
            }
            match tried.outcome(position.exp2()) {
                None => return Walk::Unknown(position.exp2()),
                Some(outcome) if outcome == success => return Walk::Turned { last, position },
                Some(_) => (last, step) = (position, self.further),
            }
        }
    }

    /// Halves the bracket between a success at `low` and a failure at `high`.
    fn bisect(&self, mut low: f64, mut high: f64, tried: &Tried) -> Plan {
        while high - low > self.tolerance {
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
}
