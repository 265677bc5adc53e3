use thiserror::Error;

use crate::fit::Reason;

/// Why a statistic was not computed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NotMeasured {
    /// No cell of the needed kind is finished.
    #[error("there are no measured cells of {0}")]
    NoCells(&'static str),
    /// The cells do not determine a law.
    #[error("{0}")]
    NotFitted(#[from] Reason),
    /// The experiment has no variant of that name.
    #[error("there is no variant `{0}`")]
    NoVariant(String),
    /// The cells are not of one protocol.
    #[error(
        "the cells differ in {0}, so they are not of one kind; the statistic has to say which are meant"
    )]
    SeveralKinds(String),
    /// There are no cells at the input-layer rate.
    #[error("there are no measured cells at the input-layer rate {0}")]
    NoSuchRate(f64),
    /// A comparison of input-layer rates without two.
    #[error("only one input-layer rate is measured")]
    OneInputRate,
    /// Too few of something.
    #[error("{what}: {found}; at least {needed} are needed")]
    TooFew {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The data do not determine the number.
    #[error("{0}")]
    Undetermined(&'static str),
}
