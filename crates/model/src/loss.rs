use serde::{Deserialize, Serialize};

/// Training loss, averaged over the samples of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// `-log softmax(f)_y`.
    CrossEntropy,
    /// `|f - e_y|^2 / 2` with the one-hot target `e_y`.
    SquaredError,
}
