use thiserror::Error;

/// Why there is no prediction.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PredictError {
    /// No search for eta\* is finished.
    #[error("the store has no finished repeat yet: run `etastar sweep` on it first")]
    NothingMeasured,
    /// No series of that name.
    #[error("the store has no measured dataset `{name}`; it has {known}")]
    UnknownDataset {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Several series to choose from.
    #[error("the store has several datasets or protocols; name one of {known} as the dataset")]
    SeveralDatasets {
        /// What there is.
        known: String,
    },
    /// A confidence that is none.
    #[error("a confidence of {0} is not strictly between 0 and 1; the usual one is 0.95")]
    Confidence(f64),
    /// A filter that is none.
    #[error("a width-over-depth filter of {0} is not a number of at least 0; 0 keeps all cells")]
    WidthOverDepth(f64),
    /// The input-layer rate was not measured and does not lie between two that
    /// were.
    #[error(
        "the input-layer rate {rate} was not measured (measured: {measured}), and only the law of \
         the effective size, over a range of rates, can predict between them: ask for a rate \
         within the range, or sweep this one"
    )]
    UnmeasuredRate {
        /// What was asked for.
        rate: f64,
        /// What there is.
        measured: String,
    },
    /// Too few cells for any law.
    #[error(
        "networks of constant width with an eta* at this input-layer rate: {found}; no law can be \
         fitted to fewer than {needed} of different sizes: sweep a larger grid"
    )]
    TooFewCells {
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The network is too far from those measured.
    #[error(
        "the network is a factor of {beyond:.1} beyond the sizes that were fitted, and a law says \
         nothing reliable beyond a factor of {furthest}: sweep networks nearer to it, or predict \
         all the same with `--force`"
    )]
    TooFar {
        /// How far it is.
        beyond: f64,
        /// The farthest allowed.
        furthest: f64,
    },
}
