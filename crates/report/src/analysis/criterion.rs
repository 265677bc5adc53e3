use serde::{Deserialize, Serialize};

use super::{Rule, Statistic};

/// What decides whether a claim holds: a statistic, and the rule it has to
/// satisfy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// The claim it belongs to, as `C1 (ii)`; `extension` where the paper
    /// claims nothing.
    pub claim: String,
    /// What holds if the criterion is satisfied, in a sentence.
    pub says: String,
    /// What is computed.
    pub statistic: Statistic,
    /// What it has to satisfy.
    pub rule: Rule,
}
