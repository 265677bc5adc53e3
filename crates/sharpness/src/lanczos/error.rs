use thiserror::Error;

/// An operator or setting that the Lanczos process cannot work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LanczosError {
    /// The operator acts on nothing.
    #[error("the operator has dimension 0")]
    EmptyOperator,
    /// No iteration is allowed.
    #[error("at least one iteration is needed")]
    NoIterations,
    /// No start vector is allowed.
    #[error("at least one probe is needed")]
    NoProbes,
    /// A product has an infinite or undefined entry.
    #[error("product {0} of the operator is not finite")]
    NotFinite(usize),
}
