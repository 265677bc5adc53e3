use serde::{Deserialize, Serialize};

/// A statistic's value with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Effect {
    /// The value.
    pub value: f64,
    /// Its interval, `[low, high]`; absent where none can be computed, and for
    /// exact numbers.
    pub interval: Option<[f64; 2]>,
    /// Confidence of the interval.
    pub confidence: f64,
    /// Unit of the value and the interval.
    pub unit: Unit,
}

impl Effect {
    /// What a rule is applied to: the interval, or the number itself if it is
    /// exact.
    pub fn bounds(&self) -> Option<[f64; 2]> {
        let exact = self.unit.is_exact().then_some([self.value; 2]);
        self.interval
            .or(exact)
            .filter(|ends| ends.iter().all(|end| end.is_finite()))
    }
}

/// What a statistic is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A number without a unit: an exponent, a slope, an R².
    Plain,
    /// Octaves: factors of two, counted by their `log2`.
    Octaves,
    /// A share of one.
    Share,
    /// A ratio of two quantities of one kind.
    Factor,
    /// An exact count.
    Count,
}

impl Unit {
    /// Whether its numbers are known without error, so that they have no
    /// interval.
    pub fn is_exact(self) -> bool {
        self == Self::Count
    }
}
