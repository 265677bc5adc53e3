//! What was tried in one repeat, and what is known from it.

use crate::TrialRecord;

/// The learning rates tried in one repeat and whether each succeeded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tried {
    /// By ascending rate.
    rates: Vec<(f64, bool)>,
}

impl Tried {
    /// Nothing tried yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers a trial; the first outcome of a rate stands.
    pub fn insert(&mut self, learning_rate: f64, success: bool) {
        if let Err(place) = self.place(learning_rate) {
            self.rates.insert(place, (learning_rate, success));
        }
    }

    /// Whether this rate succeeded, if it was tried.
    pub fn outcome(&self, learning_rate: f64) -> Option<bool> {
        self.place(learning_rate)
            .ok()
            .map(|place| self.rates[place].1)
    }

    /// The largest rate that succeeded.
    pub fn largest_success(&self) -> Option<f64> {
        let mut descending = self.rates.iter().rev();
        descending
            .find(|(_, success)| *success)
            .map(|(rate, _)| *rate)
    }

    /// The smallest rate above `rate` that failed.
    pub fn smallest_failure_above(&self, rate: f64) -> Option<f64> {
        let mut ascending = self.rates.iter();
        ascending
            .find(|(tried, success)| !success && *tried > rate)
            .map(|(tried, _)| *tried)
    }

    /// Whether success is monotone in the rate as far as was tried: no rate
    /// failed below one that succeeded.
    pub fn monotone(&self) -> bool {
        self.rates.is_sorted_by(|low, high| low.1 >= high.1)
    }

    /// Number of rates tried.
    pub fn len(&self) -> usize {
        self.rates.len()
    }

    /// Whether nothing was tried.
    pub fn is_empty(&self) -> bool {
        self.rates.is_empty()
    }

    fn place(&self, learning_rate: f64) -> Result<usize, usize> {
        self.rates
            .binary_search_by(|(rate, _)| rate.total_cmp(&learning_rate))
    }
}

impl<'a> FromIterator<&'a TrialRecord> for Tried {
    fn from_iter<I: IntoIterator<Item = &'a TrialRecord>>(trials: I) -> Self {
        let mut tried = Self::new();
        for trial in trials {
            tried.insert(trial.learning_rate, trial.succeeded());
        }
        tried
    }
}
