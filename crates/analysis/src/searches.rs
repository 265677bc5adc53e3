//! How searches ended, and shares of them.

use std::ops::AddAssign;

use etastar_search::{CellRecord, EtaStar, Search};
use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

/// Counts of finished searches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchCounts {
    /// Cells with a finished search.
    pub cells: usize,
    /// Finished searches, one a repeat.
    pub searches: usize,
    /// Those that found an eta\*.
    pub found: usize,
    /// Those in which no learning rate in the range succeeded: eta\* is below it.
    pub nothing_succeeds: usize,
    /// Those in which no learning rate in the range failed: eta\* is at least its upper end.
    pub nothing_fails: usize,
    /// Those that tried rates around eta\* afterwards, without which no rate below a success is tried.
    pub laddered: usize,
    /// Those in which a rate failed below one that succeeded.
    pub not_monotone: usize,
    /// Trials of all searches.
    pub trials: usize,
}

impl SearchCounts {
    /// Searches that found no eta\* in range.
    pub fn censored(&self) -> usize {
        self.nothing_succeeds + self.nothing_fails
    }

    /// The share of the searches that looked in which success is not monotone in the rate; none
    /// where none looked.
    pub fn share_not_monotone(&self) -> Option<f64> {
        (self.laddered > 0).then(|| self.not_monotone as f64 / self.laddered as f64)
    }

    fn from_search(search: &Search, laddered: bool) -> Self {
        let ended = |is: bool| usize::from(is);
        Self {
            cells: 0,
            searches: 1,
            found: ended(matches!(search.eta_star, EtaStar::Found { .. })),
            nothing_succeeds: ended(matches!(search.eta_star, EtaStar::NothingSucceeds { .. })),
            nothing_fails: ended(matches!(search.eta_star, EtaStar::NothingFails { .. })),
            laddered: ended(laddered),
            not_monotone: ended(laddered && !search.monotone),
            trials: search.trials.len(),
        }
    }
}

impl AddAssign for SearchCounts {
    fn add_assign(&mut self, other: Self) {
        self.cells += other.cells;
        self.searches += other.searches;
        self.found += other.found;
        self.nothing_succeeds += other.nothing_succeeds;
        self.nothing_fails += other.nothing_fails;
        self.laddered += other.laddered;
        self.not_monotone += other.not_monotone;
        self.trials += other.trials;
    }
}

impl<'a> FromIterator<&'a CellRecord> for SearchCounts {
    fn from_iter<I: IntoIterator<Item = &'a CellRecord>>(records: I) -> Self {
        let mut counts = Self::default();
        for record in records {
            let mut own = Self::default();
            let laddered = record.cell.has_ladder();
            for search in record.repeats.iter().filter_map(|repeat| repeat.search()) {
                own += Self::from_search(search, laddered);
            }
            own.cells = usize::from(own.searches > 0);
            counts += own;
        }
        counts
    }
}

/// The exact interval of a share of `some` in `all` independent events (C. J.
/// Clopper and E. S. Pearson, Biometrika 26(4), 1934): with `alpha = 1 -
/// confidence`, the quantiles `alpha/2` of Beta(some, all - some + 1) and
/// `1 - alpha/2` of Beta(some + 1, all - some). None in `n` gives
/// `[0, 1 - (alpha/2)^(1/n)]`.
///
/// `None` of no events, or if the confidence is not strictly between 0 and 1.
pub(crate) fn share_interval([some, all]: [usize; 2], confidence: f64) -> Option<[f64; 2]> {
    if all == 0 || some > all || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let (x, n) = (some as f64, all as f64);
    let tail = (1.0 - confidence) / 2.0;
    let low = if some == 0 {
        0.0
    } else {
        Beta::new(x, n - x + 1.0).ok()?.inverse_cdf(tail)
    };
    let high = if some == all {
        1.0
    } else {
        Beta::new(x + 1.0, n - x).ok()?.inverse_cdf(1.0 - tail)
    };
    Some([low, high])
}

/// The interval of a difference of two independent shares, `first - second`,
/// each given as `[some, all]`, from their own exact intervals: with `p_i`
/// in `[l_i, u_i]`,
///
/// ```text
/// low  = p_1 - p_2 - sqrt( (p_1 - l_1)^2 + (u_2 - p_2)^2 )
/// high = p_1 - p_2 + sqrt( (u_1 - p_1)^2 + (p_2 - l_2)^2 )
/// ```
///
/// (R. G. Newcombe, Statistics in Medicine 17(8), 1998, there with another
/// interval of each share.)
pub(crate) fn share_difference(
    first: [usize; 2],
    second: [usize; 2],
    confidence: f64,
) -> Option<[f64; 2]> {
    let [l1, u1] = share_interval(first, confidence)?;
    let [l2, u2] = share_interval(second, confidence)?;
    let share = |[some, all]: [usize; 2]| some as f64 / all as f64;
    let (p1, p2) = (share(first), share(second));
    let gap = p1 - p2;
    Some([
        gap - (p1 - l1).hypot(u2 - p2),
        gap + (u1 - p1).hypot(p2 - l2),
    ])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statrs::distribution::{Binomial, DiscreteCDF};

    use super::*;

    #[test]
    fn none_in_n_by_hand() {
        let [low, high] = share_interval([0, 10], 0.95).unwrap();
        assert_eq!(low, 0.0);
        assert!((high - (1.0 - 0.025f64.powf(0.1))).abs() < 1e-9);
        let [low, high] = share_interval([10, 10], 0.95).unwrap();
        assert!((low - 0.025f64.powf(0.1)).abs() < 1e-9 && high == 1.0);
        assert_eq!(share_interval([0, 0], 0.95), None);
        assert_eq!(share_interval([1, 2], 1.0), None);
    }

    #[test]
    fn the_difference_of_two_certain_shares() {
        let [low, high] = share_difference([0, 10], [0, 10], 0.95).unwrap();
        let [_, end] = share_interval([0, 10], 0.95).unwrap();
        assert!((low + end).abs() < 1e-12 && (high - end).abs() < 1e-12);
    }

    proptest! {
        /// Its ends are the shares under which as many, or as few, events are
        /// as unlikely as stated.
        #[test]
        fn inverts_the_binomial_tails(n in 1u64..60, share in 0.0..1.0f64) {
            let x = (share * (n + 1) as f64) as u64;
            let [low, high] = share_interval([x as usize, n as usize], 0.9).unwrap();
            if x > 0 {
                let more = 1.0 - Binomial::new(low, n).unwrap().cdf(x - 1);
                prop_assert!((more - 0.05).abs() < 1e-5, "{}", more);
            }
            if x < n {
                let fewer = Binomial::new(high, n).unwrap().cdf(x);
                prop_assert!((fewer - 0.05).abs() < 1e-5, "{}", fewer);
            }
        }
    }
}
