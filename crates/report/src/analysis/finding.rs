use serde::Serialize;

use super::{Effect, Verdict};

/// A criterion, applied to one dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The claim the criterion belongs to.
    pub claim: String,
    /// What it says, in a sentence.
    pub says: String,
    /// The statistic in words.
    pub statistic: String,
    /// The rule in words.
    pub rule: String,
    /// The dataset, named as series of cells are.
    pub dataset: String,
    /// The statistic, where it was measured.
    pub effect: Option<Effect>,
    /// What the criterion came to.
    pub verdict: Verdict,
    /// Why the statistic was not measured, or has no interval.
    pub reason: Option<String>,
}
