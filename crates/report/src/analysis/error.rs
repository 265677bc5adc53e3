use thiserror::Error;

/// An `[analysis]` table that is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnalysisError {
    /// The table itself.
    #[error("[analysis]: {0}")]
    Table(String),
    /// One of its criteria.
    #[error("[analysis], criterion {number}: {problem}")]
    Criterion {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        problem: String,
    },
}
